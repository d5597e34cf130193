"""Which law predicts best on this firm? Asked of its own past: fitted to the part before a day, judged by the part after it.

Two origins are taken, at half and at seven tenths of the time that is known; a law is judged by what it would have said on
either. The measure is MAE^0.25 RMSE^0.75, its geometric mean over the origins: money hangs on the few who buy much, whom RMSE sees,
yet a law that is wrong about everybody else is no use. Means of up to three laws compete too: laws err in different
directions, and a mean of forecasts is seldom worse than the best of them (Bates & Granger 1969).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from entente.differentiate.pure.accuracy import Accuracy, accuracy
from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.buying_fit import NOBODY_LEAVES, Fits, choose_law, statistics_of
from entente.differentiate.pure.buying_laws import (
    BG_NBD,
    COMMITTEE,
    FREE,
    PARETO_NBD,
    REGULAR,
    TITLES,
    BuyingLaw,
    Choice,
    Refusal,
    without_leaving,
)
from entente.differentiate.pure.histories import DAYS_PER_WEEK, BuyingHistories, from_customer_days
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.outlooks import outlook_of

ORIGINS: Final = (0.5, 0.7)
RMSE_WEIGHT: Final = 0.75
LONGEST_HOLD_OUT: Final = 365
"""Days. Older pasts are shifted, so that what is asked is not what happens in five years."""

MOST_COMPARED: Final = 50_000
"""Customers, evenly taken, on whom laws are compared; the one that is chosen is fitted to all."""

FEWEST_CUSTOMERS: Final = 200
FEWEST_PURCHASES: Final = 100
MOST_MEMBERS: Final = 3
WORTH_A_MEMBER: Final = 0.001
"""A mean of more laws has to be better by this share for each it has more."""

CANDIDATES: Final = (*REGULAR, PARETO_NBD, *FREE)
COMPARED_ONLY: Final = (BG_NBD,)
PAST_RATE, HIATUS = "past_rate", "hiatus"


@dataclass(frozen=True)
class Trial:
    """How one law, or a simple rule, did. names: the laws it is the mean of. scored: at each origin. score: the less the better."""

    names: tuple[str, ...]
    scored: tuple[Accuracy, ...]
    score: float

    @property
    def title(self) -> str:
        simple = {PAST_RATE: "past rate", HIATUS: "past rate, unless silent for a third of the time"}
        return " + ".join(simple.get(name) or TITLES[name] for name in self.names)


@dataclass(frozen=True)
class Origin:
    """The past was cut at the end of `day` and laws were judged until `until`. customers: known by then; purchases: made after."""

    day: int
    until: int
    customers: int
    purchases: int


@dataclass(frozen=True)
class Chosen:
    """law: fitted to all that is known. refusals: laws these data cannot carry. trials: the best first, simple rules and laws
    for comparison among them; empty where nothing could be held out. reason: why this law, in plain words."""

    law: BuyingLaw
    refusals: tuple[Refusal, ...]
    trials: tuple[Trial, ...]
    origins: tuple[Origin, ...]
    reason: str


def choose(
    customer: Ints, day: Ints, amount: Floats, as_of_day: int, candidates: Sequence[str] = CANDIDATES
) -> tuple[Ints, BuyingHistories, Chosen]:
    """The law that predicts best, fitted to everything known at the end of `as_of_day`.

    customer, day, amount: (m,) one row per customer and day, sorted, as `netting.net_purchases` returns them.
    Returns the customers (n,), their histories, and what was chosen. Always answers: with too little past to hold any of it
    out, by likelihood; see `choose_law`.
    """
    customers, histories = from_customer_days(customer, day, amount, as_of_day)
    held_out = _held_out(customer, day, amount, as_of_day)
    if not held_out:
        choice = choose_law(histories)
        reason = (
            "There is too little past to hold some of it out and see which law predicts best, so the law that explains the past "
            f"best is used. {FEWEST_CUSTOMERS} customers and {FEWEST_PURCHASES} later purchases are needed."
        )
        return customers, histories, Chosen(choice.law, choice.refusals, (), (), reason)
    # Of matrices this small a second thread costs more in waiting than it wins.
    with threadpool_limits(1, user_api="blas"):
        tried = [_Tried(one, candidates) for one in held_out]
        trials = _trials(tried)
        chosen = _fitted(histories, trials, tried)
    return customers, histories, replace(chosen, origins=tuple(one.origin for one in held_out))


@dataclass(frozen=True)
class _HeldOut:
    origin: Origin
    known: BuyingHistories
    later: Floats


class _Tried:
    """Every law that the past before one origin could carry, and what it said of the time after."""

    def __init__(self, held_out: _HeldOut, candidates: Sequence[str]) -> None:
        known = held_out.known
        span = (held_out.origin.until - held_out.origin.day) / DAYS_PER_WEEK
        fits = Fits(statistics_of(known))
        self.later = held_out.later
        self.said: dict[str, Floats] = {}
        self.refused: list[Refusal] = []
        for name in (*candidates, *COMPARED_ONLY):
            answer = fits.attempt(name)
            if isinstance(answer, Refusal):
                self.refused.append(answer)
                instead = without_leaving(name) if name in REGULAR else ""
                answer = fits.attempt(instead) if instead and name in candidates else answer
            if isinstance(answer, BuyingLaw):
                self.said[answer.name] = outlook_of(answer, known).expected([span])
        self.rules = {PAST_RATE: past_rate(known, span), HIATUS: past_rate_unless_silent(known, span)}


def past_rate(histories: BuyingHistories, weeks: float) -> Floats:
    """The simplest rule: everybody goes on as before. (n,) purchases; ages above nought."""
    return np.asarray(histories.repeats / histories.age * weeks)


def past_rate_unless_silent(histories: BuyingHistories, weeks: float) -> Floats:
    """Managers' rule: who was silent for the last third of the time is gone (Wübben & von Wangenheim 2008), the others go on."""
    silent = histories.age - histories.recency >= histories.age / 3.0
    return np.asarray(np.where(silent, 0.0, past_rate(histories, weeks)))


