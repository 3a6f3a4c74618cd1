"""Text as hashed words: what the mining of templates sees of a prompt.

A word is a run of letters and marks of any script; a character of a script without spaces is a
word by itself. Words with a digit, addresses and paths are one and the same word, and several of
it in a row are one. Sentences, lines, quotations and fields are cut from each other (segments).
Words are hashed with SipHash-1-3 under a key, so that whoever lacks it cannot test a guess.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

from linkage.kernels.incidence import Ints

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

MASK = 1  # the hash of all words that are masked
LONGEST = 64  # words of a segment; what goes on longer is cut there
EITHER_END = 128  # segments of a prompt that are kept from its beginning, and from its end

_LETTER, _SPACE, _STOP, _CUT, _JOIN, _ALONE, _NOTHING = 0, 1, 2, 3, 4, 5, 6


def _classes() -> Bytes:
    """What each ASCII character is."""
    classes = np.full(128, _SPACE, np.uint8)
    for code in range(128):
        if chr(code).isalnum() or chr(code) in "_'":
            classes[code] = _LETTER
    for kind, characters in ((_JOIN, "-.@/:\\"), (_STOP, "?!;"), (_CUT, '\n\r\t"`{}[]<>|')):
        for character in characters:
            classes[ord(character)] = kind
    return classes


CLASSES = _classes()
# Of each byte, the small letter that it is in a hash; nought of what is not a letter by itself.
SMALL = np.zeros(256, np.uint8)
for _letter in b"abcdefghijklmnopqrstuvwxyz_'":
    SMALL[[_letter, ord(chr(_letter).upper())]] = _letter


AROUND = b" \t\r\n.,;:!?\"'`{}[]<>|()"  # may stand at the end of a word as it was cut
_AROUND, _PLAIN, _ODD = 0, 1, 2


def _looks() -> Bytes:
    """Of each byte, whether it may stand around a word, is plain, or is odd in one."""
    looks = np.full(256, _PLAIN, np.uint8)
    looks[list(AROUND)] = _AROUND
    looks[list(b"0123456789@\\/_-")] = _ODD
    looks[128:] = _ODD  # digits and at-signs of other scripts are among these
    return looks


LOOKS = _looks()
LONG = 16  # bytes of a word that is none of the usual ones


@njit(cache=True, nogil=True)
def odd(data: Bytes, begins: Ints, ends: Ints) -> npt.NDArray[np.bool_]:
    """Which words are long, or have anything but letters between what stands around them."""
    out = np.zeros(begins.size, np.bool_)
    for i in range(begins.size):
        first, last = begins[i], ends[i]
        while first < last and LOOKS[data[first]] == _AROUND:
            first += 1
        while first < last and LOOKS[data[last - 1]] == _AROUND:
            last -= 1
        out[i] = last - first >= LONG
        for at in range(first, last):
            out[i] |= LOOKS[data[at]] == _ODD or data[at] == 46
    return out


@njit(cache=True, nogil=True, inline="always")
def _code_point(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The code point that begins here, and its length; a byte that begins none is itself."""
    first, point, size = int(data[at]), 0, 1
    if first >= 0xF0 and at + 3 < end:
        point, size = first & 7, 4
    elif first >= 0xE0 and at + 2 < end:
        point, size = first & 15, 3
    elif first >= 0xC0 and at + 1 < end:
        point, size = first & 31, 2
    else:
        return first, 1
    for i in range(1, size):
        point = (point << 6) | (int(data[at + i]) & 63)
    return point, size


