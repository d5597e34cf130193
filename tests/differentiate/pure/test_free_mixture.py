"""Laws freed from their formula: exact where the formula is exact, better where customers are not as the formula has them."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from entente.differentiate.pure import free_mixture
from entente.differentiate.pure.buying_fit import fit
from entente.differentiate.pure.buying_laws import FREE, MBG_NBD, NBD
from entente.differentiate.pure.free_mixture import LEAVING, SHAPE, Mixture, base_mixture, expected_by_stage
from entente.differentiate.pure.outlooks import outlook
from entente.differentiate.pure.purchases import expected_purchases
from tests.differentiate.pure.buyers import histories, renewing, simulated


def small(stages):
    """Two kinds of rates by all chances to leave."""
    rng = np.random.default_rng(stages)
    return Mixture(SHAPE / np.array([0.1, 0.8]), rng.dirichlet(np.ones(2 * len(LEAVING))).reshape(2, -1), stages)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_likelihoods_are_the_sums_over_the_table(stages):
    mixture = small(stages)
    x, t, T = np.array([0.0, 3.0, 3.0, 200.0]), np.array([0.0, 9.0, 20.0, 150.0]), np.array([30.0, 21.0, 21.0, 160.0])
    found = free_mixture.likelihoods(mixture, free_mixture.tables(mixture, x, t, T))
    for i in range(len(x)):
        here, left = [], []
        for c, alpha in enumerate(mixture.alphas):
            shape = SHAPE + stages * x[i]
            for p, leaving in enumerate(LEAVING):
                weight = np.log(mixture.weights[c, p]) + SHAPE * np.log(alpha) - stats_gamma(SHAPE)
                stay = np.log1p(-leaving)
                for j in range(stages):
                    gap = j * np.log(T[i] - t[i]) - stats_gamma(j + 1.0)
                    here.append(
                        weight + gap + stats_gamma(shape + j) - (shape + j) * np.log(alpha + T[i]) + (x[i] + 1) * stay
                    )
                left.append(weight + stats_gamma(shape) - shape * np.log(alpha + t[i]) + np.log(leaving) + x[i] * stay)
        assert np.log(found.there[i]) + found.scale[i] == pytest.approx(logsumexp(here), rel=1e-10)
        assert np.log(found.left[i]) + found.scale[i] == pytest.approx(logsumexp(left), rel=1e-10)


def stats_gamma(value):
    from math import lgamma

    return lgamma(value)


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
@pytest.mark.parametrize(("x", "T", "span"), [(0.0, 10.0, 39.0), (7.0, 60.0, 156.0), (400.0, 200.0, 26.0)])
def test_what_is_expected_is_the_sum_over_the_stages_to_come(stages, x, T, span):
    mixture = small(stages)
    found = expected_by_stage(mixture, np.array([x]), np.array([T]), span)
    for passed in range(stages):
        for c, alpha in enumerate(mixture.alphas):
            to_come = stats.nbinom(SHAPE + stages * x + passed, (alpha + T) / (alpha + T + span))
            times = np.arange(1, int(to_come.isf(1e-14)) // stages + 3)
            reached = to_come.sf(stages * times - passed - 1)
            wanted = [(reached * (1 - p) ** (times - 1)).sum() for p in LEAVING]
            assert found[passed][0, c] == pytest.approx(wanted, rel=1e-6, abs=1e-9)


def test_the_table_nearest_to_a_formula_forecasts_as_the_formula_does():
    known, _ = simulated(3_000, seed=8, r=0.8, alpha=8.0)
    law = fit(known, MBG_NBD)
    given = law.parameters
    table = base_mixture(given["r"], given["alpha"], (given["a"], given["b"]), 1)
    x = known.repeats.astype(float)
    weights = np.ones(len(x))
    value = free_mixture.log_likelihood(table, x, known.recency, known.age, weights)
    assert value == pytest.approx(law.log_likelihood, abs=0.005 * len(x))


def test_freeing_never_lowers_what_it_climbs_and_keeps_weights():
    known, _ = simulated(2_000, seed=12)
    base = base_mixture(0.5, 6.0, (0.9, 1.6), 1)
    columns = known.repeats.astype(float), known.recency, known.age, np.ones(len(known))
    found = free_mixture.free(base, *columns)

    def aim(weights):
        mixture = Mixture(base.alphas, weights, 1)
        return free_mixture.log_likelihood(mixture, *columns) + 2_000 * (base.weights * np.log(weights)).sum()

    assert found.converged
    assert found.mixture.weights.sum() == pytest.approx(1.0)
    assert (found.mixture.weights > 0).all()
    top = aim(found.mixture.weights)
    assert top > aim(base.weights)
    rng = np.random.default_rng(0)
    for _ in range(20):
        aside = 0.97 * found.mixture.weights + 0.03 * rng.dirichlet(np.ones(base.weights.size)).reshape(
            base.weights.shape
        )
        assert aim(aside) < top


def test_where_heavy_buyers_stay_the_free_law_sees_it_and_the_formula_does_not():
    """Half of the customers buy often and stay, half seldom and leave: no gamma and beta apart from each other are that."""
    many = renewing(6_000, seed=1, r=40.0, alpha=50.0, a=2.0, b=98.0)
    few = renewing(6_000, seed=2, r=4.0, alpha=40.0, a=4.0, b=6.0)
    known = type(many)(
        *(
            np.concatenate([getattr(many, name), getattr(few, name)])
            for name in ("repeats", "recency_days", "age_days", "spend_mean")
        )
    )
    formula, free = fit(known, MBG_NBD), fit(known, "free_1")
    assert free.log_likelihood > formula.log_likelihood + 300
    assert free.knows_churn


@pytest.mark.parametrize("name", FREE)
def test_where_nobody_leaves_the_free_law_does_not_claim_it(name):
    known = renewing(2_500, seed=3, stages=1, r=1.0, alpha=5.0, leaving=False)
    law = fit(known, name)
    if name == "free_1":
        assert not law.knows_churn
        assert "Nobody is taken to have left" in law.notes[-1]
        look = outlook(law, known.repeats.astype(float), known.recency, known.age)
        assert (look.alive == 1.0).all()
        assert not look.is_known.any()
        steady = expected_purchases(fit(known, NBD), known.repeats, known.recency, known.age, 26.0)
        free = expected_purchases(law, known.repeats, known.recency, known.age, 26.0)
        assert free.sum() == pytest.approx(steady.sum(), rel=0.03)


@pytest.mark.parametrize("name", FREE)
def test_ages_between_the_nodes_are_interpolated_to_a_thousandth(name, monkeypatch):
    known, _ = simulated(20_000, seed=17)
    law = fit(known, name)
    columns = known.repeats.astype(float), known.recency, known.age
    found = outlook(law, *columns).expected([26.0, 52.0], [0.3, 0.7])
    monkeypatch.setattr("entente.differentiate.pure.outlooks._NODES", 10**6)
    assert found == pytest.approx(outlook(law, *columns).expected([26.0, 52.0], [0.3, 0.7]), rel=1e-3)


def test_a_wholesaler_is_a_number():
    known = histories([5000] * 3 + [0, 1, 2] * 300, [5400] * 3 + [0, 20, 50] * 300, [5400] * 3 + [400] * 900)
    law = fit(known, "free_1")
    found = expected_purchases(law, known.repeats, known.recency, known.age, 52.0)
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(5000 / 5400 * 7 * 52, rel=0.1)
