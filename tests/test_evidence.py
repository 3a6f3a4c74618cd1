"""Evidence and activity: counted against pandas, and kinds read as they are documented."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from linkage.activity import activity, histogram
from linkage.artifacts import BUILT_IN
from linkage.events import read
from linkage.evidence import evidence
from linkage.settings import Settings, parse
from tests import worlds

# Ibis 12 asks DuckDB 2 for tables by a name that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


class Found:
    """What the two stages make of some events, as pandas."""

    def __init__(self, events: pd.DataFrame, folder: Path, settings: Settings) -> None:
        con = ibis.duckdb.connect()
        path = worlds.write(events, folder / "events.parquet")
        table = read(con, [path], settings, folder / "work").table
        acts = activity(table, settings.kinds())
        proof = evidence(table, acts, settings.kinds())
        counted = acts.order_by("account").to_pyarrow()
        self.activity = counted.to_pandas().assign(hours=list(histogram(counted)))
        self.artifacts = proof.artifacts.order_by("artifact").to_pyarrow().to_pandas()
        rows = proof.rows.to_pyarrow().to_pandas().merge(self.artifacts, on="artifact")
        rows["account_id"] = self.activity.account_id.to_numpy()[rows.account]
        self.rows = rows.sort_values(["kind", "value", "account_id"], ignore_index=True)

    def holders(self, kind: str) -> dict[str, list[str]]:
        """Value -> the accounts that have it."""
        rows = self.rows[self.rows.kind == kind]
        return {str(v): list(accounts) for v, accounts in rows.groupby("value").account_id}


def found(
    rows: Sequence[Mapping[str, Any]] | pd.DataFrame,
    folder: Path,
    settings: Settings | None = None,
) -> Found:
    events = rows if isinstance(rows, pd.DataFrame) else worlds.events_of(rows)
    return Found(events, folder, settings or Settings())


def test_an_artifact_is_counted_for_each_account_with_its_first_and_last_use(
    tmp_path: Path,
) -> None:
    rows = found(
        [
            {"ts": 50, "account_id": "a", "device_id": "d"},
            {"ts": 10, "account_id": "a", "device_id": "d"},
            {"ts": 30, "account_id": "b", "device_id": "d"},
            {"ts": 90, "account_id": "a", "device_id": None},
        ],
        tmp_path,
    ).rows
    assert list(rows.account_id) == ["a", "b"]
    assert list(rows.events) == [2, 1]
    assert list(rows.first_seen) == [worlds.moment(10), worlds.moment(30)]
    assert list(rows.last_seen) == [worlds.moment(50), worlds.moment(30)]


def test_what_one_account_has_alone_is_left_out(tmp_path: Path) -> None:
    each = [
        {"account_id": a, "device_id": f"d-{a}", "payment_id": "p", "conversation_id": ""}
        for a in ("a", "b", "c", "c")
    ]
    result = found(each, tmp_path)
    assert list(result.artifacts.itertuples(index=False, name=None)) == [(0, "payment", "p", 3)]
    assert result.holders("payment") == {"p": ["a", "b", "c"]}


@pytest.mark.parametrize("few", [0, 2000])
def test_evidence_and_activity_are_those_of_naive_counts(
    tmp_path: Path, seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a column has so many values that those of one account are left out first."""
    monkeypatch.setattr("linkage.evidence.FEW", few)
    events = random_events(np.random.default_rng(seed), 3000)
    result = found(events, tmp_path)
    compare_evidence(result, events)
    compare_activity(result, events)
    compare_numbers(result)


def compare_evidence(result: Found, events: pd.DataFrame) -> None:
    """Against pandas' group-by."""
    columns = {"device": "device_id", "payment": "payment_id", "template": "prompt_template"}
    for kind, column in columns.items():
        known = events.dropna(subset=[column])
        grouped = known.groupby([column, "account_id"]).ts.agg(["count", "min", "max"])
        grouped = grouped[grouped.groupby(level=0)["count"].transform("size") > 1].reset_index()
        ours = result.rows[result.rows.kind == kind]
        assert len(grouped)
        assert list(zip(grouped[column], grouped.account_id, strict=True)) == list(
            zip(ours.value, ours.account_id, strict=True)
        )
        for theirs, name in (("count", "events"), ("min", "first_seen"), ("max", "last_seen")):
            assert list(grouped[theirs]) == list(ours[name])


