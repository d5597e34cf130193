"""What if so many customers moved up, stayed, came or left? The effect of a plan on profit and lifetime value, and how sure it is.

Symbols: n customers go from level a to level b. m_a, m_b: what a customer of each level brings. D: the mean change of those who went that
way last year, L = m_b - m_a. w: the weight of D (`movers.believed`), s: how far movers go of L (`movers.step`), R: how much of a difference
lasts (`movers.lasting`).

    move   n R (w D + (1 - w) s L)
    win    n ((1 - R) M + R (w A + (1 - w) s m_b) - what they bring now); A: who came that way, M: everybody who came
    keep   n (w (change of those who stayed customers - change of those who left) + (1 - w) s (m_a - m_inactive))
    lose   as keep, with the other sign

Lifetime values are expectations that their laws have drawn to the mean already: R is 1 for them.

Uncertainty: each figure times a log-normal factor of mean 1 whose 80 % interval is its precision; R a beta; movers drawn from those of last
year, or normal where there are many. All sources are independent and enter linearly, so the expectation given one of them is the plan with
the others at their means, and first-order shares of the variance (Sobol 1993) need no second set of draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import log1p
from typing import Final, NamedTuple

import numpy as np

from entente.differentiate.pure.arrays import Floats
from entente.differentiate.pure.estimate import Estimate
from entente.differentiate.pure.movement import NOT_THERE, Moved
from entente.differentiate.pure.movers import (
    NOBODY,
    Lasting,
    Mean,
    Means,
    Pair,
    Step,
    believed,
    lasting,
    pooled,
    profit_means,
    step,
    value_means,
)  # fmt: skip
from entente.differentiate.pure.pyramid import ACTIVE, Level

DRAWS: Final = 10_000
FEW: Final = 30
"""Up to so many movers are drawn one by one; of more the sum is normal."""
BINS: Final = 48
Z_OF_80: Final = 1.2816
RESTING: Final = (Level.INACTIVE, Level.PROSPECT, Level.SUSPECT)


class Kind(StrEnum):
    MOVE = "move"
    KEEP = "keep"
    WIN = "win"
    LOSE = "lose"


@dataclass(frozen=True)
class Move:
    """n customers go from one level to another; of those kept, `after` is where they would have gone."""

    kind: Kind
    customers: int
    before: int
    after: int


@dataclass(frozen=True)
class LevelFigures:
    """A level in the figures the plan is made with; computed: customers, profit and value from the facts, in whose money the movers are."""

    customers: Estimate
    profit: Estimate
    value: Estimate
    computed: tuple[float, float, float]


@dataclass(frozen=True)
class Refusal:
    """Why a line of a plan cannot be. code: none, levels, too_many; `has`: customers of the level that no earlier line has taken."""

    place: int
    code: str
    has: int = 0


@dataclass(frozen=True)
class Line:
    """What one line of the plan is made of: the effect of one customer, how many went that way last year, and their weight."""

    move: Move
    profit: float
    value: float
    moved: int
    weight: float


@dataclass(frozen=True)
class Outcome:
    """expected, an 80 % interval, and the picture: (from, to, share of the draws) of BINS equal parts."""

    expected: float
    low: float
    high: float
    density: tuple[tuple[float, float, float], ...]


class Owed(NamedTuple):
    """A share of the variance. source: profit or customers (of `level`), lasting, movers, cost, rest."""

    source: str
    level: int
    share: float


@dataclass(frozen=True)
class Effect:
    """profit: of twelve months, less the plan's cost; value: lifetime value, less the same. owed adds up to 1, or is empty."""

    lines: tuple[Line, ...]
    profit: Outcome
    value: Outcome
    owed: tuple[Owed, ...]
    lasting: Lasting
    step: Step


@dataclass
class _Side:
    """One measure. mean: of a customer of each level, in use; cells: the movers, brought to the figures in use. The sum of the plan is
    sum over levels of F (fixed + R lasting) + drift + R lasting_drift, F the level's factor."""

    mean: Mapping[int, float]
    cells: Means
    laws: Mapping[Kind, Step] = field(default_factory=dict)
    fixed: dict[int, float] = field(default_factory=lambda: dict.fromkeys(map(int, Level), 0.0))
    lasting: dict[int, float] = field(default_factory=lambda: dict.fromkeys(map(int, Level), 0.0))
    drift: Floats | float = 0.0
    lasting_drift: Floats | float = 0.0


def refusals(moves: Sequence[Move], figures: Mapping[int, LevelFigures]) -> list[Refusal]:
    """What cannot be: lines of nobody, between levels that do not fit the kind, and more customers than the level has left."""
    left = {level: round(figures[level].customers.value) for level in figures}
    found = []
    for place, move in enumerate(moves):
        if move.customers < 1:
            found.append(Refusal(place, "none"))
        elif not _fits(move):
            found.append(Refusal(place, "levels"))
        elif move.customers > left[move.before]:
            found.append(Refusal(place, "too_many", left[move.before]))
        else:
            left[move.before] -= move.customers
    return found


