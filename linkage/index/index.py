"""An index, opened: its tables; and made where there is none that can be used."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np

from linkage.errors import ResultError
from linkage.index.columns import Ints
from linkage.index.files import Array, Files
from linkage.index.making import make
from linkage.index.tables import (
    Accounts,
    Artifacts,
    Clusters,
    Evidence,
    Holders,
    Links,
    Members,
    Organisations,
    Signals,
    Templates,
    read,
)
from linkage.wording import KIND

WORDS = ("proposals", "notes", "held", "names", "questions")


class Index:
    """The tables of an index; nothing in it changes, and any number of threads may read."""

    def __init__(self, folder: Path, run: str) -> None:
        """ResultError where the folder holds no whole index of this run. All of it is read once,
        to compare checksums."""
        files = Files(folder, run)
        self.folder = folder
        self.accounts = read(Accounts, files)
        self.organisations = read(Organisations, files)
        self.evidence = read(Evidence, files)
        self.artifacts = read(Artifacts, files)
        self.templates = read(Templates, files)
        self.holders = read(Holders, files)
        self.links = read(Links, files)
        self.clusters = read(Clusters, files)
        self.signals = read(Signals, files)
        self.members = read(Members, files)
        self.kinds: Sequence[str] = files.words["kinds"]
        # A number below zero stands for a word that is missing: it is the last.
        self.proposals, self.notes, self.held, self.names, self.questions = (
            (*files.words[name], None) for name in WORDS
        )
        self._of_kind = {
            kind: (low, self.artifacts.value.part(low, high))
            for kind, (low, high) in zip(
                self.kinds, pairwise(self.artifacts.kind_at.tolist()), strict=True
            )
        }

    def unit(self, account: int) -> Sequence[int]:
        """The accounts of an account's verified organisation, or it alone."""
        organisation = self.accounts.organisation[account]
        if organisation < 0:
            return (account,)
        of = self.organisations
        low, high = of.accounts_at[organisation], of.accounts_at[organisation + 1]
        return of.accounts[low:high].tolist()

    def rows(self, account: int) -> range:
        """Where an account's evidence is."""
        at = self.accounts.evidence_at
        return range(at[account], at[account + 1])

    def linked(self, account: int) -> Sequence[int]:
        """The second ends of the links whose first end it is."""
        at = self.accounts.links_at
        return self.links.other[at[account] : at[account + 1]].tolist()

    def artifact(self, kind: str, value: str) -> int | None:
        """The number of an artifact; None where there is none such."""
        if kind not in self._of_kind:
            return None
        first, values = self._of_kind[kind]
        number = values.number(value)
        return None if number is None else first + number

    def words(self, artifacts: Ints) -> Sequence[str | None]:
        """What each artifact says, if it is a template of which that is known."""
        made: list[str | None] = [None] * len(artifacts)
        if KIND in self._of_kind and len(self.templates.words):
            first, _ = self._of_kind[KIND]
            numbers = artifacts - first
            inside = np.flatnonzero((numbers >= 0) & (numbers < len(self.templates.words)))
            said = self.templates.words.of(numbers[inside]) if inside.size else []
            for place, words in zip(inside.tolist(), said, strict=True):
                made[place] = words or None
        return made

    def after(self, accounts: Array, low: int, high: int, account_id: str) -> int:
        """Of accounts in order, from `low` to `high`, where those after an id begin."""
        ids = self.accounts.id
        next_one = ids.place(account_id) + (ids.number(account_id) is not None)
        return low + int(np.searchsorted(accounts[low:high], next_one))


def index_of(result: Path, run: str, folder: Path) -> Index:
    """The index of a run, from its folder; made from the result where there is none there, or one
    of another format, or a damaged one. ResultError where that cannot be."""
    with suppress(ResultError):
        return Index(folder, run)
    if folder.exists():
        _away(folder)
    try:
        make(result, run, folder)
    except ResultError:
        # Another process may have made it meanwhile.
        with suppress(ResultError):
            return Index(folder, run)
        raise
    return Index(folder, run)


def _away(folder: Path) -> None:
    """Take a folder away at once: nobody finds half of it."""
    gone = folder.with_name(f".{folder.name}-gone")
    try:
        shutil.rmtree(gone, ignore_errors=True)
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
    except OSError as error:
        raise ResultError(f"{folder}: cannot be taken away: {error}") from None
