"""One record beside a few others: what `comparisons.py` and `weights.py` say of columns, said in two calls.

With a handful of pairs nearly all the time would go into setting out, field by field. Levels and odds are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from entente.identify.pure import kernels
from entente.identify.pure.comparisons import FAMILY, GIVEN, RARE, SOUND, TOLD_APART, Field, How, Levels
from entente.identify.pure.weights import HANDED_DOWN, LEAST, RAREST, Floats, Weights, tells_by_rarity

HOWS: Mapping[How, int] = {
    "name": kernels.NAME, "words": kernels.WORDS, "date": kernels.DATE, "code": kernels.CODE, "mail": kernels.MAIL, "place": kernels.PLACE,
}  # fmt: skip
PLACE = ("street", "house_number", "postcode", "city")
UNKNOWN = ord("?")  # as in `Coded.letters`


@dataclass(frozen=True, eq=False)
class Layout:
    """Where the fields of the law stand among the columns of a table of texts; -1 for what is not there. As `compare_with_one` takes it."""

    hows: NDArray[np.int64]
    columns: NDArray[np.int64]
    sounds: NDArray[np.int64]
    place: NDArray[np.int64]
    names: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Tables:
    """Weights as `judge_few` takes them."""

    chances: Floats
    shares: Floats
    by_rarity: NDArray[np.bool_]
    of_namesakes: NDArray[np.bool_]
    within_household: NDArray[np.bool_]


@lru_cache(maxsize=8)
def layout(fields: tuple[Field, ...], columns: tuple[str, ...]) -> Layout:
    at = {name: place for place, name in enumerate(columns)}
    of = {field.name: place for place, field in enumerate(fields)}

    def places(names: Sequence[str]) -> NDArray[np.int64]:
        return np.array([at.get(name, -1) for name in names], np.int64)

    are_names = GIVEN in of and FAMILY in of
    return Layout(
        np.array([HOWS[field.how] for field in fields], np.int64),
        places([field.name for field in fields]),
        places([field.name + SOUND for field in fields]),
        places(PLACE),
        (at[GIVEN], at[FAMILY], of[GIVEN], of[FAMILY]) if are_names else (-1, -1, -1, -1),
    )


@lru_cache(maxsize=8)
def tables(weights: Weights) -> Tables:
    fields, most = weights.fields, max(map(len, TOLD_APART.values()))
    chances = np.zeros((len(fields), most + 1, 4))
    by_rarity, of_namesakes = np.zeros((2, len(fields), most), np.bool_)
    for place, (field, chance) in enumerate(zip(fields, weights.chances, strict=True)):
        chances[place, : field.levels] = np.log2(chance.T)
        by_rarity[place, list(RARE[field.how])] = True
        of_namesakes[place, [level for level in RARE[field.how] if tells_by_rarity(field, level)]] = True
    household = np.array([field.household is not None for field in fields])
    return Tables(chances, np.log2(weights.shares), by_rarity, of_namesakes, household)


def compare_with_one(
    fields: tuple[Field, ...], columns: tuple[str, ...], records: Sequence[Sequence[str]], one: Sequence[str]
) -> Levels:
    """(records, fields) levels of each record and the one. Texts stand as in `columns`; the empty text says nothing."""
    texts = [*chain.from_iterable(records), *one]
    ends = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(list(map(len, texts)), out=ends[1:])
    whole = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    letters = np.where(whole < 256, whole, UNKNOWN).astype(np.uint8)
    out = np.empty((len(records), len(fields)), np.int8)
    at = layout(fields, columns)
    kernels.compare_with_one(whole, letters, ends, at.hows, at.columns, at.sounds, at.place, at.names, out)
    return out


def judge_few(weights: Weights, levels: Levels, held: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """(pairs,) log2 of the odds of the same customer, and (pairs, fields) the bits by which each field speaks for it.

    held: (pairs, fields) how many records hold what the pair has in common, where it matters how rare that is.
    """
    of = tables(weights)
    holders = np.maximum(held, RAREST)
    share = holders / weights.records
    by_chance = np.empty((*held.shape, 3))
    by_chance[..., 0] = np.log2(np.clip(share, LEAST, 1.0))
    by_chance[..., 1] = np.log2(np.clip(share + HANDED_DOWN, LEAST, 1.0))
    by_chance[..., 2] = np.log2(np.maximum(holders / weights.crowd, LEAST))
    weight, evidence = np.empty(len(levels)), np.empty(levels.shape)
    kernels.judge_few(
        levels, of.chances, of.shares, of.by_rarity, of.of_namesakes, of.within_household, by_chance, weight, evidence
    )
    return weight, evidence
