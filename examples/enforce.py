"""Enforcement's side of the ban list: a file to copy into a gateway, and to change there.

It polls the service, takes a list only if it is whole, signed by the pinned key, and follows the
list before, and answers what is to be done about an account. Needs Python 3.11 and `cryptography`;
docs/enforcement.md says why it is so. It answers GET /decide?account=A and GET /metrics where
ENFORCE_LISTEN names a port on this machine, else lines of standard input, as {"account": A}.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Entry = tuple[str, float]  # action, and the time at which it ends
ACTIONS = ("none", "challenge", "limit", "ban")  # from the mildest
MOST_BYTES = 1 << 28  # of an answer
MOST_WAIT = 5  # times the usual pause, after faults


@dataclass(frozen=True)
class Settings:
    """From the environment: ENFORCE_URL and so on."""

    url: str  # of the service, as https://linkage.internal
    key: str  # of the service, with the scope `read`
    public_key: str  # file of the key that lists are checked by: banlist.pub
    folder: str  # where it keeps what it took, across restarts
    channel: str = "bans"  # or shadow: then nothing is done, and `would` says what would be
    poll_seconds: float = 60.0  # between two polls, give or take a tenth
    timeout_seconds: float = 10.0  # for an answer
    stale_seconds: float = 3600.0  # without an answer that can be trusted
    when_stale: str = "hold"  # go by what it has; open: do nothing; closed: challenge the rest
    most_new: int = 5000  # accounts under measures, or harsher ones, at once; beyond, a person
    # looks, and accepts the list by making the file accept-NUMBER in the folder

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        given: dict[str, Any] = {}
        for name in cls.__dataclass_fields__:
            sort: Any = type(getattr(cls, name, ""))
            if (text := environment.get(f"ENFORCE_{name.upper()}")) is not None:
                given[name] = sort(text)
        return cls(**given)


@dataclass(frozen=True)
class Held:
    """What was taken last. seen_at: when an answer that could be trusted last came."""

    number: int = 0
    hash: str = ""  # of its head
    published: float = 0.0
    etag: str | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)
    seen_at: float = 0.0


def canonical(values: Mapping[str, Any]) -> bytes:
    """The text that is hashed and signed."""
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode("ascii")


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def checked_entries(lines: Iterable[bytes], head: Mapping[str, Any]) -> dict[str, Entry]:
    """The entries of a list; an exception where a row is not one of those that were signed."""
    hashes, entries = [], {}
    for row in map(json.loads, lines):
        hashes.append(row["hash"])
        if (entry := row["entry"]) is None:  # a person who was erased: the hash stays
            continue
        text = b"linkage ban list row 1\0" + bytes.fromhex(row["salt"]) + canonical(entry)
        if sha256(text).hexdigest() != row["hash"]:
            raise ValueError("a row was changed")
        entries[entry["account_id"]] = (entry["action"], moment(entry["expires_at"]))
    whole = sha256(b"".join(bytes.fromhex(text) for text in sorted(hashes))).hexdigest()
    if (len(hashes), whole) != (head["rows"], head["digest"]):
        raise ValueError("rows were added or taken away")
    return entries


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the key would go along."""


