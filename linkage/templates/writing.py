"""Files that are whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from linkage.errors import ResultError
from linkage.render import clean


@contextmanager
def whole(*outs: Path) -> Iterator[list[Path]]:
    """Where to write each for now; they get their names once all are written. Whatever happens,
    nothing stays that is not whole, since it has words of people. Raises ResultError, which
    names the last one."""
    parts = [out.with_name(f".{out.name}.part") for out in outs]
    try:
        for out in outs:
            out.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield parts
            for part, out in zip(parts, outs, strict=True):
                part.replace(out)
        finally:
            for part in parts:
                part.unlink(missing_ok=True)
    except OSError as error:
        fault = clean(error.strerror or error, 200)
        raise ResultError(f"{clean(outs[-1])}: cannot be written: {fault}") from None
