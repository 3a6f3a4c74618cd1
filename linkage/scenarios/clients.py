"""User agents and TLS fingerprints: a few common ones, a long tail, and automation clients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.scenarios.arrays import Ints, Random, mix, zipf

VARIANTS = 3  # a user agent has one usual TLS fingerprint and two rarer ones (proxies, antivirus)
_SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "Linux; Android 14; K",
    "Linux; Android 13; SM-A546B",
    "Linux; Android 15; Pixel 8",
)
_LIBRARIES = {
    "python-requests": ("2.28.2", "2.31.0", "2.32.3", "2.32.4"),
    "python-httpx": ("0.24.1", "0.25.2", "0.27.0", "0.27.2", "0.28.1"),
    "sdk-python": ("0.18.1", "0.25.0", "0.31.2", "0.34.0", "0.36.1", "0.39.0", "0.40.0"),
    "sdk-typescript": ("0.12.4", "0.20.1", "0.27.3", "0.30.0", "0.32.1", "0.33.0"),
    "axios": ("0.27.2", "1.5.1", "1.6.8", "1.7.7", "1.8.2"),
    "node-fetch": ("2.6.7", "2.7.0", "3.3.2"),
    "undici": ("5.28.4", "6.19.8", "7.2.0"),
    "Go-http-client": ("1.1", "2.0"),
    "okhttp": ("3.14.9", "4.11.0", "4.12.0", "5.0.0"),
    "aiohttp": ("3.8.6", "3.9.5", "3.10.11", "3.11.9"),
    "curl": ("7.81.0", "8.4.0", "8.5.0", "8.7.1", "8.9.1"),
    "Java-http-client": ("17.0.9", "21.0.2", "21.0.5"),
    "reqwest": ("0.11.27", "0.12.4", "0.12.9"),
    "Faraday": ("v2.7.11", "v2.9.0", "v2.12.1"),
    "GuzzleHttp": ("6.5.1", "7"),
}


@dataclass(frozen=True)
class Clients:
    """All clients: a client is a user agent with one of its TLS fingerprints."""

    agents: list[str]
    fingerprints: list[str]
    agent: Ints
    tls: Ints
    browsers: Ints
    libraries: Ints

    def draw_browsers(self, rng: Random, count: int) -> Ints:
        return self._draw(rng, self.browsers, count)

    def draw_libraries(self, rng: Random, count: int) -> Ints:
        return self._draw(rng, self.libraries, count)

    @staticmethod
    def _draw(rng: Random, popular_first: Ints, count: int) -> Ints:
        agent = popular_first[zipf(rng, len(popular_first), count, 1.1)]
        variant = np.searchsorted([0.91, 0.98], rng.random(count))
        return agent * VARIANTS + variant


def make_clients(rng: Random) -> Clients:
    """Some hundreds of user agents in a random order of popularity."""
    browsers, families = _browser_agents()
    libraries = [f"{name}/{version}" for name, vs in _LIBRARIES.items() for version in vs]
    families += [text.split("/")[0] for text in libraries]
    names = sorted(set(families))
    family = np.repeat([names.index(f) for f in families], VARIANTS)
    variant = np.tile(np.arange(VARIANTS), len(families))
    # the rarer fingerprints come from middleboxes, so families share them
    tls = np.where(variant == 0, family, len(names) + (family + variant) % 9)
    return Clients(
        agents=browsers + libraries,
        fingerprints=_fingerprints(len(names) + 9),
        agent=np.repeat(np.arange(len(families)), VARIANTS),
        tls=tls.astype(np.int64),
        browsers=rng.permutation(len(browsers)),
        libraries=len(browsers) + rng.permutation(len(libraries)),
    )


def _browser_agents() -> tuple[list[str], list[str]]:
    agents: list[str] = []
    families: list[str] = []
    for system in _SYSTEMS:
        for version in range(118, 138):
            chrome = (
                f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}"
            )
            agents += [f"{chrome}.0.0.0 Safari/537.36"]
            families += [f"chrome{version // 6}"]
            if version % 2 and "Android" not in system:
                agents += [f"{chrome}.0.0.0 Safari/537.36 Edg/{version}.0.0.0"]
                families += [f"chrome{version // 6}"]
            if version % 3 == 0:
                agents += [
                    f"Mozilla/5.0 ({system}; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
                ]
                families += [f"firefox{version // 9}"]
    for release in (f"{major}.{minor}" for major in (15, 16, 17, 18) for minor in range(7)):
        for system in ("iPhone; CPU iPhone OS 17_5 like Mac OS X", _SYSTEMS[1]):
            agents += [
                f"Mozilla/5.0 ({system}) AppleWebKit/605.1.15 Version/{release} Safari/605.1.15"
            ]
            families += [f"safari{release.split('.')[0]}"]
    return agents, families


def _fingerprints(count: int) -> list[str]:
    words = mix(np.arange(2 * count, dtype=np.uint64) + np.uint64(77))
    halves = [f"{int(w):016x}"[:12] for w in words]
    return [
        f"t13d{15 + i % 4}{10 + i % 9}h2_{halves[2 * i]}_{halves[2 * i + 1]}" for i in range(count)
    ]
