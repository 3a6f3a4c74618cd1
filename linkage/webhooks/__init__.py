"""Webhooks: whoever the settings name is told when something happened, signed, at least once.

`telling` finds out what is new, beside what was told, by the pure functions of `changes`; messages
wait in the state (`linkage.state.outbox`); a `courier` for each webhook delivers them through
`exchange`, which looks at every address before it connects. `office` has the threads of a service.
"""

from linkage.webhooks.courier import Outcome, Sender, Told
from linkage.webhooks.office import Office
from linkage.webhooks.settings import Webhook, load
from linkage.webhooks.standing import Standing, standings

__all__ = [
    "Office", "Outcome", "Sender", "Standing", "Told", "Webhook", "load", "standings",
]  # fmt: skip
