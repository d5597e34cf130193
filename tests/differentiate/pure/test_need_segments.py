"""Need segments: planted ones are found, noise gives none, and numbers stay from cycle to cycle."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from entente.differentiate.pure.need_segments import (
    FEWEST_CATEGORIES,
    FEWEST_CUSTOMERS,
    ImpossibleBaskets,
    Segments,
    agreement_of,
    carry_numbers,
    factors,
    find_segments,
    shares,
    weighted,
)
from entente.differentiate.pure.product_groups import by_category, by_name
from entente.differentiate.pure.segment_words import name_of, portraits
from entente.sample.pure.firm import sample_firm

SEED = 11
RETAIL = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "online_retail.parquet"


def planted(
    customers: int = 1500,
    categories: int = 24,
    segments: int = 4,
    *,
    strength: float = 10.0,
    lines: float = 9.0,
    seed: int = SEED,
) -> tuple[csr_matrix, np.ndarray]:
    """Customers whose lines are of any category, and `strength` times as often of every n-th one; and who is in which."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, segments, customers)
    chance = np.tile(rng.gamma(0.8, 1.0, categories) + 0.05, (segments, 1))
    for one in range(segments):
        chance[one, one::segments] *= strength
    chance /= chance.sum(axis=1, keepdims=True)
    many = np.maximum(rng.poisson(rng.gamma(1.0, lines, customers)), 1)
    times = np.array([rng.multinomial(n, chance[one]) for n, one in zip(many, truth, strict=True)])
    return csr_matrix(times.astype(float)), truth


def found(times: csr_matrix) -> Segments:
    return find_segments(times, np.random.default_rng(SEED))


@pytest.mark.parametrize("segments", [2, 3, 5])
def test_planted_segments_are_found_in_their_number_and_for_whom(segments: int):
    times, truth = planted(segments=segments)
    law = found(times)
    assert len(law.loadings) == segments
    assert law.stability > 0.8
    segment, part = shares(times, law)
    bought_enough = np.asarray(times.sum(axis=1)).ravel() >= 6
    assert agreement_of(segment[bought_enough], truth[bought_enough]) > 0.75
    assert ((part > 0) & (part <= 1)).all()


