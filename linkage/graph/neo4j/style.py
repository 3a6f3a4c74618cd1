"""How Neo4j Browser draws a run's graph: a GraSS style sheet, made of the run's kinds.

Browser knows a node by its labels alone, so that what is drawn in a way of its own has a label:
`Listed` and `Flagged` accounts, and clusters by their score. Colours are Okabe and Ito's, which
people tell apart who see few of them: one for each family of kinds, and within a family another
border for each kind. `cypher/browser/style.grass` is the sheet of the built-in kinds.

Browser's reader of such sheets knows no comments, and ends a value at a colon or a semicolon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from linkage.artifacts import BUILT_IN
from linkage.graph.answers import KindWords
from linkage.graph.neo4j.statements import check_words

Rule = tuple[str, Mapping[str, str]]

WHITE, BLACK, DARK, GREY, LIGHT = "#FFFFFF", "#000000", "#404040", "#999999", "#DDDDDD"
LISTED, FLAGGED = "#D55E00", "#F0E442"  # vermillion, yellow
# The border of the first, second ... kind of a family; a family with more begins again.
_BORDERS = ("{own}", BLACK, GREY, WHITE)
# Fill, and the text on it. A family that is declared has no colour left that is safe to tell.
_FAMILIES: Mapping[str, tuple[str, str]] = {
    "network": ("#56B4E9", BLACK),
    "client": ("#0072B2", WHITE),
    "money": ("#009E73", WHITE),
    "identity": ("#CC79A7", BLACK),
    "content": ("#E69F00", BLACK),
    "conversation": (WHITE, BLACK),
}
_OTHERS = (WHITE, BLACK)

_BASE: tuple[Rule, ...] = (
    ("node", {
        "diameter": "50px", "color": LIGHT, "border-color": GREY, "border-width": "2px",
        "text-color-internal": BLACK, "font-size": "10px",
    }),
    ("relationship", {
        "color": "#A5ABB6", "shaft-width": "1px", "font-size": "8px", "padding": "3px",
        "text-color-external": BLACK, "text-color-internal": WHITE, "caption": "<type>",
    }),
    ("node.Account", {
        "diameter": "50px", "color": LIGHT, "border-color": GREY, "text-color-internal": BLACK,
        "caption": "{account_id}",
    }),
    ("node.Flagged", {"color": FLAGGED, "border-color": DARK, "text-color-internal": BLACK}),
    ("node.Listed", {"color": LISTED, "border-color": DARK, "text-color-internal": WHITE}),
    ("node.Cluster", {
        "diameter": "65px", "color": BLACK, "border-color": GREY, "text-color-internal": WHITE,
        "caption": "{name}",
    }),
    ("node.LowScore", {"diameter": "65px"}),
    ("node.MiddleScore", {"diameter": "90px"}),
    ("node.HighScore", {"diameter": "120px"}),
    ("node.Run", {
        "diameter": "90px", "color": DARK, "border-color": BLACK, "text-color-internal": WHITE,
        "caption": "{id}",
    }),
    ("node.LinkageGraph", {
        "diameter": "50px", "color": WHITE, "border-color": BLACK, "text-color-internal": BLACK,
        "caption": "{name}",
    }),
    ("relationship.LINKED_TO", {
        "color": DARK, "shaft-width": "2px", "caption": "{name}",
    }),
    ("relationship.MEMBER_OF", {"color": GREY, "caption": "<type>"}),
    ("relationship.SHARES", {"color": "#0072B2", "caption": "{members} members"}),
)  # fmt: skip


def built_in() -> tuple[KindWords, ...]:
    """The words of the built-in kinds, for a graph that no run is in yet."""
    return tuple(KindWords.of(kind) for kind in BUILT_IN)


def rules(kinds: Sequence[KindWords]) -> tuple[Rule, ...]:
    """The style of each label and relationship type; of two that fit a node, the later wins.

    Raises GraphError where a kind's words are none.
    """
    check_words(kinds)
    seen: dict[str, int] = {}
    own: list[Rule] = []
    for kind in kinds:
        place = seen.setdefault(kind.family, 0)
        seen[kind.family] += 1
        fill, text = _FAMILIES.get(kind.family, _OTHERS)
        border = _BORDERS[place % len(_BORDERS)].format(own=GREY if fill == WHITE else fill)
        own.append((f"node.{kind.label}", {
            "diameter": "50px", "color": fill, "border-color": border, "border-width": "4px",
            "text-color-internal": text, "caption": "{value}",
        }))  # fmt: skip
    return (*_BASE, *own)


def style_sheet(kinds: Sequence[KindWords]) -> str:
    """The sheet as `:style` of Neo4j Browser reads it. Raises GraphError as `rules`."""
    parts = []
    for selector, properties in rules(kinds):
        lines = [
            f"  {name}: '{value}';" if name == "caption" else f"  {name}: {value};"
            for name, value in properties.items()
        ]
        parts.append("\n".join([f"{selector} {{", *lines, "}"]))
    return "\n\n".join(parts) + "\n"