def compare_activity(result: Found, events: pd.DataFrame) -> None:
    """Against one account after another."""
    ours = result.activity.set_index("account_id")
    assert list(ours.index) == sorted(set(events.account_id))
    assert list(ours.account) == list(range(len(ours)))
    for account, rows in events.groupby("account_id"):
        row = ours.loc[str(account)]
        assert row.events == len(rows)
        assert row.days == rows.ts.dt.date.nunique()
        assert (row.first_seen, row.last_seen) == (rows.ts.min(), rows.ts.max())
        signups = rows[rows.type == "signup"].ts
        assert row.signed_up == signups.min() if len(signups) else pd.isna(row.signed_up)
        assert list(row.hours) == list(np.bincount(rows.ts.dt.hour, minlength=24))
        assert row.with_device_id == rows.device_id.count()
        assert row.with_prompt_template == rows.prompt_template.count()
        sure = rows.org_verified.fillna(False).astype(bool)
        for name, named in (("organisation", rows[sure]), ("claimed", rows[~sure])):
            known = named.org_id.dropna()
            assert row[name] == known.min() if len(known) else pd.isna(row[name])


@pytest.mark.parametrize("span", [1, 62, 63, 371, 372, 4000])
def test_days_are_counted_over_any_span(tmp_path: Path, span: int, seed: int) -> None:
    """Also where the days do not fit into a word, or into some."""
    rng = np.random.default_rng(seed)
    at = np.append(rng.integers(0, span, 60), [0, span - 1]) * 86_400 + rng.integers(0, 86_400, 62)
    rows = [{"ts": int(t), "account_id": f"a{i % 3}"} for i, t in enumerate(at)]
    events = worlds.events_of(rows)
    days = events.groupby("account_id").ts.agg(lambda times: times.dt.date.nunique())
    ours = found(events, tmp_path).activity
    assert dict(zip(ours.account_id, ours.days, strict=True)) == days.to_dict()


def compare_numbers(result: Found) -> None:
    """Artifacts 0, 1 ... with the kinds of a family next to each other."""
    assert list(result.artifacts.artifact) == list(range(len(result.artifacts)))
    family = {kind.name: kind.family for kind in BUILT_IN}
    families = [family[kind] for kind in result.artifacts.kind]
    runs = [f for i, f in enumerate(families) if i == 0 or families[i - 1] != f]
    assert len(runs) == len(set(runs)) > 1


PEOPLE: Mapping[str, Mapping[str, str]] = {
    "six-a": {"ip": "2001:db8:1:2::1"},
    "six-b": {"ip": "2001:0DB8:0001:0002:ffff::9"},
    "six-c": {"ip": "2001:db8:1:3::1"},
    "six-d": {"ip": "2001:db8:2::1"},
    "four-a": {"ip": "192.0.2.1"},
    "four-b": {"ip": " 192.0.2.1 "},
    "four-c": {"ip": "::ffff:192.0.2.1"},
    "four-d": {"ip": "192.0.2.200"},
    "mail-a": {"email": "a@gmail.com"},
    "mail-b": {"email": "b@GMail.com"},
    "mail-c": {"email": "c@acme.example"},
    "mail-d": {"email": " D@ACME.example. "},
    "mail-e": {"email": "not a mailbox"},
    "mail-f": {"email": "not a mailbox"},
    "phone-a": {"phone": "+1 (202) 555-0100"},
    "phone-b": {"phone": "0012025550100"},
    "phone-c": {"phone": "+"},
    "phone-d": {"phone": "+"},
    "empty-a": {"conversation_id": ""},
    "empty-b": {"conversation_id": ""},
}
SUBSCRIBERS = [
    {"ts": 100 + 10 * i + j, "account_id": a, "ip": f"198.51.100.{j}"}
    for i, a in enumerate(["sub-a", "sub-b"])
    for j in range(3)
]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """People who each have one thing, as it may be written, and two with three addresses."""
    people = [{"account_id": name, **has} for name, has in PEOPLE.items()]
    return found([*people, *SUBSCRIBERS], tmp_path_factory.mktemp("kinds"))


def test_hosts_of_one_ipv6_subscriber_are_one_address(kinds: Found) -> None:
    assert kinds.holders("ip")["2001:db8:1:2::/64"] == ["six-a", "six-b"]
    assert kinds.holders("subnet")["2001:db8:1::/48"] == ["six-a", "six-b", "six-c"]
    assert not any("six-d" in accounts for accounts in kinds.holders("subnet").values())


def test_ipv4_addresses_lie_in_subnets_however_they_are_written(kinds: Found) -> None:
    assert kinds.holders("ip")["192.0.2.1"] == ["four-a", "four-b", "four-c"]
    assert kinds.holders("subnet")["192.0.2.0/24"] == ["four-a", "four-b", "four-c", "four-d"]


def test_several_addresses_of_a_subnet_are_one_row_of_the_subnet(kinds: Found) -> None:
    rows = kinds.rows[kinds.rows.value == "198.51.100.0/24"]
    assert list(rows.account_id) == ["sub-a", "sub-b"]
    assert list(rows.events) == [3, 3]
    assert list(rows.first_seen) == [worlds.moment(100), worlds.moment(110)]
    assert list(rows.last_seen) == [worlds.moment(102), worlds.moment(112)]


