"""The rhythm of orders: known truth, Online Retail, and those who have shown little."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.order_rhythm import ImpossibleGap, TooFewGaps, next_order, rhythm

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "online_retail.parquet"


def world(customers=4_000, mean=3.5, between=0.3, within=0.5, seed=0):
    generator = np.random.default_rng(seed)
    own = generator.normal(mean, np.sqrt(between), customers)
    customer = np.repeat(np.arange(customers), generator.integers(0, 6, customers))
    return own, customer, np.exp(generator.normal(own[customer], np.sqrt(within)))


def test_recovers_a_known_rhythm():
    own, customer, gaps = world()
    learned = rhythm(customer, gaps, len(own))
    assert (learned.mean, learned.within, learned.between) == pytest.approx((3.5, 0.5, 0.3), abs=0.04)
    raw = np.full(len(own), learned.mean)
    counts = np.bincount(customer, minlength=len(own))
    seen = counts > 0
    raw[seen] = np.bincount(customer, weights=np.log(gaps), minlength=len(own))[seen] / counts[seen]
    error = np.abs(learned.centre - own).mean()
    assert error < 0.9 * np.abs(raw - own).mean()
    assert error < 0.9 * np.abs(learned.mean - own).mean()


@pytest.mark.parametrize("inside", [0.5, 0.8, 0.95])
def test_the_window_holds_what_it_says(inside):
    own, customer, gaps = world()
    found = next_order(rhythm(customer, gaps, len(own)), np.zeros(len(own)), inside=inside)
    real = np.exp(np.random.default_rng(1).normal(own, np.sqrt(0.5)))
    assert ((found.earliest <= real) & (real <= found.latest)).mean() == pytest.approx(inside, abs=0.025)


def test_who_has_shown_nothing_gets_the_firms_rhythm_and_a_wider_window():
    _, customer, gaps = world()
    learned = rhythm(customer, gaps, 4_001)
    assert learned.centre[4_000] == learned.mean
    assert learned.spread[4_000] == learned.spread.max()


def test_customers_all_alike_are_told_as_one():
    _, customer, gaps = world(between=0.0)
    learned = rhythm(customer, gaps, 4_000)
    assert learned.between < 0.02
    assert learned.centre.std() < 0.05


def test_days_are_counted_from_the_day_asked():
    _, customer, gaps = world()
    learned = rhythm(customer, gaps, 4_000)
    today, later = (next_order(learned, np.full(4_000, days)) for days in (0.0, 100.0))
    np.testing.assert_allclose(today.median - later.median, 100.0)
    assert np.isnan(next_order(learned, np.full(4_000, np.nan)).median).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0.5, 2_000)), min_size=30, max_size=60))
@settings(max_examples=40, deadline=None)
def test_the_window_is_in_order_and_finite(gaps):
    customer, days = np.array([who for who, _ in gaps]), np.array([day for _, day in gaps])
    found = next_order(rhythm(customer, days, 6), np.zeros(6))
    assert (found.earliest > 0).all()
    assert (found.earliest <= found.median).all()
    assert (found.median <= found.latest).all()
    assert np.isfinite(found.latest).all()


@pytest.mark.parametrize(("customer", "days"), [(0, 0.0), (0, -3.0), (0, np.nan), (9, 5.0), (-1, 5.0)])
def test_a_gap_that_cannot_be_is_refused_with_its_row(customer, days):
    with pytest.raises(ImpossibleGap, match="Gap 1 of customer row"):
        rhythm(np.array([0, customer, *[1] * 30]), np.array([5.0, days, *[7.0] * 30]), 9)


def test_too_little_to_speak_of_a_rhythm():
    with pytest.raises(TooFewGaps, match="wait until there are 30"):
        rhythm(np.zeros(29, int), np.ones(29), 1)
    _, customer, gaps = world()
    with pytest.raises(ImpossibleGap, match="inside"):
        next_order(rhythm(customer, gaps, 4_000), np.zeros(4_000), inside=1.0)


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data/online_retail.parquet")
def test_last_gaps_of_online_retail():
    """The last gap of each customer who has shown at least four, from all gaps before."""
    duckdb = pytest.importorskip("duckdb")
    columns = duckdb.sql(f"""
        SELECT DISTINCT CAST(CustomerID AS INTEGER) AS customer,
               date_diff('day', DATE '2010-12-01', CAST(InvoiceDate AS DATE)) AS day
        FROM '{DATA}'
        WHERE CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0 AND NOT starts_with(InvoiceNo, 'C')
        ORDER BY 1, 2""").fetchnumpy()
    _, row = np.unique(columns["customer"], return_inverse=True)
    same = row[1:] == row[:-1]
    gaps, who = np.diff(np.asarray(columns["day"]))[same].astype(float), row[1:][same]
    last = np.append(who[1:] != who[:-1], True)
    asked = last & (np.bincount(who)[who] >= 4)
    found = next_order(rhythm(who[~last], gaps[~last], row.max() + 1), np.zeros(row.max() + 1))
    errors = np.abs(found.median[who[asked]] - gaps[asked])
    assert errors.mean() <= 22.0
    assert errors.mean() < np.abs(np.median(gaps[~last]) - gaps[asked]).mean() - 0.5
    within = (found.earliest[who[asked]] <= gaps[asked]) & (gaps[asked] <= found.latest[who[asked]])
    assert within.mean() == pytest.approx(0.5, abs=0.03)
