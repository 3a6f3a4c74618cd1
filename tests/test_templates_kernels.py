"""Kernels of templates next to what says the same in a few plain lines."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest

from linkage.kernels.alignment import (
    RUN,
    Bar,
    Segments,
    alike,
    empty_room,
    entered,
    far,
    kept_words,
    left,
    marked,
    picked,
    signed,
    weighed,
)
from linkage.kernels.groups import (
    FIRST,
    LAST,
    added,
    among,
    counted,
    different,
    distinct,
    folded,
    foremost,
    foremost_first,
    held_within,
    highest,
    led,
    lookup,
    once,
    pairs_within,
    positions,
    reached,
    singled,
    spread,
)
from linkage.kernels.incidence import Ints
from linkage.kernels.language import BACK, Corpus, surprisal
from linkage.kernels.neighbours import ONCE, Cut, numbered, paired, paired_again
from linkage.kernels.wordings import JOINS_BY_RUNS, NOBODY, indexed, joined, patterns
from linkage.kernels.words import LONGEST, MASK, Words, odd
from linkage.templates.readable import personal

VOCABULARY = 12  # few words, so that segments have many in common


def drawn(rng: np.random.Generator, groups: int, longest: int = LONGEST) -> tuple[Words, Ints]:
    """Segments of words that are much alike, some of them empty or as long as they may be."""
    sizes = np.where(rng.random(groups) < 0.1, longest, rng.integers(0, 12, groups))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    numbers = rng.integers(1, VOCABULARY, offsets[-1]) ** 2
    words = np.where(numbers == MASK, np.uint64(MASK), numbers.astype(np.uint64) << np.uint64(40))
    again = np.flatnonzero(rng.random(groups) < 0.5)
    for one in again[again > 0]:
        before, size = offsets[one - 1], min(sizes[one], sizes[one - 1])
        kept = rng.random(size) < 0.9
        words[offsets[one] : offsets[one] + size][kept] = words[before : before + size][kept]
    return words, offsets


def longest_common(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Places in both, by the table of what the rests have in common; equal words are taken, and
    where they differ, a goes on first if nothing is lost by it."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i in reversed(range(len(a))):
        for j in reversed(range(len(b))):
            longer = max(table[i + 1][j], table[i][j + 1])
            table[i][j] = table[i + 1][j + 1] + 1 if a[i] == b[j] else longer
    i = j = 0
    found = []
    while i < len(a) and j < len(b):
        if a[i] == b[j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def heaviest(a: list[int], bits: list[float], b: list[int]) -> tuple[int, float]:
    """(how many words both have in their order, their bits): of equal ways to the same end, that
    which leaves out words of a."""
    row = [(0, 0.0)] * (len(b) + 1)
    for i, word in enumerate(a):
        above, row = row, [(0, 0.0)]
        for j, other in enumerate(b):
            if word == other:
                row.append((above[j][0] + 1, above[j][1] + bits[i]))
            else:
                row.append(row[j] if row[j][0] > above[j + 1][0] else above[j + 1])
    return row[-1]


def runs_in(a: list[int], bits: list[float], b: list[int]) -> float:
    """Bits of the heaviest run of `RUN` words or more."""
    best = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            size = 0
            while i + size < len(a) and j + size < len(b) and a[i + size] == b[j + size]:
                size += 1
            if size >= RUN:
                best = max(best, sum(bits[i : i + size]))
    return best


def naively_alike(
    a: list[int], bits: list[float], b: list[int], bar: Bar, by_runs: bool
) -> tuple[float, float, float]:
    longer, shorter = max(len(a), len(b)), min(len(a), len(b))
    if shorter == 0:
        return 0.0, 0.0, 0.0
    front = 0
    while front < shorter and a[front] == b[front]:
        front += 1
    back = 0
    while back < shorter - front and a[-1 - back] == b[-1 - back]:
        back += 1
    ahead, behind = sum(bits[:front]), sum(bits[len(a) - back :])
    inner = a[front : len(a) - back], bits[front : len(a) - back], b[front : len(b) - back]
    if 2 * shorter >= longer:
        count, weight = heaviest(*inner)
        share, same = (front + back + count) / longer, ahead + behind + weight
        if share >= bar.least and 2 * same >= bar.enough:
            return share, 0.0, same
    runs = (ahead if front + 1 >= RUN else 0) + (behind if back + 1 >= RUN else 0)
    if runs < bar.enough:
        runs += runs_in(*inner)
    return (0.0, runs, runs) if by_runs and runs >= bar.enough else (0.0, 0.0, 0.0)


def test_alignment_is_that_of_the_whole_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 60)
    # Halves, so that sums are the same in whatever order they are made.
    bits = (np.rint(2 * rng.random(words.size)) / 2).astype(np.float32)
    held, room, kinds = Segments(words, bits, offsets), empty_room(), set()
    for one in range(60):
        for other in range(60):
            at, stop = offsets[other], offsets[other + 1]
            bar = Bar(float(rng.integers(1, 6)), float(rng.choice([0.3, 0.6])))
            mine = slice(offsets[one], offsets[one + 1])
            by_runs = bool(rng.random() < 0.5)
            entered(room, words, at, 1, stop - at)
            found = alike(held, one, words, at, stop, bar, by_runs, 0.0, room)
            left(room, words, at, stop)
            a, b = words[mine].tolist(), words[at:stop].tolist()
            assert found == naively_alike(a, bits[mine].tolist(), b, bar, by_runs)
            kinds.add((found[0] > 0, found[1] > 0))
            if found[0] > 0:
                entered(room, words, at, 1, stop - at)
                assert alike(held, one, words, at, stop, bar, by_runs, found[0], room)[0] == 0
                left(room, words, at, stop)
    assert kinds == {(False, False), (True, False), (False, True)}


def test_none_that_are_alike_are_far_by_their_signs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 60)
    words = (words >> np.uint64(40)) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(9)
    weights = dict(zip(np.unique(words).tolist(), rng.random(words.size), strict=False))
    bits = np.array([weights[word] for word in words.tolist()], np.float32)
    held, room, signs = Segments(words, bits, offsets), empty_room(), np.empty((60, 4), np.uint64)
    ruled_out = 0
    for one in range(60):
        signed(signs, one, words, offsets[one], offsets[one + 1])
    for one in range(60):
        for other in range(60):
            at, stop = offsets[other], offsets[other + 1]
            bar, by_runs = Bar(float(rng.random() * 5), 0.6), bool(rng.random() < 0.5)
            entered(room, words, at, 1, stop - at)
            found = alike(held, one, words, at, stop, bar, by_runs, 0.0, room)
            left(room, words, at, stop)
            ruled = far(signs, one, words, at, stop, bits[at:stop], bar, by_runs)
            assert not (ruled and any(found))
            ruled_out += ruled
    assert ruled_out > 0


def test_picked_words_weigh_what_is_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 30)
    held = Segments(words, rng.random(words.size).astype(np.float32), offsets)
    which = rng.permutation(30)[:20]
    places = [np.arange(offsets[one], offsets[one + 1]) for one in which]
    flags = [rng.random(each.size) < 0.5 for each in places]
    found = picked(held, which, np.concatenate(flags))
    wanted = [each[flag] for each, flag in zip(places, flags, strict=True)]
    np.testing.assert_array_equal(found.words, words[np.concatenate(wanted)])
    np.testing.assert_array_equal(np.diff(found.offsets), [each.size for each in wanted])
    np.testing.assert_allclose(weighed(found), [held.bits[each].sum() for each in wanted], 1e-5)


def test_fixed_words_are_those_that_most_have_in_their_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 40)
    order, ends = rng.permutation(40), np.array([0, 1, 3, 10, 22, 40])
    kept = kept_words(words, offsets, order, ends, 5, 0.6)
    wanted: list[bool] = []
    for first, last in pairwise(ends):
        leader, *others = [words[offsets[i] : offsets[i + 1]].tolist() for i in order[first:last]]
        judged = min(len(others), 5)
        some = [others[n * len(others) // judged] for n in range(judged)]
        hits = Counter(i for each in some for i, _ in longest_common(leader, each))
        wanted += [hits[i] >= 0.6 * judged for i in range(len(leader))]
    assert kept.tolist() == wanted


def test_words_of_a_template_are_marked_in_their_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    (fixed, ends), (words, offsets) = drawn(rng, 40), drawn(rng, 40)
    wanted = np.zeros(words.size, bool)
    for one in range(40):
        a = fixed[ends[one] : ends[one + 1]].tolist()
        b = words[offsets[one] : offsets[one + 1]].tolist()
        for _, j in longest_common(a, b):
            wanted[offsets[one] + j] = b[j] != MASK
    np.testing.assert_array_equal(
        marked(fixed, ends, np.arange(ends.size - 1), words, offsets), wanted
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_pairs_of_neighbours_are_counted(seed: int, threads: int) -> None:
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 30)
    words[rng.random(words.size) < 0.3] ^= rng.integers(0, 2**60, dtype=np.uint64)
    groups = [words[a:b].tolist() for a, b in pairwise(offsets)]
    plain = [pair for each in groups for pair in zip([FIRST, *each], [*each, LAST], strict=True)]
    times = Counter(plain)
    number, kinds = numbered(words, threads)
    assert kinds == len(set(words.tolist()))
    pairs = paired(number, kinds, offsets, threads)
    assert {*zip(number, words, strict=True)} == {
        *zip(range(kinds), dict.fromkeys(words.tolist()), strict=True)
    }
    assert pairs.kinds == len(times)
    assert pairs.numbers == sum(count > 1 for count in times.values())
    numbers = dict(zip(plain, pairs.number.tolist(), strict=True))
    assert [numbers[pair] for pair in plain] == pairs.number.tolist()
    assert all((numbers[pair] == ONCE) == (times[pair] == 1) for pair in plain)
    assert len(set(numbers.values()) - {ONCE}) == pairs.numbers
    for word, count in zip(words.tolist(), pairs.fewer[number].tolist(), strict=True):
        before, after = {a for a, b in times if b == word}, {b for a, b in times if a == word}
        assert count == min(len(before), len(after))


def test_texts_join_the_leader_that_they_are_most_alike(seed: int) -> None:
    """A wording that is a leader's, word for word, joins that leader."""
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 50, 20)
    bits = np.ones(words.size, np.float32)
    held, bar = Segments(words, bits, offsets), Bar(4.0, 0.5)
    free = np.full(50, JOINS_BY_RUNS, np.int8)
    pattern = patterns(held, paired(*numbered(words, 2), offsets, 1), np.arange(50), free, bar)
    leaders = np.flatnonzero(pattern == np.arange(50))
    assert set(pattern.tolist()) == set(leaders.tolist())
    assert 1 < leaders.size < 50
    found = joined(indexed(held, leaders), held, words, offsets, np.arange(50), bar)
    sure = [one for one in leaders if found[one] != NOBODY]
    for one in sure:
        mine = words[offsets[one] : offsets[one + 1]].tolist()
        first = found[one]
        assert words[offsets[first] : offsets[first + 1]].tolist() == mine or first == one
    assert len(sure) > leaders.size / 2