@njit(cache=True, nogil=True)
def _beyond_ascii(point: int) -> int:
    """What a character is that is not ASCII."""
    if point in (0x3002, 0xFF01, 0xFF1F, 0xFF0E, 0xFF1B, 0x061F, 0x061B, 0x06D4, 0x0964, 0x0965):
        return _STOP
    if point in (0x037E, 0x203D, 0x2026, 0x1362, 0x104B):
        return _STOP
    if point in (0xAB, 0xBB, 0x201C, 0x201D, 0x201E, 0x300C, 0x300D, 0x300E, 0x300F, 0xFF1A):
        return _CUT
    if point in (0x2028, 0x2029, 0x85):
        return _CUT
    if 0x200B <= point <= 0x200F or 0x202A <= point <= 0x202E or 0x2060 <= point <= 0x2069:
        return _NOTHING
    if point in (0xFEFF, 0xAD) or 0xFE00 <= point <= 0xFE0F:
        return _NOTHING
    if 0x2000 <= point <= 0x206F or 0x3000 <= point <= 0x303F or 0xFF00 <= point <= 0xFF0F:
        return _LETTER if point == 0x2019 else _SPACE
    if 0xA0 <= point <= 0xBF and point not in (0xAA, 0xB5, 0xBA):
        return _SPACE
    if 0x3040 <= point <= 0x9FFF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF:
        return _ALONE
    if 0x0E00 <= point <= 0x0EFF or 0x1000 <= point <= 0x109F or 0x1780 <= point <= 0x17FF:
        return _ALONE
    if 0x2190 <= point <= 0x2BFF or 0x1F000 <= point <= 0x1FAFF:
        return _ALONE
    return _LETTER


@njit(cache=True, nogil=True, inline="always")
def _left(word: np.uint64, by: int) -> np.uint64:
    return np.uint64((word << np.uint64(by)) | (word >> np.uint64(64 - by)))


