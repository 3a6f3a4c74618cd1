"""Has numba compile the loops that detections run, which it keeps: `python -m tests.compiled`."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

from linkage.pipeline import detect
from tests import worlds


def main() -> None:
    """Detects in a small world."""
    # Ibis 12 asks DuckDB 2 for Arrow by the older name.
    warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
    with tempfile.TemporaryDirectory(prefix="linkage-compiled-") as work:
        folder = Path(work)
        events = worlds.write(worlds.planted(ordinary=300).events, folder / "events.parquet")
        detect(events, folder / "result", worlds.settings())


if __name__ == "__main__":
    main()
