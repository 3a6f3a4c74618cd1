"""Mailboxes, mail domains and telephone numbers as text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.scenarios.arrays import Ints, scramble
from linkage.scenarios.world import PUBLIC_MAIL, World


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PUBLIC = _split("""
    gmail.com outlook.com yahoo.com hotmail.com icloud.com proton.me gmx.de mail.ru qq.com
    163.com aol.com web.de
""")
FIRST = _split("""
    james mary wei li anna omar priya juan fatima lucas emma noah olga ivan sofia liam mia raj
    chen yuki hana diego carlos elena marco luca julia paul laura david sara ali nina tom kate
    peter maria john alex sam max eva leo lena adam zoe amir leila kofi ama sanjay anita minh
    linh jan piotr ewa lars ingrid erik marta pedro ana bruno clara hugo alice louis chloe
""")
LAST = _split("""
    smith garcia mueller kumar wang zhang kim tanaka silva santos rossi bianchi ivanov petrov
    nguyen tran johnson brown jones miller davis lopez martin bernard dubois schmidt weber
    fischer novak kowalski nowak hansen olsen berg larsen khan ahmed hassan ali okafor mensah
    sharma patel singh gupta das chen liu yang huang sato suzuki park choi lee costa pereira
    moreau laurent fournier jansen devries bakker visser murphy kelly walsh byrne clark hall
""")
_ONE = _split("""
    blue red north south bright clear swift deep high open prime true wild iron silver stone
    river lake hill sun moon star cloud sky sea green gold amber cedar maple pine oak birch
    fox wolf hawk crane otter bear lion lynx delta alpha nova vega orion atlas zen terra aqua
    solar lunar polar
""")
_TWO = _split("""
    labs works soft tech data logic systems media group studio digital net ware point craft
    forge link grid stack flow mind path bridge gate port base core line mark wave field house
    yard
""")
_TLDS = (
    "com",
    "io",
    "net",
    "org",
    "co",
    "dev",
    "app",
    "de",
    "fr",
    "co.uk",
    "in",
    "xyz",
    "ai",
    "eu",
)
_SERVICES = ("svc", "api", "bot", "prod", "batch", "worker", "pipeline", "app")


def _words(words: tuple[str, ...], index: Ints) -> pa.Array:
    return pa.array(words).take(pa.array(index % len(words)))


def domains(world: World) -> pa.Array:
    """Text of every mail domain: the public services, then those of organisations."""
    count = world.counts["domain"] - PUBLIC_MAIL
    place = scramble(np.arange(count), 24, world.scenario.seed + 5)
    one, rest = place % len(_ONE), place // len(_ONE)
    two, rest = rest % len(_TWO), rest // len(_TWO)
    tld, rest = rest % len(_TLDS), rest // len(_TLDS)
    number = pc.if_else(pa.array(rest > 0), pa.array(rest).cast(pa.string()), "")
    name = pc.binary_join_element_wise(_words(_ONE, one), _words(_TWO, two), number, "")
    own = pc.binary_join_element_wise(name, _words(_TLDS, tld), ".")
    return pa.concat_arrays([pa.array(PUBLIC[:PUBLIC_MAIL]), own])


def mailboxes(world: World, names: pa.Array) -> pa.Array:
    """The mailbox of every account: a person's, a service's, or letters without sense."""
    traits, count = world.traits, len(world.traits.kind)
    local = pc.choose(
        pa.array(traits.mail_style),
        _people(world, count),
        _nonsense(world, count),
        _services(count),
    )
    domain = names.take(pa.array(traits.mail_domain))
    return pc.binary_join_element_wise(local, domain, "@")


def _people(world: World, count: int) -> pa.Array:
    rng = world.rng
    first, last = (
        _words(FIRST, rng.integers(0, 9999, count)),
        _words(LAST, rng.integers(0, 9999, count)),
    )
    separator = _words((".", "", "_", "-"), np.minimum(rng.integers(0, 7, count), 3))
    crowded = world.traits.mail_domain < PUBLIC_MAIL
    limit = np.where(crowded & (rng.random(count) < 0.8), 10_000, 0)
    number = np.where(limit > 0, rng.integers(1, 10_000, count), 0)
    digits = pc.if_else(pa.array(number > 0), pa.array(number).cast(pa.string()), "")
    return pc.binary_join_element_wise(first, separator, last, digits, "")


def _nonsense(world: World, count: int) -> pa.Array:
    """Eight to twelve letters and digits."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pairs = tuple(a + b for a in letters for b in letters)
    drawn = [_words(pairs, world.rng.integers(0, len(pairs), count)) for _ in range(6)]
    whole = pc.binary_join_element_wise(*drawn, "")
    cut = pc.binary_join_element_wise(*drawn[:4], "")
    return pc.if_else(pa.array(world.rng.random(count) < 0.5), whole, cut)


def _services(count: int) -> pa.Array:
    numbers = pa.array(np.arange(count) % 97 + 1).cast(pa.string())
    return pc.binary_join_element_wise(_words(_SERVICES, np.arange(count) // 3), numbers, "-")


def phones(world: World) -> pa.Array:
    """Telephone numbers of ten digits behind a country code, by code."""
    count = world.counts.get("phone", 0)
    number = scramble(np.arange(count), 33, world.scenario.seed + 9) + 1_000_000_000
    code = _words(("+1", "+44", "+49", "+91", "+55", "+33", "+81", "+62"), number // 7)
    return pc.binary_join_element_wise(code, pa.array(number).cast(pa.string()), "")
