"""The published lists in memory, so that a look-up is a read of a dictionary and each form is
written once."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from linkage.banlist.changes import told_apart
from linkage.banlist.entries import Entry
from linkage.banlist.store import Lists, Published
from linkage.exports import FORMATS

RECENT = 4  # lists before the latest that stay, for those who were there last time

Stamp = tuple[int, int, int]


class Posted:
    """A list that was read. What it tells depends on the time alone: entries end."""

    def __init__(self, published: Published) -> None:
        self.published, self.head = published, published.head
        self._entries: Mapping[str, Entry] = published.entries
        self._ends = sorted(entry.expires_at for entry in self._entries.values())
        self._lock = threading.Lock()
        self._forms: dict[str, tuple[int, bytes]] = {}
        self._told: tuple[int, str] | None = None

    def over(self, now: datetime) -> int:
        """How many entries have ended."""
        return bisect_right(self._ends, now)

    def holding(self, now: datetime) -> int:
        """How many hold."""
        return len(self._ends) - self.over(now)

    def entry(self, account: str, now: datetime) -> Entry | None:
        """An account's, where it holds."""
        found = self._entries.get(account)
        return found if found is not None and found.expires_at > now else None

    def entries(self, now: datetime | None = None) -> Mapping[str, Entry]:
        """All that it had; with a time, those that hold."""
        if now is None or not self.over(now):
            return self._entries
        return {a: entry for a, entry in self._entries.items() if entry.expires_at > now}

    def changed_at(self, form: str, now: datetime) -> datetime:
        """When a form of it was last otherwise."""
        over = self._over(form, now)
        return max(self.head.published_at, self._ends[over - 1]) if over else self.head.published_at

    def tag(self, form: str, now: datetime) -> str:
        """A strong entity tag of a form: another one as soon as it tells otherwise."""
        return f'"{self.head.hash}.{form}.{len(self._ends) - self._over(form, now)}"'

    def form(self, name: str, now: datetime) -> bytes:
        """Its bytes in a form, made once for as long as the same entries hold."""
        over = self._over(name, now)
        with self._lock:
            known = self._forms.get(name)
            if known is None or known[0] != over:
                known = over, b"".join(FORMATS[name].write(self.published, now))
                self._forms[name] = known
            return known[1]

    def _over(self, form: str, now: datetime) -> int:
        """How many entries have ended, as far as the form can tell."""
        return 0 if FORMATS[form].whole else self.over(now)

    def told_apart(self, now: datetime) -> str:
        """The digest of what holds, likewise."""
        over = self.over(now)
        with self._lock:
            if self._told is None or self._told[0] != over:
                self._told = over, told_apart(self.entries(now))
            return self._told[1]

    def actions(self, now: datetime) -> Counter[str]:
        """Measure -> how many entries hold."""
        return Counter(entry.action.value for entry in self.entries(now).values())


class Board:
    """The lists of one channel, the latest at hand. Any thread may ask; where another process has
    published, the first who asks reads that list, and the others wait."""

    def __init__(self, lists: Lists) -> None:
        self.lists = lists
        self._lock = threading.Lock()
        self._latest: Posted | None = None
        self._stamp: Stamp | None = None
        self._recent: dict[int, tuple[Stamp | None, Posted]] = {}

    def at_hand(self) -> bool:
        """Whether the latest list is the one that was read: two looks at the folder."""
        latest = self._latest
        number = 0 if latest is None else latest.head.number
        if self.lists.stamp(number + 1) is not None:
            return False
        return latest is None or self.lists.stamp(number) == self._stamp

    def latest(self) -> Posted | None:
        """The last list, None before the first; ListError where it is damaged."""
        if not self.at_hand():
            with self._lock:
                if not self.at_hand():
                    self._look()
        return self._latest

    def list(self, number: int) -> Posted:
        """A list; NotFound where there is none, ListError where it is damaged."""
        latest = self.latest()
        if latest is not None and latest.head.number == number:
            return latest
        with self._lock:
            stamp, known = self.lists.stamp(number), self._recent.get(number)
            if known is None or known[0] != stamp:
                known = stamp, Posted(self.lists.read(number))
                self._keep(number, known)
            return known[1]

    def _look(self) -> None:
        numbers = self.lists.numbers()
        before, stamp = self._latest, self._stamp
        if not numbers:
            self._latest = self._stamp = None
            return
        # Looked at before it is read: what changes meanwhile is read again.
        looked = self.lists.stamp(numbers[-1])
        self._latest, self._stamp = Posted(self.lists.read(numbers[-1])), looked
        if before is not None and before.head.number != numbers[-1]:
            # Without its forms, which hardly anybody asks for any more.
            self._keep(before.head.number, (stamp, Posted(before.published)))

    def _keep(self, number: int, found: tuple[Stamp | None, Posted]) -> None:
        self._recent.pop(number, None)
        self._recent[number] = found
        while len(self._recent) > RECENT:
            self._recent.pop(next(iter(self._recent)))
