"""The law of the profile against data of known truth: what was planted is found, noise is not, and the rest is refused in words."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from entente.differentiate.pure import profile as law
from entente.differentiate.pure.lift import area, calibration, cut_points, found_by, lift_at, part_of
from entente.differentiate.pure.logistic import fit_logistic, losses
from entente.differentiate.pure.profile import OTHER, Profile, profile_of

BANK = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "bank_additional_full.csv.gz"
VALUES = 5


def market(
    n: int = 6000, *, effects: tuple[float, ...] = (1.5, 0.8), noise: int = 3, seed: int = 1, base: float = -3.0
) -> dict[str, Any]:
    """Customers with attributes of five values: the first value of a planted one speaks for, the second against. One in five unknown."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, VALUES, (n, len(effects) + noise)).astype(np.int32)
    codes[rng.random(codes.shape) < 0.2] = -1
    odds = np.full(n, base)
    for at, effect in enumerate(effects):
        odds += effect * ((codes[:, at] == 0).astype(float) - (codes[:, at] == 1))
    return {
        "codes": codes, "best": rng.random(n) < 1 / (1 + np.exp(-odds)), "first_day": rng.integers(0, 1000, n),
        "key": np.arange(n) + 17, "wanted": codes[: n // 4].copy(),
    }  # fmt: skip


def test_planted_attributes_are_found_and_ranked_and_noise_is_not():
    found = profile_of(**market())
    assert found.reason is None
    assert [one.attribute for one in found.weights if one.matters] == [0, 1]
    strong, weak = found.weights[:2]
    assert strong.loss > weak.loss > 0
    for weight, effect in ((strong, 1.5), (weak, 0.8)):
        odds = {value.code: value for value in weight.values}
        # Against the average of all five values, whose effects add up to nothing.
        assert odds[0].low < np.exp(effect) * 1.15 and odds[0].high > np.exp(effect) * 0.85
        assert odds[0].tells and odds[1].tells and odds[0].odds > 1 > odds[1].odds
    noisy = [value.tells for weight in found.weights[2:] for value in weight.values]
    assert sum(noisy) <= 2


def test_the_average_value_has_odds_of_one():
    for weight in profile_of(**market(seed=4)).weights:
        share = np.array([value.customers for value in weight.values], float)
        logs = np.log([value.odds for value in weight.values])
        assert float((share / share.sum()) @ logs) == pytest.approx(0.0, abs=1e-9)
        assert all(value.low < value.odds < value.high for value in weight.values)


def test_probabilities_add_up_and_hold_on_customers_not_seen():
    given = market(n=20_000, seed=3)
    given["wanted"] = given["codes"]
    found = profile_of(**given)
    assert found.judged is not None
    assert found.likeness.sum() == pytest.approx(given["best"].sum(), rel=0.02)
    assert ((found.likeness > 0) & (found.likeness < 1)).all()
    judged = found.judged
    assert not judged.is_off and judged.loss < judged.base_loss
    for part in judged.parts:
        doubt = np.sqrt(part.predicted * (1 - part.predicted) / part.customers)
        assert abs(part.happened - part.predicted) < 4 * doubt
    assert sum(part.customers for part in judged.parts) == judged.customers
    assert judged.customers == pytest.approx(5000, abs=40)


def test_where_nothing_matters_lift_is_about_one_and_nobody_is_scored():
    reasons, lifts = [], []
    for seed in range(12):
        found = profile_of(**market(n=3000, effects=(), noise=4, seed=seed))
        reasons.append(found.reason and found.reason[0])
        assert len(found.likeness) == 0
        rng = np.random.default_rng(seed)
        lifts.append(lift_at(rng.random(3000), (rng.random(3000) < 0.05).astype(float), 0.1).value)
    assert set(reasons) <= {"nothing tells", "no lift"}
    assert np.mean(lifts) == pytest.approx(1.0, abs=0.15)


def test_the_order_of_rows_and_of_codes_changes_nothing():
    given = market(n=3000, seed=8)
    found = profile_of(**given)
    rng = np.random.default_rng(2)
    order = rng.permutation(3000)
    other = {name: given[name][order] for name in ("codes", "best", "first_day", "key")}
    renamed = np.array([3, 0, 4, 1, 2, -1], np.int32)
    again = profile_of(**{**other, "codes": renamed[other["codes"]], "wanted": renamed[given["wanted"]]})
    np.testing.assert_allclose(again.likeness, found.likeness, rtol=1e-5)
    assert (again.ridge, again.since) == (found.ridge, found.since)
    assert [one.attribute for one in again.weights] == [one.attribute for one in found.weights]
    assert again.judged is not None and found.judged is not None
    assert again.judged.lift.value == pytest.approx(found.judged.lift.value)


def test_an_attribute_that_gives_all_away_stays_finite_and_a_constant_one_says_nothing():
    given = market(n=3000)
    leak = given["best"].astype(np.int32)[:, None]
    same = np.zeros((3000, 1), np.int32)
    given["codes"] = np.hstack([leak, same, np.where(leak == 1, 0, -1).astype(np.int32)])
    given["wanted"] = np.array([[1, 0, -1], [0, 0, -1], [-1, 0, 0], [-1, -1, -1]], np.int32)
    found = profile_of(**given)
    assert found.reason is None and np.isfinite(found.likeness).all()
    assert found.likeness[0] > 0.9 and found.likeness[1] < 0.01
    weights = {one.attribute: one for one in found.weights}
    assert [one.attribute for one in found.weights if one.matters] == [0]
    assert [value.odds for value in weights[1].values] == [pytest.approx(1.0)]
    # That something is known of somebody says nothing, even where only of the best it is.
    assert found.likeness[2] == pytest.approx(found.likeness[3])
    assert all(np.isfinite([value.odds, value.low, value.high]).all() for one in found.weights for value in one.values)


def test_values_too_rare_or_never_bought_with_stand_together_or_say_nothing():
    given = market(n=4000)
    rare = np.arange(4000) % 400
    given["codes"][:, 2] = np.where(rare < 390, given["codes"][:, 0], rare - 380).astype(np.int32)
    given["wanted"] = np.full((2, 5), -1, np.int32)
    given["wanted"][0, 2] = 900
    found = profile_of(**given)
    assert found.reason is None
    values = next(one.values for one in found.weights if one.attribute == 2)
    assert sorted(value.code for value in values) == [OTHER, 0, 1, 2, 3, 4]
    assert np.isfinite(found.likeness).all()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda one: {**one, "codes": one["codes"][:, :0], "wanted": one["wanted"][:, :0]}, "no attribute"),
        (lambda one: {name: column[:150] for name, column in one.items()}, "few customers"),
        (lambda one: {**one, "best": np.arange(len(one["best"])) < 19}, "few best"),
        (lambda one: {**one, "first_day": np.zeros(len(one["best"]), np.int64)}, "few best later"),
        (lambda one: {**one, "codes": np.full_like(one["codes"], -1)}, "nothing tells"),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_reason(change, code):
    found: Profile = profile_of(**change(market(n=1000)))
    assert found.reason is not None and found.reason[0] == code
    assert len(found.likeness) == 0


