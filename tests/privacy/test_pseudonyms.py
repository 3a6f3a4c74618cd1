"""Pseudonyms: what the standard library makes of the same keys, one by one."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.privacy.pseudonyms import Pseudonyms

KEYS = [secrets.token_bytes(32) for _ in range(3)]


def plainly(keys: Sequence[bytes], sort: str, value: bytes) -> str:
    """As it is specified, in four lines."""
    text = sort.encode() + b"\0" + value
    for key in keys:
        text = b"~" + base64.b32encode(hmac.digest(key, text, "sha256"))[:26].lower()
    return text.decode()


@given(
    values=st.lists(st.binary(max_size=100)),
    keys=st.lists(st.binary(min_size=1, max_size=100), min_size=1, max_size=3),
)
def test_a_part_is_a_chain_of_hmacs(values: list[bytes], keys: list[bytes]) -> None:
    found = Pseudonyms(keys).parts("kind ip", values).to_pylist()
    assert found == [plainly(keys, "kind ip", value) for value in values]


def test_what_a_value_is_keeps_it_apart() -> None:
    made = Pseudonyms(KEYS)
    sorts = ("account", "organisation", "kind ip", "column ip")
    assert len({made.one(sort, "7") for sort in sorts}) == len(sorts)
    assert made.one("account", "7") == made.parts("account", [b"7"])[0].as_py()
    assert made.name != Pseudonyms(KEYS[:2]).name


texts = st.lists(
    st.one_of(
        st.none(),
        st.lists(st.one_of(st.just(None), st.integers(0, 20)), max_size=3),
    ),
    max_size=20,
)


@given(texts=texts, before=st.integers(1, 3))
def test_what_is_kept_is_rekeyed_without_values(
    texts: list[list[int | None] | None], before: int
) -> None:
    old, new = Pseudonyms(KEYS[:before]), Pseudonyms(KEYS)

    def text(by: Pseudonyms, parts: list[int | None] | None) -> str | None:
        if parts is None:
            return None
        return "".join("~" if part is None else by.one("kind ip", str(part)) for part in parts)

    words = ["signup", "", "abcdefghijklmnopqrstuvwxyz", "~no", "x~" + "a" * 26]
    kept = pa.array([text(old, parts) for parts in texts] + words, pa.string())
    rekeyed = [text(new, parts) for parts in texts] + words
    assert new.texts_chained(kept, before).to_pylist() == rekeyed
