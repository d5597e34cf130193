"""May we? One customer, a page of them, and a whole batch get the same answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from entente.identify.match import match_new
from entente.identify.models import Customer
from entente.interact.allow import (
    check_batch,
    check_customer,
    check_customers,
    check_place,
    contact_policy,
    openings,
    week,
)
from entente.interact.models import ConsentEvent, Preference
from tests.ledger_facts import Ledger, a_firm, customer_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 18, 10, tzinfo=UTC)  # a Wednesday


def a_customer(**fields: object) -> Customer:
    party = Ledger().party("ann", **fields)
    match_new()
    return customer_of(party)


def test_page_and_batch_agree_on_a_hundred_customers():
    a_firm()
    random, ledger = Random(7), Ledger()
    parties = [
        ledger.party(
            f"p{k}", country=random.choice(["GB", "SA", "IR", "DE", "US", "", "RU"]),
            phone_e164=random.choice(["", "+966112345678", "+14165550123", "+442079460000"]),
            zone=random.choice(["", "", "Asia/Tehran", "Mars/Olympus"]), postcode=random.choice(["", "SW1A 1AA"]),
        )
        for k in range(100)
    ]  # fmt: skip
    match_new()
    wishes = [
        {"channels": ["phone"]}, {"weekdays": [2], "hours": {"from": "09:00", "until": "11:00"}},
        {"frequency": {"limit": 1, "days": 30}}, {"paused_until": "2026-12-24"}, {"weekend": [4, 5]},
    ]  # fmt: skip
    for party in random.sample(parties, 60):
        Preference.objects.create(party=party, wishes=random.choice(wishes))
    for party in random.choices(parties, k=150):
        ConsentEvent.objects.create(
            party=party, channel=random.choice(["phone", "email"]), purpose=random.choice(["marketing", "relationship"]),
            is_granted=random.random() < 0.6, at=AT + timedelta(hours=random.randint(-2000, 20)),
        )  # fmt: skip
    for party in random.choices(parties, k=300):
        ledger.speaks(
            party, AT - timedelta(hours=random.randint(-50, 3000)), channel=random.choice(["phone", "email"]),
            purpose=random.choice(["marketing", "service", "survey"]), is_outgoing=random.random() < 0.7,
            is_two_way=random.random() < 0.5, outcome=random.choice(["", "no_answer", "complaint", "bought"]),
        )  # fmt: skip
    numbers = [customer_of(party).pk for party in parties]
    order = sorted(range(100), key=lambda k: numbers[k])
    customers = np.array([numbers[k] for k in order])
    seen = set()
    for channel in ("phone", "email", "letter"):
        for purpose in ("marketing", "relationship", "service"):
            one_by_one = check_customers([(int(number), channel, purpose) for number in customers], at=AT)
            batch = check_batch(
                customers, np.zeros(100, np.int64), channel=channel, purpose=purpose, at=AT, policy=contact_policy()
            ).tolist()
            for number, answer, second in zip(customers.tolist(), one_by_one, batch, strict=True):
                wanted = (
                    -1 if answer.opens_at is None or answer.verdict != "SEND_AT" else int(answer.opens_at.timestamp())
                )
                assert second == wanted, (number, channel, purpose, answer.sentence)
                seen.add((answer.verdict, answer.allowed_now))
    assert {("SEND_AT", True), ("SEND_AT", False), ("DROP", False)} <= seen


def test_few_queries_whatever_the_number(django_assert_max_num_queries):
    a_firm()
    Ledger().parties(30)
    match_new()
    asked = [(number, "phone", "service") for number in Customer.objects.values_list("pk", flat=True)]
    with django_assert_max_num_queries(10):
        assert len(check_customers(asked, at=AT)) == 30
    assert check_customers([], at=AT) == []


def test_who_withdrew_is_not_called():
    a_firm()
    ann = a_customer()
    said = ConsentEvent.objects.create
    party = ann.memberships.get().party
    said(party=party, channel="phone", purpose="marketing", is_granted=True, at=AT - timedelta(days=9))
    assert check_customer(ann, channel="phone", purpose="marketing", at=AT).allowed_now
    said(party=party, channel="phone", purpose="marketing", is_granted=False, at=AT - timedelta(days=1))
    answer = check_customer(ann, channel="phone", purpose="marketing", at=AT)
    assert answer.verdict == "DROP" and answer.reasons[0].code == "consent_withdrawn"
    assert check_customer(ann, channel="phone", purpose="marketing", at=AT - timedelta(days=2)).allowed_now
    said(party=party, channel="phone", purpose="marketing", is_granted=True, at=AT - timedelta(days=1))
    assert not check_customer(ann, channel="phone", purpose="marketing", at=AT).allowed_now, "a tie denies"


def test_the_latest_wishes_count_over_all_records():
    a_firm()
    ann = a_customer()
    party = ann.memberships.get().party
    Preference.objects.create(party=party, wishes={"channels": ["letter"]})
    assert check_customer(ann, channel="phone", purpose="relationship", at=AT).verdict == "DROP"
    Preference.objects.create(party=party, wishes={})
    assert check_customer(ann, channel="phone", purpose="relationship", at=AT).allowed_now


def test_a_zone_that_is_none_breaks_no_page():
    a_firm()
    ann = a_customer(zone="Mars/Olympus")
    opening = openings([(ann, "phone", "service")], AT)[0]
    assert opening.allowed_now and opening.zone
    assert [len(day) for day in week(ann, AT)] == [24] * 7
    assert openings([(ann, "", "")], AT) == [None]


def test_a_note_is_no_contact():
    a_firm()
    ledger = Ledger()
    party = ledger.party("ann")
    match_new()
    ann = customer_of(party)
    for _ in range(9):
        ledger.speaks(party, AT - timedelta(hours=1), kind="note", channel="portal", purpose="marketing")
    assert check_customer(ann, channel="phone", purpose="marketing", at=AT).allowed_now


def test_britain_at_six_in_the_morning_and_saudi_arabia_on_a_friday():
    early = check_place(country="GB", channel="phone", purpose="marketing", at=datetime(2026, 11, 18, 6, tzinfo=UTC))
    assert not early.allowed_now and early.opens_at.hour >= 8 and "6" in early.sentence
    friday = check_place(country="SA", channel="phone", purpose="marketing", at=datetime(2026, 11, 20, 7, tzinfo=UTC))
    assert not friday.allowed_now and friday.opens_at.isoweekday() == 7 and "weekend in Saudi Arabia" in friday.sentence


def test_wishes_that_nobody_can_read_hold_back_one_customer_and_not_the_firm():
    a_firm()
    ledger = Ledger()
    odd, even = ledger.party("odd"), ledger.party("even")
    match_new()
    Preference.objects.create(party=odd, wishes={"channels": ["pigeon"]})
    first, second = check_customers([(customer_of(each).pk, "phone", "relationship") for each in (odd, even)], at=AT)
    assert first.verdict == "DROP" and second.allowed_now
