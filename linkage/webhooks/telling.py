"""Finds out what is to be told, and has it delivered.

What happened is on disk or in the state already: the run that is served, published lists, jobs that
ended. How far receivers were told is in the state too. So nothing has to be caught at the moment at
which it happens, by whichever process: what is there and was not told is told, and that it was is
written in the transaction that has the messages. A process that is killed in between tells it when
it is started again; of two services, one tells it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow.parquet as pq
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from linkage.banlist.chain import Head
from linkage.banlist.report import Report
from linkage.banlist.store import BANS, SHADOW, Lists
from linkage.errors import ResultError
from linkage.render import missing
from linkage.state import State, jobs, outbox
from linkage.state.jobs import Job, JobState
from linkage.state.judging import decided
from linkage.webhooks.changes import RunSeen, Seen, binding, flagged, growing
from linkage.webhooks.messages import (
    ClusterFlagged,
    ClusterGrowing,
    Data,
    ListPublished,
    RunFailed,
    RunFinished,
    message,
)
from linkage.webhooks.settings import Webhook
from linkage.webhooks.standing import is_disabled
from linkage.workspace import Workspace

RUN, JOB = "run", "job"  # subjects
NOTHING = ""  # is told before there is any
AGAIN = timedelta(minutes=1)  # before what could not be told is tried again
_COUNTS = ("events", "accounts", "clusters", "listed")
_MOST_FIGURE = 1e6


_Found = Iterable[tuple[Data, frozenset[str]]]  # what is told, and to which webhooks at most


@dataclass(frozen=True)
class _Subject:
    """Something that is told of. last: how far it has come, from how far was told; of: what is told
    between the two."""

    name: str
    last: Callable[[str], str]
    of: Callable[[str, str], _Found]


class Teller:
    """Tells the webhooks of a workspace. For one thread at a time."""

    def __init__(
        self,
        workspace: Workspace,
        state: State,
        webhooks: Sequence[Webhook],
        now: Callable[[], datetime],
        trouble: Callable[[Exception], None],
    ) -> None:
        """`trouble` hears of faults, each of which keeps one subject from being told of."""
        self._workspace, self._state = workspace, state
        self._webhooks, self._now, self._trouble = webhooks, now, trouble
        self._later: dict[str, datetime] = {}
        self._subjects = (
            _Subject(JOB, self._last_job, self._of_jobs),
            _Subject(RUN, self._current, self._of_run),
            *(_Subject(f"list:{channel}", self._last_list(channel), self._of_lists(channel))
              for channel in (BANS, SHADOW)),
        )  # fmt: skip

    def step(self) -> int:
        """Tell what is new; how many messages that is. What is there when receivers are named for
        the first time is not told."""
        told, now = 0, self._now()
        for subject in self._subjects:
            if now < self._later.get(subject.name, now):
                continue
            try:
                told += self._step(subject)
            except Exception as error:
                self._later[subject.name] = now + AGAIN
                self._trouble(error)
        return told

    def _step(self, subject: _Subject) -> int:
        with self._state.read() as connection:
            before = outbox.told_of(connection, subject.name)
        now = subject.last(before or NOTHING)
        if now == before:
            return 0
        found = [] if before is None else list(subject.of(before, now))
        try:
            with self._state.write() as connection:
                if not outbox.tell(connection, subject.name, before, now):
                    return 0
                return self._append(connection, found)
        except IntegrityError:  # another service was first
            return 0

    def _append(self, connection: Connection, found: _Found) -> int:
        gone, at, appended = outbox.disabled(connection), self._now(), 0
        for data, names in found:
            to = [
                hook.name for hook in self._webhooks
                if data.kind in hook.events and hook.name in names
                and not is_disabled(hook, gone)
            ]  # fmt: skip
            if to:
                made = message(data, at)
                outbox.append(connection, made.id, made.at, made.kind, made.body, to)
                appended += 1
        return appended

    @property
    def _all(self) -> frozenset[str]:
        return frozenset(hook.name for hook in self._webhooks)

    def _last_job(self, before: str) -> str:
        with self._state.read() as connection:
            ended = jobs.ended_after(connection, before)
        return ended[-1].id if ended else before

    def _of_jobs(self, before: str, now: str) -> _Found:
        with self._state.read() as connection:
            ended = [job for job in jobs.ended_after(connection, before) if job.id <= now]
        return [(self._of_job(job), self._all) for job in ended]

    def _of_job(self, job: Job) -> Data:
        links = {"job": f"/v1/runs/{job.id}", "run": "/v1/run"}
        if job.state is JobState.failed:
            return RunFailed(links=links, job=job.id, attempts=job.attempts)
        counts: dict[str, Any] = dict.fromkeys(_COUNTS)
        if job.run is not None and (info := _info(self._workspace, job.run)) is not None:
            counts = {name: info["counts"][name] for name in _COUNTS}
        return RunFinished(links=links, job=job.id, run=job.run, attempts=job.attempts, **counts)

    def _current(self, before: str) -> str:
        folder = self._workspace.current()
        return NOTHING if folder is None else folder.name

    def _of_run(self, before: str, now: str) -> _Found:
        """Clusters, beside those of the run that was told of last; beside nothing where that is the
        first, or gone."""
        wanted = {ClusterFlagged.kind, ClusterGrowing.kind}
        hooks = [hook for hook in self._webhooks if wanted & set(hook.events)]
        if not hooks or now == NOTHING:
            return []
        with self._state.read() as connection:
            judged = decided(connection)
        lowest, around = min(hook.min_score for hook in hooks), binding(judged)
        new = seen(self._workspace, now, lowest, around)
        if new is None:
            raise ResultError(f"the run {now} is served and not there")
        old = None if before == NOTHING else seen(self._workspace, before, lowest, around)
        found: list[tuple[Data, frozenset[str]]] = []
        for score in sorted({hook.min_score for hook in hooks}):
            names = frozenset(hook.name for hook in hooks if hook.min_score == score)
            found += [(data, names) for data in flagged(old, new, judged, score)]
        return found + [(data, self._all) for data in growing(old, new, judged)]

    def _last_list(self, channel: str) -> Callable[[str], str]:
        lists = Lists(self._workspace.path, channel)

        def last(before: str) -> str:
            return str(max(lists.numbers(), default=0))

        return last

    def _of_lists(self, channel: str) -> Callable[[str, str], _Found]:
        lists = Lists(self._workspace.path, channel)

        def of(before: str, now: str) -> _Found:
            new = [number for number in lists.numbers() if int(before) < number <= int(now)]
            return [(of_list(lists.head(n)[0], lists.report(n)), self._all) for n in new]

        return of


def of_list(head: Head, report: Report) -> ListPublished:
    """What is told of a ban list."""
    return ListPublished(
        links={"list": f"/v1/banlists/{head.number}?channel={head.channel}"},
        channel="bans" if head.channel == BANS else "shadow",
        number=head.number,
        hash=head.hash,
        run=head.run,
        published_at=head.published_at,
        rows=head.rows,
        actions={name: report.actions.get(name, 0) for name in ("challenge", "limit", "ban")},
        added=report.added,
        removed=report.removed,
        changed=report.changed,
        over_budget=head.override is not None,
    )


_AROUND = """
    SELECT DISTINCT cluster_id FROM read_parquet($members)
    WHERE account_id IN (SELECT unnest($around))"""
_MEMBERS = """
    SELECT cluster_id, list(account_id) FROM read_parquet($members)
    WHERE cluster_id IN (SELECT unnest($clusters)) GROUP BY cluster_id"""


def seen(workspace: Workspace, run: str, lowest: float, around: frozenset[str]) -> RunSeen | None:
    """The clusters of a run that are over a score or have one of these accounts; None where the run
    has gone."""
    folder = workspace.run(run)
    if not folder.is_dir():
        return None
    members = str(folder / "members.parquet")
    columns = ["cluster_id", "score", "expected", "proposal"]
    rows = pq.read_table(folder / "clusters.parquet", columns=columns).to_pylist()
    with duckdb.connect(config={"threads": 1}) as engine:
        found = engine.execute(_AROUND, {"members": members, "around": sorted(around)}).fetchall()
        # Scores are compared here: the engine goes by statistics of the file, which know nothing of
        # those that are no numbers, and takes these for high ones.
        wanted = {cluster for (cluster,) in found} | {
            row["cluster_id"] for row in rows
            if (score := _figure(row["score"])) is not None and score >= lowest
        }  # fmt: skip
        given = {"members": members, "clusters": sorted(wanted)}
        accounts = dict(engine.execute(_MEMBERS, given).fetchall())
    return RunSeen(
        run,
        tuple(
            Seen(
                row["cluster_id"],
                frozenset(accounts[row["cluster_id"]]),
                _figure(row["score"]),
                _figure(row["expected"]),
                row["proposal"],
            )
            for row in rows
            if row["cluster_id"] in accounts
        ),
    )


def _figure(value: float | None) -> float | None:
    """As JSON knows it: a score without end is a very high one."""
    return None if value is None or missing(value) else min(value, _MOST_FIGURE)


def _info(workspace: Workspace, run: str) -> dict[str, Any] | None:
    try:
        return json.loads((workspace.run(run) / "run.json").read_text("utf-8"))
    except FileNotFoundError:
        return None
