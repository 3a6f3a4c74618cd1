"""What `honesty` counted, drawn against what is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.figures import COLOURS, SOFT, line, panels, svg
from benchmarks.honesty.innocents import interval
from benchmarks.honesty.pool import ENOUGH, Size, Tail, families, sizes

PAIRS = {
    "Shuffled worlds": "",
    "Different verified organisations": "any",
    "... that no mail domain joins": "apart",
}


def plots(found: Mapping[str, Any]) -> dict[str, str]:
    """Name -> SVG."""
    return {
        "honesty-bits": _bits(found),
        "honesty-families": _families(found),
        "honesty-expected": _expected(found),
    }


def _bits(found: Mapping[str, Any]) -> str:
    """Share of pairs over their weight: shuffled worlds, and different organisations."""
    every = sizes(found)
    with panels(3, height=4.2, width=11.0) as (figure, axes):
        for axis, (title, which) in zip(axes, PAIRS.items(), strict=True):
            for number, size in enumerate(every):
                tail = _pairs(size, which, "capped")
                _tail(axis, found, tail, f"{size.accounts:,} accounts", number)
                axis.axvline(size.threshold, color=COLOURS[number], linewidth=0.8, alpha=0.6)
            last, number = every[-1], len(every)
            _tail(axis, found, _pairs(last, which, "whole"), "largest, no cap", number)
            if which:
                alone = last.independent(which)
                _tail(axis, found, alone, "largest, families independent", number + 1)
            axis.set_title(title, fontsize=10)
            _claimed(axis, found)
        return svg(figure)


def _pairs(size: Size, which: str, name: str) -> Tail:
    return size.organisations(which, name) if which else size.shuffled(name)


def _families(found: Mapping[str, Any]) -> str:
    """Share of pairs of different organisations over what one family gives."""
    last = sizes(found)[-1]
    with panels(2, height=3.8) as (figure, axes):
        for axis, (title, which) in zip(axes, list(PAIRS.items())[1:], strict=True):
            for number, name in enumerate(families(found, "any")):
                _tail(axis, found, last.family(which, name), name, number)
            axis.set_title(title, fontsize=10)
            _claimed(axis, found)
            axis.set_xlabel("bits of one family, at least")
        return svg(figure)


def _tail(axis: Any, found: Mapping[str, Any], tail: Tail, name: str, number: int) -> None:
    """From one bit on, as far as enough pairs were counted."""
    bits, share = np.array(found["bits"]), tail.share[:-1]
    shown = (bits >= 1) & (tail.counted[:-1] >= ENOUGH)
    axis.plot(bits[shown], share[shown], label=name, **line(number))


def _claimed(axis: Any, found: Mapping[str, Any]) -> None:
    """The line 2^-x, axes and legend."""
    bits = np.array(found["bits"][1:])
    axis.plot(bits, 2.0**-bits, color=SOFT, linewidth=1, label="2^-x, as claimed")
    axis.set_yscale("log", base=2)
    axis.set_xlabel("bits, at least (vertical: a link)")
    axis.set_ylabel("share of pairs")
    axis.legend(fontsize=7)


def _expected(found: Mapping[str, Any]) -> str:
    """Innocent groups counted over E: as they are, and with signals dealt out anew."""
    with panels(2, height=3.8) as (figure, axes):
        for axis, name in zip(axes, ("within", "shuffled"), strict=True):
            for number, size in enumerate(sizes(found)):
                _counted(axis, found, size, name, number)
            limits = np.array(found["limits"])
            axis.plot(limits, limits, color=SOFT, linewidth=1, label="as claimed")
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_xlabel("E, at most")
            axis.set_ylabel("innocent groups a month")
            axis.legend(fontsize=7)
        axes[0].set_title("Simulated months", fontsize=10)
        axes[1].set_title("Signals dealt out anew", fontsize=10)
        return svg(figure)


def _counted(axis: Any, found: Mapping[str, Any], size: Size, name: str, number: int) -> None:
    """Means of a month; with 95 % intervals where months are counted, not deals of one."""
    limits, counts = np.array(found["limits"]), size.innocents_counted(name)
    some = counts > 0
    mean = size.innocents(name)[some]
    style = line(number) | {"label": f"{size.accounts:,} accounts"}
    if name == "shuffled":
        axis.plot(limits[some], mean, **style)
        return
    ends = np.array([interval(int(count), size.deals(name)) for count in counts[some]])
    if some.any():
        error = np.abs(ends.T - mean)
        # Beside each other, or their bars could not be told apart.
        aside = limits[some] * 1.06**number
        axis.errorbar(aside, mean, yerr=error, capsize=2, linewidth=1, **style)
