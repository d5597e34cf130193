"""What the best customers have in common before they buy, and how much like them somebody is who has not bought yet.

A logistic regression with a ridge of "top or big" on attributes as values. A value counts by how far it lies from the mean of all who have
the attribute: one that is not known of somebody says nothing of them, and that it is known says nothing either.
Sources: King & Zeng, *Logistic Regression in Rare Events Data*, Political Analysis 9, 2001 (eq. 7, drawing among the many not wanted);
Platt, *Probabilistic Outputs for Support Vector Machines*, 1999; Breiman, *Random Forests*, 2001 (importance by permutation, here exact).
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.lift import Lift, Part, area, calibration, found_by, is_off, lift_at
from entente.differentiate.pure.logistic import Logistic, fit_logistic, losses
from entente.differentiate.pure.newton import Matrix

Codes = npt.NDArray[np.int32]

# Starting guesses.
LEAST_OF_VALUE: Final = 20
FEWEST_CUSTOMERS: Final = 200
FEWEST_BEST: Final = 20
FEWEST_BEST_THEN: Final = 5
HELD_OUT: Final = 0.25
LOOKED_AT: Final = 0.1
RIDGES: Final = (300.0, 30.0, 3.0, 0.3)
FOLDS: Final = 5
MOST_COLUMNS: Final = 150
# How many are fitted: what a Newton step costs grows with the square of the columns.
MOST_WORK: Final = 2.5e8
MOST_ROWS: Final = 16_000
LEAST_ROWS: Final = 5_000
MOST_JUDGED: Final = 20_000
# To choose a strength, of log likelihood.
NEAR: Final = 0.01
Z: Final = 1.96
CHI_2: Final = 5.991
OTHER: Final = -2


@dataclass(frozen=True)
class Value:
    """One value of an attribute. code: OTHER for all that are too rare. odds: of being best against the average of all who have the
    attribute, with its 95 % interval. customers, best: how many have it, and how many of these are best."""

    code: int
    odds: float
    low: float
    high: float
    customers: int
    best: int

    @property
    def tells(self) -> bool:
        return self.low > 1.0 or self.high < 1.0


@dataclass(frozen=True)
class Weight:
    """One attribute. loss: of log likelihood a customer on the hold-out where it is dealt out anew by chance; doubt: its standard error."""

    attribute: int
    loss: float
    doubt: float
    values: list[Value]

    @property
    def matters(self) -> bool:
        return self.loss > Z * self.doubt


@dataclass(frozen=True)
class Judged:
    """The profile on customers it had not seen."""

    customers: int
    best: int
    lift: Lift
    area: float
    loss: float
    base_loss: float
    parts: list[Part]
    curve: tuple[Floats, Floats]
    is_off: bool


@dataclass(frozen=True)
class Profile:
    """reason: empty, or why nobody is scored: code, what there is, what it takes. since: the first day of those held out.
    weights: the attributes, the one that matters most first. ridge, platt: strength, and constant and slope of the calibration.
    likeness: (n,) probability of whom it was asked for."""

    reason: tuple[str, float, float] | None
    customers: int = 0
    best: int = 0
    since: int = 0
    ridge: float = 0.0
    platt: tuple[float, float] = (0.0, 1.0)
    judged: Judged | None = None
    weights: list[Weight] = field(default_factory=list)
    likeness: Floats = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True)
class Layout:
    """Which column a value has. lookup: of each attribute, code -> column, the last entry for unknown; columns from 1, the last stands for
    nothing. shares: (k,) of those who have the attribute, how many have the value; of: (k,) the attribute; codes: (k,)."""

    lookup: list[Ints]
    shares: Floats
    of: Ints
    codes: Ints


def profile_of(codes: Codes, best: Bools, first_day: Ints, key: Ints, wanted: Codes) -> Profile:
    """The profile of the best among who bought, and the likeness of whom it is wanted.

    codes: (n, m) a code from 0 for the value of each attribute, -1 unknown. best: (n,). first_day: (n,) of the first purchase.
    key: (n,) a number of each customer, by which chance deals: the order of rows and the codes change nothing. wanted: (w, m).
    """
    seen = Profile(None, customers=len(best), best=int(best.sum()))
    if codes.shape[1] == 0:
        return replace(seen, reason=("no attribute", 0, 1))
    if seen.customers < FEWEST_CUSTOMERS:
        return replace(seen, reason=("few customers", seen.customers, FEWEST_CUSTOMERS))
    if seen.best < FEWEST_BEST:
        return replace(seen, reason=("few best", seen.best, FEWEST_BEST))
    last_day = int(np.quantile(first_day, 1.0 - HELD_OUT, method="inverted_cdf"))
    later = first_day > last_day
    seen = replace(seen, since=last_day + 1)
    few = min(int(best[later].sum()), int(best[~later].sum()))
    if few < FEWEST_BEST_THEN:
        return replace(seen, reason=("few best later", few, FEWEST_BEST_THEN))
    top = max(int(codes.max(initial=0)), int(wanted.max(initial=0)))
    y, chances = best.astype(np.float64), _shuffled(key)
    learned = _learn(codes[~later], y[~later], chances[~later], top)
    if learned is None:
        return replace(seen, reason=("nothing tells", 0, 0))
    layout, ridge, platt, earlier = learned
    seen = replace(seen, ridge=ridge, platt=platt)
    judged, weights = _judge(layout, earlier, platt, codes[later], y[later], chances[later], y[~later].mean())
    layout = _layout(codes, top)
    fit, _rows = _fit(layout, codes, y, chances, ridge)
    parts = _parts(layout, fit, platt[1])
    weights = sorted(
        (replace(one, values=_values(layout, fit, platt[1], codes, y, one.attribute)) for one in weights),
        key=lambda one: (-one.loss, one.attribute),
    )
    seen = replace(seen, judged=judged, weights=weights)
    if judged.lift.low <= 1.0:
        return replace(seen, reason=("no lift", judged.lift.value, judged.lift.low))
    return replace(seen, likeness=expit(_log_odds(layout, fit, parts, platt, wanted)))


def _shuffled(key: Ints) -> npt.NDArray[np.uint64]:
    """(n,) numbers by chance, the same for the same key (Steele, Lea & Flood 2014: the mix of SplitMix64)."""
    mixed = key.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _layout(codes: Codes, top: int) -> Layout:
    """A column for each value that enough have, and one of each attribute for the others together, if these are enough."""
    counts = [np.bincount(one[one >= 0], minlength=top + 1) for one in codes.T]
    every = np.sort(np.concatenate(counts))[::-1]
    least = max(LEAST_OF_VALUE, int(every[MOST_COLUMNS - 1]) if len(every) >= MOST_COLUMNS else 0)
    lookup: list[Ints] = []
    shares: list[float] = []
    of: list[int] = []
    which: list[int] = []
    for attribute, count in enumerate(counts):
        known, kept = int(count.sum()), np.flatnonzero(count >= least)
        rest = known - int(count[kept].sum())
        columns = np.zeros(top + 2, np.int64)
        if rest >= LEAST_OF_VALUE:
            columns[:-1] = len(of) + len(kept) + 1
        columns[kept] = len(of) + 1 + np.arange(len(kept))
        has = [*count[kept].tolist(), *([rest] if rest >= LEAST_OF_VALUE else [])]
        shares += [one / max(sum(has), 1) for one in has]
        of += [attribute] * len(has)
        which += [*kept.tolist(), OTHER][: len(has)]
        lookup.append(columns)
    return Layout(lookup, np.array(shares), np.array(of, np.int64), np.array(which, np.int64))


def _design(layout: Layout, codes: Codes) -> Matrix:
    """(n, k + 1) ones, then of each known attribute 1 for the value and less the share of everybody's values; unknown: nothing."""
    x = np.zeros((len(codes), len(layout.of) + 1))
    x[:, 0] = 1.0
    for attribute, lookup in enumerate(layout.lookup):
        column = lookup[codes[:, attribute]]
        known = np.flatnonzero(column)
        mine = np.flatnonzero(layout.of == attribute)
        if len(mine) and len(known):
            x[known[:, None], mine[None, :] + 1] -= layout.shares[mine]
            x[known, column[known]] += 1.0
    return x


