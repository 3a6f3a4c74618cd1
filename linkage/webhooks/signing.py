"""Signatures of messages, as Standard Webhooks has them, and the files of their secrets.

A file has one secret a line, `whsec_` and base64, the newest first. With two, a message has both
signatures, so that a receiver may change from one to the other at any time in between.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from linkage.errors import SettingsError
from linkage.render import clean

PREFIX = "whsec_"
FEWEST, MOST = 24, 64  # bytes of a secret
AT_ONCE = 2  # secrets that are valid together
_NEW = 32
_OWNER = 0o600
_MOST_BYTES = 4096


def headers(
    secrets_of: Sequence[bytes], identity: str, at: datetime, body: bytes
) -> Mapping[str, str]:
    """What says who sends a body, and when: a signature by each secret."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((identity.encode("ascii"), seconds.encode("ascii"), body))
    signatures = (hmac.new(key, signed, hashlib.sha256).digest() for key in secrets_of)
    return {
        "webhook-id": identity,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(signature).decode('ascii')}" for signature in signatures
        ),
    }


def read(path: Path) -> tuple[bytes, ...]:
    """The secrets of a file, the newest first; SettingsError where it holds anything else, or where
    anybody may read it. What it holds is never repeated."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise SettingsError(
                    [f"everybody may use it; `chmod 600 {clean(path)}`"], clean(path)
                )
            text = file.read(_MOST_BYTES).decode("ascii", "replace")
    except OSError as error:
        raise SettingsError([f"cannot be read: {clean(error.strerror)}"], clean(path)) from None
    found = [_secret(line.strip()) for line in text.splitlines() if line.strip()]
    if None in found or not found:
        raise SettingsError(
            [
                f"a secret is {PREFIX} and {FEWEST} to {MOST} bytes as base64, one a line; "
                "`linkage webhooks secret` makes one"
            ],
            clean(path),
        )
    if len(found) > AT_ONCE:
        raise SettingsError([f"more than {AT_ONCE} secrets; take away the oldest"], clean(path))
    return tuple(secret for secret in found if secret is not None)


def make(path: Path, *, rotate: bool) -> str:
    """A new secret in a file, before the one that is there if `rotate`; returns its text.

    SettingsError where there is one and `rotate` was not said, or none and it was.
    """
    before: Sequence[bytes] = ()
    if rotate:
        before = read(path)[: AT_ONCE - 1]
    elif path.exists():
        raise SettingsError(
            ["is there already; --rotate puts a new secret beside the one in it"], clean(path)
        )
    new = secrets.token_bytes(_NEW)
    text = "".join(f"{_text(secret)}\n" for secret in (new, *before))
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        made.rename(path)
    except OSError as error:
        raise SettingsError([f"cannot be written: {clean(error.strerror)}"], clean(path)) from None
    return _text(new)


def _text(secret: bytes) -> str:
    return PREFIX + base64.b64encode(secret).decode("ascii")


def _secret(line: str) -> bytes | None:
    if not line.startswith(PREFIX):
        return None
    try:
        secret = base64.b64decode(line.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return None
    return secret if FEWEST <= len(secret) <= MOST else None
