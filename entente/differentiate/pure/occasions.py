"""How often will each customer buy at fixed occasions, a yearly fair or a season's appeal for donations?

BG/BB (Fader, Hardie & Shang 2010, "Customer-base analysis in a discrete-time noncontractual setting", Marketing Science 29): at the
beginning of every occasion a customer leaves for good with a chance of their own, Beta(gamma, delta) between customers; who is still there
buys with a chance of their own, Beta(alpha, beta). How often somebody bought (x), when last (t_x) and how many occasions there were
(n) is all that the law needs. Its likelihood, eq. (7), is a sum over the occasion before which the customer left:

    L(x, t_x, n) = sum over d = t_x .. n of B(alpha+x, beta+d-x) / B(alpha, beta) * B(gamma+c, delta+d) / B(gamma, delta)

with c = 1 (left after d occasions) below n, and c = 0 (still there) at d = n.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.contracts import discounted_stay
from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.newton import Matrix, Maximum, highest
from entente.lib.errors import EntenteError

FEWEST_CUSTOMERS: Final = 20
FEWEST_BUYING: Final = 5
FEWEST_OCCASIONS: Final = 3
BOUND: Final = float(np.log(1e4))
PARAMETERS: Final = ("alpha", "beta", "gamma", "delta")
_STARTS: Final = ((1.0, 1.0, 1.0, 3.0), (0.5, 2.0, 0.5, 5.0), (2.0, 1.0, 1.0, 10.0))


class ImpossibleOccasions(EntenteError):
    """Histories or a number of occasions that cannot be."""


class OccasionsRefused(EntenteError):
    """These histories do not settle the law; the text says why."""


@dataclass(frozen=True)
class Occasions:
    """Distinct histories, all (g,). bought: x, occasions at which they bought, the first purchase not counted. last: t_x, the number of the
    last of them, 0 without one. held: n, occasions since the first purchase. customers: who share the history.

    Raises ImpossibleOccasions, naming the row.
    """

    bought: Ints
    last: Ints
    held: Ints
    customers: Floats

    def __post_init__(self) -> None:
        columns = [np.asarray(getattr(self, name)) for name in ("bought", "last", "held", "customers")]
        if len({column.shape for column in columns}) != 1 or columns[0].ndim != 1:
            raise ImpossibleOccasions("Bought, last, held and customers differ in length: give all for every row.")
        x, t, n, w = (column.astype(np.float64) for column in columns)
        wrong = ~((x >= 0.0) & (x <= t) & (t <= n) & ((x == 0.0) == (t == 0.0)) & np.isfinite(n + w) & (w >= 0.0))
        wrong |= (x != np.floor(x)) | (t != np.floor(t)) | (n != np.floor(n))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise ImpossibleOccasions(
                f"Row {at}: bought at {x[at]:g} occasions, last at number {t[at]:g} of {n[at]:g}, {w[at]:g} customers: that cannot be. "
                "Give whole numbers of occasions; the last is 0 exactly for those who bought at none."
            )
        for name, column in zip(("bought", "last", "held"), (x, t, n), strict=True):
            object.__setattr__(self, name, column.astype(np.int64))
        object.__setattr__(self, "customers", w)


def from_customers(bought: Ints, last: Ints, held: Ints) -> Occasions:
    """Group histories, one entry per customer, all (n,)."""
    one_each = Occasions(bought, last, held, np.ones(len(bought)))
    groups = distinct(one_each.bought, one_each.last, one_each.held)
    rows = groups.first
    return Occasions(one_each.bought[rows], one_each.last[rows], one_each.held[rows], groups.sizes.astype(np.float64))


@dataclass(frozen=True)
class OccasionsLaw:
    """A fitted law. Parameters without unit. covariance: (4, 4) of their logarithms. customers: how many it was fitted to."""

    alpha: float
    beta: float
    gamma: float
    delta: float
    log_likelihood: float
    covariance: Matrix
    customers: float

    def vector(self) -> Floats:
        return np.array([self.alpha, self.beta, self.gamma, self.delta])


def fit(histories: Occasions) -> OccasionsLaw:
    """Fit by maximum likelihood. Costs what the distinct histories times their occasions cost.

    Raises OccasionsRefused where the histories do not settle the law: too few, a parameter on a bound, not converged.
    """
    customers = float(histories.customers.sum())
    buying = float(histories.customers[histories.bought > 0].sum())
    most = int(histories.held[histories.customers > 0].max(initial=0))
    if customers < FEWEST_CUSTOMERS or buying < FEWEST_BUYING or most < FEWEST_OCCASIONS:
        raise OccasionsRefused(
            f"BG/BB needs at least {FEWEST_CUSTOMERS} customers of whom {FEWEST_BUYING} bought again, and {FEWEST_OCCASIONS} occasions; "
            f"there are {customers:.0f}, {buying:.0f} bought again, and {most} occasions. Wait for more of them."
        )
    best = highest(_Likelihood(histories), [np.log(start) for start in _STARTS], customers)
    if reason := _unusable(best):
        raise OccasionsRefused(reason)
    covariance = np.asarray(np.linalg.inv(-best.hessian))
    alpha, beta, gamma, delta = np.exp(best.at).tolist()
    return OccasionsLaw(alpha, beta, gamma, delta, best.value, covariance, customers)


def log_likelihoods(law: OccasionsLaw, histories: Occasions) -> Floats:
    """(g,) of one customer with each history."""
    return _Likelihood(histories).each(law.vector())[0]


def probability_there(law: OccasionsLaw, histories: Occasions) -> Floats:
    """(g,) chance that the customer has not left and will be there at the next occasion, number n + 1. Eq. (11)."""
    stays = (law.delta + histories.held) / (law.gamma + law.delta + histories.held)
    return np.minimum(_still_there(law, histories) * stays, 1.0)


def expected_purchases(law: OccasionsLaw, histories: Occasions, ahead: int) -> Floats:
    """(g,) occasions of the next `ahead` at which the customer will buy. Eq. (13), summed occasion by occasion: no case of gamma = 1.

    Raises ImpossibleOccasions unless `ahead` is a whole number, 0 or more.
    """
    if ahead != int(ahead) or ahead < 0:
        raise ImpossibleOccasions(f"{ahead} occasions ahead cannot be: give a whole number, 0 or more.")
    n = histories.held.astype(np.float64)
    stays, total = np.ones(len(n)), np.zeros(len(n))
    for j in range(int(ahead)):
        stays *= (law.delta + n + j) / (law.gamma + law.delta + n + j)
        total += stays
    return _still_there(law, histories) * _chance_to_buy(law, histories) * total


def discounted_purchases(law: OccasionsLaw, histories: Occasions, discount: float) -> Floats:
    """(g,) purchases to come without end, that at the next occasion worth 1 / (1 + discount), and so on (DERT). Eq. (14).

    discount: per occasion, 0.10 for ten per cent, above 0.
    """
    stay = discounted_stay(law.gamma, law.delta + histories.held.astype(np.float64), discount) / (1.0 + discount)
    return _still_there(law, histories) * _chance_to_buy(law, histories) * stay


def _still_there(law: OccasionsLaw, histories: Occasions) -> Floats:
    """Chance not to have left before occasion n."""
    each, there = _Likelihood(histories).each(law.vector())
    return np.exp(there - each)


def _chance_to_buy(law: OccasionsLaw, histories: Occasions) -> Floats:
    """At an occasion at which they are there, of those who were there all along."""
    return np.asarray((law.alpha + histories.bought) / (law.alpha + law.beta + histories.held))


class _Likelihood:
    """In the logarithms of alpha, beta, gamma, delta: value, gradient (4,), Hessian (4, 4)."""

    def __init__(self, histories: Occasions) -> None:
        x, t, n = histories.bought, histories.last, histories.held
        terms = n - t + 1
        self.starts = np.concatenate([[0], np.cumsum(terms)[:-1]]).astype(np.int64)
        self.of_group = np.repeat(np.arange(len(x)), terms)
        self.x = x[self.of_group]
        self.d = t[self.of_group] + np.arange(len(self.of_group)) - self.starts[self.of_group]
        self.left = (self.d < n[self.of_group]).astype(np.int64)
        self.customers = histories.customers
        self.most = int(n.max(initial=0)) + 1

    def _terms(self, of: Callable[[Floats], Floats], parameters: Floats) -> list[Floats]:
        """of(v + whole number) - of(v) for v = alpha, beta, alpha + beta, gamma, delta, gamma + delta, of every term."""
        a, b, g, s = parameters.tolist()
        shifts = (self.x, self.d - self.x, self.d, self.left, self.d, self.left + self.d)
        whole = np.arange(self.most + 1.0)
        found = []
        for at, shift in zip((a, b, a + b, g, s, g + s), shifts, strict=True):
            table = of(at + whole)
            found.append((table - table[0])[shift])
        return found

    def each(self, parameters: Floats) -> tuple[Floats, Floats]:
        """(g,) log-likelihood of each history, and of the part in which the customer is still there."""
        logs = self._logs(parameters)
        return self._summed(logs)[0], logs[np.append(self.starts[1:], len(logs)) - 1] if len(logs) else logs

    def _logs(self, parameters: Floats) -> Floats:
        a, b, ab, g, s, gs = self._terms(gammaln, parameters)
        return np.asarray(a + b - ab + g + s - gs)

    def _summed(self, logs: Floats) -> tuple[Floats, Floats]:
        """Log of the sum of each history's terms, and each term's share of it."""
        if not len(logs):
            return np.zeros(0), np.zeros(0)
        highest_of = np.maximum.reduceat(logs, self.starts)
        parts = np.exp(logs - highest_of[self.of_group])
        sums = np.add.reduceat(parts, self.starts)
        return highest_of + np.log(sums), parts / sums[self.of_group]

    def __call__(self, z: Floats) -> tuple[float, Floats, Matrix]:
        parameters = np.exp(z)
        each, share = self._summed(self._logs(parameters))
        a, b, ab, g, s, gs = self._terms(digamma, parameters)
        slopes = np.stack([a - ab, b - ab, g - gs, s - gs]) * parameters[:, None]
        a, b, ab, g, s, gs = self._terms(lambda at: np.asarray(polygamma(1, at)), parameters)
        weight = share * self.customers[self.of_group]
        mean = np.add.reduceat(slopes * share, self.starts, axis=1)
        gradient = mean @ self.customers
        # Of the logarithm of a sum: the mean of the bends and of the slopes' squares, less the square of the mean slope.
        bend = np.zeros((4, 4))
        for corner, (one, two, both) in enumerate(((a, b, ab), (g, s, gs))):
            at = 2 * corner
            bend[at : at + 2, at : at + 2] = np.diag([weight @ one, weight @ two]) - weight @ both
        hessian = bend * np.outer(parameters, parameters) + np.diag(gradient)
        hessian += (slopes * weight) @ slopes.T - (mean * self.customers) @ mean.T
        return float(each @ self.customers), gradient, hessian


def _unusable(best: Maximum) -> str:
    outside = np.flatnonzero(np.abs(best.at) > BOUND)
    if len(outside):
        at = int(outside[0])
        return (
            f"BG/BB runs to a bound ({PARAMETERS[at]} = {np.exp(best.at[at]):.3g}): these histories do not settle how customers differ in "
            f"{'buying' if at < 2 else 'leaving'}."
        )
    if not best.converged:
        return f"BG/BB did not converge on these histories after {best.steps} steps."
    return ""
