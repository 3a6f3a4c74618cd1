"""The audit of reads: written in groups, so that no read waits for a disk.

What changes something is written in the transaction that changes it, by whoever does. Reads of the
last half second may be lost if the process is killed.
"""

from __future__ import annotations

import threading

from linkage.errors import StateError
from linkage.state import AuditEntry, State, audit

EVERY = 0.5  # seconds
MOST = 50_000  # entries that wait; beyond, a read waits for the disk


class AuditLog:
    """Takes entries from any thread; one thread writes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._waiting: list[AuditEntry] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def add(self, entry: AuditEntry) -> None:
        """Have it written soon."""
        with self._lock:
            self._waiting.append(entry)
            full = len(self._waiting) >= MOST
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            entries, self._waiting = self._waiting, []
        try:
            with self._state.write() as connection:
                audit.append(connection, entries)
        except StateError:
            with self._lock:
                self._waiting = entries + self._waiting
            raise

    def close(self) -> None:
        """Write the rest and stop."""
        self._stop.set()
        self._thread.join()
        self.flush()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            if self._waiting:
                try:
                    self.flush()
                except StateError:
                    continue  # they wait for the next time
