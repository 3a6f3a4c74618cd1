"""Enforcement's side of the ban list: a file to copy into a gateway, and to change there.

It polls the service, takes a list only if it is whole, signed by the pinned key, and follows the
list before, and answers what is to be done about an account. Needs Python 3.11 and `cryptography`;
docs/enforcement.md says why it is so. It answers GET /decide?account=A and GET /metrics where
ENFORCE_LISTEN names a port on this machine, else lines of standard input, as {"account": A}.
"""

from __future__ import annotations

import hashlib
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


class Refused(Exception):
    """A list that is not taken."""


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
            if (text := environment.get(f"ENFORCE_{name.upper()}")) is not None:
                sort: Any = type(getattr(cls, name, ""))
                given[name] = sort(text)
        return cls(**given)


@dataclass(frozen=True)
class Held:
    """What was taken last."""

    number: int = 0
    hash: str = ""  # of its head
    etag: str | None = None
    entries: Mapping[str, Entry] = field(default_factory=dict)
    seen_at: float = 0.0  # when the service last gave an answer that could be trusted


def canonical(values: Mapping[str, Any]) -> bytes:
    """The text that is hashed and signed."""
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode("ascii")


def checked_head(line: bytes, key: Ed25519PublicKey, channel: str) -> tuple[dict[str, Any], str]:
    """A list's head and its hash; an exception where the key has not signed it."""
    told = json.loads(line)
    head, text = told["head"], b"linkage ban list head 1\0" + canonical(told["head"])
    key.verify(bytes.fromhex(told["signature"]), text)
    if (head["format"], head["channel"]) != (1, channel):
        raise Refused(f"format {head['format']}, channel {head['channel']}")
    return head, hashlib.sha256(text).hexdigest()


