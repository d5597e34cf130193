"""A few customers who cost more than they bring: small orders sent in parts, visits, calls, things sent back, bills paid late."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from entente.sample.pure.customer_kinds import NAMES
from entente.sample.pure.orders import RETURNED, Lines, Returns, returns
from entente.sample.pure.population import Population

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SHARE = 0.004
YEAR = 365
FEWEST_ORDERS = 4
SENT_BACK = 0.3


def demanding(people: Population, person: Ints, day: Ints, last_day: int, rng: np.random.Generator) -> Bools:
    """(persons,) who they are: tradespeople of below-average size who ordered several times in the last year.

    person, day: (m,) of each order.
    """
    recent = np.bincount(person[day > last_day - YEAR], minlength=people.group.size)
    is_trade = people.group == NAMES.index("trade")
    usual = np.median(people.size[is_trade]) if is_trade.any() else 0.0
    fits = np.flatnonzero(is_trade & (recent >= FEWEST_ORDERS) & (people.size <= usual))
    found = np.zeros(people.group.size, dtype=bool)
    found[rng.permutation(fits)[: round(people.buyers * SHARE)]] = True
    return found


def returns_of_all(
    lines: Lines, day: Ints, is_demanding: Bools, last_day: int, usual: np.random.Generator, more: np.random.Generator
) -> Returns:
    """What comes back of anybody's orders, and much more of those of demanding customers. day, is_demanding: (m,) of each order."""
    found = returns(lines, np.full(day.size, RETURNED), day, last_day, usual)
    odds = np.where(is_demanding, SENT_BACK, 0.0)
    odds[found.of_order] = 0.0
    return _together(found, returns(lines, odds, day, last_day, more))


def _together(one: Returns, other: Returns) -> Returns:
    moved = replace(other.lines, order=other.lines.order + one.of_order.size)
    columns = ("order", "product", "kind", "quantity", "unit_price", "cost")
    return Returns(
        np.concatenate([one.of_order, other.of_order]),
        np.concatenate([one.day, other.day]),
        np.concatenate([one.cancelled, other.cancelled]),
        Lines(*(np.concatenate([getattr(one.lines, name), getattr(moved, name)]) for name in columns)),
    )
