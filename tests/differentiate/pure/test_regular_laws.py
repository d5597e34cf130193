"""MBG/CNBD-k and Pareto/NBD: published figures, slopes, what they are the integral of, and customers of known truth."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.special import betaln, gammaln, logsumexp

from entente.differentiate.pure.accuracy import accuracy
from entente.differentiate.pure.buying_fit import LawRefused, choose_law, fit, statistics_of
from entente.differentiate.pure.buying_laws import CNBD, MBG_CNBD, MBG_NBD, PARETO_NBD, REGULAR, STAGES, BuyingLaw
from entente.differentiate.pure.histories import BuyingHistories, ImpossibleHistory
from entente.differentiate.pure.likelihoods import bg_nbd
from entente.differentiate.pure.outlooks import (
    by_stages_passed,
    chance_to_be_there,
    outlook,
    purchases_while_there,
    stages_passed,
)
from entente.differentiate.pure.pareto_likelihood import odds_of_having_left, pareto_nbd
from entente.differentiate.pure.purchases import expected_purchases
from entente.differentiate.pure.regular_likelihood import cnbd, mbg_cnbd
from tests.differentiate.pure.buyers import day_number, renewing, simulated, split

PARETO = {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669}


def law_of(name, **parameters):
    return BuyingLaw(name, parameters, 0.0, np.eye(len(parameters)), 1, True)


def test_agrees_with_the_published_fit_of_pareto_nbd(cdnow):
    law = fit(cdnow, PARETO_NBD)
    assert law.parameters == pytest.approx({"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.67}, abs=2e-3)
    assert law.log_likelihood == pytest.approx(-9594.976, abs=1e-3)


def test_agrees_with_known_forecasts_of_pareto_nbd():
    """The first customer of CDNOW's sample: two repeats, the last in week 30.43 of 38.86."""
    look = outlook(law_of(PARETO_NBD, **PARETO), np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert look.alive == pytest.approx(0.8691, abs=1e-3)
    assert look.expected([39.0]) == pytest.approx(1.455, abs=2e-3)


@pytest.mark.parametrize(("name", "gain"), [("mbg_cnbd_2", 804), ("mbg_cnbd_3", 785)])
def test_groceries_are_bought_more_regularly_than_by_chance(grocery_days, name, gain):
    known, _ = split(*grocery_days, day_number("2006-12-31"), day_number("2007-12-30"))
    assert fit(known, name).log_likelihood - fit(known, MBG_NBD).log_likelihood == pytest.approx(gain, abs=1)
    assert choose_law(known).law.name == "mbg_cnbd_2"


def test_music_is_not_and_without_the_gaps_nobody_can_tell(cdnow_days, cdnow):
    known, _ = split(*cdnow_days, day_number("1997-09-30"), day_number("1998-06-30"))
    assert choose_law(known).law.name == MBG_NBD
    assert choose_law(cdnow).law.name == MBG_NBD


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
def test_the_likelihood_is_the_papers_written_out(stages):
    known = renewing(400, seed=stages, stages=stages)
    r, alpha, a, b = 0.8, 3.0, 0.6, 1.5
    x, t, T, gaps = known.repeats.astype(float), known.recency, known.age, known.log_gaps
    s = r + stages * x
    gone = betaln(a + 1, b + x) - betaln(a, b) - s * np.log(alpha + t)
    j = np.arange(stages)[:, None]
    silent = j * np.log(np.maximum(T - t, 1e-300))
    here = logsumexp(gammaln(s + j) - gammaln(s) - gammaln(j + 1) + silent - (s + j) * np.log(alpha + T), axis=0)
    here += betaln(a, b + x + 1) - betaln(a, b)
    rest = (stages - 1) * gaps - x * gammaln(stages) + gammaln(s) - gammaln(r) + r * np.log(alpha)
    value, _, _ = mbg_cnbd(statistics_of(known), np.log([r, alpha, a, b]), stages)
    assert value == pytest.approx((rest + np.logaddexp(gone, here)).sum(), rel=1e-12)


def test_one_stage_is_mbg_nbd():
    stats_of = statistics_of(simulated(500, seed=3)[0])
    at = np.log([0.5, 5.0, 0.7, 2.0])
    assert mbg_cnbd(stats_of, at, 1)[0] == pytest.approx(bg_nbd(stats_of, at, 1)[0], rel=1e-14)


OBJECTIVES = {
    **{f"MBG/CNBD-{k}": lambda found, at, k=k: mbg_cnbd(found, at, k) for k in (1, 2, 3, 4)},
    "CNBD-3": lambda found, at: cnbd(found, at[:2], 3),
    "Pareto/NBD": lambda found, at: pareto_nbd(found, at),
}


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("place", [(0.5, 5.0, 0.7, 2.0), (2.0, 40.0, 3.0, 60.0), (0.1, 0.5, 0.05, 0.5)])
def test_gradient_and_hessian_are_those_of_the_value(name, place):
    found, step = statistics_of(renewing(300, seed=1, stages=2)), 1e-5
    at = np.log(place)[: 2 if name.startswith("CNBD") else 4]
    _, gradient, hessian = OBJECTIVES[name](found, at)
    ends = [[OBJECTIVES[name](found, at + sign * step * unit) for sign in (1, -1)] for unit in np.eye(len(at))]
    scale = np.abs(hessian).max()
    assert gradient == pytest.approx([(up[0] - down[0]) / (2 * step) for up, down in ends], rel=1e-4, abs=1e-6 * scale)
    measured = np.array([(up[1] - down[1]) / (2 * step) for up, down in ends])
    assert hessian == pytest.approx(measured, rel=1e-4, abs=1e-6 * scale)


@pytest.mark.parametrize(
    "history", [(0, 0.0, 30.0), (2, 30.43, 38.86), (40, 20.0, 39.0), (5000, 90.0, 100.0), (3, 38.9, 39.0)]
)
@pytest.mark.parametrize("parameters", [PARETO, {"r": 3.0, "alpha": 0.5, "s": 0.999999, "beta": 3.0}])
def test_the_odds_of_having_left_are_the_integral_over_the_day_of_leaving(history, parameters):
    x, t, T = history
    r, alpha, s, beta = parameters.values()

    def falling(when):
        left = np.log(s) - (r + x) * np.log((alpha + when) / (alpha + T)) - (s + 1) * np.log(beta + when)
        return np.exp(left + s * np.log(beta + T))

    # Under the integral everything happens soon after the last purchase.
    bend = t + np.geomspace(1e-6, 1.0, 12) * (T - t)
    truth = integrate.quad(falling, t, T, points=bend, limit=800, epsrel=1e-11)[0]
    columns = (np.array([float(one)]) for one in history)
    assert odds_of_having_left(r, alpha, s, beta, *columns) == pytest.approx(np.log(truth), rel=1e-7, abs=1e-7)


def test_who_ordered_today_is_there():
    assert np.isneginf(odds_of_having_left(*PARETO.values(), np.array([3.0]), np.array([9.0]), np.array([9.0])))[0]


@pytest.mark.parametrize("s", [0.3, 0.999999999, 1.0, 1.5])
def test_pareto_forecasts_run_smoothly_through_s_of_one(s):
    law = law_of(PARETO_NBD, **PARETO | {"s": s})
    found = purchases_while_there(law, np.array([2.0]), np.array([38.86]), 39.0)[0]
    at, wanted = PARETO["beta"] + 38.86, (PARETO["r"] + 2) / (PARETO["alpha"] + 38.86)
    life = integrate.quad(lambda when: (at / (at + when)) ** s, 0, 39.0)[0]
    assert found == pytest.approx(wanted * life, rel=1e-8)


@pytest.mark.parametrize("stages", [2, 3, 4])
@pytest.mark.parametrize(
    ("x", "T", "span"), [(0, 20.0, 26.0), (3, 50.0, 156.0), (900, 300.0, 39.0), (5000, 700.0, 156.0)]
)
def test_what_regular_buyers_buy_is_the_sum_over_their_stages(stages, x, T, span):
    r, alpha, a, b = 0.9, 3.0, 0.4, 0.9
    law = law_of(MBG_CNBD[stages - 2], r=r, alpha=alpha, a=a, b=b)
    found = by_stages_passed(law, np.array([float(x)]), np.array([T]), span)[0]
    for passed in range(stages):
        shape = r + stages * x + passed
        to_come = stats.nbinom(shape, (alpha + T) / (alpha + T + span))
        most = int(to_come.isf(1e-13)) // stages + 2
        times = np.arange(1, most + 1)
        still = np.exp(betaln(a, b + x + times) - betaln(a, b + x + 1))
        assert found[passed] == pytest.approx((to_come.sf(stages * times - passed - 1) * still).sum(), rel=1e-7)


def test_the_longer_a_regular_buyer_was_silent_the_nearer_the_next_purchase_if_still_there():
    law = law_of("cnbd_3", r=2.0, alpha=2.0)
    x, age = np.full(2, 10.0), np.full(2, 50.0)
    soon, late = outlook(law, x, np.array([49.9, 46.0]), age).expected([2.0])
    assert late > 1.5 * soon


def test_a_regular_buyer_who_falls_silent_is_believed_to_have_left_sooner():
    given = {"r": 1.0, "a": 0.5, "b": 2.0}
    history = np.array([10.0]), np.array([40.0]), np.array([52.0])
    by_chance = chance_to_be_there(law_of(MBG_NBD, alpha=4.0, **given), *history)
    regular = chance_to_be_there(law_of("mbg_cnbd_3", alpha=4.0 / 3, **given), *history)
    assert regular < by_chance


@pytest.mark.parametrize("name", [name for name in REGULAR if name != MBG_NBD])
def test_finds_the_truth_of_simulated_regular_buyers_within_its_own_error(name):
    known = renewing(30_000, seed=7, stages=STAGES[name], r=1.2, alpha=3.0, a=0.5, b=1.5)
    law = fit(known, name)
    errors = np.sqrt(np.diag(law.covariance))
    away = (np.log(law.vector()) - np.log([1.2, 3.0, 0.5, 1.5])) / errors
    # A purchase counts once a day, which moves the truth a little.
    assert errors.max() < 0.1
    assert np.abs(away).max() < 5.0
    assert choose_law(known).law.name == name


def test_regular_buyers_who_never_leave_are_told_as_such():
    known = renewing(4_000, seed=9, stages=3, r=2.0, alpha=2.0, leaving=False)
    with pytest.raises(LawRefused, match="Churn is not identified"):
        fit(known, "mbg_cnbd_3")
    law = choose_law(known).law
    assert law.name in CNBD
    assert "Nobody is taken to have left" in law.notes[-1]


def test_predicts_the_second_half_of_cdnow(cdnow_days):
    known, later = split(*cdnow_days, day_number("1997-09-30"), day_number("1998-06-30"))
    law = fit(known, PARETO_NBD)
    found = accuracy(expected_purchases(law, known.repeats, known.recency, known.age, 39.0), later)
    assert (found.mae, found.rmse, found.correlation, found.bias) == pytest.approx(
        (0.7545, 1.603, 0.630, -0.115), abs=1e-3
    )


def test_a_history_must_have_gaps_that_are_numbers():
    with pytest.raises(ImpossibleHistory, match="Customer number 0"):
        BuyingHistories([1], [7], [30], [10.0], [np.nan])


@pytest.mark.parametrize(
    "law", [law_of("cnbd_2", r=1.3, alpha=2.0), law_of("mbg_cnbd_3", r=0.8, alpha=1.5, a=0.5, b=2.0)]
)
def test_one_table_answers_for_all_ages_and_spans(law):
    rng = np.random.default_rng(4)
    x = rng.integers(0, 60, 400).astype(float)
    age = (rng.integers(60, 1500, 400) / 7.0).round(6)
    recency = np.where(x > 0, age * rng.uniform(0.5, 1.0, 400), 0.0)
    look, passed = outlook(law, x, recency, age), stages_passed(law, x, recency, age)
    for span in (156.0, 3.0, 80.0, 400.0):
        exact = look.alive * (passed * by_stages_passed(law, x, age, span)).sum(axis=1)
        assert look.expected([span]) == pytest.approx(exact, rel=1e-6)
    both = 0.3 * look.expected([10.0]) + 2.0 * look.expected([60.0])
    assert look.expected([10.0, 60.0], [0.3, 2.0]) == pytest.approx(both, rel=1e-6)
    assert not look.expected([0.0]).any()
