"""How often: caps, minimum gaps, rest after an outcome, mutual exclusion. And who gets the last slot.

Each of these forbids spans of time, computed from the contacts that count. With at most n contacts in any D days, a
new contact at t is one too many exactly when some n consecutive contacts would share a D-day span with it; so every
run of n contacts, first at f and last at l, l - f < D, forbids the open span (l - D, f + D). A gap is the case n =
1. Contacts reserved for later count like past ones. Days are wall days in the person's zone (the wider span where
there are several); hours are elapsed hours.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from entente.interact.pure.clocks import DAY, Clock, Ints
from entente.interact.pure.purposes import Channel, Purpose

Circle = Literal["person", "household", "firm"]
Period = Literal["day", "week", "month"]


@dataclass(frozen=True)
class Cap:
    """At most `limit` contacts in any `days` wall days, or in each calendar day, week (from Monday) or month.

    Exactly one of days and per is set.
    purposes: those that are counted and bound; channels: likewise, None is all.
    circle: counts the person's own contacts, or those of the whole household or firm as well.
    same_topic: counts only contacts on the question's topic, and binds only a question that has one.
    """

    name: str
    limit: int
    purposes: frozenset[Purpose]
    days: int | None = None
    per: Period | None = None
    channels: frozenset[Channel] | None = None
    circle: Circle = "person"
    same_topic: bool = False


@dataclass(frozen=True)
class Gap:
    """At least `days` wall days and `hours` elapsed hours between two contacts. Fields as in Cap."""

    name: str
    purposes: frozenset[Purpose]
    days: int = 0
    hours: int = 0
    channels: frozenset[Channel] | None = None
    circle: Circle = "person"
    same_topic: bool = False


@dataclass(frozen=True)
class Rest:
    """Suppression: after `outcome`, leave the person alone for `days` wall days and `hours` elapsed hours.

    purposes: those suppressed.
    same_channel: only on the channel the outcome came on. same_topic: only on the topic.
    """

    name: str
    outcome: str
    purposes: frozenset[Purpose]
    days: int = 0
    hours: int = 0
    same_channel: bool = False
    same_topic: bool = False


@dataclass(frozen=True)
class Exclusion:
    """Mutual exclusion: a contact for one of `purposes` and one for one of `others` keep `days` wall days apart."""

    name: str
    purposes: frozenset[Purpose]
    others: frozenset[Purpose]
    days: int


def forbidden_by_runs(
    clock: Clock, at: Ints, group: Ints, limit: int, days: int, hours: int = 0
) -> tuple[Ints, Ints, Ints]:
    """The spans that a rolling cap (or with limit 1 a gap) forbids.

    at, group: (n,) counted contacts and whose they are, sorted by group, then time.

    Returns (rows, starts, ends): for each run, its group, and the half-open span of instants one contact too many.
    """
    last = np.arange(limit - 1, len(at))
    same = group[last] == group[last - limit + 1]
    last = last[same]
    first = last - limit + 1
    # The span is open at both ends, so the first forbidden second is one after.
    starts = clock.earlier(at[last], days) - hours * 3_600 + 1
    ends = clock.later(at[first], days) + hours * 3_600
    # A run that is itself longer than the span cannot share it with anybody.
    short = starts <= at[first]
    return group[last][short], starts[short], ends[short]


def forbidden_by_calendar(clock: Clock, at: Ints, group: Ints, limit: int, per: Period) -> tuple[Ints, Ints, Ints]:
    """The calendar days, weeks or months that already hold `limit` contacts. Shapes as in forbidden_by_runs."""
    days = clock.wall(at) // DAY
    if per == "day":
        first, after = days, days + 1
    elif per == "week":
        first = days - (days + 3) % 7
        after = first + 7
    else:
        month = days.astype("datetime64[D]").astype("datetime64[M]")
        first = month.astype("datetime64[D]").astype(np.int64)
        after = (month + 1).astype("datetime64[D]").astype(np.int64)
    last = np.arange(limit - 1, len(at))
    full = (group[last] == group[last - limit + 1]) & (first[last] == first[last - limit + 1])
    last = last[full]
    return group[last], clock.opening(first[last] * DAY), clock.opening(after[last] * DAY)


def forbidden_after(clock: Clock, at: Ints, days: int, hours: int) -> tuple[Ints, Ints]:
    """The rest that follows each of (n,) outcomes: (starts, ends)."""
    return at, clock.later(at, days) + hours * 3_600


def award(circle: Ints, score: NDArray[np.float64], free: Ints) -> NDArray[np.bool_]:
    """Who gets the last slots: within each circle the higher score, whoever came first.

    circle: (n,) whose slots are asked for, 0 to k - 1. score: (n,) larger is better, NaN is worst.
    free: (k,) slots left. Equal scores: the earlier row, so that a repeat of the question has the same answer.

    Returns (n,) True for those who get one.
    """
    order = np.lexsort((np.arange(len(score)), -np.nan_to_num(score, nan=-np.inf), circle))
    sorted_circle = circle[order]
    begin = np.searchsorted(sorted_circle, sorted_circle, side="left")
    won = np.empty(len(score), dtype=np.bool_)
    won[order] = np.arange(len(score)) - begin < free[sorted_circle]
    return won
