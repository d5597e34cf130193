"""What goes with what: against dense arithmetic, a world of known truth, and Online Retail."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.customize.pure.cross_sell import (
    NO_ITEM,
    ImpossibleHistory,
    Neighbours,
    TooManyItems,
    cosine_neighbours,
    ease_neighbours,
    recommend,
)

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "online_retail.parquet"


def history(rows) -> scipy.sparse.csr_array:
    return scipy.sparse.csr_array(np.array(rows, np.float32))


def dense(neighbours: Neighbours) -> np.ndarray:
    shape = (neighbours.items, neighbours.items)
    return scipy.sparse.csr_array((neighbours.weight, neighbours.target, neighbours.offsets), shape=shape).toarray()


weights = st.lists(st.lists(st.sampled_from([0.0, 0.0, 0.5, 1.0]), min_size=6, max_size=6), min_size=1, max_size=9)


@given(weights, st.sampled_from([0.5, 0.7]), st.sampled_from([0.0, 2.0]))
@settings(max_examples=40, deadline=None)
def test_cosine_agrees_with_dense_arithmetic(rows, balance, shrink):
    x = np.array(rows)
    size = x.sum(axis=1)
    share = np.divide(1, size, out=np.zeros(len(x)), where=size > 0)
    common = x.T @ (share[:, None] * x)
    own = np.diag(common)
    doubt = shrink * (share[np.nonzero(x)[0]].mean() if x.any() else 1.0)
    below = own[:, None] ** (1 - balance) * own[None] ** balance + doubt
    expected = np.divide(common, below, out=np.zeros_like(common), where=below > 0)
    np.fill_diagonal(expected, 0)
    found = cosine_neighbours(history(rows), balance=balance, shrink=shrink)
    np.testing.assert_allclose(dense(found), expected, atol=1e-5)


def test_ease_agrees_with_its_equation():
    x = (np.random.default_rng(0).random((200, 12)) < 0.3).astype(float)
    inverse = np.linalg.inv(x.T @ x + 5 * np.eye(12))
    expected = np.eye(12) - inverse / np.diag(inverse)
    np.testing.assert_allclose(dense(ease_neighbours(history(x), ridge=5.0)), expected, atol=1e-6)


@given(weights, st.booleans(), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_recommending_agrees_with_dense_arithmetic(rows, exclude, top):
    taste = np.random.default_rng(1).normal(0.1, 1, (6, 6)).astype(np.float32)
    np.fill_diagonal(taste, 0)
    learned = scipy.sparse.csr_array(taste)
    neighbours = Neighbours(learned.indptr.astype(np.int64), learned.indices.astype(np.int32), learned.data)
    liked = np.array([1.0, 2.0, 0.5, 0.0, 1.0, 3.0])
    found = recommend(history(rows), neighbours, popularity=liked, exclude_bought=exclude, top=top)
    x = np.array(rows)
    scores = (x @ taste) * liked
    if exclude:
        scores[x > 0] = 0
    best = -np.sort(-np.maximum(scores, 0), axis=1)[:, :top]
    np.testing.assert_allclose(found.score, best, atol=1e-5)
    for who in range(len(x)):
        for place in range(top):
            item, because = found.item[who, place], found.because[who, place]
            if item == NO_ITEM:
                assert because == NO_ITEM
                continue
            assert scores[who, item] == pytest.approx(found.score[who, place], abs=1e-5)
            assert x[who, because] * taste[because, item] == pytest.approx((x[who] * taste[:, item]).max(), abs=1e-6)


def test_a_wide_shop_and_a_narrow_one_answer_alike():
    """The quick way for few items and the careful way for many give the same."""
    generator = np.random.default_rng(4)
    few = scipy.sparse.random_array((300, 40), density=0.15, rng=generator, format="csr", dtype=np.float32)
    few.data[:] = 1.0
    wide = scipy.sparse.csr_array((few.data, few.indices, few.indptr), shape=(300, 4_000))
    narrow, broad = (recommend(x, cosine_neighbours(x, keep=5), top=3) for x in (few, wide))
    assert (narrow.item == broad.item).all()
    np.testing.assert_allclose(narrow.score, broad.score, rtol=1e-6)


def test_keeps_the_strongest_neighbours_only():
    x = history((np.random.default_rng(2).random((500, 30)) < 0.2).astype(float))
    every, some = dense(cosine_neighbours(x, keep=30)), dense(cosine_neighbours(x, keep=4))
    assert ((some > 0).sum(axis=1) == 4).all()
    np.testing.assert_allclose(np.sort(some, axis=1)[:, -4:], np.sort(every, axis=1)[:, -4:])


def test_threads_change_nothing():
    x = history((np.random.default_rng(3).random((700, 50)) < 0.2).astype(float))
    one, three = (cosine_neighbours(x, threads=threads) for threads in (1, 3))
    assert (one.target == three.target).all()
    assert (one.weight == three.weight).all()
    assert (recommend(x, one, threads=1).item == recommend(x, one, threads=3).item).all()


@pytest.mark.parametrize("learn", [cosine_neighbours, lambda x: ease_neighbours(x, ridge=50.0)])
def test_finds_the_pairs_of_a_known_world(learn):
    """Items 2k and 2k + 1 are bought together; who has the one is offered the other, because of the one."""
    generator = np.random.default_rng(5)
    pairs = generator.random((2_000, 10)) < 0.2
    x = np.repeat(pairs, 2, axis=1) & (generator.random((2_000, 20)) < 0.8)
    alone = np.eye(20)
    found = recommend(history(alone), learn(history(x.astype(float))), top=1)
    assert found.item[:, 0].tolist() == [item ^ 1 for item in range(20)]
    assert found.because[:, 0].tolist() == list(range(20))


def test_who_bought_nothing_is_offered_nothing():
    x = history([[1, 1, 0], [0, 0, 0]])
    found = recommend(x, cosine_neighbours(x), top=2)
    assert (found.item[1] == NO_ITEM).all()
    assert (found.score[1] == 0).all()


def test_nobody_and_one():
    x = history([[1, 1, 0]])
    assert recommend(x[:0], cosine_neighbours(x)).item.shape == (0, 3)
    assert cosine_neighbours(x[:0]).offsets.tolist() == [0, 0, 0, 0]
    assert recommend(x, cosine_neighbours(x)).item.tolist() == [[NO_ITEM] * 3]


def test_the_same_purchase_twice_is_added_up():
    twice = scipy.sparse.csr_array((np.ones(3, np.float32), np.array([1, 0, 0]), np.array([0, 3])), shape=(1, 2))
    once = history([[2, 1]])
    assert (dense(cosine_neighbours(twice)) == dense(cosine_neighbours(once))).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.0])
def test_a_weight_that_cannot_be_is_refused_with_its_row(wrong):
    with pytest.raises(ImpossibleHistory, match="Customer row 1, item 2"):
        cosine_neighbours(history([[1, 0, 0], [0, 1, wrong]]))


def test_refuses_what_does_not_fit():
    x = history([[1, 1, 0]])
    learned = cosine_neighbours(x)
    with pytest.raises(ImpossibleHistory, match="same list"):
        recommend(history([[1, 1]]), learned)
    with pytest.raises(ImpossibleHistory, match="at least one"):
        recommend(x, learned, top=0)
    with pytest.raises(ImpossibleHistory, match="Popularity"):
        recommend(x, learned, popularity=np.array([1.0, np.nan, 1.0]))
    with pytest.raises(ImpossibleHistory, match="ridge"):
        ease_neighbours(x, ridge=0.0)
    with pytest.raises(TooManyItems, match="cosine_neighbours"):
        ease_neighbours(scipy.sparse.csr_array((1, 5_001), dtype=np.float32))


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data/online_retail.parquet")
def test_new_items_of_online_retail():
    spec = importlib.util.spec_from_file_location("bench_cross_sell", ROOT / "bench" / "cross_sell.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    histories, recent, targets = bench.online_retail()
    bought, liked = histories["bought"], np.sqrt(recent / recent.sum() + 1e-6)
    cosine, ease = cosine_neighbours(bought), ease_neighbours(bought)
    assert bench.recall(recommend(bought, cosine, top=10).item, targets) >= 0.053
    assert bench.recall(recommend(bought, cosine, popularity=liked, top=10).item, targets) >= 0.078
    assert bench.recall(recommend(bought, ease, top=10).item, targets) >= 0.066
