"""What people have decided, obeyed by the next run: on a world in which nothing is near a
threshold, so that what differs is what was decided."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.judgements import KNOWN, Apart, Judgements, load, save
from linkage.pipeline import detect
from linkage.run import Run
from tests import worlds

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

Found = Callable[..., Run]


@pytest.fixture(scope="module")
def planted() -> worlds.World:
    return worlds.planted()


@pytest.fixture(scope="module")
def found(planted: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """A run of the planted world (or of other events) that obeys judgements."""
    folder = tmp_path_factory.mktemp("judged")
    number = itertools.count()

    def run(judgements: Judgements | None = None, events: pd.DataFrame | None = None) -> Run:
        n = next(number)
        given = planted.events if events is None else events
        source = worlds.write(given, folder / f"events-{n}.parquet")
        chosen = worlds.settings()
        return Run.open(detect(source, folder / f"run-{n}", chosen, judgements=judgements))

    return run


@pytest.fixture(scope="module")
def plain(found: Found) -> Run:
    return found()


def of(run: Run, accounts: Iterable[str], column: str) -> list[Any]:
    """A column of the members' table, None for who is in no cluster."""
    values = run.members.set_index("account_id")[column].to_dict()
    return [values.get(account) for account in sorted(accounts)]


def cluster_of(run: Run, account: str) -> pd.Series:
    (cluster,) = of(run, [account], "cluster_id")
    return run.clusters.set_index("cluster_id").loc[cluster]


def known(run: Run, accounts: Iterable[str]) -> pa.Table:
    """What the run says that accounts share, as whoever clears them can see it."""
    rows = run.evidence(sorted(accounts))[KNOWN.names]
    return pa.Table.from_pandas(rows, KNOWN, preserve_index=False)


def cleared(run: Run, accounts: Iterable[str], decision: int = 3) -> Judgements:
    named = sorted(accounts)
    return Judgements(
        cleared=dict.fromkeys(named, decision), known=known(run, named), decisions=decision
    )


