"""The story of a customer, newest first, whoever tells it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from entente.identify.find import parties_of
from entente.interact import timeline
from entente.interact.events import Event, Teller, older_than
from entente.interact.models import ConsentEvent, Preference
from entente.interact.timeline import last_spoke_at, page, wishes_of
from entente.ledger.models import Delivery, Invoice, Payment
from entente.lib.keyset import ImpossiblePlace, place
from tests import cast

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def company(db: None) -> cast.Company:
    return cast.company()


def test_contacts_and_orders_stand_in_one_order(company: cast.Company):
    told = page(parties_of(company.alnoor))
    assert [event.kind for event in told.events] == ["call", "order"]
    assert told.older is None
    assert told.events[1].more["sums"][0]["amount"] == 12_204


def test_paging_meets_every_event_once_even_at_one_instant(company: cast.Company):
    for number in range(7):
        cast.contact(company.alnoor, START, body=str(number))
        cast.order(company.alnoor, f"same-{number}", START.date(), 10)
    parties = parties_of(company.alnoor)
    whole = [(event.rank, event.id) for event in page(parties).events]
    walked, before = [], None
    while True:
        told = page(parties, before=before, limit=3)
        walked += [(event.rank, event.id) for event in told.events]
        if (before := told.older) is None:
            break
    assert walked == whole
    assert len(whole) == 16


def test_all_records_of_a_customer_tell(company: cast.Company):
    parties = parties_of(company.brankova)
    assert len(parties) == 2
    second = company.brankova.memberships.order_by("weight")[0].party
    cast.contact(company.brankova, START, party=second, body="In the shop")
    assert "In the shop" in [event.thing.body for event in page(parties).events if event.rank == 20]


def test_an_ended_membership_tells_no_more(company: cast.Company):
    company.alnoor.memberships.update(ended_at=START)
    assert page(parties_of(company.alnoor)).events == []


def test_a_teller_from_above_is_heard_in_its_place(company: cast.Company):
    moment = datetime(2026, 10, 1, 20, tzinfo=UTC)
    asked = []

    def tell(key: object, limit: int) -> list[Event]:
        asked.append((key, limit))
        return [Event(moment, 10, 1, "answer", None, {})]

    told = page(parties_of(company.alnoor), also=[Teller(10, tell)])
    assert [event.kind for event in told.events] == ["call", "answer", "order"]
    assert asked == [(None, timeline.PAGE + 1)]


@pytest.mark.parametrize(
    "before", ["x", place(1, 2, 3), place("2026-01-01", 1, 2), place(START, 1), "A" * 5000, "\ud800"]
)
def test_a_place_no_page_ended_at(company: cast.Company, before: str):
    with pytest.raises(ImpossiblePlace):
        page(parties_of(company.alnoor), before=before)


def test_at_one_instant_the_lower_rank_tells_first(company: cast.Company):
    from entente.interact.models import Interaction

    rows = Interaction.objects.all()
    key = (START, -20, 5)
    assert '"at" <= ' in str(older_than(rows, "at", 30, key).query)
    assert '"at" < ' in str(older_than(rows, "at", 10, key).query)


def test_of_wishes_the_latest_counts_and_a_tie_denies(company: cast.Company):
    parties = parties_of(company.alnoor)
    Preference.objects.create(party_id=parties[0], wishes={"channels": ["email"]})
    Preference.objects.create(party_id=parties[0], wishes={"channels": ["phone"]})
    for granted, at in ((True, START), (False, START), (True, START - timedelta(days=1))):
        ConsentEvent.objects.create(
            party_id=parties[0], channel="email", purpose="marketing", is_granted=granted, at=at
        )
    ConsentEvent.objects.create(party_id=parties[0], channel="phone", purpose="marketing", is_granted=True, at=START)
    found = wishes_of(parties)
    assert found.preference.wishes == {"channels": ["phone"]}
    assert {(event.channel, event.is_granted) for event in found.consents} == {("email", False), ("phone", True)}


def test_only_what_both_said_is_speaking(company: cast.Company):
    parties = parties_of(company.alnoor)
    cast.contact(company.alnoor, datetime(2026, 11, 1, tzinfo=UTC), is_two_way=False)
    assert last_spoke_at(parties) == datetime(2026, 10, 2, 8, tzinfo=UTC)
    assert last_spoke_at(parties_of(company.okafor)) is None


def test_an_order_without_lines_is_told_all_the_same(company: cast.Company):
    order = cast.order(company.okafor, "empty", date(2026, 1, 1), 5)
    order.lines.all().delete()
    assert "sums" not in page(parties_of(company.okafor)).events[0].more


def a_dealing(model, buyer, **fields):
    """An invoice, a payment or a delivery of the customer's surest record."""
    party = buyer.memberships.order_by("-weight", "party_id")[0].party
    given = {"source": party.source, "party": party, "import_run": cast.witness(), "line": 1}
    if model is not Delivery:
        given |= {"amount": 100, "currency": "EUR"}
    return model.objects.create(**given, **fields)