def test_what_held_once_but_not_for_the_newest_is_refused():
    given = market(n=4000, effects=(2.0,), noise=0)
    late = given["first_day"] > 740
    given["codes"][late] = np.random.default_rng(5).integers(0, VALUES, (int(late.sum()), 1))
    found = profile_of(**given)
    assert found.reason is not None and found.reason[0] == "no lift"
    assert found.judged is not None and found.judged.lift.low <= 1 and not len(found.likeness)


def test_drawing_among_the_many_gives_the_same_odds(monkeypatch):
    given = market(n=20_000, seed=6)
    whole = profile_of(**given)
    monkeypatch.setattr(law, "MOST_ROWS", 6_000)
    monkeypatch.setattr(law, "LEAST_ROWS", 6_000)
    drawn = profile_of(**given)
    assert drawn.likeness.sum() == pytest.approx(whole.likeness.sum(), rel=0.05)
    assert np.corrcoef(np.log(drawn.likeness), np.log(whole.likeness))[0, 1] > 0.98


def test_the_fit_is_the_maximum_another_way_finds():
    rng = np.random.default_rng(0)
    x = np.hstack([np.ones((400, 1)), rng.normal(size=(400, 3))])
    y = (rng.random(400) < 1 / (1 + np.exp(-(x @ [-1, 0.5, -0.5, 0.0])))).astype(float)

    def height(at: Any) -> float:
        return float(losses(y, x @ at).sum() + 0.5 * 2.0 * (at[1:] ** 2).sum())

    found = fit_logistic(x, y, 2.0)
    other = minimize(height, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    assert found.converged
    np.testing.assert_allclose(found.at, other.x, atol=1e-4)
    np.testing.assert_allclose(found.spread, other.hess_inv, atol=0.02)


def test_lift_by_hand():
    wanted = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 1], float)
    assert lift_at(np.arange(10, 0, -1.0), wanted, 0.1).value == pytest.approx(1 / 3 / 0.1)
    assert lift_at(np.zeros(10), wanted, 0.1).value == pytest.approx(1.0)
    looked, found = found_by(np.arange(10, 0, -1.0), wanted)
    assert (looked[2], found[2], found[-1]) == (0.2, pytest.approx(2 / 3), 1.0)
    assert area(np.arange(10, 0, -1.0), wanted) == pytest.approx((7 + 7 + 0) / 21)
    assert area(np.zeros(10), wanted) == 0.5


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: any(wanted for _score, wanted in rows)
    )
)
@settings(max_examples=50, deadline=None)
def test_gains_rise_from_nothing_to_all_and_parts_hold_everybody(rows):
    score, wanted = (np.array(column, float) for column in zip(*rows, strict=True))
    looked, found = found_by(score, wanted)
    assert looked[0] == found[0] == 0 and looked[-1] == found[-1] == 1
    assert (np.diff(looked) > 0).all() and (np.diff(found) >= 0).all()
    lift = lift_at(score, wanted, 0.1)
    assert 0 <= lift.low <= lift.value + 1e-9 and lift.value <= lift.high + 1e-9
    parts = calibration(score / 10, wanted)
    assert sum(part.customers for part in parts) == len(rows)
    assert sum(part.customers * part.happened for part in parts) == pytest.approx(wanted.sum())


