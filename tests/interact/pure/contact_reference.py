"""The contact rules once more, as plainly as they can be said: one person, one quarter of an hour at a time.

It shares the resolved zones and the calendar of days off with the engine (those have tests of their own) and nothing
else: wall time comes from `zoneinfo`, counts from loops over lists. Slow on purpose.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from entente.interact.pure import calendars
from entente.interact.pure.open_times import resolved
from entente.interact.pure.purposes import effective_purpose

SPARED = ("emergency", "legal", "transactional", "service")


def plain_answer(person, question, policy):
    """(verdict, seconds of the first permitted instant or -1). The question's instant must be a whole second."""
    purpose = effective_purpose(question.purpose, question.promotional)
    if _refused(person, question, purpose, policy):
        return "DROP", -1
    place = resolved(person)
    names = place.zones or (policy.firm_zone,)
    zones = [ZoneInfo(name) for name in names]
    windows = policy.hours[question.channel, purpose]
    anytime = any(each.days_off and (each.opens, each.closes) == (0, 1440) for each in windows)
    begin = question.at.astimezone(UTC)
    end = begin + timedelta(days=policy.horizon_days)
    spans = _spans(person, question, purpose, policy, zones)

    def open_in(zone, moment):
        local = moment.astimezone(zone)
        country, part = (place.country, place.subdivision) if place.country else (policy.firm_country, None)
        wish = person.preferences
        bound = purpose in policy.wishes_bind
        if bound and _religious(wish, local.date()):
            return False
        if bound and wish.hours is not None and not _inside(wish.hours, local, zone, lambda day: 2880):
            return False
        if anytime:
            return True
        if not place.zones and not _inside((policy.careful,), local, zone, lambda day: 2880):
            return False
        limit = lambda day: _limit(country, part, day, wish, bound, policy)  # noqa: E731
        return _inside(windows, local, zone, limit)

    moment = begin
    while moment < end:
        second = int(moment.timestamp())
        stops = [stop for start, stop in spans if start <= second < stop]
        if stops:
            moment = datetime.fromtimestamp(min(max(stops), int(end.timestamp())), UTC)
        elif all(open_in(zone, moment) for zone in zones):
            early = question.expires_at is None or moment < question.expires_at
            return ("SEND_AT", second) if early else ("DROP", -1)
        else:
            moment = _next_quarter(moment)
    if len(set(names)) == 1:
        return "DROP", -1
    moment, any_open = begin, False
    while moment < end:
        here = [open_in(zone, moment) for zone in zones]
        if all(here):
            return "DROP", -1
        any_open = any_open or any(here)
        moment = _next_quarter(moment)
    return ("ASK" if any_open else "DROP"), -1