def checked_entries(lines: Iterable[bytes], head: Mapping[str, Any]) -> dict[str, Entry]:
    """The entries of a list; Refused where a row is not one of those that were signed."""
    hashes, entries = [], {}
    for row in map(json.loads, lines):
        hashes.append(row["hash"])
        if (entry := row["entry"]) is None:  # a person who was erased: the hash stays
            continue
        text = b"linkage ban list row 1\0" + bytes.fromhex(row["salt"]) + canonical(entry)
        if hashlib.sha256(text).hexdigest() != row["hash"]:
            raise Refused("a row was changed")
        ends = datetime.fromisoformat(entry["expires_at"]).timestamp()
        entries[entry["account_id"]] = (entry["action"], ends)
    whole = hashlib.sha256(b"".join(bytes.fromhex(text) for text in sorted(hashes)))
    if len(hashes) != head["rows"] or whole.hexdigest() != head["digest"]:
        raise Refused("rows were added or taken away")
    return entries


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the key would go along."""


class Enforcer:
    """Holds the list and answers by it. One thread polls; any number may ask."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.counts, self.ended = settings, Counter[str](), threading.Event()
        key = load_pem_public_key(Path(settings.public_key).read_bytes())
        assert isinstance(key, Ed25519PublicKey)
        assert settings.when_stale in ("hold", "open", "closed")
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
        now, held, settings = time.time() if now is None else now, self.held, self.settings
        action, ends = held.entries.get(account, ("none", 0.0))
        # An entry is over at its end by this clock, whether or not a newer list came.
        would = action if ends > now else "none"
        stale = now - held.seen_at > settings.stale_seconds
        if stale and settings.when_stale == "open":
            would = "none"
        if stale and settings.when_stale == "closed" and would == "none":
            would = "challenge"
        action = "none" if settings.channel == "shadow" else would
        return {"action": action, "would": would, "stale": stale, "number": held.number}

    def poll(self) -> None:
        """Ask once for the latest list, and take it."""
        held = self.held
        # ndjson alone has what it takes to check every row. A list that did not change is a 304.
        status, etag, body = self._got("latest", held.etag)
        now = time.time()
        if status == 404 and held.number:
            raise Refused("the service has lost its lists")
        if status == 200:
            first, *rows = body.splitlines()
            head, name = checked_head(first, self._key, self.settings.channel)
            entries = checked_entries(rows, head)
            self._check_follows(head, name)
            self._take(Held(head["number"], name, etag, entries, now))
        else:  # 304; or 404, where none was published yet
            self.held = replace(held, seen_at=now)
        if self._file.exists():
            os.utime(self._file, (now, now))  # so that a restart knows when it was seen

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

    def metrics(self) -> str:
        """Figures as Prometheus reads them."""
        held, now = self.held, time.time()
        active = Counter(action for action, ends in held.entries.values() if ends > now)
        lines = [f"list_number {held.number}", f"answer_age_seconds {now - held.seen_at:.1f}"]
        lines += [f'entries{{action="{name}"}} {active[name]}' for name in ACTIONS[1:]]
        lines += [f"{name}_total {self.counts[name]}" for name in ("polls", "faults", "held_back")]
        return "".join(f"enforce_{line}\n" for line in lines)

    def _got(self, which: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
        """Status, ETag and body of an answer that means something here; else an exception."""
        chosen = f"format=ndjson&channel={self.settings.channel}"
        asked = Request(f"{self.settings.url}/v1/banlists/{which}?{chosen}")
        asked.add_header("Authorization", f"Bearer {self.settings.key}")
        if etag is not None:
            asked.add_header("If-None-Match", etag)
        try:
            with self._opener.open(asked, timeout=self.settings.timeout_seconds) as answer:
                return answer.status, answer.headers["ETag"], answer.read(MOST_BYTES)
        except HTTPError as error:
            with error:
                if error.code == 404 or (error.code == 304 and etag):
                    return error.code, None, b""
                raise

    def _check_follows(self, head: Mapping[str, Any], name: str) -> None:
        """Refused where a list does not follow the one that is held, over all between."""
        number, before = self.held.number, self.held.hash
        if not number:
            return  # the first that it sees: the signature alone speaks for it
        if head["number"] < number or (head["number"] == number and name != before):
            raise Refused(f"list {head['number']} after {number}: rolled back, or written anew")
        while number < head["number"]:
            number += 1
            told = (head, name)
            if number < head["number"]:
                line = self._got(f"{number}/head")[2]
                told = checked_head(line, self._key, self.settings.channel)
            if (told[0]["number"], told[0]["previous"]) != (number, before):
                raise Refused(f"list {number} does not follow the one before: the chain is forked")
            before = told[1]

    def _take(self, new: Held) -> None:
        """Hold a list. Where it would hit too many at once, only what is milder is taken."""
        held, listed = self.held, {}
        for account, (action, ends) in new.entries.items():
            if action not in ACTIONS:  # nobody here knows what it is to do to a customer
                self._log("unknown_action", action=action)
            elif ends > new.seen_at:
                listed[account] = (action, ends)
        has = {a: ACTIONS.index(e[0]) for a, e in held.entries.items() if e[1] > new.seen_at}
        harsher = {a for a, e in listed.items() if ACTIONS.index(e[0]) > has.get(a, 0)}
        accepted = (self._folder / f"accept-{new.number}").exists()
        if len(harsher) > self.settings.most_new and not accepted:
            kept = {a: held.entries[a] for a in has if a in listed}
            milder = {a: e for a, e in listed.items() if a not in harsher}
            # Number and ETag stay, so that the list is asked for again until somebody looked.
            self.held = replace(held, entries=kept | milder, etag=None, seen_at=new.seen_at)
            self.counts["held_back"] += 1
            self._log("held_back", number=new.number, accounts=len(harsher))
        else:
            self.held = replace(new, entries=listed)
            self._log("taken", number=new.number, listed=len(listed), harsher=len(harsher))
        with self._file.with_suffix(".new").open("w", encoding="ascii") as file:
            json.dump(asdict(self.held), file)
            file.flush()
            os.fsync(file.fileno())
        self._file.with_suffix(".new").replace(self._file)

    def _log(self, event: str, **values: object) -> None:
        """A line for whoever collects logs; it names no account."""
        print(
            json.dumps({"at": time.time(), "event": event, **values}), file=sys.stderr, flush=True
        )


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
