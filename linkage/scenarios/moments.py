"""Events that are planned one by one: sign-ups, a first login, payments."""

from __future__ import annotations

import numpy as np

from linkage.scenarios.world import World

TYPES = ("signup", "login", "request", "payment", "rate_limited", "banned")
SIGNUP, LOGIN, REQUEST, PAYMENT, LIMITED, BANNED = range(6)


def plan_moments(world: World) -> None:
    """Every account has at least one event, and pays if it has a card."""
    rng, traits = world.rng, world.traits
    newcomers, known = np.flatnonzero(traits.joins), np.flatnonzero(~traits.joins)
    world.extras.add(traits.first[newcomers], newcomers, SIGNUP, ip=traits.signup_ip[newcomers])
    world.extras.add(rng.uniform(traits.first[known], traits.last[known]), known, LOGIN)
    cards = world.payment.choices(len(traits.kind))
    held = np.diff(cards.starts)
    payers = np.repeat(
        np.arange(len(held)), np.where(held > 0, held + rng.integers(0, 2, len(held)), 0)
    )
    begin = traits.first[payers] + 120
    moments = rng.uniform(begin, np.maximum(traits.last[payers], begin + 1))
    world.extras.add(np.minimum(moments, traits.last[payers]), payers, PAYMENT)
