import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.netting import ImpossibleLines, net_purchases
from tests.differentiate.pure.buyers import added_up

ALICE, BOB = 1, 2
PAINT, BRUSH, FEE = 10, 20, 30


def netted(*lines, count="net"):
    """Lines as (customer, day, product, quantity, amount); a negative quantity is a return."""
    customer, day, product, quantity, amount = (np.array(column) for column in zip(*lines, strict=True))
    quantity = quantity.astype(float)
    return net_purchases(customer, day, amount.astype(float), product, quantity, quantity < 0, count)


def rows(found):
    return list(zip(found.customer.tolist(), found.day.tolist(), found.amount.tolist(), strict=True))


def test_lines_of_a_day_are_one_purchase():
    found = netted(
        (ALICE, 5, PAINT, 1, 10.0), (BOB, 5, PAINT, 1, 7.0), (ALICE, 5, BRUSH, 2, 4.0), (ALICE, 9, BRUSH, 1, 2.0)
    )
    assert rows(found) == [(ALICE, 5, 14.0), (ALICE, 9, 2.0), (BOB, 5, 7.0)]


def test_a_return_comes_off_the_latest_earlier_purchase_of_that_product():
    found = netted(
        (ALICE, 1, PAINT, 2, 20.0), (ALICE, 5, PAINT, 2, 20.0), (ALICE, 7, BRUSH, 1, 5.0), (ALICE, 9, PAINT, -1, -10.0),
        (ALICE, 11, PAINT, 3, 30.0),
    )  # fmt: skip
    assert rows(found) == [(ALICE, 1, 20.0), (ALICE, 5, 10.0), (ALICE, 7, 5.0), (ALICE, 11, 30.0)]
    assert found.returned.tolist() == [0.0, 10.0, 0.0, 0.0]


def test_more_than_was_bought_last_comes_off_the_purchase_before():
    found = netted((ALICE, 1, PAINT, 2, 20.0), (ALICE, 5, PAINT, 1, 12.0), (ALICE, 9, PAINT, -2, -22.0))
    assert rows(found) == [(ALICE, 1, 10.0)]
    assert found.cancelled_days == 1


def test_a_fully_cancelled_purchase_never_happened():
    found = netted(
        (ALICE, 1, PAINT, 2, 20.0), (ALICE, 1, BRUSH, 1, 0.3), (ALICE, 3, PAINT, -2, -20.0), (ALICE, 3, BRUSH, -1, -0.3)
    )
    assert rows(found) == []
    assert (found.cancelled_days, found.unmatched) == (1, 0.0)


def test_a_return_on_the_day_itself_counts():
    assert rows(netted((ALICE, 1, PAINT, -1, -10.0), (ALICE, 1, PAINT, 2, 20.0))) == [(ALICE, 1, 10.0)]


def test_a_refund_without_a_product_comes_off_the_latest_days():
    found = netted((ALICE, 1, PAINT, 1, 10.0), (ALICE, 3, BRUSH, 1, 4.0), (ALICE, 4, FEE, -1, -6.0))
    assert rows(found) == [(ALICE, 1, 8.0)]


def test_a_return_dearer_than_its_purchase_takes_the_rest_from_the_latest_day():
    found = netted((ALICE, 1, PAINT, 1, 10.0), (ALICE, 3, BRUSH, 1, 8.0), (ALICE, 4, PAINT, -1, -12.0))
    assert rows(found) == [(ALICE, 3, 6.0)]


def test_what_was_bought_before_the_data_begin_is_reported_not_forced():
    found = netted((ALICE, 1, PAINT, -1, -10.0), (ALICE, 3, PAINT, 1, 10.0), (BOB, 0, PAINT, 1, 9.0))
    assert rows(found) == [(ALICE, 3, 10.0), (BOB, 0, 9.0)]
    assert found.unmatched == 10.0


def test_one_customers_return_is_not_anothers():
    found = netted((ALICE, 1, PAINT, 1, 10.0), (BOB, 2, PAINT, -1, -10.0))
    assert rows(found) == [(ALICE, 1, 10.0)]


def test_free_lines_are_no_purchase():
    assert rows(netted((ALICE, 1, PAINT, 1, 0.0), (BOB, 1, PAINT, 1, 0.0), (BOB, 1, BRUSH, 1, 3.0))) == [(BOB, 1, 3.0)]


