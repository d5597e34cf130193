"""What is one more point of retention worth, level by level?

A level keeps its buying at some rate a year: of 100 purchases in the first year from now, so many in the second, by the same
customers. One point more of that rate makes every later purchase more likely by (rate + .01) / rate to the power of the years
until it, which is a discount that is smaller by just that. So the lifetime value is worked out again with that discount
(Gupta, Lehmann & Stuart 2004 find a point of retention worth about five of margin or discount).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from entente.differentiate.pure.arrays import Ints
from entente.differentiate.pure.lifetime_value import WEEKS_PER_YEAR, LifetimeValues, present_value

POINT: Final = 0.01
HIGHEST: Final = 0.9999
"""A level that keeps all its buying cannot keep more."""


@dataclass(frozen=True)
class RetentionWorth:
    """rate: share of a year's purchases that the same customers make in the year after. worth: money that one point more brings over
    the horizon; 0 where there is nothing left to keep or nobody to keep it."""

    level: int
    rate: float
    worth: float


def retention_worth(
    values: LifetimeValues, level: Ints, levels: int, *, weeks: float, yearly_discount: float, point: float = POINT
) -> list[RetentionWorth]:
    """One row for each level 1 .. levels.

    level: (n,) of the customers that were valued. weeks, yearly_discount: those of the values.
    """
    first, second = values.first_year, values.second_year
    found = []
    for one in range(1, levels + 1):
        on_it = level == one
        before = float(first[on_it].sum())
        rate = float(np.clip(second[on_it].sum() / before, 0.0, 1.0)) if before > 0.0 else 0.0
        worth = 0.0
        if 0.0 < rate < HIGHEST:
            kept = min(rate + point, 1.0) / rate
            discount, less = (np.log1p(yearly_discount) / WEEKS_PER_YEAR, np.log(kept) / WEEKS_PER_YEAR)
            part, gain = values.by_span[:, on_it], values.gain[on_it]
            more = present_value(part, weeks, discount - less) - present_value(part, weeks, discount)
            worth = float((more * gain).sum())
        found.append(RetentionWorth(one, rate, worth))
    return found
