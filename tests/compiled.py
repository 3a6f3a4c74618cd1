"""Has numba compile the loops that detections run, which it keeps: `python -m tests.compiled`."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pyarrow as pa

from linkage.pipeline import detect
from linkage.templates import mine
from tests import worlds


def main() -> None:
    """Detects in a small world, and mines a few texts."""
    # Ibis 12 asks DuckDB 2 for Arrow by the older name.
    warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
    with tempfile.TemporaryDirectory(prefix="linkage-compiled-") as work:
        folder = Path(work)
        events = worlds.write(worlds.planted(ordinary=300).events, folder / "events.parquet")
        detect(events, folder / "result", worlds.settings())
    texts = [f"Count the {i} boats that came in on day {i % 7}, please. {i * i}" for i in range(99)]
    mine(pa.chunked_array([pa.array([f"{chr(97 + i % 20) * 5} {t}" for i, t in enumerate(texts)])]),
         words=400)  # fmt: skip


if __name__ == "__main__":
    main()
