"""A batch answers as a single question does, and both as the plain loop does."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.interact.pure.batch import VERDICTS, check_many
from entente.interact.pure.columns import people_of
from entente.interact.pure.contact_rules import check
from entente.interact.pure.people import Block, ConsentEvent, Contact, Frequency, Person, Preferences, Question
from entente.interact.pure.policy import DEFAULT_POLICY
from entente.interact.pure.purposes import Channel, Purpose
from entente.interact.pure.windows import window
from tests.interact.pure.contact_reference import plain_answer

START = datetime(2026, 3, 20, tzinfo=UTC)
instants = st.integers(-40 * 86_400, 20 * 86_400).map(lambda second: START + timedelta(seconds=second))
rarely = st.sampled_from([None, None, None])
places = st.sampled_from(
    [
        {"country": "GB"},
        {"country": "GB", "subdivision": "SCT"},
        {"country": "DE", "subdivision": "BY", "phone": "+4915112345678"},
        {"country": "SA"},
        {"country": "IR"},
        {"country": "BN"},
        {"zone": "Asia/Kathmandu"},
        {"zone": "Australia/Lord_Howe", "country": "AU", "subdivision": "NSW"},
        {"phone": "+79161234567"},
        {"phone": "+12125551234"},
        {"country": "US", "phone": "+12125551234", "postcode": "94105", "subdivision": "NY"},
        {},
    ]
)
wishes = st.builds(
    Preferences,
    channels=st.sampled_from([None, None, frozenset({Channel.PHONE, Channel.EMAIL})]),
    hours=st.sampled_from([None, None, (window("10:00-12:30"), window("21:00-02:00", "fri sat"))]),
    frequency=st.sampled_from([None, Frequency(1, 14), Frequency(2, 10)]),
    paused_until=st.none() | instants,
    weekend=st.sampled_from([None, None, frozenset({2})]),
    religious_days=st.sampled_from([frozenset(), frozenset({date(2026, 3, 24)})]),
)
contacts = st.builds(
    Contact,
    at=instants,
    channel=st.sampled_from([Channel.PHONE, Channel.EMAIL]),
    purpose=st.sampled_from([Purpose.RELATIONSHIP, Purpose.MARKETING, Purpose.SURVEY, Purpose.LEGAL]),
    inbound=st.booleans(),
    two_way=st.booleans(),
    outcome=st.sampled_from([None, None, "refused", "no_answer", "failed", "bought"]),
    topic=st.sampled_from([None, "paint"]),
    circle=st.sampled_from(["person", "person", "household", "firm"]),
    key=st.sampled_from([None, None, None, "k"]),
)
events = st.builds(
    ConsentEvent,
    purpose=st.sampled_from([None, Purpose.MARKETING, Purpose.SURVEY]),
    channel=st.sampled_from([None, Channel.EMAIL]),
    granted=st.sampled_from([True, True, False]),
    at=st.sampled_from([START - timedelta(days=day) for day in range(-1, 4)]),
)
blocks = st.builds(
    Block,
    channel=st.sampled_from([Channel.EMAIL, Channel.SMS]),
    purpose=st.sampled_from([None, Purpose.SERVICE]),
    from_at=st.none() | instants,
    until_at=st.none() | instants,
)


@st.composite
def persons(draw):
    return Person(
        key=0,
        **draw(places),
        preferences=draw(wishes),
        consents=tuple(draw(st.lists(events, max_size=3))),
        blocks=tuple(draw(st.lists(blocks, max_size=1))),
        history=tuple(draw(st.lists(contacts, max_size=5))),
        level=draw(st.sampled_from([None, "top", "small"])),
        since_at=draw(st.none() | instants),
    )


questions = st.builds(
    Question,
    channel=st.sampled_from([Channel.PHONE, Channel.EMAIL, Channel.SMS]),
    purpose=st.sampled_from(list(Purpose)),
    at=instants,
    expires_at=st.none() | st.just(START + timedelta(days=25)),
    topic=st.sampled_from([None, "paint"]),
    promotional=st.booleans(),
    key=st.sampled_from([None, "k"]),
)


def row_of(answers, row):
    return (
        VERDICTS[answers.verdict[row]],
        bool(answers.allowed_now[row]),
        int(answers.send_at[row]),
        answers.words()[row],
        bool(answers.silence_due[row]),
        bool(answers.silence_escalate[row]),
    )


def row_alone(answer):
    return (
        answer.verdict,
        answer.allowed_now,
        -1 if answer.opens_at is None else int(answer.opens_at.timestamp() // 1),
        answer.reasons[0].code if answer.reasons else "allowed",
        answer.silence.due,
        answer.silence.escalate,
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(persons(), min_size=1, max_size=8), questions)
def test_a_batch_agrees_with_one_question_at_a_time(crowd, question):
    answers = check_many(people_of(crowd), question)
    assert [row_of(answers, row) for row in range(len(crowd))] == [row_alone(check(each, question)) for each in crowd]


@settings(max_examples=25, deadline=None)
@given(persons(), questions)
def test_the_engine_agrees_with_the_plain_loop(person, question):
    answers = check_many(people_of([person]), question)
    assert (VERDICTS[answers.verdict[0]], int(answers.send_at[0])) == plain_answer(person, question, DEFAULT_POLICY)


@settings(max_examples=25, deadline=None)
@given(persons(), questions)
def test_what_opens_later_is_open_then(person, question):
    answer = check(person, question)
    if answer.verdict == "SEND_AT":
        again = Question(
            question.channel,
            question.purpose,
            answer.opens_at,
            None,
            question.topic,
            question.promotional,
            question.key,
        )
        known = check(person, again)
        # An event of consent may have become known in between, and a block begun; the hour itself is open.
        assert known.allowed_now or known.reasons[0].code in ("consent_withdrawn", "blocked", "consent_missing")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(persons(), questions), min_size=1, max_size=6))
def test_a_question_for_each_person(pairs):
    answers = check_many(people_of([person for person, _ in pairs]), [question for _, question in pairs])
    assert [row_of(answers, row) for row in range(len(pairs))] == [row_alone(check(*pair)) for pair in pairs]


@settings(max_examples=10, deadline=None)
@given(st.lists(persons(), min_size=1, max_size=5))
def test_columns_give_the_person_back(crowd):
    people = people_of(crowd)
    question = Question(Channel.PHONE, Purpose.MARKETING, START, topic="paint", key="k")
    for row, person in enumerate(crowd):
        assert row_alone(check(people.person(row), question)) == row_alone(check(person, question))


def test_nobody_in_nobody_out():
    question = Question(Channel.PHONE, Purpose.SERVICE, START)
    assert len(check_many(people_of([]), question)) == 0
    assert len(check_many(people_of([]), [])) == 0


def test_a_thousand_people_in_many_zones_at_once():
    crowd = [Person(key=row, country=["SA", "GB", "IR", "NP"][row % 4], subdivision="ENG") for row in range(1_000)]
    answers = check_many(
        people_of(crowd), Question(Channel.PHONE, Purpose.MARKETING, datetime(2026, 11, 20, 7, tzinfo=UTC))
    )
    counted = np.bincount(answers.allowed_now.astype(int) + 2 * (np.arange(1_000) % 4))
    assert counted.tolist() == [250, 0, 250, 0, 250, 0, 0, 250]


@pytest.mark.parametrize("number", ["+447911123456", "+447911999999"])
def test_numbers_that_share_a_beginning_share_a_place(number):
    assert check(Person(phone=number), Question(Channel.PHONE, Purpose.SERVICE, START)).zones == (
        "Europe/Guernsey",
        "Europe/Isle_of_Man",
        "Europe/Jersey",
        "Europe/London",
    )