def test_numbers_are_cut_into_parts_of_about_equal_size():
    values = np.arange(100.0)
    parts = part_of(values, cut_points(values))
    assert np.bincount(parts).tolist() == [20] * 5
    assert len(cut_points(np.ones(50))) == 1 and set(part_of(np.ones(50), np.array([1.0]))) == {0}


def test_on_real_customers_of_a_bank_the_profile_finds_twice_as_many_in_the_first_tenth():
    """Attributes known before the call; age and marital status are protected, the outcome is whether they bought."""
    if not BANK.exists():
        pytest.skip("the public data of the bank are not there")
    with gzip.open(BANK, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    names = ("job", "education", "default", "housing", "loan")
    columns = []
    for name in names:
        labels = sorted({row[name] for row in rows} - {"unknown"})
        columns.append([labels.index(row[name]) if row[name] != "unknown" else -1 for row in rows])
    codes = np.array(columns, np.int32).T
    best = np.array([row["y"] == "yes" for row in rows])
    # The calls stand in the order of their days, and the habits of the bank changed over them: dealt out by chance.
    day = np.random.default_rng(1).permutation(len(rows))
    found = profile_of(codes, best, day, np.arange(len(rows)), codes[:10])
    assert found.reason is None and found.judged is not None
    assert names[next(one.attribute for one in found.weights)] == "job"
    assert found.judged.lift.low > 1.5
    assert {"housing", "loan"} & {names[one.attribute] for one in found.weights if not one.matters}
    assert not found.judged.is_off
