"""The index of a run: how long it takes to make and to open, in a process of its own.

python -m benchmarks.service.indexing RESULT FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.processes import run
from linkage.graph import run_id
from linkage.index import Index
from linkage.index.files import size
from linkage.index.making import make


def measured(result: Path, folder: Path) -> dict[str, Any]:
    """Seconds to make it and to open it, which reads all of it; memory at the peak, with all that
    Python and the libraries take; and size on disk, beside the result's."""
    taken = run(["-m", "benchmarks.service.indexing", result, folder])
    told = json.loads(taken.output)
    return {
        **told,
        "peak_mb": round(taken.peak_mb),
        "mb": round(size(folder) / 1e6),
        "result_mb": round(size(result) / 1e6),
    }


def main() -> None:
    """Run the command line."""
    result, folder = (Path(word) for word in sys.argv[1:])
    name, begun = run_id(result), time.perf_counter()
    make(result, name, folder)
    made = time.perf_counter()
    Index(folder, name)
    opened = time.perf_counter()
    told = {"make_seconds": round(made - begun, 1), "open_seconds": round(opened - made, 2)}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
