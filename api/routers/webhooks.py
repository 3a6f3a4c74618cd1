"""Webhooks: whom there is to tell, what became of messages, and dead letters once more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api import schemas
from api.deps import Admin
from api.problems import PROBLEMS
from api.routers.clusters import Limit
from linkage.state import outbox
from linkage.state.outbox import DeliveryState
from linkage.webhooks import standings

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], responses=PROBLEMS)

Number = Annotated[int, Path(ge=1, lt=2**31, description="The delivery's number.")]


@router.get("")
def all_webhooks(caller: Admin) -> list[schemas.Webhook]:
    """Those of the settings, with how many messages wait for each, were delivered, or are given
    up."""
    with caller.service.state.read() as connection:
        found = standings(connection, caller.service.webhooks.webhooks)
    return [
        schemas.Webhook(
            name=one.webhook.name,
            host=one.webhook.endpoint.host,
            events=list(one.webhook.events),
            min_score=one.webhook.min_score,
            disabled=one.disabled,
            pending=one.counts.pending,
            delivered=one.counts.delivered,
            dead=one.counts.dead,
            oldest=one.counts.oldest,
        )
        for one in found
    ]


@router.get("/deliveries")
def deliveries(
    caller: Admin,
    webhook: Annotated[str | None, Query(max_length=40)] = None,
    state: DeliveryState | None = None,
    after: Annotated[int | None, Query(ge=1, lt=2**31, description="`next` before")] = None,
    limit: Limit = 100,
) -> schemas.Page[schemas.Delivery]:
    """Messages and what became of each, the latest first; `state=dead`: dead letters."""
    with caller.service.state.read() as connection:
        found = outbox.page(connection, webhook=webhook, state=state, before=after, most=limit + 1)
    following = str(found[limit - 1].number) if len(found) > limit else None
    return schemas.Page(rows=schemas.rows_of(schemas.Delivery, found[:limit]), next=following)


@router.post("/deliveries/{number}/retry")
def retry(caller: Admin, number: Number) -> schemas.Delivery:
    """Try a dead letter again, at once and for as long as a new message."""
    service = caller.service
    with service.state.write() as connection:
        found = outbox.retry(connection, number, service.now())
        caller.changed(connection, "retry", f"delivery {number}")
    service.webhooks.wake()
    return schemas.Delivery.model_validate(found)
