"""Beliefs about plays: guesses where nothing is known, the truth where much is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.customize.pure.response import Guesses, ImpossibleOutcome, Tally, believe, no_outcomes, tally

GUESSES = Guesses(response=np.array([0.1, 0.3]), retention=np.array([0.02, 0.0]))


def draw_from(seed=0):
    return np.random.default_rng(seed)


def world(p, q, r, r0, n, m, seed=0) -> Tally:
    """Outcomes of n contacted and m left alone per cell, of known truth."""
    generator = draw_from(seed)
    n, m = np.broadcast_to(n, p.shape), np.broadcast_to(m, p.shape)
    counts = [
        n,
        generator.binomial(n, p),
        generator.binomial(n, r),
        m,
        generator.binomial(m, q),
        generator.binomial(m, r0),
    ]
    return Tally(*(np.asarray(count, float) for count in counts))


def test_nothing_seen_leaves_the_guess_and_says_so():
    found = believe(no_outcomes(2, 3), GUESSES, draw_from(), draws=20_000)
    assert found.guessed.all()
    np.testing.assert_allclose(found.response, [[0.1] * 3, [0.3] * 3])
    np.testing.assert_allclose(found.change, [[0.03] * 3, [0.09] * 3], rtol=0.1)
    np.testing.assert_allclose(found.retention, [[0.02] * 3, [0.0] * 3], atol=5e-4)


def test_much_seen_recovers_the_truth():
    p = np.array([[0.20, 0.10, 0.30], [0.05, 0.08, 0.02]])
    q = np.array(
        [[0.05, 0.08, 0.10], [0.05, 0.02, 0.03]]
    )  # the second play does nothing in one segment, harm in another
    r = np.array([[0.90, 0.92, 0.95], [0.80, 0.85, 0.90]])
    found = believe(world(p, q, r, r - 0.04, 200_000, 200_000), GUESSES, draw_from())
    assert not found.guessed.any()
    np.testing.assert_allclose(found.response, p, atol=0.004)
    np.testing.assert_allclose(found.change, p - q, atol=0.005)
    np.testing.assert_allclose(found.retention, 0.04, atol=0.005)
    assert found.change_draws.std(axis=2).max() < 0.003


def test_a_little_seen_lies_nearer_the_truth_than_the_raw_figures():
    truth = draw_from(5)
    p = np.clip(truth.normal(0.12, 0.02, (1, 40)), 0.01, 1)
    q = p * 0.7
    guesses = Guesses(np.array([0.1]), np.array([0.0]))
    raw_error = shrunk_error = 0.0
    for seed in range(5):
        seen = world(p, q, p * 0 + 0.9, p * 0 + 0.9, 60, 60, seed)
        found = believe(seen, guesses, draw_from())
        raw = seen.responded / seen.contacted - seen.left_responded / seen.left_alone
        raw_error += np.abs(raw - (p - q)).mean()
        shrunk_error += np.abs(found.change - (p - q)).mean()
    assert shrunk_error < 0.4 * raw_error


def test_a_segment_never_tried_borrows_from_its_play():
    seen = world(np.full((1, 4), 0.4), np.full((1, 4), 0.1), np.full((1, 4), 0.9), np.full((1, 4), 0.8), 5_000, 5_000)
    for column in Tally.__slots__:
        getattr(seen, column)[0, 3] = 0.0
    found = believe(seen, Guesses(np.array([0.05]), np.array([0.0])), draw_from())
    assert found.response[0, 3] == pytest.approx(0.4, abs=0.02)
    assert found.change[0, 3] == pytest.approx(0.3, abs=0.05)
    assert found.guessed.tolist() == [[False, False, False, True]]


def test_intervals_hold_what_they_say():
    """Of many cells whose truth is drawn from what is guessed, nine in ten lie within nine tenths of the draws."""
    generator = draw_from(11)
    p = generator.beta(2, 18, (400, 1))
    change = generator.normal(0.3 * p, 0.15 * p)
    q = np.clip(p - change, 0, 1)
    flat = np.full(p.shape, 0.9)
    found = believe(world(p, q, flat, flat, 300, 300, 3), Guesses(np.full(400, 0.1), np.full(400, 0.01)), draw_from())
    low, high = np.quantile(found.change_draws, [0.05, 0.95], axis=2)
    assert 0.85 < ((low <= p - q) & (p - q <= high)).mean() < 0.98


def test_what_did_not_arrive_counts_nowhere():
    ones = np.ones(4, np.int64)
    counted = tally(
        play=0 * ones, segment=0 * ones,
        contacted=np.array([True, True, False, True]), delivered=np.array([True, False, False, True]),
        responded=np.array([1, 0, 0, 0]), stayed=np.array([1, 0, 1, -1]),
        shape=(1, 1),
    )  # fmt: skip
    assert [float(getattr(counted, name)[0, 0]) for name in Tally.__slots__] == [1, 1, 1, 1, 0, 1]


def test_undelivered_messages_change_no_belief():
    generator = draw_from(2)
    n = 500
    rows = {
        "play": generator.integers(0, 2, n), "segment": generator.integers(0, 3, n),
        "contacted": generator.random(n) < 0.7, "delivered": np.ones(n, bool),
        "responded": generator.integers(0, 2, n), "stayed": generator.integers(0, 2, n),
    }  # fmt: skip
    lost = {name: np.concatenate((column, column[:200])) for name, column in rows.items()}
    lost["contacted"][n:], lost["delivered"][n:], lost["responded"][n:] = True, False, 0
    first, second = (believe(tally(**one, shape=(2, 3)), GUESSES, draw_from()) for one in (rows, lost))
    assert (first.change_draws == second.change_draws).all()
    assert (first.response == second.response).all()


@given(
    st.lists(st.tuples(*[st.integers(0, 40)] * 2, *[st.floats(0, 1)] * 4), min_size=3, max_size=3), st.integers(0, 9)
)
@settings(max_examples=60, deadline=None)
def test_always_a_chance_and_never_a_nan(cells, seed):
    columns = np.array(cells).T[:, None, :]
    n, m = columns[0], columns[1]
    seen = Tally(
        n, np.floor(n * columns[2]), np.floor(n * columns[3]), m, np.floor(m * columns[4]), np.floor(m * columns[5])
    )
    found = believe(seen, Guesses(np.array([0.1]), np.array([0.02])), draw_from(seed), draws=50)
    assert ((found.response > 0) & (found.response < 1)).all()
    for drawn in (found.change_draws, found.retention_draws):
        assert (np.abs(drawn) <= 1).all()


def test_same_generator_same_beliefs():
    first, second = (believe(no_outcomes(2, 2), GUESSES, draw_from(9)) for _ in range(2))
    assert (first.change_draws == second.change_draws).all()


def test_refuses_more_responses_than_contacts():
    with pytest.raises(ImpossibleOutcome, match="Play 1, segment 0: responded is 1"):
        seen = no_outcomes(2, 2)
        seen.responded[1, 0] = 1
        believe(seen, GUESSES, draw_from())


@pytest.mark.parametrize(
    "guesses",
    [
        replace(GUESSES, response=np.array([0.0, 0.3])), replace(GUESSES, response=np.array([np.nan, 0.3])),
        replace(GUESSES, retention=np.array([0.0, -1.0])), replace(GUESSES, retention=np.array([0.0])),
        replace(GUESSES, rho=1.5),
    ],
)  # fmt: skip
def test_refuses_guesses_that_cannot_be(guesses):
    with pytest.raises(ImpossibleOutcome):
        believe(no_outcomes(2, 2), guesses, draw_from())


@pytest.mark.parametrize(("name", "value"), [("play", 1), ("segment", -1), ("responded", 2), ("stayed", -2)])
def test_refuses_outcomes_that_cannot_be(name, value):
    rows = {
        "play": np.zeros(3, int), "segment": np.zeros(3, int),
        "contacted": np.ones(3, bool), "delivered": np.ones(3, bool),
        "responded": np.zeros(3, int), "stayed": np.zeros(3, int),
    }  # fmt: skip
    rows[name][1] = value
    with pytest.raises(ImpossibleOutcome, match=f"Outcome 1: {name}"):
        tally(**rows, shape=(1, 1))
