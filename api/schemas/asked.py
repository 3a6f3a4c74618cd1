"""What clients send."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Body
from pydantic import AwareDatetime, Field, StringConstraints, field_validator
from pydantic.config import JsonDict

from api.schemas.common import Asked, Id, Reason
from linkage.state.allowlist import Sort
from linkage.state.decisions import Action

EACH: JsonDict = {"uniqueItems": True}
MOST_NAMED = 1000  # accounts in one decision; a cluster may have any number


def each_once(given: list[str]) -> list[str]:
    """Whoever names somebody twice may have meant another."""
    if len(set(given)) != len(given):
        raise ValueError("each may be named once")
    return given


class NoteAsked(Asked):
    """What to write down."""

    text: Reason


class ClusterJudged(Asked):
    """Of a cluster: its members as they are now."""

    action: Literal[Action.ban, Action.watch, Action.clear]
    cluster_id: Id
    reason: Reason


class AccountsJudged(Asked):
    """Of accounts."""

    action: Literal[Action.ban, Action.watch, Action.clear]
    accounts: list[Id] = Field(min_length=1, max_length=MOST_NAMED, json_schema_extra=EACH)
    reason: Reason

    _once = field_validator("accounts")(each_once)


class TwoApart(Asked):
    """Two accounts that different people run."""

    action: Literal[Action.not_same_operator]
    accounts: list[Id] = Field(min_length=2, max_length=2, json_schema_extra=EACH)
    reason: Reason

    _once = field_validator("accounts")(each_once)


class OneApart(Asked):
    """An account that is not run by the operator of a cluster."""

    action: Literal[Action.not_same_operator]
    account_id: Id
    cluster_id: Id
    reason: Reason


DecisionAsked = Annotated[
    ClusterJudged | AccountsJudged | TwoApart | OneApart,
    Body(
        openapi_examples={
            "cluster": {
                "value": {"action": "ban", "cluster_id": "ccb0d6191", "reason": "ticket 4711"}
            },
            "accounts": {
                "value": {"action": "clear", "accounts": ["a_1"], "reason": "a researcher"}
            },
            "two": {
                "value": {
                    "action": "not_same_operator", "accounts": ["a_1", "a_2"], "reason": "siblings",
                }
            },
            "one": {
                "value": {
                    "action": "not_same_operator", "account_id": "a_1", "cluster_id": "ccb0d6191",
                    "reason": "a flatmate",
                }
            },
        }
    ),
]  # fmt: skip


class _AllowedAsked(Asked):
    value: Id
    reason: Reason
    expires: AwareDatetime | None = Field(None, description="null for never")


class WhoAllowed(_AllowedAsked):
    """An account or an organisation, with why and until when."""

    sort: Literal[Sort.account, Sort.organisation]
    kind: Literal[""] = ""


class ArtifactAllowed(_AllowedAsked):
    """An artifact of a kind, such as a campus's addresses."""

    sort: Literal[Sort.artifact]
    kind: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class AllowlistAsked(Asked):
    """The whole list as it is to be."""

    entries: list[Annotated[WhoAllowed | ArtifactAllowed, Field(discriminator="sort")]] = Field(
        max_length=100_000
    )
