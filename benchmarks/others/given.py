"""What every method of grouping is given: the same evidence, in a file of arrays.

    python -m benchmarks.others.given EVENTS OUT.npz

Prints how much there is of what, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from linkage.kernels.incidence import Incidence

if TYPE_CHECKING:
    from linkage.results import Results

NUMBERS = ("population", "families")  # of the incidence; all else in it are arrays


@dataclass(frozen=True)
class Given:
    """The evidence over units, verified organisations contracted, and the product's own links.

    incidence   who has what
    kinds       names, by the numbers that incidence.kind has
    a, b        int32[links], units a < b
    above       float64[links], bits over log2 N
    """

    incidence: Incidence
    kinds: tuple[str, ...]
    a: npt.NDArray[np.int32]
    b: npt.NDArray[np.int32]
    above: npt.NDArray[np.float64]

    @property
    def units(self) -> int:
        """How many there are to group."""
        return self.incidence.unit_ptr.size - 1

    def of_kinds(self, *names: str) -> npt.NDArray[np.bool_]:
        """Which artifacts are of one of these kinds."""
        chosen = np.array([name in names for name in self.kinds])
        return chosen[self.incidence.kind]


def given(found: Results) -> Given:
    """What a run made of its events."""
    names = tuple(kind.name for kind in found.kinds)
    return Given(found.incidence, names, found.links.a, found.links.b, found.links.above)


def save(evidence: Given, file: Path) -> None:
    """Write it as a .npz without pickles."""
    arrays = {name: np.asarray(value) for name, value in evidence.incidence._asdict().items()}
    np.savez(
        file, kinds=np.array(evidence.kinds), a=evidence.a, b=evidence.b, above=evidence.above,
        allow_pickle=False, **{f"incidence_{name}": array for name, array in arrays.items()},
    )  # fmt: skip


def load(file: Path) -> Given:
    """Read what `save` wrote."""
    with np.load(file) as stored:
        values: dict[str, Any] = {name: stored[f"incidence_{name}"] for name in Incidence._fields}
        values |= {name: int(values[name]) for name in NUMBERS}
        kinds = tuple(map(str, stored["kinds"]))
        return Given(Incidence(**values), kinds, stored["a"], stored["b"], stored["above"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    from benchmarks.stages import opened  # the table engine, which methods need not have

    events, out = arguments if arguments is not None else sys.argv[1:]
    with opened(Path(events)) as found:
        evidence = given(found)
        save(evidence, Path(out))
        accounts = int(found.units.of.size)
    inc = evidence.incidence
    size = {"artifacts": inc.kind.size, "edges": inc.unit_art.size, "links": evidence.a.size}
    print(json.dumps({"accounts": accounts, "units": evidence.units, **size}))


if __name__ == "__main__":
    main()
