"""MBG/CNBD-k without a formula for how customers differ: how often they buy and how readily they leave are spread as the data say.

The published laws take rates as one gamma and chances to leave as one beta, unrelated. Real customers who buy much often leave
less, and a few buy far more than a gamma allows; then the laws promise too little of the best and too much of the rest. Here the
joint spread is a table of weights over (component of rates, chance to leave), a sieve for the nonparametric maximum likelihood
(Kiefer & Wolfowitz 1956; Laird 1978). The weights maximise

    ln L(w) + mass * n * sum of w0 ln w

where w0 are the weights of the fitted MBG/CNBD-k: the formula counts as much as the data (mass = 1), so that a small firm gets its
law back and a large one what it shows. The aim is concave, so EM climbs to the one maximum.

Given the rate's component c (a gamma of shape S and rate alpha_c) and the chance q = 1 - p to stay at a purchase

    still there  sum over j < k of (T-t_x)^j A_j,  A_j = alpha_c^S G(S+kx+j) / (G(S) j!) (alpha_c+T)^-(S+kx+j) q^(x+1)
    left         alpha_c^S G(S+kx) / G(S) (alpha_c+t_x)^-(S+kx) p q^x

so that everything is a table over the distinct (x, T) or (x, t_x), and an EM step costs what these cost.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaln
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from entente.differentiate.pure.arrays import Floats, Indexes, Ints
from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.newton import Matrix

SHAPE: Final = 4.0
COMPONENTS: Final = 17
SLOWEST, FASTEST = 0.003, 7.0
"""Purchases a week: one in six years, one a day."""

LEAVING: Final = np.concatenate([[1e-9], np.linspace(0.02, 0.98, 13)])
MASS: Final = 1.0
FLOOR: Final = 1e-6
AT_REST: Final = 1e-5
MOST_STEPS: Final = 1_000
_QUANTILES: Final = 4_000


@dataclass(frozen=True, eq=False)
class Mixture:
    """weights: (c, p), sum 1, of components of the stages' rate, Gamma(SHAPE, alphas[c]) a week, with LEAVING[p]. stages: k."""

    alphas: Floats
    weights: Matrix
    stages: int


def base_mixture(r: float, alpha: float, leaving: tuple[float, float] | None, stages: int) -> Mixture:
    """The table nearest to rates Gamma(r, alpha) and chances to leave Beta(*leaving); None: nobody leaves."""
    means = np.geomspace(SLOWEST * stages, FASTEST * stages, COMPONENTS)
    alphas = SHAPE / means
    places = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    rates = np.maximum(gamma_law.ppf(places, r, scale=1.0 / alpha), 1e-12)
    density = np.exp(
        SHAPE * np.log(alphas) - gammaln(SHAPE) + (SHAPE - 1.0) * np.log(rates)[:, None] - alphas * rates[:, None]
    )
    density += 1e-300
    of_rates = np.full(COMPONENTS, 1.0 / COMPONENTS)
    for _ in range(300):
        of_rates *= ((1.0 / (density @ of_rates)) @ density) / _QUANTILES
    edges = np.concatenate([[0.0], (LEAVING[1:] + LEAVING[:-1]) / 2.0, [1.0]])
    if leaving is None:
        of_leaving = np.zeros(len(LEAVING))
        of_leaving[0] = 1.0
    else:
        of_leaving = np.diff(beta_law.cdf(edges, *leaving))
    weights = np.outer(of_rates + FLOOR, of_leaving + FLOOR)
    return Mixture(alphas, weights / weights.sum(), stages)


@dataclass(frozen=True, eq=False)
class Tables:
    """What a mixture's likelihoods of some customers are made of.

    at_age, at_last: rows of the distinct (x, T) and (x, t_x) of each customer or group. x_age, ages, x_last: theirs.
    there: j -> (pairs, c); left: (pairs, c), each row divided by exp of its scale. gap: (g,) weeks of silence.
    """

    at_age: Indexes
    at_last: Indexes
    x_age: Floats
    ages: Floats
    x_last: Floats
    there: list[Matrix]
    left: Matrix
    there_scale: Floats
    left_scale: Floats
    gap: Floats


