"""Files of keys: the chain that pseudonyms are made with, and the pair of the vault.

The chain is a text file, a key of 64 hexadecimal digits a line, the newest last. The vault's pair
are PEM files of X25519: what is sealed with the public one, only the private one opens.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from linkage.disk import synced
from linkage.errors import SettingsError
from linkage.render import clean

HMAC, PUBLIC, PRIVATE = "hmac.keys", "vault.public.pem", "vault.private.pem"
_LINE = re.compile(r"[0-9a-f]{64}")
_OWNER = 0o600
_MOST_BYTES = 1 << 20


def make(folder: Path) -> tuple[Path, Path, Path]:
    """New keys in a folder: the chain, the vault's public key and its private one.

    SettingsError where one of them is there already: whoever lost a key cannot make it again.
    """
    files = (folder / HMAC, folder / PUBLIC, folder / PRIVATE)
    there = [
        f"{clean(file)}: is there already; name another folder" for file in files if file.exists()
    ]
    if there:
        raise SettingsError(there, "keys")
    private = X25519PrivateKey.generate()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_chain(files[0], [secrets.token_bytes(32)])
        _written(files[1], private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo,
        ))  # fmt: skip
        _written(files[2], private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ))  # fmt: skip
    except OSError as error:
        raise SettingsError(
            [f"{clean(folder)}: cannot be written: {clean(error)}"], "keys"
        ) from None
    return files


def read_chain(path: Path) -> list[bytes]:
    """The keys of a file, the newest last; SettingsError where it holds anything else, or where
    anybody may read it."""
    lines = _read(path, secret=True).decode("ascii", "replace").splitlines()
    wrong = [number for number, line in enumerate(lines, 1) if not _LINE.fullmatch(line)]
    if wrong or not lines:
        where = f"line {wrong[0]} is none" if wrong else "there is none"
        raise SettingsError(
            [
                f"a key is 64 hexadecimal digits, one a line; {where}. `linkage privacy keys` "
                "makes one"
            ],
            clean(path),
        )
    if len(set(lines)) != len(lines):
        raise SettingsError(["a key is there twice"], clean(path))
    return [bytes.fromhex(line) for line in lines]


def write_chain(path: Path, keys: Sequence[bytes]) -> None:
    """Write a chain whole, on disk before it returns, or leave what was there."""
    _written(path, "".join(f"{key.hex()}\n" for key in keys).encode("ascii"))


def read_public(path: Path) -> X25519PublicKey:
    """The vault's public key; SettingsError where it is none."""
    try:
        key = serialization.load_pem_public_key(_read(path, secret=False))
    except ValueError:
        key = None
    if not isinstance(key, X25519PublicKey):
        raise SettingsError(["no public key of a vault (PEM, X25519)"], clean(path))
    return key


def read_private(path: Path) -> X25519PrivateKey:
    """The vault's private key; SettingsError where it is none."""
    try:
        key = serialization.load_pem_private_key(_read(path, secret=True), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise SettingsError(["no private key of a vault (PEM, X25519, not encrypted)"], clean(path))
    return key


def _read(path: Path, *, secret: bool) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if secret and mode & stat.S_IRWXO:
                raise SettingsError(
                    [f"everybody may use it; `chmod 600 {clean(path)}`"], clean(path)
                )
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise SettingsError([f"cannot be read: {clean(error.strerror)}"], clean(path)) from None


def _written(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    synced(path.parent)