def test_what_looks_personal_is_odd(seed: int) -> None:
    """No word is passed over that the patterns would find."""
    rng = random.Random(seed)
    pieces = ["a", "sk", "key", "Word", "é", ".", "-", "_", "@", "7", "/", "\\", "'", "(", '"', " "]
    words = ["".join(rng.choices(pieces, k=rng.randint(1, 12))).encode() for _ in range(3000)]
    ends = np.cumsum([len(each) for each in words])
    data = np.frombuffer(b"".join(words), np.uint8)
    found = odd(data, np.concatenate([[0], ends[:-1]]), ends)
    missed = [each for each, flag in zip(words, found, strict=True) if personal(each) and not flag]
    assert missed == []
    assert not found.all()


@pytest.mark.parametrize("kinds", [0, 3, 40, 2**30, 2**64 - 2])
def test_what_is_different_is_what_numpy_says(seed: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, kinds + 1, 500 if kinds else 0, dtype=np.uint64)
    _, first, number, times = np.unique(
        values, return_index=True, return_inverse=True, return_counts=True
    )
    found = distinct(values)
    np.testing.assert_array_equal(found.first, first)
    np.testing.assert_array_equal(found.number, number)
    np.testing.assert_array_equal(found.times, times)


def test_items_are_grouped_by_those_that_lead_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rate = rng.integers(0, 4, 200) ** 20
    order = foremost_first(rate)
    np.testing.assert_array_equal(order, np.lexsort([np.arange(200), -rate]))
    leader = np.arange(200)
    others = rng.random(200) < 0.8
    leader[others] = rng.choice(np.flatnonzero(~others), others.sum())
    found, rank = led(leader, order), np.argsort(order)
    wanted = np.lexsort([rank, leader != np.arange(200), leader])
    np.testing.assert_array_equal(found.members, wanted)
    np.testing.assert_array_equal(found.number, np.unique(leader, return_inverse=True)[1])
    np.testing.assert_array_equal(found.ends[1:], np.cumsum(np.bincount(found.number)))


