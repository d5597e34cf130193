"""Caps, gaps, silence, the last slot; wall clocks and spans."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.interact.pure.caps import award, forbidden_by_calendar, forbidden_by_runs
from entente.interact.pure.clocks import DAY, clock, distinct_clocks
from entente.interact.pure.silence import NEVER, silences
from entente.interact.pure.windows import UnreadableHours, common, joined, next_open, window

UTC_CLOCK = clock("Etc/UTC", 2026)


def ints(*values):
    return np.array(values, dtype=np.int64)


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(1, 4), st.integers(1, 12), st.integers(0, 55))
def test_a_rolling_cap_forbids_exactly_what_would_be_one_too_many(days, limit, length, asked):
    times = sorted(days)
    group = np.zeros(len(times), dtype=np.int64)
    _, starts, ends = forbidden_by_runs(UTC_CLOCK, ints(*[each * DAY for each in times]), group, limit, length)
    forbidden = bool(np.any((starts <= asked * DAY) & (asked * DAY < ends)))
    with_it = sorted([*times, asked])
    runs = [with_it[at : at + limit + 1] for at in range(len(with_it) - limit)]
    assert forbidden == any(asked in run and run[-1] - run[0] < length for run in runs)


def test_groups_do_not_share_a_cap():
    rows, _, _ = forbidden_by_runs(UTC_CLOCK, ints(0, DAY, 0, DAY), ints(0, 0, 1, 1), 2, 7)
    assert rows.tolist() == [0, 1]
    assert len(forbidden_by_runs(UTC_CLOCK, ints(0, DAY), ints(0, 1), 2, 7)[0]) == 0


def test_a_calendar_day_is_the_persons_own():
    tokyo = clock("Asia/Tokyo", 2026)
    evening_utc = int(datetime(2026, 11, 24, 16, tzinfo=UTC).timestamp())  # 01:00 on the 25th in Tokyo
    _, starts, ends = forbidden_by_calendar(tokyo, ints(evening_utc), ints(0), 1, "day")
    assert datetime.fromtimestamp(starts[0], ZoneInfo("Asia/Tokyo")).isoformat() == "2026-11-25T00:00:00+09:00"
    assert ends[0] - starts[0] == DAY


@pytest.mark.parametrize(("per", "first", "after"), [("week", 23, 30), ("month", 1, 31)])
def test_a_week_begins_on_monday_and_a_month_on_its_first(per, first, after):
    at = int(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp())
    _, starts, ends = forbidden_by_calendar(UTC_CLOCK, ints(at), ints(0), 1, per)
    assert datetime.fromtimestamp(starts[0], UTC) == datetime(2026, 11, first, tzinfo=UTC)
    assert datetime.fromtimestamp(ends[0], UTC) == datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=after - 1)


def test_the_last_slot_goes_to_the_higher_score_and_not_to_the_first():
    won = award(ints(0, 0, 1, 0), np.array([1.0, 5.0, 0.1, np.nan]), ints(1, 1))
    assert won.tolist() == [False, True, True, False]
    assert award(ints(0, 0), np.array([2.0, 2.0]), ints(1)).tolist() == [True, False]
    assert award(ints(), np.array([]), ints(3)).tolist() == []


def test_silence_is_due_after_its_limit_and_not_on_it():
    as_of = 1_000 * DAY
    last = ints(as_of - 30 * DAY, as_of - 30 * DAY - 1, as_of - 46 * DAY, NEVER, NEVER, as_of + DAY)
    since = ints(NEVER, NEVER, NEVER, as_of - 31 * DAY, NEVER, as_of - 90 * DAY)
    days, due, escalate = silences(last, since, np.full(6, 30), as_of)
    assert days.tolist() == [30, 30, 46, 31, -1, 90]
    assert due.tolist() == [False, True, True, True, False, True]
    assert escalate.tolist() == [False, False, True, False, False, True]
    assert not silences(last, since, np.zeros(6, np.int64), as_of)[1].any()


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Asia/Tehran"],
)
def test_clocks_agree_with_zoneinfo_every_hour_of_two_years(zone):
    here = clock(zone, 2026)
    instants = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) + np.arange(2 * 365 * 24, dtype=np.int64) * 3_600
    offsets = [datetime.fromtimestamp(each, ZoneInfo(zone)).utcoffset().total_seconds() for each in instants.tolist()]
    assert np.array_equal(here.wall(instants) - instants, np.array(offsets, dtype=np.int64))
    walls = here.wall(instants)
    assert np.all(here.closing(walls) <= instants) and np.all(instants <= here.opening(walls))


def test_zones_that_show_the_same_time_are_asked_once():
    assert len(distinct_clocks(("Europe/Berlin", "Europe/Busingen", "Europe/Paris"), 2026)) == 1


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def as_arrays(pairs):
    return joined(ints(*[start for start, _ in pairs]), ints(*[end for _, end in pairs]))


@given(spans, spans, st.integers(0, 31))
def test_common_spans_are_those_in_both(one, other, moment):
    starts, ends = common([as_arrays(one), as_arrays(other)])
    in_both = all(any(start <= moment < end for start, end in each) for each in (one, other))
    assert bool(np.any((starts <= moment) & (moment < ends))) == in_both
    assert np.all(starts < ends) and np.all(ends[:-1] < starts[1:])
    later = [at for at in range(moment, 32) if np.any((starts <= at) & (at < ends))]
    assert next_open(starts, ends, ints(moment)).tolist() == [later[0] if later else -1]


@pytest.mark.parametrize("hours", ["9-18", "25:00-26:00", "09:00", "09:00-09:00", "09:00–18:00", "", "24:00-06:00"])
def test_hours_that_cannot_be_read_are_refused(hours):
    with pytest.raises(UnreadableHours):
        window(hours)


def test_hours_and_weekdays_are_read():
    assert window("22:00-06:00", "fri sat").weekdays == {4, 5} and window("22:00-06:00").overnight
    assert window("00:00-24:00").closes == 1440
    with pytest.raises(UnreadableHours, match="fryday"):
        window("09:00-10:00", "fryday")
