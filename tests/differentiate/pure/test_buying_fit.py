import numpy as np
import pytest
from scipy.special import gammaln

from entente.differentiate.pure import likelihoods
from entente.differentiate.pure.buying_fit import LawRefused, choose_law, fit
from entente.differentiate.pure.buying_laws import BG_NBD, FIRM_RATE, MBG_NBD, NBD, STEADY
from tests.differentiate.pure.buyers import histories, simulated


def test_agrees_with_the_published_fit_of_bg_nbd(cdnow):
    law = fit(cdnow)
    assert law.parameters == pytest.approx({"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}, abs=1e-4)
    assert law.log_likelihood == pytest.approx(-9582.429, abs=1e-3)
    assert law.customers == 2357
    assert law.converged
    assert law.notes == ()


def test_agrees_with_the_published_fit_of_mbg_nbd(cdnow):
    law = fit(cdnow, MBG_NBD)
    assert law.parameters == pytest.approx({"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614}, abs=1e-3)


@pytest.mark.parametrize("shift", [0, 1])
def test_the_likelihood_is_the_papers_written_out(cdnow, shift):
    r, alpha, a, b = 0.4, 5.0, 0.7, 2.0
    x, t, T = cdnow.repeats.astype(float), cdnow.recency, cdnow.age

    def log_beta(p, q):
        return gammaln(p) + gammaln(q) - gammaln(p + q)

    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = log_beta(a, b + x + shift) - log_beta(a, b) - (r + x) * np.log(alpha + T)
    could_leave = x + shift > 0
    gone = log_beta(a + 1, b + np.maximum(x + shift, 1) - 1) - log_beta(a, b) - (r + x) * np.log(alpha + t)
    expected = (rate + np.where(could_leave, np.logaddexp(alive, gone), alive)).sum()
    value, _, _ = likelihoods.bg_nbd(likelihoods.statistics(cdnow.grouped), np.log([r, alpha, a, b]), shift)
    assert value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("shift", [0, 1])
def test_gradient_and_hessian_are_those_of_the_value(shift):
    stats = likelihoods.statistics(simulated(300, seed=1)[0].grouped)
    at, step = np.log([0.5, 5.0, 0.7, 2.0]), 1e-5
    _, gradient, hessian = likelihoods.bg_nbd(stats, at, shift)
    ends = [[likelihoods.bg_nbd(stats, at + sign * step * unit, shift) for sign in (1, -1)] for unit in np.eye(4)]
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in ends], rel=1e-5, abs=1e-4)
    measured = np.array([(up[1] - down[1]) / (2 * step) for up, down in ends])
    assert hessian == pytest.approx(measured, rel=1e-5, abs=1e-3)


def test_finds_the_truth_of_simulated_customers_within_its_own_error():
    law = fit(simulated(100_000, seed=4)[0])
    errors = np.sqrt(np.diag(law.covariance))
    away = (np.log(law.vector()) - np.log([0.243, 4.414, 0.793, 2.426])) / errors
    assert errors.max() < 0.05
    assert np.abs(away).max() < 4.0


def test_where_nobody_seems_to_leave_the_law_without_leaving_is_used_and_it_is_said():
    rng = np.random.default_rng(2)
    age = np.full(3000, 365)
    repeats = np.minimum(rng.poisson(rng.gamma(0.8, 1 / 8.0, 3000) * 52), 300)
    last = np.where(repeats > 0, np.ceil(rng.beta(np.maximum(repeats, 1), 1) * 365), 0).astype(int)
    choice = choose_law(histories(repeats, last, age))
    assert choice.law.name == NBD
    assert [refusal.law for refusal in choice.refusals] == [MBG_NBD]
    assert "Churn is not identified" in choice.refusals[0].reason
    assert "cannot be told" in choice.law.notes[0]
    assert choice.law.parameters == pytest.approx({"r": 0.8, "alpha": 8.0}, rel=0.15)


def test_where_only_the_first_purchase_puts_customers_off_mbg_sees_it_and_bg_does_not():
    rng = np.random.default_rng(5)
    n, days = 6000, 365
    stays = rng.random(n) < 0.5
    rate = rng.gamma(4.0, 1 / 40.0, n)
    repeats = np.where(stays, np.minimum(rng.poisson(rate * days / 7), 300), 0)
    last = np.where(repeats > 0, np.ceil(rng.beta(np.maximum(repeats, 1), 1) * days), 0).astype(int)
    known = histories(repeats, last, np.full(n, days))
    assert choose_law(known).law.name == MBG_NBD
    with pytest.raises(LawRefused, match="Churn is not identified"):
        fit(known, BG_NBD)


def test_when_everybody_is_equally_likely_to_leave_the_open_parameter_is_borrowed():
    rng = np.random.default_rng(3)
    n = 4000
    age = np.full(n, 500)
    gaps = rng.exponential(1 / rng.gamma(1.5, 1 / 6.0, n)[:, None], (n, 60)) * 7
    times = np.ceil(np.cumsum(gaps, axis=1)).astype(int)
    seen = (times <= age[:, None]).sum(axis=1)
    repeats = np.minimum(seen, rng.geometric(0.2, n))
    last = np.where(repeats > 0, times[np.arange(n), np.maximum(repeats - 1, 0)], 0)
    law = fit(histories(repeats, last, age), BG_NBD)
    assert law.parameters["a"] / (law.parameters["a"] + law.parameters["b"]) == pytest.approx(0.2, abs=0.04)


def test_few_customers_borrow_and_it_is_said():
    rng = np.random.default_rng(7)
    for _ in range(15):
        known, _ = simulated(50, seed=int(rng.integers(1e9)))
        law = choose_law(known).law
        assert law.converged
        assert np.isfinite(law.vector()).all()
        assert "Fewer than 500" in law.notes[0] or law.name == FIRM_RATE


def test_borrowing_ends_without_a_jump():
    known, _ = simulated(500, seed=11)
    fewer = histories(known.repeats[:-1], known.recency_days[:-1], known.age_days[:-1])
    assert np.log(fit(fewer).vector()) == pytest.approx(np.log(fit(known).vector()), abs=0.1)
    assert fit(fewer).notes
    assert not fit(known).notes


HARD = {
    "nobody": ([], [], []),
    "one customer": ([3], [40], [60]),
    "one customer of today": ([0], [0], [0]),
    "ten customers": ([0, 0, 1, 2, 0, 5, 0, 1, 0, 9], [0, 0, 7, 30, 0, 80, 0, 50, 0, 99], [100] * 10),
    "all bought once": ([0] * 800, [0] * 800, list(range(1, 801))),
    "all on one day": ([0] * 800, [0] * 800, [0] * 800),
    "all the same": ([3] * 800, [60] * 800, [90] * 800),
    "nobody returned but one": ([1] + [0] * 799, [5] + [0] * 799, [90] * 800),
    "a machine": ([5000] * 10 + [0] * 900, [5000] * 10 + [0] * 900, [5400] * 910),
}


@pytest.mark.parametrize("case", HARD)
def test_there_is_always_a_law_and_every_number_in_it_is_one(case):
    known = histories(*(np.array(column, np.int64) for column in HARD[case]))
    choice = choose_law(known)
    law = choice.law
    assert np.isfinite(law.vector()).all()
    assert np.isfinite(law.covariance).all()
    assert np.isfinite(law.log_likelihood)
    assert law.converged
    assert (law.vector() > 0).all()
    if len(known):
        refused = {FIRM_RATE: [MBG_NBD, NBD], MBG_NBD: []} | {name: [MBG_NBD] for name in STEADY}
        assert [refusal.law for refusal in choice.refusals] == refused[law.name]


def test_when_nobody_came_back_the_firm_rate_is_small_and_the_reason_is_given():
    choice = choose_law(histories([0] * 800, [0] * 800, [364] * 800))
    assert choice.law.name == FIRM_RATE
    assert 0 < choice.law.parameters["rate"] < 1e-4
    assert "0 bought again" in choice.refusals[0].reason


def test_asking_for_a_law_the_data_cannot_carry_says_what_to_do():
    with pytest.raises(LawRefused, match=r"needs at least 10 customers.*choose_law"):
        fit(histories([3], [40], [60]))


def test_part_of_the_customers_stands_for_all_of_them_however_unequal_the_groups():
    often = np.arange(1, 2001)
    x = np.concatenate([np.zeros(100_000, np.int64), often])
    whole = likelihoods.statistics(histories(x, x, np.full(len(x), 2_999)).grouped)
    thin = whole.thinned(5_100)
    assert thin.customers == 5_100
    assert thin.customers_at[0] == pytest.approx(5_000, abs=1)
    assert thin.repeats / thin.customers == pytest.approx(whole.repeats / whole.customers, rel=0.01)
