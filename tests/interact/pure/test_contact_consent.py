"""Consent: the latest wins, a tie denies, and a merge never turns a no into a yes."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from entente.interact.pure.consent import Consent, merged, standing, standings
from entente.interact.pure.people import ConsentEvent
from entente.interact.pure.purposes import Channel, Purpose

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)
LATER = DAY_ONE + timedelta(days=365)


def event(day, granted, purpose=Purpose.MARKETING, channel=Channel.EMAIL):
    return ConsentEvent(purpose, channel, granted, DAY_ONE + timedelta(days=day))


def now(*events, purpose=Purpose.MARKETING, channel=Channel.EMAIL, as_of=LATER):
    return standing(events, purpose, channel, as_of)


def test_the_latest_wins_in_whatever_order_it_was_heard():
    assert now(event(1, True), event(5, False)) is Consent.WITHDRAWN
    assert now(event(5, False), event(1, True)) is Consent.WITHDRAWN
    assert now(event(5, True), event(1, False)) is Consent.GRANTED
    assert now() is Consent.NONE


def test_a_tie_denies():
    assert now(event(3, True), event(3, False)) is Consent.WITHDRAWN


def test_a_withdrawn_consent_is_not_revived_by_a_merge():
    withdrew = (event(1, True), event(50, False))
    granted_before = (event(30, True),)
    both = merged(granted_before, withdrew)
    assert now(*both) is Consent.WITHDRAWN
    assert now(*merged(both, both)) is Consent.WITHDRAWN
    assert now(*merged(both, (event(60, True),))) is Consent.GRANTED


def test_what_is_not_known_yet_does_not_count():
    assert now(event(1, True), event(50, False), as_of=DAY_ONE + timedelta(days=49)) is Consent.GRANTED


def test_a_general_no_speaks_of_what_we_choose_and_not_of_what_we_owe():
    no_more = event(9, False, purpose=None, channel=None)
    for purpose in (Purpose.MARKETING, Purpose.SURVEY, Purpose.RELATIONSHIP):
        assert now(no_more, purpose=purpose) is Consent.WITHDRAWN
    for purpose in (Purpose.EMERGENCY, Purpose.LEGAL, Purpose.TRANSACTIONAL, Purpose.SERVICE):
        assert now(no_more, purpose=purpose) is Consent.NONE
    assert now(event(9, False, purpose=Purpose.SERVICE), purpose=Purpose.SERVICE) is Consent.WITHDRAWN


def test_one_channel_says_nothing_of_another():
    assert now(event(1, True), channel=Channel.SMS) is Consent.NONE
    assert now(event(1, False, channel=None), channel=Channel.SMS) is Consent.WITHDRAWN


events = st.lists(st.builds(event, st.integers(0, 5), st.booleans()), max_size=5)


@given(st.lists(events, max_size=5))
def test_columns_agree_with_one_list_at_a_time(people):
    flat = [(row, each) for row, mine in enumerate(people) for each in mine]
    found = standings(
        np.array([row for row, _ in flat], dtype=np.int64),
        np.array([int(each.at.timestamp()) for _, each in flat], dtype=np.int64),
        np.array([each.granted for _, each in flat], dtype=np.bool_),
        len(people),
    )
    assert found.tolist() == [now(*mine) for mine in people]


@given(events, events)
def test_a_merge_is_never_kinder_than_its_latest_no(one, other):
    both = one + other
    latest_no = max((each.at for each in both if not each.granted), default=None)
    yes_after = [each for each in both if each.granted and (latest_no is None or each.at > latest_no)]
    assert (now(*merged(one, other)) is Consent.GRANTED) == bool(yes_after)
