"""Fingerprints: what the miner sees of prompts, as texts that say nothing without the key."""

from __future__ import annotations

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from linkage.kernels.fingerprints import written
from linkage.kernels.words import Words
from linkage.templates.cutting import FINGERPRINTS, HEAD, Cut, cut_texts


def fingerprints(texts: pa.Array, key: Words) -> pa.Array:
    """One for each text, null for null; `key` as `cutting.secret` makes it."""
    return spelled(cut_texts(texts, key), texts.is_valid())


def spelled(cut: Cut, valid: pa.Array) -> pa.Array:
    """What was cut, as fingerprints; null where it is not valid."""
    letters, places = written(HEAD, cut.words, cut.segments, cut.texts)
    size = len(valid)
    held = pa.LargeStringArray.from_buffers(size, pa.py_buffer(places), pa.py_buffer(letters))
    return pc.if_else(valid, held, pa.scalar(None, pa.large_string()))


def piece(prints: pa.Array) -> pa.Array:
    """Fingerprints as a piece of `cutting.Texts`, which tells them from texts by their type: what
    somebody wrote is never taken for one."""
    return pa.StructArray.from_arrays([prints.cast(pa.large_binary())], [FINGERPRINTS])


def is_fingerprint(value: ir.StringValue) -> ir.BooleanValue:
    """Whether a column's values say that they are such; null and all others are not."""
    return value.startswith(HEAD.tobytes().decode("ascii")).fill_null(False)