def what_if(
    moves: Sequence[Move],
    cost: Estimate,
    figures: Mapping[int, LevelFigures],
    moved: Sequence[Moved],
    rng: np.random.Generator,
    *,
    draws: int = DRAWS,
) -> Effect:
    """The effect of a plan that `refusals` lets pass. figures: level -> figures, all seven. moved: last year's movement."""
    sketches = {(cell.before, cell.after): np.asarray(cell.changes) for cell in moved if cell.customers > 1}
    lasts = lasting(profit_means(moved))
    profit, value = _side(figures, profit_means(moved), 1), _side(figures, value_means(moved), 2)
    lines = tuple(_add(move, profit, value, lasts, sketches, rng, draws) for move in moves)
    share = _beta(lasts, rng, draws)
    factors = {
        (name, level): _log_normal(estimate.share, rng, draws)
        for level in map(int, Level)
        for name, estimate in _named(figures[level])
    }
    paid = cost.value * _log_normal(cost.share, rng, draws)
    drawn = _drawn(profit, "profit", share, factors) - paid
    return Effect(
        lines,
        profit=_outcome(_expected(profit, lasts.share) - cost.value, drawn),
        value=_outcome(_expected(value, 1.0) - cost.value, _drawn(value, "value", 1.0, factors) - paid),
        owed=_owed(profit, drawn, factors, share, lasts, paid),
        lasting=lasts,
        step=profit.laws[Kind.MOVE],
    )


def _expected(side: _Side, share: float) -> float:
    return sum(side.fixed.values()) + share * sum(side.lasting.values())


def _drawn(side: _Side, name: str, share: Floats | float, factors: Mapping[tuple[str, int], Floats | float]) -> Floats:
    drawn = side.drift + share * side.lasting_drift
    for level in side.fixed:
        factor = factors[name, level] * factors["customers", level]
        drawn = drawn + factor * (side.fixed[level] + share * side.lasting[level])
    return np.asarray(drawn)


def _fits(move: Move) -> bool:
    active = move.before in ACTIVE
    if move.kind == Kind.MOVE:
        return active and move.after in ACTIVE and move.before != move.after
    if move.kind == Kind.WIN:
        return move.before in RESTING and move.after in ACTIVE
    return active and move.after == Level.INACTIVE


def _named(figures: LevelFigures) -> tuple[tuple[str, Estimate], ...]:
    return ("customers", figures.customers), ("profit", figures.profit), ("value", figures.value)


def _side(figures: Mapping[int, LevelFigures], means: Means, measure: int) -> _Side:
    """The movers in the money of the figures in use. How far movers go is measured in the facts' own money, whatever anybody estimates."""
    facts, mean, scale = {NOT_THERE: 0.0}, {NOT_THERE: 0.0}, {NOT_THERE: 1.0}
    for level in map(int, Level):
        of = figures[level]
        amount = (of.profit, of.value)[measure - 1].value
        facts[level] = of.computed[measure] / of.computed[0] if of.computed[0] else 0.0
        mean[level] = amount / of.customers.value if of.customers.value else 0.0
        scale[level] = mean[level] / facts[level] if facts[level] else 1.0
    known = _Side(facts, means)
    cells = {
        (a, b): Mean(one.customers, one.before * scale[a], one.after * scale[b], one.sd)
        for (a, b), one in means.items()
    }
    laws = {
        Kind.MOVE: step([_pair(known, Kind.MOVE, a, b) for a in ACTIVE for b in ACTIVE if a != b]),
        Kind.WIN: step([_pair(known, Kind.WIN, a, b) for a in RESTING for b in ACTIVE]),
        Kind.KEEP: step([_pair(known, Kind.KEEP, a, Level.INACTIVE) for a in ACTIVE]),
    }
    return _Side(mean, cells, laws)


def _pair(side: _Side, kind: Kind, before: int, after: int) -> Pair:
    high, low = (before, after) if kind == Kind.KEEP else (after, before)
    went = side.cells.get((before, after), NOBODY)
    change = went.change
    if kind == Kind.KEEP:
        went = pooled(side.cells, [(before, gone) for gone in (*RESTING, NOT_THERE)])
        change = _stayed(side, before).change - went.change
    size = abs(side.mean[high]) + abs(side.mean[low])
    return Pair(side.mean[high] - side.mean[low], size, went.customers, change, went.sd)


def _stayed(side: _Side, level: int) -> Mean:
    return pooled(side.cells, [(level, other) for other in ACTIVE])


