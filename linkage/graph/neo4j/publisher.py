"""Bringing a run into Neo4j: in steps, each batch once, and readers see it when it is whole.

A run's graph is apart from every other's: all that belongs to it has its key in `run`. Each
batch is a transaction that also moves the step's place on, so that after a fault, a kill or a lost
answer the same push goes on where it was, and nothing is there twice. One pointer moves last.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.errors import GraphError
from linkage.graph.answers import KindWords
from linkage.graph.base import run_id
from linkage.graph.neo4j.connection import Database, Record
from linkage.graph.neo4j.lanes import LANES, Lanes, Progress
from linkage.graph.neo4j.model import FORMAT, NAME, Scope, native, run_key
from linkage.graph.neo4j.model import key as key_of
from linkage.graph.neo4j.parts import AROUND, BATCH, LINKS_EACH, Parts
from linkage.graph.neo4j.schema import CONSTRAINTS, ensure, imported, ours
from linkage.graph.neo4j.steps import steps
from linkage.render import clean
from linkage.run import Run

GONE = 5_000  # nodes taken away in a transaction
ABANDONED = timedelta(hours=1)  # without a batch, and a push is not coming back


@dataclass(frozen=True)
class Pushed:
    """What a push did: nodes and relationships by part; `already`: the run was there whole."""

    run: str
    scope: Scope
    already: bool
    parts: dict[str, int]
    dropped: tuple[str, ...]


class Neo4jPublisher:
    """`linkage.graph.Publisher` for a database. `keep`: runs shown before that stay."""

    def __init__(
        self,
        database: Database,
        scope: Scope = Scope.flagged,
        *,
        keep: int = 0,
        progress: Progress | None = None,
    ) -> None:
        self._database, self._scope, self._keep = database, scope, keep
        self._progress = progress or (lambda stage, fraction: None)

    def publish(self, run_folder: str | Path) -> str:
        """As the port says."""
        return self.push(run_folder).run

    def push(self, run_folder: str | Path) -> Pushed:
        """Bring a result folder in, show it, and take away what was shown before.

        Raises ResultError where the folder is no result; GraphError where the database cannot be
        written or holds what is not ours. What was brought in stays, and the next call goes on.
        """
        run = Run.open(run_folder)
        kinds = KindWords.of_run(run.info)
        self._progress("schema", 0.0)
        ensure(self._database, kinds)
        key, there = run_key(run_id(run.path), self._scope), self._runs()
        own = there.get(key)
        already = own is not None and own["state"] == "whole"
        parts = {} if already else self._brought_in(run, kinds, key, there)
        if not self._database.write(
            lambda ask: ask.rows("push/show", run=key, name=NAME, format=FORMAT)
        ):
            raise GraphError(
                f"{self._database.target.url}: this run was taken away while it was brought in; "
                "push it again"
            )
        dropped = self._tidied(key)
        self._progress("done", 1.0)
        return Pushed(run_id(run.path), self._scope, already, parts, dropped)

    def drop(self, key: str) -> None:
        """Take a run's graph away, unless it is shown; `key` as `linkage graph status` has it."""
        there = {row["run"]: row for row in self.runs()}
        if key not in there:
            raise GraphError(f"{clean(key, 60)}: no such run in {self._database.target.url}")
        if not self._taken_away(there[key]):
            raise GraphError(
                f"{key}: this run is shown by {self._database.target.url}; push another first"
            )

    def clear(self) -> None:
        """Take away all runs, the one that is shown too: their names are no longer those that the
        results have. Whoever asks is told that there is none, until one is pushed."""
        there = self.runs()
        if there:
            self._database.write(lambda ask: ask.rows("drop/hide", name=NAME))
        for run in there:
            self._taken_away(run)

    def erase(self, account: str, labels: Iterable[str]) -> int:
        """Take an account out of all runs, with all that ties it to others; how many nodes went.

        labels   of kinds whose artifacts are accounts
        """
        gone = 0
        for run in self.runs():
            gone += self._without("drop/account", None, run["run"], account)
            for label in labels:
                gone += self._without("drop/artifact", {"label": label}, run["run"], account)
        return gone

    def runs(self) -> list[Record]:
        """The runs in the database, by time: run (key), id, scope, state, shown, published ..."""
        known = CONSTRAINTS["Run"][0] in ours(self._database) or imported(self._database)
        if not known:
            return []
        return list(self._runs().values())

    def _without(self, name: str, words: Mapping[str, str] | None, run: str, text: str) -> int:
        found = self._database.write(lambda ask: ask.rows(name, words, run=run, key=key_of(text)))
        return int(found[0]["gone"])

    def _taken_away(self, run: Record) -> bool:
        """Unless it is shown by now, or gone."""
        if not self._database.write(lambda ask: ask.rows("drop/mark", run=run["run"])):
            return False
        kinds = json.loads(run["plan"]).get("labels", [])
        # Accounts first: an artifact that a million have is then without relationships.
        for label in ("Account", "Cluster", *kinds, "PushStep", "Run"):
            while self._gone(run["run"], label) == GONE:
                pass
        return True

    def _gone(self, key: str, label: str) -> int:
        found = self._database.write(
            lambda ask: ask.rows("drop/nodes", {"label": label}, run=key, most=GONE)
        )
        return int(found[0]["gone"])

    def _runs(self) -> dict[str, Record]:
        found = self._database.read(lambda ask: ask.rows("read/runs"))
        return {row["run"]: {name: native(row[name]) for name in row} for row in found}

    def _brought_in(
        self, run: Run, kinds: tuple[KindWords, ...], key: str, there: dict[str, Record]
    ) -> dict[str, int]:
        """All batches that are not there yet."""
        own = there.get(key)
        plan = plan_of(kinds, self._scope)
        if own is not None and (
            own["plan"] != plan
            or own["state"] == "going"
            or own["previous"] not in (None, *there)  # the rest could not be compared with it
        ):
            self._taken_away(own)
            own = None
        self._progress("tables", 0.0)
        previous, was = self._before(own, run_id(run.path), there)
        with closing(Parts(run, kinds, self._scope, was)) as parts:
            work = steps(parts)
            properties = run_properties(run, key, self._scope, plan, previous)
            lanes = [[step.part, lane, step.batches] for step in work for lane in range(LANES)]
            self._database.write(
                lambda ask: ask.rows("push/begin", run=key, properties=properties, steps=lanes)
            )
            Lanes(self._database, parts, key, work, self._progress).run()
        return {step.part: step.rows for step in work}

    def _before(
        self, own: Record | None, own_id: str, there: dict[str, Record]
    ) -> tuple[str | None, pa.Table]:
        """The run shown before this one, and what it says of accounts, to tell what is new."""
        while True:
            shown = next((row for row in there.values() if row["shown"]), None)
            previous = own["previous"] if own else (shown or {}).get("run")
            was = self._was(previous, own_id, there)
            there = self._runs()
            # Another push may have shown its run, and taken this one away while it was read.
            if own or previous is None or there.get(previous, {}).get("state") == "whole":
                return previous, was

    def _was(self, previous: str | None, own_id: str, there: dict[str, Record]) -> pa.Table:
        columns: dict[str, list[str | None]] = {"key": [], "was": [], "was_in": []}
        if previous in there:
            again = there[previous]["id"] == own_id
            for page in self._database.long("push/previous", run=previous, again=again):
                for row in page:
                    for column, value in zip(columns.values(), row, strict=True):
                        column.append(value)
        return pa.table(columns, pa.schema([(name, pa.string()) for name in columns]))

    def _tidied(self, key: str) -> tuple[str, ...]:
        """Take away runs shown before, but for the last `keep` of them, and pushes that nobody
        goes on with."""
        there = list(self._runs().values())
        now = datetime.now(UTC)
        before = [row for row in there if row["state"] == "whole" and row["run"] != key]
        before.sort(key=lambda row: row["published"], reverse=True)
        left = [
            row
            for row in there
            if row["state"] == "begun" and now - (row["touched"] or row["begun"]) > ABANDONED
        ]
        going = [row for row in there if row["state"] == "going"]
        needed = {row["previous"] for row in there if row["state"] == "begun" and row not in left}
        old = [row for row in (*before[self._keep :], *left, *going) if row["run"] not in needed]
        dropped = []
        for number, row in enumerate(old):
            self._progress("taking away what was before", 0.9 + 0.1 * number / len(old))
            # Another push may have been faster, or show it again.
            if self._taken_away(row):
                dropped.append(row["run"])
        return tuple(dropped)


def plan_of(kinds: Sequence[KindWords], scope: Scope) -> str:
    """What the batches depend on beside the run: another version may make others."""
    sizes = {"batch": BATCH, "around": AROUND, "links": LINKS_EACH, "lanes": LANES}
    labels = [kind.label for kind in kinds]
    return json.dumps({"format": FORMAT, "scope": scope, **sizes, "labels": labels})


def run_properties(
    run: Run, key: str, scope: Scope, plan: str, previous: str | None
) -> dict[str, Any]:
    """Of the run's node: what a person reads there, and run.json whole."""
    counts = run.info["counts"]
    shown = ("events", "accounts", "links", "clusters", "listed")
    return {
        "id": run_id(run.path),
        "scope": scope.value,
        "format": FORMAT,
        "plan": plan,
        "previous": previous,
        "version": run.info["version"],
        **{name: counts[name] for name in shown if name in counts},
        "info": json.dumps(run.info),
    }
