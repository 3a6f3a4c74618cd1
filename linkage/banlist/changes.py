"""What is different between two lists, for consumers that keep the set themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from linkage.banlist.chain import moment
from linkage.banlist.entries import Entry
from linkage.banlist.store import Lists


@dataclass(frozen=True)
class Changes:
    """From the state after list `since` (0: nothing) to that after list `number`.

    listed     entries that are new or otherwise than before, by account
    unlisted   accounts that are off the list, by account: enforcement ends for them
    """

    since: int
    number: int
    listed: tuple[Entry, ...]
    unlisted: tuple[str, ...]


def changes(lists: Lists, since: int, now: datetime) -> Changes:
    """What whoever has seen list `since` must do to have the latest. NotFound where there is no
    list `since`."""
    numbers = lists.numbers()
    before: Mapping[str, Entry] = {} if since == 0 else lists.read(since).entries
    if not numbers:
        return Changes(0, 0, (), ())
    latest = lists.read(numbers[-1])
    return between(before, latest.active(now), since, latest.head.number)


def between(
    before: Mapping[str, Entry], after: Mapping[str, Entry], since: int, number: int
) -> Changes:
    """The difference of two sets of entries."""
    listed = tuple(
        entry for account, entry in sorted(after.items()) if before.get(account) != entry
    )
    return Changes(since, number, tuple(listed), tuple(sorted(before.keys() - after.keys())))


def told_apart(entries: Mapping[str, Entry]) -> str:
    """SHA-256, in hexadecimal, by which a consumer knows that it has these: of the lines
    `account_id`, `action`, `expires_at`, with a tab between and a line feed after, by account."""
    whole = hashlib.sha256()
    for account, entry in sorted(entries.items()):
        line = f"{account}\t{entry.action.value}\t{moment(entry.expires_at)}\n"
        whole.update(line.encode("utf-8", "surrogatepass"))
    return whole.hexdigest()
