"""Keys of facts: the same for the same line, different for everything else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from entente.ledger.pure.keys import fact_keys, hashed, hashed_numbers, twins_within


def keys(lanes, days=None, twins=None):
    count = len(lanes)
    days = np.zeros(count, np.int32) if days is None else np.array(days, np.int32)
    return fact_keys(lanes, days, np.zeros(count, np.int64) if twins is None else np.array(twins, np.int64))


def test_a_line_has_the_same_key_wherever_it_stands():
    one, other = hashed("customer", ["a", "b"]), hashed("customer", ["b", "a"])
    assert (keys(one) == keys(other)[::-1]).all()


def test_the_column_is_part_of_the_hash():
    assert (hashed("customer", ["17"]) != hashed("product", ["17"])).any()
    seven = np.array([7])
    assert (hashed_numbers("quantity", seven) != hashed_numbers("amount", seven)).any()


def test_swapped_figures_are_another_line():
    two, three = np.array([2]), np.array([3])
    one = hashed_numbers("quantity", two) + hashed_numbers("unit_price", three)
    other = hashed_numbers("quantity", three) + hashed_numbers("unit_price", two)
    assert keys(one)[0] != keys(other)[0]


def test_keys_lie_in_the_order_of_days():
    found = keys(hashed("customer", ["a"] * 4), days=[-1, 0, 1, 20_000])
    assert [key.tobytes() for key in found] == sorted(key.tobytes() for key in found)


def test_a_million_lines_do_not_collide():
    numbers = np.arange(1_000_000)
    assert len(np.unique(keys(hashed_numbers("amount", numbers)).view(">u8").reshape(-1, 2), axis=0)) == 1_000_000


def test_twins_have_keys_of_their_own():
    found = keys(hashed("customer", ["a"] * 1000), twins=range(1000))
    assert len({key.tobytes() for key in found}) == 1000


@given(st.lists(st.integers(0, 5), max_size=60))
def test_twins_are_counted_as_they_come(values):
    found = keys(hashed("customer", [str(value) for value in values])) if values else np.zeros(0, "V16")
    order, counts, places = twins_within(found)
    assert places.tolist() == [values[:place].count(value) for place, value in enumerate(values)]
    assert sorted(counts.tolist()) == sorted(values.count(value) for value in set(values))
    assert sorted(order.tolist()) == list(range(len(values)))
