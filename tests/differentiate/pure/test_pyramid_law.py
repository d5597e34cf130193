import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.estimate import Precision
from entente.differentiate.pure.pyramid import ACTIVE, NAMES, ImpossiblePyramid, Level, cells, levels, sum_of


def built(value, active=None, before=None, talking=None, **options):
    value = np.asarray(value, float)
    active = np.ones(len(value), bool) if active is None else np.asarray(active, bool)
    before = active if before is None else np.asarray(before, bool)
    talking = np.zeros(len(value), bool) if talking is None else np.asarray(talking, bool)
    return levels(value, active, before, talking, **options)


def counts(found):
    return [int((found == level).sum()) for level in ACTIVE]


def test_a_thousand_different_customers_fall_one_four_fifteen_eighty():
    value = np.random.default_rng(1).permutation(np.arange(1.0, 1001.0))
    found = built(value)
    assert counts(found) == [10, 40, 150, 800]
    assert value[found == Level.TOP].min() > value[found == Level.BIG].max()
    assert value[found == Level.MEDIUM].min() > value[found == Level.SMALL].max()


def test_below_the_active_are_those_who_bought_before_who_talk_and_who_do_neither():
    found = built([5, 9, 9, 9], active=[1, 0, 0, 0], before=[1, 1, 0, 0], talking=[1, 1, 1, 0])
    assert found.tolist() == [Level.TOP, Level.INACTIVE, Level.PROSPECT, Level.SUSPECT]


def test_codes_are_stored_and_must_not_move():
    assert {int(level): name for level, name in NAMES.items()} == {
        1: "top", 2: "big", 3: "medium", 4: "small", 5: "inactive", 6: "prospect", 7: "suspect",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("n", "expected"), [(1, [1, 0, 0, 0]), (2, [1, 0, 0, 1]), (10, [1, 0, 1, 8]), (40, [1, 1, 6, 32])]
)
def test_the_smallest_firm_has_a_top_customer(n, expected):
    assert counts(built(np.arange(1.0, n + 1))) == expected


def test_when_all_are_equal_nobody_is_above_another():
    assert counts(built(np.full(100, 7.0))) == [0, 0, 0, 100]


def test_equals_at_a_cut_move_together_to_the_nearer_side():
    two_first = np.concatenate(([9.0, 9.0], np.arange(98.0) / 100 + 1))
    assert counts(built(two_first)) == [2, 3, 15, 80]
    many_tied = np.concatenate((np.arange(20.0, 5.0, -1), np.full(85, 3.0)))
    assert counts(built(many_tied)) == [1, 4, 10, 85]


def test_the_same_money_is_equal_however_it_was_added_up():
    value = np.concatenate(([0.3, 0.1 + 0.2], np.full(8, 0.1)))
    assert counts(built(value)) == [2, 0, 0, 8]


def test_who_returned_everything_is_small_however_few_there_are():
    assert built([0.0, -50.0]).tolist() == [Level.SMALL, Level.SMALL]
    assert counts(built([5.0, -1.0, -2.0, 0.0], cut_offs=(0.5, 0.25, 0.25))) == [1, 0, 0, 3]


def test_the_value_of_those_not_active_is_not_read():
    assert built([np.nan, 4.0], active=[0, 1], before=[1, 1]).tolist() == [Level.INACTIVE, Level.TOP]


@settings(deadline=None)
@given(st.lists(st.integers(-3, 30), min_size=1, max_size=200), st.tuples(*[st.floats(0, 0.33)] * 3))
def test_equal_customers_sit_together_and_more_value_never_sits_lower(values, cut_offs):
    value = np.array(values, float)
    found = built(value, cut_offs=cut_offs)
    for one in np.unique(value):
        assert len(set(found[value == one])) == 1
    order = np.argsort(-value, kind="stable")
    assert (np.diff(found[order]) >= 0).all()
    assert (found[value <= 0] == Level.SMALL).all()


@settings(deadline=None)
@given(st.data())
def test_the_cells_hold_everyone_once_and_all_the_money(data):
    n = data.draw(st.integers(0, 80))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    level = rng.integers(1, 8, n).astype(np.int8)
    revenue, margin, worth = rng.normal(50, 100, (3, n))
    known = rng.random(n) < 0.5
    parts = cells(level, revenue, margin, known, worth, margin_share=0.2, lifetime_value_share=0.1)
    whole = sum_of(parts)
    assert [part.level for part in parts] == list(Level)
    assert whole.customers == n
    assert whole.revenue.value == pytest.approx(revenue.sum(), abs=1e-6)
    assert whole.margin.value == pytest.approx(margin.sum(), abs=1e-6)
    assert whole.lifetime_value.value == pytest.approx(worth.sum(), abs=1e-6)
    assert whole.revenue.precision is Precision.EXACT


def test_a_margin_that_was_assumed_is_marked_and_one_computed_is_not():
    level = np.array([1, 1, 2], np.int8)
    parts = cells(
        level,
        revenue=np.array([100.0, 100.0, 50.0]),
        margin=np.array([30.0, 40.0, 10.0]),
        margin_known=np.array([True, False, True]),
        lifetime_value=np.array([5.0, 5.0, 5.0]),
        margin_share=0.25,
        lifetime_value_share=0.1,
    )
    top, big, medium = parts[:3]
    assert (top.name, top.customers, top.revenue.value) == ("top", 2, 200.0)
    assert (top.margin.value, top.margin.spread, top.margin.precision) == (70.0, 10.0, Precision.ESTIMATE)
    assert big.margin.precision is Precision.EXACT
    assert top.lifetime_value.share == pytest.approx(0.1)
    assert (medium.customers, medium.lifetime_value.precision) == (0, Precision.EXACT)


@pytest.mark.parametrize("cut_offs", [(0.5, 0.4, 0.2), (-0.1, 0.1, 0.1), (np.nan, 0.1, 0.1)])
def test_cut_offs_that_cannot_be_are_refused(cut_offs):
    with pytest.raises(ImpossiblePyramid, match="Cut-offs"):
        built([1.0], cut_offs=cut_offs)


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ImpossiblePyramid, match="length"):
        built([1.0, 2.0], active=[True])
    with pytest.raises(ImpossiblePyramid, match="no number"):
        built([np.nan])
