"""What a scenario is played with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist import Measure
from linkage.banlist.store import Published
from linkage.conformance.consumers import Answer, Consumer
from linkage.conformance.lists import HOUR, Listed, following
from linkage.conformance.server import ListServer
from linkage.conformance.terms import Claim, Terms
from linkage.render import clean

NONE = "none"
LIVES = (0.5, 2.0, 8.0, 32.0, 128.0)  # seconds, tried in turn


class Unmet(Exception):
    """A consumer does not do what it must."""

    def __init__(self, expected: str, seen: str) -> None:
        self.expected, self.seen = expected, seen
        super().__init__(f"{expected}; {seen}")


class Stage:
    """Lists to publish, and a consumer to ask."""

    def __init__(
        self, server: ListServer, consumer: Consumer, key: Ed25519PrivateKey, terms: Terms
    ) -> None:
        self.server, self.consumer, self.key, self.terms = server, consumer, key, terms
        self._played = 0

    def own(self, *names: str) -> tuple[str, ...]:
        """Accounts of these names that no other scenario has."""
        self._played += 1
        return tuple(f"{name}-{self._played}" for name in names)

    @property
    def latest(self) -> Published | None:
        """The last list, None before the first."""
        lists = self.server.lists()
        return lists[-1] if lists else None

    def publish(self, listed: Listed, lasts: float = HOUR) -> Published:
        """The next list: these accounts, and no others."""
        made = following(self.latest, listed, self.key, lasts)
        self.server.serve([*self.server.lists(), made])
        return made

    def ask(self, account: str) -> Answer:
        """What the consumer would do now."""
        return self.consumer.ask(account)

    def expect(self, account: str, *actions: str, why: str = "") -> None:
        """The consumer comes to one of these actions in time; else Unmet."""
        until = time.monotonic() + self.terms.within
        while (seen := self.ask(account).action) not in actions:
            if time.monotonic() > until:
                wanted = f"{' or '.join(actions)} within {self.terms.within:g} s{_of(account, why)}"
                raise Unmet(wanted, clean(seen, 40))
            self.pause()

    def still(self, account: str, *actions: str, why: str = "") -> None:
        """The consumer is at one of these actions now; else Unmet."""
        seen = self.ask(account).action
        if seen not in actions:
            raise Unmet(f"{' or '.join(actions)}{_of(account, why)}", clean(seen, 40))

    def until_it_ends(self, account: str) -> None:
        """Publish a ban of the account that lasts as long as the consumer needs to notice, and
        wait for its end."""
        for lasts in LIVES:
            ends = time.monotonic() + lasts
            self.publish({account: Measure.ban}, lasts)
            while (seen := self.ask(account).action) == NONE and time.monotonic() < ends:
                self.pause()
            if seen != NONE:
                time.sleep(max(0.0, ends - time.monotonic()))
                return
        raise Unmet(f"ban in the {lasts:g} s that an entry lasts{_of(account, '')}", NONE)

    def until(self, is_so: Callable[[], bool], expected: str, seen: str) -> None:
        """Something comes to be so in time; else Unmet."""
        end = time.monotonic() + self.terms.within
        while not is_so():
            if time.monotonic() > end:
                raise Unmet(f"{expected} within {self.terms.within:g} s", seen)
            self.pause()

    def heard(self) -> None:
        """The consumer has asked for the lists twice: so it is done with the first answer."""
        wanted = self.server.asked + 2

        def asked() -> bool:
            self.ask("anybody")  # it must answer meanwhile
            return self.server.asked >= wanted

        self.until(asked, "asks for the list twice", "it asks no longer")

    def wait_unheard(self) -> None:
        """Let the consumer find out that nobody listens; nobody hears of that."""
        time.sleep(max(0.3, 3 * self.terms.poll))

    def pause(self) -> None:
        """A moment."""
        time.sleep(min(0.25, max(0.01, self.terms.poll / 4)))


def _of(account: str, why: str) -> str:
    return f", for {clean(account, 30)!r}" + (f": {why}" if why else "")


@dataclass(frozen=True)
class Scenario:
    """Something that happens, and what a consumer does then. needs: only for who claims it."""

    name: str
    says: str
    play: Callable[[Stage], None]
    needs: frozenset[Claim] = frozenset()
