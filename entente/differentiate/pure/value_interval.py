"""How far apart may the outcomes of equal customers lie?

Outcomes are drawn per class of like customers, still active, and sorted; each customer then reads off the shares that
remain once the chance to have left already is taken away. So the cost grows with the classes, not with the customers.
Three sources of spread are in each draw: the parameters (normal in their logarithms, from the fit's covariance), the
customer's own rate, leaving and number of purchases, and the customer's own spend.

The interval is the shortest that holds its share: outcomes are skewed and many are nothing at all, so an interval with
equal shares outside at both ends would hold far more than it says wherever nothing is likely.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from entente.differentiate.pure.arrays import Floats, Indexes, Ints
from entente.differentiate.pure.buying_laws import FIRM_RATE, PARETO_NBD, SHIFT, BuyingLaw
from entente.differentiate.pure.free_mixture import LEAVING, SHAPE, Mixture, tables
from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.histories import BuyingHistories
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.outlooks import stages_passed
from entente.differentiate.pure.spend import GAMMA_GAMMA, SpendLaw

Sorted = npt.NDArray[np.float32]

AGE_STEP: Final = 0.04
REPEATS_EXACT: Final = 20
REPEATS_STEP: Final = 0.10
SILENCE_STEPS: Final = 8
LOW_ENDS: Final = 9
"""Between how many low ends the shortest interval is looked for."""

_FARTHEST = 3.0
# Of the logarithm of a life in weeks: for ever.
_LONGEST_LIFE = 50.0
_CLASSES_AT_ONCE = 2_000


def outcome_interval(
    law: BuyingLaw,
    spend_law: SpendLaw,
    histories: BuyingHistories,
    alive: Floats,
    weeks: float,
    share: float,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """The shortest interval that holds a share of what a customer may bring in `weeks`, in multiples of what is expected of a
    like one known to be active.

    alive: (n,) chance to be active. Returns two arrays (n,), at least 0.
    """
    outcomes, of_row = _outcomes(law, spend_law, histories, weeks, draws, rng)
    low, high = np.zeros(len(alive)), np.full(len(alive), np.inf)
    for below in np.linspace(0.0, 1.0 - share, LOW_ENDS):
        one, other = (_read_off(outcomes, of_row, alive, end) for end in (below, below + share))
        shorter = other - one < high - low
        low, high = np.where(shorter, one, low), np.where(shorter, other, high)
    return low, high


def outcome_cases(
    law: BuyingLaw,
    spend_law: SpendLaw,
    histories: BuyingHistories,
    alive: Floats,
    weeks: float,
    shares: Floats,
    draws: int,
    rng: np.random.Generator,
) -> Matrix:
    """(n, D) the outcome at which each share (D,) of all outcomes is less, in the same multiples: to be added to what else they bring."""
    outcomes, of_row = _outcomes(law, spend_law, histories, weeks, draws, rng)
    found = np.empty((len(alive), len(shares)))
    for at, share in enumerate(shares):
        found[:, at] = _read_off(outcomes, of_row, alive, float(share))
    return found


def _outcomes(
    law: BuyingLaw, spend_law: SpendLaw, histories: BuyingHistories, weeks: float, draws: int, rng: np.random.Generator
) -> tuple[Sorted, Indexes]:
    """(classes, draws) sorted outcomes of each class of like customers, their mean 1, and the class of each customer."""
    classes = distinct(_class(law, histories), _age_class(histories.age))
    x, recency, age = (
        column[classes.first] for column in (histories.repeats.astype(np.float64), histories.recency, histories.age)
    )
    outcomes = np.empty((len(x), draws), np.float32)
    members = law.members or (law,)
    parts = np.linspace(0, draws, len(members) + 1).astype(int)
    for member, begin, end in zip(members, parts[:-1], parts[1:], strict=True):
        sampler = _Sampler(member, end - begin, rng)
        for start in range(0, len(x), _CLASSES_AT_ONCE):
            at = slice(start, start + _CLASSES_AT_ONCE)
            outcomes[at, begin:end] = _money(
                spend_law, x[at], sampler.purchases(x[at], recency[at], age[at], weeks), rng
            )
    outcomes /= np.maximum(outcomes.mean(axis=1, keepdims=True), 1e-12)
    outcomes.sort(axis=1)
    return outcomes, classes.of_row


def _read_off(outcomes: Sorted, of_row: Indexes, alive: Floats, share: float) -> Floats:
    """The quantile of "nothing, if gone; else an outcome of the class", interpolated between the sorted draws."""
    found: Floats = _quantile(outcomes, of_row, alive, float(share))
    return found


@njit(cache=True)
def _quantile(outcomes, of_row, alive, share):  # type: ignore[no-untyped-def]  # pragma: no cover
    draws = outcomes.shape[1]
    found = np.zeros(alive.size)
    for i in range(alive.size):
        within = (share - (1.0 - alive[i])) / max(alive[i], 1e-12)
        if within <= 0.0:
            continue
        place = min(within, 1.0) * draws - 0.5
        below = min(max(int(np.floor(place)), 0), draws - 1)
        rest = min(max(place - below, 0.0), 1.0)
        row = outcomes[of_row[i]]
        found[i] = (1.0 - rest) * row[below] + rest * row[min(below + 1, draws - 1)]
    return found


class _Sampler:
    """Draws what active customers buy, as one law has it. Its parameters are drawn once, the same for all classes."""

    def __init__(self, law: BuyingLaw, draws: int, rng: np.random.Generator) -> None:
        self.law, self.draws, self.rng = law, draws, rng
        self.parameters = _drawn_parameters(law, draws, rng)

    def purchases(self, x: Floats, recency: Floats, age: Floats, weeks: float) -> Matrix:
        """(classes, draws): the Poisson number of stages, k of which are a purchase, or fewer if leaving comes first."""
        law, rng, shape = self.law, self.rng, (len(x), self.draws)
        if law.name == FIRM_RATE:
            return rng.poisson(self.parameters[0] * weeks, shape).astype(np.float64)
        passed = self._passed(x, recency, age)
        if law.mixture is not None:
            rate, leaving = self._free(law.mixture, x, age, passed)
        else:
            r, alpha = self.parameters[0], self.parameters[1]
            rate = rng.standard_gamma(r + law.stages * x[:, None] + passed, shape) / (alpha + age[:, None])
            leaving = None
        span: Floats | Matrix | float = weeks
        if law.name == PARETO_NBD:
            s, beta = self.parameters[2], self.parameters[3]
            life = np.minimum(rng.standard_exponential(shape) / s, _LONGEST_LIFE)
            span = np.minimum(weeks, (beta + age[:, None]) * np.expm1(life))
        stages = rng.poisson(np.minimum(rate * span, 1e12))
        bought = (stages + passed) // law.stages
        if law.name in SHIFT:
            a, b = self.parameters[2], self.parameters[3]
            leaving = rng.beta(a, b + (x[:, None] + SHIFT[law.name]), shape)
        if leaving is None:
            return bought.astype(np.float64)
        return np.minimum(bought, rng.geometric(np.clip(leaving, 1e-12, 1.0))).astype(np.float64)

    def _passed(self, x: Floats, recency: Floats, age: Floats) -> Matrix:
        """(classes, draws) stages passed since the last purchase; of one, where a law has no stages."""
        if self.law.stages == 1:
            return np.zeros((1, 1))
        passed = np.cumsum(stages_passed(self.law, x, recency, age), axis=1)
        drawn = self.rng.random((len(x), self.draws))
        return np.asarray((drawn[:, :, None] > passed[:, None, :-1]).sum(axis=2), np.float64)

    def _free(self, mixture: Mixture, x: Floats, age: Floats, passed: Matrix) -> tuple[Matrix, Matrix]:
        """Rate and chance to leave, drawn from the table as the history of an active customer weighs it."""
        made = tables(mixture, x, age, age)
        staying = (1.0 - LEAVING) ** (x[:, None] + 1.0)
        held = made.there[0][made.at_age][:, :, None] * mixture.weights * staying[:, None, :]
        flat = held.reshape(len(x), -1).cumsum(axis=1)
        drawn = self.rng.random((len(x), self.draws)) * flat[:, -1:]
        place = np.stack([np.searchsorted(row, wanted) for row, wanted in zip(flat, drawn, strict=True)])
        component, chance = np.divmod(np.minimum(place, flat.shape[1] - 1), len(LEAVING))
        shape = SHAPE + mixture.stages * x[:, None] + passed
        rate = self.rng.standard_gamma(shape, (len(x), self.draws)) / (mixture.alphas[component] + age[:, None])
        return rate, LEAVING[chance]


def _money(spend_law: SpendLaw, x: Floats, bought: Matrix, rng: np.random.Generator) -> Matrix:
    """Purchases weighed by what is spent at them, in multiples of the customer's expected spend."""
    if spend_law.name != GAMMA_GAMMA:
        return bought
    p, q = spend_law.parameters["p"], spend_law.parameters["q"]
    shape = p * (x[:, None] + 1.0) + q
    dearness = (shape - 1.0) / np.maximum(rng.standard_gamma(shape, bought.shape), 1e-12)
    return rng.standard_gamma(p * bought) / p * dearness


