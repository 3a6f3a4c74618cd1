"""The simulator: what it writes, that every kind is there, and that each switch does its work."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.errors import SettingsError
from linkage.scenarios import (
    DEFAULT_EVASIONS,
    EVASIONS,
    KIND_NAMES,
    LOOK_ALIKES,
    NETWORK_KINDS,
    Paraphrase,
    Scenario,
    simulate,
)
from linkage.scenarios.arrays import identity
from linkage.scenarios.chat import chat
from linkage.scenarios.simulation import populate


def small(evasions: frozenset[str] = DEFAULT_EVASIONS, seed: int = 1) -> Scenario:
    """A small month."""
    return Scenario(accounts=4_000, fakes=300, events=60_000, evasions=evasions, seed=seed)


STRINGS = (
    "event_id account_id type ip device_id user_agent tls_fingerprint payment_id email phone org_id"
    " access_path conversation_id prompt_template model"
)


class Month:
    """A simulated month with its truth."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self.scenario, self.folder = scenario, folder
        self.summary = simulate(scenario, folder)
        self.truth = pq.read_table(folder / "truth.parquet").to_pandas()

    def ask(self, sql: str) -> pd.DataFrame:
        """Query `e` (events), `t` (truth) and `j` (both)."""
        with duckdb.connect() as db:
            db.execute(f"CREATE VIEW e AS FROM '{self.folder / 'events.parquet'}'")
            db.execute(f"CREATE VIEW t AS FROM '{self.folder / 'truth.parquet'}'")
            db.execute(
                "CREATE VIEW j AS SELECT e.*, operator, kind FROM e JOIN t USING (account_id)"
            )
            return db.execute(sql).df()

    def value(self, sql: str) -> float:
        return float(self.ask(sql).to_numpy()[0, 0])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    return Month(tmp_path_factory.mktemp("month"), Scenario())


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """A month without any evasion."""
    return Month(tmp_path_factory.mktemp("plain"), small(frozenset()))


