"""The ban lists of a workspace: drafted from its current run and its state, and published."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from linkage.banlist import BanlistSettings, Draft, draft
from linkage.banlist.draft import check_budget
from linkage.banlist.store import Lists, Published
from linkage.errors import ConflictError, ListError, ResultError, SettingsError
from linkage.privacy.guard import check_settled
from linkage.render import clean
from linkage.run import Run
from linkage.state import AuditEntry, State, audit
from linkage.state.judging import standing
from linkage.workspace import Workspace


def drafted(
    workspace: Workspace,
    state: State,
    lists: Lists,
    settings: BanlistSettings,
    now: datetime,
    *,
    freeing: bool = False,
) -> Draft:
    """What the next list would be; `freeing`, the one before without whom people have freed since,
    of whatever run and over whatever budget.

    ResultError where the workspace has no run, PrivacyError where its names are being re-keyed.
    """
    check_settled(workspace.path)
    folder = workspace.current()
    if folder is None:
        raise ResultError("the workspace has no run yet, so that there is nothing to list")
    with state.read() as connection:
        judged = standing(connection)
    before = lists.latest()
    entries = {} if before is None else before.active(now)
    run = Run.open(folder)
    return draft(run, folder.name, judged, entries, settings, now, freeing=freeing)


def published(
    workspace: Workspace,
    found: Draft,
    state: State,
    lists: Lists,
    key: Ed25519PrivateKey,
    said: AuditEntry,
    override: str | None = None,
    number: int | None = None,
) -> Published:
    """Publish a draft, and write down who did. number: that it was drafted for.

    OverBudget where it is above a limit and `override` does not say why; ConflictError where
    people have decided something since it was drafted, another run is served, or another list was
    published.
    """
    check_settled(workspace.path)
    over = check_budget(found, override, said.at)
    with state.write() as connection:
        served = workspace.current()
        if not found.freeing and (served is None or served.name != found.run):
            raise ConflictError("another run is served since the list was drafted; draft it again")
        now = standing(connection)
        if (now.decisions, now.allowlist) != (found.decisions, found.allowlist):
            raise ConflictError(
                "people have decided something since the list was drafted; draft it again"
            )
        made = lists.publish(found, key, said.actor, said.at, override if over else None, number)
        audit.append(connection, [said])
    return made


def signing_key(settings: BanlistSettings) -> Ed25519PrivateKey:
    """The key that signs lists; SettingsError where there is none."""
    if settings.signing_key is None:
        raise SettingsError(
            ["banlist.signing_key: name the file of a key; `linkage banlist keygen` makes one"],
            "settings",
        )
    return private_key(settings.signing_key)


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file; ListError where there is none."""
    key = _loaded(path, private=True)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a file, or that of the private key in it; ListError where there is none."""
    if b"PRIVATE" in _bytes(path):
        return private_key(path).public_key()
    key = _loaded(path, private=False)
    assert isinstance(key, Ed25519PublicKey)
    return key


def _loaded(path: Path, *, private: bool) -> object:
    data = _bytes(path)
    try:
        key = load_pem_private_key(data, None) if private else load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ListError(f"{clean(path)}: no key can be read: {clean(error, 200)}") from None
    if not isinstance(key, Ed25519PrivateKey if private else Ed25519PublicKey):
        raise ListError(f"{clean(path)}: a key of another sort; Ed25519 is wanted")
    return key


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ListError(f"{clean(path)}: cannot be read: {clean(error)}") from None