def _next_quarter(moment):
    """Every window in these tests opens and closes on a quarter of an hour, in every zone."""
    return datetime.fromtimestamp((int(moment.timestamp()) // 900 + 1) * 900, UTC)


def _refused(person, question, purpose, policy):
    if question.key is not None and any(
        each.key == question.key and each.circle == "person" and each.outcome not in policy.returned
        for each in person.history
    ):
        return True
    for each in person.blocks:
        named = each.purpose == purpose or (each.purpose is None and purpose not in policy.block_spares)
        started = each.from_at is None or each.from_at <= question.at
        if named and each.channel in (None, question.channel) and started and each.until_at is None:
            return True
    wish = person.preferences
    if purpose in policy.wishes_bind and wish.channels is not None and question.channel not in wish.channels:
        return True
    state, when = "none", None
    for each in person.consents:
        about = each.purpose == purpose or (each.purpose is None and purpose not in SPARED)
        if not about or each.channel not in (None, question.channel) or each.at > question.at:
            continue
        if when is None or each.at > when:
            state, when = ("granted" if each.granted else "withdrawn"), each.at
        elif each.at == when and not each.granted:
            state = "withdrawn"
    return state == "withdrawn" or (state == "none" and (question.channel, purpose) in policy.consent)


def _religious(wish, day):
    return (
        day in wish.religious_days
        or (day.month, day.day) in wish.religious_yearly
        or day.weekday() in wish.religious_weekdays
    )


def _limit(country, part, day, wish, bound, policy_like):
    if bound and _religious(wish, day):
        return 0
    year = calendars.year_of(country, part, day.year, policy_like.union_of_subdivisions)
    place = (day - date(day.year, 1, 1)).days
    kind = int(year.holiday[place])
    rest = day.weekday() in wish.weekend if wish.weekend is not None else bool(year.weekend[place])
    if kind in (calendars.FULL, calendars.NEAR) or rest:
        return 0
    limit = 2880
    if kind == calendars.HALF:
        limit = min(limit, policy_like.half_day_until)
    if wish.weekend is None:
        limit = min(limit, policy_like.short_days.get((country, day.weekday()), 2880))
    return limit


def _inside(windows, local, zone, limit):
    """Is this instant inside a window of its own wall day, or one of yesterday's that runs on?"""
    for each in windows:
        for back in (0, 1):
            day = local.date() - timedelta(days=back)
            length = each.closes + (1440 if each.closes <= each.opens else 0)
            until = length if each.days_off else min(length, limit(day))
            if day.weekday() not in each.weekdays or until <= each.opens:
                continue
            if _instant(day, each.opens, zone, late=True) <= local < _instant(day, until, zone, late=False):
                return True
    return False


@cache
def _instant(day, minutes, zone, late):
    """The instant of a wall time; of two the later or the earlier, and past a gap the first that exists."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [each for each in both if each.astimezone(zone).replace(tzinfo=None) == wall]
    if real:
        return max(real) if late else min(real)
    moment = min(both) - timedelta(hours=30)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += timedelta(minutes=1)
    return moment


def _spans(person, question, purpose, policy, zones):
    """Half-open spans of seconds that some rule forbids."""
    far, spans = 1 << 39, []
    for each in person.blocks:
        if (
            each.purpose == purpose or (each.purpose is None and purpose not in policy.block_spares)
        ) and each.channel in (
            None,
            question.channel,
        ):
            spans.append((_at(each.from_at, 0), _at(each.until_at, far)))
    wish = person.preferences
    own = [each for each in person.history if not each.inbound and each.outcome not in policy.returned]
    if purpose in policy.wishes_bind:
        if wish.paused_from or wish.paused_until:
            spans.append((_at(wish.paused_from, 0), _at(wish.paused_until, far)))
        if wish.frequency is not None:
            kept = [each for each in own if each.purpose in policy.wishes_bind and each.circle == "person"]
            spans += _runs(kept, wish.frequency.limit, wish.frequency.days, 0, zones)
    for rule in policy.rests:
        for each in person.history:
            same = not rule.same_channel or each.channel == question.channel
            topic = not rule.same_topic or (question.topic is not None and each.topic == question.topic)
            if purpose in rule.purposes and each.outcome == rule.outcome and each.circle == "person" and same and topic:
                ends = [_shift(each.at, rule.days, zone) for zone in zones]
                spans.append((_at(each.at, 0), max(ends) + rule.hours * 3600))
    for rule in policy.exclusions:
        others = set()
        if purpose in rule.purposes:
            others |= rule.others
        if purpose in rule.others:
            others |= rule.purposes
        kept = [each for each in own if each.purpose in others and each.circle == "person"]
        spans += _runs(kept, 1, rule.days, 0, zones)
    for rule in (*policy.gaps, *policy.caps):
        if purpose not in rule.purposes or (rule.channels is not None and question.channel not in rule.channels):
            continue
        if rule.same_topic and question.topic is None:
            continue
        kept = [
            each
            for each in own
            if each.purpose in rule.purposes
            and each.circle in ("person", rule.circle)
            and (rule.channels is None or each.channel in rule.channels)
            and (not rule.same_topic or each.topic == question.topic)
        ]
        if getattr(rule, "per", None):
            spans += _calendar(kept, rule, zones)
        else:
            spans += _runs(kept, getattr(rule, "limit", 1), rule.days or 0, getattr(rule, "hours", 0), zones)
    return spans


def _at(instant, missing):
    return missing if instant is None else int(instant.timestamp() // 1)


def _shift(instant, days, zone):
    wall = (instant.replace(microsecond=0).astimezone(zone)).replace(tzinfo=None) + timedelta(days=days)
    shifted = _exact(wall, zone, late=days > 0)
    return int(shifted.timestamp())


def _exact(wall, zone, late):
    both = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [each for each in both if each.astimezone(zone).replace(tzinfo=None) == wall]
    if real:
        return max(real) if late else min(real)
    moment = (min(both) - timedelta(hours=30)).replace(second=0)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += timedelta(minutes=1)
    return moment


def _runs(contacts, limit, days, hours, zones):
    times = sorted(each.at for each in contacts)
    spans = []
    for first in range(len(times) - limit + 1):
        last = times[first + limit - 1]
        for zone in zones:
            start = _shift(last, -days, zone) if days else int(last.timestamp() // 1)
            stop = _shift(times[first], days, zone) if days else int(times[first].timestamp() // 1)
            if start - hours * 3600 < int(times[first].timestamp() // 1):
                spans.append((start - hours * 3600 + 1, stop + hours * 3600))
    return spans


def _calendar(contacts, rule, zones):
    spans = []
    for zone in zones:
        periods = {}
        for each in contacts:
            day = each.at.astimezone(zone).date()
            if rule.per == "day":
                first, after = day, day + timedelta(days=1)
            elif rule.per == "week":
                first = day - timedelta(days=day.weekday())
                after = first + timedelta(days=7)
            else:
                first = day.replace(day=1)
                after = (first + timedelta(days=32)).replace(day=1)
            periods.setdefault((first, after), []).append(each)
        for (first, after), found in periods.items():
            if len(found) >= rule.limit:
                start, stop = (_instant(day, 0, zone, late=True) for day in (first, after))
                spans.append((int(start.timestamp()), int(stop.timestamp())))
    return spans
