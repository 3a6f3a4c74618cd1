"""Splink on the same evidence: probabilistic record linkage, one row a unit.

A kind of artifact is two columns of arrays: what few have, and what many have. Arrays have no
adjustment by how common a value is, so that a model with one column would take a shared hub
for a shared card. Subnets are left out: they say again what addresses say. Who has nothing in a
column has a null there, which says nothing; as an empty array it would speak against all pairs,
and the networks were found less well so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator
from splink.internals.comparison_creator import ComparisonCreator

from benchmarks.others.given import Given
from linkage.settings import Settings

NESTED = "subnet"
RARE = "rare"  # the column that pairs are blocked on: all artifacts that few have
TRAINED_ON = ("device_few", "payment_few")  # each trains all columns but itself
RECALL = 0.5  # of accounts of one operator, those that share a device: m of the product
SAMPLED = 1e7  # pairs for u
THRESHOLD = 0.95
SEEN = 0.01  # of the units have an entry in a column that is compared
SEEN_TWO = 0.1  # of these have two, where two in common are a level

Part = Callable[[str], AbstractContextManager[None]]


def find(given: Given, part: Part, threads: int, seed: int) -> npt.NDArray[np.int64]:
    """Train, weigh the pairs that share something rare, and join what reaches the threshold.

    Returns a label for each unit. `part` is told which part of the work begins."""
    with part("table"):
        columns = _columns(given)
        rows = pa.table({"unique_id": np.arange(given.units), **columns})
    engine = DuckDBAPI(connection=duckdb.connect(config={"threads": threads}))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(name, columns[name]) for name in columns if name != RARE],
        blocking_rules_to_generate_predictions=[_sharing(RARE)],
        retain_matching_columns=False,
    )
    linker = Linker(engine.register(rows), settings, log_level=logging.ERROR)
    trained_on = [name for name in TRAINED_ON if name in columns]
    with part("training"):
        linker.training.estimate_probability_two_random_records_match(
            [_sharing(trained_on[0])], recall=RECALL
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED, seed=seed)
        for name in trained_on:
            # Training takes no rule over all entries of an array: the first must do.
            rule = block_on(f"{name}[1]")
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
    with part("pairs"):
        weighed = linker.inference.predict(threshold_match_probability=THRESHOLD)
    with part("clusters"):
        joined = (
            linker.clustering.cluster_pairwise_predictions_at_threshold(
                weighed, threshold_match_probability=THRESHOLD
            )
            .as_duckdbpyrelation()
            .fetchnumpy()
        )
    labels = np.arange(given.units)
    labels[joined["unique_id"]] = joined["cluster_id"]
    return labels


def _comparison(name: str, column: pa.ListArray) -> ComparisonCreator:
    """Levels of one and two entries in common; of one alone where few have two, since two in
    common would hardly be seen in training."""
    entries = np.diff(column.offsets.to_numpy())
    two = (entries > 1).sum() > SEEN_TWO * (entries > 0).sum()
    return cl.ArrayIntersectAtSizes(name, [2, 1] if two else [1])


def _sharing(column: str) -> BlockingRuleCreator:
    """Pairs that have an entry of this column in common."""
    return block_on(column, arrays_to_explode=[column])


def _columns(given: Given) -> dict[str, pa.ListArray]:
    """Arrays of artifacts' numbers by kind and by how many have them; null where there is none.

    Few are as many as the product weighs all pairs of. Columns that hardly anybody has an entry
    in are left out: nothing can be learnt of them.
    """
    inc = given.incidence
    few = np.diff(inc.art_ptr) <= Settings().links.rare_accounts
    used = ~given.of_kinds(NESTED)
    chosen = {RARE: few & used}
    for name in given.kinds:
        of_kind = given.of_kinds(name) & used
        chosen |= {f"{name}_few": of_kind & few, f"{name}_many": of_kind & ~few}
    columns = {name: _lists(given, mask) for name, mask in chosen.items()}
    most = (1 - SEEN) * given.units
    return {name: column for name, column in columns.items() if column.null_count < most}


def _lists(given: Given, chosen: npt.NDArray[np.bool_]) -> pa.ListArray:
    """For each unit the chosen artifacts that it has."""
    inc = given.incidence
    inside = chosen[inc.unit_art]
    ends = np.concatenate([[0], np.cumsum(inside)])[inc.unit_ptr]
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()),
        pa.array(inc.unit_art[inside]),
        mask=pa.array(np.diff(ends) == 0),
    )
