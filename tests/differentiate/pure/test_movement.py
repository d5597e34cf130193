"""Movement: a matrix that always adds up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.movement import (
    NOT_THERE,
    QUANTILES,
    ImpossibleMovement,
    Way,
    movement,
    pyramids,
    sums,
    way,
)
from entente.differentiate.pure.pyramid import Level


def moved(before, after, **money):
    n = len(before)
    columns = ("revenue_before", "revenue_after", "profit_before", "profit_after", "value_after")
    given_or_zero = {name: np.asarray(money.get(name, np.zeros(n)), float) for name in columns}
    return movement(np.asarray(before, np.int8), np.asarray(after, np.int8), **given_or_zero)


def places(cells):
    return [(cell.before, cell.after, cell.customers) for cell in cells]


CODES = st.integers(NOT_THERE, len(Level))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CODES, CODES, st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=60))
def test_rows_and_columns_add_up_to_both_pyramids_always(people):
    before, after = ([one[k] for one in people] for k in (0, 1))
    cells = moved(before, after, profit_before=[one[2] for one in people], profit_after=[one[3] for one in people])
    first, second = pyramids(places(cells))
    for level in Level:
        assert first[level] == before.count(level)
        assert second[level] == after.count(level)
    there = [pair for pair in zip(before, after, strict=True) if pair != (NOT_THERE, NOT_THERE)]
    total = sums(places(cells))
    assert total.came_in + total.up + total.down + total.same + total.out == len(there)
    assert total.came_in == sum(1 for pair in there if pair[0] == NOT_THERE)
    assert total.out == sum(1 for pair in there if pair[1] == NOT_THERE)
    assert sum(second.values()) - sum(first.values()) == total.came_in - total.out
    for cell in cells:
        assert len(cell.changes) == QUANTILES and list(cell.changes) == sorted(cell.changes)
        assert cell.change_sd >= 0.0


def test_money_of_a_cell_is_that_of_its_customers():
    cells = moved([3, 3, 2], [2, 2, 2], profit_before=[1, 3, 10], profit_after=[5, 9, 11], revenue_after=[50, 90, 110])
    up = next(cell for cell in cells if (cell.before, cell.after) == (3, 2))
    assert (up.customers, up.profit_before, up.profit_after, up.revenue_after) == (2, 4.0, 14.0, 140.0)
    assert up.change_sd == pytest.approx(np.std([4, 6], ddof=1))
    assert min(up.changes) >= 4.0 and max(up.changes) <= 6.0


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(0, 4, Way.CAME_IN), (4, 0, Way.OUT), (4, 1, Way.UP), (1, 5, Way.DOWN), (7, 6, Way.UP), (3, 3, Way.SAME)],
)
def test_every_cell_has_a_word(before, after, expected):
    assert way(before, after) is expected


def test_who_began_to_buy_and_who_stopped_lie_across_the_five_ways():
    total = sums([(0, 4, 3), (6, 2, 1), (5, 4, 2), (4, 5, 7), (1, 0, 1), (4, 3, 9)])
    assert (total.began, total.stopped) == (6, 8)


def test_who_was_there_on_neither_day_is_in_no_cell():
    assert moved([0, 0], [0, 3])[0].customers == 1
    assert moved([0], [0]) == [] and moved([], []) == []


@pytest.mark.parametrize(
    ("before", "after", "money"),
    [([1], [1, 2], {}), ([8], [1], {}), ([-1], [1], {}), ([1], [1], {"profit_after": [np.nan]}), ([1], [1], {"value_after": [1, 2]})],
)  # fmt: skip
def test_nonsense_is_refused(before, after, money):
    with pytest.raises(ImpossibleMovement):
        moved(before, after, **money)
