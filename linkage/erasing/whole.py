"""Takes one account out of all of a workspace, in steps that may be begun again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from linkage.artifacts import ArtifactKind
from linkage.banlist.store import Lists
from linkage.erasing import beside, events, graph, lists, plan, runs
from linkage.erasing.plan import Plan
from linkage.errors import ConflictError, NotFound, PrivacyError
from linkage.jobs.tidying import alone, sweep
from linkage.journal import Journal
from linkage.journal.segments import Places
from linkage.privacy import guard, sweeping
from linkage.privacy.pseudonyms import ACCOUNT, is_pseudonym
from linkage.privacy.settings import Privacy
from linkage.render import clean
from linkage.state import State, erasures, jobs
from linkage.state.erasures import Erasure, tombstone, withheld
from linkage.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """Whom to erase, and what the audit has of it. account: by its own name or its pseudonym;
    although_listed: also where the ban list has it."""

    account: str
    reason: str
    actor: str
    although_listed: bool = False
    request_id: str = ""


@dataclass(frozen=True)
class Erased:
    """What became of it.

    tombstone   what stands wherever it was named
    events      that went, or name it no longer;  runs, snapshots, lists: that had it
    rows        of the state that named it;  vault: rows that nothing names any more
    """

    tombstone: str
    events: int
    runs: int
    snapshots: int
    lists: int
    rows: int
    vault: int


class Eraser:
    """Erases accounts from one workspace. Hold its journal, or give it."""

    def __init__(
        self,
        workspace: Workspace,
        state: State,
        journal: Journal | None = None,
        changed: Callable[[], None] = lambda: None,
        url: str | None = None,
    ) -> None:
        """journal: of the service that takes in events meanwhile; changed: is called when runs
        name the account no longer, and before the state is looked through; url: of the
        database that runs are shown in."""
        self._workspace, self._state = workspace, state
        self._journal, self._changed, self._url = journal, changed, url

    def erase(self, asked: Asked, privacy: Privacy, kinds: Iterable[ArtifactKind]) -> Erased:
        """Take an account out of everything, and write down that it was. One that was begun before
        and is not done is ended first.

        PrivacyError where a detection goes on, or the name cannot be made a pseudonym;
        ConflictError where the account is listed; NotFound where nothing names it; GraphError where
        the database cannot be reached, and all is to be done once more; ListError where files of
        ban lists cannot be read, when all else is done.
        """
        account = _kept(self._workspace, asked.account, privacy)
        ended = self.resume()
        if ended is not None and account in ended[0].erasure.names:
            return ended[1]
        if not asked.although_listed:
            _check_listed(self._workspace, account, asked.account)
        naming = runs.kinds(self._workspace) | {k.name: k.column for k in kinds if k.names_account}
        names = tuple(dict.fromkeys((account, asked.account)))
        stone = tombstone()
        erasure = Erasure(
            account, names, stone, tuple(sorted(naming)), asked.actor,
            withheld(asked.reason, names, stone), datetime.now(UTC), asked.request_id,
        )  # fmt: skip
        return self._ended(Plan(erasure, tuple(sorted(set(naming.values())))), begun=False)

    def resume(self) -> tuple[Plan, Erased] | None:
        """End what was begun and not ended; None where there is nothing such."""
        there = plan.read(self._workspace.path)
        return None if there is None else (there, self._ended(there, begun=True))

    def _ended(self, chosen: Plan, *, begun: bool) -> Erased:
        place, erasure = self._workspace, chosen.erasure
        if not begun:
            self._check_idle()
        try:
            with alone(place, wait=False):
                sweep(place)
                plan.write(place.path, chosen)
                if self._journal is not None:
                    self._journal.seal()
                beside.leftovers(place, served=self._journal is not None)
                listed, unread = lists.erase(place, erasure.account)
                found = {
                    "events": events.erase(Places(place.path), erasure, chosen.columns),
                    "runs": runs.erase(place, erasure),
                    "snapshots": beside.snapshots(place, erasure),
                    "lists": listed,
                }
                if begun or any(found.values()):
                    unread += lists.templates(place)
                if self._url is not None:
                    graph.erase(self._url, erasure)
                self._changed()
                found["rows"] = self._replaced(erasure, begun or any(found.values()))
                vault = self._swept() if any(found.values()) or begun else 0
                if begun or any(found.values()):
                    # It stays begun, so that the same again ends it when they can be read.
                    lists.check(unread)
                plan.done(place.path)
        except BlockingIOError:
            raise _busy(place) from None
        if not (begun or any(found.values())):
            lists.check(unread)
            raise NotFound("nothing here names this account")
        return Erased(erasure.tombstone, **found, vault=vault)

    def _replaced(self, erasure: Erasure, found: bool) -> int:
        with self._state.write() as connection:
            rows = erasures.replace(connection, erasure)
            if rows or found:
                erasures.register(connection, erasure)
        self._state.compact()
        return rows

    def _swept(self) -> int:
        places = Places(self._workspace.path)
        if not places.in_vault():
            return 0
        if self._journal is not None:
            self._journal.forget_vaulted()
            self._journal.seal()
        return sweeping.sweep(self._workspace.path, self._state, max(places.in_vault()))

    def _check_idle(self) -> None:
        """What a detection was told names accounts, too."""
        if self._journal is None:
            return
        with self._state.read() as connection:
            if jobs.unfinished(connection) is not None:
                raise _busy(self._workspace)


def _busy(workspace: Workspace) -> PrivacyError:
    return PrivacyError(
        f"{clean(workspace.path)}: a detection goes on, and reads what would go; try again when "
        "it is done"
    )


def _kept(workspace: Workspace, account: str, privacy: Privacy) -> str:
    """An account's name as the workspace keeps it."""
    mark = guard.read(workspace.path)
    if mark is None:
        return account
    guard.check_settled(workspace.path)
    if is_pseudonym(account):
        return account
    if privacy.pseudonyms is None or privacy.key != mark.key:
        raise PrivacyError(
            f"{clean(workspace.path)}: what is kept goes by pseudonyms of the key {mark.key}: name "
            "the account by its pseudonym, or that key's file as hmac_key in [privacy]"
        )
    return privacy.pseudonyms.one(ACCOUNT, account)


def _check_listed(workspace: Workspace, account: str, given: str) -> None:
    lists = Lists(workspace.path)
    latest = lists.latest()
    entry = None if latest is None else latest.active(datetime.now(UTC)).get(account)
    if latest is not None and entry is not None:
        raise ConflictError(
            f"{clean(given, 80)}: it is on ban list {latest.head.number} until "
            f"{entry.expires_at:%Y-%m-%d %H:%M} UTC, and once it is erased nothing knows it "
            "again. Wait until then, or clear it, or erase it although it is listed"
        )