@pytest.mark.parametrize("groups", [1, 5, 200])
def test_items_of_groups_are_each_once_or_those_with_the_highest_rate(
    seed: int, groups: int
) -> None:
    rng = np.random.default_rng(seed)
    group, item = np.sort(rng.integers(0, groups, 300)), rng.integers(0, 60, 300)
    wanted = sorted(set(zip(group.tolist(), item.tolist(), strict=True)))
    ones, items = once(group, item)
    assert list(zip(ones.tolist(), items.tolist(), strict=True)) == wanted
    rate = rng.integers(0, 5, ones.size)
    ranked = sorted(zip(ones.tolist(), (-rate).tolist(), items.tolist(), strict=True))
    places = [sum(a[0] == b[0] for a in ranked[:i]) for i, b in enumerate(ranked)]
    most = [(a, c) for (a, _, c), place in zip(ranked, places, strict=True) if place < 3]
    found = highest(ones, items, rate, 3)
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == most
    here, there = pairs_within(ones)
    assert list(zip(here.tolist(), there.tolist(), strict=True)) == [
        (i, j) for i in range(ones.size) for j in range(ones.size) if i != j and ones[i] == ones[j]
    ]


@pytest.mark.parametrize("top", [3, 2**40, 2**64 - 2])
def test_hashes_are_found_among_others(seed: int, top: int) -> None:
    """However unevenly they lie."""
    rng = np.random.default_rng(seed)
    values = np.unique(rng.integers(0, top + 1, 200, dtype=np.uint64))
    asked = np.concatenate([values, rng.integers(0, top + 1, 100, dtype=np.uint64)])
    at, inside = positions(lookup(values[1::2]), asked)
    np.testing.assert_array_equal(inside, np.isin(asked, values[1::2]))
    np.testing.assert_array_equal(values[1::2][at[inside]], asked[inside])
    assert not positions(lookup(values[:0]), asked)[1].any()


