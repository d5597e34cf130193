"""Do customers buy at fixed occasions? BG/BB held against the firm's own past, beside the law of free buying and the simplest rule.

Time is cut into occasions of so many months, counted back from the day of asking, so that the last one is whole. Whoever bought anything
within one bought at it. The law is fitted to what was known before the last occasions, and asked at how many of these everybody buys.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from entente.differentiate.pure.accuracy import Accuracy, accuracy
from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.buying_fit import choose_law
from entente.differentiate.pure.contract_payments import months_later
from entente.differentiate.pure.histories import DAYS_PER_WEEK, from_customer_days
from entente.differentiate.pure.hold_out_choice import MOST_COMPARED, even_part, score
from entente.differentiate.pure.occasions import (
    Occasions,
    OccasionsLaw,
    OccasionsRefused,
    expected_purchases,
    fit,
    from_customers,
)
from entente.differentiate.pure.purchases import purchases_of

MOST_HELD_OUT: Final = 3
HELD_OUT_SHARE: Final = 0.25


@dataclass(frozen=True)
class Compared:
    """One way to foresee at how many of the occasions held out each customer buys."""

    name: str
    scored: Accuracy


@dataclass(frozen=True)
class OccasionTrial:
    """law: of all that is known; None where it is refused, and refusal says why. customers: who ever bought. bought_last: how many
    bought at the last occasion. expected_next: how many are expected at the next. held_out: occasions. compared: the best first; empty
    where nothing could be held out."""

    months: int
    law: OccasionsLaw | None
    refusal: str
    customers: int
    bought_last: int
    expected_next: float | None
    held_out: int
    compared: tuple[Compared, ...]


def occasions_ago(day: Ints, as_of_day: int, months: int) -> Ints:
    """(n,) how many whole occasions before the one that ends with `as_of_day` each day lies; days not after it."""
    day = np.asarray(day, np.int64)
    if not len(day):
        return day
    longest = int((as_of_day - day.min()) // (28 * months)) + 2
    ends = months_later(np.full(longest, as_of_day), -months * np.arange(longest))
    return np.asarray(np.searchsorted(-ends, -day, side="right") - 1)


def bought_at(customer: Ints, day: Ints, as_of_day: int, months: int) -> tuple[Ints, Ints, Ints]:
    """(n,) of each customer of sorted customer-days: bought, last and held, as `Occasions` has them."""
    ago = occasions_ago(day, as_of_day, months)
    begins = np.flatnonzero(np.append(True, customer[1:] != customer[:-1])[: len(customer)])
    another = np.append(True, (customer[1:] != customer[:-1]) | (ago[1:] != ago[:-1]))[: len(customer)]
    ends = np.append(begins[1:], len(customer)) - 1
    held = ago[begins] if len(begins) else begins
    times = np.add.reduceat(another.astype(np.int64), begins) if len(begins) else begins
    return times - 1, held - ago[ends] if len(begins) else begins, held


def try_occasions(customer: Ints, day: Ints, amount: Floats, as_of_day: int, months: int) -> OccasionTrial:
    """customer, day, amount: (m,) sorted customer-days until `as_of_day`. Always answers."""
    bought, last, held = bought_at(customer, day, as_of_day, months)
    law, refusal = _fitted(bought, last, held)
    expected = None if law is None else float(_expected(law, bought, last, held, 1).sum())
    most = int(held.max(initial=0))
    out = min(MOST_HELD_OUT, int(most * HELD_OUT_SHARE))
    compared = _compared(customer, day, amount, as_of_day, months, out) if out else ()
    return OccasionTrial(months, law, refusal, len(bought), int((held == last).sum()), expected, out, compared)


def _compared(customer: Ints, day: Ints, amount: Floats, as_of_day: int, months: int, out: int) -> tuple[Compared, ...]:
    """Each way on who was known before the last `out` occasions, at most MOST_COMPARED of them, evenly taken."""
    origin = int(months_later(np.array([as_of_day]), np.array([-months * out]))[0])
    before = day <= origin
    numbers, histories = from_customer_days(customer, day, amount, origin)
    bought, last, held = bought_at(customer[before], day[before], origin, months)
    law, _refusal = _fitted(bought, last, held)
    if law is None:
        return ()
    later = ~before
    who = np.unique(customer[later] * out + occasions_ago(day[later], as_of_day, months)) // out
    take = even_part(len(numbers), MOST_COMPARED)
    observed = (np.searchsorted(who, numbers, side="right") - np.searchsorted(who, numbers)).astype(np.float64)
    # A law of free buying counts purchases: several at one occasion are one here.
    an_occasion = (bought + 1).sum() / histories.purchases.sum()
    free = purchases_of(choose_law(histories).law, histories, (as_of_day - origin) / DAYS_PER_WEEK) * an_occasion
    ways = {
        "occasions": _expected(law, bought, last, held, out),
        "free": np.minimum(free, out),
        "past_rate": out * bought / np.maximum(held, 1),
    }
    found = [Compared(name, accuracy(column[take], observed[take])) for name, column in ways.items()]
    return tuple(sorted(found, key=lambda one: score([(one.scored.mae, one.scored.rmse)])))


def _fitted(bought: Ints, last: Ints, held: Ints) -> tuple[OccasionsLaw | None, str]:
    try:
        return fit(from_customers(bought, last, held)), ""
    except OccasionsRefused as refused:
        return None, str(refused)


def _expected(law: OccasionsLaw, bought: Ints, last: Ints, held: Ints, ahead: int) -> Floats:
    return expected_purchases(law, Occasions(bought, last, held, np.ones(len(bought))), ahead)
