"""Movement: who came in, moved up, moved down, stayed, went out between two days.

Curry & Curry, The Customer Marketing Method (2000): two pyramids of the same customers, laid over each other. A matrix, from level by to
level; its rows add up to the pyramid of the first day, its columns to that of the second, always.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.pyramid import ACTIVE, Level, Levels
from entente.lib.errors import EntenteError

NOT_THERE: Final = 0
"""Beside the codes of Level: nobody knew this customer on that day, or it is no customer of its own any more."""

QUANTILES: Final = 33
"""How finely the changes within a cell are kept: the middles of so many equal parts."""

_CODES: Final = len(Level) + 1


class ImpossibleMovement(EntenteError):
    """Columns no movement can be made of."""


class Way(StrEnum):
    CAME_IN = "in"
    UP = "up"
    DOWN = "down"
    SAME = "same"
    OUT = "out"


@dataclass(frozen=True)
class Moved:
    """Those who went from one level to another, together. Money of twelve months before and after.

    change_sd: standard deviation of one customer's change of profit; 0 of a single one. changes: QUANTILES of these changes, rising.
    """

    before: int
    after: int
    customers: int
    revenue_before: float
    revenue_after: float
    profit_before: float
    profit_after: float
    value_after: float
    change_sd: float
    changes: tuple[float, ...]


@dataclass(frozen=True)
class Sums:
    """A movement in a few numbers. began: bought now and not before; stopped: the other way round. These two lie across the
    first five."""

    came_in: int
    up: int
    down: int
    same: int
    out: int
    began: int
    stopped: int


def movement(
    before: Levels,
    after: Levels,
    *,
    revenue_before: Floats,
    revenue_after: Floats,
    profit_before: Floats,
    profit_after: Floats,
    value_after: Floats,
) -> list[Moved]:
    """The cells of the matrix in which there is anybody, by first and second level.

    before, after: (n,) codes of Level, or NOT_THERE. The others: (n,) money of each customer. Who was there on neither day is in no cell.
    Raises ImpossibleMovement for columns of unequal length, codes that are no level, money that is no number.
    """
    money = [
        np.asarray(each, np.float64)
        for each in (revenue_before, revenue_after, profit_before, profit_after, value_after)
    ]
    first, second = np.asarray(before), np.asarray(after)
    if len(second) != len(first) or any(len(column) != len(first) for column in money):
        raise ImpossibleMovement("The columns differ in length: give one entry per customer in each.")
    for codes in (first, second):
        if len(codes) and not (codes.min() >= NOT_THERE and codes.max() < _CODES):
            raise ImpossibleMovement(f"A level is none of 0 to {_CODES - 1}: give codes of Level, 0 for not there.")
    if not all(np.isfinite(column).all() for column in money):
        raise ImpossibleMovement("Money of a customer is missing or no number: value all customers of both days first.")
    place = (first.astype(np.int16) * _CODES + second.astype(np.int16)).astype(np.uint8)
    count = np.bincount(place, minlength=_CODES * _CODES)
    sums = [np.bincount(place, weights=column, minlength=_CODES * _CODES) for column in money]
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(count)
    change = (money[3] - money[2])[order]
    found = []
    for at in np.flatnonzero(count):
        if at == NOT_THERE * _CODES + NOT_THERE:
            continue
        own = change[ends[at] - count[at] : ends[at]]
        of = [float(column[at]) for column in sums]
        spread = float(own.std(ddof=1)) if len(own) > 1 else 0.0
        one, other = divmod(int(at), _CODES)
        found.append(Moved(one, other, int(count[at]), of[0], of[1], of[2], of[3], of[4], spread, _sketch(own)))
    return found


def way(before: int, after: int) -> Way:
    """What a cell of the matrix is called. Levels are numbered from the top down."""
    if before == NOT_THERE:
        return Way.CAME_IN
    if after == NOT_THERE:
        return Way.OUT
    if before == after:
        return Way.SAME
    return Way.UP if after < before else Way.DOWN


def sums(cells: Iterable[tuple[int, int, int]]) -> Sums:
    """A movement's sums from its (before, after, customers). The first five add up to everybody."""
    of = dict.fromkeys(Way, 0)
    began = stopped = 0
    for before, after, customers in cells:
        of[way(before, after)] += customers
        began += customers * (before not in ACTIVE and after in ACTIVE)
        stopped += customers * (before in ACTIVE and after not in ACTIVE)
    return Sums(of[Way.CAME_IN], of[Way.UP], of[Way.DOWN], of[Way.SAME], of[Way.OUT], began, stopped)


def pyramids(cells: Iterable[tuple[int, int, int]]) -> tuple[dict[int, int], dict[int, int]]:
    """Customers on each level on the first day and on the second, as rows and columns add up; NOT_THERE is no level."""
    first, second = ({int(level): 0 for level in Level} for _ in range(2))
    for before, after, customers in cells:
        if before != NOT_THERE:
            first[before] += customers
        if after != NOT_THERE:
            second[after] += customers
    return first, second


def _sketch(changes: Floats) -> tuple[float, ...]:
    """QUANTILES of the changes. Their mean is not quite that of the changes: whoever draws from them puts it right."""
    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return tuple(float(part) for part in np.quantile(changes, middles))
