"""Playing the scenarios to a consumer, one after the other."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linkage.conformance.consumers import Consumer, Place, Silent
from linkage.conformance.server import ListServer
from linkage.conformance.stage import Scenario, Stage, Unmet
from linkage.conformance.terms import Claim, Terms


class Result(StrEnum):
    """How a scenario ended."""

    passed = "pass"
    failed = "fail"
    not_applicable = "not applicable"


@dataclass(frozen=True)
class Outcome:
    """How a scenario ended. expected, seen: where it failed; else what it says, or why it was not
    played, and nothing."""

    scenario: str
    result: Result
    expected: str
    seen: str = ""


def run(
    consumer: Consumer,
    terms: Terms,
    scenarios: Sequence[Scenario],
    key: Ed25519PrivateKey | None = None,
    port: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Play scenarios to a consumer that has seen no list yet.

    key    signs the lists; one of its own if none
    port   of the server of lists; any if 0. A consumer at an address may present any key

    ServerError where the port is taken; SettingsError where a command cannot be run.
    """
    signing = key or Ed25519PrivateKey.generate()
    claims = terms.claims(consumer.restarts)
    outcomes: list[Outcome] = []
    presented = secrets.token_urlsafe(32)
    server = ListServer(presented if consumer.restarts else None, port)
    with tempfile.TemporaryDirectory(prefix="linkage-conformance-") as folder:
        public = Path(folder) / "banlist.pub"
        public.write_bytes(
            signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        place = Place(server.url, presented, public, Path(folder) / "first")
        stage = Stage(server, consumer, signing, terms)
        try:
            consumer.start(place, terms)
            for scenario in scenarios:
                progress(scenario.name)
                outcomes.append(_outcome(scenario, stage, claims))
                if outcomes[-1].result is Result.failed:  # which is not to spoil the others
                    consumer.start(replace(place, folder=Path(folder) / scenario.name), terms)
        finally:
            consumer.close()
            server.close()
    return outcomes


def _outcome(scenario: Scenario, stage: Stage, claims: frozenset[Claim]) -> Outcome:
    lacking = sorted(scenario.needs - claims)
    if lacking:
        said = f"for a consumer that {' and '.join(lacking)}"
        return Outcome(scenario.name, Result.not_applicable, said)
    try:
        scenario.play(stage)
    except Unmet as unmet:
        return Outcome(scenario.name, Result.failed, unmet.expected, unmet.seen)
    except Silent as silent:
        return Outcome(scenario.name, Result.failed, "an answer", str(silent))
    return Outcome(scenario.name, Result.passed, scenario.says)
