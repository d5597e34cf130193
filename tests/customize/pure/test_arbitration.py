"""Scores, win shares and the lot that chooses, against a naive telling of the same law."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.customize.pure.arbitration import NOTHING, Beliefs, Candidates, ImpossibleCandidate, arbitrate, score
from entente.customize.pure.propensity import draw, mix
from entente.learn.pure.lots import lots

DAY = {"as_of": "2026-03-01", "salt": "firm"}


def candidates(counts, *, cells=4, seed=0, **fixed) -> Candidates:
    generator = np.random.default_rng(seed)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    k = int(offsets[-1])
    columns = {
        "cell": generator.integers(0, cells, k),
        "margin": generator.normal(60, 60, k),
        "clv": generator.normal(200, 200, k),
        "cost": generator.uniform(0, 8, k),
        "fatigue": generator.uniform(0, 2, k),
        "context": generator.uniform(-1, 2, k),
        "lever": generator.uniform(-1, 2, k),
        "epsilon": np.full(k, 0.05),
    }
    columns |= {name: np.full(k, value) for name, value in fixed.items()}
    return Candidates(offsets=offsets, **columns)


def beliefs(*, cells=4, draws=200, seed=1) -> Beliefs:
    generator = np.random.default_rng(seed)
    return Beliefs(generator.uniform(-0.05, 0.2, (cells, draws)), generator.normal(0, 0.02, (cells, draws)))


def naive_win_shares(them: Candidates, believed: Beliefs):
    draws = believed.response.shape[1]
    win, nothing = np.zeros(len(them.cell)), np.zeros(len(them.offsets) - 1)
    for customer in range(len(nothing)):
        rows = range(them.offsets[customer], them.offsets[customer + 1])
        for d in range(draws):
            best, worth = None, 0.0
            for i in rows:
                context, manager = (min(max(x[i], -0.5), 1.0) for x in (them.context, them.lever))
                p, r = believed.response[them.cell[i], d], believed.retention[them.cell[i], d]
                lever = (1 + context) * (1 + manager)
                s = lever * them.margin[i] * p + lever * them.clv[i] * r - (them.cost[i] + them.fatigue[i])
                if s > worth:
                    best, worth = i, s
            if best is None:
                nothing[customer] += 1 / draws
            else:
                win[best] += 1 / draws
    return win, nothing


@given(st.lists(st.integers(0, 5), max_size=8), st.integers(0, 1000), st.sampled_from([None, "margin", "clv"]))
@settings(max_examples=25, deadline=None)
def test_win_shares_agree_with_a_naive_count(counts, seed, missing):
    # Without margin, or without lifetime value, there is one kind of effect: the shortcut by sorted draws.
    them, believed = candidates(counts, seed=seed, **({missing: 0.0} if missing else {})), beliefs(draws=60, seed=seed)
    chosen = arbitrate(them, believed, np.arange(len(counts)), **DAY)
    win, nothing = naive_win_shares(them, believed)
    np.testing.assert_allclose(chosen.win, win, atol=1e-9)
    np.testing.assert_allclose(chosen.nothing_win, nothing, atol=1e-9)


def test_score_as_the_law_is_written():
    one = Candidates(
        np.array([0, 1]), np.array([0]), *(np.array([x]) for x in (80.0, 1000.0, 3.0, 1.5, 0.2, 0.1, 0.05))
    )  # fmt: skip
    # By hand: levers 1.32, times 8 from the response and 20 from staying, less 4.50 for cost and fatigue.
    assert score(one, np.array([0.1]), np.array([0.02]))[0] == pytest.approx(32.46)


def test_levers_are_clamped():
    low, high = candidates([1], context=-3.0, lever=-0.5), candidates([1], context=9.0, lever=1.0)
    base = candidates([1], context=0.0, lever=0.0, cost=0.0, fatigue=0.0)
    effect = (np.array([0.1]), np.array([0.0]))
    flat = score(base, *effect)[0]
    assert score(replace(low, cost=base.cost, fatigue=base.fatigue), *effect)[0] == pytest.approx(flat / 4)
    assert score(replace(high, cost=base.cost, fatigue=base.fatigue), *effect)[0] == pytest.approx(flat * 4)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=30), st.integers(0, 99), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_chances_of_each_customer_are_one_in_all(counts, seed, epsilon):
    chosen = arbitrate(candidates(counts, seed=seed, epsilon=epsilon), beliefs(), np.arange(len(counts)), **DAY)
    for customer, (start, count) in enumerate(zip(np.cumsum([0, *counts]), counts, strict=False)):
        mine = slice(start, start + count)
        for shares, nothing in ((chosen.win, chosen.nothing_win), (chosen.chance, chosen.nothing_chance)):
            assert shares[mine].sum() + nothing[customer] == pytest.approx(1.0)
            assert (shares[mine] >= 0).all()
        if count:
            might = chosen.win[mine] > 0
            assert (chosen.chance[mine][might] >= epsilon / (count + 1) - 1e-12).all()
            assert (chosen.chance[mine][~might] == 0).all(), "what is never best is not tried out"
        row = chosen.chosen[customer]
        assert row == NOTHING or start <= row < start + count
        expected = chosen.nothing_chance[customer] if row == NOTHING else chosen.chance[row]
        assert chosen.propensity[customer] == expected > 0


def test_the_logged_propensity_is_the_frequency_over_many_days():
    them = replace(candidates([3]), margin=np.array([60.0, 70.0, 65.0]), clv=np.zeros(3))
    them = replace(them, **{name: np.zeros(3) for name in ("context", "lever", "fatigue")}, cost=np.full(3, 5.0))
    chosen = arbitrate(them, beliefs(), np.array([42]), **DAY)
    days = 20_000
    lot = np.array([float(lots(42, "best next step", "firm", str(day))) for day in range(days)])
    offsets = np.arange(0, 3 * days + 1, 3)
    drawn, _ = draw(offsets, np.tile(chosen.chance, days), np.repeat(chosen.nothing_chance, days), lot)
    place = np.where(drawn == NOTHING, 3, drawn % 3)
    expected = np.append(chosen.chance, chosen.nothing_chance)
    assert np.bincount(place, minlength=4) / days == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(days))


def test_many_customers_alike_are_chosen_for_as_logged():
    n = 20_000
    one = candidates([2], context=0.0, lever=0.0, fatigue=0.0, cost=5.0, margin=80.0, clv=10.0, seed=3)
    everyone = Candidates(
        np.arange(0, 2 * n + 1, 2), *(np.tile(getattr(one, name), n) for name in Candidates.__slots__[1:])
    )
    chosen = arbitrate(everyone, beliefs(), np.arange(n), **DAY)
    for which in (0, 1):
        share = (chosen.chosen == np.arange(0, 2 * n, 2) + which).mean()
        assert share == pytest.approx(chosen.chance[which], abs=4 * 0.5 / np.sqrt(n))


def test_decided_again_for_the_date_it_falls_out_the_same_in_any_order():
    counts = [1, 0, 3, 2] * 50
    ids = np.arange(200) * 17 + 3
    once = arbitrate(candidates(counts), beliefs(), ids, **DAY, threads=1)
    again = arbitrate(candidates(counts), beliefs(), ids, **DAY, threads=3)
    for name in type(once).__slots__:
        assert (getattr(once, name) == getattr(again, name)).all()
    tomorrow = arbitrate(candidates(counts), beliefs(), ids, as_of="2026-03-02", salt="firm")
    assert (tomorrow.lot != once.lot).all()


def test_one_play_without_curiosity_stops_it_for_the_customer():
    them = replace(candidates([2, 2]), epsilon=np.array([0.05, 0.0, 0.05, 0.05]))
    chosen = arbitrate(them, beliefs(), np.arange(2), **DAY)
    assert chosen.epsilon.tolist() == [0.0, 0.05]
    assert (chosen.chance[:2] == chosen.win[:2]).all()
    choices = 1 + np.count_nonzero(chosen.win[2:])
    best = 2 + int(np.argmax(chosen.win[2:]))
    assert chosen.win[best] > 0 and chosen.chance[best] == pytest.approx(0.95 * chosen.win[best] + 0.05 / choices)


def test_what_costs_more_than_it_can_bring_is_left_alone():
    chosen = arbitrate(candidates([3] * 50, cost=1e6, epsilon=0.0), beliefs(), np.arange(50), **DAY)
    assert (chosen.chosen == NOTHING).all()
    assert (chosen.propensity == 1.0).all()
    assert (chosen.chosen_score == 0.0).all()


def test_no_candidates_and_no_customers():
    chosen = arbitrate(candidates([0, 0]), beliefs(), np.arange(2), **DAY)
    assert chosen.chosen.tolist() == [NOTHING, NOTHING]
    assert chosen.nothing_chance.tolist() == [1.0, 1.0]
    assert arbitrate(candidates([]), beliefs(), np.empty(0, np.int64), **DAY).chosen.shape == (0,)


def test_a_lot_next_to_one_still_finds_a_choice():
    # Ten chances of a tenth add up to a little less than 1.
    drawn, chance = draw(np.array([0, 10]), np.full(10, 0.1), np.zeros(1), np.array([1 - 2.0**-53]))
    assert (drawn[0], chance[0]) == (9, 0.1)


def test_a_choice_without_a_chance_is_never_drawn():
    drawn, _ = draw(np.array([0, 2]), np.array([1.0, 0.0]), np.zeros(1), np.array([1 - 2.0**-53]))
    assert drawn[0] == 0


def test_the_mixture_as_the_law_is_written():
    chance, nothing = mix(np.array([0, 3]), np.array([0.5, 0.3, 0.0]), np.array([0.2]), np.array([0.08]))
    assert chance == pytest.approx([0.46 + 0.08 / 3, 0.276 + 0.08 / 3, 0.0])
    assert nothing == pytest.approx([0.184 + 0.08 / 3])
    assert chance.sum() + nothing.sum() == pytest.approx(1.0)


def test_a_step_that_is_known_to_lose_is_never_drawn_out_of_curiosity():
    chosen = arbitrate(candidates([2] * 2000, cost=1e6, epsilon=0.5), beliefs(), np.arange(2000), **DAY)
    assert (chosen.chosen == NOTHING).all() and (chosen.propensity == 1.0).all()


@pytest.mark.parametrize("name", ["margin", "clv", "cost", "fatigue", "context", "lever", "epsilon"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_missing_figure_is_refused_with_its_row(name, wrong):
    them = candidates([2, 0, 3])
    getattr(them, name)[3] = wrong
    with pytest.raises(ImpossibleCandidate, match=rf"Candidate 3 \(of customer row 2\): {name} is"):
        arbitrate(them, beliefs(), np.arange(3), **DAY)


@pytest.mark.parametrize(
    ("name", "wrong"), [("cost", -1.0), ("fatigue", -0.1), ("epsilon", 1.5), ("cell", 4), ("cell", -1)]
)
def test_a_figure_out_of_range_is_refused_with_its_row(name, wrong):
    them = candidates([1, 1])
    getattr(them, name)[1] = wrong
    with pytest.raises(ImpossibleCandidate, match=rf"Candidate 1 \(of customer row 1\): {name}"):
        arbitrate(them, beliefs(), np.arange(2), **DAY)


def test_offsets_that_do_not_fit_are_refused():
    them = candidates([2, 2])
    for offsets in ([0, 2], [1, 2, 4], [0, 3, 2], [0, 5, 4]):
        with pytest.raises(ImpossibleCandidate, match="offsets"):
            arbitrate(replace(them, offsets=np.array(offsets)), beliefs(), np.arange(2), **DAY)


def test_beliefs_that_cannot_be_are_refused():
    believed = beliefs()
    believed.response[2, 7] = np.nan
    with pytest.raises(ImpossibleCandidate, match="cell 2, draw 7"):
        arbitrate(candidates([1]), believed, np.arange(1), **DAY)
    with pytest.raises(ImpossibleCandidate, match="at least one"):
        arbitrate(candidates([1]), Beliefs(np.empty((4, 0)), np.empty((4, 0))), np.arange(1), **DAY)


def test_columns_of_unlike_length_are_refused():
    with pytest.raises(ImpossibleCandidate, match="margin"):
        arbitrate(replace(candidates([2]), margin=np.zeros(1)), beliefs(), np.arange(1), **DAY)


def test_between_equals_nothing_wins_and_then_the_earlier():
    alike = {"margin": 100.0, "clv": 0.0, "context": 0.0, "lever": 0.0, "fatigue": 0.0, "cell": 0}
    believed = Beliefs(np.full((1, 10), 0.25), np.zeros((1, 10)))
    # 100 x 0.25 is exactly the cost of 25 for the first two customers, and exactly 5 above it for the third.
    even, gain = candidates([1, 2], cost=25.0, **alike), candidates([2], cost=20.0, **alike)
    assert arbitrate(even, believed, np.arange(2), **DAY).nothing_win.tolist() == [1.0, 1.0]
    assert arbitrate(gain, believed, np.arange(1), **DAY).win.tolist() == [1.0, 0.0]
