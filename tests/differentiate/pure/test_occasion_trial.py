"""Fixed occasions tried on a firm's own past, on customers of known truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from entente.differentiate.pure.contract_payments import months_later
from entente.differentiate.pure.occasion_trial import bought_at, occasions_ago, try_occasions

EPOCH = date(1970, 1, 1)


def number(day: str) -> int:
    return (date.fromisoformat(day) - EPOCH).days


TODAY = number("2026-06-30")


def fair(rng: np.random.Generator, customers: int, occasions: int = 10, months: int = 12):
    """A yearly fair: BG/BB's own customers, all of whom bought at the first one they came to, with its days a week long."""
    ends = months_later(np.full(occasions, TODAY), -months * np.arange(occasions)[::-1])
    p, theta = rng.beta(1.2, 0.75, customers), rng.beta(0.66, 2.8, customers)
    first = rng.integers(0, occasions, customers)
    there, rows = np.ones(customers, bool), []
    for place in range(occasions):
        new = first == place
        there &= new | (first > place) | (rng.random(customers) >= theta)
        buys = np.flatnonzero(new | ((first < place) & there & (rng.random(customers) < p)))
        rows.append(np.stack([buys, ends[place] - 100 + rng.integers(0, 7, len(buys))]))
    customer, day = np.concatenate(rows, axis=1)
    order = np.lexsort((day, customer))
    return customer[order], day[order], np.full(len(order), 50.0)


def test_occasions_are_whole_periods_back_from_the_day():
    days = ["2026-06-30", "2026-01-01", "2025-12-31", "2025-12-30", "2025-06-30", "2025-07-01"]
    ago = occasions_ago(np.array([number(day) for day in days]), TODAY, 6)
    assert ago.tolist() == [0, 0, 0, 1, 2, 1]
    assert occasions_ago(np.zeros(0, np.int64), TODAY, 6).tolist() == []


def test_two_purchases_at_one_occasion_are_one():
    customer = np.array([1, 1, 1, 2])
    day = np.array([number(day) for day in ("2023-05-01", "2023-05-09", "2025-05-02", "2026-06-01")])
    bought, last, held = bought_at(customer, day, TODAY, 12)
    assert bought.tolist() == [1, 0] and last.tolist() == [2, 0] and held.tolist() == [3, 0]


def test_where_customers_buy_at_a_fair_the_law_of_occasions_wins_and_its_sum_is_right():
    found = try_occasions(*fair(np.random.default_rng(6), 6000), TODAY, 12)
    assert found.law is not None and not found.refusal and found.held_out == 2
    off = np.log(found.law.vector() / [1.2, 0.75, 0.66, 2.8]) / np.sqrt(np.diag(found.law.covariance))
    assert (np.abs(off) < 3).all(), off
    assert found.compared[0].name == "occasions"
    best = found.compared[0].scored
    assert abs(best.bias) < 0.05
    assert found.expected_next is not None and 0.2 * found.customers < found.expected_next < 0.6 * found.customers


@pytest.mark.parametrize("customers", [0, 1, 15])
def test_too_few_are_refused_in_words(customers):
    customer, day, amount = fair(np.random.default_rng(1), max(customers, 1))
    some = customer < customers
    found = try_occasions(customer[some], day[some], amount[some], TODAY, 12)
    assert (
        found.law is None and "needs at least" in found.refusal and found.compared == () and found.expected_next is None
    )


def test_one_occasion_for_all_holds_nothing_out():
    customer = np.arange(100)
    found = try_occasions(customer, np.full(100, TODAY - 5), np.ones(100), TODAY, 12)
    assert found.held_out == 0 and found.law is None and found.bought_last == 100
