"""The law the sample's customers buy by, against closed forms and against its own simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.sample.pure.purchase_process import Process, expected_purchases, expected_repeats, simulate, stages_passed


def process(
    n: int, *, rate: float = 0.2, k: int = 1, dropout: float = 0.1, complains: float = 0.0, harm: float = 3.0
) -> Process:
    def full(value: float) -> np.ndarray:
        return np.full(n, value)

    return Process(full(0.0), full(rate), np.full(n, k), full(dropout), full(complains), harm)


def repeats_of(who: Process, weeks: float, seed: int) -> np.ndarray:
    found = simulate(who, weeks, weeks, np.random.default_rng(seed))
    return np.bincount(found.customer, minlength=who.birth.size) - 1


@given(rate=st.floats(0.001, 3), dropout=st.floats(0.001, 0.99), weeks=st.floats(0, 150))
def test_without_stages_the_expectation_has_a_closed_form(rate, dropout, weeks):
    """Purchases that each survive the one before are a thinned Poisson process: (1 - exp(-p rate h)) / p."""
    one = process(1, rate=rate, dropout=dropout)
    found = expected_purchases(one, np.array([True]), np.array([0]), np.array([weeks]))[0]
    assert found == pytest.approx((1 - np.exp(-dropout * rate * weeks)) / dropout, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("rate", "k", "dropout", "complains"), [(0.05, 1, 0.3, 0.05), (0.3, 2, 0.03, 0.2), (0.5, 3, 0.01, 0.0)]
)
def test_simulated_repeats_agree_with_the_expectation(rate, k, dropout, complains):
    who = process(20_000, rate=rate, k=k, dropout=dropout, complains=complains)
    repeats = repeats_of(who, 100.0, seed=k)
    expected = expected_repeats(who, np.full(20_000, 100.0))[0]
    assert abs(repeats.mean() - expected) < 4 * repeats.std() / np.sqrt(repeats.size)


def test_what_is_expected_of_the_active_comes_true():
    who = process(30_000, rate=0.2, k=3, dropout=0.05, complains=0.1)
    rng = np.random.default_rng(5)
    found = simulate(who, 60.0, 86.0, rng)
    active = found.left > 60.0
    expected = expected_purchases(who, active, stages_passed(who, found, 60.0, rng), np.full(30_000, 26.0))
    came = np.bincount(found.customer[found.time > 60.0], minlength=30_000)
    assert not came[~active].any()
    gap = came[active] - expected[active]
    assert abs(gap.mean()) < 4 * gap.std() / np.sqrt(gap.size)


def test_a_complaint_makes_leaving_likelier():
    who = process(20_000, dropout=0.1, complains=0.5)
    found = simulate(who, 0.0, 0.0, np.random.default_rng(1))
    left = np.isfinite(found.left)
    assert left[found.customer[found.complained]].mean() == pytest.approx(0.3, abs=0.02)
    assert left[found.customer[~found.complained]].mean() == pytest.approx(0.1, abs=0.02)


def test_more_stages_make_gaps_more_regular():
    gaps = []
    for k in (1, 3):
        found = simulate(process(2000, rate=0.5, k=k, dropout=1e-6), 100.0, 100.0, np.random.default_rng(2))
        order = np.lexsort((found.time, found.customer))
        steps = np.diff(found.time[order])[np.diff(found.customer[order]) == 0]
        gaps.append(steps.std() / steps.mean())
    assert gaps[0] == pytest.approx(1.0, abs=0.05)
    assert gaps[1] == pytest.approx(1 / np.sqrt(3), abs=0.05)


def test_who_always_leaves_buys_once_and_the_gone_are_expected_to_buy_nothing():
    assert not repeats_of(process(500, dropout=1.0), 100.0, seed=3).any()
    gone = expected_purchases(process(2), np.array([False, True]), np.zeros(2, np.int64), np.full(2, 26.0))
    assert gone[0] == 0 < gone[1]
