"""The hold-out of a firm."""

from __future__ import annotations

import numpy as np
import pytest

from entente.learn.assign import hold_out, own_terms
from entente.staff.models import Setting
from entente.staff.settings import put_setting

pytestmark = pytest.mark.django_db
MANY = np.arange(1, 20_001)


def test_the_salt_is_drawn_once():
    terms = own_terms()
    assert len(terms["salt"]) == 16 and own_terms() == terms and Setting.objects.count() == 1
    put_setting("hold_out", {**terms, "share": 0.2}, by=None)
    assert own_terms()["salt"] == terms["salt"]


def test_a_twentieth_is_held_out_for_a_year():
    first = hold_out(MANY, year=2026)
    assert 0.04 < first.mean() < 0.06
    assert (hold_out(MANY, year=2026) == first).all()
    assert (hold_out(MANY[::-1], year=2026)[::-1] == first).all()
    both = (first & hold_out(MANY, year=2027)).mean()
    assert both < 0.01


def test_a_larger_share_holds_out_the_same_and_more():
    small = hold_out(MANY, year=2026)
    put_setting("hold_out", {**own_terms(), "share": 0.3}, by=None)
    large = hold_out(MANY, year=2026)
    assert (large[small]).all() and 0.27 < large.mean() < 0.33
    put_setting("hold_out", {**own_terms(), "share": 0.0}, by=None)
    assert not hold_out(MANY, year=2026).any()


def test_a_share_set_before_the_salt_was_drawn_is_kept():
    put_setting("hold_out", {"share": 0.1}, by=None)
    assert own_terms()["share"] == 0.1 and "salt" in own_terms()
