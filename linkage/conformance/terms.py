"""What a consumer is held to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stale(StrEnum):
    """What a consumer does when it has not heard of the lists for too long."""

    hold = "hold"  # goes by what it has
    open = "open"  # does nothing to anybody
    closed = "closed"  # does something to everybody


class Claim(StrEnum):
    """What a consumer may or may not do; a scenario is for those who say that they do."""

    signatures = "checks signatures"
    most_new = "takes so many new accounts at once"
    restart = "can be restarted"
    stale = "says when it is stale"


@dataclass(frozen=True)
class Terms:
    """What a consumer says of itself.

    within       seconds after which a list has taken effect, whatever was before
    poll         seconds between two of its polls
    stale_after  seconds without an answer after which it is stale, None if it never is
    when_stale   what it does then
    most_new     new accounts at once that it takes without a person, None for any number
    signatures   it checks head, rows and chain
    """

    within: float = 10.0
    poll: float = 0.02
    stale_after: float | None = 2.0
    when_stale: Stale = Stale.hold
    most_new: int | None = None
    signatures: bool = False

    def claims(self, restarts: bool) -> frozenset[Claim]:
        """The claims that it makes."""
        made = {
            Claim.signatures: self.signatures,
            Claim.most_new: self.most_new is not None,
            Claim.restart: restarts,
            Claim.stale: self.stale_after is not None,
        }
        return frozenset(claim for claim, is_made in made.items() if is_made)
