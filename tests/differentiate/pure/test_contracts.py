"""Contracts: the published cohorts to their printed digits, known truth, real contracts, and what is refused."""

import numpy as np
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.contracts import (
    ContractLaw,
    ContractsRefused,
    ImpossibleTenure,
    Tenures,
    _Likelihood,
    discounted_life,
    expected_life,
    fit,
    from_customers,
    from_survivors,
    retention,
    survival,
    with_error,
)
from tests.differentiate.pure.buyers import public

REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]


def law_of(alpha, beta):
    return ContractLaw(alpha, beta, 0.0, np.eye(2), 1.0)


def leaving(n, seed, alpha, beta, longest=12):
    """Contracts of known truth, begun at different times: tenure, and whether they left."""
    rng = np.random.default_rng(seed)
    ends = np.minimum(rng.geometric(np.clip(rng.beta(alpha, beta, n), 1e-12, 1.0)), 10**6)
    seen = rng.integers(0, longest + 1, n)
    return np.minimum(ends, seen), ends <= seen


@pytest.mark.parametrize(
    ("survivors", "alpha", "beta", "likelihood", "after_12", "real"),
    [(REGULAR, 0.704, 1.182, -1680.3, 170, 173), (HIGH_END, 0.668, 3.806, -1611.2, 378, 394)],
)
def test_agrees_with_fader_and_hardie(survivors, alpha, beta, likelihood, after_12, real):
    law = fit(from_survivors(survivors))
    assert (round(law.alpha, 3), round(law.beta, 3)) == (alpha, beta)
    assert round(law.log_likelihood, 1) == likelihood
    still, error = with_error(law, lambda one: 1000.0 * survival(one, 12))
    assert round(float(still)) == after_12
    assert abs(still - real) < 2.0 * error


def test_one_cohort_is_the_same_counted_or_customer_by_customer():
    tenure = np.repeat([1, 2, 3, 4, 5, 6, 7, 7], [369, 163, 86, 56, 37, 27, 21, 241])
    left = np.repeat([True] * 7 + [False], [369, 163, 86, 56, 37, 27, 21, 241])
    one, other = fit(from_customers(tenure, left)), fit(from_survivors(REGULAR))
    assert (one.alpha, one.beta) == pytest.approx((other.alpha, other.beta))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 1.0), (1.0, 4.0), (3.0, 12.0)])
def test_finds_the_truth_within_its_errors(alpha, beta):
    outside = 0
    for seed in range(10):
        law = fit(from_customers(*leaving(20_000, seed, alpha, beta)))
        away = np.log([law.alpha, law.beta]) - np.log([alpha, beta])
        outside += float(away @ np.linalg.inv(law.covariance) @ away) > 5.99
    assert outside <= 3


def test_slopes_are_those_of_the_likelihood():
    likelihood = _Likelihood(from_customers(*leaving(500, 1, 1.0, 3.0)))
    at, step = np.array([0.3, 0.8]), 1e-5
    moved = [(likelihood(at + step * unit), likelihood(at - step * unit)) for unit in np.eye(2)]
    _, gradient, hessian = likelihood(at)
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in moved], rel=1e-6)
    assert hessian == pytest.approx(np.array([(up[1] - down[1]) / (2 * step) for up, down in moved]), rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.floats(-4, 6), st.floats(-4, 7), st.integers(0, 3000), st.floats(0.01, 3.0))
def test_discounted_life_is_the_sum_of_what_is_to_come(log_alpha, log_beta, renewed, discount):
    law = law_of(np.exp(log_alpha), np.exp(log_beta))
    ahead = np.arange(4000)
    stays = np.cumprod(retention(law, renewed + 1 + ahead))
    summed = float((stays * np.exp(-np.log1p(discount) * ahead)).sum())
    assert discounted_life(law, renewed, discount) == pytest.approx(summed, rel=1e-9)


def test_life_to_come_is_the_sum_of_survivals():
    law = law_of(2.5, 2.0)
    renewed = np.array([0, 3, 40])
    summed = sum(survival(law, j, renewed) for j in range(1, 11))
    assert expected_life(law, renewed, 10) == pytest.approx(summed)
    assert expected_life(law, renewed, 10**5) == pytest.approx(expected_life(law, renewed), rel=0.01)
    assert np.isinf(expected_life(law_of(0.9, 2.0), renewed)).all()


