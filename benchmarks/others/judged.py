"""Groupings of the same month, judged by the same score.

    python -m benchmarks.others.judged EVENTS TRUTH FOLDER

For each NAME.npy in the folder, labels that `baselines` wrote, prints what became of
it, as JSON. In a process of its own, so that what measures the methods stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.others.baselines import LINKAGE
from benchmarks.stages import Labels, account_ids, members, opened, regrouped, rescored
from linkage.evaluation import Evaluation, compare, read_truth
from linkage.results import Results

TOO_FEW = "too few groups to compare with"  # the policy's note
NETWORK = "proxy"  # the kind whose cluster is shown as it is, without any score


def judge(found: Results, labels: Labels, truth: pd.DataFrame, own: bool) -> dict[str, Any]:
    """One grouping: clusters against networks, and who is listed and flagged.

    own     these are the run's own members: they keep the weights that the policy asks for
    """
    accounts = account_ids(found)
    whole = found if own else regrouped(found, labels)
    judged = compare(accounts, members(whole), truth)
    few = bool((whole.proposals.note == TOO_FEW).any())
    return {
        "bcubed": judged.to_dict()["bcubed"],
        "networks_found": judged.networks_found.to_dict(),
        "groups": int(np.unique(labels[labels >= 0]).size),
        "largest": largest(labels[found.units.of], accounts, truth),
        "scored": _scored(judged),
        "too_few": few,
        "scored_all_the_same": _scored(compare(accounts, members(_lenient(whole)), truth))
        if few
        else None,
    }


def _scored(judged: Evaluation) -> dict[str, Any]:
    """Who was listed and flagged, of networks and of innocents."""
    return {
        "precision": judged.precision.to_dict(),
        "recall": judged.recall.to_dict(),
        "innocents_listed": sum(kind.listed.hits for kind in judged.innocents),
        "innocents_flagged": sum(kind.flagged.hits for kind in judged.innocents),
    }


def _lenient(found: Results) -> Results:
    """The same where the policy does not ask for groups enough to compare with."""
    score = found.settings.score.model_copy(update={"minimum_groups": 1, "minimum_references": 1})
    return rescored(replace(found, settings=found.settings.model_copy(update={"score": score})))


def largest(
    of: npt.NDArray[np.int32], accounts: pd.Series, truth: pd.DataFrame
) -> dict[str, Any] | None:
    """The group that holds most of the largest proxy network, by no score at all: its accounts,
    how many of them the network has, and how many are innocent. None where no group has any."""
    table = truth.merge(pd.DataFrame({"account_id": accounts.to_numpy(), "of": of}))
    networks = table[(table.kind == NETWORK) & (table.operator >= 0)]
    if networks.empty:
        return None
    network = networks[networks.operator == networks.operator.value_counts().index[0]]
    held = network.of[network.of >= 0].value_counts()
    if held.empty:
        return None
    most = table[table.of == held[held == held.max()].index.min()]
    return {
        "accounts": len(most),
        "of_network": int(held.max()),
        "network": len(network),
        "innocents": int((most.operator < 0).sum()),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    events, known, folder = arguments if arguments is not None else sys.argv[1:]
    truth = read_truth(known)
    with opened(Path(events)) as found:
        judged = {
            file.stem: judge(found, np.load(file), truth, file.stem == LINKAGE)
            for file in sorted(Path(folder).glob("*.npy"))
        }
    print(json.dumps(judged))


if __name__ == "__main__":
    main()
