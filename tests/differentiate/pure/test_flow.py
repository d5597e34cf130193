"""The picture of a movement: nothing lies outside, nothing overlaps, every ribbon fits its boxes."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.flow import flow

CELLS = st.dictionaries(st.tuples(st.integers(0, 7), st.integers(0, 7)), st.integers(1, 10**6), max_size=30)


@settings(max_examples=100, deadline=None)
@given(CELLS)
def test_ribbons_fill_their_boxes_and_boxes_their_stack(cells):
    found = flow([(a, b, n) for (a, b), n in cells.items()], 300.0, gap=4.0)
    for side, boxes in enumerate((found.first, found.second)):
        assert sum(box.customers for box in boxes) == sum(cells.values())
        edges = [edge for box in boxes for edge in (box.top, box.bottom)]
        assert edges == sorted(edges)
        if boxes:
            assert boxes[0].top == 0.0 and boxes[-1].bottom == pytest.approx(300.0)
        for box in boxes:
            own = sorted(
                (one.first_top, one.first_bottom) if side == 0 else (one.second_top, one.second_bottom)
                for one in found.ribbons
                if (one.before, one.after)[side] == box.level
            )
            assert own[0][0] == pytest.approx(box.top) and own[-1][1] == pytest.approx(box.bottom)
            assert all(one[1] == pytest.approx(other[0]) for one, other in pairwise(own))


def test_few_at_the_top_can_be_seen_beside_many_below():
    found = flow([(1, 1, 10), (7, 7, 10_000)], 300.0)
    assert found.first[0].bottom - found.first[0].top > 8.0


def test_nobody_is_no_picture():
    assert flow([], 300.0).ribbons == () and flow([(1, 1, 0)], 300.0).first == ()
