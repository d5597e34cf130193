"""What is each customer worth from today on?

Lifetime value = discounted purchases expected over a horizon x (spend x margin - cost to serve), with the interval in
which the money will lie for eight of ten such customers. Past money is not in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from entente.differentiate.pure.arrays import Bools, Floats
from entente.differentiate.pure.buying_laws import BuyingLaw, formula_of
from entente.differentiate.pure.histories import BuyingHistories
from entente.differentiate.pure.outlooks import outlook_of
from entente.differentiate.pure.spend import SpendLaw, expected_spend
from entente.differentiate.pure.value_interval import outcome_interval
from entente.lib.errors import EntenteError

Columns = npt.NDArray[np.float32]

HORIZON_MONTHS: Final = 36
YEARLY_DISCOUNT: Final = 0.10
INTERVAL: Final = 0.80
DRAWS: Final = 200

WEEKS_PER_YEAR: Final = 365.25 / 7.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_SAMPLE = 4_000


class ImpossibleTerms(EntenteError):
    """A margin, cost, horizon or discount no value can be computed with."""


@dataclass(frozen=True)
class LifetimeValues:
    """All arrays (n,), money in the firm's currency.

    expected: mean value. low, high: bounds of the interval; `low <= expected <= high` always.
    discounted_purchases: purchases expected over the horizon, each counted at its present value.
    by_span: (spans, n) purchases expected within each of the spans of `spans_of`; first_year, second_year: of those within a year,
    and in the year after.
    gain: money left of a purchase.
    alive: chance to be active still; alive_is_known: whether that is a finding of the law.
    spend: expected spend at a future purchase.
    relative_error: standard error of the sum of all values as a share of it, from the uncertainty of the fitted
    parameters; what single customers do averages out in a sum, this does not.
    """

    expected: Floats
    low: Floats
    high: Floats
    discounted_purchases: Floats
    by_span: Columns
    gain: Floats
    spend: Floats
    relative_error: float
    alive: Floats
    alive_is_known: Bools

    @property
    def first_year(self) -> Floats:
        return self.by_span[-2].astype(np.float64)

    @property
    def second_year(self) -> Floats:
        return self.by_span[-1].astype(np.float64) - self.first_year


def lifetime_value(
    law: BuyingLaw,
    spend_law: SpendLaw,
    histories: BuyingHistories,
    *,
    margin: float | Floats,
    cost_to_serve: float | Floats = 0.0,
    rng: np.random.Generator,
    months: float = HORIZON_MONTHS,
    yearly_discount: float = YEARLY_DISCOUNT,
    interval: float = INTERVAL,
    draws: int = DRAWS,
    factor: Floats | None = None,
) -> LifetimeValues:
    """Lifetime value of every customer.

    margin: share of spend that remains after the cost of goods, one for all or (n,); may be negative.
    cost_to_serve: money per purchase, one for all or (n,).
    rng: draws the outcomes behind the interval; the same seed gives the same interval.
    factor: (n,) by how much each customer's purchases are expected to differ from what the law says (`learned.correction`).

    Raises ImpossibleTerms for terms that are not finite or a horizon, discount or interval out of range.
    Costs about two seconds for a million customers; memory about ten columns.
    """
    _check(months, yearly_discount, interval, draws, margin, cost_to_serve)
    weeks, discount = months / 12.0 * WEEKS_PER_YEAR, float(np.log1p(yearly_discount)) / WEEKS_PER_YEAR
    # Of matrices this small a second thread costs more in waiting than it wins.
    with threadpool_limits(1, user_api="blas"):
        look = outlook_of(law, histories)
        by_span = np.stack([look.expected([span]).astype(np.float32) for span in spans_of(weeks)])
    if factor is not None:
        by_span *= factor.astype(np.float32)
    discounted = present_value(by_span, weeks, discount)
    spend = expected_spend(spend_law, histories.purchases, histories.spend_mean)
    gain = np.broadcast_to(np.asarray(margin * spend - cost_to_serve, np.float64), spend.shape)
    expected = discounted * gain
    few, many = outcome_interval(law, spend_law, histories, look.alive, weeks, interval, draws, rng)
    if_active = gain * discounted / np.maximum(look.alive, 1e-12)
    ends = if_active * few, if_active * many
    return LifetimeValues(
        expected=expected,
        low=np.minimum(np.minimum(*ends), expected),
        high=np.maximum(np.maximum(*ends), expected),
        discounted_purchases=discounted,
        by_span=by_span,
        gain=np.array(gain),
        spend=spend,
        relative_error=_relative_error(law, spend_law, histories, margin, cost_to_serve, weeks, discount),
        alive=look.alive,
        alive_is_known=look.is_known,
    )


def discounted_purchases(law: BuyingLaw, histories: BuyingHistories, weeks: float, discount: float) -> Floats:
    """Purchases expected in the next `weeks`, each worth exp(-discount * week). Returns (n,)."""
    look = outlook_of(law, histories)
    return look.expected(spans_of(weeks), _leans(weeks, discount).tolist())


def spans_of(weeks: float) -> list[float]:
    """The spans, in weeks from now, by which a discounted sum over `weeks` is worked out, the whole of it first; then a year and two."""
    return [weeks, *(0.5 * weeks * (_NODES + 1.0)).tolist(), WEEKS_PER_YEAR, 2.0 * WEEKS_PER_YEAR]


def present_value(by_span: Columns, weeks: float, discount: float) -> Floats:
    """(n,) of purchases expected within each of the spans, each worth exp(-discount * week); a discount may be below nought."""
    leans = _leans(weeks, discount)
    total = leans[0] * by_span[0].astype(np.float64)
    for lean, column in zip(leans[1:], by_span[1:], strict=True):
        total += lean * column
    return total


def _leans(weeks: float, discount: float) -> Floats:
    """The integral of exp(-d t) dE(t) = exp(-d H) E(H) + d * integral of exp(-d t) E(t) dt as a sum over the spans.

    E is smooth, so six Gauss-Legendre nodes are exact to about one in a hundred thousand.
    """
    at = 0.5 * weeks * (_NODES + 1.0)
    of_nodes = 0.5 * weeks * _WEIGHTS * discount * np.exp(-discount * at)
    return np.concatenate([[np.exp(-discount * weeks)], of_nodes, [0.0, 0.0]])


def _relative_error(
    law: BuyingLaw,
    spend_law: SpendLaw,
    histories: BuyingHistories,
    margin: float | Floats,
    cost: float | Floats,
    weeks: float,
    discount: float,
) -> float:
    """Delta method on the logarithms of the parameters, over an even sample of the customers."""
    take = slice(None, None, max(1, len(histories) // _SAMPLE))
    sample = histories.take(take)
    margin, cost = (v[take] if isinstance(v, np.ndarray) and v.ndim else v for v in (margin, cost))

    def money(bought: Floats, spending: SpendLaw) -> float:
        spend = expected_spend(spending, sample.purchases, sample.spend_mean)
        return float((bought * (margin * spend - cost)).sum())

    def total(buying: BuyingLaw) -> float:
        return money(discounted_purchases(buying, sample, weeks, discount), spend_law)

    bought = discounted_purchases(law, sample, weeks, discount)
    now = money(bought, spend_law)
    if abs(now) < 1e-12:
        return 0.0
    step = 1e-3
    variance = _of_parameters(law, total, now, step)
    if spend_law.covariance.any():
        names = list(spend_law.parameters)
        moved = [
            replace(spend_law, parameters=spend_law.parameters | {k: spend_law.parameters[k] * np.exp(step)})
            for k in names
        ]
        spending = np.array([money(bought, other) - now for other in moved]) / step
        variance += float(spending @ spend_law.covariance @ spending)
    return float(np.sqrt(max(variance, 0.0)) / abs(now))


def _of_parameters(law: BuyingLaw, total: Callable[[BuyingLaw], float], now: float, step: float) -> float:
    """Variance of a total from the doubt about a law's parameters.

    A free law has the doubt of the formula it was freed from; of a committee, whose members were fitted to the same customers and err
    together, it is the mean of its members' standard errors.
    """
    if law.members:
        errors = [np.sqrt(_of_parameters(member, total, total(member), step)) for member in law.members]
        return float(np.mean(errors)) ** 2
    formula = replace(law, mixture=None, name=formula_of(law.name, "a" in law.parameters)) if law.mixture else law
    theta, base = formula.vector(), total(formula) if law.mixture else now
    slopes = np.array([total(formula.at(theta * np.exp(step * unit))) - base for unit in np.eye(len(theta))]) / step
    scale = now / base if base else 1.0
    return float(slopes @ formula.covariance @ slopes) * scale**2


def _check(
    months: float, yearly_discount: float, interval: float, draws: int, margin: float | Floats, cost: float | Floats
) -> None:
    if not (np.isfinite(months) and months > 0.0):
        raise ImpossibleTerms(f"A horizon of {months} months cannot be: give more than 0.")
    if not (np.isfinite(yearly_discount) and yearly_discount >= 0.0):
        raise ImpossibleTerms(f"A yearly discount of {yearly_discount} cannot be: give 0.10 for ten per cent.")
    if not (0.0 < interval < 1.0 and draws >= 20):
        raise ImpossibleTerms("The interval is a share between 0 and 1 and needs at least 20 draws.")
    if not (np.isfinite(margin).all() and np.isfinite(cost).all()):
        raise ImpossibleTerms("A margin or cost to serve is missing or no number: fill it with the firm's own first.")
