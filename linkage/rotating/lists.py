"""Ban lists under new names.

What is signed cannot be changed. So a new list has what holds under the new names, and of the lists
before it rows and salts go, as those of an erased account do: their hashes stay, and the chain
holds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist.draft import Draft
from linkage.banlist.report import Report
from linkage.banlist.store import Lists
from linkage.rotating.rekeying import Rekeying


def rekey(
    lists: Lists, key: Ed25519PrivateKey | None, rekeying: Rekeying, actor: str, now: datetime
) -> int:
    """A channel's lists; how many lose their rows. key: None where there are none."""
    numbers = lists.numbers()
    if lists.folder.is_dir():
        lists.drop_draft()
    if not numbers or key is None:
        return 0
    mark = f"keys {rekeying.new}"
    latest = lists.read(numbers[-1])
    if not latest.head.actor.endswith(mark):
        entries = [*latest.active(now).values()]
        names = rekeying.texts(entry.account_id for entry in entries)
        renamed = (
            replace(entry, account_id=name) for entry, name in zip(entries, names, strict=True)
        )
        listed = tuple(sorted(renamed, key=lambda entry: entry.account_id))
        report = _report(lists.report(latest.head.number), rekeying, len(listed))
        head = latest.head
        found = Draft(listed, report, head.run, head.decisions, "", now)
        numbers.append(lists.publish(found, key, f"{actor}, {mark}", now).head.number)
    return sum(lists.blank(number) for number in numbers[:-1])


def _report(before: Report, rekeying: Rekeying, entries: int) -> Report:
    """As whoever published the list before had read it."""
    names = rekeying.texts(one.organisation for one in before.organisations)
    named = zip(before.organisations, names, strict=True)
    organisations = tuple(replace(one, organisation=name) for one, name in named)
    ids = sorted(before.templates)
    known = dict(zip(ids, rekeying.texts(ids), strict=True))
    clusters = tuple(
        replace(cluster, new=0, templates=tuple(
            replace(one, template_id=known[one.template_id]) for one in cluster.templates
        ))
        for cluster in before.clusters
    )  # fmt: skip
    return replace(
        before, entries=entries, added=0, removed=0, changed=0, organisations=organisations,
        clusters=clusters,
    )  # fmt: skip
