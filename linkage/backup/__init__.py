"""Backups of a workspace: taken while its service runs, and made a workspace again."""

from linkage.backup.contents import left_out
from linkage.backup.manifest import Manifest, StateKept
from linkage.backup.restoring import check, restore
from linkage.backup.taking import Chosen, back_up

__all__ = ["Chosen", "Manifest", "StateKept", "back_up", "check", "left_out", "restore"]
