"""What if: on worlds whose truth is known, and what must hold in any world."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.differentiate.pure.estimate import exact, guess, within
from entente.differentiate.pure.movement import Moved, movement
from entente.differentiate.pure.movers import LASTING, lasting, profit_means
from entente.differentiate.pure.pyramid import Level, levels
from entente.differentiate.pure.what_if import Kind, LevelFigures, Move, Refusal, refusals, what_if

FREE = exact(0.0)
UP = Move(Kind.MOVE, 40, Level.MEDIUM, Level.BIG)


def rng(seed=7):
    return np.random.default_rng(seed)


def world(before, after, stays=None):
    """(figures of today, movement) of customers with these profits, ranked by them; value is three years of profit."""
    n = len(before)
    stays = np.ones(n, bool) if stays is None else stays
    everybody = np.ones(n, bool)
    first = levels(before, everybody, everybody, everybody)
    second = levels(after, stays, everybody, everybody)
    cells = movement(
        first, second, revenue_before=before, revenue_after=after, profit_before=before, profit_after=after, value_after=3 * after
    )  # fmt: skip
    return figures_of(second, after), cells


def figures_of(level, profit, precision=exact):
    found = {}
    for one in Level:
        own = profit[level == one]
        count, total = float(len(own)), float(own.sum())
        found[int(one)] = LevelFigures(exact(count), precision(total), precision(3 * total), (count, total, 3 * total))
    return found


def mean_of(figures, level):
    return figures[level].profit.value / figures[level].customers.value


def pareto(n, seed=1):
    return 100.0 * (1.0 + rng(seed).pareto(2.0, n))


@pytest.fixture(scope="module")
def lasting_world():
    """Each customer brings what they brought; a few trade places for good and bring what their new place brings."""
    before = pareto(20_000)
    after = before.copy()
    order = np.argsort(-before)
    swap = rng(2).permutation(np.arange(200, 4_000))[:400]
    after[order[swap]] = before[order[rng(3).permutation(swap)]]
    return world(before, after)


@pytest.fixture(scope="module")
def noisy_world():
    """Nobody is better than anybody: every year is drawn anew."""
    return world(pareto(20_000, 1), pareto(20_000, 2))


def test_where_everything_lasts_a_mover_brings_about_the_difference_of_the_levels(lasting_world):
    figures, cells = lasting_world
    effect = what_if([UP], FREE, figures, cells, rng())
    difference = mean_of(figures, Level.BIG) - mean_of(figures, Level.MEDIUM)
    assert effect.lasting.share > 0.95 and not effect.lasting.is_assumed
    assert effect.profit.expected == pytest.approx(40 * difference, rel=0.15)
    assert effect.lines[0].weight > 0.05 and effect.lines[0].moved > 10


def test_where_all_is_chance_nearly_nothing_is_promised(noisy_world):
    figures, cells = noisy_world
    effect = what_if([UP], FREE, figures, cells, rng())
    difference = mean_of(figures, Level.BIG) - mean_of(figures, Level.MEDIUM)
    assert effect.lasting.share < 0.05
    assert abs(effect.profit.expected) < 0.05 * 40 * difference


@pytest.mark.parametrize("own", [0.2, 0.5, 0.8])
def test_how_much_lasts_is_found(own):
    """Half-and-half of what a customer is and what a year is: the share of the former comes out."""
    n = 60_000
    core, years = rng(4).normal(0, np.sqrt(own), n), rng(5).normal(0, np.sqrt(1 - own), (2, n))
    _, cells = world(1000 + 100 * (core + years[0]), 1000 + 100 * (core + years[1]))
    found = lasting(profit_means(cells))
    assert found.share == pytest.approx(own, abs=0.05)
    assert 0.0 < found.error < 0.05


def test_who_is_kept_brings_what_those_who_left_would_have_brought():
    """Leavers are like the others; every year is half chance. Keeping a top one brings what a top one brings in a usual year."""
    n = 60_000
    core, years = rng(4).normal(0, 1, n), rng(5).normal(0, 1, (2, n))
    before, after = 1000 + 100 * (core + years[0]), 1000 + 100 * (core + years[1])
    stays = rng(6).random(n) > 0.2
    figures, cells = world(before, np.where(stays, after, 0.0), stays)
    top = levels(before, *[np.ones(n, bool)] * 3) == Level.TOP
    truth = after[top & ~stays].mean()
    effect = what_if([Move(Kind.KEEP, 10, Level.TOP, Level.INACTIVE)], FREE, figures, cells, rng())
    assert effect.lines[0].profit == pytest.approx(truth, rel=0.05)
    assert effect.lines[0].profit < 0.9 * mean_of(figures, Level.TOP), "the average of the level overstates"
    lost = what_if([Move(Kind.LOSE, 10, Level.TOP, Level.INACTIVE)], FREE, figures, cells, rng())
    assert lost.profit.expected == pytest.approx(-effect.profit.expected)


def test_a_way_nobody_went_rests_on_the_others_and_says_so(lasting_world):
    figures, cells = lasting_world
    effect = what_if(
        [Move(Kind.WIN, 5, Level.PROSPECT, Level.SMALL)], FREE, _with(figures, Level.PROSPECT, 100), cells, rng()
    )
    assert (effect.lines[0].moved, effect.lines[0].weight) == (0, 0.0)
    assert effect.profit.expected == pytest.approx(5 * mean_of(figures, Level.SMALL), rel=0.01)
    assert effect.profit.high - effect.profit.low > 0.2 * effect.profit.expected


def test_without_a_year_before_everything_is_assumed():
    figures, _ = world(pareto(1_000), pareto(1_000))
    effect = what_if([Move(Kind.MOVE, 3, Level.SMALL, Level.MEDIUM)], FREE, figures, [], rng())
    difference = mean_of(figures, Level.MEDIUM) - mean_of(figures, Level.SMALL)
    assert effect.lasting.is_assumed and effect.step.is_assumed
    assert effect.profit.expected == pytest.approx(3 * LASTING * difference)
    assert effect.value.expected == pytest.approx(9 * difference)
    assert effect.profit.low < effect.profit.expected < effect.profit.high


def test_an_own_estimate_moves_the_result_and_a_less_sure_one_widens_it(lasting_world):
    figures, cells = lasting_world
    of = figures[Level.BIG]
    doubled = LevelFigures(of.customers, exact(2 * of.profit.value), of.value, of.computed)
    unsure = LevelFigures(of.customers, guess(2 * of.profit.value), of.value, of.computed)
    plain, more, wide = (
        what_if([UP], FREE, {**figures, int(Level.BIG): one}, cells, rng()) for one in (of, doubled, unsure)
    )
    assert more.profit.expected > 1.5 * plain.profit.expected
    assert wide.profit.expected == more.profit.expected
    assert wide.profit.high - wide.profit.low > 1.5 * (more.profit.high - more.profit.low)
    assert wide.owed[0][:2] == ("profit", Level.BIG) and wide.owed[0].share > 0.5


def test_an_own_estimate_of_another_level_changes_nothing(lasting_world):
    figures, cells = lasting_world
    of = figures[Level.SMALL]
    other = {**figures, int(Level.SMALL): LevelFigures(of.customers, guess(9 * of.profit.value), of.value, of.computed)}
    assert what_if([UP], FREE, other, cells, rng()).lines == what_if([UP], FREE, figures, cells, rng()).lines


NEXT_TO_NOTHING = (
    Moved(3, 3, 120, 0, 0, 5e4, 5e4, 0, 100.0, (0.0,) * 33), Moved(4, 4, 700, 0, 0, 400.0, 400.0, 0, 50.0, (0.0,) * 33),
    Moved(4, 3, 20, 0, 0, 1500.0, 6000.0, 0, 90.0, tuple(np.linspace(100, 350, 33))),
)  # fmt: skip


def of_small(profit, computed=8.0):
    """Figures of a firm whose 800 small customers bring together next to nothing."""
    found = {int(one): LevelFigures(exact(150.0), exact(6e4), FREE, (150.0, 6e4, 0.0)) for one in Level}
    found[4] = LevelFigures(exact(800.0), profit, FREE, (800.0, computed, 0.0))
    return found


@pytest.mark.parametrize("computed", [8.0, -8.0])
def test_an_own_estimate_of_a_level_that_brings_next_to_nothing_is_no_factor_for_its_movers(computed):
    """10 a customer instead of nothing: who moves up from there brings 10 less for it, not a thousand times what they brought."""
    up = [Move(Kind.MOVE, 10, 4, 3)]
    plain, own = (
        what_if(up, FREE, of_small(exact(profit), computed), NEXT_TO_NOTHING, rng()).lines[0].profit
        for profit in (computed, 8000.0)
    )
    assert plain > 100
    assert plain - 12 < own < plain


def test_the_doubt_about_a_figure_near_nought_is_that_of_its_customers():
    """8 give or take 4,000 of 800 customers is 5 each: much beside the figure, little beside those who moved."""
    up = [Move(Kind.MOVE, 10, 4, 3)]
    sure, unsure = (
        what_if(up, FREE, of_small(profit), NEXT_TO_NOTHING, rng()).profit
        for profit in (exact(8.0), within(8.0, 500.0))
    )
    assert unsure.low < unsure.expected < unsure.high
    assert sure.high - sure.low <= unsure.high - unsure.low < 1.5 * (sure.high - sure.low)


def test_a_figure_that_may_lie_below_nought_makes_an_interval_as_wide_as_it_says():
    figures = {**of_small(exact(8.0)), 5: LevelFigures(exact(500.0), within(-100.0, 100.0), FREE, (500.0, -100.0, 0.0))}
    won = what_if([Move(Kind.WIN, 10, 5, 4)], FREE, figures, [], rng()).profit
    assert won.low < won.expected < won.high
    assert won.high - won.low == pytest.approx(2 * 10 * 20, rel=0.05), "20 give or take, each of ten"


def test_more_customers_never_bring_less(lasting_world):
    figures, cells = lasting_world
    brought = [
        what_if([Move(Kind.MOVE, n, 3, 2)], FREE, figures, cells, rng()).profit.expected
        for n in (1, 2, 10, 30, 31, 200)
    ]
    assert brought == sorted(brought)
    assert brought[-1] == pytest.approx(200 * brought[0])


def test_the_same_seed_gives_the_same_and_cost_comes_off(lasting_world):
    figures, cells = lasting_world
    once, again, paid = (what_if([UP], cost, figures, cells, rng()) for cost in (FREE, FREE, guess(1_000.0)))
    assert once == again
    assert paid.profit.expected == pytest.approx(once.profit.expected - 1_000)
    assert paid.value.expected == pytest.approx(once.value.expected - 1_000)
    assert any(one.source == "cost" and one.share > 0 for one in paid.owed)


def test_intervals_cover_four_of_five_truths():
    """Figures err as they say, movers are drawn as they were: the interval holds the truth four times of five."""
    cells = [Moved(3, 3, 500, 0, 0, 5e4, 5e4, 0, 40.0, ()), Moved(2, 2, 100, 0, 0, 4e4, 4e4, 0, 90.0, ()),
             Moved(3, 2, 4000, 0, 0, 8e5, 1.4e6, 0, 30.0, tuple(np.linspace(100, 200, 33)))]  # fmt: skip
    share, sigma = 0.3, np.log1p(0.3) / 1.2816
    figures = {int(one): LevelFigures(exact(1000.0), exact(0.0), exact(0.0), (1000.0, 0.0, 0.0)) for one in Level}
    figures[3] = LevelFigures(exact(1000.0), within(1e5, share), exact(0.0), (1000.0, 1e5, 0.0))
    figures[2] = LevelFigures(exact(1000.0), within(4e5, share), exact(0.0), (1000.0, 4e5, 0.0))
    effect = what_if([UP], FREE, figures, cells, rng())
    lasts, truths = effect.lasting, rng(9)
    low, high = (np.exp(sigma * truths.standard_normal(4_000) - sigma**2 / 2) for _ in range(2))
    movers = truths.normal(0, 30.0 * np.sqrt(40), 4_000)
    truth = np.clip(truths.normal(lasts.share, lasts.error, 4_000), 0, 1) * (40 * (350 * high - 200 * low) + movers)
    covered = np.mean((truth > effect.profit.low) & (truth < effect.profit.high))
    assert 0.77 < covered < 0.83


KINDS = st.sampled_from([
    Move(Kind.MOVE, 5, 4, 3), Move(Kind.MOVE, 2, 2, 4), Move(Kind.KEEP, 3, 2, 5), Move(Kind.WIN, 4, 6, 4), Move(Kind.LOSE, 1, 3, 5),
])  # fmt: skip
FIGURES = st.builds(lambda amount, share, exactly: exact(amount) if exactly else within(amount, share),
                    st.floats(-1e6, 1e7), st.floats(0.01, 0.9), st.booleans())  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(KINDS, min_size=1, max_size=4), st.lists(FIGURES, min_size=7, max_size=7), st.floats(0, 1e5))
def test_what_the_spread_is_owed_to_adds_up_to_all_of_it(moves, profits, cost):
    before, after = pareto(300, 1), pareto(300, 2)
    _, cells = world(before, after)
    figures = {
        level: LevelFigures(exact(50.0), profit, profit * 3.0, (50.0, 1000.0, 3000.0))
        for level, profit in enumerate(profits, start=1)
    }
    effect = what_if(moves, within(cost, 0.2), figures, cells, rng(), draws=500)
    # Where nothing is in doubt nothing is owed to anything.
    is_certain = effect.profit.low == effect.profit.high
    assert sum(one.share for one in effect.owed) == pytest.approx(0.0 if is_certain else 1.0)
    assert all(0.0 <= one.share <= 1.0 for one in effect.owed)
    assert effect.profit.low <= effect.profit.high
    assert sum(part for _, _, part in effect.profit.density) == pytest.approx(0.0 if is_certain else 1.0, abs=0.02)
    assert np.isfinite([effect.profit.expected, effect.value.expected, effect.value.low, effect.value.high]).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.booleans()), min_size=1, max_size=12))
def test_the_smallest_and_strangest_firms_get_figures(people):
    """A wholesaler beside few, all at a loss, nobody left, all alike: never nonsense."""
    before, after = (np.array([one[k] for one in people]) for k in (0, 1))
    stays = np.array([one[2] for one in people])
    figures, cells = world(before, np.where(stays, after, 0.0), stays)
    for move in (Move(Kind.MOVE, 1, 4, 1), Move(Kind.KEEP, 1, 1, 5), Move(Kind.WIN, 1, 5, 4), Move(Kind.LOSE, 1, 4, 5)):
        if not refusals([move], figures):
            effect = what_if([move], guess(10.0), figures, cells, rng(), draws=200)
            assert np.isfinite(
                [effect.profit.expected, effect.profit.low, effect.profit.high, effect.value.expected]
            ).all()
            assert effect.profit.low <= effect.profit.high
            assert 0.0 <= effect.lasting.share <= 1.0 and 0.0 <= effect.lines[0].weight <= 1.0


def test_what_cannot_be_is_refused_with_what_there_is():
    figures = {int(one): LevelFigures(exact(10.0), FREE, FREE, (10.0, 0.0, 0.0)) for one in Level}
    wrong = [
        Move(Kind.MOVE, 7, 3, 2), Move(Kind.MOVE, 4, 3, 4), Move(Kind.MOVE, 0, 3, 2), Move(Kind.MOVE, 1, 3, 3), Move(Kind.WIN, 1, 3, 2),
        Move(Kind.KEEP, 1, 6, 5), Move(Kind.WIN, 1, 6, 7), Move(Kind.KEEP, 3, 3, 5),
    ]  # fmt: skip
    assert refusals(wrong, figures) == [
        Refusal(1, "too_many", 3), Refusal(2, "none"), Refusal(3, "levels"), Refusal(4, "levels"), Refusal(5, "levels"),
        Refusal(6, "levels"),
    ]  # fmt: skip


def test_an_empty_plan_of_an_empty_firm_is_nothing():
    figures = {int(one): LevelFigures(FREE, FREE, FREE, (0.0, 0.0, 0.0)) for one in Level}
    effect = what_if([], FREE, figures, [], rng())
    assert (effect.profit.expected, effect.profit.low, effect.profit.high, effect.owed) == (0.0, 0.0, 0.0, ())


def _with(figures, level, customers):
    return {**figures, int(level): LevelFigures(exact(float(customers)), FREE, FREE, (float(customers), 0.0, 0.0))}
