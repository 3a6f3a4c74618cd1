"""Re-keys all that a workspace keeps, in steps that may be begun again.

privacy.json names both keys from the first step to the last, and nothing but this command takes a
workspace in which it does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from linkage.banlist.store import BANS, SHADOW, Lists
from linkage.erasing import beside as made_of_them
from linkage.erasing.events import clear_left
from linkage.erasing.whole import Eraser
from linkage.errors import PrivacyError
from linkage.jobs.tidying import alone, sweep
from linkage.journal.segments import Places
from linkage.privacy import guard, keys
from linkage.privacy.guard import Mark
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.render import clean
from linkage.rotating import beside, lists, runs
from linkage.rotating.rekeying import Rekeying
from linkage.state import State, rekeying
from linkage.workspace import Workspace

KEY = 32  # bytes


@dataclass(frozen=True)
class Rotated:
    """What was re-keyed now.

    old, new    names of the keys
    files       of events and of rows that could not be used;  vault, snapshots: files of these
    runs        and lists that lost their rows, for which a new one has them
    """

    old: str
    new: str
    files: int
    vault: int
    runs: int
    snapshots: int
    lists: int


def rotate(
    workspace: Workspace,
    state: State,
    chain: Path,
    signing: Callable[[], Ed25519PrivateKey],
    actor: str,
    shown: Callable[[], None] = lambda: None,
) -> Rotated:
    """Re-key a workspace, by the keys that a file has after those that it goes by, or by a new one
    that is put there; or end what was begun. Hold its journal.

    signing   gives the key that signs ban lists; it is asked for where there are any
    shown     shows the run in a graph anew, if it is shown in one

    PrivacyError where the workspace has no pseudonyms, or none of this file's keys, or where a
    detection goes on.
    """
    place, now = workspace.path, datetime.now(UTC)
    try:
        with alone(workspace, wait=False):
            mark = _marked(place)
            channels = [Lists(place, channel) for channel in (BANS, SHADOW)]
            signer = signing() if any(one.numbers() for one in channels) else None
    except BlockingIOError:
        raise PrivacyError(
            f"{clean(place)}: a detection goes on; try again when it is done"
        ) from None
    if mark.next is None:
        Eraser(workspace, state).resume()
    with alone(workspace):
        change = _chosen(place, mark, chain)
        runs.recover(workspace)
        sweep(workspace)
        clear_left(Places(place))
        made_of_them.leftovers(workspace, served=False)
        found = {
            "files": beside.events(Places(place), change),
            "vault": beside.vault(Places(place), change),
            "runs": runs.rekey(workspace, change),
            "snapshots": beside.snapshots(workspace, change),
            "lists": sum(lists.rekey(one, signer, change, actor, now) for one in channels),
        }
        with state.write() as connection:
            told = f"{change.old} to {change.new}"
            rekeying.rekey(connection, change.texts, told, actor, now)
        state.compact()
        shown()
        guard.write(place, Mark(change.new))
    return Rotated(change.old, change.new, **found)


def _marked(workspace: Path) -> Mark:
    mark = guard.read(workspace)
    if mark is None:
        raise PrivacyError(
            f"{clean(workspace)}: names are kept as they came, so that there is nothing to re-key"
        )
    return mark


def _chosen(workspace: Path, mark: Mark, file: Path) -> Rekeying:
    """From which keys to which; on disk, as begun, before this returns."""
    chain = keys.read_chain(file)
    names = [Pseudonyms(chain[: count + 1]).name for count in range(len(chain))]
    for name in (mark.key, mark.next):
        if name not in (*names, None):
            raise PrivacyError(
                f"{clean(workspace)}: goes by pseudonyms of {name}, and no keys of {clean(file)} "
                "make these. Name the file that it was made with"
            )
    after = names.index(mark.key) + 1
    if mark.next is not None:
        chain = chain[: names.index(mark.next) + 1]
    elif after == len(chain):
        chain.append(token_bytes(KEY))
        keys.write_chain(file, chain)
    made = Pseudonyms(chain)
    guard.write(workspace, Mark(mark.key, made.name))
    return Rekeying(made, after, mark.key)
