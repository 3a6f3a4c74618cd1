"""A simulated month, listed over HTTP while people decide: nobody is ever listed whom somebody has
cleared or allowlisted, and no verified organisation whole unless people decided so."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from linkage.banlist import BanlistSettings
from linkage.run import Run
from linkage.state import Scope
from tests.api.conftest import Api, served
from tests.banlist.test_chain import KEY

if TYPE_CHECKING:
    from docs.generate import Demo

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ROUNDS = 3


@pytest.fixture(scope="module")
def month(demo: Demo) -> Path:
    """The demo's month and its result."""
    return demo.folder / "demo"


@pytest.fixture(scope="module")
def office(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service that may publish what was found in it, however old that is; with the first list."""
    folder = tmp_path_factory.mktemp("office")
    key = folder / "banlist.key"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    rules = BanlistSettings(signing_key=key, most_share=1, most_hours=10**6)
    with served(folder / "workspace", month / "result", banlist=rules) as api:
        listed(api)
        yield api


def sent(api: Api, scope: Scope, method: str, path: str, **asked: Any) -> Any:
    answer = api.client.request(method, f"/v1{path}", json=asked, headers=api.headers(scope))
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def listed(api: Api) -> dict[str, Any]:
    """Drafted and published, and read again."""
    made = sent(api, Scope.publish, "POST", "/banlists")
    path = f"/banlists/{made['number']}/publish"
    sent(api, Scope.publish, "POST", path, digest=made["digest"])
    found = api.client.get("/v1/banlists/latest", headers=api.headers()).json()
    assert found["head"]["number"] == made["number"]
    return {row["account_id"]: row for row in found["entries"]}


def first(api: Api) -> dict[str, Any]:
    """The list before anybody had decided anything."""
    found = api.client.get("/v1/banlists/1", headers=api.headers()).json()
    return {row["account_id"]: row for row in found["entries"]}


def test_whoever_is_cleared_or_allowlisted_is_never_listed(
    office: Api, month: Path, seed: int
) -> None:
    rng, run = random.Random(seed), Run.open(month / "result")
    organisation = run.activity.set_index("account_id").organisation.dropna()
    everybody = sorted(run.activity.account_id)
    on = first(office)
    assert set(on) == set(run.banlist.account_id)
    said: dict[str, str] = {}
    allowed: set[str] = set()

    def decide(action: str, accounts: list[str], **asked: Any) -> None:
        """By name, or of the members of the cluster that is asked for."""
        about = asked or {"accounts": accounts}
        sent(office, Scope.review, "POST", "/decisions", action=action, reason="why", **about)
        said.update(dict.fromkeys(accounts, action))

    for _ in range(ROUNDS):
        decide("clear", rng.sample(sorted(on), 4))
        decide("ban", rng.sample(everybody, 3))
        decide(rng.choice(["ban", "clear", "watch"]), rng.sample(sorted(said), 2))
        cluster = on[rng.choice(sorted(on))]["cluster_id"]
        if cluster is not None:
            members = run.members[run.members.cluster_id == cluster].account_id.tolist()
            decide("ban", members, cluster_id=cluster)
            decide("clear", rng.sample(members, 2))
        allowed |= set(rng.sample(sorted(on), 2))
        entries = [{"sort": "account", "value": name, "reason": "ours"} for name in sorted(allowed)]
        sent(office, Scope.review, "PUT", "/allowlist", entries=entries)
        on = listed(office)
        spared = allowed | {name for name, last in said.items() if last == "clear"}
        assert not spared & set(on)
        assert {name for name, last in said.items() if last == "ban"} - spared <= set(on)
        asked = sorted(spared)[:1000]
        looked = sent(office, Scope.read, "POST", "/banlists/lookup", accounts=asked)
        assert not any(looked["entries"].values())
    proposed = {name for name, row in on.items() if row["decision"] is None}
    whole = organisation.index.isin(sorted(proposed))
    shares = organisation.to_frame().assign(listed=whole).groupby("organisation").listed.mean()
    assert len(shares) > 5
    assert shares.max() < 1


def test_a_list_that_nobody_has_decided_on_has_operators_alone(office: Api, month: Path) -> None:
    truth = pq.read_table(month / "month" / "truth.parquet").to_pandas().set_index("account_id")
    on = sorted(first(office))
    operators = truth.operator.loc[on].notna()
    assert len(on) > 100
    assert operators.all()
