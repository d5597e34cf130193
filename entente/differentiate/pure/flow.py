"""The picture of a movement: two stacks of boxes, a ribbon for each cell between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

from entente.differentiate.pure.movement import NOT_THERE
from entente.differentiate.pure.pyramid import Level

ORDER = (*(int(level) for level in Level), NOT_THERE)


@dataclass(frozen=True)
class Box:
    """One level on one day, from `top` down to `bottom`."""

    level: int
    customers: int
    top: float
    bottom: float


@dataclass(frozen=True)
class Ribbon:
    """Those of one cell: from a part of the first day's box to a part of the second's."""

    before: int
    after: int
    customers: int
    first_top: float
    first_bottom: float
    second_top: float
    second_bottom: float


@dataclass(frozen=True)
class Flow:
    first: tuple[Box, ...]
    second: tuple[Box, ...]
    ribbons: tuple[Ribbon, ...]


def flow(cells: Iterable[tuple[int, int, int]], height: float, *, gap: float = 4.0) -> Flow:
    """Lay out (before, after, customers) in a picture of this height. Levels without anybody have no box.

    Heights grow with the root of the customers, or ten at the top could not be seen beside ten thousand suspects. So a ribbon may be wider
    at one end than at the other; at each end it is that part of the box which its customers are of the level's.
    """
    found = {(before, after): customers for before, after, customers in cells if customers > 0}
    first = _stack([(level, _sum(found, level, 0)) for level in ORDER], height, gap)
    second = _stack([(level, _sum(found, level, 1)) for level in ORDER], height, gap)
    left = {box.level: box.top for box in first}
    right = {box.level: box.top for box in second}
    tall_first, tall_second = (
        {box.level: (box.bottom - box.top) / box.customers for box in side} for side in (first, second)
    )
    ribbons = []
    # In the order of both stacks, so that ribbons of one box do not cross where they begin or end.
    for before in ORDER:
        for after in ORDER:
            if customers := found.get((before, after)):
                begin, end = left[before], right[after]
                left[before] += customers * tall_first[before]
                right[after] += customers * tall_second[after]
                ribbons.append(Ribbon(before, after, customers, begin, left[before], end, right[after]))
    return Flow(first, second, tuple(ribbons))


def _sum(cells: dict[tuple[int, int], int], level: int, side: int) -> int:
    return sum(customers for pair, customers in cells.items() if pair[side] == level)


def _stack(levels: Sequence[tuple[int, int]], height: float, gap: float) -> tuple[Box, ...]:
    there = [(level, customers) for level, customers in levels if customers]
    if not there:
        return ()
    room = height - gap * (len(there) - 1)
    whole = sum(sqrt(customers) for _level, customers in there)
    top, found = 0.0, []
    for level, customers in there:
        bottom = top + room * sqrt(customers) / whole
        found.append(Box(level, customers, top, bottom))
        top = bottom + gap
    return tuple(found)
