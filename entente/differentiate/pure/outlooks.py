"""What a fitted law expects of each customer: is the customer still there, and how often will they buy?

Made once for a law and its customers, asked for any span. What depends on few numbers only is computed once for each distinct
set of them: chances to be there on (x, t_x, T), purchases to come on (x, T), of regular buyers on the stages passed as well.
"""

from collections.abc import Sequence
from math import lgamma
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import expit, hyp2f1

from entente.differentiate.pure import free_mixture
from entente.differentiate.pure.arrays import Bools, Floats, Indexes
from entente.differentiate.pure.buying_laws import BG_NBD, CNBD, FIRM_RATE, MBG_CNBD, NBD, PARETO_NBD, SHIFT, BuyingLaw
from entente.differentiate.pure.free_mixture import LEAVING, Mixture
from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.histories import DAYS_PER_WEEK, BuyingHistories
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.pareto_likelihood import odds_of_having_left
from entente.lib.distinct import distinct as distinct_values

Places = npt.NDArray[np.intp]

_NODES: Final = 40
_ANGLES: Final = (2.0 * np.arange(_NODES) + 1.0) * np.pi / (2.0 * _NODES)
_NEAR_ONE: Final = 1e-4
_NEAR_POLE: Final = 1e-7


class Outlook(Protocol):
    """alive: (n,) chance to be still there. is_known: (n,) False where the law assumes it rather than finds it."""

    alive: Floats
    is_known: Bools

    def expected(self, spans: Sequence[float], weights: Sequence[float] = (1.0,)) -> Floats:
        """(n,) sum over the spans (weeks from now) of weight times the purchases expected within each."""


