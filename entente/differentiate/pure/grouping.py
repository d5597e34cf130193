"""Which rows are the same? Grouping by whole-number keys with a hash table: no sort, no key that could overflow."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from entente.differentiate.pure.arrays import Indexes, Ints


@dataclass(frozen=True)
class Groups:
    """Rows collapsed to the distinct ones, in the order in which each first appears.

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
    Costs one pass and about 4 n int32 of memory. Raises ValueError for columns of unequal length.
    """
    first_key, second, third = _whole(a), _whole(b), _whole(b if c is None else c)
    if not first_key.shape == second.shape == third.shape:
        raise ValueError("Columns to group must have the same length.")
    return Groups(*_group(first_key, second, third))


def _whole(column: Ints) -> Ints:
    return np.ascontiguousarray(column, dtype=np.int64)