def past_and_after(
    customer: Ints, day: Ints, amount: Floats, cut: int, until: int
) -> tuple[Ints, BuyingHistories, Floats]:
    """Who had bought before the day `cut`, their histories at its end, and how often each bought after it and until `until`."""
    who, histories = from_customer_days(customer, day, amount, cut)
    watched = histories.age_days > 0
    who, histories = who[watched], histories.take(watched)
    after = customer[(day > cut) & (day <= until)]
    if not len(who):
        return who, histories, np.zeros(0)
    places = np.minimum(np.searchsorted(who, after), len(who) - 1)
    later = np.bincount(places[who[places] == after], minlength=len(who))
    return who, histories, later.astype(np.float64)


def _held_out(customer: Ints, day: Ints, amount: Floats, as_of_day: int) -> list[_HeldOut]:
    """Both origins, or none: a law judged at one of them only would be judged by chance."""
    span = as_of_day - int(day.min(initial=as_of_day))
    found = []
    for share in ORIGINS:
        cut = as_of_day - min(round((1.0 - share) * span), round((1.0 - share) / (1.0 - ORIGINS[0]) * LONGEST_HOLD_OUT))
        if cut >= as_of_day:
            return []
        who, histories, later = past_and_after(customer, day, amount, cut, as_of_day)
        if len(who) < FEWEST_CUSTOMERS or later.sum() < FEWEST_PURCHASES:
            return []
        origin = Origin(cut, as_of_day, len(who), int(later.sum()))
        part = even_part(len(who), MOST_COMPARED)
        found.append(_HeldOut(origin, histories.take(part), later[part]))
    return found


