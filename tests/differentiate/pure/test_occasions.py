"""Fixed occasions: the published donations to their printed digits, known truth, and what is refused."""

import numpy as np
import pyarrow.csv
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.occasions import (
    ImpossibleOccasions,
    Occasions,
    OccasionsLaw,
    OccasionsRefused,
    _Likelihood,
    discounted_purchases,
    expected_purchases,
    fit,
    from_customers,
    log_likelihoods,
    probability_there,
)
from tests.differentiate.pure.buyers import public


def law_of(*parameters):
    return OccasionsLaw(*parameters, 0.0, np.eye(4), 1.0)


PUBLISHED = law_of(1.204, 0.750, 0.657, 2.783)


def one(x, t, n):
    return Occasions(*(np.atleast_1d(column) for column in (x, t, n)), np.ones(np.size(x)))


@pytest.fixture(scope="module")
def donations():
    table = pyarrow.csv.read_csv(public("donations.csv.gz"))
    return Occasions(*(table[name].to_numpy() for name in ("frequency", "recency", "periods", "weights")))


def donating(n, seed, alpha=1.2, beta=0.8, gamma=0.7, delta=2.8, held=8, ahead=5):
    """Customers of known truth: x, t_x, n, whether they are there at the next occasion, and how often they then buy."""
    rng = np.random.default_rng(seed)
    buys = rng.beta(alpha, beta, n)
    stays = np.minimum(rng.geometric(np.clip(rng.beta(gamma, delta, n), 1e-12, 1.0)) - 1, 10**6)
    occasion = np.arange(1, held + ahead + 1)
    bought = (rng.random((n, held + ahead)) < buys[:, None]) & (occasion <= stays[:, None])
    known = bought[:, :held]
    last = np.where(known.any(axis=1), held - np.argmax(known[:, ::-1], axis=1), 0)
    return known.sum(axis=1), last, np.full(n, held), stays > held, bought[:, held:].sum(axis=1)


def test_agrees_with_fader_hardie_and_shang(donations):
    law = fit(donations)
    assert np.round(law.vector(), 3) == pytest.approx([1.204, 0.750, 0.657, 2.783])
    assert round(law.log_likelihood, 1) == -33225.6
    assert law.customers == 11104


def test_agrees_with_their_table_of_those_still_there_in_the_year_after():
    assert np.round(probability_there(PUBLISHED, one([0, 2, 6], [0, 4, 6], [6, 6, 6])), 2) == pytest.approx(
        [0.11, 0.59, 0.93]
    )


def test_agrees_with_the_authors_spreadsheet_of_the_next_five_years(donations):
    law = fit(donations)
    assert float(expected_purchases(law, donations, 5) @ donations.customers) == pytest.approx(12884.2, abs=0.5)
    nothing = donations.customers.sum() * np.exp(log_likelihoods(law, one(0, 0, 6)))
    assert nothing == pytest.approx([3454.9], abs=0.5)


def test_a_law_fitted_to_known_truth_foresees_it():
    x, t, n, there, later = donating(40_000, 1)
    histories = from_customers(x, t, n)
    law = fit(histories)
    away = np.log(law.vector()) - np.log([1.2, 0.8, 0.7, 2.8])
    assert float(away @ np.linalg.inv(law.covariance) @ away) < 13.3
    each = one(x, t, n)
    said, chance = expected_purchases(law, each, 5), probability_there(law, each)
    for rows in np.array_split(np.argsort(said), 5):
        assert said[rows].mean() == pytest.approx(later[rows].mean(), abs=0.05)
        assert chance[rows].mean() == pytest.approx(there[rows].mean(), abs=0.02)


def test_histories_of_as_many_occasions_are_all_there_is():
    """Their chances sum to 1 over all ways to buy at 7 occasions."""
    ways = {}
    for bits in range(2**7):
        came = [place + 1 for place in range(7) if bits >> place & 1]
        key = (len(came), came[-1] if came else 0)
        ways[key] = ways.get(key, 0) + 1
    x, t = np.array(list(ways)).T
    chance = np.exp(log_likelihoods(PUBLISHED, one(x, t, np.full(len(x), 7))))
    assert float((chance * np.array(list(ways.values()))).sum()) == pytest.approx(1.0)


