"""What the person behind an account may be told of why it was found: a statement of reasons.

It names nothing of others': no account, no address, card or device, also none that is the
account's own too, since whoever shares it would be named by it. Kinds, counts and findings about
the cluster as a whole say why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linkage.graph.answers import AccountCard, ClusterRow, KindWords
from linkage.render import HELD, decimals, plural

FINDINGS = 5
_DECIDED: Mapping[str, str] = {
    "banned": "A person has decided to ban it.",
    "watched": "A person has decided to watch it.",
    "cleared": "A person has cleared it.",
    "open": "No person has decided about it yet.",
}


@dataclass(frozen=True)
class Tie:
    """How many things of a kind the account shares with other accounts; meaning: of the kind."""

    kind: str
    artifacts: int
    meaning: str


@dataclass(frozen=True)
class Statement:
    """In words (`text`) and in parts."""

    account_id: str
    state: str
    text: str
    findings: tuple[str, ...]
    ties: tuple[Tie, ...]


def statement(
    card: AccountCard, cluster: ClusterRow | None, state: str, kinds: Sequence[KindWords]
) -> Statement:
    """Of an account, its cluster (None in none), its state, and the kinds of the run."""
    counts = Counter(row.kind for row in card.evidence)
    ties = tuple(
        Tie(kind.name, counts[kind.name], kind.explanation) for kind in kinds if counts[kind.name]
    )
    findings = _findings(card, cluster)
    lines = [*findings, *_shared(ties), _DECIDED[state]]
    return Statement(card.account_id, state, "\n".join(lines), findings, ties)


def _findings(card: AccountCard, cluster: ClusterRow | None) -> tuple[str, ...]:
    if cluster is None or card.membership is None:
        return ("This account was found to belong to no group of accounts.",)
    others = plural(cluster.accounts - 1, "other account")
    found = [f"This account was found to belong together with {others}."]
    if cluster.expected is not None:
        found.append(
            f"Of groups as unusual as this one, {cluster.expected:.2g} would be expected by chance."
        )
    if card.membership.confidence is not None:
        found.append(
            f"What ties it to the group is worth {decimals(card.membership.confidence)} bits, with "
            "its strongest tie left out."
        )
    found += [f"Of the group: {signal.text}." for signal in cluster.signals[:FINDINGS]]
    if card.membership.held_by is not None:
        found.append(f"It is not proposed for a ban: {HELD[card.membership.held_by]}.")
    return tuple(found)


def _shared(ties: Sequence[Tie]) -> list[str]:
    return [
        f"With other accounts it has in common: {plural(tie.artifacts, tie.kind)}." for tie in ties
    ]
