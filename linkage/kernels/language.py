"""What language explains: how likely words are, given the words before them, in other texts."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.alignment import Bits
from linkage.kernels.incidence import Int32s, Ints
from linkage.kernels.words import LONGEST

READ = 256  # texts that are read for a word, evenly spread among those that have it
BACK = 4.0  # how many texts what a word weighs by itself counts as, beside those that are read


class Corpus(NamedTuple):
    """Texts that are read.

    words, offsets  int32: the numbers of the words of each text
    bits            float32 for each number: what the word weighs by itself
    spread          int64 for each number: in how many texts in all, of these and others
    texts, places   int32: the texts that have each word, and where these begin, by its number
    family          int64 for each text
    sizes           int64 for each family: how many texts in all
    total           how many texts in all
    share           float32 for each text: how many of its family it stands for
    """

    words: Int32s
    offsets: Ints
    bits: Bits
    spread: Ints
    texts: Int32s
    places: Ints
    family: Ints
    sizes: Ints
    total: int
    share: Bits


@njit(cache=True, nogil=True)
def surprisal(corpus: Corpus, fixed: Int32s, ends: Ints, asked: Ints) -> npt.NDArray[np.float64]:
    """Bits of the fixed words of some families, each given that of those before it, in other
    families, which makes it most likely."""
    out = np.zeros(asked.size, np.float64)
    place = np.full(corpus.bits.size, -1, np.int8)
    both = np.empty((LONGEST, LONGEST), np.float64)
    for k in range(asked.size):
        one = asked[k]
        begin, count = ends[one], ends[one + 1] - ends[one]
        for i in range(count):
            if place[fixed[begin + i]] < 0:
                place[fixed[begin + i]] = i
        for i in range(count):
            word = fixed[begin + i]
            alone = _alone(corpus, word, one)
            best = alone
            if place[word] == i:
                both[i, :count] = 0.0
                _read(corpus, one, word, place, both[i])
                for j in range(i):
                    if place[fixed[begin + j]] == j:
                        seen = (both[j, i] + BACK * alone) / (both[j, j] + BACK)
                        best = max(best, seen)
            out[k] -= np.log2(best)
        for i in range(count):
            place[fixed[begin + i]] = -1
    return out


@njit(cache=True, nogil=True, inline="always")
def _alone(corpus: Corpus, word: int, one: int) -> float:
    """How likely a text of other families is to have a word, whatever is before it."""
    others = max(0, corpus.spread[word] - corpus.sizes[one]) / max(1, corpus.total)
    return min(1.0, max(others, 2.0 ** -np.float64(corpus.bits[word])))


@njit(cache=True, nogil=True)
def _read(
    corpus: Corpus, one: int, word: int, place: npt.NDArray[np.int8], row: npt.NDArray[np.float64]
) -> None:
    """Of the other families' texts that have a word, how many have each of the words that have a
    place."""
    first, last = corpus.places[word], corpus.places[word + 1]
    step = (last - first + READ - 1) // READ
    for at in range(first, last, max(1, step)):
        text = corpus.texts[at]
        if corpus.family[text] == one:
            continue
        had = np.uint64(0)
        for i in range(corpus.offsets[text], corpus.offsets[text + 1]):
            to = place[corpus.words[i]]
            if to >= 0 and not (had >> np.uint64(to)) & np.uint64(1):
                had |= np.uint64(1) << np.uint64(to)
                row[to] += step * corpus.share[text]
