"""When people order: working days, holidays, seasons, hours.

Buying runs in *busy time*, in weeks: a day off has length nought, a day in season more than a seventh. The laws of
buying hold in busy time; the calendar turns it into days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import numpy.typing as npt

from entente.sample.pure.country import Country

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# From January: painting is done in the warm months, less under the Gulf's summer sun.
SEASON = (0.80, 0.86, 1.02, 1.16, 1.20, 1.14, 1.04, 0.98, 1.08, 1.04, 0.90, 0.78)
GULF_SEASON = (1.10, 1.12, 1.10, 1.04, 0.96, 0.84, 0.76, 0.80, 0.96, 1.08, 1.14, 1.10)
CONSUMER_WEEK = (0.9, 0.85, 0.9, 0.95, 1.1, 1.3, 1.0)


@dataclass(frozen=True)
class Span:
    """The days of the sample: `days` until `as_of`, and `ahead` more that only the truth looks at. Day 0 is
    `first_on`."""

    as_of: dt.date
    days: int
    ahead: int

    @property
    def first_on(self) -> dt.date:
        return self.as_of - dt.timedelta(days=self.days - 1)

    def date(self, day: int) -> dt.date:
        return self.first_on + dt.timedelta(days=int(day))

    def dates(self) -> npt.NDArray[np.datetime64]:
        """(days + ahead,) every day of the sample, the truth's included."""
        return np.datetime64(self.first_on) + np.arange(self.days + self.ahead)


def days_off(country: Country, span: Span) -> npt.NDArray[np.bool_]:
    """(days + ahead,) weekends and public holidays, when no business orders."""
    return _closed(country.code, span)


@lru_cache(maxsize=32)
def _closed(country: str, span: Span) -> npt.NDArray[np.bool_]:
    dates: list[dt.date] = span.dates().tolist()
    years = range(dates[0].year, dates[-1].year + 1)
    closed = holidays.country_holidays(country, years=years, subdiv="ENG" if country == "GB" else None)
    days = np.array([date in closed or date.weekday() in closed.weekend for date in dates])
    days.flags.writeable = False
    return days


def next_open(closed: npt.NDArray[np.bool_]) -> Ints:
    """(days,) the first day from each on that is no day off; the last day stands for what lies behind it."""
    last = closed.size - 1
    days = np.where(closed, last, np.arange(closed.size))
    return np.asarray(np.minimum.accumulate(days[::-1])[::-1], np.int64)


def busy_time(country: Country, is_business: bool, span: Span) -> Floats:
    """(days + ahead + 1,) busy weeks passed at the beginning of each day; on average one a week."""
    dates = span.dates()
    month = dates.astype("datetime64[M]").astype(np.int64) % 12
    season = np.array(GULF_SEASON if country.code == "SA" else SEASON)[month]
    weekday = (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7
    if is_business:
        weight = season * ~days_off(country, span)
    else:
        weight = season * np.array(CONSUMER_WEEK)[weekday]
    busy: Floats = np.concatenate(([0.0], np.cumsum(weight)))
    return busy * ((span.days + span.ahead) / 7 / busy[-1])


def utc_offsets(zone: str, span: Span) -> Ints:
    """(days + ahead,) minutes that the clocks of `zone` are ahead of UTC at noon of each day."""
    place = ZoneInfo(zone)
    noon = dt.time(12)
    dates: list[dt.date] = span.dates().tolist()
    offsets = [dt.datetime.combine(date, noon, place).utcoffset() or dt.timedelta() for date in dates]
    return np.array([int(offset.total_seconds()) // 60 for offset in offsets])


def order_minutes(is_business: npt.NDArray[np.bool_], rng: np.random.Generator) -> Ints:
    """(n,) minute of the day on the customer's clock: 8:00-17:59 for firms, 8:00-22:29 for consumers, so that the day
    is the same at the customer's and at the firm's in Berlin."""
    n = is_business.size
    morning = rng.random(n) < 0.6
    firm = np.where(morning, rng.normal(10.2 * 60, 70, n), rng.normal(14.6 * 60, 75, n))
    home = np.where(morning, rng.normal(19.5 * 60, 90, n), rng.normal(13.5 * 60, 150, n))
    minutes = np.where(is_business, np.clip(firm, 480, 1079), np.clip(home, 480, 1349))
    return minutes.astype(np.int64)
