"""How seconds and memory of mining grow.

    python -m benchmarks.templates.growing FILE

reads the column `prompt` of a Parquet file a piece at a time, as the command does.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.templates.texts import prompts
from linkage.templates import mine
from linkage.templates.files import texts_of

AT_ONCE = 500_000


def write(path: Path, count: int) -> Path:
    """A file of so many prompts, if it is not there."""
    if not path.exists():
        part = path.with_suffix(".part")
        with pq.ParquetWriter(
            part, pa.schema([("prompt", pa.string())]), compression="zstd"
        ) as file:
            for first in range(0, count, AT_ONCE):
                some = prompts(min(AT_ONCE, count - first), seed=1 + first // AT_ONCE)
                file.write_table(pa.table({"prompt": some}))
        part.replace(path)
    return path


def main() -> None:
    """Run the command line."""
    file = Path(sys.argv[1])
    mine(prompts(2000))  # compiles, or loads what was compiled
    texts, _ = texts_of(file, "prompt", None, file.parent)
    begun = time.perf_counter()
    found = mine(texts)
    seconds = time.perf_counter() - begun
    print(
        json.dumps(
            {
                "prompts": len(found.of_rows),
                "seconds": seconds,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "templates": found.templates.num_rows,
                "own": found.of_rows.null_count / len(found.of_rows),
                "sampled": found.sampled,
            }
        )
    )


if __name__ == "__main__":
    main()
