"""What is on disk, and not just written, when a call returns."""

from __future__ import annotations

import os
from pathlib import Path


def synced(path: Path) -> None:
    """Have a file, or a folder's names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
