"""Single accounts and artifacts: only the parts of files that can hold them are read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from linkage.folder import Tables
from linkage.graph.answers import (
    AccountCard,
    Activity,
    ArtifactRow,
    EvidenceRow,
    HolderRow,
    MemberRow,
    Page,
)
from linkage.graph.paging import a_text, place
from linkage.graph.questions import limited, one_of
from linkage.graph.records import Record, columns, page
from linkage.unknown import NEAR, SUGGESTIONS, is_text, no_account, no_artifact
from linkage.wording import worded

_ACTIVITY = "SELECT * FROM read_parquet($activity) WHERE account_id = $account"
_MEMBER = """
    SELECT account_id, cluster_id, confidence, proposal, held_by
    FROM read_parquet($members) WHERE account_id = $account"""
_EVIDENCE = """
    SELECT e.kind, e.value, e.events, e.first_seen, e.last_seen, a.accounts, a.degree
    FROM (SELECT * FROM read_parquet($evidence) WHERE account_id = $account) e
    JOIN read_parquet($artifacts) a USING (kind, value)
    ORDER BY e.kind, e.value"""
_ARTIFACT = """
    SELECT kind, value, accounts, degree FROM read_parquet($artifacts)
    WHERE kind = $kind AND value = $value"""
_HOLDERS = """
    SELECT e.account_id, e.events, e.first_seen, e.last_seen, m.cluster_id, m.proposal
    FROM (SELECT * FROM read_parquet($evidence) WHERE kind = $kind AND value = $value) e
    LEFT JOIN read_parquet($members) m USING (account_id)"""


def activity(tables: Tables, account_id: str) -> Record:
    """An account's row of activity; NotFound names ids that look alike."""
    if not is_text(account_id):
        raise no_account(account_id, ())
    row = tables.first(_ACTIVITY, account=account_id)
    if row is None:
        near = tables.rows(NEAR, account=account_id, most=SUGGESTIONS)
        raise no_account(account_id, [found["account_id"] for found in near])
    return row


def member(tables: Tables, account_id: str) -> Record | None:
    """An account's row of members."""
    return tables.first(_MEMBER, account=account_id)


def account(tables: Tables, account_id: str) -> AccountCard:
    """An account with all that it shares."""
    row, membership = activity(tables, account_id), member(tables, account_id)
    names = [name for name in Activity.__dataclass_fields__ if name != "hours"]
    return AccountCard(
        account_id=account_id,
        membership=MemberRow(**membership) if membership else None,
        activity=Activity(**columns(row, names), hours=tuple(row["hours"] or ())),
        evidence=tuple(
            EvidenceRow(**found)
            for found in worded(tables, tables.rows(_EVIDENCE, account=account_id))
        ),
    )


def artifact(tables: Tables, kinds: Collection[str], kind: str, value: str) -> ArtifactRow:
    """One artifact; NotFound names the other kinds that have the value."""
    one_of(kind, kinds, "kind of artifact")
    if not is_text(value):
        raise no_artifact(kind, value, ())
    row = tables.first(_ARTIFACT, kind=kind, value=value)
    if row is None:
        others = tables.rows(
            "SELECT DISTINCT kind FROM read_parquet($artifacts) WHERE value = $value ORDER BY kind",
            value=value,
        )
        raise no_artifact(kind, value, [other["kind"] for other in others])
    return ArtifactRow(**worded(tables, [row])[0])


def holders(
    tables: Tables,
    run: str,
    kinds: Collection[str],
    kind: str,
    value: str,
    after: str | None,
    limit: int,
) -> Page[HolderRow]:
    """A page of the accounts that have an artifact."""
    artifact(tables, kinds, kind, value)
    question = (run, "holders", kind, value)
    values: dict[str, Any] = {"kind": kind, "value": value, "most": limited(limit) + 1}
    beyond = ""
    if after is not None:
        (values["id"],) = place(after, question, (a_text,))
        beyond = "WHERE e.account_id > $id"
    rows = tables.rows(f"{_HOLDERS} {beyond} ORDER BY e.account_id LIMIT $most", **values)
    return page(rows, limit, question, ("account_id",), lambda row: HolderRow(**row))
