"""One result against known truth, and how its counts hang together.

    python -m benchmarks.detection.counted RESULT TRUTH

Prints JSON. In a process of its own, so that what measures runs stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from linkage.evaluation import CAREFUL, evaluate, read_truth
from linkage.run import Run

JUDGEMENTS = {"listed": ("ban",), "flagged": ("ban", "review")}


def counted(run: Run, truth: pd.DataFrame) -> dict[str, Any]:
    """evaluation: `linkage.evaluation`'s, without the single networks; blocks: see `blocks`."""
    found = evaluate(run, truth).to_dict()
    del found["found"]
    return {"evaluation": found, "blocks": blocks(run, truth)}


def blocks(run: Run, truth: pd.DataFrame) -> dict[str, Any]:
    """What stands or falls together: precision, recall, networks and innocents by kind, each with
    listed and flagged -> [hits, accounts, how many blocks are so].

    A block is an operator's network; of innocents, a verified organisation, else the run's
    cluster, else the account alone.
    """
    table = truth[truth.account_id.isin(run.activity.account_id)]
    table = table.merge(run.members[["account_id", "cluster_id", "proposal"]], how="left")
    fake = table.operator >= 0
    alone = table.cluster_id.fillna(table.account_id)
    table["block"] = np.where(
        fake, "n" + table.operator.astype(str), table.org_id.fillna(alone).astype(str)
    )
    for name, proposals in JUDGEMENTS.items():
        table[name] = table.proposal.isin(proposals)
    plain, counted = fake & (table.kind != CAREFUL), ~fake | (table.kind != CAREFUL)
    return {
        "precision": {
            name: _rows(table[counted & table[name]].assign(hit=fake), "hit") for name in JUDGEMENTS
        },
        "recall": _both(table[plain]),
        "networks": {kind: _both(rows) for kind, rows in table[fake].groupby("kind")},
        "innocents": {kind: _both(rows) for kind, rows in table[~fake].groupby("kind")},
    }


def _both(table: pd.DataFrame) -> Mapping[str, Any]:
    return {name: _rows(table, name) for name in JUDGEMENTS}


def _rows(table: pd.DataFrame, hit: str) -> list[list[int]]:
    """Hits and accounts of the blocks, each pair of numbers once, with how often it occurs."""
    of_block = table.groupby("block")[hit].agg(["sum", "size"]).astype(int)
    alike = of_block.groupby(["sum", "size"]).size().rename("blocks").reset_index()
    rows: list[list[int]] = alike[["sum", "size", "blocks"]].to_numpy(int).tolist()
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    result, known = arguments if arguments is not None else sys.argv[1:]
    print(json.dumps(counted(Run.open(result), read_truth(known))))


if __name__ == "__main__":
    main()
