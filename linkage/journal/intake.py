"""A call's events, from the body to the disk."""

from __future__ import annotations

from linkage.journal.checking import Checked, Checker
from linkage.journal.journal import Journal, Outdated, Receipt


def taken_in(checker: Checker, journal: Journal, body: bytes) -> tuple[Checked, Receipt]:
    """What a body has, and what became of it; on disk when it returns.

    Where the vault was forgotten in between, values that it is to have are sealed once more.
    """
    checked = checker.checked(body)
    while True:
        try:
            return checked, journal.append(checked)
        except Outdated:
            checked = checker.checked(body)
