"""A run's results, opened for reading: tables whole, accounts and clusters by their id.

run = linkage.Run.open("result")
run.clusters.head()
print(run.explain("a_1", "a_2").text())
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow.parquet as pq

from linkage.errors import ResultError
from linkage.folder import TABLES, Tables
from linkage.render import clean, missing
from linkage.unknown import NEAR, SUGGESTIONS, is_text, no_account, no_cluster
from linkage.wording import KIND, words_of

if TYPE_CHECKING:
    import networkx as nx

    from linkage.explain import Explanation, Holding

FORMAT = 1
ERASED = "erased.json"  # of a run that accounts were erased from: what stands in their place
FILES = (
    *(f"{table}.parquet" for table in TABLES),
    "judged.parquet",
    "banlist.csv",
    "run.json",
)

_OF = "account_id IN (SELECT unnest($accounts))"
_EVIDENCE = f"""
    SELECT e.account_id, e.kind, e.value, e.events, e.first_seen, e.last_seen, a.accounts, a.degree
    FROM (SELECT * FROM read_parquet($evidence) WHERE {_OF}) e
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY e.account_id, e.kind, e.value"""
_SHARED = f"""
    SELECT e.kind, e.value, e.members, a.accounts, e.events
    FROM (SELECT kind, value, count(*) AS members, sum(events)::BIGINT AS events
          FROM read_parquet($evidence) WHERE {_OF}
          GROUP BY kind, value HAVING count(*) > 1) e
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY e.members * e.members / a.accounts DESC, e.kind, e.value"""
_LINKS = """
    WITH members AS (SELECT unnest($accounts) AS account_id)
    SELECT * FROM read_parquet($links)
    WHERE account_a IN (FROM members) AND account_b IN (FROM members)"""
_HOLDING = f"""
    SELECT kind, value, a.accounts, a.degree
    FROM (SELECT DISTINCT kind, value FROM read_parquet($evidence) WHERE {_OF}) e
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY kind, value"""
_LINKED = """
    SELECT account_a FROM read_parquet($links)
    WHERE (account_a IN (SELECT unnest($a)) AND account_b IN (SELECT unnest($b)))
       OR (account_a IN (SELECT unnest($b)) AND account_b IN (SELECT unnest($a))) LIMIT 1"""
_ACTIVITY = "SELECT * FROM read_parquet($activity) WHERE account_id = $account"


@dataclass(frozen=True)
class Account:
    """One account.

    account_id   string
    membership   its row of `run.members` as a dict; None in no cluster
    activity     its row of `run.activity` as a dict
    evidence     what it shares with others: kind, value, events, first_seen, last_seen,
                 accounts (of this run), degree (units of the population), words (of a template)
    """

    account_id: str
    membership: dict[str, Any] | None
    activity: dict[str, Any]
    evidence: pd.DataFrame


@dataclass(frozen=True)
class Cluster:
    """One cluster.

    cluster_id   string
    row          its row of `run.clusters` as a dict
    members      its rows of `run.members`, the listed first, then by confidence
    """

    cluster_id: str
    row: dict[str, Any]
    members: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Run:
    """One detection's results; they never change. `Run.open` checks the folder first."""

    path: Path
    info: dict[str, Any]

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """The result in a folder; ResultError where it is none, incomplete or of another format."""
        folder = Path(path)
        if not folder.is_dir():
            raise ResultError(f"{clean(folder)}: no such folder. `linkage detect` makes a result")
        absent = [name for name in FILES if not (folder / name).is_file()]
        if "run.json" in absent:
            raise ResultError(f"{clean(folder)}: not a result, there is no run.json in it")
        info = _info(folder / "run.json")
        if (folder / ERASED).is_file():
            info["counts"]["erased"] = _erased(folder / ERASED)
        if absent:
            raise ResultError(f"{clean(folder)}: incomplete, without {', '.join(absent)}")
        return cls(folder, info)

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """One row a cluster, most unusual first.

        cluster_id, accounts, events, score, expected (innocent groups as extreme; both NaN for
        clusters that are no group), proposal ('ban', 'review', 'none'), p_operation, p_lives,
        p_pretend, note, signals (list of dicts), first_seen, last_seen (UTC)
        """
        table = self._whole("clusters")
        order = ["expected", "accounts", "cluster_id"]
        return table.sort_values(order, ascending=[True, False, True], ignore_index=True)

    @cached_property
    def members(self) -> pd.DataFrame:
        """account_id, cluster_id, confidence (bits), proposal ('ban': listed), held_by."""
        return self._whole("members")

    @cached_property
    def activity(self) -> pd.DataFrame:
        """One row an account: events, days, first_seen, last_seen, signed_up, hours,
        organisation (verified), claimed, own_prompts."""
        return self._whole("activity")

    @cached_property
    def judged(self) -> pd.DataFrame:
        """One row an account that a person had cleared before: account_id, decision (its number),
        renewed (what is new would make it a member), over (bits of that over the prior),
        new_evidence (list of dicts with kind, value, bits; what weighs most first)."""
        return self._whole("judged")

    @cached_property
    def banlist(self) -> pd.DataFrame:
        """account_id, cluster_id, score, confidence (bits), reasons; as the file has it.

        Cells that a spreadsheet would run are made harmless there; `run.members` has every
        account's id as it came.
        """
        text = {"account_id": str, "cluster_id": str, "reasons": str}
        figures = {"score": [""], "confidence": [""]}
        path = self.path / "banlist.csv"
        return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=figures)

    @cached_property
    def templates(self) -> pd.DataFrame:
        """One row a prompt template that two accounts or more have, what tells most first.

        template_id, words (what it says, with what looks like personal data masked; None where
        only ids or fingerprints were there), accounts, degree, requests, bits, cluster_id (which
        most of its requests are of), members (of it that have it), inside (share of the requests
        that are theirs), first_seen, last_seen
        """
        from linkage.uses import TemplateUse, uses, with_words

        found = with_words(self.tables, uses(self.tables, self.info))
        return pd.DataFrame(found, columns=list(TemplateUse.__dataclass_fields__))

    def cluster(self, cluster_id: str) -> Cluster:
        """A cluster by its id, or by the beginning of it that no other has; else NotFound."""
        ids = self.clusters.cluster_id
        found = self.clusters[ids == cluster_id]
        if found.empty and cluster_id:
            found = self.clusters[ids.str.startswith(cluster_id)]
        if len(found) != 1:
            raise no_cluster(cluster_id, list(found.cluster_id), len(ids))
        row = {str(key): value for key, value in found.iloc[0].items()}
        members = self._read(
            "SELECT * FROM read_parquet($members) WHERE cluster_id = $cluster "
            "ORDER BY proposal <> 'ban', confidence DESC, account_id",
            cluster=row["cluster_id"],
        )
        return Cluster(row["cluster_id"], row, members)

    def account(self, account_id: str) -> Account:
        """An account's cluster, activity and evidence; NotFound names ids that look alike."""
        activity = self._activity_of(account_id)
        member = self._read(
            "SELECT * FROM read_parquet($members) WHERE account_id = $account", account=account_id
        )
        evidence = self.evidence([account_id]).drop(columns="account_id")
        return Account(account_id, _first(member), activity, evidence)

    def evidence(
        self, accounts: Sequence[str] | None = None, *, cluster: str | None = None
    ) -> pd.DataFrame:
        """What accounts, or a cluster's members, share with others.

        account_id, kind, value, events, first_seen, last_seen, accounts (of this run that have
        it), degree (units of the population that have it), words (what a template says)
        """
        return self._worded(self._read(_EVIDENCE, accounts=self._chosen(accounts, cluster)))

    def shared(self, cluster: str) -> pd.DataFrame:
        """What at least two members share, what belongs to the cluster most first.

        kind, value, members, accounts (of this run that have it), events (of the members), words
        (what a template says)
        """
        return self._worded(self._read(_SHARED, accounts=self._chosen(None, cluster)))

    def links(self, cluster: str, strongest: int | None = None) -> pd.DataFrame:
        """Links between a cluster's members: account_a, account_b, bits, families (bits of each).

        By account, or the so many strongest. The accounts of a verified organisation are linked
        as one, by the first of them.
        """
        accounts = self._chosen(None, cluster)
        if strongest is None:
            return self._read(f"{_LINKS} ORDER BY account_a, account_b", accounts=accounts)
        order = "ORDER BY bits DESC, account_a, account_b LIMIT $most"
        return self._read(f"{_LINKS} {order}", accounts=accounts, most=strongest)

    def explain(self, a: str, b: str) -> Explanation:
        """Why two accounts are linked, or what is missing; NotFound for an unknown account."""
        from linkage.explain import explain

        return explain(self, a, b)

    def to_networkx(self, cluster_id: str) -> nx.Graph:
        """Members as nodes (confidence, proposal, held_by), links as edges (bits, families)."""
        import networkx as nx

        cluster = self.cluster(cluster_id)
        graph = nx.Graph(cluster_id=cluster.cluster_id, proposal=cluster.row["proposal"])
        for row in cluster.members.to_dict("records"):
            graph.add_node(row["account_id"], **_attributes(row))
        for row in self.links(cluster.cluster_id).to_dict("records"):
            parts = {name: bits for name, bits in row["families"].items() if bits}
            graph.add_edge(row["account_a"], row["account_b"], bits=row["bits"], families=parts)
        return graph

    def unit_of(self, account_id: str) -> tuple[str | None, list[str]]:
        """What links are made between: the account's verified organisation and all its accounts,
        or (None, [account_id])."""
        organisation = self._activity_of(account_id)["organisation"]
        if organisation is None:
            return None, [account_id]
        together = self._read(
            "SELECT account_id FROM read_parquet($activity) WHERE organisation = $organisation "
            "ORDER BY account_id",
            organisation=organisation,
        )
        return organisation, list(together.account_id)

    def holding(self, accounts: Sequence[str]) -> Holding:
        """What accounts have between them."""
        from linkage.explain import Holding

        return Holding.of(self.tables.rows(_HOLDING, accounts=list(accounts)))

    def linked(self, unit_a: Sequence[str], unit_b: Sequence[str]) -> bool:
        """Whether a link of the run joins one of these accounts and one of those."""
        return not self._read(_LINKED, a=list(unit_a), b=list(unit_b)).empty

    def words(self, templates: Collection[str]) -> dict[str, str]:
        """What templates say, by their ids, of those of which it is known."""
        return words_of(self.tables, templates)

    @cached_property
    def tables(self) -> Tables:
        """The folder's files, for questions in SQL."""
        return Tables(self.path)

    def _activity_of(self, account_id: str) -> dict[str, Any]:
        if not is_text(account_id):
            raise no_account(account_id, ())
        row = _first(self._read(_ACTIVITY, account=account_id))
        if row is None:
            near = self._read(NEAR, account=account_id, most=SUGGESTIONS)
            raise no_account(account_id, list(near.account_id))
        return row

    def _read(self, query: str, **values: object) -> pd.DataFrame:
        return self.tables.frame(query, **values)

    def _worded(self, artifacts: pd.DataFrame) -> pd.DataFrame:
        is_template = artifacts.kind == KIND
        said = self.words(artifacts.value[is_template].unique())
        return artifacts.assign(words=artifacts.value.where(is_template).map(said).astype("str"))

    def _whole(self, table: str) -> pd.DataFrame:
        try:
            rows: pd.DataFrame = pq.read_table(self.path / f"{table}.parquet").to_pandas()
            return rows
        except (OSError, ValueError) as error:
            raise ResultError(f"{clean(self.path)}: damaged: {clean(error, 200)}") from error

    def _chosen(self, accounts: Sequence[str] | None, cluster: str | None) -> list[str]:
        if (accounts is None) == (cluster is None):
            raise ValueError("name accounts or a cluster, one of the two")
        if cluster is not None:
            return list(self.cluster(cluster).members.account_id)
        return [accounts] if isinstance(accounts, str) else list(accounts or ())


def _info(path: Path) -> dict[str, Any]:
    try:
        info = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ResultError(f"{clean(path)}: cannot be read: {clean(error)}") from None
    if not isinstance(info, dict) or "format" not in info:
        raise ResultError(f"{clean(path)}: not written by linkage, it names no format")
    if info["format"] != FORMAT:
        raise ResultError(
            f"{clean(path)}: format {clean(info['format'])}, and this version reads format "
            f"{FORMAT}: run `linkage detect` again, or use the version that wrote it"
        )
    return info


def _erased(path: Path) -> int:
    """How many accounts were."""
    try:
        return len(json.loads(path.read_text("utf-8"))["accounts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ResultError(f"{clean(path)}: cannot be read: {clean(error)}") from None


def _attributes(member: Mapping[Any, Any]) -> dict[str, Any]:
    """What a node carries beside its name; None for what is missing."""
    names = ("confidence", "proposal", "held_by")
    return {name: None if missing(member[name]) else member[name] for name in names}


def _first(table: pd.DataFrame) -> dict[str, Any] | None:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return {str(key): value for key, value in rows[0].items()} if rows else None