def even_part(count: int, most: int) -> slice:
    """At most so many of `count` rows, evenly taken."""
    return slice(None, None, max(1, -(-count // most)))


def _trials(tried: Sequence[_Tried]) -> list[Trial]:
    """All laws, simple rules, and every mean of up to three laws that both origins could carry, the best first."""
    found = [_trial((name,), [one.rules[name] for one in tried], tried) for name in (PAST_RATE, HIATUS)]
    everywhere = [name for name in tried[0].said if all(name in one.said for one in tried)]
    found += [_trial((name,), [one.said[name] for one in tried], tried) for name in everywhere]
    able = [name for name in everywhere if name not in COMPARED_ONLY]
    stacked: list[Matrix] = [np.stack([one.said[name] for name in able]) for one in tried] if able else []
    for members in range(2, min(MOST_MEMBERS, len(able)) + 1):
        for places in combinations(range(len(able)), members):
            forecasts = [np.asarray(said[list(places)].mean(axis=0)) for said in stacked]
            judged = score([_errors(said, one.later) for said, one in zip(forecasts, tried, strict=True)])
            found.append(
                Trial(tuple(able[place] for place in places), (), judged * (1.0 + WORTH_A_MEMBER * (members - 1)))
            )
    found.sort(key=lambda trial: trial.score)
    best = next((trial for trial in found if _may_win(trial)), None)
    if best is not None and len(best.names) > 1:
        forecasts = [np.asarray(np.mean([one.said[name] for name in best.names], axis=0)) for one in tried]
        whole = replace(_trial(best.names, forecasts, tried), score=best.score)
        found[found.index(best)] = whole
    # Of the many means only the best one is worth telling of.
    return [trial for trial in found if trial.scored]


def _may_win(trial: Trial) -> bool:
    return not set(trial.names) & {PAST_RATE, HIATUS, *COMPARED_ONLY}


def _trial(names: tuple[str, ...], forecasts: Sequence[Floats], tried: Sequence[_Tried]) -> Trial:
    scored = tuple(accuracy(said, one.later) for said, one in zip(forecasts, tried, strict=True))
    return Trial(names, scored, score([(one.mae, one.rmse) for one in scored]))


def _errors(said: Floats, later: Floats) -> tuple[float, float]:
    error = said - later
    return float(np.abs(error).mean()), float(np.sqrt((error @ error) / len(error)))


def score(errors: Sequence[tuple[float, float]]) -> float:
    """MAE and RMSE at each origin in one figure, by which laws are compared; the less the better."""
    logs = [
        (1.0 - RMSE_WEIGHT) * np.log(max(mae, 1e-12)) + RMSE_WEIGHT * np.log(max(rmse, 1e-12)) for mae, rmse in errors
    ]
    return float(np.exp(np.mean(logs)))


def _fitted(histories: BuyingHistories, trials: list[Trial], tried: Sequence[_Tried]) -> Chosen:
    """The best trial whose laws all the facts can carry, fitted to them."""
    fits = Fits(statistics_of(histories))
    refusals = {one.law: one for held in tried for one in held.refused}
    for trial in filter(_may_win, trials):
        members = [fits.attempt(name) for name in trial.names]
        laws = [one for one in members if isinstance(one, BuyingLaw)]
        if len(laws) == len(members):
            law = laws[0] if len(laws) == 1 else committee(laws)
            return Chosen(law, tuple(refusals.values()), tuple(trials), (), _reason(trial, trials))
        refusals |= {one.law: one for one in members if isinstance(one, Refusal)}
    choice: Choice = choose_law(histories)
    reason = "None of the laws that were compared can carry all the facts of today, so the law that explains the past best is used."
    return Chosen(choice.law, (*refusals.values(), *choice.refusals), tuple(trials), (), reason)


def committee(laws: Sequence[BuyingLaw]) -> BuyingLaw:
    """The mean of what several laws say. Its parameters are theirs."""
    can_tell = any(law.knows_churn for law in laws)
    notes = dict.fromkeys(note for law in laws for note in law.notes if not (can_tell and note == NOBODY_LEAVES))
    return BuyingLaw(
        name=COMMITTEE,
        parameters={},
        log_likelihood=float("nan"),
        covariance=np.zeros((0, 0)),
        customers=laws[0].customers,
        converged=all(law.converged for law in laws),
        notes=tuple(notes),
        members=tuple(laws),
    )


def _reason(trial: Trial, trials: Sequence[Trial]) -> str:
    past = next(one for one in trials if one.names == (PAST_RATE,))
    better = 1.0 - trial.score / past.score
    first = trial.scored[0]
    return (
        f"Of {len([one for one in trials if len(one.names) == 1])} ways to foresee what each customer buys, this one came nearest to what "
        f"{first.customers:,} customers then bought, {100 * better:.0f} % nearer than their past rate."
    )