def test_who_is_cleared_is_not_listed_and_everybody_else_of_the_network_is(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    network = planted.accounts("network0")
    some = sorted(network)[:5]
    run = found(cleared(plain, some))
    assert of(run, some, "held_by") == ["cleared"] * 5
    assert of(run, some, "proposal") == ["none"] * 5
    assert set(run.banlist.account_id) == set(plain.banlist.account_id) - set(some)


def test_a_cluster_that_is_cleared_whole_is_proposed_for_nothing(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    network = planted.accounts("network0")
    run = found(cleared(plain, network))
    cluster = cluster_of(run, min(network))
    assert (cluster.proposal, cluster.note) == ("none", "cleared")
    assert set(run.banlist.account_id) == planted.accounts("network1")


def test_who_joins_a_cleared_team_goes_to_a_person_and_never_to_the_list(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    network = sorted(planted.accounts("network0"))
    team, newcomers = network[:-4], network[-4:]
    run = found(cleared(plain, team))
    cluster = cluster_of(run, network[0])
    assert (cluster.proposal, cluster.note) == ("review", "mostly cleared")
    assert of(run, newcomers, "proposal") == ["review"] * 4
    assert of(run, newcomers, "held_by") == ["cleared_cluster"] * 4
    assert of(run, team, "proposal") == ["none"] * len(team)


def test_new_evidence_is_named_and_sends_who_was_cleared_to_a_person_only(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    network = sorted(planted.accounts("network0"))
    # Two were cleared when they had nothing of the network yet but its clients.
    before = known(plain, network[:2]).filter(pa.compute.field("kind") == "user_agent")
    judgements = Judgements(cleared={network[0]: 7, network[1]: 8}, known=before)
    run = found(judgements)
    assert of(run, network[:2], "proposal") == ["review"] * 2
    assert of(run, network[:2], "held_by") == ["new_evidence"] * 2
    assert not set(network[:2]) & set(run.banlist.account_id)
    told = pq.read_table(run.path / "judged.parquet").to_pylist()
    assert [(row["account_id"], row["decision"]) for row in told] == [
        (network[0], 7), (network[1], 8),
    ]  # fmt: skip
    for row in told:
        assert row["renewed"]
        assert row["over"] > 3
        named = {(one["kind"], one["value"]) for one in row["new_evidence"]}
        held = run.evidence([row["account_id"]])
        assert named <= set(zip(held.kind, held.value, strict=True))
        assert {kind for kind, _ in named} >= {"device", "payment", "template"}
        assert "user_agent" not in {kind for kind, _ in named}
        bits = [one["bits"] for one in row["new_evidence"]]
        assert bits == sorted(bits, reverse=True)
        assert bits[-1] >= 1


def test_a_new_thing_that_everybody_has_is_no_new_evidence(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    network = sorted(planted.accounts("network0"))
    events = planted.events.copy()
    one = events.account_id == network[0]
    rows = events[one].head(1).assign(event_id="extra", prompt_template="public-29")
    run = found(cleared(plain, network[:1]), pd.concat([events, rows]))
    assert of(run, network[:1], "held_by") == ["cleared"]


def test_where_nothing_is_known_of_a_clearing_a_person_is_asked_again(
    planted: worlds.World, found: Found
) -> None:
    one = min(planted.accounts("network0"))
    run = found(Judgements(cleared={one: 1}))
    assert of(run, [one], "held_by") == ["new_evidence"]


def test_two_who_are_not_the_same_operator_are_neither_linked_nor_together(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    network = sorted(planted.accounts("network0"))
    links = plain.links(of(plain, network[:1], "cluster_id")[0])
    a, b = links.account_a[0], links.account_b[0]
    run = found(Judgements(apart=(Apart(1, a, (b,), strict=False),)))
    (first,), (second,) = of(run, [a], "cluster_id"), of(run, [b], "cluster_id")
    assert first != second
    assert (first is None) != (second is None)
    for row in pq.read_table(run.path / "links.parquet").to_pylist():
        assert {row["account_a"], row["account_b"]} != {a, b}
    rest = set(network) - {a, b}
    assert set(of(run, rest, "proposal")) == {"ban"}


def test_an_account_that_is_not_of_a_cluster_leaves_it_and_the_others_stay(
    planted: worlds.World, found: Found
) -> None:
    network = sorted(planted.accounts("network0"))
    others = tuple(network[1:])
    run = found(Judgements(apart=(Apart(1, network[0], others, strict=True),)))
    assert of(run, network[:1], "cluster_id") == [None]
    assert set(of(run, others, "proposal")) == {"ban"}


def test_an_allowlisted_account_is_held_and_its_network_is_not(
    planted: worlds.World, found: Found
) -> None:
    network = sorted(planted.accounts("network0"))
    run = found(Judgements(accounts=frozenset(network[:1])))
    assert of(run, network[:1], "held_by") == ["allowlisted"]
    assert of(run, network[:1], "proposal") == ["review"]
    assert set(of(run, network[1:], "proposal")) == {"ban"}


def test_an_allowlisted_artifact_links_nobody_and_is_worth_nothing(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    # All that a class has in common is a room and tasks.
    group = sorted(planted.accounts("class3-") or planted.groups["class3"])
    rows = plain.evidence(group)
    room = rows[(rows.kind == "subnet") & rows.duplicated(["kind", "value"])].value.iloc[0]
    tasks = {v for v in rows[rows.kind == "template"].value if v.startswith("task-")}
    named = {("subnet", room), *(("template", task) for task in tasks)}
    run = found(Judgements(artifacts=frozenset(named)))
    assert of(plain, group, "cluster_id") != [None] * len(group)
    assert of(run, group, "cluster_id") == [None] * len(group)
    told = run.explain(group[0], group[1])
    bits = {(shared.kind, shared.value): shared.bits for shared in told.shared}
    (address,) = {value for kind, value in bits if kind == "ip"}
    assert address.startswith(room.removesuffix("0/24"))
    assert all(bits[one] == 0 for one in [("ip", address), *(n for n in named if n in bits)])
    # Others' figures stay as they were.
    assert set(run.banlist.account_id) == set(plain.banlist.account_id)


def test_an_address_is_allowlisted_in_any_spelling(planted: worlds.World, found: Found) -> None:
    group = sorted(planted.groups["class3"])
    run = found()
    room = next(
        value for value in run.shared(of(run, group[:1], "cluster_id")[0]).query("kind=='ip'").value
    )
    mapped = found(Judgements(artifacts=frozenset({("ip", f"::ffff:{room}")})))
    assert mapped.info["judgements"]["silent_artifacts"] == 1


def test_an_allowlisted_organisation_is_as_if_verified(
    planted: worlds.World, plain: Run, found: Found
) -> None:
    company = sorted(planted.groups["company1"])
    assert cluster_of(plain, company[0]).note != "openly one"
    run = found(Judgements(organisations=frozenset({"org-f1"})))
    assert cluster_of(run, company[0]).note == "openly one"
    assert run.info["counts"]["units"] == plain.info["counts"]["units"] - len(company) + 1


def test_names_that_the_run_does_not_have_change_nothing(plain: Run, found: Found) -> None:
    strange = Judgements(
        cleared={"nobody": 1},
        known=pa.table([["nobody"], ["ip"], ["192.0.2.1"]], schema=KNOWN),
        apart=(Apart(2, "nobody", ("no one",), strict=False),),
        accounts=frozenset({"x' OR 1=1"}),
        organisations=frozenset({"none"}),
        artifacts=frozenset({("ip", "192.0.2.1"), ("no_kind", "x")}),
    )
    run = found(strange)
    for name in ("members", "clusters", "links", "artifacts", "evidence"):
        file = f"{name}.parquet"
        assert (run.path / file).read_bytes() == (plain.path / file).read_bytes()


def test_what_is_handed_to_another_process_is_the_same_there(
    planted: worlds.World, plain: Run, tmp_path: Path
) -> None:
    some = sorted(planted.accounts("network0"))[:3]
    given = Judgements(
        cleared=dict.fromkeys(some, 4),
        known=known(plain, some),
        apart=(Apart(1, "a", ("b", "c"), strict=True),),
        accounts=frozenset({"ü"}),
        organisations=frozenset({"o"}),
        artifacts=frozenset({("ip", "192.0.2.1")}),
        decisions=4,
        allowlist="v",
    )
    save(given, tmp_path)
    assert load(tmp_path) == given