@njit(cache=True, nogil=True, inline="always")
def _round(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    a += b
    b = _left(b, 13) ^ a
    a = _left(a, 32)
    c += d
    d = _left(d, 16) ^ c
    a += d
    d = _left(d, 21) ^ a
    c += b
    b = _left(b, 17) ^ c
    c = _left(c, 32)
    return a, b, c, d


@njit(cache=True, nogil=True, inline="always")
def _begun(key: Words) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    return (
        key[0] ^ np.uint64(0x736F6D6570736575),
        key[1] ^ np.uint64(0x646F72616E646F6D),
        key[0] ^ np.uint64(0x6C7967656E657261),
        key[1] ^ np.uint64(0x7465646279746573),
    )


@njit(cache=True, nogil=True, inline="always")
def _ended(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, word: np.uint64, length: int
) -> np.uint64:
    """The hash, when all but the last bytes (`word`) are in."""
    word |= np.uint64(length & 255) << np.uint64(56)
    d ^= word
    a, b, c, d = _round(a, b, c, d)
    a ^= word
    c ^= np.uint64(0xFF)
    for _ in range(3):
        a, b, c, d = _round(a, b, c, d)
    return a ^ b ^ c ^ d


@njit(cache=True, nogil=True)
def sip(data: Bytes, length: int, key: Words) -> np.uint64:
    """SipHash-1-3 of the first bytes under a key of two words."""
    a, b, c, d = _begun(key)
    word = np.uint64(0)
    for i in range(length):
        word |= np.uint64(data[i]) << np.uint64(8 * (i & 7))
        if i & 7 == 7:
            d ^= word
            a, b, c, d = _round(a, b, c, d)
            a ^= word
            word = np.uint64(0)
    return _ended(a, b, c, d, word, length)


@njit(cache=True, nogil=True)
def cut(
    data: Bytes, offsets: Ints, key: Words, placed: bool
) -> tuple[Words, Ints, Ints, Ints, Ints]:
    """(words, first word of each segment, first segment of each text, where each word begins and
    ends in the bytes, if this is asked for). The last entry of both offsets closes the last one."""
    rows = offsets.size - 1
    room = (offsets[rows] - offsets[0]) // 2 + rows + 8
    words = np.empty(room, np.uint64)
    begins, ends = (
        np.empty(room if placed else 0, np.int64),
        np.empty(room if placed else 0, np.int64),
    )
    first, second, third, fourth = _begun(key)
    segments, texts = np.empty(room + 1, np.int64), np.empty(rows + 1, np.int64)
    count, cuts = 0, 0
    spelled = np.empty(256, np.uint8)
    segments[0] = 0
    for row in range(rows):
        texts[row] = cuts
        at, end = offsets[row], offsets[row + 1]
        while at < end:
            begin, length, digit, slashes, sign = at, 0, False, 0, False
            stop = 0
            # A word of letters alone, as most are; what is none is read again below.
            a, b, c, d, word = first, second, third, fourth, np.uint64(0)
            while at < end and SMALL[data[at]] != 0:
                word |= np.uint64(SMALL[data[at]]) << np.uint64(8 * (length & 7))
                length += 1
                at += 1
                if length & 7 == 0:
                    d ^= word
                    a, b, c, d = _round(a, b, c, d)
                    a ^= word
                    word = np.uint64(0)
            plain = at == end
            if at < end and data[at] < 128:
                kind = int(CLASSES[data[at]])
                plain = kind in (_SPACE, _STOP, _CUT)
                stop = 1 if kind in (_STOP, _CUT) else 0
                if kind == _JOIN and length > 0:
                    dot = data[at] == 46 or data[at] == 58
                    plain = at + 1 == end or (
                        data[at + 1] < 128
                        and CLASSES[data[at + 1]] != _LETTER
                        and (dot or CLASSES[data[at + 1]] != _JOIN)
                    )
                    stop = int(dot)
                at += 1
            plain &= length <= 256
            if plain and length:
                words[count] = _ended(a, b, c, d, word, length)
                if placed:
                    begins[count], ends[count] = begin, at
                count += 1
            if not plain:
                at, length, stop = begin, 0, 0
            # One word: letters, and what joins them in an address, path or number.
            while not plain and at < end:
                byte = data[at]
                size = 1
                if byte < 128:
                    kind = int(CLASSES[byte])
                else:
                    point, size = _code_point(data, at, end)
                    kind = _beyond_ascii(point)
                if kind == _NOTHING:
                    at += size
                    continue
                if kind == _JOIN:
                    follows = at + 1 < end and (
                        data[at + 1] >= 128
                        or CLASSES[data[at + 1]] == _LETTER
                        or (byte != 46 and byte != 58 and CLASSES[data[at + 1]] == _JOIN)
                    )
                    if not follows or (length == 0 and (byte == 46 or byte == 45 or byte == 58)):
                        # The end of a sentence, or of what announces something.
                        if (byte == 46 or byte == 58) and not follows:
                            stop = 1
                        at += 1
                        break
                    slashes += byte == 47 or byte == 92
                    sign |= byte == 64
                elif kind == _LETTER:
                    if 48 <= byte <= 57:
                        digit = True
                elif kind == _ALONE:
                    if length == 0:
                        for i in range(size):
                            spelled[i] = data[at + i]
                        length = size
                        at += size
                    break
                else:
                    stop = 1 if kind in (_STOP, _CUT) else 0
                    at += size
                    break
                if length + size <= 256:
                    for i in range(size):
                        letter = data[at + i]
                        spelled[length + i] = letter + 32 if 65 <= letter <= 90 else letter
                    length += size
                at += size
            if length and not plain:
                masked = digit or sign or slashes > 1
                if not (masked and count > segments[cuts] and words[count - 1] == MASK):
                    words[count] = sip(spelled, length, key)
                    if masked:
                        words[count] = MASK
                    if placed:
                        begins[count], ends[count] = begin, at
                    count += 1
            if count > segments[cuts] and (stop or count - segments[cuts] >= LONGEST):
                cuts += 1
                segments[cuts] = count
        if count > segments[cuts]:
            cuts += 1
            segments[cuts] = count
        # Of a very long text, the middle is left out.
        if cuts - texts[row] > 2 * EITHER_END:
            keep, tail = texts[row] + EITHER_END, cuts - EITHER_END
            source = segments[tail]
            target = segments[keep]
            shift = source - target
            for i in range(source, count):
                words[i - shift] = words[i]
                if placed:
                    begins[i - shift], ends[i - shift] = begins[i], ends[i]
            for i in range(EITHER_END + 1):
                segments[keep + i] = segments[tail + i] - shift
            count -= shift
            cuts = keep + EITHER_END
    texts[rows] = cuts
    return (
        words[:count].copy(),
        segments[: cuts + 1].copy(),
        texts,
        begins[:count].copy(),
        ends[:count].copy(),
    )
