"""How often will each customer buy, is the customer still there, when will the next order come?

The door to the buying laws: fit or choose one (`fit`, `choose_law`), then ask it. Weeks are the unit of time of the
laws; answers about the next order are in days. All functions are exact for very heavy buyers (tried to x = 5,000).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, hyp2f1

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.buying_fit import LawRefused, choose_law, fit
from entente.differentiate.pure.buying_laws import (
    BG_NBD,
    FIRM_RATE,
    LAWS,
    MBG_NBD,
    NBD,
    SHIFT,
    BuyingLaw,
    Choice,
    Refusal,
)
from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.histories import DAYS_PER_WEEK, BuyingHistories, ImpossibleHistory

__all__ = [
    "BG_NBD",
    "FIRM_RATE",
    "LAWS",
    "MBG_NBD",
    "NBD",
    "BuyingHistories",
    "BuyingLaw",
    "Choice",
    "LawRefused",
    "NextOrder",
    "Refusal",
    "alive_is_meaningful",
    "choose_law",
    "expected_next_order",
    "expected_purchases",
    "fit",
    "probability_alive",
    "purchases_while_alive",
]

NEVER_DAYS: Final = 36_500.0
"""Waiting times are cut here: a century says 'not in any plan' and stays a number."""

_NEAR_ONE = 1e-4
_NEAR_POLE = 1e-7


@dataclass(frozen=True)
class NextOrder:
    """Days from the day of asking to the next purchase, given that the customer is still active. All arrays (n,).

    early_days, median_days, late_days: a quarter, half and three quarters of such customers have bought by then.
    """

    early_days: Floats
    median_days: Floats
    late_days: Floats


def expected_purchases(law: BuyingLaw, repeats: Ints | Floats, recency: Floats, age: Floats, horizon: float) -> Floats:
    """How often will each customer buy in the next `horizon` weeks?

    repeats: (n,) purchases after the first.
    recency: (n,) week of the last purchase, counted from the first; 0 without a repeat.
    age: (n,) weeks watched since the first purchase.

    Returns (n,) purchases, at least 0. Nobody in, nobody out.
    Raises ImpossibleHistory unless 0 <= recency <= age for everyone and the horizon is not negative.
    Source: BG/NBD Fader, Hardie & Lee (2005), eq. (10), in Euler's form; MBG/NBD the same with b + 1 for b.
    """
    x, recency, age = _checked(repeats, recency, age)
    if not (np.isfinite(horizon) and horizon >= 0.0):
        raise ImpossibleHistory(f"Nobody can look {horizon} weeks ahead: give a horizon of 0 weeks or more.")
    pairs = distinct(x.astype(np.int64), age.view(np.int64))
    per_pair = purchases_while_alive(law, x[pairs.first], age[pairs.first], horizon)
    return probability_alive(law, x, recency, age) * per_pair[pairs.of_row]


def probability_alive(law: BuyingLaw, repeats: Ints | Floats, recency: Floats, age: Floats) -> Floats:
    """How sure is it that each customer has not left for good?

    Arguments as in `expected_purchases`. Returns (n,) in 0..1. BG/NBD says 1 for everyone without a repeat, and laws
    that know no leaving say 1 for all: that is an assumption, not a finding; ask `alive_is_meaningful` before showing
    it. Source: Fader, Hardie & Lee (2008, note on P(alive)); Batislam et al. (2007), eq. (9).
    """
    x, recency, age = _checked(repeats, recency, age)
    if not law.knows_churn:
        return np.ones(len(x))
    r, alpha, a, b = law.vector()
    tries = x + SHIFT[law.name] - 1.0
    odds = np.log(a / np.maximum(b + tries, b)) + (r + x) * np.log((alpha + age) / (alpha + recency))
    return np.where(tries < 0.0, 1.0, expit(-odds))


def alive_is_meaningful(law: BuyingLaw, repeats: Ints | Floats) -> Bools:
    """(n,) True where `probability_alive` is a finding; False where the law assumes it (show a dash, never 100 %)."""
    x = np.asarray(repeats)
    return (x + SHIFT[law.name] > 0) if law.knows_churn else np.zeros(len(x), np.bool_)


def purchases_while_alive(law: BuyingLaw, repeats: Floats, age: Floats, horizon: float) -> Floats:
    """Purchases expected in the next `horizon` weeks from customers known to be active. Arguments as above, all (n,).

    Cost: one hypergeometric function each, so pass distinct pairs. Given the history of one still active, the rate is
    Gamma(r+x, alpha+T) and the chance to leave at a purchase Beta(a, B), B = b+x (+1 for MBG/NBD); then

        E = C/(a-1) [1 - (1-z)^(a-1) 2F1(C-r-x, a-1; C; z)],   C = a+B-1,   z = t/(alpha+T+t)
    """
    x = np.asarray(repeats, dtype=np.float64)
    if law.name == FIRM_RATE:
        return np.full(len(x), law.parameters["rate"] * horizon)
    r, alpha = law.parameters["r"], law.parameters["alpha"]
    forever = (r + x) / (alpha + age) * horizon
    if law.name == NBD or horizon == 0.0:
        return forever
    a, stayed = law.parameters["a"], law.parameters["b"] + x + SHIFT[law.name]
    z = horizon / (alpha + age + horizon)
    if abs(a - 1.0) < _NEAR_ONE:
        share = (a - 1.0 + _NEAR_ONE) / (2.0 * _NEAR_ONE)
        below, above = (_euler(r + x, 1.0 + side * _NEAR_ONE, stayed, z) for side in (-1.0, 1.0))
        expected = (1.0 - share) * below + share * above
    else:
        expected = _euler(r + x, a, stayed, z)
    return np.clip(np.where(np.isfinite(expected), expected, forever), 0.0, forever)


def expected_next_order(
    law: BuyingLaw, repeats: Ints | Floats, recency: Floats, age: Floats, window: tuple[float, float] = (0.25, 0.75)
) -> NextOrder:
    """When does each customer buy again, counted in days from the day of asking, if still active?

    Arguments as in `expected_purchases`; window: the two shares between which `early_days` and `late_days` lie.
    The rate of one still active is Gamma(r+x, alpha+T), so the wait is Lomax: P(W > w) = (1 + w/(alpha+T))^-(r+x).
    The laws have no memory of rhythm: being overdue does not bring the next order nearer. Cut at NEVER_DAYS.
    """
    x, _, age = _checked(repeats, recency, age)
    early, late = window
    if not 0.0 < early < 0.5 < late < 1.0:
        raise ImpossibleHistory("The window is two shares, one below and one above a half, for example (0.25, 0.75).")
    return NextOrder(*(_waiting_days(law, x, age, share) for share in (early, 0.5, late)))


def _waiting_days(law: BuyingLaw, x: Floats, age: Floats, share: float) -> Floats:
    silence = -np.log1p(-share)
    if law.name == FIRM_RATE:
        weeks = np.full(len(x), silence / law.parameters["rate"])
    else:
        growth = np.minimum(silence / (law.parameters["r"] + x), 50.0)
        weeks = (law.parameters["alpha"] + age) * np.expm1(growth)
    return np.minimum(weeks * DAYS_PER_WEEK, NEVER_DAYS)


def _euler(rate_shape: Floats, a: float, stayed: Floats, z: Floats) -> Floats:
    c = a + stayed - 1.0
    c = np.where(np.abs(c) < _NEAR_POLE, _NEAR_POLE, c)
    with np.errstate(over="ignore", invalid="ignore"):
        lost = np.exp((a - 1.0) * np.log1p(-z)) * hyp2f1(c - rate_shape, a - 1.0, c, z)
        return np.asarray(c / (a - 1.0) * (1.0 - lost), dtype=np.float64)


def _checked(repeats: Ints | Floats, recency: Floats, age: Floats) -> tuple[Floats, Floats, Floats]:
    x, t, T = (np.ascontiguousarray(column, dtype=np.float64) for column in (repeats, recency, age))
    wrong = ~((x >= 0.0) & (t >= 0.0) & (t <= T) & np.isfinite(T))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ImpossibleHistory(
            f"Customer number {at} has {x[at]:g} repeats, the last in week {t[at]:g} of {T[at]:g}: that cannot be. "
            "Check the dates this history was made from."
        )
    return x, t, T
