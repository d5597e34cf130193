"""What does it cost to serve each customer? How often each thing was done for them, times what doing it once costs.

Activity-based costing: Kaplan & Cooper, Cost & Effect (1998); of customers: Curry & Curry, The Customer Marketing Method
(2000). A rate errs for all customers alike, so that its error does not average out in a sum; different rates err independently.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.estimate import Estimate, total
from entente.lib.errors import EntenteError

ACTIVITIES: Final = (
    "order", "delivery", "return", "call_minute", "visit", "mail", "letter", "complaint", "payment_reminder",
)  # fmt: skip

USUAL_WEIGHT: Final = 2.0
"""Purchases that the firm's own mean counts for where nothing tells how much customers differ: a starting guess."""


class ImpossibleCounts(EntenteError):
    """Counts, costs or purchases no cost to serve can be made of."""


def cost(counts: Mapping[str, Floats], rates: Mapping[str, Estimate]) -> Floats:
    """Cost of each customer: the sum over activities of how often x what it costs once.

    counts: activity -> (n,) how often, at least 0. rates: activity -> money for once. Returns (n,) money.
    Raises ImpossibleCounts for an activity without a rate, a count below 0 or columns of unequal length.
    """
    _check(counts, rates)
    columns = [(np.asarray(column, np.float64), rates[one].value) for one, column in counts.items()]
    spent = np.zeros(len(columns[0][0]))
    for column, rate in columns:
        spent += column * rate
    return spent


def cost_of_all(counts: Mapping[str, float], rates: Mapping[str, Estimate]) -> Estimate:
    """Cost of many customers together, with its precision. counts: activity -> how often for all of them.

    The spread is the root of the summed squares of (how often x the spread of the rate). A rate that was never needed makes
    nothing less sure.
    """
    _check(counts, rates)
    return total(rates[one] * float(times) for one, times in counts.items() if times)


def cost_by_group(
    group: npt.NDArray[np.integer], groups: int, counts: Mapping[str, Floats], rates: Mapping[str, Estimate]
) -> list[Estimate]:
    """`cost_of_all` of each group. group: (n,) number of each customer's, from 0 to groups - 1."""
    at = np.asarray(group, np.int64)
    sums = {one: np.bincount(at, weights=column, minlength=groups) for one, column in counts.items()}
    _check(sums, rates)
    return [cost_of_all({one: float(column[place]) for one, column in sums.items()}, rates) for place in range(groups)]


def together(costs: Iterable[Estimate]) -> Estimate:
    """The sum of costs that rest on the same rates: their spreads add as they are, for they err the same way."""
    parts = list(costs)
    whole = total(parts)
    return Estimate(whole.value, sum(one.spread for one in parts), whole.precision)


@dataclass(frozen=True)
class PurchaseCosts:
    """each: (n,) cost to serve expected of a further purchase. usual: that of the firm's mean purchase. weight: so many purchases the
    mean counts for, infinite where customers do not differ; is_measured: found in the data, not assumed."""

    each: Floats
    usual: float
    weight: float
    is_measured: bool


def cost_per_purchase(spent: Floats, purchases: Floats) -> PurchaseCosts:
    """What does serving a customer cost for each purchase, from what one period shows?

    spent: (n,) cost to serve of the period. purchases: (n,) purchases in it. Who made none is served at the expense of who did, so
    that nothing the firm spends is lost: usual = sum(spent) / sum(purchases).

    each = (spent + weight x usual) / (purchases + weight), the linear credibility estimate of Buehlmann & Straub (1970); without a
    purchase the usual. weight = (variance of one purchase about its customer's mean) / (variance of these means), from the spread of
    customers with few and with many purchases.
    Raises ImpossibleCounts for columns of unequal length, or with a number below 0 or none at all.
    """
    spent, bought = np.asarray(spent, np.float64), np.asarray(purchases, np.float64)
    if len(spent) != len(bought):
        raise ImpossibleCounts("The columns differ in length: give one cost and one number of purchases per customer.")
    if not (np.isfinite(spent).all() and np.isfinite(bought).all() and (spent >= 0).all() and (bought >= 0).all()):
        raise ImpossibleCounts("Costs and purchases are numbers, at least 0.")
    sum_bought = float(bought.sum())
    if sum_bought <= 0:
        return PurchaseCosts(np.zeros(len(spent)), 0.0, USUAL_WEIGHT, is_measured=False)
    usual = float(spent.sum()) / sum_bought
    some = bought > 0
    weight = _weight(spent[some] / bought[some], bought[some])
    is_measured = weight is not None
    behind = USUAL_WEIGHT if weight is None else weight
    each = np.full(len(bought), usual)
    own = bought[some] / (bought[some] + behind)
    each[some] = own * spent[some] / bought[some] + (1.0 - own) * usual
    return PurchaseCosts(each, usual, behind, is_measured)


def _weight(mean: Floats, n: Floats) -> float | None:
    """Two moments, two unknowns: with variance within / n + between of each customer's mean, the plain sum of the squared
    deviations and the one weighted by n are what they are expected to be. None where all bought equally often: no telling them apart."""
    off = (mean - float(mean @ n) / float(n.sum())) ** 2
    k, inverse, direct = float(len(n)), float((1.0 / n).sum()), float(n.sum())
    apart = inverse * direct - k * k
    if apart <= 1e-9 * k * k:
        return None
    plain, weighted = float(off.sum()), float((n * off).sum())
    within = (plain * direct - weighted * k) / apart
    between = (weighted * inverse - plain * k) / apart
    if between <= 0.0:
        return float("inf")
    return max(within, 0.0) / between


def _check(counts: Mapping[str, object], rates: Mapping[str, Estimate]) -> None:
    missing = sorted(set(counts) - set(rates))
    if missing:
        raise ImpossibleCounts(f"There is no rate for {', '.join(missing)}: give one for every activity.")
    columns = [np.atleast_1d(np.asarray(column, np.float64)) for column in counts.values()]
    if not columns or len({len(column) for column in columns}) != 1:
        raise ImpossibleCounts("Give at least one activity, all with as many customers.")
    if not all(np.isfinite(column).all() and (column >= 0.0).all() for column in columns):
        raise ImpossibleCounts("How often something was done is a number, at least 0.")
