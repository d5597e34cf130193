"""The key of a fact: the same for the same line in any file, different for its twin in one file."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Lanes = NDArray[np.uint64]
_EPOCH_SHIFT = 1 << 23  # days before 1970 sort before those after


def hashed(column: str, values: Sequence[str]) -> Lanes:
    """(n, 2) a 128-bit hash of each text, another for another column."""
    person = column.encode()[:16]
    data = b"".join(blake2b(value.encode(), digest_size=16, person=person).digest() for value in values)
    return np.frombuffer(data, dtype="<u8").reshape(-1, 2)


def hashed_numbers(column: str, values: NDArray[np.int64]) -> Lanes:
    """(n, 2) as `hashed`, for whole numbers: two rounds of splitmix64 (Steele, Lea & Flood 2014) from a seed of the column."""
    seed = hashed("seed", [column])[0]
    lanes = np.stack([values.view(np.uint64) + seed[0], values.view(np.uint64) ^ seed[1]], axis=1)
    return _mixed(_mixed(lanes))


def fact_keys(lanes: Lanes, days: NDArray[np.int32], twins: NDArray[np.int64]) -> NDArray[np.void]:
    """(n,) 16 bytes each: three of the day, thirteen of the hash with the number of the twin.

    lanes: (n, 2) the sum over the columns of what `hashed` and `hashed_numbers` answer.

    The day comes first so that lines of one time lie together in the index: a year's import touches a year of it.
    """
    keyed = _mixed(lanes + _mixed(np.repeat(twins.astype(np.uint64)[:, None], 2, axis=1)))
    keyed = _mixed(keyed ^ keyed[:, ::-1] * np.uint64(0x9E3779B97F4A7C15))
    keys = np.empty((len(lanes), 2), dtype=">u8")
    day = (days.astype(np.int64) + _EPOCH_SHIFT).astype(np.uint64) & np.uint64(0xFFFFFF)
    keys[:, 0] = (day << np.uint64(40)) | (keyed[:, 0] >> np.uint64(24))
    keys[:, 1] = keyed[:, 1]
    return np.ascontiguousarray(keys).view("V16").ravel()


def twins_within(found: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Equal keys among these n.

    Returns their order by key, equal ones as they come (n,); how often each distinct key stands here, in that order (m,);
    and for each its place among its equals, from 0 (n,).
    """
    count = len(found)
    halves = np.ascontiguousarray(found).view(">u8").reshape(-1, 2).astype(np.uint64)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    laid = halves[order]
    is_start = np.ones(count, bool)
    is_start[1:] = (laid[1:] != laid[:-1]).any(axis=1)
    starts = np.flatnonzero(is_start)
    counts = np.diff(np.append(starts, count))
    places = np.empty(count, np.int64)
    places[order] = np.arange(count) - np.repeat(starts, counts)
    return order, counts, places


def _mixed(lanes: Lanes) -> Lanes:
    """splitmix64's finaliser."""
    lanes = (lanes ^ (lanes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    lanes = (lanes ^ (lanes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return lanes ^ (lanes >> np.uint64(31))