def test_segments_are_found_where_baskets_are_very_large_and_very_small():
    """Small baskets lie far from the usual one whatever is in them; that must not hide what sets customers apart."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 1500)
    chance = np.tile(rng.gamma(0.8, 1.0, 40) + 0.05, (3, 1))
    for one in range(3):
        chance[one, one::3] *= 3
    chance /= chance.sum(axis=1, keepdims=True)
    many = np.maximum(rng.poisson(rng.gamma(0.3, 200.0, 1500)), 1)
    times = np.array([rng.multinomial(n, chance[one]) for n, one in zip(many, truth, strict=True)])
    assert len(found(csr_matrix(times.astype(float))).loadings) == 3


def test_chance_makes_no_segments():
    law = found(planted(segments=1)[0])
    assert len(law.loadings) == 0
    assert law.reason[0] == "chance"


def test_favourites_that_nobody_shares_make_no_segments():
    """Everybody has a taste of their own: customers differ by more than chance, but two halves agree on nothing."""
    rng = np.random.default_rng(SEED)
    times = csr_matrix(
        np.array([rng.multinomial(10, rng.dirichlet(np.full(30, 0.3))) for _ in range(2000)]).astype(float)
    )
    law = found(times)
    assert len(law.loadings) == 0
    assert law.reason[0] == "not stable"
    assert law.standing_out > 2


@pytest.mark.parametrize(
    ("customers", "categories", "why"),
    [
        (FEWEST_CUSTOMERS - 1, 20, "few customers"),
        (500, FEWEST_CATEGORIES - 1, "few categories"),
        (0, 5, "few customers"),
    ],
)
def test_too_little_makes_none_and_says_why(customers: int, categories: int, why: str):
    times = csr_matrix(np.full((customers, categories), 3.0))
    law = found(times)
    assert law.reason[0] == why
    assert shares(times, law)[0].tolist() == [-1] * customers


def test_everybody_alike_makes_none():
    assert len(found(csr_matrix(np.full((300, 6), 2.0))).loadings) == 0


def test_a_thing_bought_less_than_never_is_refused():
    with pytest.raises(ImpossibleBaskets):
        found(csr_matrix(np.array([[1.0, -1.0]])))


def test_who_bought_nothing_is_in_none():
    times, _ = planted()
    times = csr_matrix(np.vstack([times.toarray(), np.zeros((2, times.shape[1]))]))
    assert shares(times, found(times))[0][-2:].tolist() == [-1, -1]


def test_the_same_counts_give_the_same_segments():
    times, _ = planted()
    assert np.array_equal(found(times).loadings, found(times).loadings)


def test_factors_rebuild_what_was_built_of_them():
    """Known truth: rows that are sums of two baskets are told apart exactly."""
    rng = np.random.default_rng(SEED)
    baskets = np.array([[3.0, 4.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 1.0, 2.0]])
    rows = rng.gamma(0.5, 1.0, (400, 2)) @ baskets
    loadings = factors(csr_matrix(rows), 2)
    truth = baskets / np.linalg.norm(baskets, axis=1, keepdims=True)
    assert np.sort((loadings @ truth.T).max(axis=1)) == pytest.approx([1.0, 1.0], abs=1e-3)


def test_weights_make_rows_of_length_one_and_the_rare_count_more():
    times = csr_matrix(np.array([[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))
    law = Segments(np.zeros((0, 2)), np.array([1.0, 2.0]))
    rows = weighted(times, law.weights).toarray()
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1.0, 1.0, 1.0])
    assert rows[0, 1] == pytest.approx(2 * rows[0, 0])


def test_agreement_is_one_for_the_same_and_about_nought_by_chance():
    rng = np.random.default_rng(SEED)
    one, other = rng.integers(0, 4, 5000), rng.integers(0, 4, 5000)
    assert agreement_of(one, (one + 1) % 4) == 1.0
    assert abs(agreement_of(one, other)) < 0.01
    # Hubert & Arabie's formula, worked out by hand for a small table.
    assert agreement_of(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])) == pytest.approx(4 / 7)


def test_numbers_are_carried_over_whatever_the_order_and_new_ones_are_new():
    before = np.eye(3, 4)
    now = np.array([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.9, 0.1, 0.0, 0.0]])
    now /= np.linalg.norm(now, axis=1, keepdims=True)
    numbers, is_carried = carry_numbers(now, before, [7, 8, 9], 12)
    assert numbers == [9, 12, 7]
    assert is_carried == [True, False, True]
    assert carry_numbers(now, np.zeros((0, 4)), [], 1) == ([1, 2, 3], [False] * 3)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))
def test_no_two_segments_share_a_number(now: int, before: int, seed: int):
    rng = np.random.default_rng(seed)
    some, others = rng.random((now, 8)), rng.random((before, 8))
    some /= np.linalg.norm(some, axis=1, keepdims=True)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    numbers, is_carried = carry_numbers(some, others, list(range(1, before + 1)), before + 1)
    assert len(set(numbers)) == now
    assert all((number <= before) == carried for number, carried in zip(numbers, is_carried, strict=True))


def test_a_segment_found_again_on_other_days_keeps_its_number():
    one, other = (found(planted(seed=seed)[0]).loadings for seed in (1, 1))
    shuffled = other[[2, 0, 3, 1]]
    assert carry_numbers(shuffled, one, [1, 2, 3, 4], 5)[0] == [3, 1, 4, 2]


def test_a_portrait_says_how_many_times_as_much():
    times = csr_matrix(np.array([[6.0, 2.0, 2.0], [6.0, 2.0, 2.0], [1.0, 4.0, 5.0]]))
    (one, other) = portraits(times, np.array([0, 0, 1]), np.array([[0.9, 0.2, 0.2], [0.1, 0.7, 0.7]]))
    assert (one.categories, one.customers) == ([0], 2)
    assert (one.share, one.lift) == (pytest.approx(0.6), pytest.approx(6.0))
    assert (other.categories, other.share, other.lift) == ([1, 2], pytest.approx(0.9), pytest.approx(2.25))
    alone = portraits(times[:2], np.array([0, 0]), np.array([[1.0, 0.0, 0.0]]))
    assert alone[0].lift is None, "nobody else is there to compare with"


def test_a_name_is_what_weighs_most():
    assert name_of(["Wood stain", "Brushes", "Thinners"]) == "Wood stain + Brushes"
    assert len(name_of(["x" * 100, "y" * 100])) == 120


def test_the_sample_firms_needs_are_found():
    """Five needs are planted in 2,000 customers; what they buy is all the law sees, category by category."""
    firm = sample_firm(np.random.default_rng(SEED), as_of=dt.date(2026, 11, 20), customers=2000)
    grouped = by_category([str(category) for category in firm.goods.categories])
    assert grouped is not None
    code = np.where(firm.goods.is_charge, -1, grouped[0])[firm.lines.product]
    person = np.asarray(firm.truth.record_person)[firm.orders.party[firm.lines.order]]
    is_any = (code >= 0) & (firm.lines.quantity > 0)
    times = csr_matrix((np.ones(is_any.sum()), (person[is_any], code[is_any])))
    law = found(times)
    assert len(law.loadings) == 5
    many = np.asarray(times.sum(axis=1)).ravel() >= 10
    truth = np.array(firm.truth.need)[: times.shape[0]][many]
    segment = shares(times, law)[0][many]
    assert agreement_of(segment, np.unique(truth, return_inverse=True)[1]) > 0.7
    right = sum(int(np.unique(truth[segment == one], return_counts=True)[1].max()) for one in range(5))
    assert right / len(truth) > 0.85


@pytest.mark.skipif(not RETAIL.exists(), reason="Online Retail is not beside the checkout")
def test_a_real_shop_without_categories_has_segments_that_halves_agree_on():
    lines = duckdb.sql(
        f"SELECT CustomerID AS customer, StockCode AS code, max(Description) AS name, count(*) AS times "
        f"FROM '{RETAIL}' WHERE CustomerID IS NOT NULL AND Quantity > 0 GROUP BY ALL ORDER BY ALL"
    ).fetchnumpy()
    names = dict(zip(lines["code"], lines["name"], strict=True))
    group, words = by_name([str(name) for name in names.values()])
    place = {code: group[at] for at, code in enumerate(names)}
    code = np.array([place[one] for one in lines["code"]])
    _, customer = np.unique(lines["customer"], return_inverse=True)
    is_any = code >= 0
    law = found(csr_matrix((lines["times"][is_any].astype(float), (customer[is_any], code[is_any]))))
    assert 2 <= len(law.loadings) <= 5
    assert law.stability > 0.7
    first = {words[int(row.argmax())] for row in law.loadings}
    assert "bag" in first
