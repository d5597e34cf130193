"""May we call? The failures that other systems are known for, and the places where clocks and calendars are strange."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

import pytest

from entente.interact.pure.contact_rules import check
from entente.interact.pure.people import (
    Block,
    ConsentEvent,
    Contact,
    Frequency,
    Person,
    Preferences,
    Question,
    UnusableInstant,
)
from entente.interact.pure.policy import DEFAULT_POLICY
from entente.interact.pure.purposes import Channel, Purpose, effective_purpose
from entente.interact.pure.reasons import TEMPLATES
from entente.interact.pure.windows import window

PHONE_MARKETING = (Channel.PHONE, Purpose.MARKETING)


def ask(at, channel="phone", purpose="marketing", **more):
    return Question(Channel(channel), Purpose(purpose), datetime.fromisoformat(at), **more)


def local(answer):
    return None if answer.opens_at is None else answer.opens_at.isoformat()


def codes(answer):
    return [each.code for each in answer.reasons]


def hours(policy, *windows, pair=PHONE_MARKETING):
    return replace(policy, hours=MappingProxyType({**policy.hours, pair: windows}))


def test_six_in_the_morning_in_britain_is_too_early():
    answer = check(Person(country="GB"), ask("2026-11-24T06:00+00:00"))
    assert (answer.verdict, answer.allowed_now) == ("SEND_AT", False)
    assert local(answer) == "2026-11-24T09:00:00+00:00"
    assert codes(answer) == ["outside_hours"]
    assert answer.sentence == (
        "Not now. It is 06:00 on Tuesday in Europe/London; marketing by phone is welcome 09:00-18:00. "
        "Opens Tuesday 2026-11-24 09:00 +00:00 (Europe/London)."
    )


def test_friday_in_saudi_arabia_waits_for_sunday():
    answer = check(Person(country="SA"), ask("2026-11-20T10:00+03:00"))
    assert local(answer) == "2026-11-22T09:00:00+03:00"
    assert answer.sentence.startswith(
        "Not now. Friday is weekend in Saudi Arabia. Opens Sunday 2026-11-22 09:00 +03:00"
    )
    assert answer.opens_in(datetime.fromisoformat("2026-11-20T10:00+03:00")) == timedelta(days=1, hours=23)


def test_allowed_now_says_so_and_keeps_the_instant():
    question = ask("2026-11-24T10:30:15.5+00:00")
    answer = check(Person(country="GB"), question)
    assert answer.allowed_now and answer.opens_at == question.at and answer.sentence == "Yes, now."


def test_tokyo_monday_to_friday_is_not_sent_on_tokyos_saturday():
    policy = hours(DEFAULT_POLICY, window("08:00-18:00", "mon tue wed thu fri"))
    # Friday evening in UTC is Saturday morning in Tokyo; Monday the 23rd is a holiday there.
    answer = check(Person(zone="Asia/Tokyo"), ask("2026-11-20T23:00+00:00"), policy)
    assert local(answer) == "2026-11-24T08:00:00+09:00"
    assert codes(answer) == ["weekend", "holiday"]


def test_a_night_window_is_not_turned_inside_out():
    policy = hours(DEFAULT_POLICY, window("22:00-06:00", days_off=True))
    person = Person(zone="Europe/Berlin")
    assert check(person, ask("2026-11-24T23:00+01:00"), policy).allowed_now
    assert check(person, ask("2026-11-25T05:59+01:00"), policy).allowed_now
    answer = check(person, ask("2026-11-25T06:00+01:00"), policy)
    assert local(answer) == "2026-11-25T22:00:00+01:00"
    assert not check(person, ask("2026-11-25T12:00+01:00"), policy).allowed_now


def test_a_night_window_belongs_to_the_day_it_starts():
    policy = hours(DEFAULT_POLICY, window("22:00-06:00"))
    person = Person(zone="Europe/Berlin", country="DE", subdivision="BE")
    assert check(person, ask("2026-11-28T02:00+01:00"), policy).allowed_now  # Friday's night runs into Saturday
    answer = check(person, ask("2026-11-30T02:00+01:00"), policy)  # Sunday's would run into Monday
    assert codes(answer) == ["weekend"] and local(answer) == "2026-11-30T22:00:00+01:00"


def test_nine_stays_nine_over_a_clock_change():
    called = Contact(datetime.fromisoformat("2026-03-27T09:00-07:00"), Channel.PHONE, Purpose.MARKETING)
    policy = replace(
        hours(DEFAULT_POLICY, window("09:00-18:00", days_off=True)),
        caps=(),
        gaps=(replace(DEFAULT_POLICY.gaps[1], days=3),),
    )
    berlin = replace(called, at=datetime.fromisoformat("2026-03-27T09:00+01:00"))
    answer = check(Person(zone="Europe/Berlin", history=(berlin,)), ask("2026-03-27T09:30+01:00"), policy)
    assert local(answer) == "2026-03-30T09:00:00+02:00"
    assert codes(answer)[0] == "gap"
    los_angeles = replace(called, at=datetime.fromisoformat("2026-10-31T09:00-07:00"))
    answer = check(Person(zone="America/Los_Angeles", history=(los_angeles,)), ask("2026-10-31T09:30-07:00"), policy)
    assert local(answer) == "2026-11-03T09:00:00-08:00"


def test_an_opening_that_the_clock_skips_is_the_first_valid_instant():
    policy = hours(DEFAULT_POLICY, window("02:30-05:00", days_off=True))
    answer = check(Person(zone="Europe/Berlin"), ask("2026-03-29T00:00+01:00"), policy)
    assert local(answer) == "2026-03-29T03:00:00+02:00"


def test_of_an_hour_that_comes_twice_the_quiet_reading_is_the_longer():
    opening = hours(DEFAULT_POLICY, window("02:30-05:00", days_off=True))
    answer = check(Person(zone="Europe/Berlin"), ask("2026-10-25T00:00+02:00"), opening)
    assert local(answer) == "2026-10-25T02:30:00+01:00"
    closing = hours(DEFAULT_POLICY, window("00:30-02:30", days_off=True))
    assert check(Person(zone="Europe/Berlin"), ask("2026-10-25T02:29+02:00"), closing).allowed_now
    assert not check(Person(zone="Europe/Berlin"), ask("2026-10-25T02:29+01:00"), closing).allowed_now


def test_lord_howe_moves_its_clock_by_half_an_hour():
    policy = hours(DEFAULT_POLICY, window("02:15-05:00", days_off=True))
    answer = check(Person(zone="Australia/Lord_Howe"), ask("2026-10-04T01:00+10:30"), policy)
    assert local(answer) == "2026-10-04T02:30:00+11:00"


def test_samoa_has_no_thirtieth_of_december_2011():
    policy = hours(DEFAULT_POLICY, window("09:00-17:00", days_off=True))
    answer = check(Person(zone="Pacific/Apia"), ask("2011-12-29T18:00-10:00"), policy)
    assert local(answer) == "2011-12-31T09:00:00+14:00"


def test_nepal_is_five_hours_and_three_quarters_ahead():
    answer = check(Person(country="NP"), ask("2026-11-24T03:00+00:00"))
    assert local(answer) == "2026-11-24T09:00:00+05:45"


@pytest.mark.parametrize(
    ("country", "at", "opens", "told"),
    [
        ("BN", "2026-11-20T10:00+08:00", "2026-11-21T09:00:00+08:00", "weekend"),  # Friday off, Saturday worked
        ("BN", "2026-11-22T10:00+08:00", "2026-11-23T09:00:00+08:00", "weekend"),  # and Sunday off
        ("IR", "2026-11-20T10:00+03:30", "2026-11-21T09:00:00+03:30", "weekend"),  # only Friday
        ("IR", "2026-11-19T14:00+03:30", "2026-11-21T09:00:00+03:30", "short_day"),  # Thursday until one
        ("DE", "2026-10-03T10:00+02:00", "2026-10-05T09:00:00+02:00", "holiday"),
    ],
)
def test_each_country_has_its_own_week_and_holidays(country, at, opens, told):
    answer = check(Person(country=country), ask(at))
    assert local(answer) == opens
    assert codes(answer)[0] == told


def test_irans_thursday_morning_is_worked():
    assert check(Person(country="IR"), ask("2026-11-19T12:30+03:30")).allowed_now


def test_a_holiday_in_any_part_counts_until_the_part_is_known():
    st_andrews = ask("2026-11-30T10:00+00:00")
    assert codes(check(Person(country="GB"), st_andrews))[0] == "holiday"
    assert check(Person(country="GB", subdivision="ENG"), st_andrews).allowed_now
    assert check(Person(country="GB", subdivision="GB-ENG"), st_andrews).allowed_now
    nationwide = replace(DEFAULT_POLICY, union_of_subdivisions=False)
    assert check(Person(country="GB"), st_andrews, nationwide).allowed_now


def test_a_substitute_for_a_holiday_is_a_day_off():
    answer = check(Person(country="GB", subdivision="ENG"), ask("2026-12-28T10:00+00:00"))
    assert codes(answer) == ["holiday"] and local(answer) == "2026-12-29T09:00:00+00:00"


def test_a_half_holiday_ends_at_noon():
    person = Person(country="AU", subdivision="SA", zone="Australia/Adelaide")
    assert check(person, ask("2026-12-24T11:30+10:30")).allowed_now
    assert codes(check(person, ask("2026-12-24T12:00+10:30")))[0] == "half_day"


def test_a_date_that_waits_for_the_moon_blocks_a_day_either_side():
    # Eid al-Fitr in Iraq, 2031-01-24 to 26 (Friday to Sunday), is an estimate.
    for day, told in [(22, []), (23, ["holiday_near"]), (27, ["holiday_near"]), (28, [])]:
        assert codes(check(Person(country="IQ"), ask(f"2031-01-{day}T11:00+03:00")))[:1] == told


def test_a_russian_mobile_number_is_sixteen_zones_and_no_hour_suits_them_all():
    answer = check(Person(phone="+79161234567"), ask("2026-11-24T10:00+03:00"))
    assert answer.verdict == "ASK" and codes(answer) == ["zone_unclear"] and answer.opens_at is None
    assert len(answer.zones) == 16
    # A mail may come from eight to twenty: 08:00 in the westernmost zone is 18:00 in Kamchatka.
    mail = check(Person(phone="+79161234567"), ask("2026-11-24T03:00+03:00", "email", "relationship"))
    assert mail.verdict == "SEND_AT" and mail.opens_at == datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_a_postcode_settles_what_a_russian_number_leaves_open():
    person = Person(phone="+79161234567", country="RU", postcode="101000")
    assert check(person, ask("2026-11-24T10:00+03:00")).allowed_now


def test_nothing_known_means_the_firms_zone_and_careful_hours():
    policy = replace(DEFAULT_POLICY, firm_zone="Europe/Berlin", firm_country="DE")
    answer = check(Person(), ask("2026-11-24T09:30+01:00"), policy)
    assert codes(answer) == ["outside_careful"] and local(answer) == "2026-11-24T11:00:00+01:00"
    assert check(Person(), ask("2026-11-24T15:59+01:00"), policy).allowed_now
    assert not check(Person(), ask("2026-11-24T16:00+01:00"), policy).allowed_now


@pytest.mark.parametrize("at", ["2150-11-20T10:00+03:00", "9000-11-21T10:00+03:00"])
def test_a_future_without_holiday_data_still_has_a_weekend(at):
    answer = check(Person(country="SA"), ask(at))
    assert answer.verdict == "SEND_AT"
    assert "no_holiday_data" in [each.code for each in answer.notes]


def test_no_open_hour_at_all_ends_with_a_reason():
    answer = check(Person(country="DE"), ask("2026-11-24T10:00+01:00"), hours(DEFAULT_POLICY))
    assert answer.verdict == "DROP" and codes(answer)[0] == "no_open_hour" and answer.opens_at is None
    never = Preferences(hours=(window("20:00-21:00"),))
    answer = check(Person(country="DE", preferences=never), ask("2026-11-24T10:00+01:00"))
    assert codes(answer)[:2] == ["no_open_hour", "outside_wishes"]


def test_expiry_before_the_opening_drops():
    closed = ask("2026-11-20T10:00+03:00", expires_at=datetime.fromisoformat("2026-11-22T09:00+03:00"))
    assert codes(check(Person(country="SA"), closed))[0] == "expires_first"
    later = replace(closed, expires_at=datetime.fromisoformat("2026-11-22T09:01+03:00"))
    assert check(Person(country="SA"), later).verdict == "SEND_AT"
    past = ask("2026-11-24T10:00+03:00", expires_at=datetime.fromisoformat("2026-11-24T10:00+03:00"))
    assert check(Person(country="SA"), past).verdict == "DROP"


def test_an_emergency_is_always_allowed_and_a_block_does_not_stop_it():
    person = Person(country="SA", blocks=(Block(),), preferences=Preferences(channels=frozenset()))
    assert check(person, ask("2026-11-20T03:00+03:00", purpose="emergency")).allowed_now
    named = replace(person, blocks=(Block(purpose=Purpose.EMERGENCY),))
    assert codes(check(named, ask("2026-11-20T03:00+03:00", purpose="emergency"))) == ["blocked"]


def test_promotion_makes_a_receipt_marketing():
    assert effective_purpose(Purpose.TRANSACTIONAL, True) is Purpose.MARKETING
    assert effective_purpose(Purpose.LEGAL, True) is Purpose.LEGAL
    assert effective_purpose(Purpose.SURVEY, True) is Purpose.SURVEY
    night = ask("2026-11-24T03:00+00:00", "email", "transactional")
    assert check(Person(country="GB"), night).allowed_now
    answer = check(Person(country="GB"), replace(night, promotional=True))
    assert codes(answer) == ["consent_missing"] and "purpose_raised" in [each.code for each in answer.notes]


def test_the_same_thing_is_not_sent_twice_unless_it_came_back():
    done = Contact(
        datetime(2026, 11, 23, 10, tzinfo=UTC), Channel.EMAIL, Purpose.SERVICE, key="order 7 shipped", outcome="sent"
    )
    question = ask("2026-11-24T10:00+00:00", "email", "service", key="order 7 shipped")
    assert codes(check(Person(country="GB", history=(done,)), question)) == ["duplicate"]
    assert check(Person(country="GB", history=(replace(done, outcome="failed"),)), question).allowed_now


def test_wishes_bind_what_we_choose_and_not_what_we_owe():
    person = Person(country="GB", preferences=Preferences(channels=frozenset({Channel.PHONE})))
    assert codes(check(person, ask("2026-11-24T10:00+00:00", "email", "relationship"))) == ["channel_unwanted"]
    assert check(person, ask("2026-11-24T10:00+00:00", "email", "legal")).allowed_now


def test_a_pause_and_a_block_with_an_end_wait_for_it():
    until = datetime.fromisoformat("2026-11-26T12:00+00:00")
    paused = Person(country="GB", preferences=Preferences(paused_until=until))
    answer = check(paused, ask("2026-11-24T10:00+00:00"))
    assert codes(answer) == ["paused"] and answer.opens_at == until
    blocked = Person(country="GB", blocks=(Block(until_at=until),))
    assert codes(check(blocked, ask("2026-11-24T10:00+00:00"))) == ["blocked_until"]
    forever = Person(country="GB", preferences=Preferences(paused_from=datetime(2026, 1, 1, tzinfo=UTC)))
    answer = check(forever, ask("2026-11-24T10:00+00:00"))
    assert answer.verdict == "DROP" and codes(answer) == ["beyond_horizon", "paused"]


def test_a_personal_weekend_replaces_the_countrys():
    person = Person(country="GB", subdivision="ENG", preferences=Preferences(weekend=frozenset({4})))
    assert codes(check(person, ask("2026-11-20T10:00+00:00"))) == ["personal_weekend"]
    assert check(person, ask("2026-11-21T10:00+00:00")).allowed_now


def test_religious_days_count_only_when_declared():
    yom_kippur = ask("2026-09-21T11:00+01:00")
    assert check(Person(country="GB"), yom_kippur).allowed_now
    declared = Preferences(religious_days=frozenset({date(2026, 9, 21)}))
    assert codes(check(Person(country="GB", preferences=declared), yom_kippur)) == ["religious_day"]
    yearly = Preferences(religious_yearly=frozenset({(9, 21)}))
    # Even a window that is open on days off keeps it.
    sms = replace(yom_kippur, channel=Channel.SMS, purpose=Purpose.SERVICE)
    answer = check(Person(country="GB", preferences=yearly), sms)
    assert codes(answer) == ["religious_day"] and local(answer) == "2026-09-22T08:00:00+01:00"


def test_frequency_a_person_asked_for():
    last = Contact(datetime(2026, 11, 1, 10, tzinfo=UTC), Channel.EMAIL, Purpose.RELATIONSHIP)
    person = Person(country="GB", preferences=Preferences(frequency=Frequency(1, 30)), history=(last,))
    answer = check(person, ask("2026-11-24T10:00+00:00", purpose="relationship"))
    assert codes(answer)[0] == "frequency"
    assert local(answer) == "2026-12-01T10:00:00+00:00"


def test_consent_denies_before_the_calendar_is_asked():
    withdrawn = ConsentEvent(Purpose.MARKETING, None, False, datetime(2026, 1, 1, tzinfo=UTC))
    answer = check(Person(country="SA", consents=(withdrawn,)), ask("2026-11-20T10:00+03:00"))
    assert answer.verdict == "DROP" and codes(answer) == ["consent_withdrawn"]


def test_silence_is_told_and_blocks_still_win():
    spoke = Contact(datetime(2026, 9, 1, tzinfo=UTC), Channel.PHONE, Purpose.SERVICE, inbound=True, two_way=True)
    answer = check(
        Person(country="GB", level="top", history=(spoke,), blocks=(Block(),)), ask("2026-11-24T10:00+00:00")
    )
    assert (answer.silence.days, answer.silence.due, answer.silence.escalate) == (84, True, True)
    assert answer.verdict == "DROP" and answer.silence_reason.code == "silence_escalate"


@pytest.mark.parametrize(
    "person",
    [
        Person(country="Narnia", zone="Mars/Olympus", phone="call me", postcode="\x00", subdivision="..", level="?"),
        Person(zone="../../etc/passwd"),
        Person(country="", phone="+", postcode=""),
        Person(phone="+" + "9" * 400),
        Person(phone="٠٥٠١٢٣٤٥٦٧", country="SA"),
        Person(country="sa", subdivision="SA-01"),
    ],
)
def test_unreadable_facts_count_as_not_given(person):
    answer = check(person, ask("2026-11-24T10:00+00:00"))
    assert answer.verdict in ("SEND_AT", "ASK")
    assert all(each.text for each in (*answer.reasons, *answer.notes))


def test_an_instant_needs_a_zone():
    with pytest.raises(UnusableInstant, match="no time zone"):
        check(Person(country="GB"), Question(Channel.PHONE, Purpose.SERVICE, datetime(2026, 11, 24, 10)))


def test_a_question_about_the_distant_past_is_refused_but_an_old_contact_is_not():
    old = Contact(datetime(1900, 1, 1, tzinfo=UTC), Channel.PHONE, Purpose.MARKETING, two_way=True)
    assert check(Person(country="GB", history=(old,)), ask("2026-11-24T10:00+00:00")).allowed_now
    with pytest.raises(UnusableInstant, match="before 1972"):
        check(Person(country="GB"), ask("1960-01-01T10:00+00:00"))


def test_every_template_is_a_sentence():
    assert all(text.endswith(".") for text in TEMPLATES.values())
