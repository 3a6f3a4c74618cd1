"""Impossible addresses, found without a regular expression for every row."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

# What the loop below accepts, `artifacts.network.normal_ip` accepts as well; the few distinct
# values that it does not know (blank, upper case, IPv4 in IPv6, wrong) are left to that.

DOT, ZERO, NINE, COLON, A, F = 46, 48, 57, 58, 97, 102


def unsure(addresses: pa.Array) -> pa.Array:
    """The values that are not plainly an IPv4 or IPv6 address, once each; nulls left out."""
    if addresses.null_count:
        addresses = addresses.drop_null()
    if not len(addresses):
        return addresses
    addresses = addresses.cast(pa.string())
    _, offsets, data = addresses.buffers()
    starts = np.frombuffer(offsets, np.int32)[addresses.offset :][: len(addresses) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    odd = _odd(text, starts)
    return addresses.filter(pa.array(odd)).unique() if odd.any() else addresses.slice(0, 0)


@numba.njit(cache=True, nogil=True)
def _odd(text: npt.NDArray[np.uint8], starts: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    found = np.empty(len(starts) - 1, np.bool_)
    for i in range(len(found)):
        start, end = starts[i], starts[i + 1]
        found[i] = not (_is_ipv4(text, start, end) or _is_ipv6(text, start, end))
    return found


@numba.njit(cache=True, nogil=True)
def _is_ipv4(text: npt.NDArray[np.uint8], start: int, end: int) -> bool:
    dots = digits = value = 0
    for at in range(start, end):
        char = text[at]
        if ZERO <= char <= NINE:
            if digits and value == 0:
                return False
            digits += 1
            value = value * 10 + char - ZERO
            if value > 255:
                return False
        elif char == DOT and digits:
            dots += 1
            digits = value = 0
        else:
            return False
    return dots == 3 and digits > 0


@numba.njit(cache=True, nogil=True)
def _is_ipv6(text: npt.NDArray[np.uint8], start: int, end: int) -> bool:
    """Eight groups of hex digits, or up to seven with one `::`, which may stand at an end."""
    groups = digits = colons = shorts = 0
    for at in range(start, end):
        char = text[at]
        if ZERO <= char <= NINE or A <= char <= F:
            if digits == 0:
                groups += 1
                if colons == 1 and groups == 1:
                    return False
            digits += 1
            colons = 0
            if digits > 4:
                return False
        elif char == COLON:
            colons += 1
            digits = 0
            shorts += colons == 2
            if colons > 2:
                return False
        else:
            return False
    if colons == 1 or shorts > 1:
        return False
    return groups <= 7 if shorts else groups == 8