def test_a_public_mail_service_is_no_artifact_and_a_domain_of_ones_own_is(kinds: Found) -> None:
    assert kinds.holders("email_domain") == {"acme.example": ["mail-c", "mail-d"]}


def test_a_telephone_number_is_its_digits(kinds: Found) -> None:
    assert kinds.holders("phone") == {"+12025550100": ["phone-a", "phone-b"]}


def test_an_empty_value_is_no_artifact(kinds: Found) -> None:
    assert kinds.holders("conversation") == {}


def test_a_column_is_an_artifact_kind_only_if_the_settings_say_so(tmp_path: Path) -> None:
    rows = [{"account_id": a, "wallet": "w", "referrer": "r"} for a in "ab"]
    assert found(rows, tmp_path).rows.empty
    declared = parse({"artifacts": {"purse": {"column": "wallet"}}})
    result = found(rows, tmp_path, declared)
    assert set(result.rows.kind) == {"purse"}
    assert result.holders("purse") == {"w": ["a", "b"]}


def test_an_account_that_others_name_has_the_artifact_too(tmp_path: Path) -> None:
    rows = [
        {"ts": 5, "account_id": "a", "sent_to": "b"},
        {"ts": 9, "account_id": "a", "sent_to": "b"},
        {"ts": 7, "account_id": "c", "sent_to": "b"},
        {"ts": 3, "account_id": "b", "sent_to": "outside"},
        {"ts": 4, "account_id": "d", "sent_to": "d"},
    ]
    named = {"names_account": True}
    result = found(rows, tmp_path, parse({"artifacts": {"sent_to": named}}))
    assert result.holders("sent_to") == {"b": ["a", "b", "c"]}
    of_b = result.rows[result.rows.account_id == "b"].iloc[0]
    assert (of_b.events, of_b.first_seen, of_b.last_seen) == (
        3,
        worlds.moment(5),
        worlds.moment(9),
    )


def test_without_the_declaration_the_named_account_has_nothing(tmp_path: Path) -> None:
    rows = [{"account_id": a, "sent_to": "b"} for a in "ac"] + [{"account_id": "b"}]
    result = found(rows, tmp_path, parse({"artifacts": {"sent_to": {}}}))
    assert result.holders("sent_to") == {"b": ["a", "c"]}


def test_where_nobody_shares_anything_there_is_no_evidence(tmp_path: Path) -> None:
    result = found([{"account_id": a, "device_id": a} for a in "abc"], tmp_path)
    assert result.rows.empty
    assert list(result.activity.account_id) == ["a", "b", "c"]


def test_activity_of_two_halves_adds_up_to_that_of_the_whole(tmp_path: Path, seed: int) -> None:
    events = random_events(np.random.default_rng(seed), 1000)
    parts = {"whole": events, "odd": events[1::2], "even": events[::2]}
    acts = {}
    for name, part in parts.items():
        (tmp_path / name).mkdir()
        acts[name] = found(part, tmp_path / name).activity.set_index("account_id")
    both = pd.concat([acts["odd"], acts["even"]]).groupby(level=0)
    whole = acts["whole"]
    assert (both.events.sum() == whole.events).all()
    assert (both.first_seen.min() == whole.first_seen).all()
    assert (both.last_seen.max() == whole.last_seen).all()
    hours = both.hours.agg(lambda histograms: list(np.sum(np.stack(list(histograms)), axis=0)))
    assert list(hours) == [list(h) for h in whole.hours]


def random_events(rng: np.random.Generator, number: int) -> pd.DataFrame:
    """Everything drawn from small pools, with gaps."""

    def some(name: str, size: int, gaps: float = 0.3) -> list[str | None]:
        drawn, missing = rng.integers(0, size, number), rng.random(number) < gaps
        return [None if gap else f"{name}{i}" for i, gap in zip(drawn, missing, strict=True)]

    return pd.DataFrame(
        {
            "ts": [worlds.moment(s) for s in rng.uniform(0, worlds.MONTH, number)],
            "account_id": some("a", 60, gaps=0),
            "type": rng.choice(["signup", "request", "login"], number, p=[0.02, 0.8, 0.18]),
            "ip": [f"10.0.{i}.{j}" for i, j in rng.integers(0, 9, (number, 2))],
            "device_id": some("device", 100),
            "payment_id": some("card", 80),
            "prompt_template": some("template", 2000),
            "access_path": some("path", 3),
            "org_id": some("org", 4, gaps=0.9),
            "org_verified": rng.choice(np.array([True, False, None], object), number),
        }
    )
