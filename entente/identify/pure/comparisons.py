"""How alike are two records? Field by field, on few levels: what the weights are learned for.

A level is a number from 0 (different) up; MISSING where either record says nothing, for what is not said speaks neither way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from entente.identify.pure.coded import MISSING, Coded
from entente.identify.pure.kernels import compare_codes, compare_dates, compare_names, compare_words

Levels = NDArray[np.int8]
Rows = NDArray[np.int32]
How = Literal["name", "words", "date", "code", "mail", "place"]

# What each way of comparing tells apart, from different to the same.
TOLD_APART: Mapping[How, tuple[str, ...]] = {
    "name": ("different", "alike", "close", "same"),
    "words": ("different", "alike", "same"),
    "date": ("different", "two parts of three", "one slip", "same"),
    "code": ("different", "one slip", "same"),
    "mail": ("different", "one slip", "same"),  # a slip in a letter: who was given anna7 is not who was given anna8
    # One thing, not four: who lives at one postcode lives in one town, and that says nothing more.
    "place": ("different", "same town", "same postcode", "same street", "same address"),
}
# At which levels it matters how rare what both say is, and which column says it ("" for the field's own).
RARE: Mapping[How, Mapping[int, str]] = {
    "name": {3: ""},
    "words": {2: ""},
    "date": {3: ""},
    "code": {2: ""},
    "mail": {2: ""},
    "place": {1: "city", 2: "postcode", 3: "street_and_town", 4: "address"},
}
SOUND = ":sound"


@dataclass(frozen=True)
class Field:
    """One thing that is compared. household: of two people of one household, or two branches of one firm, about so many have it in
    common (a guess to begin with); None where only one should have it."""

    name: str
    how: How
    household: float | None = None

    @property
    def levels(self) -> int:
        return len(TOLD_APART[self.how])


PERSON = (
    Field("given_name", "name"),
    Field("family_name", "name", household=0.8),
    Field("born_on", "date", household=0.04),  # twins
    Field("email", "mail", household=0.1),
    Field("phone", "code", household=0.2),
    Field("place", "place", household=0.9),
    Field("tax_id", "code"),
)
ORGANISATION = (
    Field("name", "words", household=0.9),
    Field("email", "mail", household=0.2),
    Field("phone", "code"),
    Field("place", "place"),
    Field("tax_id", "code", household=0.8),
)
GIVEN, FAMILY = "given_name", "family_name"


def compare(
    fields: Sequence[Field], columns: Mapping[str, Coded], left: Rows, right: Rows, *, threads: int = 2
) -> Levels:
    """(pairs, fields) levels of the records `left[k]` and `right[k]`.

    columns: by name of field; with the name of a field and SOUND behind it, how its values sound in any script.
    A given name that is the other's family name and the other way round counts as close for both.
    """
    out = np.full((len(left), len(fields)), MISSING, np.int8)

    def work(first: int, last: int) -> None:
        for place, field in enumerate(fields):
            _compare_field(field, columns, left[first:last], right[first:last], out[first:last, place])
        names = {field.name: place for place, field in enumerate(fields)}
        if GIVEN in names and FAMILY in names and GIVEN in columns and FAMILY in columns:
            _swap(columns, left[first:last], right[first:last], out[first:last], names[GIVEN], names[FAMILY])

    step = 1 << 18
    if len(left) <= step:
        work(0, len(left))
        return out
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda first: work(first, min(first + step, len(left))), range(0, len(left), step)))
    return out


def _compare_field(field: Field, columns: Mapping[str, Coded], left: Rows, right: Rows, out: Levels) -> None:
    if field.how == "place":
        _places(columns, left, right, out)
        return
    column = columns.get(field.name)
    if column is None:
        return
    a, b = column.code[left], column.code[right]
    letters, ends = column.letters
    if field.how in ("name", "words"):
        sound = columns.get(field.name + SOUND)
        near = np.zeros(len(a), np.bool_) if sound is None else _both_same(sound, left, right)
        (compare_names if field.how == "name" else compare_words)(letters, ends, a, b, near, out)
    elif field.how == "date":
        compare_dates(letters, ends, a, b, out)
    else:
        compare_codes(letters, ends, a, b, field.how == "mail", out)


def _places(columns: Mapping[str, Coded], left: Rows, right: Rows, out: Levels) -> None:
    """The most particular thing both have in common. A town or postcode that is written wrong does not take a whole address apart."""

    def of(name: str, how: How) -> Levels:
        found = np.full(len(left), MISSING, np.int8)
        _compare_field(Field(name, how), columns, left, right, found)
        return found

    street, number, postcode, city = (
        of("street", "words"), of("house_number", "code"), of("postcode", "code"), of("city", "words"),
    )  # fmt: skip
    said = (street >= 0) | (postcode >= 0) | (city >= 0)
    near = (postcode >= 1) | (city >= 1) | ((postcode == MISSING) & (city == MISSING))
    out[said] = 0
    out[city >= 1] = 1
    out[postcode == 2] = 2
    out[(street >= 1) & near] = 3
    out[(street >= 1) & near & (number == 2)] = 4


def with_addresses(columns: Mapping[str, Coded]) -> dict[str, Coded]:
    """The columns and, beside them, whole addresses and streets in their towns: how rare those are, no part can tell."""
    n = len(next(iter(columns.values())))
    nothing = np.full(n, MISSING, np.int64)
    street, number, postcode, city = (
        columns[name].code.astype(np.int64) if name in columns else nothing
        for name in ("street", "house_number", "postcode", "city")
    )
    town = np.where(postcode != MISSING, postcode, np.where(city != MISSING, city + 2**31, MISSING))
    return {
        **columns,
        "street_and_town": _joined(street, town, street != MISSING),
        "address": _joined(_joined(street, number, street != MISSING).code.astype(np.int64), town, street != MISSING),
    }


def _joined(a: NDArray[np.int64], b: NDArray[np.int64], known: NDArray[np.bool_]) -> Coded:
    """Pairs of numbers as a column; its values are never read, only counted."""
    code = np.full(len(a), MISSING, np.int32)
    _, place = np.unique(a[known] * 2**33 + b[known] + 1, return_inverse=True)
    code[known] = place
    return Coded(code, ("",) * (int(place.max()) + 1 if len(place) else 0))


def _both_same(column: Coded, left: Rows, right: Rows) -> NDArray[np.bool_]:
    a, b = column.code[left], column.code[right]
    return np.asarray((a == b) & (a != MISSING))


def _swap(columns: Mapping[str, Coded], left: Rows, right: Rows, out: Levels, given: int, family: int) -> None:
    """Given and family name exchanged in one of the records."""
    of_given, of_family = columns[GIVEN].hashes, columns[FAMILY].hashes

    def hashes(of: NDArray[np.uint64], code: NDArray[np.int32]) -> NDArray[np.uint64]:
        return np.append(of, np.uint64(0))[code]

    known = out[:, given] == 0
    known &= out[:, family] == 0
    rows = np.flatnonzero(known)
    a, b = left[rows], right[rows]
    crossed = (hashes(of_given, columns[GIVEN].code[a]) == hashes(of_family, columns[FAMILY].code[b])) & (
        hashes(of_family, columns[FAMILY].code[a]) == hashes(of_given, columns[GIVEN].code[b])
    )
    out[rows[crossed], given] = 2
    out[rows[crossed], family] = 2
