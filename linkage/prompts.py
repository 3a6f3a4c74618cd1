"""Stage 1b: prompts -> templates: which events carry the same one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend

from linkage.kernels.groups import counted
from linkage.readers.scan import hash64
from linkage.readers.schema import REDUCED
from linkage.settings import Settings
from linkage.templates import Texts, mine
from linkage.templates.fingerprints import is_fingerprint, piece
from linkage.templates.holders import Accounts
from linkage.templates.mining import TABLE, Mined

OWN = ""  # the template of a prompt that carries none: counted as a prompt, and no artifact
ROWS = 1 << 14  # prompts that are read at once
NOTHING, KNOWN = -1, -2  # numbers of what is no template
Codes = npt.NDArray[np.uint64]
_FILES = {"fingerprints.parquet": "printed", "prompts.parquet": "said"}


@dataclass(frozen=True)
class Templates:
    """What prompts were made from.

    events   expression: the events, with `prompt_template` what the platform gave or, where it
             gave none, the id of what was mined; OWN for a prompt that carries nothing; null where
             there is no prompt, or one of well-known templates. Without prompt and
             prompt_fingerprint, unless kinds read them
    found    `linkage.templates.mining.TABLE`, of what two accounts or more have, by template_id;
             what platforms gave is not in it
    """

    events: ir.Table
    found: pa.Table


def templates(
    con: Backend, events: ir.Table, settings: Settings, threads: int, workdir: Path
) -> Templates:
    """Mine the prompts of events that came without a template. `workdir` takes these prompts, and
    must stay while the events are used.

    Nothing of the result depends on the order of events. Without such prompts, nothing is done.
    """
    read = {kind.column for kind in settings.kinds()}
    columns = [name for name in events.columns if name not in REDUCED or name in read]
    given = [name for name in REDUCED if name in events.columns]
    if not given:
        return Templates(events, TABLE.empty_table())
    workdir.mkdir(parents=True, exist_ok=True)
    said = _said(events)
    _written(con, said, workdir)
    codes = _codes(workdir)
    if not len(codes):
        return Templates(events.select(columns), TABLE.empty_table())
    accounts = _accounts(workdir)
    found = mine(
        Texts(lambda: _pieces(workdir), len(codes)),
        accounts,
        threads=threads,
        known=settings.templates.known_templates,
    )
    return Templates(_marked(con, said, codes, found).select(columns), _shared(found, accounts))


def _shared(found: Mined, accounts: pa.ChunkedArray) -> pa.Table:
    """The templates that two accounts have, not counting prompts that are their account's own."""
    table = found.templates.sort_by("template_id")
    number = found.of_rows.indices.fill_null(NOTHING).to_numpy().copy()
    number[found.own] = NOTHING
    counts = {
        "accounts": Accounts(accounts).of(number, len(table)),
        "requests": counted(number, len(table)),
    }
    for name, values in counts.items():
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    return table.filter(pc.greater(table["accounts"], 1))


def _said(events: ir.Table) -> ir.Table:
    """The events with `said`, the text of a prompt that came without a template, or `printed`, its
    fingerprint; and with `code`, which stands for either."""
    told = {name: _if_there(events, name) for name in REDUCED}
    printed = is_fingerprint(told["prompt_fingerprint"])
    bare = events.prompt_template.isnull()
    events = events.mutate(
        printed=ibis.ifelse(bare & printed, told["prompt_fingerprint"], ibis.null("string")),
        said=ibis.ifelse(bare & ~printed, told["prompt"].nullif(""), ibis.null("string")),
    )
    return events.mutate(
        code=ibis.cases(
            (events.printed.notnull(), ~hash64(events.printed)),
            (events.said.notnull(), hash64(events.said)),
        )
    )


def _if_there(events: ir.Table, name: str) -> ir.StringValue:
    return events[name] if name in events.columns else ibis.null("string")


def _written(con: Backend, said: ir.Table, workdir: Path) -> None:
    """The prompts into files, which can be read again in the same order."""
    for file, column in _FILES.items():
        rows = said.filter(said[column].notnull())
        rows = rows.select("account_id", "code", text=rows[column])
        con.to_parquet(rows, workdir / file, ROW_GROUP_SIZE=ROWS, COMPRESSION="zstd")


def _pieces(workdir: Path) -> Iterator[pa.Array]:
    for file, column in _FILES.items():
        with pq.ParquetFile(workdir / file) as opened:
            for batch in opened.iter_batches(ROWS, columns=["text"]):
                texts = batch.column(0).cast(pa.large_binary())
                yield piece(texts) if column == "printed" else texts


def _accounts(workdir: Path) -> pa.ChunkedArray:
    return pa.chunked_array(
        [
            chunk
            for file in _FILES
            for chunk in _column(workdir / file, "account_id", ["account_id"]).chunks
        ],
        pa.dictionary(pa.int32(), pa.string()),
    )


def _codes(workdir: Path) -> Codes:
    return np.concatenate([_column(workdir / file, "code").to_numpy() for file in _FILES])


def _column(file: Path, name: str, coded: Sequence[str] = ()) -> pa.ChunkedArray:
    return pq.read_table(file, columns=[name], read_dictionary=list(coded))[name]


def _marked(con: Backend, said: ir.Table, codes: Codes, found: Mined) -> ir.Table:
    """The events with what was found: a code is looked up for each event, and a name for that."""
    number = found.of_rows.indices.fill_null(NOTHING).to_numpy().copy()
    number[found.own] = NOTHING
    number[found.known] = KNOWN
    some, first = np.unique(codes, return_index=True)
    telling = number[first] != NOTHING
    of_codes = _table(con, code=some[telling], number=number[first][telling])
    names = found.of_rows.dictionary
    named = _table(con, number=np.arange(len(names), dtype=np.int32), mined=names)
    numbered = said.left_join(of_codes, "code").drop("code_right")
    joined = numbered.left_join(named, "number").drop("number_right")
    mined = ibis.cases(
        (joined.code.isnull() | (joined.number == KNOWN), ibis.null("string")),
        else_=ibis.coalesce(joined.mined, OWN),
    )
    return joined.mutate(prompt_template=ibis.coalesce(joined.prompt_template, mined))


def _table(con: Backend, **columns: object) -> ir.Table:
    return con.create_table(ibis.util.gen_name("linkage"), pa.table(columns), temp=True)
