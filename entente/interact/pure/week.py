"""A person's week by the hour: when a call is welcome, and when it is best. For the picture on the customer's page."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from entente.interact.pure.clocks import DAY, distinct_clocks
from entente.interact.pure.open_times import EPOCH, day_off, open_times, resolved, situation_of
from entente.interact.pure.people import Person, Question, instant_of
from entente.interact.pure.policy import DEFAULT_POLICY, ContactPolicy
from entente.interact.pure.purposes import Channel, Purpose
from entente.interact.pure.reasons import Reason

Cell = Literal["no", "ok", "best"]
# So many answered calls must speak before they overrule the policy's hours.
ENOUGH_ANSWERS = 5
# Before any evidence an hour is thought to answer this often, with the weight of this many calls.
PRIOR_RATE, PRIOR_CALLS = 0.3, 4.0


@dataclass(frozen=True)
class Week:
    """zone: whose hours these are, the first candidate; days: seven dates from the start; cells: [day][hour];
    days_off: why a day is off or short, None where it is not; from_answers: do answered calls say what is best?"""

    zone: str
    days: tuple[date, ...]
    cells: tuple[tuple[Cell, ...], ...]
    days_off: tuple[Reason | None, ...]
    from_answers: bool


def welcome_week(
    person: Person,
    start_on: date,
    policy: ContactPolicy = DEFAULT_POLICY,
    channel: Channel = Channel.PHONE,
    purpose: Purpose = Purpose.RELATIONSHIP,
) -> Week:
    """Seven days of 24 local hours from `start_on`. An hour is welcome only if all of it is, in every candidate zone.

    Only the calendar and the person's wished hours are looked at, not counts: the picture is of hours, not of today's
    permission.
    """
    place = resolved(person)
    first_day = (start_on - EPOCH).days
    asked = Question(channel, purpose, instant_of(first_day * DAY))
    situation = situation_of(place, person.preferences, asked, purpose, policy)
    clock = distinct_clocks(situation.zones, start_on.year)[0]
    opens = open_times(situation, first_day * DAY, 9)
    walls = first_day * DAY + np.arange(7 * 24, dtype=np.int64) * 3_600
    # The wide reading of an hour: from the first time it strikes to the last time it ends.
    begin, end = clock.closing(walls), clock.opening(walls + 3_600)
    span = np.searchsorted(opens.ends, begin, side="right")
    inside = np.zeros(len(walls), dtype=np.bool_)
    if len(opens.ends):
        held = np.minimum(span, len(opens.ends) - 1)
        inside = (span < len(opens.ends)) & (opens.starts[held] <= begin) & (end <= opens.ends[held]) & (end > begin)
    best, from_answers = _best_hours(person, ZoneInfo(clock.zone), channel, policy)
    days = tuple(start_on + timedelta(days=step) for step in range(7))
    cells = tuple(tuple(_cell(bool(inside[24 * day + hour]), hour in best) for hour in range(24)) for day in range(7))
    return Week(clock.zone, days, cells, tuple(day_off(situation, day)[1] for day in days), from_answers)


def _cell(welcome: bool, best: bool) -> Cell:
    if not welcome:
        return "no"
    return "best" if best else "ok"


def _best_hours(person: Person, zone: ZoneInfo, channel: Channel, policy: ContactPolicy) -> tuple[frozenset[int], bool]:
    """The hours whose contacts are answered most often, shrunk to PRIOR_RATE; the policy's until there is evidence."""
    tried, answered = np.zeros(24), np.zeros(24)
    for each in person.history:
        if each.channel == channel and each.circle == "person" and each.outcome not in policy.returned:
            hour = each.at.astimezone(zone).hour
            tried[hour] += 1
            answered[hour] += each.two_way
    if answered.sum() < ENOUGH_ANSWERS:
        return policy.best_hours, False
    rate = (answered + PRIOR_RATE * PRIOR_CALLS) / (tried + PRIOR_CALLS)
    # Better than not knowing, and among the best four.
    good = [int(hour) for hour in np.argsort(-rate, kind="stable")[:4] if rate[hour] > PRIOR_RATE]
    return frozenset(good), True
