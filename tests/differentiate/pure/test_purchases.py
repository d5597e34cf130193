import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from entente.differentiate.pure.accuracy import accuracy
from entente.differentiate.pure.buying_laws import BG_NBD, FIRM_RATE, MBG_NBD, NBD, PARAMETERS, BuyingLaw
from entente.differentiate.pure.histories import ImpossibleHistory
from entente.differentiate.pure.outlooks import purchases_while_there
from entente.differentiate.pure.purchases import (
    alive_is_meaningful,
    expected_purchases,
    fit,
    probability_alive,
)
from tests.differentiate.pure.buyers import day_number, simulated, split

CDNOW = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}


def law_of(name=BG_NBD, **parameters):
    given = parameters or {"rate": 0.1} if name == FIRM_RATE else CDNOW | parameters
    return BuyingLaw(name, {k: given[k] for k in PARAMETERS[name]}, 0.0, np.eye(len(PARAMETERS[name])), 1, True)


def purchases(repeats, recency, age, horizon=39.0, law=None):
    columns = (np.atleast_1d(np.asarray(column, float)) for column in (repeats, recency, age))
    return expected_purchases(law or law_of(), *columns, horizon)


def alive(repeats, recency, age, law=None):
    columns = (np.atleast_1d(np.asarray(column, float)) for column in (repeats, recency, age))
    return probability_alive(law or law_of(), *columns)


def test_agrees_with_the_authors_spreadsheet():
    assert purchases(repeats=2, recency=30.43, age=38.86) == pytest.approx(1.226, abs=5e-4)


def test_the_same_silence_says_more_about_a_frequent_buyer():
    assert purchases(repeats=20, recency=10, age=38) < purchases(repeats=2, recency=10, age=38)


@pytest.mark.parametrize("name", [BG_NBD, MBG_NBD])
@pytest.mark.parametrize(
    ("a", "b"), [(0.3, 0.2), (0.5, 0.5), (0.999999, 2.0), (1.0, 2.0), (1.00005, 2.0), (3.0, 40.0), (0.1, 30.0)]
)
@pytest.mark.parametrize("x", [0, 1, 7, 300, 5000])
def test_is_the_integral_over_rates_and_chances_to_leave(name, a, b, x):
    r, alpha, T, ahead = 0.5, 5.0, 90.0, 39.0
    found = purchases_while_there(law_of(name, r=r, alpha=alpha, a=a, b=b), np.array([float(x)]), np.array([T]), ahead)[
        0
    ]
    stayed = b + x + (name == MBG_NBD)

    def given_chance(log_p):
        p = np.exp(log_p)
        return -np.expm1(-(r + x) * np.log1p(p * ahead / (alpha + T))) * stats.beta.pdf(p, a, stayed)

    truth = integrate.quad(
        given_chance, -300.0, -1e-13, limit=800, points=[-100, -40, -20, -10, -8, -6, -4, -2, -1, -0.1]
    )[0]
    assert found == pytest.approx(truth, rel=2e-5)


def test_one_time_buyers_are_numbers_when_a_and_b_are_small():
    assert np.isfinite(purchases([0, 0], [0, 0], [10, 300], law=law_of(a=0.3, b=0.4))).all()


@settings(deadline=None)
@given(
    st.tuples(st.floats(-3, 3), st.floats(-2, 5), st.floats(-6, 5), st.floats(-3, 6)),
    st.integers(0, 5000),
    st.floats(0, 1),
    st.floats(0, 1000),
    st.floats(0.1, 200),
    st.sampled_from([BG_NBD, MBG_NBD, NBD]),
)
def test_forecasts_are_numbers_that_grow_with_the_horizon(logs, x, part, age, horizon, name):
    r, alpha, a, b = np.exp(logs)
    law = law_of(name, r=r, alpha=alpha, a=a, b=b)
    history = (x, part * age if x else 0.0, age)
    now, later = purchases(*history, horizon, law)[0], purchases(*history, 1.5 * horizon, law)[0]
    still = alive(*history, law)[0]
    assert 0.0 <= still <= 1.0
    assert np.isfinite(later)
    assert 0.0 <= now <= later * (1 + 1e-6) + 1e-9
    assert later <= (r + x) / (alpha + age) * 1.5 * horizon * (1 + 1e-9)


def test_alive_is_never_shown_as_certain_where_it_is_assumed():
    repeats = np.array([0, 1])
    assert alive([0], [0], [400]) == 1.0
    assert alive_is_meaningful(law_of(BG_NBD), repeats).tolist() == [False, True]
    assert alive_is_meaningful(law_of(MBG_NBD), repeats).tolist() == [True, True]
    assert alive_is_meaningful(law_of(NBD), repeats).tolist() == [False, False]
    assert alive_is_meaningful(law_of(FIRM_RATE), repeats).tolist() == [False, False]


def test_mbg_sees_one_time_buyers_leave():
    one_timer = alive([0, 0], [0, 0], [5, 100], law_of(MBG_NBD))
    assert one_timer[1] < one_timer[0] < 1.0


def test_who_came_yesterday_is_surely_there_and_who_came_often_long_ago_is_not():
    assert alive([5, 50], [38.0, 10.0], [38.0, 38.0]) == pytest.approx([1 / (1 + 0.7929 / 6.4259), 0.0], abs=1e-6)


def test_nobody_in_nobody_out():
    assert len(purchases([], [], [])) == 0


@pytest.mark.parametrize("history", [(1, 5, 4), (-1, 0, 4), (1, -1, 4), (1, np.nan, 4), (1, 1, np.inf)])
def test_impossible_histories_are_refused(history):
    with pytest.raises(ImpossibleHistory, match="Customer number 0"):
        purchases(*history)


@pytest.mark.parametrize("horizon", [-1.0, np.nan, np.inf])
def test_impossible_horizons_are_refused(horizon):
    with pytest.raises(ImpossibleHistory, match="horizon"):
        purchases(1, 1, 4, horizon)


def test_simulated_customers_do_what_was_forecast():
    known, later = simulated(50_000, seed=5)
    forecast = expected_purchases(fit(known), known.repeats, known.recency, known.age, 39.0)
    found = accuracy(forecast, later)
    assert found.bias == pytest.approx(0.0, abs=0.03)
    for part in found.calibration:
        assert part.predicted_mean == pytest.approx(part.observed_mean, rel=0.12, abs=0.02)


@pytest.mark.parametrize(("name", "mae"), [(BG_NBD, 0.786), (MBG_NBD, 0.766)])
def test_predicts_the_second_half_of_cdnow(cdnow_days, name, mae):
    known, later = split(*cdnow_days, day_number("1997-09-30"), day_number("1998-06-30"))
    law = fit(known, name)
    found = accuracy(expected_purchases(law, known.repeats, known.recency, known.age, 39.0), later)
    assert found.customers == 2357
    assert found.mae <= mae
    assert found.rmse <= 1.62
    assert found.correlation >= 0.62
    assert -0.17 < found.bias < 0.0
