"""What if so many customers moved up, stayed, came or left? The effect of a plan on profit and lifetime value, and how sure it is.

Symbols: n customers go from level a to level b. m_a, m_b: what a customer of each level brings. D: the mean change of those who went that
way last year, L = m_b - m_a. w: the weight of D (`movers.believed`), s: how far movers go of L (`movers.step`), R: how much of a difference
lasts (`movers.lasting`).

    move   n R (w D + (1 - w) s L)
    win    n ((1 - R) M + R (w A + (1 - w) s m_b) - what they bring now); A: who came that way, M: everybody who came
    keep   n (w (change of those who stayed customers - change of those who left) + (1 - w) s (m_a - m_inactive))
    lose   as keep, with the other sign

Lifetime values are expectations that their laws have drawn to the mean already: R is 1 for them.

Uncertainty: each figure times a log-normal factor of mean 1 whose 80 % interval is its precision, normal where that reaches below nought;
R a beta; movers drawn from those of last year, or normal where there are many. What movers brought is brought to the figures in use, and
errs, in proportion to its level; where it is unlike that (`_is_like`), by the same amount a customer. All sources are independent and
enter linearly, so the expectation given one of them is the plan with the others at their means, and first-order shares of the variance
(Sobol 1993) need no second set of draws.
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
MOST_TIMES: Final = 5.0  # what is further from its level, or of another sign, is no share of it
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


class _Part(NamedTuple):
    """Of what one customer brings, that which is made of a level's figures. error: what of it the level's factor multiplies."""

    level: int
    amount: float
    error: float


@dataclass
class _Side:
    """One measure. mean: of a customer of each level, in use; cells: the movers, brought to the figures in use. The sum of the plan is
    fixed + R lasting + drift + R lasting_drift + sum over levels of (F - 1) (fixed_error + R lasting_error), F the level's factor."""

    mean: Mapping[int, float]
    cells: Means
    laws: Mapping[Kind, Step] = field(default_factory=dict)
    fixed: float = 0.0
    lasting: float = 0.0
    fixed_error: dict[int, float] = field(default_factory=lambda: dict.fromkeys(map(int, Level), 0.0))
    lasting_error: dict[int, float] = field(default_factory=lambda: dict.fromkeys(map(int, Level), 0.0))
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
        (name, level): _factor(estimate.share, rng, draws, is_signed=name != "customers")
        for level in map(int, Level)
        for name, estimate in _named(figures[level])
    }
    paid = cost.value * _factor(cost.share, rng, draws, is_signed=False)
    drawn = _drawn(profit, "profit", share, factors) - paid
    return Effect(
        lines,
        profit=_outcome(profit.fixed + lasts.share * profit.lasting - cost.value, drawn),
        value=_outcome(value.fixed + value.lasting - cost.value, _drawn(value, "value", 1.0, factors) - paid),
        owed=_owed(profit, drawn, factors, share, lasts, paid),
        lasting=lasts,
        step=profit.laws[Kind.MOVE],
    )


def _drawn(side: _Side, name: str, share: Floats | float, factors: Mapping[tuple[str, int], Floats | float]) -> Floats:
    drawn = side.fixed + share * side.lasting + side.drift + share * side.lasting_drift
    for level, error in side.fixed_error.items():
        factor = factors[name, level] * factors["customers", level]
        drawn = drawn + (factor - 1.0) * (error + share * side.lasting_error[level])
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
    facts, mean = {NOT_THERE: 0.0}, {NOT_THERE: 0.0}
    for level in map(int, Level):
        of = figures[level]
        amount = (of.profit, of.value)[measure - 1].value
        facts[level] = of.computed[measure] / of.computed[0] if of.computed[0] else 0.0
        mean[level] = amount / of.customers.value if of.customers.value else 0.0
    known = _Side(facts, means)
    cells = {
        (a, b): Mean(
            one.customers, _in_use(one.before, facts[a], mean[a]), _in_use(one.after, facts[b], mean[b]), one.sd
        )
        for (a, b), one in means.items()
    }
    laws = {
        Kind.MOVE: step([_pair(known, Kind.MOVE, a, b) for a in ACTIVE for b in ACTIVE if a != b]),
        Kind.WIN: step([_pair(known, Kind.WIN, a, b) for a in RESTING for b in ACTIVE]),
        Kind.KEEP: step([_pair(known, Kind.KEEP, a, Level.INACTIVE) for a in ACTIVE]),
    }
    return _Side(mean, cells, laws)


