import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.spend import (
    GAMMA_GAMMA,
    SHRUNK_MEAN,
    ImpossibleSpend,
    _Likelihood,
    choose_spend_law,
    expected_spend,
    spend_frequency_correlation,
)
from tests.differentiate.pure.buyers import day_number


def spenders(n, seed, p=6.25, q=3.74, gamma=15.44):
    rng = np.random.default_rng(seed)
    count = rng.geometric(0.4, n)
    dearness = rng.gamma(q, 1 / gamma, n)
    return count, rng.gamma(p * count) / dearness / count, p / dearness


@pytest.fixture(scope="module")
def cdnow_repeat_spend(cdnow_days):
    """Repeat purchases of the first 39 weeks, as in the authors' note: 946 customers."""
    customer, _, amount = (column[cdnow_days[1] <= day_number("1997-09-30")] for column in cdnow_days)
    again = np.concatenate(([False], customer[1:] == customer[:-1]))
    ids, which, count = np.unique(customer[again], return_inverse=True, return_counts=True)
    assert len(ids) == 946
    return count, np.bincount(which, weights=amount[again]) / count


def test_agrees_with_the_published_fit(cdnow_repeat_spend):
    choice = choose_spend_law(*cdnow_repeat_spend)
    assert choice.refusal == ""
    assert choice.law.name == GAMMA_GAMMA
    assert choice.law.parameters == pytest.approx({"p": 6.25, "q": 3.74, "gamma": 15.44}, abs=0.006)
    assert choice.law.mean == pytest.approx(35.2, abs=0.05)


def test_finds_the_truth_of_simulated_customers():
    count, mean, truth = spenders(100_000, seed=1)
    law = choose_spend_law(count, mean).law
    assert law.parameters == pytest.approx({"p": 6.25, "q": 3.74, "gamma": 15.44}, rel=0.03)
    forecast = expected_spend(law, count, mean)
    assert forecast.mean() == pytest.approx(truth.mean(), rel=0.01)
    assert np.abs(forecast - truth).mean() < np.abs(mean - truth).mean()


def test_gradient_and_hessian_are_those_of_the_value():
    count, mean, _ = spenders(200, seed=2)
    law, at, step = _Likelihood(count.astype(float), mean), np.log([5.0, 3.0, 12.0]), 1e-5
    _, gradient, hessian = law(at)
    ends = [[law(at + sign * step * unit) for sign in (1, -1)] for unit in np.eye(3)]
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in ends], rel=1e-5)
    measured = np.array([(up[1] - down[1]) / (2 * step) for up, down in ends])
    assert hessian == pytest.approx(measured, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e6])
def test_the_currency_does_not_matter(unit):
    count, mean, _ = spenders(500, seed=3)
    law = choose_spend_law(count, mean * unit).law
    assert law.parameters["gamma"] / unit == pytest.approx(
        choose_spend_law(count, mean).law.parameters["gamma"], rel=1e-5
    )


def test_more_purchases_more_trust_in_the_customers_own_mean():
    law = choose_spend_law(*spenders(2000, seed=4)[:2]).law
    once, often = expected_spend(law, np.array([1, 50]), np.array([100.0, 100.0]))
    assert law.mean < once < often < 100.0


REFUSED = {
    "nobody": ([], [], "needs at least 20"),
    "too few": ([1] * 19, np.arange(1.0, 20.0), "there are 19"),
    "nobody paid": ([1] * 50, np.zeros(50), "there are 0"),
    "constant spend": ([1, 2, 3] * 20, np.full(60, 9.99), "spends the same"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_gamma_gamma_cannot_carry_is_refused_and_the_mean_used(case):
    count, mean, reason = REFUSED[case]
    choice = choose_spend_law(np.array(count, np.int64), np.array(mean))
    assert reason in choice.refusal
    assert choice.law.name == SHRUNK_MEAN
    found = expected_spend(choice.law, np.array([1, 9]), np.array([9.99, 0.0]))
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_constant_spend_is_expected_again():
    law = choose_spend_law(np.array([1, 2, 3] * 20), np.full(60, 9.99)).law
    assert expected_spend(law, np.array([1, 5]), np.array([9.99, 9.99])) == pytest.approx([9.99, 9.99])


def test_a_customer_without_positive_spend_gets_the_firms_mean():
    count, mean, _ = spenders(500, seed=5)
    law = choose_spend_law(np.append(count, [3, 2]), np.append(mean, [-7.0, 0.0])).law
    assert law.customers == 500
    assert expected_spend(law, np.array([3, 2]), np.array([-7.0, 0.0])) == pytest.approx([law.mean] * 2)


def test_a_link_of_spend_and_frequency_is_said():
    rng = np.random.default_rng(6)
    count = rng.integers(2, 30, 1000)
    law = choose_spend_law(count, count**0.5 * rng.gamma(6.0, 1.0, 1000)).law
    assert law.correlation > 0.3
    assert "buy often spend more" in law.notes[0]
    assert spend_frequency_correlation(np.array([2, 2, 2, 2]), np.array([1.0, 2.0, 3.0, 4.0])) == 0.0


def test_a_few_giants_do_not_yield_an_endless_mean():
    rng = np.random.default_rng(8)
    choice = choose_spend_law(np.ones(3000, np.int64), np.exp(rng.normal(0, 4, 3000)))
    assert np.isfinite(choice.law.mean)
    assert choice.law.mean > 0
    assert choice.refusal


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 400), st.floats(0.01, 1e7)), min_size=1, max_size=60))
def test_expected_spend_is_always_a_number_above_zero(rows):
    count, mean = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    found = expected_spend(choose_spend_law(count, mean).law, count, mean)
    assert np.isfinite(found).all()
    assert (found > 0).all()


@pytest.mark.parametrize(("count", "mean"), [(0, 5.0), (1, np.nan), (2, np.inf)])
def test_impossible_spend_is_refused(count, mean):
    with pytest.raises(ImpossibleSpend, match="Customer number 0"):
        choose_spend_law(np.array([count]), np.array([mean]))
