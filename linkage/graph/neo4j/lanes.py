"""The batches of a push on their way into Neo4j, some at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

from linkage.graph.neo4j.connection import Asking, Database
from linkage.graph.neo4j.parts import Parts
from linkage.graph.neo4j.statements import words_of
from linkage.graph.neo4j.steps import Step

Progress = Callable[[str, float], None]

LANES = 2  # batches under way at once: one is made ready while the server works on another
JOINING = "accounts"  # the part in which accounts are joined to the artifacts' nodes


class Lanes:
    """The batches of a push, on lanes: lane i of n takes the batches i, i + n, i + 2n ..."""

    def __init__(
        self,
        database: Database,
        parts: Parts,
        key: str,
        work: Sequence[Step],
        progress: Progress,
    ) -> None:
        self._database, self._parts, self._key = database, parts, key
        self._work, self._progress = work, progress
        self._lock, self._stop = Lock(), Event()
        self._done, self._all = 0.0, float(sum(step.rows for step in work)) or 1.0

    def run(self) -> None:
        """Bring in all that is not there yet; the first fault stops every lane. So does another
        push that has shown the run meanwhile, or taken it away: what became of it, `show` finds."""
        places = self._places()
        with ThreadPoolExecutor(LANES) as threads:
            try:
                for step in self._work:
                    if step.part == JOINING:
                        self._find_nodes()
                    ran = [
                        threads.submit(self._lane, step, lane, places.get((step.part, lane)))
                        for lane in range(LANES)
                    ]
                    for lane in ran:
                        lane.result()
            finally:
                self._stop.set()  # whoever interrupts this thread need not wait for the others

    def _places(self) -> dict[tuple[str, int], int]:
        rows = self._database.read(lambda ask: ask.rows("push/steps", run=self._key))
        return {(row["part"], row["lane"]): row["batch"] for row in rows}

    def _find_nodes(self) -> None:
        """Where the artifacts are that accounts will be joined to, those of a push before too."""
        placed = 0
        for kind in self._parts.kinds:
            for page in self._database.long("push/nodes", words_of(kind), run=self._key):
                keys, nodes = [row[0] for row in page], [row[1] for row in page]
                placed += self._parts.place(kind.name, keys, nodes)
        if placed < self._parts.count("artifact_rows"):
            self._stop.set()  # another push has taken some away

    def _lane(self, step: Step, lane: int, place: int | None) -> None:
        if place is not None:
            self._tell(step, place // LANES)
        try:
            while place is not None and place < step.batches and not self._stop.is_set():
                place = self._batch(step, lane, place)
        except BaseException:
            self._stop.set()
            raise
        if place is None:
            self._stop.set()

    def _batch(self, step: Step, lane: int, batch: int) -> int | None:
        """Bring one batch in; returns the place of the next, None where nobody waits for it."""
        values = {
            **step.values(self._parts, batch),
            "run": self._key,
            "part": step.part,
            "lane": lane,
            "batch": batch,
            "next": batch + LANES,
        }
        words = words_of(step.kind) if step.kind else None

        def once(ask: Asking) -> int | None:
            place = ask.first("push/place", run=self._key, part=step.part, lane=lane)
            # Another push of the same run may have been faster: then its place is ours too.
            if place is None or place["batch"] != batch:
                return place["batch"] if place else None
            ask.run_step(step.statement, words, self._parts.kinds, values)
            return batch + LANES

        place = self._database.write(once, sees=True)
        self._tell(step, 1)
        return place

    def _tell(self, step: Step, batches: int) -> None:
        with self._lock:
            self._done += step.rows * batches / step.batches
            self._progress(step.part, min(0.9, 0.9 * self._done / self._all))
