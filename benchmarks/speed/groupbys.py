"""The yardstick: the bare DuckDB group-bys that make the evidence, and nothing else.

    python -m benchmarks.speed.groupbys EVENTS.parquet --threads 2 --memory 2GB

For each artifact column: account, value, number of events, first and last time, with the
strings as they are. Each is kept as a temporary table until the next replaces it, so that this
neither writes a result nor runs out of memory: a hard yardstick rather than a soft one.
Prints the seconds and the rows of each as JSON.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time

import duckdb

COLUMNS = (
    "ip",
    "device_id",
    "user_agent",
    "tls_fingerprint",
    "payment_id",
    "email",
    "phone",
    "prompt_template",
    "conversation_id",
)
FIGURES = "count(*) AS events, min(ts) AS first_seen, max(ts) AS last_seen"


def group_bys(events: str, threads: int, memory: str) -> dict[str, dict[str, float]]:
    """Seconds and rows, by column; `account` has the totals of each account."""
    with tempfile.TemporaryDirectory(prefix="linkage-groupbys-") as spill:
        con = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": spill,
                "preserve_insertion_order": False,
            }
        )
        table = con.read_parquet(events)
        con.register("events", table)
        taken = {column: _timed(con, f"account_id, {column} AS value", column)
                 for column in COLUMNS}  # fmt: skip
        taken["account"] = _timed(con, "account_id", "account_id")
        con.close()
    return taken


def _timed(con: duckdb.DuckDBPyConnection, keys: str, present: str) -> dict[str, float]:
    begun = time.perf_counter()
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE grouped AS SELECT {keys}, {FIGURES} "
        f"FROM events WHERE {present} IS NOT NULL GROUP BY ALL"
    )
    seconds = time.perf_counter() - begun
    (rows,) = con.execute("SELECT count(*) FROM grouped").fetchall()[0]
    return {"seconds": round(seconds, 3), "rows": rows}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("events", help="Parquet file of events")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="2GB")
    asked = parser.parse_args()
    print(json.dumps(group_bys(asked.events, asked.threads, asked.memory)))


if __name__ == "__main__":
    main()
