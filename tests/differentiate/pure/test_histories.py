import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.grouping import distinct
from entente.differentiate.pure.histories import ImpossibleHistory, from_customer_days
from tests.differentiate.pure.buyers import histories


def test_purchases_count_the_first_one_and_weeks_are_seven_days():
    one = histories([2], [213], [272])
    assert one.purchases.tolist() == [3]
    assert one.recency == pytest.approx([30.43], abs=5e-3)
    assert one.age == pytest.approx([38.86], abs=5e-3)


@pytest.mark.parametrize(
    ("repeats", "recency", "age"),
    [(-1, 0, 5), (1, 6, 5), (0, 3, 5), (2, 0, 5), (1, -1, 5)],
    ids=[
        "fewer than none",
        "bought after today",
        "recency without a repeat",
        "a repeat on the same day",
        "before the first",
    ],
)
def test_histories_that_cannot_be_are_refused_with_the_customer_named(repeats, recency, age):
    with pytest.raises(ImpossibleHistory, match=r"Customer number 1 .*cannot be"):
        histories([0, repeats], [0, recency], [5, age])


def test_spend_must_be_a_number_and_columns_of_one_length():
    with pytest.raises(ImpossibleHistory, match="cannot be"):
        histories([0], [0], [5], np.array([np.nan]))
    with pytest.raises(ImpossibleHistory, match="differ in length"):
        histories([0, 0], [0, 0], [5])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=60))
def test_grouping_loses_nobody_and_mixes_nobody(rows):
    table = np.array(rows, np.int64).reshape(-1, 3)
    groups = distinct(table[:, 0], table[:, 1], table[:, 2])
    assert groups.sizes.sum() == len(rows)
    assert len(groups.first) == len(set(rows))
    assert (table[groups.first][groups.of_row] == table).all()
    assert (np.bincount(groups.of_row, minlength=len(groups.first)) == groups.sizes).all()


def test_grouping_takes_the_largest_numbers():
    far = np.array([2**62, -(2**62), 2**62, 0])
    assert distinct(far, far).of_row.tolist() == [0, 1, 0, 2]
    with pytest.raises(ValueError, match="same length"):
        distinct(far, far[:2])


def test_customers_of_one_history_share_a_group():
    grouped = histories([2, 0, 2, 2], [9, 0, 9, 8], [20, 20, 20, 20]).grouped
    assert sorted(grouped.customers.tolist()) == [1, 1, 2]
    first, second, third, fourth = grouped.of_customer.tolist()
    assert first == third
    assert len({first, second, fourth}) == 3
    assert (grouped.repeats[first], grouped.recency_days[first], grouped.age_days[first]) == (2, 9, 20)


def test_histories_from_days_stand_as_they_stood_on_the_day():
    customer = np.array([7, 7, 7, 9, 11])
    day = np.array([10, 12, 40, 20, 31])
    ids, known = from_customer_days(customer, day, np.array([5.0, 15.0, 99.0, 3.0, 8.0]), as_of_day=30)
    assert ids.tolist() == [7, 9]
    assert known.repeats.tolist() == [1, 0]
    assert known.recency_days.tolist() == [2, 0]
    assert known.age_days.tolist() == [20, 10]
    assert known.spend_mean.tolist() == [10.0, 3.0]


def test_before_the_first_sale_there_are_no_histories():
    ids, known = from_customer_days(np.array([7]), np.array([10]), np.array([5.0]), as_of_day=9)
    assert len(ids) == len(known) == 0


@pytest.mark.parametrize("customer_day", [([2, 1], [1, 1]), ([1, 1], [2, 1]), ([1, 1], [1, 1])])
def test_unsorted_days_are_refused(customer_day):
    with pytest.raises(ImpossibleHistory, match="sorted"):
        from_customer_days(*map(np.array, customer_day), np.ones(2), as_of_day=9)
