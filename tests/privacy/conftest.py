"""What the tests of privacy share: keys, and a workspace that takes in events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from linkage.journal import Checker, Journal, Receipt
from linkage.privacy import Privacy, keys, names, pseudonymiser
from linkage.privacy.names import Names
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.settings import Settings

CALL = 5_000
SECRET = bytes(range(32))


@dataclass(frozen=True)
class Keys:
    """As files, and as the service has them."""

    chain: Path
    public: Path
    private: Path

    @property
    def privacy(self) -> Privacy:
        """What a service knows."""
        return Privacy(Pseudonyms(keys.read_chain(self.chain)), keys.read_public(self.public))

    @property
    def opener(self) -> X25519PrivateKey:
        """What it does not."""
        return keys.read_private(self.private)

    def names(self, settings: Settings) -> Names:
        """What things are called."""
        return names(self.privacy, settings)


@pytest.fixture
def made_keys(tmp_path: Path) -> Keys:
    """New ones."""
    return Keys(*keys.make(tmp_path / "keys"))


def taken_in(
    workspace: Path, bodies: Iterable[bytes], settings: Settings, privacy: Privacy
) -> Receipt:
    """Have a workspace take in calls, and seal them."""
    accepted = repeated = 0
    with Journal(workspace) as journal:
        made = pseudonymiser(privacy, settings, lambda: journal.vaulted)
        checker = Checker(settings, 10_000, made)
        for body in bodies:
            receipt = journal.append(checker.checked(body))
            accepted, repeated = accepted + receipt.accepted, repeated + receipt.repeated
        checker.close()
    return Receipt(accepted, repeated)


def body(rows: Sequence[Any]) -> bytes:
    """A call."""
    return b"\n".join(json.dumps(row, default=str).encode() for row in rows)


def texts_in(folder: Path) -> dict[Path, bytes]:
    """All that can be read in a folder's files; of Parquet, which is packed, what comes out of it
    but for what is sealed."""
    found = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            sealed = [name for name in ("key", "sealed") if name in table.column_names]
            found[path] = repr(table.drop_columns(sealed).to_pylist()).encode()
        else:
            found[path] = path.read_bytes()
    return found


def calls(events: pd.DataFrame) -> Iterator[bytes]:
    """A world's events as calls; what is missing is left out."""
    rows = [
        {str(name): value for name, value in row.items() if not pd.isna(value)}
        for row in events.to_dict("records")
    ]
    for start in range(0, len(rows), CALL):
        yield body(rows[start : start + CALL])
