"""Names on the way in: what is decided and allowlisted is kept under the names that are kept,
whichever way it was sent. With pseudonyms, tools that know their own ids alone go on working."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api import schemas
from linkage.errors import QuestionError
from linkage.privacy import Names
from linkage.state.allowlist import Entry, Sort


def kept(asked: schemas.DecisionAsked, names: Names) -> schemas.DecisionAsked:
    """What a decision is about, with names as they are kept."""
    match asked:
        case schemas.AccountsJudged(accounts=accounts) | schemas.TwoApart(accounts=accounts):
            found: dict[str, Any] = {"accounts": names.accounts(accounts)}
            if len(set(found["accounts"])) != len(accounts):
                raise QuestionError("accounts: one is named twice, by its id and by its pseudonym")
        case schemas.OneApart(account_id=account):
            found = {"account_id": names.accounts([account])[0]}
        case _:
            return asked
    return asked.model_copy(update=found)


def entries(asked: schemas.AllowlistAsked, names: Names) -> set[Entry]:
    """The entries of an allowlist, with names as they are kept."""
    by_sort: dict[tuple[Sort, str], list[Any]] = {}
    for entry in asked.entries:
        by_sort.setdefault((Sort(entry.sort), entry.kind), []).append(entry)
    return {
        Entry(sort, kind, value, entry.reason, entry.expires)
        for (sort, kind), same in by_sort.items()
        for entry, value in zip(same, _values(sort, kind, same, names), strict=True)
    }


def _values(sort: Sort, kind: str, asked: Iterable[Any], names: Names) -> list[str]:
    given = [entry.value for entry in asked]
    match sort:
        case Sort.account:
            return names.accounts(given)
        case Sort.organisation:
            return names.organisations(given)
        case Sort.artifact:
            return names.artifacts(kind, given)
