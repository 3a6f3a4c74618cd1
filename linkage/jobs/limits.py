"""What a detection's process may have: so much memory, what time others leave, and no longer a life
than the service that began it."""

from __future__ import annotations

import os
import resource
import threading
from contextlib import suppress
from pathlib import Path

NICE = 10
FIRST_TO_GO = 500  # of 1000: where the machine runs out of memory, not the service is killed


def limit(memory_mb: int) -> None:
    """Set the limits of this process. Before anything large is loaded: that counts too.

    The system counts data and stacks that are reserved, whether they are used or not: some 1 GB
    beyond what is resident. What goes beyond is refused, as a MemoryError or the like.
    """
    most = memory_mb << 20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(FIRST_TO_GO), "ascii")


def end_with(pipe: int) -> None:
    """End this process when nobody holds the other end of a pipe any more: the service, however it
    ended. A thread waits for it; nothing ever comes through the pipe."""

    def watch() -> None:
        with suppress(OSError):
            os.read(pipe, 1)
        os._exit(1)

    threading.Thread(target=watch, name="service", daemon=True).start()


def of_memory(error: BaseException | None) -> bool:
    """Whether a fault says that memory was refused."""
    while error is not None:
        if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
            return True
        error = error.__cause__ or error.__context__
    return False
