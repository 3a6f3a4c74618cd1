"""Keys as requests bring them, known again without asking the state each time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
import time
from datetime import UTC, datetime

from api.problems import Unauthenticated
from linkage.state import Key, State, keys

REMEMBERED = 5.0  # seconds: so long a key that was revoked elsewhere may still work
MOST = 10_000


class Keyring:
    """Finds the key of a request."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._known: dict[bytes, tuple[Key, float]] = {}

    def key(self, authorization: str | None) -> Key:
        """The key that a header names: `Bearer KEY`, or `Basic` with the key as the password.

        Unauthenticated where there is none, or it does not work; which of these is not told.
        """
        text = _presented(authorization)
        # Looked up by a hash: what differs in time says nothing of the secret.
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
        found, until = self._known.get(digest, (None, 0.0))
        now = time.monotonic()
        if found is None or now > until:
            found = self._asked(text, digest, now + REMEMBERED)
        if not found.works(datetime.now(UTC)):
            raise Unauthenticated("this key does not work")
        return found

    def forget(self) -> None:
        """Ask anew for every key."""
        with self._lock:
            self._known.clear()

    def _asked(self, text: str, digest: bytes, until: float) -> Key:
        with self._state.read() as connection:
            found = keys.known(connection, text)
        if found is None:
            raise Unauthenticated("this key does not work")
        with self._lock:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[digest] = (found, until)
        return found


def _presented(authorization: str | None) -> str:
    scheme, _, value = (authorization or "").partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            try:
                _, _, password = base64.b64decode(value.strip(), validate=True).partition(b":")
                return password.decode("ascii")
            except (binascii.Error, UnicodeDecodeError):
                raise Unauthenticated("the header Authorization cannot be read") from None
        case _:
            raise Unauthenticated("name a key in the header Authorization: Bearer KEY")