def outlook(law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> Outlook:
    """x: (n,) repeats; recency, age: (n,) weeks. Columns must be possible: `purchases` checks them."""
    alike = distinct(x.astype(np.int64), recency.view(np.int64), age.view(np.int64))
    of_groups = _of_groups(law, x[alike.first], recency[alike.first], age[alike.first])
    return _HandedOut(of_groups, alike.of_row)


def outlook_of(law: BuyingLaw, histories: BuyingHistories) -> Outlook:
    """The same of whole histories, which are grouped once."""
    grouped = histories.grouped
    recency, age = grouped.recency_days / DAYS_PER_WEEK, grouped.age_days / DAYS_PER_WEEK
    return _HandedOut(_of_groups(law, grouped.repeats.astype(np.float64), recency, age), grouped.of_customer)


def _of_groups(law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> Outlook:
    if law.members:
        return _Mean([_of_groups(member, x, recency, age) for member in law.members], law)
    if law.mixture is not None:
        return _Free(law, law.mixture, x, recency, age)
    if law.name in MBG_CNBD or law.name in CNBD:
        return _Staged(law, x, recency, age)
    return _Separable(law, x, recency, age)


class _HandedOut:
    """What was worked out for each distinct (x, t_x, T) once, given to everybody who shares it."""

    def __init__(self, of_groups: Outlook, of_customer: Indexes) -> None:
        self._of_groups, self._of_customer = of_groups, of_customer
        self.alive, self.is_known = of_groups.alive[of_customer], of_groups.is_known[of_customer]

    def expected(self, spans: Sequence[float], weights: Sequence[float] = (1.0,)) -> Floats:
        return np.asarray(self._of_groups.expected(spans, weights)[self._of_customer])


class _Separable:
    """Laws under which the past silence tells no more than whether somebody left: BG/NBD, MBG/NBD, Pareto/NBD, NBD, firm's rate."""

    def __init__(self, law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> None:
        self.alive = chance_to_be_there(law, x, recency, age)
        self.is_known = is_finding(law, x)
        self._pairs = distinct(x.astype(np.int64), age.view(np.int64))
        self._law, self._x, self._age = law, x[self._pairs.first], age[self._pairs.first]

    def expected(self, spans: Sequence[float], weights: Sequence[float] = (1.0,)) -> Floats:
        of_pair = sum(
            weight * purchases_while_there(self._law, self._x, self._age, span)
            for span, weight in zip(spans, weights, strict=True)
        )
        return np.asarray(self.alive * np.asarray(of_pair)[self._pairs.of_row])


class _Staged:
    """MBG/CNBD-k and CNBD-k of k > 1: how long the silence lasted tells how near the next purchase is.

    What is to come after x purchases hangs on span / (alpha + T) alone, so that one table over it answers for all ages and spans.
    """

    def __init__(self, law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> None:
        self._law = law
        self.is_known = is_finding(law, x)
        self._xs, self._at = distinct_values(x), law.parameters["alpha"] + distinct_values(age)
        self._places = np.searchsorted(self._xs, x), np.searchsorted(self._at, law.parameters["alpha"] + age)
        self._passed = stages_passed(law, x, recency, age)
        self.alive = chance_to_be_there(law, x, recency, age)
        self._ends = np.inf, -np.inf

    def expected(self, spans: Sequence[float], weights: Sequence[float] = (1.0,)) -> Floats:
        if not len(self.alive):
            return np.zeros(0)
        lean = np.zeros((len(self._at), _NODES))
        for span, weight in zip(spans, weights, strict=True):
            if span > 0.0:
                self._reach(span)
                lean += weight * _leaning(np.log(span / self._at), self._nodes)
        if not lean.any():
            return np.zeros(len(self.alive))
        to_come = np.zeros(len(self.alive))
        for j in range(self._law.stages):
            to_come += self._passed[:, j] * _read(self._table[:, :, j], lean, *self._places)
        return np.asarray(self.alive * to_come)

    def _reach(self, span: float) -> None:
        """Make the table for this span and all down to a sixtieth of it, which is what a discounted sum over it asks for."""
        if self._ends[0] <= span <= self._ends[1]:
            return
        law, self._ends = self._law, (span / 60.0, span)
        a, b = law.parameters.get("a", 0.0), law.parameters.get("b", 1.0)
        self._nodes = _chebyshev(np.log(self._ends[0] / self._at[-1]), np.log(span / self._at[0]))
        x, at = (part.ravel() for part in np.meshgrid(self._xs, np.exp(-self._nodes), indexing="ij"))
        found = _by_stages_passed(law.parameters["r"] + law.stages * x, at, b + x + 1.0, 1.0, law.stages, a)
        self._table = found.reshape(len(self._xs), _NODES, law.stages)


class _Free:
    """A law whose spread of customers is a table of weights."""

    def __init__(self, law: BuyingLaw, mixture: Mixture, x: Floats, recency: Floats, age: Floats) -> None:
        self._mixture = mixture
        self._made = free_mixture.tables(mixture, x, recency, age)
        found = free_mixture.likelihoods(mixture, self._made)
        self.alive = found.there / (found.there + found.left) if law.finds_leaving else np.ones(len(x))
        self.is_known = np.full(len(x), law.finds_leaving)
        self._factor = found.there_factor / (found.there + found.left)

    def expected(self, spans: Sequence[float], weights: Sequence[float] = (1.0,)) -> Floats:
        made = self._made
        staying = self._mixture.weights @ (1.0 - LEAVING)[:, None] ** (
            np.arange(int(made.x_age.max(initial=0.0)) + 1) + 1.0
        )
        of_whom = staying.T[made.x_age.astype(np.int64)]
        total = np.zeros(len(self.alive))
        for j, by_pair in enumerate(self._of_like_ones(spans, weights)):
            there = (made.there[j] * of_whom).sum(axis=1)
            total += (by_pair * there)[made.at_age] * made.gap**j
        return np.asarray(total * self._factor)

    def _of_like_ones(self, spans: Sequence[float], weights: Sequence[float]) -> list[Floats]:
        """What customers still there buy, by stages passed, for each distinct (x, T)."""
        mixture, grid = self._mixture, _Grid(self._made.x_age, self._made.ages)
        made = free_mixture.tables(mixture, grid.x, grid.age, grid.age)
        staying = (1.0 - LEAVING) ** (made.x_age[:, None] + 1.0)
        sums = [np.zeros(len(made.x_age)) for _ in made.there]
        for span, weight in zip(spans, weights, strict=True):
            for j, purchases in enumerate(free_mixture.expected_by_stage(mixture, made.x_age, made.ages, span)):
                sums[j] += weight * np.einsum("ncp,nc,cp,np->n", purchases, made.there[j], mixture.weights, staying)
        found = []
        for j, of_all in enumerate(sums):
            whole = np.einsum("nc,cp,np->n", made.there[j], mixture.weights, staying)
            found.append(grid.read((of_all / whole)[made.at_age]))
        return found


class _Grid:
    """Few ages for each distinct x in place of all the pairs (x, T): between them what is expected runs so smoothly that Chebyshev's
    interpolation is exact to some millionths."""

    def __init__(self, x: Floats, age: Floats) -> None:
        """x, age: (pairs,). Made are `x` and `age` to compute at."""
        xs, ages = distinct_values(x), distinct_values(age)
        nodes, self._lean = ages, np.eye(len(ages))
        if len(ages) > _NODES:
            at = np.log(4.0 + ages)
            logs = _chebyshev(at[0], at[-1])
            nodes, self._lean = np.exp(logs) - 4.0, _leaning(at, logs)
        self.x, self.age = (np.ascontiguousarray(part.ravel()) for part in np.meshgrid(xs, nodes, indexing="ij"))
        self._shape = (len(xs), len(nodes))
        self._places = np.searchsorted(xs, x), np.searchsorted(ages, age)

    def read(self, computed: Floats) -> Floats:
        """(pairs,) of what was computed at `x` and `age`."""
        return _read(computed.reshape(self._shape), self._lean, *self._places)


def _read(table: Matrix, lean: Matrix, at_x: Places, at_age: Places) -> Floats:
    """What a table (xs, nodes) says at each pair of places; lean: (ages, nodes) how much of each node counts."""
    # For every x at every age, by matrix product, where there are not many more of them than pairs.
    if len(table) * len(lean) <= 4 * len(at_x):
        return np.asarray((table @ lean.T)[at_x, at_age])
    return np.asarray((table[at_x] * lean[at_age]).sum(axis=1))


class _Mean:
    """A committee: everybody's voice counts the same. Whether somebody is still there is asked of those only who can tell."""

    def __init__(self, members: Sequence[Outlook], law: BuyingLaw) -> None:
        self._members = members
        telling = [one for one, member in zip(members, law.members, strict=True) if member.knows_churn] or list(members)
        self.alive = np.asarray(sum(one.alive for one in telling) / len(telling))
        self.is_known = np.logical_and.reduce([one.is_known for one in telling])

    def expected(self, spans: Sequence[float], weights: Sequence[float] = (1.0,)) -> Floats:
        return np.asarray(sum(one.expected(spans, weights) for one in self._members) / len(self._members))


def _chebyshev(low: float, high: float) -> Floats:
    """(nodes,) where to compute a function that will be asked for between the two."""
    return np.asarray(0.5 * (low + high) + 0.5 * (high - low) * np.cos(_ANGLES))


def _leaning(at: Floats, nodes: Floats) -> Matrix:
    """(n, nodes) how much of what was computed at each node counts at each place: barycentric interpolation."""
    sign = np.where(np.arange(len(nodes)) % 2, -1.0, 1.0) * np.sin(_ANGLES)
    away = at[:, None] - nodes
    exact = np.abs(away) < 1e-13
    lean = np.where(exact.any(axis=1, keepdims=True), exact.astype(np.float64), sign / np.where(exact, 1.0, away))
    return np.asarray(lean / lean.sum(axis=1, keepdims=True))


def is_finding(law: BuyingLaw, x: Floats) -> Bools:
    """(n,) where the chance to be there is a finding. BG/NBD takes it as given for everybody without a repeat."""
    if not law.knows_churn:
        return np.zeros(len(x), np.bool_)
    return np.asarray(x > 0) if law.name == BG_NBD else np.ones(len(x), np.bool_)


def chance_to_be_there(law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> Floats:
    """(n,) of one law with a formula. BG/NBD: Fader, Hardie & Lee (2008). MBG/CNBD-k: Reutterer et al. (2021)."""
    if not law.knows_churn:
        return np.ones(len(x))
    if law.name == PARETO_NBD:
        r, alpha, s, beta = (float(v) for v in law.vector())
        return np.asarray(expit(-odds_of_having_left(r, alpha, s, beta, x, recency, age)))
    r, alpha, a, b = law.vector()
    tries = x + SHIFT[law.name] - 1.0
    odds = np.log(a / np.maximum(b + tries, b)) + (r + law.stages * x) * np.log((alpha + age) / (alpha + recency))
    if law.stages > 1:
        odds = odds - np.log(_stage_terms(law, x, recency, age).sum(axis=1))
    return np.asarray(np.where(tries < 0.0, 1.0, expit(-odds)))


def stages_passed(law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> Matrix:
    """(n, k) chance that a customer still there has passed j = 0 .. k-1 stages since the last purchase."""
    terms = _stage_terms(law, x, recency, age)
    return np.asarray(terms / terms.sum(axis=1, keepdims=True))


def _stage_terms(law: BuyingLaw, x: Floats, recency: Floats, age: Floats) -> Matrix:
    """C_j u^j of `regular_likelihood`, (n, k)."""
    r, alpha = law.parameters["r"], law.parameters["alpha"]
    s, u = r + law.stages * x, (age - recency) / (alpha + age)
    terms = [np.ones(len(x))]
    for j in range(1, law.stages):
        terms.append(terms[-1] * (s + j - 1.0) / j * u)
    return np.stack(terms, axis=1)


def by_stages_passed(law: BuyingLaw, x: Floats, age: Floats, span: float) -> Matrix:
    """(pairs, k) purchases in the next `span` weeks of a customer still there who has passed j stages. Exact, a sum over the
    number of stages to come, which is negative binomial."""
    r, alpha = law.parameters["r"], law.parameters["alpha"]
    a = law.parameters.get("a", 0.0)
    stayed = law.parameters.get("b", 1.0) + x + 1.0
    found: Matrix = _by_stages_passed(r + law.stages * x, alpha + age, stayed, float(span), law.stages, a)
    return found


@njit(cache=True)
def _by_stages_passed(s, at, stayed, weeks, k, a):  # type: ignore[no-untyped-def]  # pragma: no cover
    out = np.zeros((s.size, k))
    if weeks <= 0.0:
        return out
    for i in range(s.size):
        log_one_less_z = -np.log1p(weeks / at[i])
        log_z = log_one_less_z + np.log(weeks / at[i])
        z = np.exp(log_z)
        for j in range(k):
            shape = s[i] + j
            mean = shape * weeks / at[i]
            reach = 7.0 * np.sqrt(mean * (1.0 + weeks / at[i])) + 10.0
            n = max(0.0, np.floor(mean - reach))
            chance = np.exp(lgamma(shape + n) - lgamma(shape) - lgamma(n + 1.0) + shape * log_one_less_z + n * log_z)
            bought, still, purchases = 0, 1.0, 0.0
            total, weighed = 0.0, 0.0
            while True:
                due = int((n + j) // k)
                while bought < due:
                    # `still`: to be there at the next purchase, which is the first thing to happen to somebody who is there now.
                    purchases += still
                    still *= (stayed[i] + bought) / (a + stayed[i] + bought)
                    bought += 1
                total += chance
                weighed += chance * purchases
                if n > mean and chance < 1e-10 * total:
                    break
                chance *= (shape + n) / (n + 1.0) * z
                n += 1.0
            out[i, j] = weighed / total
    return out


def purchases_while_there(law: BuyingLaw, x: Floats, age: Floats, span: float) -> Floats:
    """Purchases in the next `span` weeks of customers still there, of laws that `_Separable` names. All (pairs,)."""
    if law.name == FIRM_RATE:
        return np.full(len(x), law.parameters["rate"] * span)
    r, alpha = law.parameters["r"], law.parameters["alpha"]
    forever = (r + x) / (alpha + age) * span
    if law.name == NBD or span == 0.0:
        return np.asarray(forever)
    if law.name == PARETO_NBD:
        s, at = law.parameters["s"] - 1.0, law.parameters["beta"] + age
        log = np.log1p(span / at)
        # (1 - exp(-s log)) / s, which is log itself where s is nought.
        life = at * (log if abs(s) < _NEAR_POLE else -np.expm1(-s * log) / s)
        return np.asarray(np.clip((r + x) / (alpha + age) * life, 0.0, forever))
    a, stayed = law.parameters["a"], law.parameters["b"] + x + SHIFT[law.name]
    z = span / (alpha + age + span)
    if abs(a - 1.0) < _NEAR_ONE:
        share = (a - 1.0 + _NEAR_ONE) / (2.0 * _NEAR_ONE)
        below, above = (_euler(r + x, 1.0 + side * _NEAR_ONE, stayed, z) for side in (-1.0, 1.0))
        expected = (1.0 - share) * below + share * above
    else:
        expected = _euler(r + x, a, stayed, z)
    return np.asarray(np.clip(np.where(np.isfinite(expected), expected, forever), 0.0, forever))


def _euler(rate_shape: Floats, a: float, stayed: Floats, z: Floats) -> Floats:
    """C/(a-1) [1 - (1-z)^(a-1) 2F1(C-r-x, a-1; C; z)], C = a + B - 1: Fader, Hardie & Lee (2005), eq. (10), in Euler's form."""
    c = a + stayed - 1.0
    c = np.where(np.abs(c) < _NEAR_POLE, _NEAR_POLE, c)
    with np.errstate(over="ignore", invalid="ignore"):
        lost = np.exp((a - 1.0) * np.log1p(-z)) * hyp2f1(c - rate_shape, a - 1.0, c, z)
        return np.asarray(c / (a - 1.0) * (1.0 - lost), dtype=np.float64)
