"""A detection's process, as the service has it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from linkage.jobs.lines import Ended, Line, read
from linkage.jobs.task import FILE, LOG, Task, too_little

COMMAND = (sys.executable, "-m", "linkage.jobs")
# Where this package is, so that it is this one that is run, installed or not.
_WORKING = Path(__file__).resolve().parents[2]
# What libraries print that end a process because memory was refused to them.
_OF_MEMORY = (b"bad_alloc", b"memory allocation of", b"MemoryError", b"Memory allocation")
_TAIL = 4000  # bytes


class Process:
    """Started at once, in a session of its own: what is typed at the service's terminal does not
    reach it. It ends when the service does, as the pipe that it watches is closed then."""

    def __init__(
        self, task: Task, folder: Path, most_hours: float, command: Sequence[str] = COMMAND
    ) -> None:
        """`folder`: for the job's file, and for what is printed; it is there."""
        self._task, self._log, self._most_hours = task, folder / LOG, most_hours
        self._late = threading.Event()
        task.write(folder / FILE)
        with self._log.open("wb") as errors:
            self._popen = subprocess.Popen(
                (*command, str(task.memory_mb), str((folder / FILE).resolve())),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=_WORKING,
                start_new_session=True,
            )
        self._timer = threading.Timer(most_hours * 3600, self._end_late)
        self._timer.daemon = True
        self._timer.start()

    def says(self) -> Iterator[Line]:
        """Its lines as they come, up to its end."""
        assert self._popen.stdout is not None
        for text in self._popen.stdout:
            line = read(text)
            if line is not None:
                yield line
        self._popen.wait()

    def kill(self) -> None:
        """End it, whatever it does: all that it publishes, it publishes by one rename. From any
        thread; where it has ended already, nothing happens."""
        self._popen.kill()

    def death(self) -> Ended:
        """Why it ended without a word, once it has."""
        if self._late.is_set():
            hours = f"run_most_hours = {self._most_hours:g}"
            return Ended(fault=f"the detection took longer than {hours} lets it")
        if self._lacked_memory():
            return Ended(fault=too_little(self._task.memory_mb), final=True)
        code = self._popen.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
        return Ended(fault=f"its process {how}; {self._log} has what it printed")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        self.kill()
        self._popen.__exit__(kind, error, trace)

    def _end_late(self) -> None:
        self._late.set()
        self.kill()

    def _lacked_memory(self) -> bool:
        """Whether the last that it printed says so."""
        with self._log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
            tail = log.read()
        return any(words in tail for words in _OF_MEMORY)
