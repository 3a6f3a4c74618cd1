"""`benchmarks.processes.run` from a process that is small, whatever the caller has loaded.

The system counts the size that a parent had at the start to its child's peak. So a small Python
starts the program, and prints what it took as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.processes import Taken, run


def apart(arguments: Sequence[str | os.PathLike[str]]) -> Taken:
    """Run Python with these arguments; RuntimeError where the program fails."""
    return Taken(**json.loads(run(["-m", "benchmarks.apart", *arguments]).output))


def main() -> None:
    """Run the command line: what Python is to run."""
    try:
        print(json.dumps(asdict(run(sys.argv[1:]))))
    except RuntimeError as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    main()
