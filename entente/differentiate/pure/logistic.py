"""Logistic regression with a ridge, by Newton steps.

Source: le Cessie & van Houwelingen, *Ridge Estimators in Logistic Regression*, Applied Statistics 41 (1), 1992.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.newton import Matrix

STEPS = 60
AT_REST = 1e-7
# The constant is free; this much keeps it finite where all are alike.
FREE = 1e-6


@dataclass(frozen=True)
class Logistic:
    """at: (k,) the constant and the coefficients. spread: (k, k) their covariance (Laplace). converged: is this the top?"""

    at: Floats
    spread: Matrix
    converged: bool


def fit_logistic(
    x: Matrix, y: Floats, ridge: float, *, offset: float = 0.0, start: Floats | None = None, at_rest: float = AT_REST
) -> Logistic:
    """The coefficients that make what happened most probable.

    x: (n, k), its first column ones. y: (n,) 0 or 1. ridge: each coefficient but the constant is drawn to 0 as by a normal prior of
    variance 1 / ridge. offset: added to the log odds as it stands. at_rest: of log likelihood; the climb
    ends where a further step would win less.

    The log likelihood with a ridge is concave, so a step that gains is always found; with a ridge above 0 the top is finite even where
    a column tells all.
    """
    penalty = np.full(x.shape[1], float(ridge))
    penalty[0] = FREE
    if start is None:
        start = np.zeros(x.shape[1])
        start[0] = np.log((y.sum() + 0.5) / (len(y) - y.sum() + 0.5)) - offset
    at = start
    diagonal = np.arange(x.shape[1])
    spread = np.diag(1.0 / np.maximum(penalty, FREE))
    for _ in range(STEPS):
        odds = x @ at + offset
        chance = expit(odds)
        slope = x.T @ (y - chance) - penalty * at
        half = x * np.sqrt(chance * (1.0 - chance))[:, None]
        bend = half.T @ half
        bend[diagonal, diagonal] += penalty
        try:
            factor = cho_factor(bend)
        except (LinAlgError, ValueError):
            return Logistic(at, spread, False)
        step = cho_solve(factor, slope)
        if float(slope @ step) <= at_rest:
            return Logistic(at, cho_solve(factor, np.eye(len(at))), True)
        before = _height(y, odds, at, penalty)
        size = 1.0
        while _height(y, x @ (at + size * step) + offset, at + size * step, penalty) < before and size > 1e-6:
            size /= 2.0
        at = at + size * step
    return Logistic(at, spread, False)


def losses(y: Floats, log_odds: Floats) -> Floats:
    """(n,) minus the log likelihood of each outcome."""
    return np.asarray(np.logaddexp(0.0, log_odds) - y * log_odds, np.float64)


def _height(y: Floats, odds: Floats, at: Floats, penalty: Floats) -> float:
    return float(-losses(y, odds).sum() - 0.5 * (penalty * at * at).sum())