@pytest.fixture(scope="module")
def evading(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The same month with all of the usual evasions."""
    return Month(tmp_path_factory.mktemp("evading"), small())


def test_columns_and_types(month: Month) -> None:
    schema = pq.read_schema(month.folder / "events.parquet")
    assert {name: schema.field(name).type for name in STRINGS.split()} == dict.fromkeys(
        STRINGS.split(), pa.string()
    )
    assert schema.field("ts").type == pa.timestamp("us", tz="UTC")
    assert schema.field("org_verified").type == pa.bool_()
    assert len(schema.names) == 19
    truth = pq.read_schema(month.folder / "truth.parquet")
    assert truth.names == ["account_id", "operator", "kind", "org_id"]


def test_sizes(month: Month) -> None:
    counts = month.ask(
        "SELECT count(*) n, count(DISTINCT event_id) ids, count(DISTINCT account_id) a FROM e"
    ).iloc[0]
    assert counts["n"] == counts["ids"] == month.summary.events
    assert abs(counts["n"] - 400_000) < 8_000
    assert counts["a"] == 20_000


def test_the_truth_covers_all_accounts(month: Month) -> None:
    assert month.truth["account_id"].is_unique
    assert month.value("SELECT count(*) FROM e ANTI JOIN t USING (account_id)") == 0
    assert (month.truth["operator"] >= 0).sum() == 500
    assert set(month.truth["kind"][month.truth["operator"] >= 0]) == set(NETWORK_KINDS)
    assert month.truth["org_id"][month.truth["operator"] >= 0].isna().all()


def test_events_are_in_order_and_within_the_month(month: Month) -> None:
    moments = pq.read_table(month.folder / "events.parquet")["ts"].to_numpy().astype(np.int64)
    assert (np.diff(moments) >= 0).all()
    start = int(month.scenario.start.timestamp() * 1e6)
    assert start <= moments[0]
    assert moments[-1] < start + 30 * 86_400 * 1_000_000


def test_every_kind_is_there(month: Month) -> None:
    assert set(month.truth["kind"]) == set(KIND_NAMES)
    assert month.truth["kind"].value_counts()[list(NETWORK_KINDS)].min() >= 8
    sizes = month.truth[month.truth["kind"] == "farm"].groupby("operator").size()
    assert sizes.between(5, 40).all()


def test_every_look_alike_has_unverified_members(month: Month) -> None:
    for kind in LOOK_ALIKES:
        orgs = month.truth["org_id"][month.truth["kind"] == kind.name]
        assert orgs.isna().sum() >= 5, kind.name
        assert kind.verified == 0 or orgs.notna().any(), kind.name


def test_hundreds_of_innocent_groups_share_something(month: Month) -> None:
    groups = month.value("""
        WITH held AS (
            SELECT DISTINCT kind, account_id, unnest([
                payment_id, device_id, ip || kind,
                CASE WHEN kind IN ('corporate', 'production', 'ci', 'university')
                     THEN split_part(email, '@', 2) END]) AS v
            FROM j WHERE operator < 0
                AND kind NOT IN ('ordinary', 'carrier_nat', 'vpn', 'cloud_nat', 'open_source')),
        shared AS (SELECT v, min(account_id) first FROM held WHERE v IS NOT NULL
                   GROUP BY v HAVING count(*) >= 5)
        SELECT count(DISTINCT first) FROM shared""")
    assert groups >= 200


def test_accounts_carry_no_hint_of_the_truth(month: Month) -> None:
    ranks = month.truth["account_id"].rank()
    fake = month.truth["operator"] >= 0
    spread = 20_000 / np.sqrt(12 * fake.sum())
    assert abs(ranks[fake].mean() - ranks.mean()) < 4 * spread


def test_networks_overlap_with_innocents(month: Month) -> None:
    fakes = "FROM j WHERE operator >= 0"
    for column in ("user_agent", "tls_fingerprint"):
        known = month.value(
            f"SELECT avg(({column} IN (SELECT {column} FROM j WHERE operator < 0))::int) {fakes}"
        )
        assert known > 0.97
    exits = month.value("""SELECT avg((ip IN (SELECT ip FROM j WHERE operator < 0))::int)
                           FROM (SELECT DISTINCT ip FROM j WHERE kind = 'proxy')""")
    assert 0.3 < exits < 0.7


def test_careful_accounts_share_no_artifact_but_prompts(month: Month) -> None:
    for column in ("ip", "device_id", "payment_id", "phone"):
        holders = month.ask(f"""
            SELECT {column}, count(DISTINCT account_id) n FROM j WHERE {column} IN
                (SELECT {column} FROM j WHERE kind = 'careful') GROUP BY 1""")
        assert (holders["n"] == 1).all(), column
    shared = month.value("""SELECT count(*) FROM (SELECT prompt_template FROM j
        WHERE kind = 'careful' GROUP BY 1 HAVING count(DISTINCT account_id) > 2)""")
    assert shared >= 8


def test_service_accounts_have_no_devices(month: Month) -> None:
    assert month.value("SELECT count(device_id) FROM j WHERE kind IN ('production', 'ci')") == 0
    assert month.value("SELECT count(device_id) FROM e WHERE access_path <> 'web'") == 0


def test_the_same_scenario_gives_the_same_bytes(tmp_path: Path, evading: Month) -> None:
    again = Month(tmp_path / "again", evading.scenario)
    for name in ("events.parquet", "truth.parquet"):
        assert (again.folder / name).read_bytes() == (evading.folder / name).read_bytes()


def test_another_seed_gives_another_month(tmp_path: Path, evading: Month) -> None:
    other = Month(tmp_path, small(seed=2))
    assert not set(other.truth["account_id"]) & set(evading.truth["account_id"])
    other_ids = set(other.ask("SELECT DISTINCT prompt_template v FROM e")["v"].dropna())
    assert not other_ids & set(evading.ask("SELECT DISTINCT prompt_template v FROM e")["v"])


SWITCHES = {
    "residential_proxies": """SELECT avg((ip IN (SELECT ip FROM j WHERE kind IN
        ('ordinary', 'household', 'university', 'reseller')))::int)
        FROM (SELECT DISTINCT ip FROM j WHERE kind = 'proxy')""",
    "gateways": """SELECT max(n) FROM (SELECT count(DISTINCT account_id) n FROM j
        WHERE kind = 'gateways' GROUP BY ip)""",
    "own_device_and_card": """SELECT 1 / avg(n) FROM (SELECT count(DISTINCT account_id) n FROM j
        WHERE kind = 'careful' AND device_id IS NOT NULL GROUP BY device_id)""",
    "mixed_traffic": """SELECT avg((n = 1)::int) FROM (SELECT count(*) OVER (PARTITION BY
        prompt_template) n FROM j WHERE kind = 'proxy' AND prompt_template IS NOT NULL)""",
    "aged_accounts": """SELECT 1 - count(DISTINCT account_id) FILTER (type = 'signup')
        / count(DISTINCT account_id) FROM j WHERE operator >= 0""",
    "claimed_orgs": "SELECT count(*) FROM j WHERE operator >= 0 AND org_id IS NOT NULL",
    "replacement": "SELECT count(*) FROM j WHERE operator >= 0 AND type = 'banned'",
}


@pytest.mark.parametrize("name", sorted(SWITCHES))
def test_the_usual_switches_change_what_they_say(name: str, plain: Month, evading: Month) -> None:
    before, after = plain.value(SWITCHES[name]), evading.value(SWITCHES[name])
    assert after > 1.4 * before
    if name in ("claimed_orgs", "replacement"):
        assert before == 0


def with_only(folder: Path, *names: str) -> Month:
    return Month(folder, small(frozenset(names)))


def test_claims_are_not_verified(evading: Month) -> None:
    claimed = "FROM j WHERE operator >= 0 AND org_id IS NOT NULL AND org_verified"
    assert evading.value(f"SELECT count(*) {claimed}") == 0


def test_banned_accounts_fall_silent_and_are_replaced_within_a_day(evading: Month) -> None:
    late = """SELECT count(*) FROM j JOIN (SELECT account_id, ts FROM e WHERE type = 'banned') b
              USING (account_id) WHERE j.ts > b.ts"""
    assert evading.value(late) == 0
    waits = evading.ask("""
        SELECT min(s.ts - b.ts) AS wait FROM j b JOIN j s ON s.operator = b.operator
            AND s.type = 'signup' AND s.ts > b.ts
        WHERE b.type = 'banned' AND b.operator >= 0 GROUP BY b.account_id""")
    assert (waits["wait"] < pd.Timedelta(days=1)).all()


def test_paraphrase_gives_one_off_templates(tmp_path: Path, plain: Month) -> None:
    once = SWITCHES["mixed_traffic"].replace("proxy", "gateways")
    assert with_only(tmp_path, "paraphrase").value(once) > plain.value(once) + 0.1


def test_jitter_blurs_the_scheduled_minutes(tmp_path: Path, plain: Month) -> None:
    minutes = """SELECT count(DISTINCT date_trunc('minute', ts)) / count(*) FROM j
                 WHERE kind = 'synchronised' AND type = 'request'"""
    assert with_only(tmp_path, "jitter").value(minutes) > 1.1 * plain.value(minutes)


def test_below_thresholds_keeps_every_artifact_under_ten_holders(tmp_path: Path) -> None:
    world, networks = populate(small(frozenset({"below_thresholds"})))
    for links in (world.home, world.device, world.payment, world.template):
        choices = links.choices(world.scenario.accounts)
        for network in networks:
            held = [np.unique(choices.of(int(account))) for account in network.members]
            assert np.unique(np.concatenate(held), return_counts=True)[1].max() < 10


def test_framing_touches_only_what_an_outsider_can_plant(tmp_path: Path, plain: Month) -> None:
    framed = with_only(tmp_path, "framing")
    common = """SELECT count(*) FROM (SELECT {0} FROM j WHERE {0} IS NOT NULL GROUP BY 1
                HAVING count(DISTINCT account_id) FILTER (operator < 0) = 1
                   AND count(DISTINCT account_id) FILTER (operator >= 0) >= 2)"""
    assert framed.value(common.format("prompt_template")) >= 3
    assert plain.value(common.format("prompt_template")) == 0
    for column in ("device_id", "payment_id", "email", "conversation_id"):
        assert framed.value(common.format(column)) == 0


def test_bridges_carry_artifacts_of_two_networks(tmp_path: Path, plain: Month) -> None:
    bridged = """SELECT count(*) FROM (SELECT device_id FROM j WHERE operator >= 0
                 AND device_id IS NOT NULL GROUP BY 1 HAVING count(DISTINCT operator) > 1)"""
    assert plain.value(bridged) == 0
    assert with_only(tmp_path, "bridges").value(bridged) > 0


def test_prompts_have_text(tmp_path: Path) -> None:
    texts = Month(tmp_path, Scenario(prompts=True, accounts=1_000, fakes=80, events=10_000))
    assert texts.value("SELECT count(prompt) / count(*) FROM e WHERE type = 'request'") == 1
    assert texts.value("SELECT count(prompt) FROM e WHERE type = 'signup'") == 0
    assert texts.value("SELECT count(DISTINCT prompt) / count(prompt) FROM e") > 0.9
    assert texts.value("SELECT median(length(prompt)) FROM e") > 50
    assert texts.value("SELECT max((contains(prompt, '{'))::int) FROM e") == 0


def test_people_write_in_their_own_words_and_ways(seed: int) -> None:
    people, each = 400, 10
    person = np.repeat(identity(0, seed, 0, np.arange(people)), each)
    event = identity(1, seed, 0, np.arange(people * each))
    texts = chat(person, event).to_pylist()
    assert texts == chat(person, event).to_pylist()
    assert all(texts)
    assert len({*texts}) > 0.99 * len(texts)
    sizes = np.array([len(text.split()) for text in texts])
    assert np.quantile(sizes, 0.05) < 10 < 30 < np.quantile(sizes, 0.95)
    words = [{*text.lower().split()} for text in texts]

    def alike(one: int, other: int) -> float:
        return len(words[one] & words[other]) / len(words[one] | words[other])

    firsts = range(0, len(texts) - each, each)
    same = np.mean([alike(first, first + 1) for first in firsts])
    others = np.mean([alike(first, first + each) for first in firsts])
    assert same > 1.2 * others  # what a person cares for, and how they write it
    small = [text == text.lower() for text in texts]
    assert 0.1 < np.mean(np.reshape(small, (people, each)).all(axis=1)) < 0.5


def test_a_paraphrase_rewords_every_prompt_from_networks_templates(tmp_path: Path) -> None:
    def month(name: str, *ways: str, how: Paraphrase | None = None) -> pd.DataFrame:
        scenario = Scenario(accounts=1_000, fakes=80, events=10_000, prompts=True,
                            evasions=frozenset(ways), paraphrase=how or Paraphrase())  # fmt: skip
        made = Month(tmp_path / name, scenario)
        return made.ask("SELECT * EXCLUDE (ts) FROM j WHERE prompt IS NOT NULL ORDER BY event_id")

    exact = month("exact")
    fake = (exact.operator >= 0).to_numpy()
    rest = [name for name in exact.columns if name != "prompt"]
    for words in (0.2, 0.5):
        ways = (Paraphrase(1, words), Paraphrase(1, words, replaced=True))
        beside, replaced = (month(f"{how}", "paraphrase", how=how) for how in ways)
        for reworded in (beside, replaced):
            assert (reworded.prompt != exact.prompt)[fake].mean() > 0.9
            assert (reworded.prompt == exact.prompt)[~fake].all()
            pd.testing.assert_frame_equal(reworded[rest], exact[rest])
        texts = zip(exact.prompt, beside.prompt, replaced.prompt, strict=True)
        split = [[text.split() for text in three] for three in texts if three[0] != three[2]]
        kept = [np.mean([word in instead for word in old]) for old, _, instead in split]
        assert np.mean(kept) == pytest.approx(1 - words, abs=0.08)
        assert sum(len(more) for _, more, _ in split) > sum(len(old) for old, _, _ in split)
    with pytest.raises(SettingsError, match="shares to paraphrase"):
        Scenario(paraphrase=Paraphrase(words=1.5))


def test_no_networks_at_all(tmp_path: Path) -> None:
    calm = Month(tmp_path, Scenario(accounts=1_000, fakes=0, events=10_000))
    assert (calm.truth["operator"] == -1).all()
    assert calm.summary.networks == 0


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    told: list[float] = []
    scenario = Scenario(accounts=1_000, fakes=80, events=10_000, days=7)
    simulate(scenario, tmp_path, lambda fraction, step: told.append(fraction))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_all_faults_of_a_scenario_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Scenario(
            accounts=1, fakes=7, seed=-1, start=datetime(2026, 6, 1), evasions=frozenset({"hats"})
        )
    for word in ("accounts", "fakes", "seed", "time zone", "hats"):
        assert word in str(caught.value)


def test_the_usual_evasions_are_documented() -> None:
    assert set(EVASIONS) - DEFAULT_EVASIONS == {"below_thresholds"}
    assert all(EVASIONS.values())
