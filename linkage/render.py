"""Figures and values in words: what the command line, or anything else for readers, shows.

Values come from event logs, and so from whoever fills those logs: `clean` takes out what
could move a cursor, colour a terminal or turn the reading direction.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, SupportsFloat

HELD: Mapping[str, str] = {
    "drop_one": "one artifact alone ties it to the cluster",
    "loosely_tied": "its ties are far weaker, or fewer, than its cluster's members' usually are",
    "families": "one family of artifacts alone ties it to the cluster",
    "unplantable": "an outsider could have planted what ties it to the cluster",
    "household": "cards, devices and the like tie it to no more than a household of the cluster",
    "verified_organisation": "belongs to an organisation that the platform has verified",
    "unknown_organisation": "nobody knows whether it belongs to a verified organisation",
    "allowlisted": "it is on the allowlist",
    "cleared": "a person has cleared it, and nothing new speaks against it",
    "new_evidence": "a person has cleared it; what is new is for a person to judge",
    "cleared_cluster": "a person has cleared most of its cluster",
}
QUESTIONS: Mapping[str, str] = {
    "operation": "One operation?",
    "lives": "No lives of their own?",
    "pretend": "Pretending to be many?",
}


def clean(value: object, width: int = 0) -> str:
    """The value as one line of text without control characters, cut to `width` (0: not cut)."""
    text = str(value)
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escaped(c) for c in text)
    return text[: width - 1] + "…" if 0 < width < len(text) else text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def number(value: float) -> str:
    """A count with thousands set apart; a fraction with two decimals at most."""
    if missing(value):
        return "-"
    whole = float(value).is_integer() or abs(value) >= 1000
    return f"{value:,.0f}" if whole else f"{value:,.2f}".rstrip("0").rstrip(".")


def decimals(value: float | None, places: int = 1) -> str:
    """A figure with a fixed number of decimals, `-` for none."""
    return "-" if missing(value) else f"{value:.{places}f}"


def in_bits(value: float | None) -> str:
    """A weight of evidence with its unit."""
    return "-" if missing(value) else f"{decimals(value)} bits"


def innocents(expected: float | None) -> str:
    """Innocent groups as extreme that chance alone would bring, in two digits."""
    if expected is None or missing(expected):
        return "-"
    if expected < 0.001:
        return "< 0.001"
    return f"{expected:.0f}" if expected >= 10 else f"{expected:.2g}"


def percent(part: float | None) -> str:
    """A share as a percentage that shows its distance from 0 and from 100."""
    if part is None or missing(part):
        return "-"
    near = min(part, 1 - part)
    return f"{100 * part:.{0 if near == 0 else 1 if near >= 0.001 else 3}f} %"


def when(moment: datetime | None) -> str:
    """A time in UTC, to the minute."""
    return "-" if moment is None or missing(moment) else f"{moment:%Y-%m-%d %H:%M}"


def seconds(value: float) -> str:
    """A duration: `4.2 s`, `3 min 20 s`."""
    return f"{value:.1f} s" if value < 60 else f"{value // 60:.0f} min {value % 60:.0f} s"


def plural(count: int, noun: str) -> str:
    """`1 account`, `2 accounts`."""
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def missing(value: object) -> bool:
    """Whether a table's cell holds nothing: None, not a number, not a time."""
    if value is None:
        return True
    if isinstance(value, (float, int, SupportsFloat)):  # to ask for a protocol takes far longer
        return math.isnan(value)
    return isinstance(value, datetime) and bool(value != value)


def reasons(signals: Iterable[Mapping[str, Any]] | None, count: int = 3) -> list[str]:
    """The strongest signals in words: the rarest of each question, then the rarest of all.

    What most groups have as well (rank above a half) speaks for innocence and is no reason.
    """
    found = signals if signals is not None else ()
    ordered = sorted((s for s in found if _rarity(s)[0] <= 0.5), key=_rarity)
    first: dict[str, Mapping[str, Any]] = {}
    for signal in ordered:
        first.setdefault(str(signal["question"]), signal)
    best = [*first.values(), *(s for s in ordered if s not in first.values())]
    return [clean(signal["text"]) for signal in sorted(best[:count], key=_rarity)]


def _rarity(signal: Mapping[str, Any]) -> tuple[float, str]:
    rank = signal["rank"]
    return (2.0 if missing(rank) else float(rank), str(signal["name"]))


def command(*words: object) -> str:
    """A command to copy: what a shell would read otherwise is quoted."""
    return " ".join(shlex.quote(clean(word)) for word in words)


def as_json(value: object) -> str:
    """Plain ASCII JSON: times in ISO 8601, null for what is missing."""
    return json.dumps(plain(value), indent=2, ensure_ascii=True, allow_nan=False)


def plain(value: Any) -> Any:
    """Tables' cells, arrays and numbers of numpy among them, as what JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if missing(value) or value in (math.inf, -math.inf):
        return None
    return value.isoformat() if isinstance(value, datetime) else value
