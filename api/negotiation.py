"""Which form of an answer a client takes (RFC 9110, section 12), and which it has already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

QUALITY = "q"


@dataclass(frozen=True)
class Range:
    """What a client takes, and how gladly."""

    main: str
    sub: str
    parameters: Mapping[str, str]
    quality: float

    def fits(self, offer: str) -> bool:
        """Whether a media type is of it; of parameters that only one of them has, nothing is
        made."""
        kind, parameters = _parsed(offer)
        main, _, sub = kind.partition("/")
        return (
            self.main in ("*", main)
            and self.sub in ("*", sub)
            and all(parameters.get(name, value) == value for name, value in self.parameters.items())
        )

    @property
    def narrow(self) -> tuple[bool, bool, int]:
        """More for what is said more exactly."""
        return self.main != "*", self.sub != "*", len(self.parameters)


def chosen(accept: str | None, offers: Sequence[str]) -> str | None:
    """The media type that is taken most gladly, the first of several; None where none is. A client
    that says nothing takes all."""
    ranges = [_range(part) for part in (accept or "*/*").split(",")]
    best: tuple[float, str | None] = (0.0, None)
    for offer in offers:
        fitting = [one for one in ranges if one.fits(offer)]
        quality = max(fitting, key=lambda one: one.narrow).quality if fitting else 0.0
        if quality > best[0]:
            best = quality, offer
    return best[1]


def has_already(if_none_match: str | None, tag: str) -> bool:
    """Whether a header If-None-Match names an entity tag."""
    known = [part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")]
    return "*" in known or tag in known


def _range(text: str) -> Range:
    kind, parameters = _parsed(text)
    main, _, sub = kind.partition("/")
    try:
        quality = float(parameters.pop(QUALITY, "1"))
    except ValueError:
        quality = 0.0
    return Range(main, sub, parameters, quality)


def _parsed(text: str) -> tuple[str, dict[str, str]]:
    kind, *rest = (part.strip() for part in text.lower().split(";"))
    pairs = (part.partition("=") for part in rest if part)
    return kind, {name.strip(): value.strip().strip('"') for name, _, value in pairs}
