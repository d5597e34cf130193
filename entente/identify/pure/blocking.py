"""Which pairs are worth comparing? Records that share a key, for many kinds of keys: what none of them brings together is never found.

A key is a number made of one or a few values of a record. Keys that a great many records share would bring a great many strangers
together: they are made narrower, and where that does not help only neighbours in the order of their other values are paired. So the
number of pairs grows with the records, however one-sided their values are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from entente.identify.pure.coded import MISSING, Coded
from entente.identify.pure.comparisons import SOUND, Rows
from entente.lib.distinct import distinct

Keys = NDArray[np.uint64]
NO_KEY = np.uint64(0)
MIX = np.uint64(0x9E3779B97F4A7C15)

MOST_TOGETHER = 50  # records of one key that are all paired with each other
NEIGHBOURS = 8  # of a key of more: each with so many next to it
RARE_PAIRS = 1.0


@dataclass(frozen=True)
class Rule:
    """Records with the same values in all these columns are paired. A column may be cut to its first letters: ("street", 4).

    is_rare: the rule is there for values that few hold: the rarest keys first, until it has made RARE_PAIRS pairs for each record.
    """

    columns: tuple[str | tuple[str, int], ...]
    is_rare: bool = False

    @property
    def name(self) -> str:
        return " + ".join(column if isinstance(column, str) else f"{column[0]}[{column[1]}]" for column in self.columns)


GIVEN, FAMILY = "given_name" + SOUND, "family_name" + SOUND
PERSON_RULES = (
    Rule(("email",)),
    Rule(("phone",)),
    Rule(("tax_id",)),
    Rule((FAMILY, "born_on")),
    Rule((GIVEN, "born_on")),
    Rule(("born_on", "postcode")),
    Rule((FAMILY, GIVEN, "postcode")),
    Rule((FAMILY, GIVEN, ("street", 4))),
    Rule((("given_name", 1), FAMILY, "city")),
    Rule(("street", "house_number", GIVEN)),
    Rule(("street", "house_number", "born_on")),
    Rule((("family_name", 3), ("given_name", 3), ("born_on", 6))),
    Rule((FAMILY,), is_rare=True),
    Rule((GIVEN,), is_rare=True),
    Rule(("born_on",), is_rare=True),
    Rule((("email", 8),), is_rare=True),
    Rule((("given_name", 3), "city"), is_rare=True),
)
ORGANISATION_RULES = (
    Rule(("email",)),
    Rule(("phone",)),
    Rule(("tax_id",)),
    Rule(("name" + SOUND, "city")),
    Rule(("name" + SOUND, "postcode")),
    Rule((("name", 6), "city")),
    Rule((("name", 5), "street")),
    Rule(("street", "house_number", "postcode")),
)


@dataclass(frozen=True)
class Blocked:
    """left < right: (pairs,) records. crowded: by rule, how many keys too many records shared, and how many records that were."""

    left: Rows
    right: Rows
    crowded: dict[str, tuple[int, int]]


def keys(rule: Rule, columns: Mapping[str, Coded]) -> Keys:
    """(n,) the key of each record, NO_KEY where a value is missing. Depends on the values alone: the same in every run."""
    found: Keys | None = None
    for column in rule.columns:
        name, letters = (column, 0) if isinstance(column, str) else column
        if name not in columns:
            return np.zeros(len(next(iter(columns.values()))), np.uint64)
        values = columns[name] if not letters else columns[name].mapped(lambda value, to=letters: value[:to])  # type: ignore[misc]
        hashes = np.append(values.hashes, NO_KEY)[values.code]
        if found is None:
            found = hashes.copy()
        else:
            missing = (found == NO_KEY) | (values.code == MISSING)
            found = found * MIX + hashes
            found[missing] = NO_KEY
    assert found is not None
    return found


def pairs(
    rules: Sequence[Rule], columns: Mapping[str, Coded], order: NDArray[np.uint64] | None = None, *, threads: int = 2
) -> Blocked:
    """All pairs that any rule brings together, each once.

    order: (n,) numbers by which neighbours of a crowded key are found; near records should have near numbers.
    """
    n = len(next(iter(columns.values())))
    order = np.zeros(n, np.uint64) if order is None else order
    crowded: dict[str, tuple[int, int]] = {}

    def of(rule: Rule) -> NDArray[np.int64]:
        key = keys(rule, columns)
        rows = np.flatnonzero(key != NO_KEY)
        if len(rows) < 2:
            return np.zeros(0, np.int64)
        rows = rows[np.argsort(key[rows], kind="stable")]
        starts = np.flatnonzero(np.append(True, key[rows[1:]] != key[rows[:-1]]))
        size = np.diff(np.append(starts, len(rows)))
        many = size > most_together(rule, size, n)
        if many.any():
            crowded[rule.name] = int(many.sum()), int(size[many].sum())
        neighbours = 0 if rule.is_rare else NEIGHBOURS
        for first, length in zip(starts[many].tolist(), size[many].tolist(), strict=True) if neighbours else ():
            block = rows[first : first + length]
            rows[first : first + length] = block[np.argsort(order[block], kind="stable")]
        out = np.empty(int(np.where(many, size * neighbours, size * (size - 1) // 2).sum()), np.int64)
        return out[: _pairs(rows, starts, size, many, neighbours, n, out)]

    for column in columns.values():
        _ = column.hashes  # once, not in every thread that asks first
    with ThreadPoolExecutor(threads) as pool:
        merged = list(pool.map(of, rules))
    together = distinct(np.concatenate(merged)) if merged else np.zeros(0, np.int64)
    return Blocked((together // n).astype(np.int32), (together % n).astype(np.int32), crowded)


def most_together(rule: Rule, size: NDArray[np.int64], n: int) -> int:
    """How many records of one key are all paired with each other. size: of every key of the rule; n: records in all."""
    return _most_of_rare(size, n) if rule.is_rare else MOST_TOGETHER


def _most_of_rare(size: NDArray[np.int64], n: int) -> int:
    """The largest block that still fits: the smallest come first."""
    sizes, often = np.unique(size, return_counts=True)
    made = np.cumsum(often * (sizes * (sizes - 1) // 2))
    fits = sizes[(made <= RARE_PAIRS * n) & (sizes <= MOST_TOGETHER)]
    return max(int(fits.max()) if len(fits) else 0, 2)


@numba.njit(cache=True, nogil=True)
def _pairs(rows, starts, size, many, neighbours, n, out):  # type: ignore[no-untyped-def]
    used = 0
    for block in range(len(starts)):
        end = starts[block] + size[block]
        for i in range(starts[block], end):
            last = min(end, i + 1 + neighbours) if many[block] else end
            for j in range(i + 1, last):
                a, b = rows[i], rows[j]
                out[used] = a * n + b if a < b else b * n + a
                used += 1
    return used
