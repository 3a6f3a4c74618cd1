"""Of a prompt a service with pseudonyms keeps a fingerprint, which rotation re-keys."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from linkage.journal.checking import Checker
from linkage.journal.seen import Seen
from linkage.journal.vaulted import Vaulted
from linkage.privacy import Privacy
from linkage.privacy.ingest import pseudonymiser
from linkage.privacy.prompts import Prints
from linkage.privacy.pseudonyms import Pseudonyms
from linkage.rotating.rekeying import Rekeying
from linkage.settings import Settings, parse
from linkage.templates.cutting import secret
from linkage.templates.fingerprints import fingerprints
from tests.privacy.conftest import body

TEXTS = ["Tell me about walnut trees. Why 77?", "Tell me about a@b.example", "", "¿Qué? 漢字"]
KEYS = [b"1" * 32, b"2" * 32, b"3" * 32]


def kept(settings: Settings, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """What is kept of events under two keys."""
    privacy = Privacy(Pseudonyms(KEYS[:2]))
    made = pseudonymiser(privacy, settings, lambda: Vaulted(Seen(10)))
    common = {"ts": "2026-06-01T12:00:00Z", "account_id": "a"}
    checked = Checker(settings, 100, made).checked(body([{**common, **row} for row in rows]))
    found: list[dict[str, Any]] = checked.events.to_pylist()
    return found


def test_a_prompt_is_kept_as_a_fingerprint_unless_its_template_came() -> None:
    prompt, given = TEXTS[0], fingerprints(pa.array(TEXTS[:1]), secret(b"own"))[0].as_py()
    text, template, own, opaque, none = kept(
        Settings(),
        {"prompt": prompt},
        {"prompt": prompt, "prompt_template": "walnuts"},
        {"prompt": prompt, "prompt_fingerprint": given},
        {"prompt": prompt, "prompt_fingerprint": "walnut"},
        {},
    )
    assert [row["prompt"] for row in (text, template, own, opaque, none)] == [None] * 5
    prints = Prints(Pseudonyms(KEYS[:2]))
    nothing = pa.nulls(1, pa.string())
    assert text["prompt_fingerprint"] == prints.made(pa.array([prompt]), nothing)[0].as_py()
    assert own["prompt_fingerprint"] == prints.made(nothing, pa.array([given]))[0].as_py()
    assert len({text["prompt_fingerprint"], own["prompt_fingerprint"], given}) == 3
    for row in (template, opaque):
        assert row["prompt_fingerprint"] is None
        assert row["prompt_template"].startswith("~")
    assert none["prompt_fingerprint"] is none["prompt_template"] is None


def test_a_kind_that_reads_prompts_has_their_pseudonym() -> None:
    (row,) = kept(parse({"artifacts": {"said": {"column": "prompt"}}}), {"prompt": TEXTS[0]})
    assert row["prompt"].startswith("~")
    assert row["prompt_fingerprint"].startswith("lkp1.")


def test_what_is_rotated_is_what_would_have_been_made() -> None:
    texts, nothing = pa.array([*TEXTS, None]), pa.nulls(5, pa.string())
    old, new = (Prints(Pseudonyms(KEYS[:count])).made(texts, nothing) for count in (1, 3))
    table = pa.table({"prompt_fingerprint": old, "account_id": ["a"] * 5})
    rekeyed = Rekeying(Pseudonyms(KEYS), 1, "old").table(table)
    assert rekeyed["prompt_fingerprint"].to_pylist() == new.to_pylist()
    assert new[4].as_py() is None
    assert old[0] != new[0]
    # A segment of masked words alone is the same under any key: it says nothing.
    assert not {old[n].as_py() for n in (0, 1, 3)} & {new[n].as_py() for n in (0, 1, 3)}
