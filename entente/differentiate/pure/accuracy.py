"""How well did the forecast do? Measures of a backtest, without a single NaN whatever comes in."""

from dataclasses import dataclass

import numpy as np

from entente.differentiate.pure.arrays import Floats, Ints
from entente.lib.errors import EntenteError


class UnequalForecast(EntenteError):
    """Forecast and outcome do not belong together."""


@dataclass(frozen=True)
class Decile:
    """One tenth of the customers, by rising forecast."""

    decile: int
    customers: int
    predicted_mean: float
    observed_mean: float


@dataclass(frozen=True)
class Accuracy:
    """customers: how many. mae, rmse: in purchases. correlation: Pearson's, 0 where either side is constant.

    bias: total forecast over total outcome, less one; 0 when both are 0, and with an outcome of 0 the forecast counts
    against one purchase. calibration: by rising forecast.
    """

    customers: int
    mae: float
    rmse: float
    correlation: float
    bias: float
    calibration: tuple[Decile, ...]


def accuracy(predicted: Floats, observed: Floats | Ints) -> Accuracy:
    """Compare a forecast (n,) with what happened (n,).

    Raises UnequalForecast for unequal lengths or values that are no numbers.
    """
    p, y = np.asarray(predicted, np.float64), np.asarray(observed, np.float64)
    if p.shape != y.shape or p.ndim != 1:
        raise UnequalForecast(
            f"Forecast {p.shape} and outcome {y.shape} differ in length: give one of each per customer."
        )
    if not (np.isfinite(p).all() and np.isfinite(y).all()):
        raise UnequalForecast("Forecast or outcome has values that are not numbers: leave those customers out.")
    if not len(p):
        return Accuracy(0, 0.0, 0.0, 0.0, 0.0, ())
    error = p - y
    total = float(y.sum())
    return Accuracy(
        customers=len(p),
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt((error**2).mean())),
        correlation=_correlation(p, y),
        bias=float(error.sum()) / (total if total else 1.0),
        calibration=calibration(p, y),
    )


def calibration(predicted: Floats, observed: Floats, parts: int = 10) -> tuple[Decile, ...]:
    """Mean forecast and outcome in equal parts by rising forecast; fewer parts when there are fewer customers."""
    order = np.argsort(predicted, kind="stable")
    return tuple(
        Decile(number, len(rows), float(predicted[rows].mean()), float(observed[rows].mean()))
        for number, rows in enumerate(np.array_split(order, parts), start=1)
        if len(rows)
    )


def _correlation(p: Floats, y: Floats) -> float:
    if np.ptp(p) == 0.0 or np.ptp(y) == 0.0:
        return 0.0
    p, y = p - p.mean(), y - y.mean()
    spread = float(np.sqrt(p @ p) * np.sqrt(y @ y))
    return float(np.clip(p @ y / spread, -1.0, 1.0)) if spread > 0.0 and np.isfinite(spread) else 0.0
