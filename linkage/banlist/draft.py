"""A list before it is published: its entries, and the report of what they would do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from linkage.banlist.chain import canonical, entry_of, moment, told
from linkage.banlist.entries import Entry, Standing, entries, remaining
from linkage.banlist.report import Report, report, report_of
from linkage.banlist.settings import BanlistSettings
from linkage.errors import ListError, OverBudget
from linkage.render import clean, number
from linkage.run import Run


@dataclass(frozen=True)
class Draft:
    """What would be published. digest: of the entries, so that what is published is what was
    read. run: the run's id; decisions, allowlist: as in `Standing`; made_at: when; freeing: it only
    takes accounts off the list before, so that no limit is asked of it."""

    entries: tuple[Entry, ...]
    report: Report
    run: str
    decisions: int
    allowlist: str
    made_at: datetime
    freeing: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of run, decisions and entries, in hexadecimal."""
        rests_on = {"run": self.run, "decisions": self.decisions, "allowlist": self.allowlist}
        whole = hashlib.sha256(canonical(rests_on))
        for entry in self.entries:
            whole.update(canonical(told(entry)))
        return whole.hexdigest()


def draft_values(found: Draft) -> dict[str, Any]:
    """A draft as JSON has it."""
    return {
        "entries": [told(entry) for entry in found.entries],
        "report": asdict(found.report),
        "run": found.run,
        "decisions": found.decisions,
        "allowlist": found.allowlist,
        "made_at": moment(found.made_at),
        "freeing": found.freeing,
    }


def draft_of(values: Mapping[str, Any]) -> Draft:
    """The draft that `draft_values` told; ListError where it is none."""
    try:
        return Draft(
            entries=tuple(entry_of(entry) for entry in values["entries"]),
            report=report_of(values["report"]),
            run=values["run"],
            decisions=values["decisions"],
            allowlist=values["allowlist"],
            made_at=datetime.fromisoformat(values["made_at"]),
            freeing=values["freeing"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ListError(f"the draft cannot be read: {clean(error, 100)}; draft it again") from None


def draft(
    run: Run,
    run_id: str,
    standing: Standing,
    before: Mapping[str, Entry],
    settings: BanlistSettings,
    now: datetime,
    *,
    freeing: bool = False,
) -> Draft:
    """Build a list from a run, what people have decided, and the list before; `freeing`, from the
    list before alone (`remaining`)."""
    found = (
        remaining(before, standing) if freeing else entries(run, standing, before, settings, now)
    )
    told_of = report(run, found, before, standing.spared, settings, now)
    if freeing:
        told_of = replace(told_of, limits=())
    return Draft(
        tuple(found), told_of, run_id, standing.decisions, standing.allowlist, now, freeing
    )


def check_budget(found: Draft, override: str | None, now: datetime) -> bool:
    """Whether the draft is above a limit; OverBudget where nobody says why it is to be published.

    A draft ages like the run that it is made from.
    """
    waited = (now - found.made_at).total_seconds() / 3600
    over = found.report.later(waited).over
    if not over or override is not None:
        return bool(over)
    told_of = [(o.name, f"{number(o.value)}, at most {number(o.most)}") for o in over]
    raise OverBudget(
        f"the list is over its budget: {'; '.join(map(': '.join, told_of))}. Look at its report; "
        "whoever may override it says why, or change [banlist] in the settings",
        told_of,
    )
