"""Templates: what is one text with its slots filled anew, and what is somebody's own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.kernels.words import EITHER_END, LONGEST, cut, sip
from linkage.templates import Mined, assigning, mine
from linkage.templates.cutting import Cut, Texts, buffers, cut_piece, cut_texts, secret
from linkage.templates.fingerprints import fingerprints, piece, spelled
from linkage.templates.readable import LONGEST as LONGEST_WRITTEN
from linkage.templates.sampling import Prompts, Sample, Sampling

KEY = secret(b"test")
WORDS = [
    "amber",
    "basket",
    "candle",
    "dragon",
    "engine",
    "falcon",
    "garden",
    "hammer",
    "island",
    "jacket",
    "kettle",
    "lantern",
    "marble",
    "needle",
    "orange",
    "pepper",
    "quarry",
    "ribbon",
    "saddle",
    "temple",
    "urchin",
    "velvet",
    "window",
    "yellow",
    "zipper",
    "anchor",
    "bridge",
    "copper",
    "desert",
    "ember",
    "forest",
    "glacier",
    "harbor",
    "ivory",
    "jungle",
    "kernel",
    "ladder",
    "meadow",
    "nectar",
    "oyster",
    "pillar",
    "quartz",
    "river",
    "silver",
    "timber",
    "uncle",
    "valley",
    "walnut",
]


def mined(texts: Sequence[Any], accounts: Sequence[str | None] | None = None, **how: Any) -> Mined:
    held = pa.chunked_array([pa.array(texts, pa.large_string())])
    who = None if accounts is None else pa.chunked_array([pa.array(accounts, pa.string())])
    return mine(held, who, **how)


def prose(seed: int, words: int) -> str:
    """Words drawn at random: nobody else has them in this order."""
    return " ".join(random.Random(seed).choices(WORDS, k=words))


def segments(text: str) -> list[list[str]]:
    found = cut_texts(pa.array([text]), KEY)
    data = text.encode()
    bounds = found.segments
    return [
        [data[found.begins[i] : found.ends[i]].decode().strip() for i in range(first, last)]
        for first, last in pairwise(bounds)
    ]


def test_hashes_are_those_of_siphash() -> None:
    """Python hashes bytes with SipHash-1-3, under a key of noughts if it is told so."""
    assert sys.hash_info.algorithm == "siphash13"
    asked = "import json; print(json.dumps([hash(bytes(range(n))) for n in range(1, 40)]))"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    data, key = np.arange(64, dtype=np.uint8), np.zeros(2, np.uint64)
    found = [int(sip(data, length, key)) for length in range(1, 40)]
    assert found == [each % 2**64 for each in json.loads(told.stdout)]


def test_sentences_lines_quotations_and_fields_are_cut() -> None:
    assert segments('Say hello. Then wait: "a word" or\nnothing') == [
        ["Say", "hello."], ["Then", "wait:"], ["a", 'word"'], ["or"], ["nothing"],
    ]  # fmt: skip
    assert [len(each) for each in segments("你好。世界")] == [2, 2]
    assert [len(each) for each in segments("مرحبا؟ نعم")] == [1, 1]


def test_numbers_addresses_and_paths_are_one_word() -> None:
    texts = ["at 10.0.0.1 or 7 go", "at 192.168.3.4:80 or a@b.example go", "AT /etc/a/b or 3rd go"]
    words = [cut_texts(pa.array([text]), KEY).words.tolist() for text in texts]
    assert words[0] == words[1] == words[2]
    assert cut_texts(pa.array(["1 2 3"]), KEY).words.size == 1


def test_what_cannot_be_seen_does_not_part_words() -> None:
    plain, other = (
        cut_texts(pa.array([t]), KEY).words for t in ("secret word", "sec\u200bret wo\u2060rd")
    )
    assert plain.tolist() == other.tolist()


def test_of_a_very_long_text_both_ends_are_kept() -> None:
    text = ". ".join(prose(i, 4) for i in range(5000))
    found = cut_texts(pa.array([text, "the end"]), KEY)
    assert found.texts.tolist() == [0, 256, 257]
    whole = segments(text)
    assert whole[0] == (prose(0, 4) + ".").split()
    assert whole[-1] == prose(4999, 4).split()
    assert max(len(each) for each in segments(prose(1, 500))) == LONGEST


def test_a_system_prompt_before_unrelated_questions() -> None:
    system = "You are a careful assistant for maritime law. Cite the statute by its number."
    texts = [f"{system}\n\n{prose(i, 20)}?" for i in range(30)]
    found = mined(texts + [prose(100 + i, 20) for i in range(30)])
    ids = found.of_rows.to_pylist()
    assert len(set(ids[:30])) == 1
    assert ids[30:] == [None] * 30
    row = found.templates.to_pylist()[0]
    assert row["template"] == f"{system} {{…}}"
    assert (row["requests"], row["accounts"], len(row["parts"])) == (30, None, 2)


def test_slots_of_any_length_anywhere() -> None:
    texts = [
        f"rewrite for a pirate captain {prose(i, 1 + i)} and return nothing but the rewritten text"
        for i in range(40)
    ]
    found = mined(texts)
    assert len(set(found.of_rows.to_pylist())) == 1
    assert (
        "rewrite for a pirate captain {…} and return nothing"
        in found.templates["template"][0].as_py()
    )


def test_wrapper_and_task_are_one_id_and_share_their_parts() -> None:
    wrappers = [
        "Answer as the oracle of Delphi would, in riddles.",
        "Use plain British spelling only, please.",
    ]
    tasks = [
        "Summarise this report for the harbour board",
        "List each shipwreck that the diary names",
    ]
    texts = [f"{w}\n{t}: {prose(i, 12)}" for i in range(12) for w in wrappers for t in tasks]
    found = mined(texts)
    ids = found.of_rows.to_pylist()
    assert len(set(ids)) == 4
    assert ids[:4] == ids[4:8]
    parts = {row["template_id"]: set(row["parts"]) for row in found.templates.to_pylist()}
    assert len(parts[ids[0]] & parts[ids[1]]) == 1


def test_two_questions_after_one_story_are_two_templates() -> None:
    story = "The {} met the {} at the market before the flood came down the valley."
    questions = ["Who is honest?", "Who is not honest?"]
    texts = [
        f"{story.format(a, b)} {question}"
        for a in WORDS[:6] for b in WORDS[6:12] for question in questions
    ]  # fmt: skip
    ids = mined(texts).of_rows.to_pylist()
    assert len(set(ids)) == 2
    assert len(set(ids[::2])) == 1


def test_a_slot_with_two_values_is_a_slot() -> None:
    """Unlike two questions, the same two words are in several patterns."""
    texts = [
        f"{WORDS[i % 29]} has {i} {WORDS[i % 31]} in the old barn. How many will {who} sell?"
        for i, who in enumerate(["she", "he"] * 60)
    ]
    texts += [
        f"{prose(i, 2)} came to town by train. When does {who} have to be at home?"
        for i, who in enumerate(["he", "she"] * 60)
    ]
    assert len(set(mined(texts).of_rows.to_pylist())) == 2


def test_what_filled_a_slot_twice_makes_no_other_template() -> None:
    system = "Translate what the fishermen say into the language of the court."
    texts = [f"{system} {prose(i if i > 3 else 0, 3)}: {prose(i, 12)}" for i in range(60)]
    assert len(set(mined(texts).of_rows.to_pylist())) == 1


def test_templates_in_one_frame_stay_apart() -> None:
    texts = [
        f"{WORDS[i % 7]} asks which of these {prose(-1 - i % 5, 12)} was seen near {prose(i, 2)}."
        for i in range(200)
    ]
    ids = mined(texts).of_rows.to_pylist()
    assert [len(set(ids[n::5])) for n in range(5)] == [1] * 5
    assert len(set(ids)) == 5


def test_small_talk_makes_no_other_template() -> None:
    texts = []
    for i in range(400):
        text = f"{prose(i % 20, 10)}. {prose(1000 + i, 9)}."
        texts.append(("Hi! " if i % 3 == 0 else "") + text + (" Thanks!" if i % 7 == 0 else ""))
    found = mined(texts)
    assert found.of_rows.null_count == 0
    assert found.templates["requests"].to_pylist() == [20] * 20


def test_a_template_of_one_account_is_its_own() -> None:
    mine_, ours = (
        "Grade this haiku about {} for metre and season.",
        "Turn the riddle about {} into a limerick.",
    )
    texts = [mine_.format(prose(i, 2)) for i in range(20)] + [
        ours.format(prose(i, 2)) for i in range(20)
    ]
    accounts = ["a"] * 20 + ["b", "c"] * 10
    found = mined(texts, accounts)
    assert set(found.of_rows.to_pylist()[:20]) == {None}
    assert found.templates.select(["accounts", "requests"]).to_pylist() == [
        {"accounts": 2, "requests": 20}
    ]
    assert mined(texts, [None] * 40).templates.num_rows == 0


def test_the_same_prompt_again_is_a_template() -> None:
    found = mined(["Hi"] * 3 + ["what now"] + [prose(i, 9) for i in range(40)])
    assert found.of_rows.to_pylist()[0] is not None
    assert found.of_rows.to_pylist()[3] is None
    assert found.templates["template"].to_pylist() == ["Hi"]


def mixture() -> list[str]:
    return [
        f"Act as a {WORDS[i % 3]} trader of the old port. {prose(i, 12)}."
        if i % 2
        else prose(i, 15)
        for i in range(400)
    ]


def test_order_threads_and_pieces_change_nothing() -> None:
    texts = mixture()
    order = list(range(len(texts)))
    random.Random(3).shuffle(order)
    one = mined(texts, threads=1)
    pieces = pa.chunked_array(
        [pa.array([texts[i] for i in order[a : a + 37]]) for a in range(0, 400, 37)]
    )
    two = mine(pieces, threads=3)
    assert two.of_rows.to_pylist() == [one.of_rows[i].as_py() for i in order]
    assert two.templates.equals(one.templates)


def test_what_is_beyond_the_sample_is_held_against_it() -> None:
    texts = mixture()
    whole, part = mined(texts), mined(texts, words=3000)
    assert (whole.sampled, part.sampled < 0.7) == (1.0, True)
    assert part.of_rows.to_pylist() == whole.of_rows.to_pylist()
    assert part.templates.equals(whole.templates)


def test_ids_last_from_one_set_of_texts_to_another_and_belong_to_a_key() -> None:
    system = "Speak only in the manner of a lighthouse keeper who has seen too many winters."
    first, second = ([f"{system} {prose(i + seed, 14)}" for i in range(50)] for seed in (0, 5000))
    ids = set(mined(first).of_rows.to_pylist())
    assert ids == set(mined(second + [prose(i, 12) for i in range(90)]).of_rows.to_pylist()[:50])
    assert ids.isdisjoint(mined(first, key=b"another").of_rows.to_pylist())


def sampled(cuts: Sequence[Cut], most: int) -> Sample:
    made = Sampling(most)
    for each in cuts:
        made.add(made.piece_of(each))
    return made.sample()


def test_the_sample_is_the_same_whatever_comes_first() -> None:
    cuts = [cut_texts(pa.array([prose(i, 9) for i in range(a, a + 50)]), KEY) for a in (0, 50, 100)]
    one, other = sampled(cuts, 300), sampled(cuts[::-1] + cuts, 300)
    assert one.prompts.words.size <= 300
    for name in Prompts._fields:
        np.testing.assert_array_equal(getattr(one.prompts, name), getattr(other.prompts, name))
    hashes = one.prompts.hashes
    assert one.inside.sum() == hashes.size
    assert sorted(hashes[one.prompt]) == hashes.tolist()
    assert other.inside.tolist() == [*one.inside.reshape(3, 50)[::-1].ravel(), *one.inside]


@pytest.mark.parametrize("texts", [[], [None], ["", " \n"], ["."], ["\0" * 100], ["7", "8"]])
def test_nothing_to_be_found(texts: list[str | None]) -> None:
    found = mined(texts)
    assert len(found.of_rows) == len(texts)
    assert found.templates.num_rows <= 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.binary(max_size=80), st.text(max_size=40).map(str.encode)),
        max_size=12,
    )
)
def test_any_bytes_are_taken(texts: list[bytes | None]) -> None:
    held = pa.chunked_array([pa.array(texts * 2, pa.binary())])
    found = mine(held)
    assert len(found.of_rows) == 2 * len(texts)
    assert found.of_rows.to_pylist()[: len(texts)] == found.of_rows.to_pylist()[len(texts) :]
    data, offsets = buffers(held.chunk(0))
    words, bounds, rows, begins, ends = cut(data, offsets, KEY, True)
    assert len(words) == bounds[-1] == len(begins)
    assert rows[-1] == len(bounds) - 1
    assert (begins < ends).all()


@given(texts=st.lists(st.text(max_size=300) | st.sampled_from(["Why? 7 7", "a b c. d", "a" * 300])))
@settings(deadline=None)
def test_a_fingerprint_is_what_is_mined_of_its_text(texts: list[str]) -> None:
    held = pa.array([*texts, None], pa.large_string())
    one, other = cut_piece(held, KEY), cut_piece(piece(fingerprints(held, KEY)), KEY)
    for name in ("words", "segments", "texts"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


@given(data=st.binary(max_size=60), head=st.booleans())
@settings(deadline=None)
def test_what_is_no_fingerprint_is_a_prompt_without_words(data: bytes, head: bool) -> None:
    given = b"lkp1." * head + data
    found = cut_piece(piece(pa.array([given], pa.large_binary())), KEY)
    if found.words.size:
        again = spelled(found, pa.array([True]))
        assert again[0].as_py().encode() == given


def test_fingerprints_give_the_same_ids_as_texts() -> None:
    texts = mixture()
    held = pa.array(texts, pa.large_string())
    wanted = mined(texts, key=b"k")
    found = mine(Texts(lambda: [piece(fingerprints(held, secret(b"k")))]), key=b"any")
    assert found.of_rows.to_pylist() == wanted.of_rows.to_pylist()
    assert found.templates["template"].null_count == found.templates.num_rows > 0
    assert mined(texts, key=b"l").of_rows.to_pylist() != wanted.of_rows.to_pylist()


@pytest.mark.parametrize(
    "word",
    [
        "a@b.example",
        "shop.example",
        "/srv/ada",
        "C:\\ada",
        "sk_live_abcd",
        "a_b_c",
        "x7",
        "f" * 40,
    ],
)
def test_what_looks_personal_is_never_written(word: str) -> None:
    fixed = "please send the summary of this meeting to {} before the office closes tonight"
    found = mined([fixed.format(word)] * 3, ["a", "b", "c"])
    (text,) = found.templates["template"].to_pylist()
    assert word not in text
    assert text.startswith("please send the summary")


@pytest.mark.parametrize(
    "word",
    [
        "\u0660\u0661\u0662\u0663",
        "\u043f\u0440\u0438\u043c.\u0440\u0444",
        "jane\uff20corp.example",
        "exam\u200bple.com",
        "\uff14\uff11\uff11\uff11",
    ],
)
def test_what_looks_personal_in_other_scripts_is_never_written(word: str) -> None:
    test_what_looks_personal_is_never_written(word)


def test_what_a_long_prompt_leaves_out_is_not_written() -> None:
    ends = [f"{prose(seed, 1)}." for seed in range(2 * EITHER_END)]
    head, tail = ends[:EITHER_END], ends[EITHER_END:]
    texts = [
        " ".join([*head, *(f"Patient {name} is number {n}." for n in range(3000)), *tail])
        for name in ("Gonzalez", "Yamamoto")
    ]
    (told,) = mined(texts, ["a", "b"]).templates["template"].to_pylist()
    assert told.startswith(head[0])
    assert "{…}" in told
    assert "Patient" not in told
    assert len(told) < LONGEST_WRITTEN + 200


def test_a_word_without_end_is_not_written_whole() -> None:
    text = prose(2, 30) + " " + "!" * 50_000 + " " + prose(3, 400)
    (told,) = mined([text, text]).templates["template"].to_pylist()
    assert len(told) < LONGEST_WRITTEN + 200


def test_a_long_template_ends_where_it_is_too_long() -> None:
    words = prose(1, 500)
    (told,) = mined([words, words]).templates["template"].to_pylist()
    assert told.endswith(" …")
    assert words.startswith(told[:-2])
    assert LONGEST_WRITTEN < len(told) < LONGEST_WRITTEN + 20


@pytest.mark.parametrize("held", [1, 100, 1 << 20])
def test_the_smallest_text_of_a_prompt_is_its_example(
    seed: int, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However little is held, and one text of each prompt is all that a piece adds."""
    monkeypatch.setattr(assigning, "HELD", held)
    rng = np.random.default_rng(seed)
    inside, shown = rng.random(300) < 0.9, np.array([4, 1, 3])
    prompt = rng.integers(0, 5, inside.sum()).astype(np.int32)
    texts = [bytes(each) for each in rng.integers(97, 256, (300, 3)).astype(np.uint8)]
    found = SimpleNamespace(
        inside=inside, prompt=prompt, prompts=SimpleNamespace(hashes=np.zeros(5, np.uint64))
    )
    templates = cast("assigning.Templates", SimpleNamespace(found=found, example=shown))
    examples = assigning.Examples(templates)
    for first in range(0, 300, 50):
        piece = pa.array(texts[first : first + 50], pa.large_binary())
        some = examples.of(piece, first)
        assert some.num_rows == len(set(some["prompt"].to_pylist())) <= shown.size
        examples.add(some)
    mine_of = list(zip(prompt.tolist(), np.flatnonzero(inside).tolist(), strict=True))
    wanted = [min(texts[row] for one, row in mine_of if one == each) for each in shown.tolist()]
    assert examples.texts().to_pylist() == wanted
