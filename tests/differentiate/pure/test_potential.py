"""What customers may spend: worked out by hand for a few, and held against wallets of known truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.need_terms import ImpossibleNeedTerms, NeedTerms
from entente.differentiate.pure.potential import (
    BUYS_THROUGH,
    LOW_SHARE,
    PLAYS_OFF,
    ImpossibleSpending,
    Said,
    Spending,
    cases,
    growth,
    order_classes,
    peer_quantiles,
    potentials,
)

TERMS = NeedTerms(peers=4)
NAN = float("nan")


def spending(revenue: Any, order_size: Any = None, is_peer: Any = None, kinds: Any = ()) -> Spending:
    revenue = np.asarray(revenue, float)
    n = len(revenue)
    size = np.full(n, 100.0) if order_size is None else np.asarray(order_size, float)
    peer = np.ones(n, bool) if is_peer is None else np.asarray(is_peer, bool)
    return Spending(revenue, size, peer, [np.asarray(codes) for codes in kinds])


def said(n: int, **columns: Any) -> Said:
    """Stated unless `believed` is among the columns."""
    is_stated = not columns.pop("believed", False)
    given = {name: np.full(n, NAN) for name in ("elsewhere", "share", "budget")}
    for name, values in columns.items():
        given[name] = np.asarray(values, float)
    flags = {f"{name}_is_stated": np.isfinite(values) & is_stated for name, values in given.items()}
    return Said(**given, **flags)


def test_a_potential_is_the_upper_quartile_of_the_like_and_never_below_what_they_spend():
    found = potentials(spending([100, 200, 300, 400, 500]), said(5), TERMS)
    assert found.potential.tolist() == [400, 400, 400, 400, 500]
    assert found.share.tolist() == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert found.low.tolist() == [300, 300, 300, 400, 500]
    # The nine tenths of the like lie 15 % above the three quarters; so does everybody's range, also of who spends more.
    assert found.high == pytest.approx([460, 460, 460, 460, 575])
    assert found.peers.tolist() == [5] * 5
    assert not found.is_told.any()


def test_only_who_orders_as_much_at_a_time_is_alike():
    found = potentials(spending([10, 20, 30, 40, 1000, 2000, 3000, 4000], [10] * 4 + [1000] * 4), said(8), TERMS)
    assert found.potential[:4].tolist() == [32.5, 32.5, 32.5, 40]
    assert found.potential[4:].tolist() == [3250, 3250, 3250, 4000]


def test_kinds_are_given_up_one_by_one_where_few_are_alike():
    kinds = ([1] * 4 + [2] * 2, [1, 1, 2, 2, 1, 2])
    found = potentials(spending([10, 20, 30, 40, 1000, 2000], kinds=kinds), said(6), TERMS)
    assert found.peers.tolist() == [4, 4, 4, 4, 6, 6]
    assert found.potential[0] == 32.5
    assert found.potential[4] == 1000


def test_who_is_no_peer_is_not_judged_and_moves_nobody():
    found = potentials(spending([10, 20, 30, 40, 9999], is_peer=[1, 1, 1, 1, 0]), said(5), TERMS)
    assert np.isnan(found.potential[4]) and np.isnan(found.share[4])
    assert found.potential[0] == 32.5


def test_too_few_are_nobody_to_compare_with():
    found = potentials(spending([10, 20, 30]), said(3), TERMS)
    assert np.isnan(found.potential).all()
    assert cases(found, np.zeros(3, int), np.zeros(3, bool), TERMS).tolist() == [0, 0, 0]


def test_what_they_say_beats_what_their_like_spend():
    money = spending([100, 200, 300, 400, 500])
    found = potentials(money, said(5, elsewhere=[300, NAN, NAN, NAN, 0]), TERMS)
    assert found.potential[[0, 4]].tolist() == [400, 500]
    assert found.share[[0, 4]].tolist() == [0.25, 1.0]
    assert found.is_stated.tolist() == [True, False, False, False, True]
    assert found.low[0] == found.high[0] == 400
    by_share = potentials(money, said(5, share=[0.1, 0.0, NAN, NAN, 1.0]), TERMS)
    assert by_share.potential[[0, 4]].tolist() == [1000, 500]
    assert by_share.share.tolist()[:2] == [0.1, 0.0]
    # They say they buy nothing here, and do: the share is theirs, what they may spend is still judged from their like.
    assert by_share.potential[1] == 400
    assert potentials(money, said(5, budget=[250, 50, NAN, NAN, NAN]), TERMS).potential[:2].tolist() == [250, 200]


def test_what_they_say_beats_what_we_believe_whatever_it_is_about():
    money = spending([100] * 5)
    both = replace(
        said(5, elsewhere=[900] * 5, believed=True), share=np.full(5, 0.5), share_is_stated=np.ones(5, bool)
    )  # fmt: skip
    assert potentials(money, both, TERMS).potential.tolist() == [200] * 5
    believed = potentials(money, said(5, elsewhere=[900] * 5, believed=True), TERMS)
    assert believed.potential.tolist() == [1000] * 5
    assert believed.is_told.all() and not believed.is_stated.any()


def test_a_prospect_who_says_what_they_spend_has_a_potential():
    found = potentials(spending([0.0], [0.0], [False]), said(1, elsewhere=[5000]), TERMS)
    assert (found.potential[0], found.share[0]) == (5000, 0.0)
    assert growth(found, np.zeros(1), np.array([0.4])).tolist() == [2000]


def test_the_three_cases_add_up():
    found = potentials(spending([100, 200, 300, 400, 500]), said(5), TERMS)
    told = cases(found, np.array([0, 1, 2, 3, 0]), np.array([False, False, False, True, False]), TERMS)
    assert told.tolist() == [LOW_SHARE, 0, PLAYS_OFF, PLAYS_OFF + BUYS_THROUGH, 0]


def test_more_could_be_brought_by_the_margin_of_what_is_spent_elsewhere():
    found = potentials(spending([100, 200, 300, 400, 500]), said(5), TERMS)
    assert growth(found, np.array([100.0, 200, 300, 400, 500]), np.array([0.5, 0.5, -0.2, 1, 1])).tolist() == [
        150,
        100,
        0,
        0,
        0,
    ]
    assert growth(found, np.array([-50.0, 200, 300, 400, 500]), np.full(5, 0.5))[0] == 200


def wallets(n: int, seed: int = 5) -> tuple[Spending, np.ndarray]:
    """Customers of known truth: how much they need a year and in orders of which size; half of them buy half or less of it here."""
    rng = np.random.default_rng(seed)
    order_size = np.exp(rng.normal(5.0, 1.2, n))
    wallet = order_size * rng.gamma(6.0, 2.0, n)
    share = np.where(rng.random(n) < 0.5, rng.uniform(0.8, 1.0, n), rng.uniform(0.05, 0.5, n))
    return spending(wallet * share, order_size), share


def test_known_shares_are_told_apart():
    money, truth = wallets(4000)
    found = potentials(money, said(4000), NeedTerms())
    order, true_order = np.argsort(np.argsort(found.share)), np.argsort(np.argsort(truth))
    assert np.corrcoef(order, true_order)[0, 1] > 0.75
    total = money.revenue.sum() / found.potential.sum()
    assert total == pytest.approx((money.revenue).sum() / (money.revenue / truth).sum(), abs=0.15)
    few = cases(found, np.zeros(4000, int), np.zeros(4000, bool), NeedTerms()) == LOW_SHARE
    assert truth[few].mean() < 0.35 < truth[~few].mean()


def test_a_wholesaler_worth_more_than_all_others_moves_only_those_who_order_like_it():
    money, _ = wallets(500)
    before = potentials(money, said(500), NeedTerms()).potential
    huge = spending(np.append(money.revenue, 1e9), np.append(money.order_size, 1e6))
    after = potentials(huge, said(501), NeedTerms()).potential
    assert np.mean(after[:500] == before) > 0.8
    assert after[500] == 1e9


def test_order_sizes_are_classed_by_doubling_and_the_ends_reach_far_enough():
    size = np.array([1.0] + [64.0] * 40 + [128.0] * 40 + [1e6])
    classes = order_classes(size, 30)
    assert len(set(classes.tolist())) == 2
    assert classes[0] == classes[1] and classes[-1] == classes[-2]


columns = st.lists(
    st.tuples(st.floats(-1e6, 1e9), st.floats(0, 1e6), st.booleans(), st.integers(0, 2)), min_size=1, max_size=60
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(columns)
def test_nobody_may_spend_less_than_they_do_and_shares_are_shares(rows: list[tuple[float, float, bool, int]]):
    revenue, size, is_peer, kind = (np.array(column) for column in zip(*rows, strict=True))
    found = potentials(Spending(revenue, size, is_peer, [kind]), said(len(rows)), TERMS)
    known = np.isfinite(found.potential)
    assert (found.potential[known] >= np.maximum(revenue[known], 0)).all()
    shares = found.share[np.isfinite(found.share)]
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (found.low[known] <= found.potential[known]).all() and (found.high[known] >= found.potential[known]).all()
    assert not known[~is_peer].any()


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(12)))
def test_the_order_of_the_customers_changes_nothing(order: list[int]):
    revenue = np.arange(12.0) ** 2 + 1
    kind = np.arange(12) % 2
    plain = peer_quantiles(spending(revenue, kinds=[kind]), (0.5, 0.75, 0.9), 4)[1]
    mixed = peer_quantiles(spending(revenue[order], kinds=[kind[order]]), (0.5, 0.75, 0.9), 4)[1]
    assert mixed.tolist() == plain[order].tolist()


def test_what_is_no_number_is_refused():
    with pytest.raises(ImpossibleSpending):
        spending([NAN])
    with pytest.raises(ImpossibleSpending):
        Spending(np.zeros(2), np.zeros(3), np.zeros(2, bool), [])


@pytest.mark.parametrize(
    "wrong", [{"quantile": 1.0}, {"low_share": 0}, {"peers": 0}, {"peers": 2.5}, {"confidence": 2}, {"lasts": 1e9}, {"x": 1},
              {"suppliers": True}, {"quantile": NAN}],
)  # fmt: skip
def test_figures_that_cannot_be_meant_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ImpossibleNeedTerms):
        NeedTerms.from_dict(wrong)


def test_figures_are_read_as_they_are_written():
    assert NeedTerms.from_dict({"quantile": 0.9}).as_dict() == {**NeedTerms().as_dict(), "quantile": 0.9}
