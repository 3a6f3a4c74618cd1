"""Ids that a result does not have: what is said about them, and near ones that it has."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import duckdb

from linkage.errors import NotFound
from linkage.render import clean

SUGGESTIONS = 3
WIDTH = 80

_ALIKE = """
    WHERE abs(length(account_id) - length($account)) <= 3
      AND levenshtein(lower(account_id), lower($account)) <= greatest(2, length($account) // 3)
    ORDER BY levenshtein(lower(account_id), lower($account)), account_id LIMIT $most"""
NEAR = f"SELECT account_id FROM read_parquet($activity) {_ALIKE}"
_NEAREST = f"SELECT account_id FROM (SELECT unnest($ids) AS account_id) {_ALIKE}"


def nearest(account_id: str, ids: Sequence[str]) -> list[str]:
    """Of some ids those that look like one that is looked for, the most alike first."""
    values = {"account": account_id, "ids": list(ids), "most": SUGGESTIONS}
    with closing(duckdb.connect()) as engine:
        return [str(row[0]) for row in engine.execute(_NEAREST, values).fetchall()]


def no_account(account_id: str, near: Sequence[str]) -> NotFound:
    """`near`: ids that look like it, the most alike first."""
    hint = "; is it " + " or ".join(clean(a) for a in near) + "?"
    return NotFound(f"{clean(account_id, WIDTH)}: no such account" + (hint if near else ""))


def no_cluster(cluster_id: str, several: Sequence[str], clusters: int) -> NotFound:
    """`several`: those that begin so; `clusters`: how many there are."""
    if several:
        some = ", ".join(clean(name) for name in several[:SUGGESTIONS])
        return NotFound(
            f"{clean(cluster_id, WIDTH)}: {len(several)} clusters begin so, e.g. {some}"
        )
    return NotFound(
        f"{clean(cluster_id, WIDTH)}: no such cluster among {clusters}. "
        "`linkage clusters` lists them, `linkage account` tells an account's"
    )


def no_artifact(kind: str, value: str, kinds: Sequence[str]) -> NotFound:
    """`kinds`: the others that have this value."""
    hint = "; is it of kind " + " or ".join(clean(name) for name in kinds) + "?"
    return NotFound(
        f"{clean(kind, WIDTH)} {clean(value, WIDTH)}: no such artifact that two accounts have"
        + (hint if kinds else "")
    )


def no_template(template_id: str, several: Sequence[str]) -> NotFound:
    """`several`: those that begin so."""
    if several:
        some = ", ".join(clean(name, WIDTH) for name in several[:SUGGESTIONS])
        return NotFound(
            f"{clean(template_id, WIDTH)}: {len(several)} templates begin so, e.g. {some}"
        )
    return NotFound(
        f"{clean(template_id, WIDTH)}: no such template that two accounts have. "
        "`linkage templates list` lists them"
    )


def is_text(value: str) -> bool:
    """Whether a result could hold it at all: half a surrogate pair is no character."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