def tables(mixture: Mixture, x: Floats, recency: Floats, age: Floats) -> Tables:
    """x: (g,) repeats; recency, age: (g,) weeks."""
    whole = x.astype(np.int64)
    by_age, by_last = distinct(whole, _bits(age)), distinct(whole, _bits(recency))
    x_age, ages = x[by_age.first], age[by_age.first]
    x_last, lasts = x[by_last.first], recency[by_last.first]
    there, there_scale = _densities(mixture, x_age, ages)
    left, left_scale = _densities(mixture, x_last, lasts)
    stages = [there]
    for j in range(1, mixture.stages):
        shape = SHAPE + mixture.stages * x_age + (j - 1)
        stages.append(stages[-1] * (shape / j)[:, None] / (mixture.alphas + ages[:, None]))
    return Tables(
        by_age.of_row, by_last.of_row, x_age, ages, x_last, stages, left, there_scale, left_scale, age - recency
    )


@dataclass(frozen=True, eq=False)
class Likelihoods:
    """(g,) of each customer, both divided by exp(scale)."""

    there: Floats
    left: Floats
    scale: Floats
    there_factor: Floats
    left_factor: Floats


def likelihoods(mixture: Mixture, made: Tables) -> Likelihoods:
    """How likely each history is with the customer still there, and with the customer gone."""
    staying = mixture.weights @ (1.0 - LEAVING)[:, None] ** (np.arange(_most(made) + 1) + 1)
    leaving = mixture.weights @ (LEAVING[:, None] * (1.0 - LEAVING)[:, None] ** np.arange(_most(made) + 1))
    by_x = made.x_age.astype(np.int64)
    there = np.zeros(len(made.gap))
    for j, table in enumerate(made.there):
        there += ((table * staying.T[by_x]).sum(axis=1))[made.at_age] * made.gap**j
    left = (made.left * leaving.T[made.x_last.astype(np.int64)]).sum(axis=1)[made.at_last]
    scale = np.maximum(made.there_scale[made.at_age], made.left_scale[made.at_last])
    there_factor = np.exp(made.there_scale[made.at_age] - scale)
    left_factor = np.exp(made.left_scale[made.at_last] - scale)
    return Likelihoods(there * there_factor, left * left_factor, scale, there_factor, left_factor)


@dataclass(frozen=True)
class Freed:
    """converged: the weights have come to rest. log_likelihood: of the histories, without the part of the gaps."""

    mixture: Mixture
    log_likelihood: float
    converged: bool
    steps: int


def free(base: Mixture, x: Floats, recency: Floats, age: Floats, customers: Floats, mass: float = MASS) -> Freed:
    """Free the weights of a table from their formula. All (g,): groups, and how many customers share each.

    EM, two steps of which tell how far to leap (Varadhan & Roland 2008, SQUAREM); a leap that does not climb is not taken.
    """
    climb = _Climb(base, tables(base, x, recency, age), customers, mass)
    weights, steps, change = base.weights, 0, np.inf
    value = -np.inf
    while change > AT_REST and steps < MOST_STEPS:
        once, value = climb.step(weights)
        twice, _ = climb.step(once)
        first, bend = once - weights, (twice - once) - (once - weights)
        length = float(np.sqrt((first**2).sum() / max((bend**2).sum(), 1e-300)))
        leap = np.maximum(weights + 2.0 * length * first + length**2 * bend, 0.5 * twice)
        landed, reached = climb.step(leap / leap.sum())
        steps += 3
        weights = landed if reached >= value else twice
        change = float(np.abs(twice - once).sum())
    value = _summed(likelihoods(Mixture(base.alphas, weights, base.stages), climb.made), customers)
    return Freed(
        Mixture(base.alphas, weights, base.stages), value, bool(change <= AT_REST and np.isfinite(value)), steps
    )