def test_who_has_proved_loyal_is_worth_more_than_the_mean_of_the_cohort():
    law = fit(from_survivors(REGULAR))
    life = discounted_life(law, np.arange(8), 0.10)
    assert (np.diff(life) > 0.0).all()
    assert (np.diff(retention(law, np.arange(1, 9))) > 0.0).all()


def test_errors_shrink_with_the_root_of_the_customers():
    small, large = (
        with_error(fit(Tenures(factor * one.left, factor * one.kept)), lambda law: retention(law, [1, 5]))[1]
        for one in [from_survivors(HIGH_END)]
        for factor in (1.0, 100.0)
    )
    assert small / large == pytest.approx([10.0, 10.0], rel=1e-3)


@pytest.fixture(scope="module")
def telco():
    table = pyarrow.csv.read_csv(public("telco_churn.csv.gz"))
    left = np.array([str(value) in ("Yes", "True", "true") for value in table["Churn"].to_pylist()])
    return table["tenure"].to_numpy().astype(np.int64), left


def observed_survival(tenure, left, longest):
    """Kaplan & Meier (1958)."""
    ends = np.array([[(tenure >= t).sum(), ((tenure == t) & left).sum()] for t in range(1, longest + 1)])
    return np.cumprod(1.0 - ends[:, 1] / ends[:, 0])


@pytest.mark.parametrize("known_until", [24, 36])
def test_real_contracts_a_year_beyond_what_was_known(telco, known_until):
    """Nearer than one rate of renewal for all, which is what a firm would take otherwise."""
    tenure, left = telco
    law = fit(from_customers(np.minimum(tenure, known_until), left & (tenure <= known_until)))
    real = observed_survival(tenure, left, known_until + 12)
    ahead = np.arange(known_until + 1, known_until + 13)
    said = survival(law, ahead)
    one_rate = (left & (tenure <= known_until)).sum() / np.minimum(tenure, known_until).sum()
    missed, missed_by_one_rate = (np.abs(one - real[known_until:]).max() for one in (said, (1.0 - one_rate) ** ahead))
    assert missed < 0.03
    assert missed < 0.5 * missed_by_one_rate


@pytest.mark.parametrize(
    ("left", "kept", "why"),
    [
        ([0, 2, 1], [0, 0, 10], "needs at least 20 customers"),
        ([0, 2, 1], [0, 0, 100], "5 who left"),
        ([0, 30], [0, 70], "second renewal"),
        ([0, 0, 0], [500, 0, 0], "needs at least 20 customers"),
        (np.r_[0, 1000 * 0.8 ** np.arange(9)], np.r_[np.zeros(9), 536.9], "no less ready to leave"),
        ([0, 10, 20, 40, 80], [0, 0, 0, 0, 500], "no less ready to leave"),
        ([0, 500, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 500], "bound"),
    ],
)
def test_what_does_not_settle_the_law_is_refused(left, kept, why):
    with pytest.raises(ContractsRefused, match=why):
        fit(Tenures(left, kept))


@pytest.mark.parametrize(
    ("tenure", "left"),
    [([1, -1], [True, False]), ([1, 0], [False, True]), ([1, 1.5], [True, True]), ([1, np.nan], [True, False])],
)
def test_impossible_contracts_name_the_customer(tenure, left):
    with pytest.raises(ImpossibleTenure, match="Customer number 1"):
        from_customers(np.array(tenure), np.array(left))


@pytest.mark.parametrize(
    "made",
    [
        lambda: from_customers(np.array([1, 2]), np.array([True])),
        lambda: from_customers(np.array([1]), np.array([1])),
        lambda: from_survivors([100, 120]),
        lambda: from_survivors([100]),
        lambda: Tenures([1.0, 2.0], [0.0, 1.0]),
        lambda: Tenures([0.0, -2.0], [0.0, 1.0]),
        lambda: Tenures([0.0], [0.0, 1.0]),
        lambda: retention(law_of(1.0, 1.0), 0),
        lambda: survival(law_of(1.0, 1.0), [0.5]),
        lambda: discounted_life(law_of(1.0, 1.0), 0, 0.0),
        lambda: discounted_life(law_of(1.0, 1.0), 0, np.nan),
    ],
)
def test_impossible_questions_are_refused(made):
    with pytest.raises(ImpossibleTenure):
        made()
