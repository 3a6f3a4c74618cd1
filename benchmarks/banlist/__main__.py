"""The ban list as enforcement uses it, on loopback, one process of the service.

    python -m benchmarks.banlist --out benchmarks/results

Two lists of so many accounts, made up, are published into a new workspace that `linkage serve`
serves. Each form is written in memory and asked for over HTTP; changes are asked for, and TAXII's
collection page by page; and accounts are looked up in a closed loop of so many connections, by
requests of 1,000, 100 and 10, and alone.

Writes banlist.json and banlist.md. For Linux. Takes a minute.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.banlist.made import accounts, published
from benchmarks.banlist.measured import asked, forms
from benchmarks.banlist.page import markdown
from benchmarks.machine import machine, versions
from linkage.banlist.store import Lists
from linkage.state import Scope, keys, open_state
from linkage.workspace import Workspace

ACCOUNTS, SEED = 24_000, 206
LIBRARIES = ("linkage", "fastapi", "uvicorn", "orjson")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="on the list")
    parser.add_argument("--seed", type=int, default=SEED, help="of names and questions")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each sort of look-up")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="linkage-banlist-") as folder:
        workspace = Workspace.at(Path(folder) / "workspace")
        lists, named = Lists(workspace.path), accounts(options.accounts, options.seed)
        made = published(lists, named, options.seed)
        with open_state(workspace.state) as state, state.write() as connection:
            key = keys.create(connection, "benchmark", [Scope.read])[1]
        found = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine(),
            "versions": versions(LIBRARIES),
            "accounts": made.head.rows,
            "seed": options.seed,
            "connections": options.connections,
            "forms": forms(lists, made),
            **asked(
                workspace, key, [row.entry.account_id for row in made.rows if row.entry],
                options.seed, options.connections, options.seconds,
            ),
        }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    written = options.out / "banlist.json"
    written.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (options.out / "banlist.md").write_text(markdown(found), "utf-8")


if __name__ == "__main__":
    main()