class _Climb:
    def __init__(self, base: Mixture, made: Tables, customers: Floats, mass: float) -> None:
        self.base, self.made, self.customers, self.mass = base, made, customers, mass
        self.whole = float(customers.sum())
        self.stayed = (1.0 - LEAVING) ** (made.x_age[:, None] + 1.0)
        self.gone = LEAVING * (1.0 - LEAVING) ** made.x_last[:, None]

    def step(self, weights: Matrix) -> tuple[Matrix, float]:
        """The weights after one step of EM, and how high the aim stood before it."""
        made, base = self.made, self.base
        found = likelihoods(Mixture(base.alphas, weights, base.stages), made)
        each = self.customers / (found.there + found.left)
        by_rate = np.zeros_like(made.there[0])
        for j, table in enumerate(made.there):
            told = np.bincount(made.at_age, weights=each * found.there_factor * made.gap**j, minlength=len(made.x_age))
            by_rate += table * told[:, None]
        told = np.bincount(made.at_last, weights=each * found.left_factor, minlength=len(made.x_last))
        share = by_rate.T @ self.stayed + (made.left * told[:, None]).T @ self.gone
        moved = (weights * share / self.whole + self.mass * base.weights) / (1.0 + self.mass)
        held = weights > 0.0
        prior = float((base.weights[held] * np.log(weights[held])).sum())
        return moved / moved.sum(), _summed(found, self.customers) + self.mass * self.whole * prior


def log_likelihood(mixture: Mixture, x: Floats, recency: Floats, age: Floats, customers: Floats) -> float:
    """Of the histories, without the part of the gaps. Arguments as in `free`."""
    return _summed(likelihoods(mixture, tables(mixture, x, recency, age)), customers)


def nobody_leaves(base: Mixture) -> Mixture:
    """The same table with nobody ever leaving; freeing it leaves it at that."""
    weights = np.zeros_like(base.weights)
    weights[:, 0] = base.weights.sum(axis=1)
    return Mixture(base.alphas, weights, base.stages)


def _summed(found: Likelihoods, customers: Floats) -> float:
    with np.errstate(divide="ignore"):
        return float((customers * (np.log(found.there + found.left) + found.scale)).sum())


def expected_by_stage(mixture: Mixture, x: Floats, age: Floats, weeks: float) -> list[Matrix]:
    """Purchases in the next `weeks` of a customer still there, by the stages passed since the last purchase.

    x, age: (pairs,). Returns j -> (pairs, c, p). The number N of stages to come is negative binomial, a purchase comes at every
    k-th, and after each the customer leaves with chance p = 1 - q, so that E = (1 - E[q^floor((N+j)/k)]) / p. The power with
    the floor is a sum of k plain powers y^N over the k-th roots of unity (a discrete Fourier transform of its period), and
    E[y^N] = ((alpha+T) / (alpha+T + weeks (1-y)))^(S+kx+j).
    """
    k = mixture.stages
    stay = 1.0 - LEAVING
    at = (mixture.alphas + age[:, None])[:, :, None]
    shape = (SHAPE + k * x)[:, None, None]
    found = [np.zeros((len(x), len(mixture.alphas), len(LEAVING))) for _ in range(k)]
    for root in range(k // 2 + 1):
        turn = np.exp(2j * np.pi * root / k)
        y = stay ** (1.0 / k) * (turn if root and 2 * root != k else turn.real)
        weight = sum(stay ** (-m / k) * turn**-m for m in range(k)) / k
        # A root and its mirror image give the same real part.
        twice = 2.0 if root and 2 * root != k else 1.0
        ratio = at / (at + weeks * (1.0 - y))
        power = ratio**shape
        for j in range(k):
            found[j] += twice * (weight * y**j * power).real
            power = power * ratio
    return [(1.0 - one) / LEAVING for one in found]


def _densities(mixture: Mixture, x: Floats, weeks: Floats) -> tuple[Matrix, Floats]:
    """alpha^S G(S+kx) / G(S) (alpha+t)^-(S+kx) by component, each row divided by its largest; and that one's logarithm."""
    shape = SHAPE + mixture.stages * x
    logs = (
        SHAPE * np.log(mixture.alphas) - gammaln(SHAPE) + gammaln(shape)[:, None]
        - shape[:, None] * np.log(mixture.alphas + weeks[:, None])
    )  # fmt: skip
    scale = logs.max(axis=1) if len(logs) else np.zeros(0)
    return np.exp(logs - scale[:, None]), scale


def _most(made: Tables) -> int:
    return int(made.x_age.max()) if len(made.x_age) else 0


def _bits(weeks: Floats) -> Ints:
    return np.ascontiguousarray(weeks).view(np.int64)
