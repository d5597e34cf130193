"""From facts to a choice, and what a contact may cost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.customize.pure.arbitration import NOTHING, arbitrate
from entente.customize.pure.fatigue import ImpossiblePressure, fatigue
from entente.customize.pure.plays import PLAYS, Settings
from entente.customize.pure.response import believe, no_outcomes
from entente.customize.pure.suitability import Drop, Shortlist
from entente.customize.pure.weighing import beliefs, candidates, guesses

SEGMENTS = 3


def short() -> Shortlist:
    """Two customers: the first may be welcomed or sold to, the second thanked."""
    play = np.array([0, 2, 3])
    drops = np.full((2, len(PLAYS)), Drop.NOT_ELIGIBLE, np.uint8)
    drops[[0, 0, 1], play] = Drop.KEPT
    money = np.array([60.0, 15.0, 80.0])
    return Shortlist(
        np.array([0, 2, 3]), np.array([0, 0, 1]), play, money, 10 * money, np.ones(3), np.full(3, 0.05), drops
    )


def test_each_candidate_meets_the_beliefs_of_its_play_and_segment():
    found = believe(no_outcomes(len(PLAYS), SEGMENTS), guesses(Settings()), np.random.default_rng(0))
    them = candidates(short(), np.array([2, 1]), SEGMENTS)
    rows = beliefs(found).response[them.cell]
    assert (rows[0] == found.change_draws[0, 2]).all()
    assert (rows[1] == found.change_draws[2, 2]).all()
    assert (rows[2] == found.change_draws[3, 1]).all()


def test_customers_figures_go_to_all_of_their_candidates():
    context = np.arange(14.0).reshape(2, 7)
    them = candidates(
        short(), np.array([0, 0]), SEGMENTS, fatigue=np.array([5.0, 7.0]), context=context, lever=np.arange(7) / 10
    )
    assert them.fatigue.tolist() == [5.0, 5.0, 7.0]
    assert them.context.tolist() == [0.0, 2.0, 10.0]
    assert them.lever.tolist() == [0.0, 0.2, 0.3]


def test_a_segment_nobody_knows_is_refused():
    with pytest.raises(IndexError, match="Customer row 1: segment 3"):
        candidates(short(), np.array([0, 3]), SEGMENTS)


def test_guesses_come_from_the_settings():
    ours = guesses(Settings.from_dict({"cross_sell": {"response": 0.2, "retention": 0.03}}))
    assert (ours.response[2], ours.retention[2]) == (0.2, 0.03)


def test_the_weary_are_left_alone():
    """The same step is taken for the rested and not for who has heard from us every other day."""
    found = beliefs(believe(no_outcomes(len(PLAYS), SEGMENTS), guesses(Settings()), np.random.default_rng(0)))
    clv = np.array([1_000.0, 1_000.0])
    shares = {}
    for contacts in (0.0, 15.0):
        phi = fatigue(clv, np.full(2, contacts))
        them = candidates(short(), np.array([0, 0]), SEGMENTS, fatigue=phi)
        shares[contacts] = arbitrate(them, found, np.array([1, 2]), as_of="2026-03-01", salt="s").nothing_win
    assert (shares[0.0] < 0.1).all()
    assert (shares[15.0] == 1.0).all()
    assert NOTHING == -1


def test_fatigue_as_the_law_is_written():
    found = fatigue(np.array([1_000.0, 1_000.0, -50.0, 1_000.0]), np.array([0.0, 2.0, 2.0, 5_000.0]))
    assert found == pytest.approx([1.0, 2.25, 0.0, 1_000.0])
    assert fatigue(np.array([10.0]), np.array([9_000.0]), opt_out=0.0).tolist() == [0.0]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e4), st.floats(0, 1), st.floats(1, 10))
def test_fatigue_is_never_a_gain_and_never_more_than_everything(clv, contacts, opt_out, growth):
    found = fatigue(np.array([clv]), np.array([contacts]), opt_out=opt_out, growth=growth)[0]
    assert 0.0 <= found <= max(clv, 0.0)


@pytest.mark.parametrize(("clv", "contacts"), [(np.nan, 0.0), (1.0, np.nan), (1.0, -1.0), (np.inf, 1.0)])
def test_a_pressure_that_cannot_be_is_refused_with_its_row(clv, contacts):
    with pytest.raises(ImpossiblePressure, match="Row 1"):
        fatigue(np.array([1.0, clv]), np.array([0.0, contacts]))


@pytest.mark.parametrize("wrong", [{"opt_out": 1.1}, {"opt_out": np.nan}, {"growth": 0.9}])
def test_a_setting_that_cannot_be_is_refused(wrong):
    with pytest.raises(ImpossiblePressure, match="growth"):
        fatigue(np.zeros(1), np.zeros(1), **wrong)
