"""From columns of codes to Parquet: events in order of time, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from linkage.scenarios import prompts
from linkage.scenarios.arrays import (
    Flags,
    Ints,
    hex_bytes,
    hex_column,
    identity,
    scramble,
    text_column,
)
from linkage.scenarios.moments import TYPES
from linkage.scenarios.names import domains, mailboxes, phones
from linkage.scenarios.scenario import Paraphrase
from linkage.scenarios.traffic import PATHS, Batch
from linkage.scenarios.world import World

ROWS = 500_000  # rows of a row group, at least
MODELS = ("swift-3", "large-3", "swift-2", "mini-3", "large-2", "large-4")
_FEW = ["type", "user_agent", "tls_fingerprint", "org_id", "access_path", "model"]
_ACCOUNT, _DEVICE, _CARD, _ORG = 16, 17, 18, 19


@dataclass(frozen=True)
class Texts:
    """The text behind the codes."""

    seed: int
    accounts: NDArray[np.uint8]
    emails: pa.Array
    phones: pa.Array
    phone_of: Ints
    addresses: pa.Array
    agents: pa.Array
    fingerprints: pa.Array
    agent_of: Ints
    tls_of: Ints
    orgs: pa.Array
    org_of: Ints
    verified: Flags
    start: int
    prompts: bool
    paraphrase: Paraphrase


def make_texts(world: World) -> Texts:
    """Write out every artifact once."""
    traits, seed, clients = world.traits, world.scenario.seed, world.clients
    count = len(traits.kind)
    names = np.empty((count, 12), np.uint8)
    names[:, :2] = np.frombuffer(b"a_", np.uint8)
    secret = scramble(np.arange(count), 40, int(world.rng.integers(1, 2**30))).astype(np.uint64)
    names[:, 2:] = hex_bytes(secret)[:, 6:]
    return Texts(
        seed=seed, accounts=names,
        emails=mailboxes(world, domains(world)),
        phones=phones(world), phone_of=traits.phone,
        addresses=world.addresses.texts(),
        agents=pa.array(clients.agents), fingerprints=pa.array(clients.fingerprints),
        agent_of=clients.agent, tls_of=clients.tls,
        orgs=hex_column(identity(_ORG, seed, 0, np.arange(world.counts.get("org", 0))), "org_", 8),
        org_of=np.where(traits.org >= 0, traits.org, traits.claimed), verified=traits.org >= 0,
        start=int(world.scenario.start.timestamp()) * 1_000_000, prompts=world.scenario.prompts,
        paraphrase=world.scenario.paraphrase,
    )  # fmt: skip


def _coded(codes: Ints, values: pa.Array) -> pa.Array:
    """A string column from codes; -1 is null."""
    index = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(index, values)


def _taken(codes: Ints, values: pa.Array) -> pa.Array:
    """The same for columns whose values are too many for a dictionary."""
    return values.take(pa.array(codes, mask=codes < 0))


def _serials(first: int, count: int) -> pa.Array:
    return hex_column(np.arange(first, first + count).astype(np.uint64), "e_", 10)


def _table(texts: Texts, batch: Batch, first: int) -> pa.Table:
    size = len(batch.account)
    seen = np.where(batch.shows, batch.account, -1)
    org = np.where(batch.shows, texts.org_of[batch.account], -1)
    micros = (batch.seconds * 1e6).astype(np.int64) + texts.start
    devices, cards = (
        identity(_DEVICE, texts.seed, 0, batch.device),
        identity(_CARD, texts.seed, 0, batch.payment),
    )
    content = (
        prompts.column(batch, texts.seed, first, texts.paraphrase)
        if texts.prompts
        else _template_ids(batch, texts.seed, first)
    )
    phone = np.where(batch.shows, texts.phone_of[batch.account], -1)
    return pa.table({
        "event_id": _serials(first, size),
        "ts": pa.array(micros).cast(pa.timestamp("us", tz="UTC")),
        "account_id": text_column(texts.accounts[batch.account]),
        "type": _coded(batch.type, pa.array(TYPES)),
        "ip": _taken(batch.ip, texts.addresses),
        "device_id": hex_column(devices, "d_", 16, batch.device >= 0),
        "user_agent": _coded(texts.agent_of[batch.client], texts.agents),
        "tls_fingerprint": _coded(texts.tls_of[batch.client], texts.fingerprints),
        "payment_id": hex_column(cards, "card_", 12, batch.payment >= 0),
        "email": _taken(seen, texts.emails),
        "phone": _taken(phone, texts.phones),
        "org_id": _coded(org, texts.orgs),
        "org_verified": pa.array(texts.verified[batch.account], mask=org < 0),
        "access_path": _coded(batch.path, pa.array(PATHS)),
        "conversation_id": hex_column(batch.talk, "c_", 16, batch.talks),
        "prompt" if texts.prompts else "prompt_template": content,
        "model": _coded(batch.model, pa.array(MODELS)),
        "input_tokens": pa.array(batch.tokens_in.astype(np.int32), mask=~batch.prompted),
        "output_tokens": pa.array(batch.tokens_out.astype(np.int32), mask=~batch.prompted),
    })  # fmt: skip


def _template_ids(batch: Batch, seed: int, first: int) -> pa.Array:
    """A reworded prompt has an identifier of its own."""
    once = identity(20, seed, 0, np.arange(first, first + len(batch.account)))
    words = np.where(batch.reworded, once, batch.template)
    return hex_column(words, "t_", 16, batch.prompted)


class EventWriter:
    """Writes batches into one file; small ones are gathered into one row group."""

    def __init__(self, path: Path, texts: Texts) -> None:
        self._path, self._texts = path, texts
        self._waiting: list[pa.Table] = []
        self._file: pq.ParquetWriter | None = None
        self.rows = 0

    def add(self, batch: Batch) -> None:
        table = _table(self._texts, batch, self.rows)
        self.rows += len(table)
        self._waiting.append(table)
        if sum(len(t) for t in self._waiting) >= ROWS:
            self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        if self._file:
            self._file.close()

    def _flush(self) -> None:
        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._file is None:
            self._file = pq.ParquetWriter(
                self._path, table.schema, compression="zstd", compression_level=1,
                use_dictionary=_FEW, store_schema=False,
            )  # fmt: skip
        self._file.write_table(table, row_group_size=len(table))


def write_truth(path: Path, world: World, texts: Texts, kinds: list[str]) -> None:
    """Who is who, by account identifier."""
    traits = world.traits
    table = pa.table({
        "account_id": text_column(texts.accounts),
        "operator": pa.array(traits.operator),
        "kind": pa.array(kinds).take(pa.array(traits.kind)),
        "org_id": _taken(traits.org, texts.orgs),
    })  # fmt: skip
    order = pc.sort_indices(table, sort_keys=[("account_id", "ascending")])
    pq.write_table(table.take(order), path, compression="zstd", store_schema=False)
