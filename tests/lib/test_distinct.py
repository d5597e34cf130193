"""Each value once, in order: as `numpy.unique` has it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from entente.lib.distinct import distinct


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_each_value_once_in_order(values: list[int]):
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


def test_the_kind_of_number_stays():
    assert distinct(np.array([[3, 1], [1, 2]], np.int32)).dtype == np.int32
