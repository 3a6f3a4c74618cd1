"""Groups scored again, against references that decisions have changed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.baseline import OWN_EVENTS
from linkage.calibration.verdicts import Verdicts
from linkage.decisions import answered, of_groups, show_what_is_usual
from linkage.errors import ResultError
from linkage.render import clean
from linkage.run import Run
from linkage.score import References, scores
from linkage.settings import Settings
from linkage.signals import SIGNALS

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PROPOSALS = ("ban", "review", "none")


@dataclass(frozen=True)
class GroupChange:
    """A group that was decided, or whose proposal would change.

    decided             'banned' or 'cleared', as most of its decided members are; 'divided'
                        where some are banned, but not most; None without any
    before, after       expected innocents (E), against present and new references
    proposal_before, proposal_after   likewise
    """

    cluster_id: str
    accounts: int
    decided: str | None
    before: float
    after: float
    proposal_before: str
    proposal_after: str


@dataclass(frozen=True)
class Rescored:
    """The run's groups against new references.

    references      the new ones;  before: how many there are now
    left, joined    groups that decisions took out, and put in
    enough          whether the new ones show what is usual: else they are not to be used
    groups          what was decided or would change, most unusual first
    proposals       'before' and 'after': how many groups have each proposal
    """

    references: References
    before: int
    left: int
    joined: int
    enough: bool
    groups: tuple[GroupChange, ...]
    proposals: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "references_before": self.before,
            "references_after": int(self.references.size.size),
            "left": self.left,
            "joined": self.joined,
            "enough": self.enough,
            "groups": [asdict(group) for group in self.groups],
            "proposals": self.proposals,
        }


def rescored(run: Run, decided: Verdicts, settings: Settings) -> Rescored | None:
    """Take banned groups out of a run's references, put cleared ones in, and score again.

    A group counts as banned or cleared as most of its decided members are, and as cleared only
    if none is banned. A cleared group becomes a reference even if it stood out, but not if it
    is openly one: what `score.scores` says of that holds for it too. None where the run took
    another run's references, which it does not have. Raises ResultError.
    """
    if run.info["baseline"]["source"] != OWN_EVENTS:
        return None
    table = run.clusters[run.clusters.p_operation.notna()].reset_index(drop=True)
    size, values = table.accounts.to_numpy(float), _values(table.signals)
    openly = answered(table.note, settings)
    present = _present(run, size, values) & (openly == 0)
    decision = _of_groups(table.cluster_id, run.members, decided)
    out = present & (decision == "banned").to_numpy()
    new = ~present & (openly == 0) & (decision == "cleared").to_numpy()
    kept = (present & ~out) | new
    references = References(size[kept], {name: value[kept] for name, value in values.items()})
    found = scores(size, values, openly, settings.score, references)
    enough = show_what_is_usual(len(table), int(kept.sum()), settings.score)
    proposal, _ = of_groups(found, openly, settings.policy, enough)
    # The result has no number where E is infinite: a question is answered no.
    before = table.expected.fillna(np.inf).to_numpy(float)
    shown = decision.notna().to_numpy() | (table.proposal.to_numpy() != proposal)
    return Rescored(
        references=references,
        before=int(present.sum()),
        left=int(out.sum()),
        joined=int(new.sum()),
        enough=enough,
        groups=tuple(
            GroupChange(
                cluster_id=str(table.cluster_id[i]),
                accounts=int(size[i]),
                decided=decision[i],
                before=float(before[i]),
                after=float(found.expected[i]),
                proposal_before=str(table.proposal[i]),
                proposal_after=str(proposal[i]),
            )
            for i in np.flatnonzero(shown)
        ),
        proposals={"before": _counted(table.proposal), "after": _counted(proposal)},
    )


def _values(signals: pd.Series) -> dict[str, Floats]:
    """Signal -> its value in each group, as the run measured it."""
    measured = [{s["name"]: s["value"] for s in listed} for listed in signals]
    return {
        s.name: np.array([values.get(s.name, np.nan) for values in measured], float)
        for s in SIGNALS
    }


def _present(run: Run, size: Floats, values: dict[str, Floats]) -> Bools:
    """The groups that are in `references.parquet`: those with the size and values of a row.

    Groups that are the same in all of these have the same E, and are references together.
    """
    path = run.path / "references.parquet"
    try:
        table = pq.read_table(path)
        known = _keys(
            table["size"].to_numpy().astype(float),
            {s.name: table[s.name].to_numpy().astype(float) for s in SIGNALS},
        )
    except (OSError, KeyError, pa.ArrowException) as error:
        raise ResultError(f"{clean(path)}: cannot be read: {clean(error, 200)}") from None
    rows = set(known)
    return np.array([key in rows for key in _keys(size, values)], np.bool_)


def _keys(size: Floats, values: dict[str, Floats]) -> list[bytes]:
    """One key a group; adding zero makes one zero of two, and every NaN is the same."""
    table = np.column_stack([size, *(values[s.name] for s in SIGNALS)]) + 0.0
    table[np.isnan(table)] = np.nan
    return [row.tobytes() for row in table]


def _of_groups(ids: pd.Series, members: pd.DataFrame, decided: Verdicts) -> pd.Series:
    """'banned', 'cleared', 'divided' or None, a group."""
    inside = decided.table.merge(members[["account_id", "cluster_id"]], on="account_id")
    share = inside.groupby("cluster_id").banned.mean()
    words = np.select([share > 0.5, share == 0], ["banned", "cleared"], "divided")
    found = dict(zip(share.index, words.tolist(), strict=True))
    return pd.Series([found.get(cluster) for cluster in ids], ids.index, object)


def _counted(proposals: pd.Series | npt.NDArray[np.object_]) -> dict[str, int]:
    found = pd.Series(proposals).value_counts()
    return {name: int(found.get(name, 0)) for name in PROPOSALS}
