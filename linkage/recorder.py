"""How long each stage took, the memory used by its end, and what it wrote to disk."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Progress = Callable[[str, float], None]


@dataclass
class Recorder:
    """Times the stages of one run and tells how far it is.

    weights: stage -> its usual share of the whole, for the progress bar.
    """

    weights: dict[str, float]
    progress: Progress | None = None
    stages: list[dict[str, Any]] = field(default_factory=list)
    done: float = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        self._tell(name)
        start, written = time.perf_counter(), written_to_disk()
        yield
        self.done += self.weights[name]
        seconds = time.perf_counter() - start
        self.stages.append(
            {
                "stage": name,
                "seconds": round(seconds, 3),
                "peak_mb": round(peak_memory()),
                "written_mb": round(written_to_disk() - written, 1),
            }
        )
        self._tell(name)

    def _tell(self, name: str) -> None:
        if self.progress is not None:
            self.progress(name, min(1.0, self.done / sum(self.weights.values())))


def peak_memory() -> float:
    """Largest resident size of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def written_to_disk() -> float:
    """What this process has written to disk so far, temporary files too, in MB; 0 where the
    system does not count it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_oublock * 512 / 1e6
