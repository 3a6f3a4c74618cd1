"""Own prompts: phrases that many use are no template, whatever others happen to be beside them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from linkage.templates import Mined, mine
from linkage.templates.cutting import NO_KEY, Texts, secret
from linkage.templates.holders import Accounts, Holders
from linkage.templates.mining import WORDS, _sampled, silent
from linkage.templates.model import model_of
from linkage.templates.parts import parts_of, wordings_of

OPENERS = [
    "Sorry to ask this once again.",
    "Could you help me with this today?",
    "I have been wondering about one thing.",
    "Quick question for you before lunch.",
    "My brother told me to ask you.",
    "I hope that this makes some sense.",
    "Let me describe what has happened here.",
    "I am new to all of this.",
]
CLOSERS = [
    "I need it by tonight, please.",
    "Tell me what you really think.",
    "Please keep it as short as possible.",
    "Explain it as if to a child.",
    "Do not worry about the grammar.",
    "Any ideas would be very welcome here.",
    "Thanks a lot for all your help.",
    "Can you check it for mistakes?",
]
LONG = (
    "You are the night clerk of a lighthouse museum and answer only in the present tense.",
    "Weigh every claim against two counterclaims before the verdict is written down.",
)


class World:
    """Ordinary accounts, whose prompts have an opener and a closer of those that everybody uses
    around words of their own; and what is put beside them."""

    def __init__(self, seed: int, accounts: int = 300, each: int = 8) -> None:
        self.rng = np.random.default_rng(seed)
        syllables = ["ka", "lo", "mi", "ne", "ru", "sta", "ver", "pon", "dal", "gri", "fos", "tu"]
        self.words = ["".join(self.rng.choice(syllables, 3)) for _ in range(3000)]
        self.texts: list[str] = []
        self.accounts: list[str] = []
        for account in range(accounts):
            for _ in range(each):
                opener, closer = self.rng.choice(OPENERS), self.rng.choice(CLOSERS)
                self.add(f"o{account}", f"{opener} {self.sentence()} {self.sentence()} {closer}")

    def sentence(self, length: int = 11) -> str:
        return " ".join(self.rng.choice(self.words, length)).capitalize() + "."

    def add(self, account: str, text: str) -> None:
        self.accounts.append(account)
        self.texts.append(text)

    def mined(self, words: int = WORDS) -> Mined:
        held = pa.chunked_array([pa.array(self.texts, pa.large_string())])
        return mine(held, pa.chunked_array([pa.array(self.accounts)]), words=words)

    def of(self, found: Mined, begins: str) -> tuple[list[str | None], list[bool]]:
        """The templates of the accounts with such names, and which prompts are their own."""
        rows = [row for row, name in enumerate(self.accounts) if name.startswith(begins)]
        ids = found.of_rows.dictionary_decode().to_pylist()
        return [ids[row] for row in rows], [bool(found.own[row]) for row in rows]


def test_phrases_that_are_together_by_chance_are_no_template(seed: int) -> None:
    world = World(seed)
    found = world.mined()
    # Each of the 64 combinations has a handful of accounts, and none of them is a template.
    assert max(len(parts) for parts in found.templates["parts"].to_pylist()) == 1
    assert found.templates.num_rows <= len(OPENERS) + len(CLOSERS)
    assert all(world.of(found, "o")[1])


@pytest.mark.parametrize(
    "frame", [(LONG[0], LONG[1]), (LONG[0], CLOSERS[0]), (OPENERS[0], LONG[1])]
)
def test_a_template_in_the_midst_of_common_phrases_is_found(
    seed: int, frame: tuple[str, str]
) -> None:
    world = World(seed)
    for account in range(25):
        for _ in range(6):
            world.add(f"n{account}", f"{frame[0]} {world.sentence()} {frame[1]} {world.sentence()}")
    found = world.mined()
    ids, own = world.of(found, "n")
    assert not any(own)
    assert {*ids} == {ids[0]} - {None}
    of_id = dict(
        zip(found.templates["template_id"].to_pylist(), found.templates.to_pylist(), strict=True)
    )
    assert of_id[ids[0]]["accounts"] == 25
    rare = [text for text in frame if text in LONG]
    assert all(text in of_id[ids[0]]["template"] for text in rare)


def test_a_short_rare_phrase_is_no_template_and_a_longer_one_is(seed: int) -> None:
    world = World(seed)
    for account in [*range(3)] * 2:
        rest = [world.sentence(14) for _ in range(4)]
        world.add(f"short{account}", " ".join([*rest[:2], "Mind the amber falcon.", *rest[2:]]))
        world.add(f"long{account}", " ".join([*rest, LONG[1]]))
    found = world.mined()
    assert all(world.of(found, "short")[1])
    ids, own = world.of(found, "long")
    assert {*ids} == {ids[0]} - {None}
    assert not any(own)


def test_prompts_beyond_the_sample_are_judged_alike(seed: int) -> None:
    world = World(seed, accounts=400)
    for account in range(60):
        for _ in range(6):
            world.add(f"n{account}", f"{LONG[0]} {world.sentence()} {LONG[1]} {world.sentence()}")
    whole, some = world.mined(), world.mined(words=30_000)
    assert some.sampled < 0.5
    assert np.mean(whole.own == some.own) > 0.99
    assert world.of(some, "n")[0] == world.of(whole, "n")[0]


@pytest.mark.parametrize("text", ["good night", "what is the time now?"])
def test_what_two_say_word_for_word_is_no_template_if_it_is_short(seed: int, text: str) -> None:
    world = World(seed, accounts=100)
    for account in range(2):
        world.add(f"n{account}", text)
    assert all(world.of(world.mined(), "n")[1])


@pytest.mark.parametrize("times", [1, 2])
def test_a_long_text_that_two_send_is_a_template_if_they_send_it_again(
    seed: int, times: int
) -> None:
    world = World(seed, accounts=100)
    text = world.sentence(20)
    for account in [*range(2)] * times:
        world.add(f"n{account}", text)
    ids, own = world.of(world.mined(), "n")
    assert {*ids} == {ids[0]} - {None}
    assert all(own) if times == 1 else not any(own)


def test_what_a_few_copied_once_is_no_template_unless_they_have_more_in_common(seed: int) -> None:
    world = World(seed)
    texts = [f"{world.sentence(16)} {{}} {world.sentence(16)}" for _ in range(12)]
    for number, text in enumerate(texts):
        for account in range(8):
            name = f"copied{number * 8 + account}" if number < 6 else f"network{account}"
            world.add(name, text.format(world.sentence(5)))
            world.add(name, world.sentence(14))
    found = world.mined()
    assert all(world.of(found, "copied")[1])
    assert np.mean(world.of(found, "network")[1]) == 0.5  # what each wrote besides


def test_set_phrases_that_many_happen_to_say_together_are_no_template(seed: int) -> None:
    world = World(seed, accounts=2_500, each=2)
    asks = [" ".join(world.rng.choice(world.words, 5)) for _ in range(12)]
    places = [" ".join(world.rng.choice(world.words, 5)) for _ in range(12)]
    for account in range(2_500):
        ask, place = world.rng.choice(asks), world.rng.choice(places)
        between = " ".join(world.rng.choice(world.words[:40], 3))
        world.add(f"said{account}", f"{ask} {between} {place}?")
    for account in range(25):
        between = " ".join(world.rng.choice(world.words[:40], 3))
        world.add(f"n{account}", f"{LONG[0][:-1]} {between} {LONG[1]}")
    found = world.mined()
    assert all(world.of(found, "said")[1])
    assert not any(world.of(found, "n")[1])


def test_the_model_gives_the_prompts_of_the_sample_what_they_have(seed: int) -> None:
    world = World(seed)
    for account in range(25):
        for _ in range(6):
            world.add(f"n{account}", f"{OPENERS[0]} {LONG[0]} {world.sentence()} {LONG[1]}")
    texts = Texts.held(pa.chunked_array([pa.array(world.texts, pa.large_string())]))
    found = _sampled(texts, secret(NO_KEY), WORDS, 1, silent)
    holders = Holders(found, Accounts(pa.chunked_array([pa.array(world.accounts)])))
    wordings = wordings_of(found.prompts, 1)
    parts = parts_of(wordings, holders.requests)
    known = np.zeros(parts.ids.size, np.bool_)
    model, given = model_of(found.prompts, wordings, parts, known, holders)
    part = parts.of_wording[wordings.wording]
    sets, _ = model.settle(wordings.prompt, part, found.prompts.hashes.size)
    alone = given.again | given.joined
    assert np.mean(sets[~alone] == given.sets[~alone]) > 0.99
