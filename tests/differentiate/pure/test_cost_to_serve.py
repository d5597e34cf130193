"""What serving costs: sums worked out by hand, errors that go the same way, and customers of known truth."""

from __future__ import annotations

import json
from math import hypot, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.cost_to_serve import (
    ACTIVITIES,
    USUAL_WEIGHT,
    ImpossibleCounts,
    cost,
    cost_by_group,
    cost_of_all,
    cost_per_purchase,
    together,
)
from entente.differentiate.pure.estimate import Precision, exact, guess, within
from entente.differentiate.pure.serving_terms import DEFAULT_RATES, ImpossibleRate, ServingTerms

RATES = {"order": exact(2.0), "call_minute": within(0.5, 0.1), "visit": guess(80.0)}
COUNTS = {"order": np.array([3.0, 0.0]), "call_minute": np.array([10.0, 4.0]), "visit": np.array([0.0, 1.0])}

counts = st.lists(st.tuples(*[st.integers(0, 50)] * 3), min_size=1, max_size=30).map(
    lambda rows: dict(zip(RATES, np.array(rows, float).T, strict=True))
)


def test_times_what_it_costs_once():
    assert cost(COUNTS, RATES).tolist() == [11.0, 82.0]
    whole = cost_of_all({one: float(column.sum()) for one, column in COUNTS.items()}, RATES)
    assert whole.value == 93.0
    assert whole.spread == pytest.approx(hypot(14 * 0.05, 80 * 0.5))
    assert whole.precision is Precision.GUESS


def test_a_rate_never_needed_makes_nothing_less_sure():
    whole = cost_of_all({"order": 5.0, "call_minute": 0.0, "visit": 0.0}, RATES)
    assert (whole.value, whole.spread, whole.precision) == (10.0, 0.0, Precision.EXACT)


def test_the_error_of_a_rate_does_not_average_out_and_those_of_two_do():
    alone = cost_of_all({"visit": 1.0}, RATES)
    many = cost_of_all({"visit": 10_000.0}, RATES)
    assert many.share == pytest.approx(alone.share)
    two = {"mail": guess(1.0), "letter": guess(1.0)}
    assert cost_of_all({"mail": 100.0, "letter": 100.0}, two).share == pytest.approx(0.5 / sqrt(2))


@settings(deadline=None)
@given(counts, st.data())
def test_groups_add_up_to_all_and_are_never_surer_together_than_the_truth(found, data):
    n = len(found["order"])
    group = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    parts = cost_by_group(group, 3, found, RATES)
    whole = cost_of_all({one: float(column.sum()) for one, column in found.items()}, RATES)
    assert sum(part.value for part in parts) == pytest.approx(whole.value)
    assert cost(found, RATES).sum() == pytest.approx(whole.value)
    added = together(parts)
    assert whole.spread - 1e-9 <= added.spread
    assert added.precision is whole.precision or not whole.value


@settings(deadline=None)
@given(counts, st.floats(1.0, 3.0))
def test_a_dearer_rate_makes_nobody_cheaper_and_who_had_nothing_stays_at_nothing(found, factor):
    dearer = {**RATES, "visit": guess(80.0 * factor)}
    assert (cost(found, dearer) >= cost(found, RATES) - 1e-9).all()
    assert (cost({one: column * 0.0 for one, column in found.items()}, dearer) == 0).all()


@pytest.mark.parametrize(
    "found",
    [{}, {"order": np.array([-1.0])}, {"order": np.array([np.nan])}, {"flight": np.array([1.0])},
     {"order": np.ones(2), "visit": np.ones(3)}],
)  # fmt: skip
def test_counts_that_cannot_be_are_refused(found):
    with pytest.raises(ImpossibleCounts):
        cost(found, RATES)


