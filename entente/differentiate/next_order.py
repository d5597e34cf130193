"""When is each customer's next order due? Their own rhythm of orders, as far as the firm's facts show one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.netting import CustomerDays
from entente.differentiate.pure.order_rhythm import TooFewGaps, next_order, rhythm


@dataclass(frozen=True)
class NextOrders:
    """Arrays (n,) for the customers asked for. Days from the day of asking, negative when passed; NaN where nothing can be said.

    gaps: how many gaps of their own stand behind it. is_expected: it is still worth waiting for: not silent for more than twice
    as long as three of four of their gaps last.
    """

    from_days: Floats
    median_days: Floats
    until_days: Floats
    usual_gap_days: Floats
    gaps: Ints
    is_expected: Bools


def next_orders(days: CustomerDays, buyers: Ints, last_days_ago: Ints) -> NextOrders:
    """days: purchases sorted by customer and day. buyers: (n,) sorted, everyone in `days`."""
    same = days.customer[1:] == days.customer[:-1]
    gap = (days.day[1:] - days.day[:-1])[same].astype(np.float64)
    who = np.searchsorted(buyers, days.customer[1:][same])
    gaps = np.bincount(who, minlength=len(buyers))
    last = last_days_ago.astype(np.float64)
    try:
        learned = rhythm(who, gap, len(buyers))
    except TooFewGaps:
        nothing = np.full(len(buyers), np.nan)
        return NextOrders(nothing, nothing, nothing, nothing, gaps, np.zeros(len(buyers), np.bool_))
    window = next_order(learned, last)
    own = gaps > 0

    def told(column: Floats) -> Floats:
        return np.where(own, column, np.nan)

    return NextOrders(
        from_days=told(window.earliest),
        median_days=told(window.median),
        until_days=told(window.latest),
        usual_gap_days=told(window.usual_gap),
        gaps=gaps,
        is_expected=own & (last <= 2.0 * (window.latest + last)),
    )
