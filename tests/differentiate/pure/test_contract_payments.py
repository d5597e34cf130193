"""Payments made into contracts: which stand, which have ended, and what is settled of either."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.differentiate.pure.contract_payments import (
    Contracts,
    ImpossiblePayments,
    Payments,
    contracts_of,
    grace,
    is_far_from,
    lateness_of,
    months_later,
    usual_gaps,
)

EPOCH = date(1970, 1, 1)


def number(day: str) -> int:
    return (date.fromisoformat(day) - EPOCH).days


def paid(*contracts: list[str], months: int = 12, amount: float = 100.0) -> Payments:
    """One list of days a contract, each of a product of its own."""
    rows = [(who, number(day)) for who, days in enumerate(contracts) for day in days]
    who, day = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return Payments(who, who, np.full(len(who), months), day, np.full(len(who), amount), np.full(len(who), amount / 2))


def on(payments: Payments, day: str) -> Contracts:
    return contracts_of(payments, number(day))


def test_a_contract_stands_until_its_period_and_a_grace_are_over():
    payments = paid(["2024-03-01", "2025-03-10"])
    for day, stands in (("2026-03-10", True), ("2026-04-24", True), ("2026-04-25", False)):
        assert on(payments, day).is_standing.tolist() == [stands], day
    now = on(payments, "2026-03-10")
    assert now.paid_until[0] == number("2026-03-10") and now.periods[0] == 2 and now.renewed[0] == 1


def test_grace_is_half_a_period_and_never_more_than_a_month_and_a_half():
    assert grace(np.array([1, 2, 3, 12, 60])).tolist() == [15, 30, 45, 45, 45]


def test_months_end_where_a_month_is_shorter():
    days = [number(day) for day in ("2025-01-31", "2024-01-31", "2024-02-29", "2025-12-15")]
    later = months_later(np.array(days), np.array([1, 1, 12, 2]))
    assert later.tolist() == [number(day) for day in ("2025-02-28", "2024-02-29", "2025-02-28", "2026-02-15")]


def test_who_pays_again_after_it_ended_begins_a_new_contract():
    found = on(paid(["2020-01-01", "2021-01-05", "2024-06-01"]), "2025-01-01")
    assert found.periods.tolist() == [2, 1] and found.is_standing.tolist() == [False, True]
    assert found.first_day.tolist() == [number("2020-01-01"), number("2024-06-01")]
    tenures = found.tenures(12)
    assert tenures.left.tolist() == [0, 0, 1] and tenures.kept.tolist() == [1, 0, 0]


def test_a_payment_soon_after_the_last_adds_to_its_period_and_is_no_renewal():
    found = on(paid(["2024-01-01", "2024-02-01", "2025-01-01"]), "2025-02-01")
    assert found.periods.tolist() == [2] and found.amount.tolist() == [150.0] and found.margin.tolist() == [75.0]
    assert found.paid_until.tolist() == [number("2026-01-01")]


def test_an_early_renewal_is_not_settled_before_others_had_to_pay():
    payments = paid(["2024-01-01", "2024-12-01"])
    assert on(payments, "2024-12-15").settled.tolist() == [0]
    assert on(payments, "2025-02-15").settled.tolist() == [0], "the last day on which it could still have come"
    assert on(payments, "2025-02-16").settled.tolist() == [1]


def test_how_late_renewals_come_is_read_of_settled_ones():
    days = [["2023-01-01", "2024-01-03", "2025-01-03"], ["2023-01-01", "2023-12-22"], ["2024-01-01"], ["2024-01-05"]]
    payments = paid(*days)
    late = lateness_of(payments, number("2025-01-10"))
    assert late[12].tolist() == [-10, 2, 46], (
        "the third came when it was not yet settled; one when the grace is over is added"
    )
    found = on(payments, "2025-01-10")
    assert found.pending == pytest.approx([1.0, 1 / 3, 1 / 3, 1 / 3])
    assert on(payments, "2024-12-28").pending == pytest.approx([2 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert on(paid(["2024-01-01"]), "2025-02-01").pending.tolist() == [1.0], "nothing is known of it"


def test_of_the_next_payment_the_mean_of_the_last_three_is_expected():
    payments = paid(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"])
    dearer = Payments(**{**vars(payments), "amount": np.array([10.0, 20.0, 30.0, 70.0])})
    assert on(dearer, "2023-02-01").amount.tolist() == [40.0]


def test_what_comes_after_the_day_is_not_known_and_nothing_is_nothing():
    assert len(on(paid(["2024-01-01"]), "2023-12-31").holding) == 0
    none = np.zeros(0, np.int64)
    assert len(contracts_of(Payments(none, none, none, none, np.zeros(0), np.zeros(0)), 20_000).months) == 0


def test_a_period_that_does_not_fit_the_payments_is_seen():
    monthly = [f"{year}-{month:02}-03" for year in (2023, 2024) for month in range(1, 13)]
    payments = paid(monthly, ["2022-01-01", "2023-01-02", "2024-01-01"], months=12)
    product, months, gap = usual_gaps(payments, 2)
    assert is_far_from(gap, months).tolist() == [True, False] and product.tolist() == [0, 1] and 28 <= gap[0] <= 31
    assert len(usual_gaps(payments, 5)[0]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": np.array([5, 5])},
        {"holding": np.array([1, 0])},
        {"months": np.array([12, 0])},
        {"amount": np.array([1.0])},
    ],
)
def test_payments_that_cannot_be_are_refused(wrong):
    good = {
        "holding": np.array([0, 0]), "product": np.array([7, 7]), "months": np.array([12, 12]), "day": np.array([5, 9]),
        "amount": np.ones(2), "margin": np.ones(2),
    }  # fmt: skip
    Payments(**good)
    with pytest.raises(ImpossiblePayments):
        Payments(**{**good, **wrong})


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=40, unique=True), st.sampled_from([1, 3, 12, 24]))
def test_every_payment_is_in_one_contract_and_only_the_last_can_stand(days, months):
    day = np.sort(np.array(days, np.int64)) + 15_000
    n = len(day)
    zero = np.zeros(n, np.int64)
    found = contracts_of(Payments(zero, zero, np.full(n, months), day, np.ones(n), np.ones(n)), 19_000)
    assert not found.is_standing[:-1].any()
    assert (found.first_day[1:] > found.paid_until[:-1]).all()
    assert (found.settled >= 0).all() and (found.settled <= found.renewed).all()
    tenures = found.tenures(months)
    assert tenures.customers == len(found.periods)
