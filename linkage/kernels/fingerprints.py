"""Hashed words in segments as one text a prompt, and back: base 64 of, for each segment, one byte
with the number of its words and eight bytes a word (little-endian)."""

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import Ints
from linkage.kernels.words import EITHER_END, LONGEST, MASK, Bytes, Words, sip

Flags = npt.NDArray[np.bool_]
ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LETTERS = np.frombuffer(ALPHABET, np.uint8)
NO_LETTER = 255


def _values() -> Bytes:
    values = np.full(256, NO_LETTER, np.uint8)
    values[LETTERS] = np.arange(64)
    return values


VALUES = _values()


@njit(cache=True, nogil=True)
def written(head: Bytes, words: Words, segments: Ints, texts: Ints) -> tuple[Bytes, Ints]:
    """(letters, where each fingerprint begins); each has the head before it, and no padding."""
    count = texts.size - 1
    places = np.empty(count + 1, np.int64)
    places[0] = 0
    for row in range(count):
        first, last = texts[row], texts[row + 1]
        size = (last - first) + 8 * (segments[last] - segments[first])
        places[row + 1] = places[row] + head.size + (4 * size + 2) // 3
    out = np.empty(places[count], np.uint8)
    for row in range(count):
        at = places[row]
        out[at : at + head.size] = head
        at += head.size
        held, bits = np.uint32(0), 0
        for segment in range(texts[row], texts[row + 1]):
            begin, end = segments[segment], segments[segment + 1]
            for i in range(begin - 1, end):
                word = np.uint64(end - begin) if i < begin else words[i]
                for _ in range(1 if i < begin else 8):
                    held = np.uint32((held << np.uint32(8)) | np.uint32(word & np.uint64(255)))
                    word >>= np.uint64(8)
                    bits += 8
                    while bits >= 6:
                        bits -= 6
                        out[at] = LETTERS[(held >> np.uint32(bits)) & np.uint32(63)]
                        at += 1
        if bits:
            out[at] = LETTERS[(held << np.uint32(6 - bits)) & np.uint32(63)]
    return out, places


@njit(cache=True, nogil=True)
def read(
    data: Bytes, offsets: Ints, head: Bytes
) -> tuple[Words, Ints, Ints, npt.NDArray[np.bool_]]:
    """(words, first word of each segment, first segment of each fingerprint, which fingerprints
    are none: these have no words)."""
    rows = offsets.size - 1
    room = (offsets[rows] - offsets[0]) // 10 + rows + 8
    words = np.empty(room, np.uint64)
    segments, texts = np.empty(room + 1, np.int64), np.empty(rows + 1, np.int64)
    wrong = np.zeros(rows, np.bool_)
    count, cuts = 0, 0
    segments[0] = 0
    for row in range(rows):
        texts[row] = cuts
        at, end, before = offsets[row], offsets[row + 1], count
        fine = end - at >= head.size
        for i in range(head.size):
            fine = fine and data[at + i] == head[i]
        at += head.size
        held, bits, left, filled, word = np.uint32(0), 0, 0, 0, np.uint64(0)
        while fine and at < end:
            value = VALUES[data[at]]
            at += 1
            if value == NO_LETTER:
                fine = False
                break
            held = np.uint32((held << np.uint32(6)) | np.uint32(value))
            bits += 6
            if bits < 8:
                continue
            bits -= 8
            byte = np.uint64((held >> np.uint32(bits)) & np.uint32(255))
            if left == 0:
                left = int(byte)
                if left == 0 or left > LONGEST or cuts - texts[row] >= 2 * EITHER_END:
                    fine = False
                continue
            word |= byte << np.uint64(8 * filled)
            filled += 1
            if filled == 8:
                words[count] = word
                count += 1
                filled, word = 0, np.uint64(0)
                left -= 1
                if left == 0:
                    cuts += 1
                    segments[cuts] = count
        # What is left over are the zeros that fill the last letter.
        rest = held & np.uint32((1 << bits) - 1)
        if not fine or left or filled or bits >= 6 or rest:
            wrong[row] = True
            cuts, count = texts[row], before
    texts[rows] = cuts
    return words[:count].copy(), segments[: cuts + 1].copy(), texts, wrong


@njit(cache=True, nogil=True)
def keyed_again(words: Words, key: Words) -> Words:
    """Each hash hashed under one more key; masked words stay what they are."""
    out = np.empty(words.size, np.uint64)
    spelled = np.empty(8, np.uint8)
    for i in range(words.size):
        if words[i] == np.uint64(MASK):
            out[i] = words[i]
            continue
        for j in range(8):
            spelled[j] = (words[i] >> np.uint64(8 * j)) & np.uint64(255)
        out[i] = sip(spelled, 8, key)
    return out