def _is_like(amount: float, mean: float) -> bool:
    return mean != 0.0 and 0.0 <= amount / mean <= MOST_TIMES


def _in_use(amount: float, facts: float, mean: float) -> float:
    """What a mover brought, in the money of the figures in use."""
    if not facts:
        return amount
    return amount * mean / facts if _is_like(amount, facts) else amount + mean - facts


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
        stays, fades = (sum(part.amount for part in parts) for parts in (fixed, fading))
        side.fixed += sign * move.customers * stays
        side.lasting += sign * move.customers * fades
        for errors, parts in ((side.fixed_error, fixed), (side.lasting_error, fading)):
            for part in parts:
                errors[part.level] += sign * move.customers * part.error
        sketch = sketches.get((move.before, move.after)) if side is profit else None
        own = pair.sd if pair.sd is not None else law.own_sd * pair.size
        chance = _chance(move.customers, own, sketch, rng, draws) + move.customers * error * rng.standard_normal(draws)
        if kind == Kind.KEEP:
            side.drift = side.drift + chance
        else:
            side.lasting_drift = side.lasting_drift + chance
        ones.append(sign * (stays + still * fades))
        weights.append(weight if pair.customers else 0.0)
    return Line(move, ones[0], ones[1], _pair(profit, kind, move.before, move.after).customers, weights[0])


def _coefficients(
    side: _Side, kind: Kind, move: Move, weight: float, law: Step, lasts: Lasting
) -> tuple[list[_Part], list[_Part]]:
    """What one customer brings: what stays and what lasts only in part."""
    a, b = move.before, move.after
    prior = (1.0 - weight) * law.share

    def part(level: int, own: float, own_weight: float, of_level: float) -> _Part:
        mean = side.mean[level]
        error = own if _is_like(own, mean) else mean
        return _Part(level, own_weight * own + of_level * mean, own_weight * error + of_level * mean)

    if kind == Kind.KEEP:
        if law.is_assumed:
            prior *= lasts.share
        return [part(a, _pair(side, kind, a, b).change, weight, prior), part(b, 0.0, 0.0, -prior)], []
    went = side.cells.get((a, b), NOBODY)
    target, source = part(b, went.after, weight, prior), part(a, went.before, -weight, -prior)
    if kind == Kind.MOVE:
        return [], [target, source]
    came = pooled(side.cells, [(other, level) for other in (*RESTING, NOT_THERE) for level in ACTIVE])
    usual = part(b, came.after, 1.0, 0.0) if came.customers else target
    return [usual, source], [_Part(b, target.amount - usual.amount, target.error - usual.error)]


def _chance(n: int, sd: float, sketch: Floats | None, rng: np.random.Generator, draws: int) -> Floats:
    """The sum of n movers' distances from their mean: drawn from last year's, or normal."""
    if sketch is None or n > FEW or not sketch.std() > 0.0:
        return np.asarray(rng.standard_normal(draws) * sd * np.sqrt(n))
    around = (sketch - sketch.mean()) * (sd / sketch.std())
    return np.asarray(around[rng.integers(0, len(around), (n, draws))].sum(axis=0))


def _factor(share: float, rng: np.random.Generator, draws: int, *, is_signed: bool) -> Floats | float:
    """Factors of mean 1 that lie within 1 +- share four times of five: log-normal; normal of a figure that may as well lie below nought."""
    if not share:
        return 1.0
    if is_signed and share > 1.0:
        return np.asarray(1.0 + share / Z_OF_80 * rng.standard_normal(draws))
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
    for level, error in side.fixed_error.items():
        behind = error + lasts.share * side.lasting_error[level]
        found += [(name, level, behind**2 * float(np.var(factors[name, level]))) for name in ("profit", "customers")]
    found.append(("lasting", 0, side.lasting**2 * float(np.var(share))))
    found.append(("movers", 0, float(np.var(side.drift + lasts.share * side.lasting_drift))))
    found.append(("cost", 0, float(np.var(paid))))
    total = max(sum(variance for *_, variance in found), whole)
    owed = [Owed(source, level, variance / total) for source, level, variance in found if variance > 0.0]
    rest = 1.0 - sum(one.share for one in owed)
    return (*sorted(owed, key=lambda one: -one.share), Owed("rest", 0, max(rest, 0.0)))
