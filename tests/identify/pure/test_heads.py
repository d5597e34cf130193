"""The top of each one's line."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.identify.pure.heads import heads


def tops(pairs: dict[int, int]) -> tuple[dict[int, int], list[int]]:
    found = heads(np.array(list(pairs), np.int64), np.array(list(pairs.values()), np.int64))
    return dict(zip(found.below.tolist(), found.head.tolist(), strict=True)), found.circling.tolist()


def walked(pairs: dict[int, int], start: int) -> int:
    """Step by step: the top, or where the line comes back to where it was."""
    seen = [start]
    while seen[-1] in pairs:
        above = pairs[seen[-1]]
        if above in seen:
            return above
        seen.append(above)
    return seen[-1]


def test_branches_shops_and_a_chain():
    assert tops({11: 7, 12: 7, 111: 11, 112: 11, 7: 3}) == ({7: 3, 11: 3, 12: 3, 111: 3, 112: 3}, [])


def test_nobody_above_anybody():
    assert tops({}) == ({}, [])


def test_who_stand_above_each_other_are_tops_and_told():
    assert tops({1: 2, 2: 3, 3: 1, 8: 9, 9: 2}) == ({8: 2, 9: 2}, [1, 2, 3])


def test_a_line_of_a_hundred_thousand():
    below = np.arange(1, 100_001)
    found = heads(below, below - 1)
    assert not len(found.circling) and set(found.head.tolist()) == {0} and len(found.below) == 100_000


@given(st.dictionaries(st.integers(0, 12), st.integers(0, 12)).map(lambda d: {k: v for k, v in d.items() if k != v}))
@settings(max_examples=300, deadline=None)
def test_as_walked_step_by_step(pairs: dict[int, int]):
    found, circling = tops(pairs)
    for number in {*pairs, *pairs.values()}:
        assert found.get(number, number) == walked(pairs, number)
    assert circling == sorted(n for n in pairs if walked(pairs, n) == n and pairs.get(n) is not None)
