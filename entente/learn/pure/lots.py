"""Lots that can be drawn again: a number in [0, 1) from a customer's permanent id and some words.

A lot is not random: the same id, salt and words give the same number on every machine, in every process and every
year the program runs. Different words give numbers that know nothing of each other. So an assignment needs no table
to be stable, and a decision repeated for the same date draws the same lot.

Two keys come from BLAKE2b of the words; the id goes through the finaliser of SplitMix64 twice, keyed before each pass.
Source: Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators", finaliser mix64variant13.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entente.lib.errors import EntenteError

Floats = NDArray[np.float64]
Words = NDArray[np.uint64]

_ODD_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


class ImpossibleId(EntenteError):
    """A customer's id is not a whole number of 64 bits."""


def lots(customer_ids: ArrayLike, *words: str) -> Floats:
    """Draw one lot per customer.

    customer_ids: (n,) or scalar, whole numbers that fit in 64 bits with sign; a customer's permanent id.
    words: what the lot is for, such as a salt and a date. Order counts; ("ab", "c") is not ("a", "bc").

    Returns (n,) or (), in [0, 1), multiples of 2**-53.
    Raises ImpossibleId for ids that are not whole numbers.
    """
    ids = _whole_numbers(customer_ids)
    before, between = _keys(words)
    mixed = ids * _ODD_STEP  # wraps around modulo 2**64, as the mixer wants; array arithmetic does not warn
    mixed ^= before
    _mix(mixed)
    mixed ^= between
    _mix(mixed)
    mixed >>= np.uint64(11)
    return mixed.astype(np.float64).reshape(np.shape(customer_ids)) * 2.0**-53


def _keys(words: tuple[str, ...]) -> tuple[np.uint64, np.uint64]:
    digest = hashlib.blake2b(digest_size=16, person=b"entente lots")
    for word in words:
        written = word.encode()
        digest.update(len(written).to_bytes(8, "little") + written)
    key = digest.digest()
    return np.uint64(int.from_bytes(key[:8], "little")), np.uint64(int.from_bytes(key[8:], "little"))


def _mix(words: Words) -> None:
    words ^= words >> np.uint64(30)
    words *= _MIX_1
    words ^= words >> np.uint64(27)
    words *= _MIX_2
    words ^= words >> np.uint64(31)


def _whole_numbers(customer_ids: ArrayLike) -> Words:
    try:
        ids: NDArray[Any] = np.atleast_1d(np.asarray(customer_ids))
    except ValueError as problem:
        raise ImpossibleId(f"Customer ids must be one flat list of whole numbers: {problem}") from problem
    if ids.size == 0:
        return np.empty(0, np.uint64)
    if ids.dtype.kind not in "iu" or (ids.dtype.kind == "u" and bool(np.any(ids > np.iinfo(np.int64).max))):
        raise ImpossibleId(
            f"Customer ids must be whole numbers of at most 63 bits and a sign, not {ids.dtype.name}. "
            "Pass the permanent id of the customer, not a name or a source's number."
        )
    return ids.ravel().astype(np.int64).view(np.uint64).copy()
