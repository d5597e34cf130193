"""Which rows are the same? Grouping by whole-number keys: by sorting where key and row fit into one number, else with a hash table."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from entente.differentiate.pure.arrays import Indexes, Ints

_BITS: Final = 63


@dataclass(frozen=True)
class Groups:
    """Rows collapsed to the distinct ones. In which order they come is not promised.

    first: (g,) the row where each group appears first.
    sizes: (g,) rows in each group.
    of_row: (n,) the group of each row.
    """

    first: Indexes
    sizes: Ints
    of_row: Indexes


@njit(cache=True, inline="always")
def slot_of(a, b, c, mask):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Where a key starts looking for its place: a multiplicative mix of its three parts (splitmix64's constants)."""
    h = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15)
    h ^= (np.uint64(b) + np.uint64(0x632BE59BD9B4E019)) * np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(29)
    h += np.uint64(c) * np.uint64(0x94D049BB133111EB)
    h ^= h >> np.uint64(32)
    h *= np.uint64(0xBF58476D1CE4E5B9)
    h ^= h >> np.uint64(31)
    return np.int64(h & np.uint64(mask))


@njit(cache=True)
def _group(a, b, c):  # type: ignore[no-untyped-def]  # pragma: no cover
    n = a.size
    size = 16
    while size < 2 * n:
        size *= 2
    mask = size - 1
    table = np.full(size, -1, np.int32)
    first = np.empty(n, np.int32)
    sizes = np.zeros(n, np.int64)
    of_row = np.empty(n, np.int32)
    found = 0
    for i in range(n):
        s = slot_of(a[i], b[i], c[i], mask)
        while True:
            g = table[s]
            if g < 0:
                table[s] = found
                first[found] = i
                g = found
                found += 1
                break
            f = first[g]
            if a[f] == a[i] and b[f] == b[i] and c[f] == c[i]:
                break
            s = (s + 1) & mask
        sizes[g] += 1
        of_row[i] = g
    return first[:found].copy(), sizes[:found].copy(), of_row


def distinct(a: Ints, b: Ints, c: Ints | None = None) -> Groups:
    """Collapse rows to the distinct (a, b) or (a, b, c).

    a, b, c: (n,) whole numbers of any size (floats may come as their bits, `x.view(np.int64)`).
    Raises ValueError for columns of unequal length.
    """
    columns = [_whole(column) for column in (a, b, c) if column is not None]
    if len({column.shape for column in columns}) != 1:
        raise ValueError("Columns to group must have the same length.")
    packed = _packed(columns)
    if packed is not None:
        return _sorted(*packed)
    return Groups(*_group(columns[0], columns[1], columns[-1]))


def _packed(columns: list[Ints]) -> tuple[Ints, int] | None:
    """(n,) the key of each row and, in its last bits, the row; and how many bits these are. None where they do not fit."""
    rows = len(columns[0])
    if not rows:
        return None
    lowest = [int(column.min()) for column in columns]
    sizes = [(int(column.max()) - low).bit_length() for column, low in zip(columns, lowest, strict=True)]
    row_bits = (rows - 1).bit_length()
    lowest, sizes = [*lowest, 0][:3], [*sizes, 0][:3]
    if sum(sizes) + row_bits > _BITS:
        return None
    return _pack(columns[0], columns[1], columns[-1], np.array(lowest), np.array(sizes), row_bits), row_bits


def _sorted(keys: Ints, row_bits: int) -> Groups:
    keys.sort()
    return Groups(*_collapse(keys, row_bits))


@njit(cache=True)
def _pack(a, b, c, lowest, sizes, row_bits):  # type: ignore[no-untyped-def]  # pragma: no cover
    keys = np.empty(a.size, np.int64)
    for i in range(a.size):
        key = ((a[i] - lowest[0]) << sizes[1]) | (b[i] - lowest[1])
        if sizes[2]:
            key = (key << sizes[2]) | (c[i] - lowest[2])
        keys[i] = (key << row_bits) | i
    return keys


@njit(cache=True)
def _collapse(keys, row_bits):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sorted keys: those who share all but the bits of the row are one group."""
    n = keys.size
    first = np.empty(n, np.int32)
    begins = np.empty(n + 1, np.int64)
    of_row = np.empty(n, np.int32)
    only_row = (1 << row_bits) - 1
    found = 0
    for i in range(n):
        row = keys[i] & only_row
        if i == 0 or keys[i] >> row_bits != keys[i - 1] >> row_bits:
            first[found] = row
            begins[found] = i
            found += 1
        of_row[row] = found - 1
    begins[found] = n
    return first[:found].copy(), np.diff(begins[: found + 1]), of_row


def _whole(column: Ints) -> Ints:
    return np.ascontiguousarray(column, dtype=np.int64)
