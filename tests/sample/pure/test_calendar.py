from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from entente.sample.pure.calendar import Span, busy_time, days_off, order_minutes, utc_offsets
from entente.sample.pure.countries import COUNTRIES

SPAN = Span(dt.date(2026, 11, 20), 1095, 182)
BY_CODE = {country.code: country for country in COUNTRIES}


def off(code: str, day: str) -> bool:
    return bool(days_off(BY_CODE[code], SPAN)[(dt.date.fromisoformat(day) - SPAN.first_on).days])


def test_the_last_day_is_as_of():
    assert SPAN.first_on == dt.date(2023, 11, 22)
    assert SPAN.date(SPAN.days - 1) == SPAN.as_of


@pytest.mark.parametrize(
    ("code", "day"),
    [("SA", "2026-11-20"), ("SA", "2026-11-21"), ("IR", "2026-11-20"), ("GB", "2026-11-21"), ("DE", "2026-10-03"),
     ("RU", "2026-01-07"), ("IR", "2026-03-21"), ("GB", "2025-12-25"), ("SA", "2025-09-23")],
)  # fmt: skip
def test_nobody_orders_for_a_firm_on_a_day_off(code, day):
    assert off(code, day)
    country = BY_CODE[code]
    place = (dt.date.fromisoformat(day) - SPAN.first_on).days
    assert np.diff(busy_time(country, True, SPAN))[place] == 0
    assert np.diff(busy_time(country, False, SPAN))[place] > 0


@pytest.mark.parametrize(
    ("code", "day"), [("SA", "2026-11-22"), ("GB", "2026-11-20"), ("DE", "2026-11-16"), ("IR", "2026-11-18")]
)
def test_working_days_are_not_days_off(code, day):
    assert not off(code, day)


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda country: country.code)
@pytest.mark.parametrize("is_business", [True, False])
def test_busy_time_runs_one_week_a_week(country, is_business):
    busy = busy_time(country, is_business, SPAN)
    assert busy.size == 1095 + 182 + 1
    assert busy[-1] == pytest.approx((1095 + 182) / 7)
    assert (np.diff(busy) >= 0).all()


def test_clocks_change_in_berlin_and_not_in_riyadh():
    assert set(utc_offsets("Europe/Berlin", SPAN).tolist()) == {60, 120}
    assert set(utc_offsets("Asia/Riyadh", SPAN).tolist()) == {180}
    assert set(utc_offsets("Asia/Tehran", SPAN).tolist()) == {210}


def test_hours_of_ordering():
    business = np.arange(4000) % 2 == 0
    minutes = order_minutes(business, np.random.default_rng(0))
    assert minutes[business].min() >= 8 * 60 and minutes[business].max() < 18 * 60
    assert minutes[~business].min() >= 8 * 60 and minutes[~business].max() < 22.5 * 60
    assert np.median(minutes[~business]) > np.median(minutes[business])