class Enforcer:
    """Holds the list and answers by it. One thread polls; any number may ask."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.counts, self.ended = settings, Counter[str](), threading.Event()
        key = load_pem_public_key(Path(settings.public_key).read_bytes())
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("ENFORCE_PUBLIC_KEY: not an Ed25519 key")
        if settings.when_stale not in ("hold", "open", "closed"):
            raise ValueError("ENFORCE_WHEN_STALE: hold, open or closed")
        self._key, self._opener = key, build_opener(ProxyHandler({}), _Stay())
        self._folder = Path(settings.folder)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self._folder / f"{settings.channel}.json"
        self.held = Held()  # replaced as a whole, so that whoever asks needs no lock
        if self._file.exists():  # if it is damaged, this does not start
            kept = json.loads(self._file.read_text("ascii"))
            self.held = Held(**{**kept, "seen_at": self._file.stat().st_mtime})

    def decide(self, account: str, now: float | None = None) -> dict[str, Any]:
        """What is to be done about an account: a look-up, which waits for nothing."""
        now, held = time.time() if now is None else now, self.held
        rule = self.settings.when_stale
        stale = now - held.seen_at > self.settings.stale_seconds
        action, ends = held.entries.get(account, ("none", 0.0))
        # An entry is over at its end by this clock, whether or not a newer list came.
        would = action if ends > now and not (stale and rule == "open") else "none"
        if stale and rule == "closed" and would == "none":
            would = "challenge"
        action = "none" if self.settings.channel == "shadow" else would
        return {"action": action, "would": would, "stale": stale, "number": held.number}

    def run(self) -> None:
        """Poll until `ended` is set. Whatever goes wrong, what is held stays."""
        faults, wait = 0, 0.0
        while not self.ended.wait(wait):
            self.counts["polls"] += 1
            try:
                self.poll()
                faults = 0
            except Exception as error:
                faults += 1
                self.counts["faults"] += 1
                self._log("not_taken", why=f"{type(error).__name__}: {error}"[:300], faults=faults)
            wait = self.settings.poll_seconds * min(2**faults, MOST_WAIT) * random.uniform(0.9, 1.1)

    def poll(self) -> None:
        """Ask once for the latest list, and take it."""
        # ndjson alone has what it takes to check every row. A list that did not change is a 304.
        status, etag, body = self._got("latest", self.held.etag)
        now = time.time()
        if status == 404 and self.held.number:
            raise ValueError("the service has lost its lists")
        if status == 200:
            first, *rows = body.splitlines()
            head, name = self._checked_head(first)
            entries = checked_entries(rows, head)
            self._check_follows(head, name)
            published = moment(head["published_at"])
            self._take(Held(head["number"], name, published, etag, entries, now))
        else:  # 304; or 404, where none was published yet
            self.held = replace(self.held, seen_at=now)
        if self._file.exists():
            os.utime(self._file, (now, now))  # so that a restart knows when it was seen

    def _got(self, which: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
        """Status, ETag and body of an answer that means something here; else an exception."""
        chosen = f"format=ndjson&channel={self.settings.channel}"
        asked = Request(f"{self.settings.url.rstrip('/')}/v1/banlists/{which}?{chosen}")
        asked.add_header("Authorization", f"Bearer {self.settings.key}")
        if etag:
            asked.add_header("If-None-Match", etag)
        try:
            with self._opener.open(asked, timeout=self.settings.timeout_seconds) as answer:
                return answer.status, answer.headers["ETag"], answer.read(MOST_BYTES)
        except HTTPError as error:
            with error:
                told = error.read(MOST_BYTES)
            if (error.code == 304 and etag) or b"urn:linkage:problem:not-found" in told:
                return error.code, None, b""
            raise

    def _checked_head(self, line: bytes) -> tuple[dict[str, Any], str]:
        """A list's head and its hash; an exception where the key has not signed it."""
        told = json.loads(line)
        head, text = told["head"], b"linkage ban list head 1\0" + canonical(told["head"])
        self._key.verify(bytes.fromhex(told["signature"]), text)
        if (head["format"], head["channel"]) != (1, self.settings.channel):
            raise ValueError(f"format {head['format']}, channel {head['channel']}")
        return head, sha256(text).hexdigest()

    def _check_follows(self, head: Mapping[str, Any], name: str) -> None:
        """An exception where a list does not follow the one that is held, over all between."""
        number, before = self.held.number, self.held.hash
        if head["number"] < number or (head["number"] == number and name != before):
            raise ValueError(f"list {head['number']} after {number}: rolled back, or written anew")
        while 0 < number < head["number"]:  # of the first that it sees, the signature alone speaks
            number += 1
            one, one_name = head, name
            if number < head["number"]:
                one, one_name = self._checked_head(self._got(f"{number}/head")[2])
            if (one["number"], one["previous"]) != (number, before):
                raise ValueError(f"list {number} does not follow the one before: a fork")
            before = one_name

    def _take(self, new: Held) -> None:
        """Hold a list. Where it would hit too many at once, only what is milder is taken."""
        # What an action that is not known here would do to a customer, nobody knows.
        listed = {a: e for a, e in new.entries.items() if e[0] in ACTIONS and e[1] > new.seen_at}
        held = {a: e for a, e in self.held.entries.items() if a in listed and e[1] > new.seen_at}
        before = {a: ACTIONS.index(action) for a, (action, _) in held.items()}
        harsher = {a for a, e in listed.items() if ACTIONS.index(e[0]) > before.get(a, 0)}
        accepted = (self._folder / f"accept-{new.number}").exists()
        if len(harsher) > self.settings.most_new and not accepted:
            listed = held | {a: e for a, e in listed.items() if a not in harsher}
            new = replace(new, etag=None)  # so that it is asked for again until somebody looked
            self.counts["held_back"] += 1
            self._log("held_back", number=new.number, accounts=len(harsher))
        new = replace(new, entries=listed)
        try:  # on disk before anybody acts on it, so that a restart knows of it
            with self._file.with_suffix(".new").open("w", encoding="ascii") as file:
                json.dump(asdict(new), file)
                file.flush()
                os.fsync(file.fileno())
            self._file.with_suffix(".new").replace(self._file)
        except OSError:  # a full disk keeps nobody banned; it is tried again at the next poll
            new = replace(new, etag=None)
            raise
        finally:
            self.held = new
        self._log("taken", number=new.number, entries=len(listed), of=len(new.entries))

    def metrics(self) -> str:
        """Figures as Prometheus reads them."""
        held, now = self.held, time.time()
        active = Counter(action for action, ends in held.entries.values() if ends > now)
        lines = [f'entries{{action="{name}"}} {active[name]}' for name in ACTIONS[1:]]
        lines += [f"{name}_total {self.counts[name]}" for name in ("polls", "faults", "held_back")]
        lines += [f"list_number {held.number}", f"list_age_seconds {now - held.published:.0f}"]
        lines += [f"answer_age_seconds {now - held.seen_at:.0f}"]
        return "".join(f"enforce_{line}\n" for line in lines)

    def _log(self, event: str, **values: object) -> None:
        """A line for whoever collects logs; it names no account."""
        line = json.dumps({"at": time.time(), "event": event, **values})
        print(line, file=sys.stderr, flush=True)


class Asked(BaseHTTPRequestHandler):
    """A question over HTTP, by whoever is on this machine."""

    enforcer: Enforcer

    def do_GET(self) -> None:
        asked, text = urlsplit(self.path), ""
        accounts = parse_qs(asked.query, keep_blank_values=True).get("account", [])
        if asked.path == "/metrics":
            text = self.enforcer.metrics()
        elif asked.path == "/decide" and len(accounts) == 1:
            text = json.dumps(self.enforcer.decide(accounts[0]))
        self.send_response(200 if text else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode("ascii"))

    def log_message(self, *_: object) -> None:
        """Nothing: the address of a question names an account."""


def main() -> None:
    enforcer = Enforcer(Settings.of(os.environ))
    threading.Thread(target=enforcer.run, daemon=True).start()
    if port := os.environ.get("ENFORCE_LISTEN"):
        Asked.enforcer = enforcer
        ThreadingHTTPServer(("127.0.0.1", int(port)), Asked).serve_forever()
    for line in sys.stdin:
        print(json.dumps(enforcer.decide(json.loads(line)["account"])), flush=True)


if __name__ == "__main__":
    main()
