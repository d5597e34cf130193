"""When the calendar lets a person be contacted: windows, less days off, in every zone the person may be in.

People who share a `Situation` share one answer, which is kept; that is what makes a batch cheap.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from entente.interact.pure import calendars
from entente.interact.pure.clocks import DAY, FAR, Clock, Ints, distinct_clocks
from entente.interact.pure.people import Person, Preferences, Question
from entente.interact.pure.policy import ContactPolicy
from entente.interact.pure.purposes import Purpose
from entente.interact.pure.reasons import Reason, reason
from entente.interact.pure.windows import DAY_MINUTES, EVERY_DAY, FULL_DAY, OFF, Window, clock_face, common, spans
from entente.interact.pure.zones import Place, place_of

EPOCH = date(1970, 1, 1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Situation:
    """All that the calendar depends on.

    zones: every candidate, or the firm's own when `careful` is set.
    windows: the policy's; wishes: the person's own hours; careful: the window for a zone that is not known.
    """

    zones: tuple[str, ...]
    country: str | None
    subdivision: str | None
    windows: tuple[Window, ...]
    wishes: tuple[Window, ...] | None
    careful: Window | None
    weekend: frozenset[int] | None
    religious_days: frozenset[date]
    religious_yearly: frozenset[tuple[int, int]]
    religious_weekdays: frozenset[int]
    half_day_until: int
    short_days: tuple[tuple[int, int], ...]
    union: bool

    @property
    def any_time(self) -> bool:
        return always(self.windows) and self.wishes is None and not self.rests_bind

    @property
    def rests_bind(self) -> bool:
        return bool(self.religious_days or self.religious_yearly or self.religious_weekdays)


def always(windows: tuple[Window, ...]) -> bool:
    """Is every instant of every day inside one of these windows?"""
    return any(
        each.days_off and each.opens == 0 and each.closes == DAY_MINUTES and each.weekdays == EVERY_DAY
        for each in windows
    )


def situation_of(
    place: Place, wishes: Preferences, question: Question, purpose: Purpose, policy: ContactPolicy
) -> Situation:
    """The calendar situation of one person asked one question. `purpose` is the effective one."""
    bound = purpose in policy.wishes_bind
    known = bool(place.zones)
    windows = policy.hours[question.channel, purpose]
    country = place.country or policy.firm_country
    return Situation(
        zones=place.zones if known else (policy.firm_zone,),
        country=country,
        subdivision=place.subdivision if place.country else None,
        windows=windows,
        wishes=wishes.hours if bound else None,
        careful=None if known or always(windows) else policy.careful,
        weekend=wishes.weekend,
        religious_days=wishes.religious_days if bound else frozenset(),
        religious_yearly=wishes.religious_yearly if bound else frozenset(),
        religious_weekdays=wishes.religious_weekdays if bound else frozenset(),
        half_day_until=policy.half_day_until,
        short_days=tuple(
            sorted((day, until) for (nation, day), until in policy.short_days.items() if nation == country)
        ),
        union=policy.union_of_subdivisions,
    )


def resolved(person: Person) -> Place:
    return place_of(
        zone=person.zone,
        country=person.country,
        subdivision=person.subdivision,
        phone=person.phone,
        postcode=person.postcode,
    )


def day_off(situation: Situation, day: date) -> tuple[int, Reason | None]:
    """How late a window may run that opens on `day`, and why not all day: (minutes, reason)."""
    religious = (
        day in situation.religious_days
        or (day.month, day.day) in situation.religious_yearly
        or day.weekday() in situation.religious_weekdays
    )
    if religious:
        return OFF, reason("religious_day", day=day.isoformat(), weekday=WEEKDAYS[day.weekday()])
    year = calendars.year_of(situation.country, situation.subdivision, day.year, situation.union)
    place = day.timetuple().tm_yday - 1
    where, name, weekday = situation.country or "", year.names.get(place, ""), WEEKDAYS[day.weekday()]
    kind = year.holiday[place]
    if kind == calendars.FULL:
        return OFF, reason("holiday", day=day.isoformat(), country=where, name=name, weekday=weekday)
    if situation.weekend is not None:
        if day.weekday() in situation.weekend:
            return OFF, reason("personal_weekend", weekday=weekday, day=day.isoformat())
    elif year.weekend[place]:
        return OFF, reason("weekend", weekday=weekday, country=where, day=day.isoformat())
    if kind == calendars.NEAR:
        return OFF, reason("holiday_near", day=day.isoformat(), country=where, name=name, weekday=weekday)
    short = dict(situation.short_days).get(day.weekday(), FULL_DAY)
    if kind == calendars.HALF and situation.half_day_until <= short:
        until = situation.half_day_until
        told = reason(
            "half_day", day=day.isoformat(), country=where, name=name, until=clock_face(until), weekday=weekday
        )
        return until, told
    if short < FULL_DAY and situation.weekend is None:
        return short, reason("short_day", weekday=weekday, country=where, until=clock_face(short), day=day.isoformat())
    return FULL_DAY, None


@lru_cache(maxsize=16_384)
def _limits(rest: Situation, first_day: int, days: int) -> Ints:
    return np.array(
        [day_off(rest, EPOCH + timedelta(days=first_day + step))[0] for step in range(days)], dtype=np.int64
    )


def limits(situation: Situation, first_day: int, days: int) -> Ints:
    """(days,) minutes until which windows may run, kept for every situation with the same days off."""
    rest = Situation(
        zones=(),
        country=situation.country,
        subdivision=situation.subdivision,
        windows=(),
        wishes=None,
        careful=None,
        weekend=situation.weekend,
        religious_days=situation.religious_days,
        religious_yearly=situation.religious_yearly,
        religious_weekdays=situation.religious_weekdays,
        half_day_until=situation.half_day_until,
        short_days=situation.short_days,
        union=situation.union,
    )
    return _limits(rest, first_day, days)


def _layers(situation: Situation, clock: Clock, first_day: int, days: int) -> list[tuple[Ints, Ints]]:
    off = limits(situation, first_day, days)
    open_all = np.full(days, FULL_DAY, dtype=np.int64)
    layers = [spans(situation.windows, clock, first_day, off)]
    if situation.wishes is not None:
        layers.append(spans(situation.wishes, clock, first_day, open_all))
    if situation.careful is not None:
        layers.append(spans((situation.careful,), clock, first_day, open_all))
    if situation.rests_bind:
        kept = np.array([not _religious(situation, first_day + step) for step in range(days)])
        layers.append(spans((Window(0, DAY_MINUTES),), clock, first_day, np.where(kept, FULL_DAY, OFF)))
    return layers


def _religious(situation: Situation, day: int) -> bool:
    told = day_off(situation, EPOCH + timedelta(days=day))[1]
    return told is not None and told.code == "religious_day"


@dataclass(frozen=True, eq=False)
class OpenTimes:
    """starts, ends: (k,) sorted, disjoint half-open spans of instants, within the horizon.
    some_zone: is any candidate zone open at any time, taken alone?"""

    starts: Ints
    ends: Ints
    some_zone: bool


@lru_cache(maxsize=16_384)
def _open_times(situation: Situation, year: int, first_day: int, days: int) -> OpenTimes:
    if situation.any_time:
        return OpenTimes(np.zeros(1, dtype=np.int64), np.full(1, FAR, dtype=np.int64), True)
    clocks = distinct_clocks(situation.zones, year)
    alone = [common(_layers(situation, clock, first_day, days)) for clock in clocks]
    starts, ends = common(alone)
    return OpenTimes(starts, ends, any(len(each[0]) for each in alone))


def open_times(situation: Situation, at: int, horizon_days: int) -> OpenTimes:
    """When this situation is open from shortly before `at` until the horizon."""
    today = at // DAY
    # Two days before: a window of yesterday may run on, and yesterday may still be today's date in UTC.
    return _open_times(situation, _year(at), today - 2, horizon_days + 5)


def _year(at: int) -> int:
    return (EPOCH + timedelta(days=at // DAY)).year


def clocks_of(situation: Situation, at: int) -> tuple[Clock, ...]:
    return distinct_clocks(situation.zones, _year(at))


def why_closed(situation: Situation, question: Question, purpose: Purpose, at: int) -> list[Reason]:
    """Why the calendar is closed at `at`: the first zone that is closed tells. Empty when it is open."""
    for clock in clocks_of(situation, at):
        wall = clock.wall_of(at)
        day = wall // DAY
        layers = _layers(situation, clock, day - 2, 5)
        inside = [bool(np.any((starts <= at) & (at < ends))) for starts, ends in layers]
        if all(inside):
            continue
        hour = {"wall": clock_face(wall % DAY // 60), "weekday": WEEKDAYS[(day + 3) % 7], "zone": clock.zone}
        found: list[Reason] = []
        if not inside[0]:
            found.append(_why_window(situation, question, purpose, wall, hour))
        place = 1
        if situation.wishes is not None:
            if not inside[place]:
                found.append(reason("outside_wishes", **hour, hours=_spoken(situation.wishes)))
            place += 1
        if situation.careful is not None:
            if not inside[place]:
                found.append(reason("outside_careful", hours=situation.careful.hours, zone=clock.zone))
            place += 1
        if situation.rests_bind and not inside[place]:
            told = day_off(situation, EPOCH + timedelta(days=day))[1]
            if told is not None and told not in found:
                found.append(told)
        return found or [_outside_hours(situation, question, purpose, hour)]
    return []


def _spoken(windows: tuple[Window, ...]) -> str:
    return ", ".join(dict.fromkeys(each.hours for each in windows)) or "at no hour"


def _why_window(situation: Situation, question: Question, purpose: Purpose, wall: int, hour: dict[str, str]) -> Reason:
    day, minute = wall // DAY, wall % DAY // 60
    until, told = day_off(situation, EPOCH + timedelta(days=day))
    if told is not None and minute >= until and not all(each.days_off for each in situation.windows):
        return told
    # A window of yesterday that runs over midnight is asked of yesterday.
    until, told = day_off(situation, EPOCH + timedelta(days=day - 1))
    running = any(each.overnight and minute < each.closes for each in situation.windows)
    if told is not None and running and until < FULL_DAY:
        return told
    return _outside_hours(situation, question, purpose, hour)


def _outside_hours(situation: Situation, question: Question, purpose: Purpose, hour: dict[str, str]) -> Reason:
    hours = _spoken(situation.windows)
    return reason("outside_hours", **hour, purpose=purpose.value, channel=question.channel.value, hours=hours)
