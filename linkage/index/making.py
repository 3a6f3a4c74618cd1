"""Makes the index of a result: in one pass over each of its tables, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.errors import ResultError
from linkage.folder import new_folder
from linkage.index.columns import (
    Ints,
    column,
    ends,
    fractions,
    moments,
    narrow,
    numbered,
    offsets,
    ordered,
    taken,
    texts,
    wholes,
    words,
)
from linkage.index.files import Array, Writer
from linkage.index.sharing import write_sharing
from linkage.index.tables import NONE
from linkage.render import clean

ORDERS = ("score", "accounts", "events", "first_seen", "last_seen")
_FRACTIONS = ("score", "expected", "p_operation", "p_lives", "p_pretend")


def make(result: Path, run: str, out: Path) -> None:
    """Write the index of the run in a result folder; ResultError where that is damaged, or `out`
    is in the way."""
    with new_folder(out) as folder:
        try:
            _Making(result, Writer(folder)).write(run)
        except (pa.ArrowException, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ResultError(f"{clean(result)}: damaged: {clean(error, 200)}") from error


class _Making:
    """One index that is being written; `words` are those that its numbers stand for."""

    def __init__(self, result: Path, writer: Writer) -> None:
        self._result, self._writer = result, writer
        self._words: dict[str, list[str]] = {}

    def write(self, run: str) -> None:
        """All tables, and the list of them."""
        accounts = self._accounts()
        clusters = self._clusters()
        self._members(accounts, clusters)
        self._links(accounts)
        self._words["kinds"] = write_sharing(self._result, self._writer, accounts)
        self._writer.finish(run, self._words)

    def _accounts(self) -> pa.Array:
        """Ids in order; what each account did."""
        ids = self._column("activity", "account_id")
        order = ordered(ids, "an account")
        ids = taken(ids, order)
        self._writer.texts("accounts.id", ids)
        for name in ("events", "days"):
            self._array(f"accounts.{name}", wholes(self._column("activity", name, order)))
        for name in ("first_seen", "last_seen", "signed_up"):
            self._array(f"accounts.{name}", moments(self._column("activity", name, order)))
        own = fractions(self._column("activity", "own_prompts", order))
        self._array("accounts.own_prompts", own)
        hours = self._column("activity", "hours", order)
        self._array("accounts.hours_at", ends(_lengths(hours)))
        self._array("accounts.hours", narrow(wholes(pc.list_flatten(hours))))
        names, verified = words(self._column("activity", "organisation", order))
        self._array("accounts.organisation", verified)
        self._writer.texts("organisations.name", texts(names))
        inside = np.flatnonzero(verified >= 0)
        grouped = inside[np.argsort(verified[inside], kind="stable")]
        self._array("organisations.accounts_at", offsets(verified[inside], len(names)))
        self._array("organisations.accounts", grouped.astype(np.int32))
        names, claimed = words(self._column("activity", "claimed", order))
        self._array("accounts.claimed", claimed)
        self._writer.texts("organisations.claimed", texts(names))
        return ids

    def _clusters(self) -> pa.Array:
        """Ids in order; figures, and all orders that are asked for."""
        ids = self._column("clusters", "cluster_id")
        order = ordered(ids, "a cluster")
        ids = taken(ids, order)
        self._writer.texts("clusters.id", ids)
        made: dict[str, Array] = {}
        for name in ("accounts", "events"):
            made[name] = wholes(self._column("clusters", name, order))
        for name in ("first_seen", "last_seen"):
            made[name] = moments(self._column("clusters", name, order))
        for name in _FRACTIONS:
            made[name] = fractions(self._column("clusters", name, order))
        for name in ORDERS:
            made[f"by_{name}_up"], made[f"by_{name}_down"] = _orders(made[name])
        for name, known in (("proposal", "proposals"), ("note", "notes")):
            made[name] = self._word(known, self._column("clusters", name, order))
        for name, values in made.items():
            self._array(f"clusters.{name}", values)
        self._signals(self._column("clusters", "signals", order))
        return ids

    def _signals(self, lists: pa.Array) -> None:
        self._array("clusters.signals_at", ends(_lengths(lists)))
        found = pc.list_flatten(lists)
        parts: Mapping[str, pa.Array] = {
            name: found.field(name) if len(found) else texts([])
            for name in ("name", "question", "value", "usual", "rank", "text")
        }
        for name in ("name", "question"):
            self._array(f"signals.{name}", self._word(f"{name}s", parts[name]))
        for name in ("value", "usual", "rank"):
            self._array(f"signals.{name}", fractions(parts[name]))
        self._writer.texts("signals.text", parts["text"])

    def _members(self, accounts: pa.Array, clusters: pa.Array) -> None:
        """Of each account its membership, and of each cluster its members."""
        account = numbered(self._column("members", "account_id"), accounts, "a member")
        cluster = numbered(self._column("members", "cluster_id"), clusters, "a cluster")
        confidence = fractions(self._column("members", "confidence"))
        known: Mapping[str, Array] = {
            "cluster": cluster,
            "confidence": confidence,
            "proposal": self._word("proposals", self._column("members", "proposal")),
            "held_by": self._word("held", self._column("members", "held_by")),
        }
        for name, values in known.items():
            every = np.full(len(accounts), np.nan if values is confidence else -1, values.dtype)
            every[account] = values
            self._array(f"accounts.{name}", every)
        self._array("clusters.members_at", offsets(cluster, len(clusters)))
        self._array("members.account", account[np.lexsort((account, cluster))])
        by_confidence = np.lexsort((account, -confidence, cluster))
        self._array("members.by_confidence", account[by_confidence])

    def _links(self, accounts: pa.Array) -> None:
        """The second ends of links, by the first."""
        a, b = (
            numbered(self._column("links", end), accounts, "an account of a link")
            for end in ("account_a", "account_b")
        )
        self._array("accounts.links_at", offsets(a, len(accounts)))
        self._array("links.other", b[np.lexsort((b, a))])

    def _column(self, table: str, name: str, order: Ints | None = None) -> pa.Array:
        return taken(column(self._result, table, name), order)

    def _array(self, name: str, values: Array) -> None:
        self._writer.array(name, values)

    def _word(self, known: str, found: pa.Array) -> Array:
        """Numbers of words; those that came before under this name keep theirs."""
        new, numbers = words(found)
        every = self._words.setdefault(known, [])
        every += [word for word in new if word not in every]
        place = np.array([*(every.index(word) for word in new), -1], np.int32)
        return place[numbers]


def _lengths(lists: pa.Array) -> Array:
    """How many entries each list has; none where it is missing."""
    lengths = pc.list_value_length(lists).fill_null(0)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)


def _orders(values: Array) -> tuple[Array, Array]:
    """Entries from the lowest up, and from the highest down: those without a value last, and what
    ties in its own order, either way."""
    missing = np.isnan(values) if values.dtype.kind == "f" else values == NONE
    key = np.where(missing, 0, values)
    own = np.arange(len(values))
    up, down = (np.lexsort((own, sign * key, missing)).astype(np.int32) for sign in (1, -1))
    return up, down
