"""How far apart may the outcomes of equal customers lie?

Outcomes are drawn per class of like customers, still active, and sorted; each customer then reads off the shares that
remain once the chance to have left already is taken away. So the cost grows with the classes, not with the customers.
Three sources of spread are in each draw: the parameters (normal in their logarithms, from the fit's covariance), the
customer's own rate, leaving and number of purchases, and the customer's own spend.
"""

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Floats, Indexes, Ints
from entente.differentiate.pure.buying_laws import FIRM_RATE, NBD, PARAMETERS, SHIFT, BuyingLaw
from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.histories import BuyingHistories
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.purchases import purchases_while_alive
from entente.differentiate.pure.spend import GAMMA_GAMMA, SpendLaw

Sorted = npt.NDArray[np.float32]

AGE_STEP = 0.04
REPEATS_EXACT = 20
REPEATS_STEP = 0.10
_FARTHEST = 3.0
_CLASSES_AT_ONCE = 2_000


def purchase_quantiles(
    law: BuyingLaw,
    spend_law: SpendLaw,
    histories: BuyingHistories,
    alive: Floats,
    weeks: float,
    shares: tuple[float, float],
    draws: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Two quantiles of what a customer brings in `weeks`, in multiples of what is expected from one known to be active.

    alive: (n,) chance to be active. shares: the two quantiles, rising. Returns two arrays (n,), at least 0.
    """
    classes = distinct(_repeats_class(histories.repeats), _age_class(law, histories.age))
    x, age = histories.repeats[classes.first].astype(np.float64), histories.age[classes.first]
    outcomes = np.empty((len(x), draws), np.float32)
    parameters = _drawn_parameters(law, draws, rng)
    for start in range(0, len(x), _CLASSES_AT_ONCE):
        part = slice(start, start + _CLASSES_AT_ONCE)
        expected = purchases_while_alive(law, x[part], age[part], weeks)
        drawn = _money(spend_law, x[part], _purchases(law, parameters, x[part], age[part], weeks, rng), rng)
        outcomes[part] = drawn / np.maximum(expected, 1e-12)[:, None]
    outcomes.sort(axis=1)
    low, high = (_read_off(outcomes, classes.of_row, alive, share) for share in shares)
    return low, high


def _read_off(outcomes: Sorted, of_row: Indexes, alive: Floats, share: float) -> Floats:
    """The quantile of "nothing, if gone; else an outcome of the class", interpolated between the sorted draws."""
    draws = outcomes.shape[1]
    within = (share - (1.0 - alive)) / np.maximum(alive, 1e-12)
    place = np.clip(within, 0.0, 1.0) * draws - 0.5
    below = np.clip(np.floor(place), 0, draws - 1).astype(np.int32)
    above = np.minimum(below + 1, draws - 1)
    rest = np.clip(place - below, 0.0, 1.0)
    found = (1.0 - rest) * outcomes[of_row, below] + rest * outcomes[of_row, above]
    return np.where(within <= 0.0, 0.0, found)


def _purchases(
    law: BuyingLaw, parameters: Matrix, x: Floats, age: Floats, weeks: float, rng: np.random.Generator
) -> Matrix:
    """(classes, draws) purchases of active customers: the Poisson number, or fewer if leaving comes first."""
    shape = (len(x), parameters.shape[1])
    if law.name == FIRM_RATE:
        return rng.poisson(parameters[0] * weeks, shape).astype(np.float64)
    r, alpha = parameters[0], parameters[1]
    rate = rng.standard_gamma(r + x[:, None], shape) / (alpha + age[:, None])
    bought = rng.poisson(np.minimum(rate * weeks, 1e12))
    if law.name == NBD:
        return bought.astype(np.float64)
    a, b = parameters[2], parameters[3]
    leaving = rng.beta(a, b + (x[:, None] + SHIFT[law.name]), shape)
    return np.minimum(bought, rng.geometric(np.clip(leaving, 1e-12, 1.0))).astype(np.float64)


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
    axes = np.linalg.cholesky(law.covariance + 1e-12 * np.eye(len(PARAMETERS[law.name])))
    away = np.clip(rng.standard_normal((axes.shape[0], draws)), -_FARTHEST, _FARTHEST)
    return np.asarray(law.vector()[:, None] * np.exp(axes @ away), np.float64)


def _age_class(law: BuyingLaw, age: Floats) -> Ints:
    """Ages alike within 4 % of alpha + T."""
    return np.floor(np.log(law.parameters.get("alpha", 1.0) + age) / AGE_STEP).astype(np.int64)


def _repeats_class(repeats: Ints) -> Ints:
    """Each count to 20, then steps of 10 %."""
    beyond = np.log(np.maximum(repeats, REPEATS_EXACT) / REPEATS_EXACT) / np.log1p(REPEATS_STEP)
    return np.where(repeats <= REPEATS_EXACT, repeats, REPEATS_EXACT + np.ceil(beyond).astype(np.int64))