def test_values_are_added_and_counted_by_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.integers(-1, 20, 300).astype(np.int32)
    values = rng.integers(0, 2**64 - 1, 300, dtype=np.uint64)
    some = group >= 0
    wanted = np.zeros(20, np.uint64)
    np.add.at(wanted, group[some], values[some])
    np.testing.assert_array_equal(added(group[some].astype(np.int64), values[some], 20), wanted)
    np.testing.assert_array_equal(counted(group, 20), np.bincount(group[some], minlength=20))
    np.testing.assert_array_equal(different(values.copy()), np.unique(values))
    few = values % np.uint64(7)
    np.testing.assert_array_equal(different(few.copy()), np.unique(few))


@pytest.mark.parametrize("kinds", [1, 7, 300])
def test_what_items_reach_by_their_groups_is_counted_once(seed: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    group, value = rng.integers(-1, 20, 400).astype(np.int32), rng.integers(-1, kinds, 400)
    of: list[dict[int, None]] = [{} for _ in range(25)]  # the last ones have nothing
    for one, each in zip(group.tolist(), value.tolist(), strict=True):
        if one >= 0 and each >= 0:
            of[one][each] = None
    every, ends = spread(group, value, 25)
    values, offsets = singled(every, ends, kinds)
    assert [values[a:b].tolist() for a, b in pairwise(offsets)] == [list(each) for each in of]
    # Some items have one group, some the same one several times, and some none.
    item, groups = rng.integers(0, 60, 80), rng.integers(0, 25, 80)
    item, groups = np.concatenate([item, item[:20]]), np.concatenate([groups, groups[:20]])
    wanted = [
        len({each for one in groups[item == number].tolist() for each in of[one]})
        for number in range(62)
    ]
    for order in (np.arange(100), rng.permutation(100)):
        mine, ends = spread(item[order], groups[order], 62)
        assert reached(mine, ends, values, offsets, kinds).tolist() == wanted


def test_pairs_of_what_is_left_are_those_that_it_has(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words, offsets = drawn(rng, 40, 20)
    words[rng.random(words.size) < 0.3] ^= rng.integers(0, 2**60, dtype=np.uint64)
    number, kinds = numbered(words, 2)
    groups = np.sort(rng.permutation(40)[:25])
    of = [number[offsets[g] : offsets[g + 1]].tolist() for g in groups]
    kept = [rng.random(len(each)) < rng.choice([0.7, 1.0]) for each in of]
    left = [
        [word for word, keep in zip(each, keeps, strict=True) if keep]
        for each, keeps in zip(of, kept, strict=True)
    ]
    ends = np.concatenate([[0], np.cumsum([len(each) for each in left])])
    pairs = paired(number, kinds, offsets, 1)
    found = paired_again(number, offsets, pairs, Cut(groups, np.concatenate(kept), ends))
    plain = [pair for each in left for pair in zip([-1, *each], [*each, -1], strict=True)]
    times = Counter(plain)
    given: dict[tuple[int, int], set[int]] = {pair: set() for pair in plain}
    for pair, one in zip(plain, found.number.tolist(), strict=True):
        given[pair].add(one)
        assert one < found.numbers
        assert one != ONCE or times[pair] == 1
    told = [one for each in given.values() for one in each if one != ONCE]
    assert len(told) == len(set(told)) > 0
    assert all(len(each) == 1 for each in given.values())


def test_pairs_are_found_among_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group, item = np.sort(rng.integers(0, 30, 200)), rng.integers(0, 9, 200)
    groups, items = once(np.sort(rng.integers(0, 30, 60)), rng.integers(0, 9, 60))
    wanted = np.isin(group * 9 + item, groups * 9 + items)
    np.testing.assert_array_equal(among(group, item, groups, items), wanted)
    assert 0 < wanted.sum() < 200


def test_the_foremost_of_each_group(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group, rate, other = np.sort(rng.integers(0, 30, 200)), *rng.integers(0, 4, (2, 200))
    order = np.lexsort([np.arange(200), -other, -rate, group])
    wanted = order[np.flatnonzero(np.diff(group[order], prepend=-1))]
    np.testing.assert_array_equal(foremost(group, rate, other), wanted)
    assert foremost(group[:0], rate[:0], other[:0]).size == 0


def test_words_weigh_what_those_before_them_in_other_families_leave(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kinds, count, families = 9, 60, 5
    texts = [rng.integers(0, kinds, rng.integers(0, 8)).astype(np.int32) for _ in range(count)]
    family = rng.integers(0, families, count)
    bits = rng.uniform(1, 9, kinds).astype(np.float32)
    share = rng.uniform(0.5, 2, count).astype(np.float32)
    fixed = [rng.permutation(kinds)[: rng.integers(1, 6)].astype(np.int32) for _ in range(families)]
    words = np.concatenate(texts)
    owners = np.repeat(np.arange(count, dtype=np.int32), [len(text) for text in texts])
    held, places = spread(words, owners, kinds)
    held, places = singled(held, places, count)
    counts, sizes = np.bincount(words, minlength=kinds), np.bincount(family, minlength=families)
    corpus = Corpus(words, ends(texts), bits, counts, held, places, family, sizes, count, share)
    found = surprisal(corpus, np.concatenate(fixed), ends(fixed), np.arange(families))

    def seen(one: int, *asked: int) -> float:
        return sum(
            float(share[text])
            for text in range(count)
            if family[text] != one and set(asked) <= set(texts[text].tolist())
        )

    for one in range(families):
        weight = 0.0
        for place, word in enumerate(fixed[one].tolist()):
            alone = min(1.0, max((counts[word] - sizes[one]) / count, 2.0 ** -float(bits[word])))
            given = [
                (seen(one, before, word) + BACK * alone) / (seen(one, before) + BACK)
                for before in fixed[one][:place].tolist()
            ]
            weight -= np.log2(max([alone, *given]))
        assert found[one] == pytest.approx(weight, rel=1e-5)


def ends(groups: list[np.ndarray]) -> Ints:
    """Where each group begins, and where the last one ends."""
    return np.cumsum([0, *(len(group) for group in groups)])


@pytest.mark.parametrize("seed", range(4))
def test_the_largest_known_group_within_another_is_found(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes = draw.integers(0, 7, 200)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    values = draw.integers(1, 5, ends[-1]).astype(np.uint64)
    known = {tuple(draw.integers(1, 5, size).tolist()) for size in (1, 2, 2, 3, 3, 3, 4)}
    hashes = {each: _hash(each) for each in known}
    least = draw.integers(1, 4, sizes.size)
    asked = lookup(np.unique(np.array([*hashes.values()], np.uint64)))
    found = held_within(asked, values, ends, least, 5)
    for group, (begin, end) in enumerate(pairwise(ends.tolist())):
        held = {
            each
            for size in range(least[group], end - begin + 1)
            for each in combinations(values[begin:end].tolist(), size)
            if each in known and end - begin <= 5
        }
        largest = max(map(len, held), default=0)
        assert found[group] in ({hashes[e] for e in held if len(e) == largest} or {0})


def _hash(values: tuple[int, ...]) -> int:
    return int(folded(np.array(values, np.uint64), np.array([0, len(values)]))[0])