def test_signs_are_not_trusted():
    positive = net_purchases(
        np.array([1, 1]),
        np.array([1, 2]),
        np.array([10.0, 4.0]),
        np.array([7, 7]),
        np.array([5.0, 2.0]),
        np.array([False, True]),
    )
    assert rows(positive) == [(1, 1, 6.0)]
    credit = net_purchases(
        np.array([1, 1]),
        np.array([1, 2]),
        np.array([10.0, -4.0]),
        np.array([7, 7]),
        np.array([5.0, 2.0]),
        np.zeros(2, bool),
    )
    assert rows(credit) == [(1, 1, 6.0)]


def test_gross_counts_a_day_whatever_came_back_later():
    found = netted((ALICE, 1, PAINT, 1, 10.0), (ALICE, 2, PAINT, -1, -10.0), count="gross")
    assert rows(found) == [(ALICE, 1, 10.0)]
    assert found.unmatched == 10.0


def test_no_lines_no_purchases():
    none = np.zeros(0)
    assert (
        len(net_purchases(none.astype(int), none.astype(int), none, none.astype(int), none, none.astype(bool)).day) == 0
    )


LINES = st.lists(
    st.tuples(
        st.integers(1, 3), st.integers(0, 6), st.integers(0, 2), st.integers(-4, 6).filter(bool), st.integers(1, 9)
    ),
    min_size=1,
    max_size=60,
)


@settings(deadline=None)
@given(LINES, st.randoms(use_true_random=False))
def test_no_money_is_lost_or_made_and_the_order_of_lines_does_not_matter(drawn, random):
    lines = [(c, d, p, q, float(q * price)) for c, d, p, q, price in drawn]
    found = netted(*lines)
    assert found.amount.sum() - found.unmatched == pytest.approx(sum(line[4] for line in lines), abs=1e-9)
    assert (found.amount > 0).all()
    assert (found.returned >= 0).all()
    bought = {(c, d) for c, d, _, q, _ in lines if q > 0}
    assert set(zip(found.customer.tolist(), found.day.tolist(), strict=True)) <= bought
    assert len(found.day) + found.cancelled_days == len(bought)
    gross = netted(*lines, count="gross")
    assert len(gross.day) == len(bought)
    assert gross.amount.sum() >= found.amount.sum() - 1e-9
    by_price = sorted(lines, key=lambda line: line[4] / line[3])
    random.shuffle(by_price)
    assert netted(*by_price).amount.sum() == pytest.approx(found.amount.sum(), abs=1e-9)


def test_sorted_and_shuffled_lines_give_the_same(online_retail):
    shuffled = np.random.default_rng(1).permutation(20_000)
    part = {name: column[:20_000] for name, column in online_retail.items()}
    order = np.lexsort((np.arange(20_000), part["day"], part["customer"]))
    one = net_purchases(**{name: column[order] for name, column in part.items()})
    other = net_purchases(**{name: column[shuffled] for name, column in part.items()})
    assert one.customer.tolist() == other.customer.tolist()
    assert one.day.tolist() == other.day.tolist()
    assert one.amount.sum() == pytest.approx(other.amount.sum())


def test_online_retail_adds_up(online_retail):
    net, gross = net_purchases(**online_retail), net_purchases(**online_retail, count="gross")
    assert net.amount.sum() - net.unmatched == pytest.approx(online_retail["amount"].sum(), rel=1e-12)
    assert len(net.day) + net.cancelled_days == len(gross.day)
    bought = online_retail["amount"] > 0
    customer, day, amount = added_up(*(online_retail[name][bought] for name in ("customer", "day", "amount")))
    assert (gross.customer == customer).all()
    assert (gross.day == day).all()
    assert gross.amount == pytest.approx(amount)


@pytest.mark.parametrize("far", [2**62, -(2**62)])
def test_the_largest_customer_numbers_do_not_overflow(far):
    found = net_purchases(
        np.array([far, 5, far]), np.array([9, 1, 2]), np.ones(3), np.ones(3, int), np.ones(3), np.zeros(3, bool)
    )
    assert rows(found) == sorted([(far, 2, 1.0), (far, 9, 1.0), (5, 1, 1.0)])


def test_lines_that_cannot_be_are_refused():
    with pytest.raises(ImpossibleLines, match="no number"):
        netted((ALICE, 1, PAINT, 1, np.nan))
    with pytest.raises(ImpossibleLines, match="length"):
        net_purchases(*(np.ones(2, int) for _ in range(5)), np.zeros(1, bool))
