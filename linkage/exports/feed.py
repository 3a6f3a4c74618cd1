"""What a TAXII collection has: the STIX objects of a channel's lists, each with the time at which
it was added, for whoever asks again and again what has come since.

Each list adds all objects of its entries anew. An indicator is revoked when its entry ends, or by
the list that has it no longer. No two objects are added at the same time, since some clients ask
for what was added after the last that they got, and would miss its like.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from linkage.banlist.chain import Head
from linkage.banlist.entries import Entry
from linkage.exports.stix import beside, identity, indicator, indicator_id

APART = timedelta(microseconds=1)  # objects that are added one after another
STEP = timedelta(seconds=1)  # lists, at least: a list has fewer objects than it has microseconds
Lists = Sequence[tuple[int, datetime]]


@dataclass(frozen=True)
class Item:
    """An object of a collection.

    added   when; no other of the collection has the same
    id, type, version   the object's; the version of one that has none is when it was added
    made    the object, or the entry whose indicator it is
    """

    added: datetime
    id: str
    version: datetime
    made: dict[str, Any] | Entry
    revoked: bool = False

    @property
    def type(self) -> str:
        """The sort of object."""
        return self.id.partition("--")[0]

    @property
    def object(self) -> dict[str, Any]:
        """As it is sent."""
        if isinstance(self.made, Entry):
            return indicator(self.made, self.version, revoked=self.revoked)
        return self.made


def begun(heads: Iterable[Head], known: Lists = ()) -> list[tuple[int, datetime]]:
    """Number and begin of each list, by number: when it was published, or a step after the one
    before where that clock was behind. known: those of the lists before."""
    found = list(known)
    for head in heads:
        at = whole(head.published_at)
        found.append((head.number, max(at, found[-1][1] + STEP) if found else at))
    return found


def posted(entries: Mapping[str, Entry], at: datetime) -> list[Item]:
    """All objects of a list of these entries, added from `at` on."""
    listed = [entry for _, entry in sorted(entries.items())]
    objects: list[tuple[str, dict[str, Any] | Entry]] = [(identity()["id"], identity())]
    objects += [(indicator_id(entry), entry) for entry in listed]
    objects += [(made["id"], made) for made in beside(listed, at)]
    return [
        Item(at + count * APART, name, _version(made, at, at + count * APART), made)
        for count, (name, made) in enumerate(sorted(objects, key=_by_id))
    ]


def size(entries: Mapping[str, Entry]) -> int:
    """How many objects there are of a list."""
    clusters = Counter(entry.cluster_id for entry in entries.values() if entry.cluster_id)
    return 1 + len(entries) + clusters.total() + 2 * len(clusters)


def held(entries: Mapping[str, Entry], at: datetime) -> dict[str, Entry]:
    """Those that hold at a time: what a list has when it is published, of all that it names."""
    return {account: entry for account, entry in entries.items() if entry.expires_at > at}


def ended(entries: Mapping[str, Entry], until: datetime, after: datetime) -> list[Item]:
    """The revoked indicators of entries that have ended by `until`, each when it did, and all
    later than `after`."""
    over = [entry for entry in entries.values() if entry.expires_at <= until]
    found: list[Item] = []
    for entry in sorted(over, key=lambda entry: (entry.expires_at, entry.account_id)):
        after = max(entry.expires_at, after + APART)
        found.append(_revoked(entry, after))
    return found


def left(
    before: Mapping[str, Entry], now: Mapping[str, Entry], at: datetime, last: datetime
) -> list[Item]:
    """The revoked indicators of those that a list has no longer, when it is published, `at`. What
    had ended by then did so itself, after `last`, the last object of the list before; the others
    come behind the list's own objects.

    A list that was drafted before an entry ended, and has it still, takes it up again.
    """
    stay = {indicator_id(entry) for account, entry in now.items() if account in before}
    gone = {a: entry for a, entry in before.items() if indicator_id(entry) not in stay}
    after = at + (size(now) - 1) * APART
    taken = [entry for _, entry in sorted(held(gone, at).items())]
    return [
        *ended(gone, at, last),
        *(_revoked(entry, after + count * APART) for count, entry in enumerate(taken, 1)),
    ]


def later(items: Sequence[Item], after: datetime) -> Sequence[Item]:
    """Those that were added after a time, of items in the order in which they were."""
    return items[bisect_right(items, after, key=lambda item: item.added) :]


def whole(at: datetime) -> datetime:
    """To the millisecond, as STIX writes times."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _revoked(entry: Entry, at: datetime) -> Item:
    return Item(at, indicator_id(entry), whole(at), entry, revoked=True)


def _version(made: dict[str, Any] | Entry, at: datetime, added: datetime) -> datetime:
    if isinstance(made, Entry):
        return at
    modified = made.get("modified")
    return datetime.fromisoformat(modified) if modified else added


def _by_id(named: tuple[str, object]) -> str:
    return named[0]
