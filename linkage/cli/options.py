"""Options that several commands have."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

RESULT = Path("result")


class Algorithm(StrEnum):
    """How links become communities."""

    leiden = "leiden"
    louvain = "louvain"
    components = "components"


class Proposal(StrEnum):
    """What the policy proposes for a cluster."""

    ban = "ban"
    review = "review"
    none = "none"


class Unlabelled(StrEnum):
    """What an account is taken for that the truth says nothing about."""

    leave_out = "leave-out"
    innocent = "innocent"


GraphOption = Annotated[
    str | None,
    typer.Option(
        "--graph",
        "-g",
        envvar="LINKAGE_GRAPH",
        metavar="URL",
        help="Where the graph is: a database's URL, or a result folder.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--graph",
        "-g",
        envvar="LINKAGE_GRAPH",
        metavar="URL",
        help="The database, as neo4j://host:7687 or bolt://host:7687.",
    ),
]
ResultOption = Annotated[
    Path | None,
    typer.Option(
        "--result",
        "-r",
        show_default=str(RESULT),
        help="Result folder that `linkage detect` made; with a database, of the same run, for "
        "what it does not hold.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
LimitOption = Annotated[
    int, typer.Option("--limit", "-n", min=0, help="Rows of a table at most; 0 for all.")
]
QuietMaking = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but faults (and JSON, if asked).")
]
