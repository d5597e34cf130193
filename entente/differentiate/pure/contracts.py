"""How long does a customer under contract stay, who renews or leaves at the end of each period?

The shifted beta-geometric law (Fader & Hardie 2007, "How to project customer retention", Journal of Interactive Marketing 21):
at every renewal a customer leaves with a chance of their own, which differs between customers as Beta(alpha, beta). Those who are quick
to leave do so first, so the retention rate of a cohort rises with its age, although nobody changes:

    retention in period t   r(t) = (beta+t-1) / (alpha+beta+t-1)                      eq. (8)
    survival of t periods   S(t) = B(alpha, beta+t) / B(alpha, beta)                  eq. (6)

What a customer who has renewed k times is still worth: Fader & Hardie (2010), "Customer-base valuation in a contractual setting",
Marketing Science 29. The mistake it warns of is to take the cohort's average for a customer who has proved loyal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.newton import Matrix, Maximum, highest
from entente.lib.errors import EntenteError

Numbers = Ints | Floats | float

FEWEST_CUSTOMERS: Final = 20
FEWEST_LEFT: Final = 5
BOUND: Final = float(np.log(1e4))
_MOST_STEPS: Final = 100_000
_STARTS: Final = ((1.0, 1.0), (0.5, 3.0), (3.0, 10.0))


class ImpossibleTenure(EntenteError):
    """Tenures, survivors, periods or a discount that cannot be."""


class ContractsRefused(EntenteError):
    """These contracts do not settle the law; the text says why."""


@dataclass(frozen=True)
class Tenures:
    """Contracts, grouped by whole periods, both (t,) with t = 0, 1, 2 ... periods.

    left: customers who left at the end of period t; none at 0, for nobody can leave before a renewal is due.
    kept: customers last seen after t renewals, under contract (right-censored).

    Raises ImpossibleTenure for unequal lengths, or numbers of customers that cannot be.
    """

    left: Floats
    kept: Floats

    def __post_init__(self) -> None:
        for name in ("left", "kept"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), np.float64))
        if self.left.shape != self.kept.shape or self.left.ndim != 1 or not len(self.left):
            raise ImpossibleTenure("Give as many numbers of customers who left as of those who stayed, one a period.")
        for name, column in (("left", self.left), ("kept", self.kept)):
            if (wrong := ~(np.isfinite(column) & (column >= 0.0))).any():
                at = int(np.argmax(wrong))
                raise ImpossibleTenure(
                    f"{column[at]:g} customers {name} in period {at}: that cannot be. Check the counts."
                )
        if self.left[0]:
            raise ImpossibleTenure(
                f"{self.left[0]:g} customers left in period 0, before a renewal was due. Count the period in which somebody leaves as 1."
            )

    @property
    def customers(self) -> float:
        return float(self.left.sum() + self.kept.sum())


def from_customers(tenure: Ints, left: Bools) -> Tenures:
    """Group contracts, one entry per customer.

    tenure: (n,) whole periods, 0 or more; of a customer who left, the period at whose end they did, 1 or more; of the others, how often
    they have renewed. left: (n,) True for those who left.
    Raises ImpossibleTenure, naming the customer.
    """
    periods, gone = np.asarray(tenure, np.float64), np.asarray(left)
    if periods.shape != gone.shape or periods.ndim != 1:
        raise ImpossibleTenure(
            f"Tenure {periods.shape} and left {gone.shape} differ in length: give both for every customer."
        )
    if gone.dtype != np.bool_:
        raise ImpossibleTenure("Whether customers left has to be True or False for each.")
    wrong = ~(np.isfinite(periods) & (periods == np.floor(periods)) & (periods >= gone))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise ImpossibleTenure(
            f"Customer number {at} {'left' if gone[at] else 'stays'} after {periods[at]:g} periods: that cannot be. "
            "Give whole periods, 1 or more for who left."
        )
    whole = periods.astype(np.int64)
    size = int(whole.max(initial=0)) + 1
    counts = (np.bincount(whole[one], minlength=size).astype(np.float64) for one in (gone, ~gone))
    return Tenures(next(counts), next(counts))


def from_survivors(survivors: Floats) -> Tenures:
    """Group one cohort that was counted at the beginning and after each renewal: (t,), never rising."""
    counts = np.asarray(survivors, np.float64)
    if counts.ndim != 1 or len(counts) < 2 or not np.isfinite(counts).all() or (np.diff(counts) > 0.0).any():
        raise ImpossibleTenure("Survivors are counted at the beginning and after each renewal, and never rise.")
    kept = np.zeros(len(counts))
    kept[-1] = counts[-1]
    return Tenures(np.concatenate([[0.0], -np.diff(counts)]), kept)


@dataclass(frozen=True)
class ContractLaw:
    """A fitted law. alpha, beta: without unit. covariance: (2, 2) of their logarithms. customers: how many it was fitted to."""

    alpha: float
    beta: float
    log_likelihood: float
    covariance: Matrix
    customers: float

    @property
    def mean_chance_to_leave(self) -> float:
        """Of new customers at their first renewal."""
        return self.alpha / (self.alpha + self.beta)


def fit(tenures: Tenures) -> ContractLaw:
    """Fit by maximum likelihood. Costs what the periods cost, whatever the number of customers.

    Raises ContractsRefused where the contracts do not settle it: too few, nobody or everybody left at the first renewal, a parameter
    on a bound, not converged.
    """
    seen = tenures.customers - float(tenures.kept[0])
    gone = float(tenures.left.sum())
    if seen < FEWEST_CUSTOMERS or gone < FEWEST_LEFT:
        raise ContractsRefused(
            f"A law of renewal needs at least {FEWEST_CUSTOMERS} customers who came to a renewal and {FEWEST_LEFT} who left; "
            f"there are {seen:.0f}, and {gone:.0f} left. Take more contracts or a longer time."
        )
    if len(tenures.left) < 3 or not (tenures.left[2:].sum() + tenures.kept[2:].sum()):
        raise ContractsRefused(
            "Nobody came to a second renewal, so it cannot be told how readiness to leave differs. Wait for a second renewal."
        )
    best = highest(_Likelihood(tenures), [np.log(start) for start in _STARTS], seen)
    if reason := _unusable(best):
        raise ContractsRefused(reason)
    alpha, beta = np.exp(best.at).tolist()
    return ContractLaw(alpha, beta, best.value, np.asarray(np.linalg.inv(-best.hessian)), tenures.customers)


def retention(law: ContractLaw, period: Numbers) -> Floats:
    """Share of those who were still there at the beginning of `period` (1, 2, ...) that renews at its end. Eq. (8)."""
    t = _checked(period, 1, "period")
    return np.asarray((law.beta + t - 1.0) / (law.alpha + law.beta + t - 1.0))


def survival(law: ContractLaw, periods: Numbers, renewed: Numbers = 0) -> Floats:
    """Chance that a customer who has renewed `renewed` times is still there `periods` renewals later. Eq. (6)."""
    t, k = _checked(periods, 0, "periods"), _checked(renewed, 0, "renewed")
    a, b = law.alpha, law.beta + k
    return np.exp(gammaln(b + t) - gammaln(b) + gammaln(a + b) - gammaln(a + b + t))


def expected_life(law: ContractLaw, renewed: Numbers, periods: float = np.inf) -> Floats:
    """How many of the next `periods` renewals will a customer make who has renewed `renewed` times?

    Endless where `periods` is and alpha is 1 or less: too many customers never leave for the mean to exist. Give a horizon, or discount.
    """
    k = _checked(renewed, 0, "renewed")
    if np.isinf(periods):
        return np.asarray((law.beta + k) / (law.alpha - 1.0) if law.alpha > 1.0 else np.full(k.shape, np.inf))
    ahead = np.arange(1, int(_checked(periods, 0, "periods")) + 1)
    steps = (law.beta + k[..., None] + ahead - 1.0) / (law.alpha + law.beta + k[..., None] + ahead - 1.0)
    return np.asarray(np.cumprod(steps, axis=-1).sum(axis=-1))


def discounted_life(law: ContractLaw, renewed: Numbers, discount: float) -> Floats:
    """Renewals to come of a customer who has renewed `renewed` times, at their value just before the next one is due.

    discount: per period, 0.10 for ten per cent; above 0. The next renewal counts in full if made, the one after it 1 / (1 + discount).
    Times the payment of a period it is the residual value (DERL): Fader & Hardie (2010), with n = renewed + 1,
    (beta+n-1) / (alpha+beta+n-1) 2F1(1, beta+n; alpha+beta+n; 1/(1+discount)).
    """
    return discounted_stay(law.alpha, law.beta + _checked(renewed, 0, "renewed"), discount)


def discounted_stay(a: float, b: Floats, discount: float) -> Floats:
    """The sum over j = 0, 1, ... of q^(j+1) / (1+discount)^j, in the mean over chances to stay q whose complement is Beta(a, b).

    b / (a+b) 2F1(1, b+1; a+b+1; 1/(1+discount)) by Gauss's continued fraction (modified Lentz), which stays exact for loyal customers where
    scipy's function is no number.
    """
    if not (np.isfinite(discount) and discount > 0.0):
        raise ImpossibleTenure(f"A discount of {discount} per period cannot be: give 0.10 for ten per cent.")
    b, z = np.asarray(b, np.float64), 1.0 / (1.0 + discount)
    c = a + b + 1.0
    value, above, below = np.ones(b.shape), np.ones(b.shape), np.zeros(b.shape)
    for step in range(_MOST_STEPS):
        m, is_even = step // 2, step % 2
        over = (m + 1.0) * (a + m) if is_even else (b + 1.0 + m) * (c - 1.0 + m)
        part = -z * over / ((c + step - 1.0) * (c + step))
        below, above = 1.0 / (1.0 + part * below), 1.0 + part / above
        value *= above * below
        if (np.abs(above * below - 1.0) < 1e-14).all():
            break
    return np.asarray(b / (a + b) / value)


def with_error(law: ContractLaw, figure: Callable[[ContractLaw], Floats]) -> tuple[Floats, Floats]:
    """A figure of the law and its standard error, from the uncertainty of the fit (delta method).

    figure: anything of the above, as in `with_error(law, lambda one: survival(one, [5, 10]))`.
    """
    step = 1e-4

    def moved(alpha: float, beta: float) -> Floats:
        return np.asarray(figure(replace(law, alpha=law.alpha * np.exp(alpha), beta=law.beta * np.exp(beta))))

    slopes = np.stack([moved(step, 0.0) - moved(-step, 0.0), moved(0.0, step) - moved(0.0, -step)]) / (2.0 * step)
    variance = np.einsum("i...,ij,j...->...", slopes, law.covariance, slopes)
    return np.asarray(figure(law)), np.sqrt(np.maximum(variance, 0.0))


class _Likelihood:
    """In (ln alpha, ln beta): value, gradient (2,), Hessian (2, 2). Eq. (7) and the likelihood of its appendix."""

    def __init__(self, tenures: Tenures) -> None:
        t = np.arange(len(tenures.left), dtype=np.float64)
        # Who left in period t renewed t - 1 times, was asked t times; who stays renewed as often as asked.
        self.asked, self.renewed = np.concatenate([t, t]), np.concatenate([np.maximum(t - 1.0, 0.0), t])
        self.customers = np.concatenate([tenures.left, tenures.kept])
        self.left = float(tenures.left.sum())
        counts = self.customers > 0.0
        self.asked, self.renewed, self.customers = self.asked[counts], self.renewed[counts], self.customers[counts]

    def __call__(self, z: Floats) -> tuple[float, Floats, Matrix]:
        parameters = np.exp(z)
        a, b = parameters.tolist()
        w = self.customers

        def difference(of: Callable[[Floats], Floats], at: float, more: Floats) -> float:
            return float((w * (of(at + more) - of(np.asarray(at)))).sum())

        def trigamma(at: Floats) -> Floats:
            return np.asarray(polygamma(1, at))

        value = self.left * z[0] + difference(gammaln, b, self.renewed) - difference(gammaln, a + b, self.asked)
        d_both = difference(digamma, a + b, self.asked)
        slope = np.array([self.left / a - d_both, difference(digamma, b, self.renewed) - d_both])
        bend_both = difference(trigamma, a + b, self.asked)
        bend = np.diag([-self.left / a**2, difference(trigamma, b, self.renewed)]) - bend_both
        gradient = slope * parameters
        return float(value), gradient, bend * np.outer(parameters, parameters) + np.diag(gradient)


def _unusable(best: Maximum) -> str:
    if (np.abs(best.at) > BOUND).any():
        if (best.at > 0.0).all():
            return (
                "Who has stayed longer is no less ready to leave, so nothing shows that customers differ: "
                "take the share that renews as one rate for all."
            )
        return "The law of renewal runs to a bound: these contracts do not settle how readiness to leave differs."
    if not best.converged:
        return f"The law of renewal did not converge on these contracts after {best.steps} steps."
    return ""


def _checked(values: Numbers, least: int, name: str) -> Floats:
    column = np.asarray(values, np.float64)
    wrong = ~(np.isfinite(column) & (column >= least) & (column == np.floor(column)))
    if wrong.any():
        raise ImpossibleTenure(f"{name} {column[wrong].flat[0]:g} cannot be: give whole periods, {least} or more.")
    return column
