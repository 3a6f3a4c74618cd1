"""What the fixed words of parts weigh, beyond what language explains."""

from __future__ import annotations

import numpy as np

from linkage.kernels.alignment import Bits
from linkage.kernels.groups import lookup, positions, singled, spread, taken
from linkage.kernels.incidence import Ints
from linkage.kernels.language import Corpus, surprisal
from linkage.templates.parts import JUDGED, Floats, Parts, Wordings


def unexplained(wordings: Wordings, parts: Parts, asked: Ints) -> Floats:
    """Bits of some parts that the words before each word do not explain, as far as
    other parts have them: set phrases ("by mistake") have rare words, and say little."""
    kinds = int(wordings.number.max(initial=-1)) + 1
    bits, known = np.zeros(kinds, np.float32), np.zeros(kinds, np.uint64)
    bits[wordings.number], known[wordings.number] = wordings.bits, wordings.words
    order = np.argsort(known)
    fixed = order[positions(lookup(known[order]), parts.words)[0]].astype(np.int32)
    weight = np.zeros(parts.ids.size)
    weight[asked] = surprisal(_corpus(wordings, parts, bits), fixed, parts.offsets, asked)
    return weight


def _corpus(wordings: Wordings, parts: Parts, bits: Bits) -> Corpus:
    """Some wordings of each part, which stand for all of its wordings."""
    part = parts.of_wording
    order = np.argsort(part, kind="stable")
    sizes = np.bincount(part, minlength=parts.ids.size)
    rank = np.arange(order.size) - (np.cumsum(sizes) - sizes)[part[order]]
    some = np.sort(order[rank < JUDGED])
    words, offsets = taken(wordings.number, wordings.offsets, some)
    owner = np.repeat(np.arange(some.size, dtype=np.int32), np.diff(offsets))
    texts, places = spread(words, owner, bits.size)
    texts, places = singled(texts, places, some.size)
    share = (sizes / np.clip(sizes, 1, JUDGED)).astype(np.float32)[part[some]]
    return Corpus(
        words,
        offsets,
        bits,
        np.bincount(wordings.number, minlength=bits.size),
        texts,
        places,
        part[some],
        sizes,
        order.size,
        share,
    )