def test_slopes_are_those_of_the_likelihood():
    likelihood = _Likelihood(from_customers(*donating(300, 2)[:3]))
    at, step = np.array([0.3, -0.4, 0.1, 0.9]), 1e-5
    moved = [(likelihood(at + step * unit), likelihood(at - step * unit)) for unit in np.eye(4)]
    _, gradient, hessian = likelihood(at)
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in moved], rel=1e-5, abs=1e-5)
    assert hessian == pytest.approx(
        np.array([(up[1] - down[1]) / (2 * step) for up, down in moved]), rel=1e-5, abs=1e-4
    )


@settings(deadline=None, max_examples=60)
@given(st.tuples(*[st.floats(-4, 5)] * 4), st.integers(0, 2000), st.floats(0, 1), st.floats(0, 1), st.integers(0, 300))
def test_answers_are_numbers_for_very_many_occasions(logs, n, part, share, ahead):
    law = law_of(*np.exp(logs))
    t = round(part * n)
    history = one(max(round(share * t), 1) if t else 0, t, n)
    chance, said = probability_there(law, history)[0], expected_purchases(law, history, ahead)[0]
    assert 0.0 <= chance <= 1.0
    assert 0.0 <= said <= ahead * chance * (1 + 1e-9)
    assert 0.0 <= discounted_purchases(law, history, 0.1)[0] <= 10.0 * chance * (1 + 1e-9)


def test_discounted_purchases_are_the_sum_of_those_to_come():
    histories = one([0, 2, 6], [0, 4, 6], [6, 6, 6])
    by_occasion = np.diff([expected_purchases(PUBLISHED, histories, ahead) for ahead in range(301)], axis=0)
    summed = (by_occasion * 1.1 ** -np.arange(1, 301)[:, None]).sum(axis=0)
    assert discounted_purchases(PUBLISHED, histories, 0.10) == pytest.approx(summed, rel=1e-6)


def test_nobody_in_nobody_out():
    nobody = from_customers(*np.zeros((3, 0), np.int64))
    assert len(expected_purchases(PUBLISHED, nobody, 3)) == 0
    assert len(probability_there(PUBLISHED, nobody)) == 0


@pytest.mark.parametrize(
    ("histories", "why"),
    [
        (Occasions([1, 0], [2, 0], [5, 5], [5.0, 5.0]), "needs at least 20 customers"),
        (Occasions([0], [0], [5], [500.0]), "of whom 5 bought again"),
        (Occasions([1, 0], [1, 0], [2, 2], [50.0, 50.0]), "3 occasions"),
        (Occasions([5, 0], [5, 0], [5, 5], [50.0, 0.0]), "bound|converge"),
        (Occasions([3, 2], [5, 5], [5, 5], [500.0, 500.0]), "bound|converge"),
    ],
)
def test_what_does_not_settle_the_law_is_refused(histories, why):
    with pytest.raises(OccasionsRefused, match=why):
        fit(histories)


@pytest.mark.parametrize(
    "row", [(3, 2, 5), (1, 6, 5), (0, 2, 5), (2, 0, 5), (-1, 0, 5), (1, 1.5, 5), (1, 2, np.inf), (np.nan, 2, 5)]
)
def test_impossible_histories_name_the_row(row):
    x, t, n = (np.array([1, value]) for value in row)
    with pytest.raises(ImpossibleOccasions, match="Row 1"):
        Occasions(x, np.where(np.arange(2) == 0, 1, t), np.where(np.arange(2) == 0, 5, n), np.ones(2))


@pytest.mark.parametrize("ahead", [-1, 1.5])
def test_occasions_ahead_are_whole(ahead):
    with pytest.raises(ImpossibleOccasions):
        expected_purchases(PUBLISHED, one(1, 1, 3), ahead)
