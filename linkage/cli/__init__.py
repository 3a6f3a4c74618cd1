"""The command line, `linkage`."""

from linkage.cli.app import app, main

__all__ = ["app", "main"]
