"""Curry's customer pyramid: who is on which level, and what each level holds.

Curry & Curry, The Customer Marketing Method (2000): active customers ranked by revenue or profit over twelve months,
top 1 %, big 4 %, medium 15 %, small the rest; below them inactive customers, prospects in dialogue, and suspects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Bools, Floats
from entente.differentiate.pure.cost_to_serve import together
from entente.differentiate.pure.estimate import Estimate, exact, total, within
from entente.lib.errors import EntenteError

Levels = npt.NDArray[np.int8]


class Level(IntEnum):
    """Codes are stored: never renumber."""

    TOP = 1
    BIG = 2
    MEDIUM = 3
    SMALL = 4
    INACTIVE = 5
    PROSPECT = 6
    SUSPECT = 7


NAMES: Final = {level: level.name.lower() for level in Level}
ACTIVE: Final = (Level.TOP, Level.BIG, Level.MEDIUM, Level.SMALL)

CUT_OFFS: Final = (0.01, 0.04, 0.15)
"""Shares of the active customers: top, big, medium. Small is the rest."""


MONEY_PLACES: Final = 4
"""Values are equal when they are the same money: sums of floats differ beyond the places the ledger keeps."""


class ImpossiblePyramid(EntenteError):
    """Cut-offs or columns no pyramid can be built from."""


@dataclass(frozen=True)
class Cell:
    """One level of the pyramid, every figure with its precision. `level` is None for the sum of all."""

    level: Level | None
    customers: int
    revenue: Estimate
    margin: Estimate
    lifetime_value: Estimate
    cost: Estimate

    @property
    def profit(self) -> Estimate:
        """Margin less cost to serve."""
        return self.margin - self.cost

    @property
    def name(self) -> str:
        return NAMES[self.level] if self.level else "all"


def levels(
    value: Floats,
    ordered_in_period: Bools,
    ordered_before: Bools,
    in_dialogue: Bools,
    cut_offs: tuple[float, float, float] = CUT_OFFS,
) -> Levels:
    """The level of each customer.

    value: (n,) revenue, margin or profit over the period (twelve months as a rule); read only where `ordered_in_period`.
    ordered_in_period: (n,) bought in the period: active. ordered_before: (n,) ever bought. in_dialogue: (n,) in touch.
    cut_offs: shares of the active customers that are top, big, medium.

    Returns (n,) int8 codes of Level. Equal customers sit together: each cut moves to the nearest boundary between
    unequal values, upward when two are as near. A cut is rounded up, so the smallest firm has a top customer. Who is
    active with nothing or less to show (returned all, sold below cost) is small, however few there are.
    Raises ImpossiblePyramid for cut-offs out of range, columns of unequal length, an active customer without a number.
    """
    value = np.asarray(value, np.float64).round(MONEY_PLACES)
    if not len(value) == len(ordered_in_period) == len(ordered_before) == len(in_dialogue):
        raise ImpossiblePyramid("The columns differ in length: give one entry per customer in each.")
    if min(cut_offs) < 0.0 or not np.isfinite(sum(cut_offs)) or sum(cut_offs) > 1.0:
        raise ImpossiblePyramid(f"Cut-offs {cut_offs} cannot be: give three shares that add up to 1 or less.")
    found = np.full(len(value), Level.SUSPECT, np.int8)
    found[np.asarray(in_dialogue, np.bool_)] = Level.PROSPECT
    found[np.asarray(ordered_before, np.bool_)] = Level.INACTIVE
    active = np.flatnonzero(ordered_in_period)
    if not np.isfinite(value[active]).all():
        raise ImpossiblePyramid("An active customer's value is missing or no number: value all active customers first.")
    found[active] = _ranked(value[active], cut_offs)
    return found


def cells(
    level: Levels,
    revenue: Floats,
    margin: Floats,
    margin_known: Bools,
    lifetime_value: Floats,
    *,
    margin_share: float,
    lifetime_value_share: float,
    costs: Sequence[Estimate] | None = None,
) -> list[Cell]:
    """What each level holds: seven cells, TOP first, empty ones included.

    revenue, margin, lifetime_value: (n,) money. margin_known: (n,) computed from costs; elsewhere `margin` is an
    estimate. margin_share: how far estimated margins may be off, as a share; they err together (one assumed rate), so
    it does not average out within a level. lifetime_value_share: the same for lifetime values (`relative_error` of
    the law). costs: cost to serve of each level, TOP first; without it nothing.
    """
    at = np.asarray(level, np.int64)
    known = np.asarray(margin_known, np.bool_)

    def per_level(column: Floats) -> Floats:
        return np.bincount(at, weights=np.asarray(column, np.float64), minlength=len(Level) + 1).astype(np.float64)

    count = np.bincount(at, minlength=len(Level) + 1)
    sold, worth = per_level(revenue), per_level(lifetime_value)
    sure, assumed = per_level(np.where(known, margin, 0.0)), per_level(np.where(known, 0.0, margin))
    guessed_customers = np.bincount(at[~known], minlength=len(Level) + 1)
    return [
        Cell(
            level=one,
            customers=int(count[one]),
            revenue=exact(sold[one]),
            margin=exact(sure[one]) + (within(assumed[one], margin_share) if guessed_customers[one] else exact(0.0)),
            lifetime_value=within(worth[one], lifetime_value_share) if count[one] else exact(0.0),
            cost=cost,
        )
        for one, cost in zip(Level, costs or [exact(0.0)] * len(Level), strict=True)
    ]


def sum_of(parts: Sequence[Cell]) -> Cell:
    """All cells in one: counts and values add up exactly, spreads as those of independent figures; those of costs as they are, for the
    same rates stand behind all of them."""
    return Cell(
        level=None,
        customers=sum(cell.customers for cell in parts),
        revenue=total(cell.revenue for cell in parts),
        margin=total(cell.margin for cell in parts),
        lifetime_value=total(cell.lifetime_value for cell in parts),
        cost=together(cell.cost for cell in parts),
    )


def _ranked(value: Floats, cut_offs: tuple[float, float, float]) -> Levels:
    order = np.argsort(-value, kind="stable")
    falling = value[order]
    boundaries = np.concatenate(([0], np.flatnonzero(np.diff(falling)) + 1, [len(value)]))
    boundaries = boundaries[boundaries <= int((value > 0.0).sum())]
    ranks = np.arange(len(value))
    by_rank = np.full(len(value), Level.TOP, np.int8)
    for cut in np.cumsum(cut_offs):
        wanted = int(np.ceil(cut * len(value) - 1e-9))
        by_rank[ranks >= _nearest(boundaries, wanted)] += 1
    found = np.empty(len(value), np.int8)
    found[order] = by_rank
    return found


def _nearest(boundaries: npt.NDArray[np.intp], wanted: int) -> int:
    """The boundary nearest to the wanted cut; of two as near, the one that lifts the equal customers up."""
    place = int(np.searchsorted(boundaries, wanted))
    if place == len(boundaries):
        return int(boundaries[-1])
    above = int(boundaries[place])
    if place == 0:
        return above
    below = int(boundaries[place - 1])
    return below if wanted - below < above - wanted else above
