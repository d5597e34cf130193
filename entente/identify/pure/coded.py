"""Texts as columns of numbers: each distinct text once, its letters in one array, and a number for every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Ints = NDArray[np.int64]
Octets = NDArray[np.uint8]

MISSING = -1


@dataclass(frozen=True, eq=False)
class Coded:
    """code: (n,) place of each row's text in `values`, MISSING where there is none. The empty text is no value."""

    code: Codes
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def counts(self) -> Ints:
        """(v,) how many rows hold each value."""
        return np.bincount(self.code[self.code >= 0], minlength=len(self.values))

    @cached_property
    def letters(self) -> tuple[Octets, Ints]:
        """All values' letters one after the other, in Latin-1 with "?" for what it lacks, and (v + 1,) where each begins."""
        each = [value.encode("latin-1", "replace") for value in self.values]
        ends = np.zeros(len(each) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, each), np.int64, len(each)), out=ends[1:])
        return np.frombuffer(b"".join(each), np.uint8), ends

    @cached_property
    def hashes(self) -> NDArray[np.uint64]:
        """(v,) a number for each value that depends on its text alone: the same in every run and on every machine."""
        letters, ends = self.letters
        return _hashes(letters, ends)

    def mapped(self, reading: Callable[[str], str]) -> Coded:
        """What `reading` makes of each value, asked once for each distinct one; what it leaves empty is missing."""
        place: dict[str, int] = {}
        to = np.empty(len(self.values) + 1, np.int32)
        to[-1] = MISSING
        for number, value in enumerate(self.values):
            made = reading(value)
            to[number] = place.setdefault(made, len(place)) if made else MISSING
        return Coded(to[self.code], tuple(place))

    def without(self, rows_of_value: NDArray[np.bool_]) -> Coded:
        """The same with some values (v,) struck out."""
        return Coded(
            np.where(np.append(rows_of_value, False)[self.code], MISSING, self.code).astype(np.int32), self.values
        )


def coded(texts: Sequence[str]) -> Coded:
    """Number a column of texts."""
    place: dict[str, int] = {"": MISSING}
    code = np.empty(len(texts), np.int32)
    for row, text in enumerate(texts):
        found = place.get(text)
        if found is None:
            found = place[text] = len(place) - 1
        code[row] = found
    del place[""]
    return Coded(code, tuple(place))


def _hashes(letters: Octets, ends: Ints) -> NDArray[np.uint64]:
    """FNV-1a over each text, mixed once more so that near texts are far apart."""
    from entente.identify.pure.kernels import hash_texts

    out = np.empty(len(ends) - 1, np.uint64)
    hash_texts(letters, ends, out)
    return out