def test_an_invoice_tells_what_is_open_and_since_when_it_is_overdue(company: cast.Company):
    parties = parties_of(company.okafor)
    invoice = a_dealing(Invoice, company.okafor, number="R1", issued_on=date(2026, 3, 1), due_on=date(2026, 3, 31))
    a_dealing(Invoice, company.okafor, number="R2", kind="credit_note", issued_on=date(2026, 3, 2))
    a_dealing(Payment, company.okafor, key="P1", paid_on=date(2026, 3, 10), invoice=invoice)
    Payment.objects.update(amount=40)
    a_dealing(Payment, company.okafor, key="P2", paid_on=date(2026, 3, 11), invoice=invoice)
    Payment.objects.filter(key="P2").update(amount=30, currency="USD")

    def told(as_of):
        return {
            event.thing.number: event.more for event in page(parties, as_of=as_of).events if event.kind == "invoice"
        }

    assert (told(date(2026, 3, 31))["R1"]["open"], told(date(2026, 3, 31))["R1"]["is_overdue"]) == (60, False)
    assert told(date(2026, 4, 1))["R1"]["is_overdue"]
    assert not told(None)["R1"]["is_overdue"]
    assert told(date(2026, 4, 1))["R2"]["open"] == 0
    a_dealing(Payment, company.okafor, key="P3", paid_on=date(2026, 4, 1), invoice=invoice)
    assert (told(date(2026, 4, 2))["R1"]["open"], told(date(2026, 4, 2))["R1"]["is_overdue"]) == (-40, False)


def test_what_was_credited_of_an_order_is_no_longer_to_be_paid(company: cast.Company):
    order = cast.order(company.okafor, "A1", date(2026, 3, 1), 100)
    a_dealing(Invoice, company.okafor, number="R1", order=order, issued_on=date(2026, 3, 1), due_on=date(2026, 3, 31))
    for number, of, amount, currency in (
        ("G1", order, -40, "EUR"),
        ("G2", order, -50, "USD"),
        ("G3", None, -60, "EUR"),
    ):
        note = a_dealing(
            Invoice, company.okafor, number=number, kind="credit_note", order=of, issued_on=date(2026, 3, 9)
        )
        Invoice.objects.filter(pk=note.pk).update(amount=amount, currency=currency)
    told = page(parties_of(company.okafor), as_of=date(2026, 5, 1)).events
    assert {event.thing.number: event.more["open"] for event in told if event.kind == "invoice"} == {
        "R1": 60, "G1": 0, "G2": 0, "G3": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "is_late"),
    [
        ({}, True),
        ({"delivered_on": date(2026, 3, 5)}, False),
        ({"delivered_on": date(2026, 3, 6)}, True),
        ({"state": "delivered"}, False),
        ({"state": "cancelled"}, False),
        ({"shipped_on": date(2026, 3, 4), "state": "shipped"}, True),
    ],
)
def test_a_delivery_tells_that_it_is_late(company: cast.Company, fields, is_late):
    a_dealing(Delivery, company.okafor, number="D1", promised_on=date(2026, 3, 5), **fields)
    (told,) = [
        event for event in page(parties_of(company.okafor), as_of=date(2026, 3, 6)).events if event.kind == "delivery"
    ]
    assert told.more["is_late"] is is_late
    assert told.at.date() == (fields.get("delivered_on") or fields.get("shipped_on") or date(2026, 3, 5))


def test_days_and_instants_are_walked_through_once_each(company: cast.Company):
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    for number in range(4):
        day = date(2026, 3, 1 + number // 2)
        a_dealing(Invoice, company.okafor, number=f"R{number}", issued_on=day)
        a_dealing(Payment, company.okafor, key=f"P{number}", paid_on=day)
        a_dealing(Delivery, company.okafor, number=f"D{number}", shipped_on=day)
        cast.contact(company.okafor, midnight if number % 2 else START, body=str(number))
    parties = parties_of(company.okafor)
    whole = [(event.rank, event.id) for event in page(parties).events]
    assert len(whole) == len(set(whole)) >= 16
    for limit in (1, 2, 5):
        walked, before = [], None
        while True:
            told = page(parties, before=before, limit=limit)
            walked += [(event.rank, event.id) for event in told.events]
            if (before := told.older) is None:
                break
        assert walked == whole


def test_the_number_of_queries_does_not_grow_with_the_story(company: cast.Company, django_assert_num_queries):
    parties = parties_of(company.okafor)
    for number in range(20):
        invoice = a_dealing(Invoice, company.okafor, number=f"R{number}", issued_on=date(2026, 3, 1))
        a_dealing(Payment, company.okafor, key=f"P{number}", paid_on=date(2026, 3, 1), invoice=invoice)
        a_dealing(Delivery, company.okafor, number=f"D{number}", shipped_on=date(2026, 3, 1))
        cast.order(company.okafor, f"many-{number}", date(2026, 3, 1), 10)
        cast.contact(company.okafor, START)
    with django_assert_num_queries(2):
        assert len(page(parties, limit=200).events) >= 100
