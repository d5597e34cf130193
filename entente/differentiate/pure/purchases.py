"""How often will each customer buy, and is the customer still there?

The door to the buying laws: fit or choose one (`fit`, `choose_law`), then ask it. Weeks are the unit of time of the
laws. All functions are exact for very heavy buyers (tried to x = 5,000).
"""

import numpy as np

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.buying_fit import LawRefused, choose_law, fit
from entente.differentiate.pure.buying_laws import (
    BG_NBD,
    FIRM_RATE,
    LAWS,
    MBG_NBD,
    NBD,
    BuyingLaw,
    Choice,
    Refusal,
)
from entente.differentiate.pure.histories import BuyingHistories, ImpossibleHistory
from entente.differentiate.pure.outlooks import is_finding, outlook, outlook_of

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
    "Refusal",
    "alive_is_meaningful",
    "choose_law",
    "expected_purchases",
    "fit",
    "probability_alive",
    "purchases_of",
]


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
    return outlook(law, x, recency, age).expected([_horizon(horizon)])


def purchases_of(law: BuyingLaw, histories: BuyingHistories, horizon: float) -> Floats:
    """As `expected_purchases`, of histories, which have been checked and are grouped once."""
    return outlook_of(law, histories).expected([_horizon(horizon)])


def probability_alive(law: BuyingLaw, repeats: Ints | Floats, recency: Floats, age: Floats) -> Floats:
    """How sure is it that each customer has not left for good?

    Arguments as in `expected_purchases`. Returns (n,) in 0..1. BG/NBD says 1 for everyone without a repeat, and laws
    that know no leaving say 1 for all: that is an assumption, not a finding; ask `alive_is_meaningful` before showing
    it. Source: Fader, Hardie & Lee (2008, note on P(alive)); Batislam et al. (2007), eq. (9); Schmittlein et al. (1987).
    """
    x, recency, age = _checked(repeats, recency, age)
    return outlook(law, x, recency, age).alive


def alive_is_meaningful(law: BuyingLaw, repeats: Ints | Floats) -> Bools:
    """(n,) True where `probability_alive` is a finding; False where the law assumes it (show a dash, never 100 %)."""
    return is_finding(law, np.asarray(repeats, np.float64))


def _horizon(weeks: float) -> float:
    if not (np.isfinite(weeks) and weeks >= 0.0):
        raise ImpossibleHistory(f"Nobody can look {weeks} weeks ahead: give a horizon of 0 weeks or more.")
    return weeks


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
