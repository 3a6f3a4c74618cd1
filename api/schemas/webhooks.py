"""Answers about webhooks: whom there is to tell, and what became of messages."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from api.schemas.common import Answered
from linkage.state.outbox import DeliveryState


class Webhook(BaseModel):
    """A webhook of the settings. host: of its URL, the rest of which may be a secret; disabled:
    when its receiver said that it is gone; pending, delivered, dead: messages that are kept;
    oldest: when the oldest was made that waits."""

    name: str
    host: str
    events: list[str]
    min_score: float
    disabled: datetime | None
    pending: int
    delivered: int
    dead: int
    oldest: datetime | None


class Delivery(Answered):
    """A message for a webhook. since: from when on it is tried; due: the next attempt, or the last
    that was planned; status: what the receiver answered last; fault: why the last attempt failed.
    """

    number: int
    message: str
    webhook: str
    kind: str
    at: datetime
    state: DeliveryState
    since: datetime
    due: datetime
    attempts: int
    ended: datetime | None
    status: int | None
    fault: str | None
