"""Consumers in this process: the example, and what it would be if one thing in it were wrong."""

from __future__ import annotations

import json
import threading
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from examples.enforce import Enforcer, Held, Settings
from linkage.conformance import Terms
from linkage.conformance.consumers import Answer, Place, Silent, environment


class Example(Enforcer):
    """The example, without a word."""

    def _log(self, event: str, **values: object) -> None:
        """Nothing."""


@dataclass
class Inside:
    """A consumer of some sort, in threads of this process."""

    sort: type[Example]
    restarts: bool = True
    _running: Example | None = None
    _polling: threading.Thread | None = None
    _settings: Settings | None = None

    def start(self, place: Place, terms: Terms) -> None:
        self.close()
        self._settings = Settings.of(environment(place, terms))
        self.revive()

    def ask(self, account: str) -> Answer:
        assert self._running is not None
        if self._running.ended.is_set():
            raise Silent("it has ended")
        told = self._running.decide(account)
        return Answer(told["action"], told["stale"])

    def revive(self) -> None:
        if self._running is None or self._running.ended.is_set():
            assert self._settings is not None
            self._running = self.sort(self._settings)
            self._polling = threading.Thread(target=self._running.run)
            self._polling.start()

    def kill(self) -> None:
        self.close()
        if self._polling is not None:
            self._polling.join()

    def close(self) -> None:
        if self._running is not None:
            self._running.ended.set()


def of_json(entries: list[dict[str, str]]) -> dict[str, tuple[str, float]]:
    """Entries, as the example holds them."""
    return {
        e["account_id"]: (e["action"], datetime.fromisoformat(e["expires_at"]).timestamp())
        for e in entries
    }


def asked_for(
    settings: Settings, form: str, channel: str, etag: str | None = None, which: str = "latest?"
) -> Any:
    """The latest list in a form, and its ETag; nothing where it is the same."""
    url = f"{settings.url}/v1/banlists/{which}format={form}&channel={channel}"
    headers = {"Authorization": f"Bearer {settings.key}", "If-None-Match": etag or "-"}
    try:
        with build_opener(ProxyHandler({})).open(Request(url, headers=headers), timeout=1) as found:
            return json.loads(found.read()), found.headers["ETag"]
    except HTTPError as error:
        with error:
            if error.code == 304:
                return None
            raise


class FollowsChanges(Example):
    """Of another make: asks what is otherwise since the list that it has, and checks nothing."""

    def poll(self) -> None:
        number, now = self.held.number, time.time()
        told, _ = asked_for(self.settings, "json", "bans", which=f"changes?since={number}&")
        if told["number"] < number:
            raise LookupError("rolled back")
        off = told["unlisted"]
        entries = {a: e for a, e in self.held.entries.items() if a not in off}
        self.held = replace(self.held, seen_at=now)
        self._take(Held(told["number"], entries=entries | of_json(told["listed"]), seen_at=now))


class NeverUnbans(Example):
    def _take(self, new: Held) -> None:
        super()._take(replace(new, entries={**self.held.entries, **new.entries}))


class IgnoresEnds(Example):
    def _take(self, new: Held) -> None:
        super()._take(replace(new, entries={a: (e[0], inf) for a, e in new.entries.items()}))


class TrustsAnything(Example):
    """Takes JSON as it comes."""

    def poll(self) -> None:
        found = asked_for(self.settings, "json", "bans", self.held.etag)
        self.held = replace(self.held, seen_at=time.time())
        if found is not None:
            told, etag = found
            entries = of_json(told["entries"])
            number = told["head"]["number"]
            self._take(Held(number, etag=etag, entries=entries, seen_at=time.time()))


class DiesOfErrors(Example):
    def poll(self) -> None:
        try:
            super().poll()
        except HTTPError as error:
            if error.code == 500:
                self.ended.set()
            raise


class PollsOnce(Example):
    def poll(self) -> None:
        if not self.held.number:
            super().poll()


class ForgetsOnFaults(Example):
    def poll(self) -> None:
        try:
            super().poll()
        except Exception:
            self.held = replace(self.held, entries={}, etag=None)
            raise


class AsksForAllOfIt(Example):
    def _got(self, which: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
        return super()._got(which)


class KeepsNothing(Example):
    def __init__(self, settings: Settings) -> None:
        for kept in Path(settings.folder).glob("*.json"):
            kept.unlink()
        super().__init__(settings)


class FoldsNames(Example):
    def decide(self, account: str, now: float | None = None) -> dict[str, Any]:
        found = super().decide(account, now)
        alike = [a for a in self.held.entries if _folded(a) == _folded(account)]
        return found if not alike else super().decide(alike[0], now)


class BansForWhatItDoesNotKnow(Example):
    def _take(self, new: Held) -> None:
        known = ("challenge", "limit", "ban")
        entries = {a: (e[0] if e[0] in known else "ban", e[1]) for a, e in new.entries.items()}
        super()._take(replace(new, entries=entries))


class TakesAnyNumber(Example):
    def __init__(self, settings: Settings) -> None:
        super().__init__(replace(settings, most_new=1 << 30))


class NeverStale(Example):
    def __init__(self, settings: Settings) -> None:
        super().__init__(replace(settings, stale_seconds=inf))


class WaitsForEver(Example):
    def __init__(self, settings: Settings) -> None:
        super().__init__(replace(settings, timeout_seconds=600))


class ChecksNoChain(Example):
    def _check_follows(self, head: Mapping[str, Any], name: str) -> None:
        """Whatever."""


class ChecksTheLastStepOnly(Example):
    def _check_follows(self, head: Mapping[str, Any], name: str) -> None:
        if head["number"] <= self.held.number + 1:
            super()._check_follows(head, name)


class FollowsTheShadow(Example):
    """Does what the shadow list says as well."""

    def _take(self, new: Held) -> None:
        try:
            told, _ = asked_for(self.settings, "json", "shadow")
        except HTTPError:  # there is none yet
            told = {"entries": []}
        more = {entry["account_id"]: (entry["action"], inf) for entry in told["entries"]}
        super()._take(replace(new, entries={**new.entries, **more}))


class OnlyBans(Example):
    def _take(self, new: Held) -> None:
        known = ("challenge", "limit")
        entries = {a: ("ban" if e[0] in known else e[0], e[1]) for a, e in new.entries.items()}
        super()._take(replace(new, entries=entries))


class BansEverybody(Example):
    def decide(self, account: str, now: float | None = None) -> dict[str, Any]:
        return {**super().decide(account, now), "action": "ban"}


class RefusesWhatItDoesNotKnow(Example):
    def _got(self, which: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
        found = super()._got(which, etag)
        for line in found[2].splitlines():
            if not set(json.loads(line)) <= {"head", "hash", "signature", "salt", "entry"}:
                raise ValueError("what is this?")
        return found


class ExpectsAnEntryInEachRow(Example):
    def _got(self, which: str, etag: str | None = None) -> tuple[int, str | None, bytes]:
        found = super()._got(which, etag)
        if b'"entry": null' in found[2]:
            raise ValueError("where is the account?")
        return found


def _folded(account: str) -> str:
    return unicodedata.normalize("NFKC", account).strip().casefold()
