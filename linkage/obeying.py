"""The judgements of a workspace, as its next run obeys them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from linkage.judgements import KNOWN, Judgements
from linkage.privacy.guard import check_settled
from linkage.state import State, decisions
from linkage.state.judging import holding
from linkage.workspace import Workspace

EVIDENCE = "evidence.parquet"


def judgements(workspace: Workspace, state: State) -> Judgements:
    """What holds now, and what cleared accounts were known to share when they were cleared.

    That is in the decision's snapshot, or in the run that it was made on. Where both are gone,
    nothing counts as known: what ties such an account to a cluster goes to a person again.

    PrivacyError where names are being re-keyed.
    """
    check_settled(workspace.path)
    with state.read() as connection:
        found = holding(connection)
        numbers = sorted(set(found.cleared.values()))
        runs = {number: decisions.one(connection, number).run for number in numbers}
    return Judgements(
        cleared=found.cleared,
        known=_known(workspace, found.cleared, runs),
        apart=found.apart,
        accounts=found.accounts,
        organisations=found.organisations,
        artifacts=found.artifacts,
        decisions=found.decisions,
        allowlist=found.allowlist,
    )


def _known(
    workspace: Workspace, cleared: Mapping[str, int], runs: Mapping[int, str | None]
) -> pa.Table:
    """KNOWN, of each account by the decision that cleared it."""
    accounts: dict[Path, list[str]] = {}
    for account, number in cleared.items():
        file = _evidence(workspace, number, runs[number])
        if file is not None:
            accounts.setdefault(file, []).append(account)
    return pa.concat_tables(
        [KNOWN.empty_table(), *(_of(file, names) for file, names in accounts.items())]
    )


def _evidence(workspace: Workspace, number: int, run: str | None) -> Path | None:
    """The evidence that a decision rested on."""
    places = [workspace.snapshot(number)]
    if run is not None:
        places.append(workspace.run(run))
    return next((at / EVIDENCE for at in places if (at / EVIDENCE).is_file()), None)


def _of(file: Path, accounts: Iterable[str]) -> pa.Table:
    wanted = pc.field("account_id").isin(pa.array(sorted(accounts), pa.string()))
    return pq.read_table(file, columns=KNOWN.names, filters=wanted).cast(KNOWN)
