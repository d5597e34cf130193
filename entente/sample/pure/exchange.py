"""Dated exchange rates: what one unit of a currency is worth in the firm's own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.sample.pure.calendar import Span

Floats = npt.NDArray[np.float64]

# Currency: worth of one unit in EUR at the start, drift and noise of its logarithm a month. Invented, of the right
# order.
PATHS = {
    "GBP": (1.155, 0.000, 0.008),
    "SAR": (0.245, -0.001, 0.010),
    "RUB": (0.0103, -0.004, 0.022),
    "IRR": (1 / 560_000, -0.019, 0.030),
}
# The step prices are rounded to, in ten-thousandths.
PRICE_STEPS = {"EUR": 100, "GBP": 100, "SAR": 500, "RUB": 10_000, "IRR": 10_000_000}


@dataclass(frozen=True)
class ExchangeRates:
    """from_on: first of each month, the first of them before the sample begins. rates: currency → (months,), 12
    decimals."""

    from_on: tuple[dt.date, ...]
    rates: dict[str, Floats]

    def on(self, currency: str, dates: npt.NDArray[np.datetime64]) -> Floats:
        """The rate in force on each day; 1 for a currency without a path."""
        if currency not in self.rates:
            return np.ones(dates.size)
        starts = np.array(self.from_on, dtype="datetime64[D]")
        return self.rates[currency][np.searchsorted(starts, dates, side="right") - 1]


def exchange_rates(span: Span, rng: np.random.Generator) -> ExchangeRates:
    """A monthly path for each foreign currency."""
    months = np.arange(np.datetime64(span.first_on, "M"), np.datetime64(span.as_of, "M") + 1)
    starts = tuple(month.astype("datetime64[D]").item() for month in months)
    rates = {}
    for currency, (start, drift, noise) in PATHS.items():
        steps = rng.normal(drift, noise, len(starts))
        rates[currency] = np.round(start * np.exp(np.cumsum(steps) - steps[0]), 12)
    return ExchangeRates(starts, rates)
