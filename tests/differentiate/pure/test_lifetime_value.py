import numpy as np
import pytest

from entente.differentiate.pure.buying_laws import BG_NBD, LAWS
from entente.differentiate.pure.lifetime_value import (
    WEEKS_PER_YEAR,
    ImpossibleTerms,
    discounted_purchases,
    lifetime_value,
)
from entente.differentiate.pure.purchases import choose_law, expected_purchases, fit
from entente.differentiate.pure.spend import choose_spend_law
from tests.differentiate.pure.buyers import simulated, spending


@pytest.fixture(scope="module")
def firm():
    """5,000 simulated customers with their laws, and the money each really brings in three years (margin 1)."""
    known, money, _rng = spending(5_000, seed=21, ahead=3 * WEEKS_PER_YEAR)
    return known, fit(known, BG_NBD), choose_spend_law(known.purchases, known.spend_mean).law, money


def value(firm, law=None, **terms):
    known, fitted, spend, _ = firm
    terms = {"margin": 1.0, "yearly_discount": 0.0} | terms
    return lifetime_value(law or fitted, spend, known, rng=np.random.default_rng(1), **terms)


def test_without_discount_it_is_purchases_times_spend(firm):
    known, law, _, _ = firm
    found = value(firm)
    forecast = expected_purchases(law, known.repeats, known.recency, known.age, 3 * WEEKS_PER_YEAR)
    assert found.discounted_purchases == pytest.approx(forecast, rel=1e-6)
    assert found.expected == pytest.approx(forecast * found.spend, rel=1e-6)


def test_discounting_is_the_sum_over_short_periods(firm):
    known, law, _, _ = firm
    edges = np.linspace(0, 3 * WEEKS_PER_YEAR, 401)
    reached = np.array([expected_purchases(law, known.repeats[:5], known.recency[:5], known.age[:5], t) for t in edges])
    middles = (edges[1:] + edges[:-1]) / 2
    rate = np.log(1.1) / WEEKS_PER_YEAR
    truth = (np.diff(reached, axis=0) * np.exp(-rate * middles)[:, None]).sum(axis=0)
    assert discounted_purchases(law, known, 3 * WEEKS_PER_YEAR, rate)[:5] == pytest.approx(truth, rel=1e-5)


def test_the_money_really_brought_is_the_money_forecast_within_its_error(firm):
    found = value(firm)
    off = found.expected.sum() / firm[3].sum() - 1
    noise = firm[3].std() / firm[3].mean() / np.sqrt(len(firm[3]))
    assert abs(off) < 3 * np.hypot(found.relative_error, noise)
    assert 0.01 < found.relative_error < 0.15


def test_eight_of_ten_customers_bring_what_the_interval_says(firm):
    found, money = value(firm), firm[3]
    inside = (found.low - 1e-9 <= money) & (money <= found.high + 1e-9)
    assert 0.75 <= inside.mean() <= 0.85
    likely = found.expected > 0.3 * found.expected.mean()
    assert inside[likely].mean() == pytest.approx(0.80, abs=0.03)


@pytest.mark.parametrize("name", LAWS)
def test_every_law_gives_numbers_in_order(firm, name):
    found = value(firm, law=fit(firm[0], name), yearly_discount=0.1)
    for column in (found.expected, found.low, found.high):
        assert np.isfinite(column).all()
    assert (found.low <= found.expected).all()
    assert (found.expected <= found.high).all()
    assert np.isfinite(found.relative_error)


def test_margin_and_cost_to_serve_count(firm):
    plain = value(firm)
    margins = np.linspace(0.1, 0.5, len(firm[0]))
    costly = value(firm, margin=margins, cost_to_serve=2.0)
    assert costly.expected == pytest.approx(plain.expected * margins - 2.0 * plain.discounted_purchases)


def test_customers_below_cost_are_worth_less_than_nothing_and_the_interval_turns(firm):
    found = value(firm, margin=0.1, cost_to_serve=5000.0)
    assert (found.expected < 0).all()
    assert (found.low <= found.expected).all()
    assert (found.high <= 0).all()


def test_the_same_seed_gives_the_same_interval(firm):
    assert (value(firm).high == value(firm).high).all()


def test_longer_is_more_and_dearer_money_is_less(firm):
    assert (value(firm, months=60).expected >= value(firm, months=36).expected).all()
    assert (value(firm, yearly_discount=0.3).expected <= value(firm).expected).all()


@pytest.mark.parametrize("size", [0, 1, 10])
def test_small_firms(size):
    known, _ = simulated(size, seed=size)
    spend = choose_spend_law(known.purchases, known.spend_mean).law
    found = lifetime_value(choose_law(known).law, spend, known, margin=0.3, rng=np.random.default_rng(0))
    assert len(found.expected) == size
    assert np.isfinite(found.expected).all()
    assert np.isfinite(found.high).all()


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        ({"months": 0}, "horizon"),
        ({"yearly_discount": -0.1}, "discount"),
        ({"interval": 1.0}, "interval"),
        ({"draws": 2}, "draws"),
        ({"margin": np.nan}, "margin"),
        ({"cost_to_serve": np.inf}, "cost"),
    ],
)
def test_terms_that_cannot_be_are_refused(firm, terms, word):
    with pytest.raises(ImpossibleTerms, match=word):
        value(firm, **terms)