def customers(seed: int, n: int = 20_000, differ: float = 0.4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(true cost of a purchase, spent, purchases): each customer has a mean of their own, each purchase errs by a third of 10."""
    rng = np.random.default_rng(seed)
    truth = 10.0 * np.exp(rng.normal(0.0, differ, n) - differ**2 / 2) if differ else np.full(n, 10.0)
    bought = rng.integers(1, 13, n)
    spent = rng.gamma(9.0 * bought, truth / 9.0)
    return truth, spent, bought


def test_the_own_cost_counts_the_more_the_more_they_bought_and_comes_nearer_the_truth():
    truth, spent, bought = customers(1)
    found = cost_per_purchase(spent, bought)
    assert found.is_measured and found.usual == pytest.approx(spent.sum() / bought.sum())
    # Var within one purchase / var of the means: mean of (m/3)^2 over the variance of a log-normal of mean 10.
    between = 100 * (np.exp(0.16) - 1)
    within_one = 100 * np.exp(0.16) / 9
    assert found.weight == pytest.approx(within_one / between, rel=0.35)

    def error(each):
        return float(np.abs(each - truth).mean())

    few = bought <= 2
    assert error(found.each) < error(spent / bought) < error(np.full(len(truth), found.usual))
    assert np.abs(found.each - truth)[few].mean() < np.abs(spent / bought - truth)[few].mean()


def test_where_customers_do_not_differ_everybody_gets_the_mean():
    _truth, spent, bought = customers(2, differ=0.0)
    found = cost_per_purchase(spent, bought)
    assert found.weight > 20
    assert np.abs(found.each - 10.0).max() < 2.0 < np.abs(spent / bought - 10.0).max()


def test_who_bought_nothing_takes_the_usual_and_what_they_cost_is_not_lost():
    found = cost_per_purchase(np.array([30.0, 10.0, 60.0]), np.array([4, 1, 0]))
    assert found.usual == 20.0
    assert found.each[2] == 20.0


def test_where_many_purchases_bring_nobody_nearer_the_mean_the_own_cost_is_all_that_counts():
    found = cost_per_purchase(np.array([3.0, 3.0, 4.0, 20.0, 0.0]), np.array([1, 1, 4, 4, 0]))
    assert found.weight == 0.0
    assert found.each.tolist() == [3.0, 3.0, 1.0, 5.0, 3.0]


def test_where_all_bought_as_often_the_weight_is_assumed():
    found = cost_per_purchase(np.array([2.0, 10.0]), np.array([2, 2]))
    assert (found.weight, found.is_measured) == (USUAL_WEIGHT, False)
    assert found.each.tolist() == [2.0, 4.0]


def test_nobody_bought_and_nobody_at_all():
    assert cost_per_purchase(np.array([5.0]), np.array([0])).each.tolist() == [0.0]
    assert len(cost_per_purchase(np.zeros(0), np.zeros(0)).each) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 40)), min_size=1, max_size=60))
def test_between_the_own_and_the_usual_always(rows):
    spent, bought = (np.array(column, float) for column in zip(*rows, strict=True))
    found = cost_per_purchase(spent, bought)
    some = bought > 0
    own = np.where(some, spent / np.maximum(bought, 1), found.usual)
    slack = 1e-9 * (1 + found.usual + own)
    assert np.isfinite(found.each).all() and found.weight >= 0
    assert (found.each >= np.minimum(own, found.usual) - slack).all()
    assert (found.each <= np.maximum(own, found.usual) + slack).all()
    again = cost_per_purchase(spent[::-1], bought[::-1])
    assert again.each[::-1] == pytest.approx(found.each, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("spent", "bought"), [([1.0], [1, 2]), ([-1.0], [1]), ([np.nan], [1]), ([1.0], [-1])])
def test_impossible_costs_are_refused(spent, bought):
    with pytest.raises(ImpossibleCounts):
        cost_per_purchase(np.array(spent), np.array(bought))


def test_the_terms_go_to_a_form_and_back():
    plain = ServingTerms()
    assert set(plain.rates) == set(ACTIVITIES) and ServingTerms.from_dict(plain.as_dict()) == plain
    assert all(rate.precision is Precision.GUESS for rate in DEFAULT_RATES.values())
    own = ServingTerms.from_dict({"visit.amount": 80, "visit.precision": "estimate", "mail.precision": "exact"})
    assert own.rates["visit"] == within(80.0, 0.2) and own.rates["mail"] == exact(1.0)
    assert own.rates["order"] == plain.rates["order"]
    assert ServingTerms.from_dict(json.loads(json.dumps(own.as_dict()))) == own
    assert (
        ServingTerms.from_dict({"mail.amount": 0, "mail.precision": "estimate", "mail.share": 0.3}).rates["mail"].value
        == 0
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("visit.amount", -1), ("visit.amount", float("nan")), ("visit.amount", True), ("visit.amount", "80"), ("visit.amount", 1e13),
     ("visit.precision", "sure"), ("visit.share", 3), ("call_minutes", -1), ("reminder_days", 1.5), ("pigeon.amount", 1), ("", 1)],
)  # fmt: skip
def test_impossible_figures_say_where(name, value):
    with pytest.raises(ImpossibleRate) as error:
        ServingTerms.from_dict({name: value})
    assert error.value.where == name
