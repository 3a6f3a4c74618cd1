"""The process of a detection: `python -m linkage.jobs MEMORY_MB FILE`, which a service starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TextIO

from linkage.jobs.limits import end_with, limit


def main(memory_mb: str, file: str) -> int:
    """Limits first, then all that is large."""
    limit(int(memory_mb))
    end_with(sys.stdin.fileno())
    out = _claimed()
    from linkage.jobs.child import attempt
    from linkage.jobs.task import Task

    return attempt(Task.read(Path(file)), out)


def _claimed() -> TextIO:
    """Standard output, for lines alone: what any library prints goes to standard error."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return out


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
