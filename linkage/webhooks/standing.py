"""How webhooks stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from linkage.state import outbox
from linkage.state.outbox import Counts
from linkage.webhooks.settings import Webhook


@dataclass(frozen=True)
class Standing:
    """A webhook with what is kept for it. disabled: when its receiver said that it is gone."""

    webhook: Webhook
    counts: Counts
    disabled: datetime | None


def standings(connection: Connection, webhooks: Sequence[Webhook]) -> list[Standing]:
    """Each of them, as the settings name them."""
    counts, gone = outbox.counts(connection), outbox.disabled(connection)
    return [
        Standing(
            webhook,
            counts.get(webhook.name, Counts()),
            gone[webhook.name][1] if is_disabled(webhook, gone) else None,
        )
        for webhook in webhooks
    ]


def is_disabled(webhook: Webhook, gone: outbox.Gone) -> bool:
    """Whether the receiver at this very URL said that it is gone."""
    return webhook.name in gone and gone[webhook.name][0] == webhook.address
