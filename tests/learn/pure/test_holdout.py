"""The permanent hold-out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.learn.pure.holdout import NEVER_WITHHELD, ImpossibleShare, UnknownPurpose, held_out, may_be_withheld

MANY = np.arange(400_000)


def test_one_in_twenty():
    share = held_out(MANY, salt="firm", year=2026).mean()
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / len(MANY)))


def test_another_year_and_another_salt_hold_out_others():
    this, next_year = held_out(MANY, salt="firm", year=2026), held_out(MANY, salt="firm", year=2027)
    other_firm = held_out(MANY, salt="company", year=2026)
    for other in (next_year, other_firm):
        # Independent draws of one in twenty meet in one in four hundred.
        assert (this & other).mean() == pytest.approx(0.0025, abs=5 * np.sqrt(0.0025 / len(MANY)))


def test_asked_again_the_answer_is_the_same_whoever_else_is_asked():
    once = held_out(MANY, salt="firm", year=2026)
    again = held_out(MANY[::-7], salt="firm", year=2026)
    assert (once[::-7] == again).all()


@given(st.integers(-(2**63), 2**63 - 1), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_keeps_who_was_held_out(customer_id, share, other):
    small, large = sorted((share, other))
    if held_out(customer_id, salt="s", year=2026, share=small):
        assert held_out(customer_id, salt="s", year=2026, share=large)


def test_nobody_and_everybody():
    assert not held_out(MANY, salt="s", year=2026, share=0.0).any()
    assert held_out(MANY, salt="s", year=2026, share=1.0).all()


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_refuses_what_is_no_share(share):
    with pytest.raises(ImpossibleShare, match="from 0 to 1"):
        held_out([1], salt="s", year=2026, share=share)


def test_what_a_person_is_owed_is_never_withheld():
    assert {"emergency", "legal", "transactional", "service"} == NEVER_WITHHELD
    assert not any(may_be_withheld(purpose) for purpose in NEVER_WITHHELD)
    assert all(may_be_withheld(purpose) for purpose in ("relationship", "marketing", "survey"))


def test_a_purpose_nobody_defined():
    with pytest.raises(UnknownPurpose, match="promo"):
        may_be_withheld("promo")
