"""Where people are, which days are theirs, and the picture of their week."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from entente.interact.pure.calendars import FULL, subdivisions, year_of
from entente.interact.pure.contact_rules import check
from entente.interact.pure.people import Contact, Person, Preferences, Question
from entente.interact.pure.postcodes import BY_COUNTRY
from entente.interact.pure.purposes import Channel, Purpose
from entente.interact.pure.week import welcome_week
from entente.interact.pure.windows import window
from entente.interact.pure.zones import is_zone, place_of, zones_of_country, zones_of_postcode


def test_a_declared_zone_wins():
    place = place_of(zone="Asia/Tokyo", country="DE", phone="+12125551234")
    assert (place.zones, place.source, place.country) == (("Asia/Tokyo",), "declared", "DE")
    assert place_of(zone="Asia/Tokyo").country == "JP"


def test_sources_that_agree_narrow_and_sources_that_contradict_join():
    assert len(place_of(country="US").zones) == 29
    new_york = place_of(country="US", phone="+12125551234")
    assert "America/New_York" in new_york.zones and "America/Chicago" not in new_york.zones
    torn = place_of(country="US", phone="+12125551234", postcode="94105")
    assert set(torn.zones) == {"America/Los_Angeles", "America/New_York"}
    moved = place_of(country="DE", phone="+447911123456")
    assert {"Europe/Berlin", "Europe/London"} <= set(moved.zones) and moved.country == "DE"


def test_a_russian_mobile_is_never_inferred():
    assert len(place_of(phone="+79161234567").zones) == 16
    inside = place_of(phone="+79161234567", country="RU").zones
    assert {"Europe/Kaliningrad", "Asia/Kamchatka"} <= set(inside) and "Asia/Almaty" not in inside


def test_national_numbers_need_a_country():
    assert place_of(phone="07911 123456").source == "unknown"
    assert place_of(phone="07911 123456", country="GB").zones == ("Europe/London",)
    assert place_of(phone="0044 20 7946 0958").country == "GB"


def test_every_postcode_zone_exists_and_prefixes_are_in_order():
    for country, rows in BY_COUNTRY.items():
        for first, last, zones in rows:
            assert first <= last and len(first) == len(last)
            assert all(is_zone(zone) for zone in zones), (country, first)
            # A zone may since have become another's alias; its clock must be one the country has.
            assert zones_of_country(country)
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
        assert all(one[1] < other[0] for one, other in pairwise(rows))


@pytest.mark.parametrize(
    ("country", "code", "zone"),
    [
        ("RU", "690001", "Asia/Vladivostok"),
        ("RU", "236006", "Europe/Kaliningrad"),
        ("US", "60601", "America/Chicago"),
        ("CA", "m5v 2t6", "America/Toronto"),
        ("AU", "2000", "Australia/Sydney"),
        ("ES", "35001", "Atlantic/Canary"),
    ],
)
def test_known_postcodes(country, code, zone):
    assert zone in zones_of_postcode(country, code)


def test_weekends_and_parts():
    days = slice(4, 11)  # Monday 5 January 2026 to Sunday
    assert year_of("SA", None, 2026).weekend[days].tolist() == [False] * 4 + [True, True, False]
    assert year_of("MY", "11", 2026).weekend[days].tolist() == [False] * 4 + [True, True, False]
    assert year_of("MY", "14", 2026).weekend[days].tolist() == [False] * 5 + [True, True]
    assert "BY" in subdivisions("DE") and subdivisions(None) == ()
    assert not year_of("SA", None, 2150).known and not year_of(None, None, 2026).known
    assert year_of("SA", None, 2012).weekend[4:6].tolist() == [True, True]  # then Thursday and Friday: 5 and 6 January


def test_a_leap_year_has_its_day():
    assert len(year_of("DE", "BY", 2028).weekend) == 366
    assert year_of("DE", "BY", 2028).holiday[365 - 5] == FULL  # 26 December


MONDAY = date(2026, 11, 23)


def test_the_week_shows_hours_days_off_and_the_best():
    week = welcome_week(Person(country="SA"), date(2026, 11, 20))
    assert week.zone == "Asia/Riyadh" and len(week.cells) == 7 and all(len(day) == 24 for day in week.cells)
    assert set(week.cells[0]) == set(week.cells[1]) == {"no"}
    assert [each.code if each else None for each in week.days_off] == ["weekend", "weekend"] + [None] * 5
    sunday = week.cells[2]
    assert (
        sunday[8] == "no" and sunday[9] == "ok" and sunday[10] == "best" and sunday[17] == "ok" and sunday[18] == "no"
    )


def test_answered_calls_say_what_is_best():
    calls = tuple(
        Contact(datetime(2026, 10, day, hour, 5, tzinfo=UTC), Channel.PHONE, Purpose.SERVICE, two_way=hour == 16)
        for day in range(1, 8)
        for hour in (10, 16)
    )
    week = welcome_week(Person(zone="Etc/UTC", country="SA", history=calls), MONDAY)
    assert week.from_answers and week.cells[0][16] == "best" and week.cells[0][10] == "ok"


def test_an_hour_that_is_open_only_in_part_is_not_welcome():
    person = Person(country="GB", preferences=Preferences(hours=(window("09:30-11:30"),)))
    monday = welcome_week(person, MONDAY).cells[0]
    assert [hour for hour, cell in enumerate(monday) if cell != "no"] == [10]


def test_a_skipped_hour_is_not_welcome():
    night = Person(zone="Europe/Berlin")
    sunday = date(2026, 3, 29)
    cells = welcome_week(night, sunday, channel=Channel.EMAIL, purpose=Purpose.SERVICE).cells[0]
    assert cells[2] == "no" and cells[1] != "no" and cells[3] != "no"


def test_the_week_agrees_with_the_question():
    person = Person(country="BN")
    week = welcome_week(person, MONDAY)
    start = datetime.fromisoformat("2026-11-23T00:00+08:00")
    for day in range(7):
        for hour in range(24):
            at = start + timedelta(hours=24 * day + hour)
            allowed = check(person, Question(Channel.PHONE, Purpose.RELATIONSHIP, at)).allowed_now
            assert allowed == (week.cells[day][hour] != "no"), at
