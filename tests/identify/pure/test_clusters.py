"""The pairs that say why records are one customer hold together what all pairs hold together, by the surest way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from entente.identify.pure.clusters import ways_home


def components(n: int, pairs: list[tuple[int, int]]) -> list[int]:
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    _, of = connected_components(
        coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(n, n)), directed=False
    )
    first: dict[int, int] = {}
    return [first.setdefault(group, row) for row, group in enumerate(of.tolist())]


def test_each_record_hangs_on_the_next_one_on_the_surest_way_home():
    left, right = np.array([0, 1, 0, 3]), np.array([1, 2, 2, 4])
    home = np.array([True, False, False, False, False])
    # 0 and 2 are alike as well, but less than either is like 1.
    assert ways_home(home, left, right, np.array([5.0, 9.0, 1.0, 4.0])).tolist() == [-1, 0, 1, -1, 3]


def test_the_two_that_are_most_alike_do_not_forget_the_third():
    """Each one's surest pair alone would leave the first record by itself."""
    found = ways_home(np.zeros(3, np.bool_), np.array([0, 1]), np.array([2, 2]), np.array([3.0, 30.0]))
    assert found.tolist() == [-1, 1, 0]


def test_nothing_hangs_on_nothing():
    assert ways_home(np.ones(3, np.bool_), np.zeros(0, int), np.zeros(0, int), np.zeros(0)).tolist() == [-1, -1, -1]
    assert ways_home(np.zeros(0, np.bool_), np.zeros(0, int), np.zeros(0, int), np.zeros(0)).tolist() == []


@given(st.data())
def test_they_hold_together_what_all_pairs_do(data: st.DataObject):
    n = data.draw(st.integers(2, 12))
    record = st.integers(0, n - 1)
    drawn = data.draw(st.lists(st.tuples(record, record, st.floats(-50, 90)), max_size=25))
    pairs = [each for each in drawn if each[0] != each[1]]
    home = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), np.bool_)
    left, right, weight = (
        (np.array(column) for column in zip(*pairs, strict=True)) if pairs else (np.zeros(0, int),) * 3
    )
    found = ways_home(home, left, right, weight.astype(float))
    hung = [(row, pair) for row, pair in enumerate(found.tolist()) if pair >= 0]
    assert all(row in pairs[pair][:2] and not home[row] for row, pair in hung)
    at_home = np.flatnonzero(home).tolist()
    bound = [(at_home[0], each) for each in at_home]
    every = components(n, [*((a, b) for a, b, _ in pairs), *bound])
    assert components(n, [*(pairs[pair][:2] for _, pair in hung), *bound]) == every