def _drawn_parameters(law: BuyingLaw, draws: int, rng: np.random.Generator) -> Matrix:
    """(parameters, draws), normal in the logarithms, cut at three standard errors."""
    axes = np.linalg.cholesky(law.covariance + 1e-12 * np.eye(len(law.covariance)))
    away = np.clip(rng.standard_normal((axes.shape[0], draws)), -_FARTHEST, _FARTHEST)
    return np.asarray(law.vector()[:, None] * np.exp(axes @ away), np.float64)


def _age_class(age: Floats) -> Ints:
    """Ages alike within 4 %, of a month or more."""
    return np.floor(np.log(4.0 + age) / AGE_STEP).astype(np.int64)


def _class(law: BuyingLaw, histories: BuyingHistories) -> Ints:
    """Each count of repeats to 20, then steps of 10 %; where a law has stages, how long the silence is as a share of the age, too."""
    repeats = histories.repeats
    beyond = np.log(np.maximum(repeats, REPEATS_EXACT) / REPEATS_EXACT) / np.log1p(REPEATS_STEP)
    alike = np.where(repeats <= REPEATS_EXACT, repeats, REPEATS_EXACT + np.ceil(beyond).astype(np.int64))
    if all(member.stages == 1 for member in law.members or (law,)):
        return alike
    silent = 1.0 - histories.recency_days / np.maximum(histories.age_days, 1)
    return alike * SILENCE_STEPS + np.minimum((silent * SILENCE_STEPS).astype(np.int64), SILENCE_STEPS - 1)
