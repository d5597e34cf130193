"""Lots: the same for ever, different for different words, and even."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from entente.learn.pure.lots import ImpossibleId, lots

ids64 = st.integers(-(2**63), 2**63 - 1)


def by_hand(customer_id: int, *words: str) -> float:
    """The definition with Python's own whole numbers."""
    digest = hashlib.blake2b(digest_size=16, person=b"entente lots")
    for word in words:
        digest.update(len(word.encode()).to_bytes(8, "little") + word.encode())
    keys = [int.from_bytes(digest.digest()[at : at + 8], "little") for at in (0, 8)]
    top = 2**64
    z = customer_id % top * 0x9E3779B97F4A7C15 % top
    for key in keys:
        z ^= key
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % top
        z = (z ^ z >> 27) * 0x94D049BB133111EB % top
        z ^= z >> 31
    return (z >> 11) / 2**53


def test_a_lot_never_changes():
    # These figures are the promise: a changed one would move customers in and out of every firm's hold-out.
    assert lots([1, 2, -7], "hold-out", "salt", "2026").tolist() == [
        by_hand(i, "hold-out", "salt", "2026") for i in (1, 2, -7)
    ]
    assert lots(1, "hold-out", "salt", "2026") == 0.26582601630598746


@given(ids64, st.lists(st.text(max_size=8), max_size=3))
def test_agrees_with_the_definition_by_hand(customer_id, words):
    assert float(lots(customer_id, *words)) == by_hand(customer_id, *words)


@given(st.lists(ids64, max_size=20))
def test_one_by_one_as_all_at_once(ids):
    assert lots(np.array(ids, np.int64), "a").tolist() == [float(lots(one, "a")) for one in ids]


def test_even_for_ids_in_a_row():
    assert stats.kstest(lots(np.arange(200_000), "a"), "uniform").pvalue > 0.001


@pytest.mark.parametrize("step", [2, 1000, 2**20, 2**32])
def test_even_for_ids_in_steps(step):
    assert stats.kstest(lots(np.arange(50_000) * step, "a"), "uniform").pvalue > 0.001


def test_other_words_know_nothing_of_each_other():
    ids = np.arange(100_000)
    drawn = np.array([lots(ids, *words) for words in (("a", "2025"), ("a", "2026"), ("b", "2026"), ("a2", "026"))])
    apart = np.corrcoef(drawn) - np.eye(4)
    assert np.abs(apart).max() < 4 / np.sqrt(len(ids))


def test_where_one_word_ends_matters():
    assert lots(5, "ab", "c") != lots(5, "a", "bc")


@pytest.mark.parametrize("wrong", [[1.0], [np.nan], ["7"], [True], [[1], [2, 3]], [2**63], [None]])
def test_refuses_what_is_no_id(wrong):
    with pytest.raises(ImpossibleId, match="whole numbers"):
        lots(wrong, "a")


def test_nobody_in_nobody_out():
    assert lots([], "a").shape == (0,)