def _add(
    move: Move,
    profit: _Side,
    value: _Side,
    lasts: Lasting,
    sketches: Mapping[tuple[int, int], Floats],
    rng: np.random.Generator,
    draws: int,
) -> Line:
    """Put a line into both sides: coefficients by level, and the chance of its movers."""
    ones = []
    weights = []
    for side, still in ((profit, lasts.share), (value, 1.0)):
        kind = Kind.KEEP if move.kind == Kind.LOSE else move.kind
        pair, law = _pair(side, kind, move.before, move.after), side.laws[kind]
        weight, error = believed(pair, law)
        fixed, fading = _coefficients(side, kind, move, weight, law, lasts)
        sign = -1 if move.kind == Kind.LOSE else 1
        for kept, of in ((side.fixed, fixed), (side.lasting, fading)):
            for level, amount in of:
                kept[level] += sign * move.customers * amount
        sketch = sketches.get((move.before, move.after)) if side is profit else None
        own = pair.sd if pair.sd is not None else law.own_sd * pair.size
        chance = _chance(move.customers, own, sketch, rng, draws) + move.customers * error * rng.standard_normal(draws)
        if kind == Kind.KEEP:
            side.drift = side.drift + chance
        else:
            side.lasting_drift = side.lasting_drift + chance
        ones.append(sign * (sum(amount for _, amount in fixed) + still * sum(amount for _, amount in fading)))
        weights.append(weight if pair.customers else 0.0)
    return Line(move, ones[0], ones[1], _pair(profit, kind, move.before, move.after).customers, weights[0])


def _coefficients(
    side: _Side, kind: Kind, move: Move, weight: float, law: Step, lasts: Lasting
) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    """What one customer brings: (level whose figures it is made of, money), what stays and what lasts only in part."""
    a, b = move.before, move.after
    prior = (1.0 - weight) * law.share
    if kind == Kind.KEEP:
        if law.is_assumed:
            prior *= lasts.share
        change = _pair(side, kind, a, b).change
        return [(a, weight * change + prior * side.mean[a]), (b, -prior * side.mean[b])], []
    went = side.cells.get((a, b), NOBODY)
    target, source = weight * went.after + prior * side.mean[b], weight * went.before + prior * side.mean[a]
    if kind == Kind.MOVE:
        return [], [(b, target), (a, -source)]
    came = pooled(side.cells, [(other, level) for other in (*RESTING, NOT_THERE) for level in ACTIVE])
    usual = came.after if came.customers else target
    return [(b, usual), (a, -source)], [(b, target - usual)]


def _chance(n: int, sd: float, sketch: Floats | None, rng: np.random.Generator, draws: int) -> Floats:
    """The sum of n movers' distances from their mean: drawn from last year's, or normal."""
    if sketch is None or n > FEW or not sketch.std() > 0.0:
        return np.asarray(rng.standard_normal(draws) * sd * np.sqrt(n))
    around = (sketch - sketch.mean()) * (sd / sketch.std())
    return np.asarray(around[rng.integers(0, len(around), (n, draws))].sum(axis=0))


def _log_normal(share: float, rng: np.random.Generator, draws: int) -> Floats | float:
    """Factors of mean 1 that lie within 1 +- share four times of five."""
    if not share:
        return 1.0
    sigma = log1p(share) / Z_OF_80
    return np.asarray(np.exp(sigma * rng.standard_normal(draws) - sigma * sigma / 2.0))


def _beta(lasts: Lasting, rng: np.random.Generator, draws: int) -> Floats | float:
    """Shares between 0 and 1 with the mean and standard error of what lasts."""
    mean = min(max(lasts.share, 0.02), 0.98)
    most = mean * (1.0 - mean)
    variance = min(lasts.error**2, 0.9 * most)
    if variance <= 0.0:
        return lasts.share
    size = most / variance - 1.0
    return np.asarray(rng.beta(mean * size, (1.0 - mean) * size, draws) * (lasts.share / mean))


def _outcome(expected: float, drawn: Floats) -> Outcome:
    low, high, first, last = (float(part) for part in np.quantile(drawn, (0.1, 0.9, 0.002, 0.998)))
    if not last > first:
        return Outcome(expected, low, high, ())
    count, edges = np.histogram(drawn, BINS, (first, last))
    parts = zip(edges[:-1], edges[1:], count / len(drawn), strict=True)
    return Outcome(expected, low, high, tuple((float(a), float(b), float(c)) for a, b, c in parts))


def _owed(
    side: _Side,
    drawn: Floats,
    factors: Mapping[tuple[str, int], Floats | float],
    share: Floats | float,
    lasts: Lasting,
    paid: Floats | float,
) -> tuple[Owed, ...]:
    """First-order shares of the variance, the largest first; what sources do only together is the rest."""
    whole = float(np.var(drawn))
    if whole <= 0.0:
        return ()
    found = []
    for level in side.fixed:
        behind = side.fixed[level] + lasts.share * side.lasting[level]
        found += [(name, level, behind**2 * float(np.var(factors[name, level]))) for name in ("profit", "customers")]
    found.append(("lasting", 0, sum(side.lasting.values()) ** 2 * float(np.var(share))))
    found.append(("movers", 0, float(np.var(side.drift + lasts.share * side.lasting_drift))))
    found.append(("cost", 0, float(np.var(paid))))
    total = max(sum(variance for *_, variance in found), whole)
    owed = [Owed(source, level, variance / total) for source, level, variance in found if variance > 0.0]
    rest = 1.0 - sum(one.share for one in owed)
    return (*sorted(owed, key=lambda one: -one.share), Owed("rest", 0, max(rest, 0.0)))
