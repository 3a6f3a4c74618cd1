"""Whether a consumer of ban lists does what it must: a server of lists that it polls, questions
that it answers, and scenarios that say what is right."""

from linkage.conformance.consumers import Address, Command, Consumer
from linkage.conformance.running import Outcome, Result, run
from linkage.conformance.scenarios import SCENARIOS
from linkage.conformance.terms import Stale, Terms

__all__ = [
    "SCENARIOS", "Address", "Command", "Consumer", "Outcome", "Result", "Stale", "Terms", "run",
]  # fmt: skip
