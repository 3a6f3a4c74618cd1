"""A result folder's Parquet files, asked with SQL: read only, by any number of threads; and folders
that are written whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from linkage.errors import ResultError
from linkage.render import clean

if TYPE_CHECKING:
    import pandas as pd  # half a second, which most commands need not wait for

TABLES = ("evidence", "artifacts", "activity", "links", "clusters", "members")
BESIDE = ("judged", "templates")  # not every result has templates


class Tables:
    """The tables of one folder. In a query, `read_parquet($members)` is a table, and every other
    `$name` a value: nothing that anybody supplies becomes part of a query's text."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = Lock()
        self._engine: duckdb.DuckDBPyConnection | None = None

    def read(self, query: str, **values: object) -> pa.Table:
        """What a query finds; ResultError where a file is damaged. A cursor each, for threads."""
        with self._asked(query, values) as found:
            return found.to_arrow_table()

    def write(self, query: str, path: Path, **values: object) -> None:
        """Likewise into a Parquet file, not all of it in memory at once."""
        with self._asked(query, values) as found:
            found.write_parquet(str(path), compression="zstd")

    @contextmanager
    def _asked(self, query: str, values: dict[str, object]) -> Iterator[duckdb.DuckDBPyRelation]:
        files = {name: literal(self.folder / f"{name}.parquet") for name in (*TABLES, *BESIDE)}
        used = {name: path for name, path in files.items() if f"(${name})" in query}
        try:
            yield self._cursor().sql(query, params={**used, **values})
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise ResultError(f"{clean(self.folder)}: damaged: {clean(error, 200)}") from error

    def frame(self, query: str, **values: object) -> pd.DataFrame:
        """As pandas has tables."""
        return self.read(query, **values).to_pandas()

    def rows(self, query: str, **values: object) -> list[dict[str, Any]]:
        """As plain values, None for what is missing."""
        return self.read(query, **values).to_pylist()

    def first(self, query: str, **values: object) -> dict[str, Any] | None:
        """The first row, if there is one."""
        found = self.rows(query, **values)
        return found[0] if found else None

    def close(self) -> None:
        """Give back what the engine holds; it is made anew when it is needed."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._engine is None:
                self._engine = duckdb.connect()
                self._engine.execute("SET GLOBAL TimeZone = 'UTC'")
            return self._engine.cursor()


def literal(path: Path) -> str:
    """A path as the engine takes it, in which nothing is a wildcard."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))


def check_new(out: Path) -> None:
    """ResultError where there is anything but an empty folder."""
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise ResultError(f"{clean(out)}: exists and is not empty; name another folder")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A folder to write into, which takes the place of `out` by one rename when the context ends,
    and is gone if it fails. The folder that it is in is gone either way, with what was put there.

    ResultError where `out` is in the way, or cannot be written.
    """
    check_new(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
            made = Path(work) / "made"
            made.mkdir()
            yield made
            made.rename(out)
    except OSError as error:
        raise ResultError(f"{clean(out)}: cannot be written: {clean(error)}") from None