def _drawn(y: Floats, chances: npt.NDArray[np.uint64], columns: int) -> tuple[Ints, float, Floats]:
    """Rows to fit, what their log odds are off for having been drawn, and what each row stands for. All, where they are not too many."""
    most = int(min(MOST_ROWS, max(MOST_WORK / (columns + 1) ** 2, LEAST_ROWS)))
    if len(y) <= most:
        return np.arange(len(y)), 0.0, np.ones(len(y))
    rows, rates = [], []
    best, others = np.flatnonzero(y > 0), np.flatnonzero(y == 0)
    many = min(len(best), most // 3)
    for some, kept in ((best, many), (others, min(len(others), most - many))):
        rows.append(some[np.argpartition(chances[some], kept - 1)[:kept]])
        rates.append(kept / len(some))
    drawn = np.sort(np.concatenate(rows))
    return drawn, float(np.log(rates[0] / rates[1])), np.where(y[drawn] > 0, 1.0 / rates[0], 1.0 / rates[1])


def _fit(
    layout: Layout, codes: Codes, y: Floats, chances: npt.NDArray[np.uint64], ridge: float
) -> tuple[Logistic, Ints]:
    rows, offset, _stand = _drawn(y, chances, len(layout.of))
    return fit_logistic(_design(layout, codes[rows]), y[rows], ridge, offset=offset), rows


def _learn(
    codes: Codes, y: Floats, chances: npt.NDArray[np.uint64], top: int
) -> tuple[Layout, float, tuple[float, float], Logistic] | None:
    """Choose the ridge by what is foreseen of folds left out, calibrate on these, fit all. None where nothing is foreseen."""
    layout = _layout(codes, top)
    rows, offset, stands_for = _drawn(y, chances, len(layout.of))
    x, y, fold = _design(layout, codes[rows]), y[rows], (chances[rows] >> np.uint64(7)) % np.uint64(FOLDS)
    ahead = np.zeros((len(RIDGES), len(y)))
    base = np.zeros(len(y))
    for one in range(FOLDS):
        out = fold == one
        rate = np.average(y[~out], weights=stands_for[~out])
        base[out] = np.log(max(rate, 1e-9) / (1.0 - rate))
        start: Floats | None = None
        for at, ridge in enumerate(RIDGES):
            start = fit_logistic(x[~out], y[~out], ridge, offset=offset, start=start, at_rest=NEAR).at
            ahead[at, out] = x[out] @ start
    chosen = int(np.argmin([np.average(losses(y, one), weights=stands_for) for one in ahead]))
    gain = (losses(y, base) - losses(y, ahead[chosen])) * stands_for / stands_for.mean()
    if gain.mean() <= gain.std() / np.sqrt(len(gain)):
        return None
    platt = _platt(y, ahead[chosen], offset)
    return layout, RIDGES[chosen], platt, fit_logistic(x, y, RIDGES[chosen], offset=offset)


def _platt(y: Floats, ahead: Floats, offset: float) -> tuple[float, float]:
    """Constant and slope that make what was foreseen come true; 0 and 1 where that is no better than chance would."""
    fit = fit_logistic(np.column_stack([np.ones(len(y)), ahead]), y, 1e-6, offset=offset)
    constant, slope = float(fit.at[0]), float(fit.at[1])
    better = losses(y, ahead + offset).sum() - losses(y, constant + slope * ahead + offset).sum()
    return (constant, slope) if fit.converged and slope > 0 and 2.0 * better > CHI_2 else (0.0, 1.0)


def _parts(layout: Layout, fit: Logistic, slope: float) -> Floats:
    """(k + 1,) what each value adds to the log odds of the average; the first entry, for unknown, adds nothing."""
    coefficients = fit.at[1:]
    means = np.bincount(layout.of, weights=layout.shares * coefficients, minlength=len(layout.lookup))
    return np.append(0.0, slope * (coefficients - means[layout.of]))


def _log_odds(layout: Layout, fit: Logistic, parts: Floats, platt: tuple[float, float], codes: Codes) -> Floats:
    found = np.full(len(codes), platt[0] + platt[1] * float(fit.at[0]))
    for attribute, lookup in enumerate(layout.lookup):
        found += parts[lookup[codes[:, attribute]]]
    return found


def _judge(
    layout: Layout,
    fit: Logistic,
    platt: tuple[float, float],
    codes: Codes,
    y: Floats,
    chances: npt.NDArray[np.uint64],
    rate: float,
) -> tuple[Judged, list[Weight]]:
    parts = _parts(layout, fit, platt[1])
    log_odds = _log_odds(layout, fit, parts, platt, codes)
    # Sums in another order differ in the last digit: those are equal.
    score = np.round(log_odds, 9)
    chance = expit(log_odds)
    judged = Judged(
        len(y), int(y.sum()), lift_at(score, y, LOOKED_AT), area(score, y), float(losses(y, log_odds).mean()),
        float(losses(y, np.full(len(y), np.log(rate / (1.0 - rate)))).mean()), calibration(np.round(chance, 9), y),
        found_by(score, y), is_off(chance, y),
    )  # fmt: skip
    few = np.argsort(chances, kind="stable")[:MOST_JUDGED]
    weights = []
    for attribute, lookup in enumerate(layout.lookup):
        mine = parts[lookup[codes[few, attribute]]]
        weights.append(Weight(attribute, *_dealt_anew(y[few], log_odds[few] - mine, mine), []))
    return judged, weights


def _dealt_anew(y: Floats, without: Floats, mine: Floats) -> tuple[float, float]:
    """What is lost a customer, expected over all ways to deal the attribute out, and its standard error."""
    parts, place = np.unique(mine, return_inverse=True)
    shares = np.bincount(place) / len(mine)
    lost = -losses(y, without + mine)
    for part, share in zip(parts, shares, strict=True):
        lost += share * losses(y, without + part)
    return float(lost.mean()), float(lost.std() / np.sqrt(len(lost)))


def _values(layout: Layout, fit: Logistic, slope: float, codes: Codes, y: Floats, attribute: int) -> list[Value]:
    mine = np.flatnonzero(layout.of == attribute)
    part = _parts(layout, fit, slope)[mine + 1]
    centred = np.eye(len(mine)) - layout.shares[mine][None, :]
    doubt = slope * np.sqrt(np.diag(centred @ fit.spread[np.ix_(mine + 1, mine + 1)] @ centred.T))
    column = layout.lookup[attribute][codes[:, attribute]]
    size = len(layout.of) + 1
    customers, best = np.bincount(column, minlength=size), np.bincount(column, weights=y, minlength=size)
    found = [
        Value(
            int(layout.codes[at]), _odds(part[row]), _odds(part[row] - Z * doubt[row]), _odds(part[row] + Z * doubt[row]),
            int(customers[at + 1]), int(best[at + 1]),
        )
        for row, at in enumerate(mine)
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.odds, -one.customers, one.code))


def _odds(part: float) -> float:
    return float(np.exp(np.clip(part, -50.0, 50.0)))
