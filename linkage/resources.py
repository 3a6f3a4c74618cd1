"""Where files are that belong to the project but are no Python modules."""

from __future__ import annotations

from pathlib import Path


def cypher_folder() -> Path:
    """The folder of Cypher statements: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    packed = package / "cypher"
    return packed if packed.is_dir() else package.parent / "cypher"
