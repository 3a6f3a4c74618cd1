"""A channel's lists as a TAXII collection: what was added since a time, by whichever list."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import NAMESPACE_URL, uuid5

from api.lists import Board, Posted, Stamp
from linkage.banlist.entries import Entry
from linkage.exports import feed
from linkage.exports.feed import Item

# An entry that has ended is told as revoked so much later: a list that was begun before and has it
# still is published by then.
LATE = timedelta(seconds=60)
MOST_BACK = 500  # lists that are looked through for what has left since a time


class Feed:
    """One collection. Any thread may ask."""

    def __init__(self, board: Board) -> None:
        self.channel, self._board = board.lists.channel, board
        self.id = str(uuid5(NAMESPACE_URL, f"urn:linkage:collection:{self.channel}"))
        self._lock = threading.Lock()
        self._begun: list[tuple[int, datetime]] = []
        self._of: Posted | None = None
        self._held: Mapping[str, Entry] = {}
        self._items: list[Item] = []
        self._merged: tuple[int, Sequence[Item]] = (0, ())
        self._left: dict[int, tuple[tuple[Stamp | None, ...], list[Item]]] = {}

    def items(self, after: datetime | None, now: datetime) -> Sequence[Item]:
        """What was added after a time, in that order; without a time, what there is now.

        Each object is there once, as it is by now: as its latest list has it, or revoked.
        """
        latest = self._board.latest()
        if latest is None:
            return []
        with self._lock:
            self._read(latest)
            found = self._now(latest, now - LATE)
            if after is None:
                return found
            earlier = [item for item in self._earlier(after) if item.added > after]
        later = feed.later(found, after)
        return sorted([*earlier, *later], key=lambda item: item.added) if earlier else later

    def _read(self, latest: Posted) -> None:
        """Look at the latest list, unless it was looked at."""
        if self._of is latest:
            return
        lists = self._board.lists
        known = self._begun[-1][0] if self._begun else 0
        if known > latest.head.number:  # an older workspace was put in the place of this one
            self._begun, known = [], 0
            self._left.clear()
        new = [number for number in lists.numbers() if number > known]
        self._begun = feed.begun((lists.head(number)[0] for number in new), self._begun)
        begun = dict(self._begun)[latest.head.number]
        self._of, self._held = latest, feed.held(latest.entries(), begun)
        self._items = feed.posted(self._held, begun)
        self._merged = (0, self._items)

    def _now(self, latest: Posted, until: datetime) -> Sequence[Item]:
        """The latest list's objects, and those revoked whose entries have ended."""
        over = latest.over(until)
        if self._merged[0] != over:
            ended = feed.ended(self._held, until, self._items[-1].added)
            gone = {item.id for item in ended}
            stay = [item for item in self._items if item.id not in gone]
            self._merged = (over, [*stay, *ended])
        return self._merged[1]

    def _earlier(self, after: datetime) -> list[Item]:
        """What has left with each list that was published later, and with the one before these,
        whose revoked objects are its last."""
        known = sum(begun <= after for _, begun in self._begun)
        first = max(0, known - 2, len(self._begun) - 1 - MOST_BACK)
        found: list[Item] = []
        for (before, since), (number, begun) in pairwise(self._begun[first:]):
            stamps = self._board.lists.stamp(before), self._board.lists.stamp(number)
            left = self._left.get(number)
            if left is None or left[0] != stamps:
                left = stamps, self._step(before, since, number, begun)
                self._left[number] = left
            found += left[1]
        return found

    def _step(self, before: int, since: datetime, number: int, begun: datetime) -> list[Item]:
        """What has left between two lists, and with the later."""
        there = feed.held(self._board.list(before).entries(), since)
        now = feed.held(self._board.list(number).entries(), begun)
        return feed.left(there, now, begun, since + (feed.size(there) - 1) * feed.APART)
