"""Invoices, payments, deliveries and contacts from files: every row a fact or a refused row, linked in whatever order they come."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.ledger import record
from entente.ledger.dealing_tables import TABLES
from entente.ledger.dry_run import dry_run
from entente.ledger.mapping import WrongMapping, from_json, load
from entente.ledger.models import (
    DealingVersion,
    Delivery,
    Import,
    Interaction,
    Invoice,
    Order,
    Party,
    Payment,
    RefusedRow,
)
from entente.ledger.prepare import OpenQuestions, propose_mapping
from entente.ledger.pure.dealings import DEALINGS
from entente.ledger.record import open_import, run_import
from entente.ledger.revert import revert_import
from tests.ledger.conftest import LOG, bring, mapping

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2024, 6, 1, tzinfo=UTC)
INVOICES = "number,customer,order_number,kind,issued_on,due_on,amount,currency\n"
TWO_INVOICES = INVOICES + "R1,a,,invoice,2024-01-10,2024-02-10,100.50,EUR\nR2,b,,credit note,2024-01-11,,20,EUR\n"
PAYMENTS = "key,customer,invoice_number,paid_on,amount,currency,method\n"
TWO_PAYMENTS = PAYMENTS + "P1,,R1,2024-01-20,60.50,EUR,card\nP2,,R1,2024-02-20,40,EUR,transfer\n"
DELIVERIES = "number,customer,order_number,promised_on,shipped_on,delivered_on,quantity,carrier,state\n"
ONE_DELIVERY = DELIVERIES + "D1,a,,2024-01-15,2024-01-12,,2,Royal Mail,\n"
CONTACTS = "key,customer,at,kind,channel,purpose,direction,minutes,subject,body,outcome\n"
ONE_CONTACT = CONTACTS + "T1,a,2024-01-10 10:30,call,,,outgoing,7,Blue paint,They asked.,question\n"
FILES = {"invoices": TWO_INVOICES, "payments": TWO_PAYMENTS, "deliveries": ONE_DELIVERY, "interactions": ONE_CONTACT}


def read(kind: str, **more: Any) -> Any:
    """The ready mapping; a file may lack what is optional."""
    base = load(kind).as_json()
    return from_json({**base, **more, "read": {**base["read"], "currency": "", **more.get("read", {})}})


def back(imported: Import) -> None:
    revert_import(imported.pk, by=None, at=NOW)


def standing(kind: str) -> list[tuple[Any, ...]]:
    """Everything on the rows of a kind that an import writes, links by what they are called."""
    model = TABLES[kind].model
    left_out = ("id", "recorded_at", "import_run", "party", "order", "invoice", "words")
    names = [each.name for each in model._meta.concrete_fields if each.name not in left_out]
    links = [f"{each}__{to}" for each, to in (("party", "key"), ("order", "number"), ("invoice", "number"))
             if each in {field.name for field in model._meta.concrete_fields}]  # fmt: skip
    return sorted(model._default_manager.values_list(*names, *links), key=str)


def versions() -> list[tuple[Any, ...]]:
    return list(DealingVersion.objects.order_by("id").values_list("kind", "import_run", "line", "fields"))


# What is read


def test_an_invoice_and_a_credit_note(write):
    done = bring(write(TWO_INVOICES), read("invoices"))
    assert (done.kind, done.state, done.rows_recorded, done.notes) == ("invoices", "done", 2, [])
    first, second = Invoice.objects.order_by("number")
    assert (first.number, first.party.key, first.kind, first.amount, first.currency) == (
        "R1",
        "a",
        "invoice",
        Decimal("100.5"),
        "EUR",
    )
    assert (first.issued_on, first.due_on, first.line) == (date(2024, 1, 10), date(2024, 2, 10), 2)
    assert (second.kind, second.amount, second.due_on) == ("credit_note", -20, None)


def test_a_negative_invoice_is_a_credit_note(write):
    bring(write("number,date,amount\nR1,2024-01-10,-5\n"), from_json({
        "kind": "invoices", "columns": {"number": "number", "issued_on": "date", "amount": "amount"}, "read": {"currency": "EUR"},
    }))  # fmt: skip
    assert Invoice.objects.values_list("kind", "amount").get() == ("credit_note", -5)


def test_a_delivery_and_how_it_stands(write):
    bring(write(ONE_DELIVERY), read("deliveries"))
    delivery = Delivery.objects.get()
    assert (delivery.party.key, delivery.quantity, delivery.carrier, delivery.state) == ("a", 2, "Royal Mail", "")
    assert (delivery.promised_on, delivery.shipped_on, delivery.delivered_on) == (
        date(2024, 1, 15),
        date(2024, 1, 12),
        None,
    )
    assert delivery.stands == "shipped"
    assert not delivery.is_late(date(2024, 1, 15))
    assert delivery.is_late(date(2024, 1, 16))


def test_a_contact_in_the_zone_of_the_file(write):
    bring(write(ONE_CONTACT), read("interactions", read={"zone": "Europe/Berlin"}))
    found = Interaction.objects.get()
    assert (found.source.name, found.key, found.party.key) == ("shop", "T1", "a")
    assert (found.kind, found.channel, found.purpose, found.is_outgoing, found.is_two_way) == (
        "call",
        "phone",
        "service",
        True,
        True,
    )
    assert found.at == datetime(2024, 1, 10, 9, 30, tzinfo=UTC)
    assert (found.minutes, found.subject, found.body, found.outcome) == (7, "Blue paint", "They asked.", "question")


@pytest.mark.parametrize(
    ("kind", "channel", "way", "outcome", "is_read_as"),
    [
        ("Anruf", "", "ausgehend", "nicht erreicht", ("call", "phone", True, False, "no_answer")),
        ("", "E-Mail", "Eingang", "", ("mail", "email", False, False, "")),
        ("Встреча", "лично", "исходящая", "заказал", ("visit", "visit", True, True, "bought")),
        ("تماس تلفنی", "تلفن", "ورودی", "", ("call", "phone", False, True, "")),
        ("Complaint", "WhatsApp", "inbound", "on the shelf", ("complaint", "messenger", False, False, "on the shelf")),
        ("message", "sms", "out", "", ("message", "sms", True, False, "")),
    ],
)
def test_words_of_four_languages(write, kind, channel, way, outcome, is_read_as):
    text = f"key,customer,at,kind,channel,direction,outcome\nT1,a,2024-01-10,{kind},{channel},{way},{outcome}\n"
    bring(write(text), read("interactions"))
    fields = ("kind", "channel", "is_outgoing", "is_two_way", "outcome")
    assert Interaction.objects.values_list(*fields).get() == is_read_as


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("T1,a,2024-01-10,call,Teams,,out,,,,", "channel", "unknown_word"),
        ("T1,a,2024-01-10,call,,,sideways,,,,", "direction", "unknown_word"),
        ("T1,a,2024-01-10,call,,,,,,,", "direction", "empty"),
        ("T1,,2024-01-10,call,,,out,,,,", "customer", "empty"),
        ("T1,a,2024-01-10,,,,out,,,,", "kind", "empty"),
        ("T1,a,2024-01-10,complaint,,,in,,,,", "channel", "empty"),
        ("T1,a,2024-01-10,call,,,out,-1,,,", "minutes", "below_zero"),
        ("T1,a,2024-01-10,call,,,out,40000,,,", "minutes", "too_large"),
        ("T1,a,2124-01-10,call,,,out,,,,", "at", "year_not_meant"),
        (",a,2024-01-10,call,,,out,,,,", "key", "empty"),
    ],
)
def test_refused_contacts(write, row, column, reason):
    other = "T9,a,2024-01-10,call,,,out,1,,,\n"
    done = bring(write(f"{CONTACTS}{other}{row}\n"), read("interactions", read={"dates": "y-m-d"}))
    assert (done.rows_recorded, done.rows_refused) == (1, 1)
    assert RefusedRow.objects.values_list("line", "column", "reason").get() == (3, column, reason)


def test_what_a_word_means_can_be_said(write):
    path = write(f"{CONTACTS}T1,a,2024-01-10,call,Teams,,out,,,,\n")
    bring(path, read("interactions", words={"channel": {"teams": "chat"}}))
    assert Interaction.objects.get().channel == "chat"


def test_what_holds_for_every_row_can_be_said(write):
    read_as = from_json({
        "kind": "interactions", "columns": {"customer": "who", "at": "when"}, "constants": {"direction": "incoming", "channel": "fax"},
    })  # fmt: skip
    bring(write("who,when\na,2024-01-10\n"), read_as)
    assert Interaction.objects.values_list("kind", "channel", "is_outgoing").get() == ("mail", "fax", False)


def test_a_text_of_several_lines_keeps_them(write):
    bring(write(CONTACTS + 'T1,a,2024-01-10,mail,,,in,,"=1+1 \\t\t","one \\n\n  two\\",\n'), read("interactions"))
    found = Interaction.objects.get()
    assert (found.subject, found.body) == ("=1+1 \\t", "one \\n\ntwo\\")


def test_mixed_currencies_and_signs(write):
    rows = [
        "R1,2024-01-10,€5,",
        "R2,2024-01-10,7 USD,",
        "R3,2024-01-10,3,IRR",
        "R4,2024-01-10,€3,USD",
        "R5,2024-01-10,1,",
    ]
    text = "\n".join(["invoice,date,amount,currency", *rows, ""])
    done = bring(write(text), propose_mapping(write(text), kind="invoices").as_mapping())
    assert list(Invoice.objects.order_by("number").values_list("currency", "amount")) == [
        ("EUR", 5),
        ("USD", 7),
        ("IRR", 3),
    ]
    assert list(RefusedRow.objects.order_by("line").values_list("reason", flat=True)) == [
        "two_currencies",
        "unknown_currency",
    ]
    assert done.rows_refused == 2


def test_without_a_currency_it_is_asked_for(write):
    with pytest.raises(OpenQuestions, match="currency"):
        open_import(
            write("key,paid_on,amount\nP1,2024-01-10,5\n"),
            mapping=read("payments"),
            source_name="",
            file_name="x",
            by=None,
        )


def test_days_by_the_jalali_calendar(write):
    text = "شماره مرسوله,کد مشتری,موعد تحویل,تاریخ ارسال\nم۱,۱۷,۱۴۰۲/۱۰/۲۵,۱۴۰۲/۱۰/۲۰\n"
    path = write(text)
    bring(path, propose_mapping(path, kind="deliveries").as_mapping())
    delivery = Delivery.objects.get()
    assert (delivery.number, delivery.party.key) == ("م۱", "۱۷")
    assert (delivery.promised_on, delivery.shipped_on) == (date(2024, 1, 15), date(2024, 1, 10))


def test_what_is_due_may_lie_ahead_and_what_happened_may_not(write):
    ahead = INVOICES + "R1,a,,,2024-01-10,2031-12-31,5,EUR\nR2,a,,,2031-12-31,,5,EUR\n"
    done = bring(write(ahead), read("invoices"))
    assert (done.rows_recorded, done.rows_refused) == (1, 1)
    assert RefusedRow.objects.get().reason == "in_the_future"


@pytest.mark.parametrize(
    ("heading", "kind", "fields"),
    [
        ("Rechnungsnummer;Kundennummer;Rechnungsdatum;Fällig am;Betrag;Währung", "invoices",
         ["number", "customer", "issued_on", "due_on", "amount", "currency"]),
        ("Номер счета;Клиент;Дата счета;Срок оплаты;Сумма;Валюта", "invoices",
         ["number", "customer", "issued_on", "due_on", "amount", "currency"]),
        ("Zahlungsnummer;Rechnungsnummer;Buchungsdatum;Betrag;Zahlungsart", "payments",
         ["key", "invoice_number", "paid_on", "amount", "method"]),
        ("شماره پرداخت;شماره فاکتور;تاریخ پرداخت;مبلغ", "payments", ["key", "invoice_number", "paid_on", "amount"]),
        ("Lieferscheinnummer;Auftragsnummer;Liefertermin;Versanddatum;Geliefert am;Spediteur;Lieferstatus", "deliveries",
         ["number", "order_number", "promised_on", "shipped_on", "delivered_on", "carrier", "state"]),
        ("Номер звонка;Код клиента;Дата и время;Тип;Канал;Направление;Тема;Результат", "interactions",
         ["key", "customer", "at", "kind", "channel", "direction", "subject", "outcome"]),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names(write, heading, kind, fields):
    proposal = propose_mapping(write(f"{heading}\n" + ";".join("x" * len(fields)) + "\n"), kind=kind)
    assert {name: proposal.columns.get(name) for name in fields} == dict(zip(fields, heading.split(";"), strict=True))
    assert proposal.missing == []


# Hostile


def test_hostile_rows_are_refused_each_for_itself(write):
    rows = [
        "R1,a,,invoice,2024-01-10,,1e30,EUR", "R2,a,,invoice,0001-01-01,,5,EUR", "R3,a,,invoice,9999-12-31,,5,EUR",
        "R4,a\x00,,invoice,2024-01-10,,5,EUR", f"{'R' * 121},a,,invoice,2024-01-10,,5,EUR", "R5,a,,invoice,2024-01-10,,NaN,EUR",
        "R6,a,,invoice,2024-01-10,,5,XXX", "R7,a,,=cmd|' /C calc'!A0,2024-01-10,,5,EUR", "R8,a,,invoice,2024-01-10,never,5,EUR",
        "R9,a,,invoice,,,5,EUR", "R10,a", "=1+1,\u202e\u0645\u0634\u062a\u0631\u06cc\u202c,,invoice,2024-01-10,9999-01-01,5,EUR",
        "=2+2,\u202e\u0645\u0634\u062a\u0631\u06cc\u202c,,invoice,2024-01-10,,999999999999.9999,EUR",
    ]  # fmt: skip
    done = bring(write(INVOICES + "\n".join(rows) + "\n"), read("invoices", read={"dates": "y-m-d"}))
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (13, 1, 12)
    kept = Invoice.objects.get()
    assert (kept.number, kept.amount) == ("=2+2", Decimal("999999999999.9999"))
    assert kept.party.key == "مشتری"
    reasons = list(RefusedRow.objects.order_by("line").values_list("reason", flat=True))
    assert reasons == ["too_large", "year_not_meant", "year_not_meant", "nul_character", "too_long", "not_a_number", "unknown_currency",
                       "unknown_word", "not_a_date", "empty", "too_few_fields", "year_not_meant"]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"columns": {"issued_on": "d", "amount": "a"}}, "lacks number"),
        ({"columns": {"number": "n", "amount": "a"}}, "lacks issued_on"),
        ({"columns": {"number": "n", "issued_on": "d", "amount": "a", "paid_on": "p"}}, r"columns\.paid_on"),
        ({"constants": {"number": "1"}}, r"constants\.number"),
        ({"words": {"number": {"a": "b"}}}, r"words\.number"),
        ({"words": {"kind": {"Storno": "credit"}}}, r"words\.kind\.Storno"),
        ({"words": {"kind": "credit_note"}}, r"words\.kind"),
        ({"optional": ["amount"]}, "optional"),
        ({"identifiers": {"a": "b"}}, "for parties only"),
        ({"words": ["kind"]}, "words"),
    ],
)
def test_a_mapping_says_where_it_is_wrong(change, where):
    good = {"kind": "invoices", "columns": {"number": "n", "issued_on": "d", "amount": "a"}}
    assert from_json(good).kind == "invoices"
    with pytest.raises(WrongMapping, match=where):
        from_json({**good, **change})


# Again, and again otherwise


@pytest.mark.parametrize("kind", FILES)
def test_the_same_file_twice_changes_nothing(write, kind):
    path = write(FILES[kind])
    first = bring(path, read(kind))
    before = standing(kind)
    assert len(before) == first.rows_recorded
    assert bring(path, read(kind)).pk == first.pk
    again = bring(write(FILES[kind], "again.csv.gz"), read(kind))
    assert (again.rows_recorded, again.rows_known) == (0, first.rows_recorded)
    assert standing(kind) == before
    assert not DealingVersion.objects.exists()


@pytest.mark.parametrize("kind", FILES)
def test_taken_back_all_of_it_is_gone_and_the_file_can_come_again(write, kind):
    path = write(FILES[kind])
    first = bring(path, read(kind))
    before = standing(kind)
    back(first)
    assert standing(kind) == []
    assert not Party.objects.exists()
    assert bring(path, read(kind)).pk != first.pk
    assert standing(kind) == before


def test_a_delivery_is_shipped_and_then_delivered(write):
    first = bring(write(ONE_DELIVERY), read("deliveries"))
    shipped = standing("deliveries")
    later = bring(write("number,delivered_on\nD1,2024-01-14\nD2,2024-01-15\n", "later.csv"), read("deliveries"))
    assert (later.rows_recorded, later.rows_known) == (2, 0)
    delivery = Delivery.objects.get(number="D1")
    assert (delivery.stands, delivery.delivered_on, delivery.carrier) == ("delivered", date(2024, 1, 14), "Royal Mail")
    assert delivery.import_run_id == first.pk
    assert [(run, line) for _, run, line, _ in versions()] == [(first.pk, 2), (later.pk, 2)]
    assert versions()[1][3] == {"delivered_on": "2024-01-14"}
    back(later)
    assert standing("deliveries") == shipped
    assert versions() == []


def test_the_first_word_can_be_taken_back_and_the_second_stays(write):
    first = bring(write(ONE_DELIVERY), read("deliveries"))
    later = bring(write("number,delivered_on\nD1,2024-01-14\n", "later.csv"), read("deliveries"))
    back(first)
    delivery = Delivery.objects.get()
    assert (delivery.delivered_on, delivery.carrier, delivery.party, delivery.quantity) == (
        date(2024, 1, 14),
        "",
        None,
        None,
    )
    assert (delivery.import_run_id, delivery.line) == (later.pk, 2)
    assert versions() == []
    assert not Party.objects.exists()
    back(later)
    assert not Delivery.objects.exists()


def test_of_three_words_the_middle_one_is_taken_back(write):
    bring(write(ONE_DELIVERY), read("deliveries"))
    middle = bring(write("number,carrier,quantity\nD1,DHL,3\n", "two.csv"), read("deliveries"))
    bring(write("number,carrier\nD1,GLS\n", "three.csv"), read("deliveries"))
    back(middle)
    delivery = Delivery.objects.get()
    assert (delivery.carrier, delivery.quantity) == ("GLS", 2)
    assert len(versions()) == 2


def test_an_empty_cell_takes_away_and_a_column_that_is_not_there_does_not(write):
    bring(write(TWO_INVOICES), read("invoices"))
    bring(write("number,issued_on,amount,currency,due_on\nR1,2024-01-10,100.5,EUR,\n", "less.csv"), read("invoices"))
    invoice = Invoice.objects.get(number="R1")
    assert (invoice.due_on, invoice.party.key) == (None, "a")


def test_several_rows_with_one_number(write):
    text = "number,shipped_on,carrier\nD1,2024-01-10,DHL\nD2,2024-01-10,GLS\nD1,2024-01-11,DHL\nD1,2024-01-11,DHL\nD1,2024-01-12,DHL\n"
    done = bring(write(text), read("deliveries"))
    assert (done.rows_recorded, done.rows_known) == (4, 1)
    assert done.notes[-1] == {"code": "same_key_again", "count": 2}
    assert Delivery.objects.get(number="D1").shipped_on == date(2024, 1, 12)
    assert [line for _, _, line, _ in versions()] == [2, 4, 6]
    again = bring(write(text, "again.csv.gz"), read("deliveries"))
    assert (again.rows_recorded, again.rows_known) == (0, 5)
    back(again)
    back(done)
    assert standing("deliveries") == versions() == []


def test_a_complaint_is_settled_later(write):
    heading = "key,customer,at,kind,channel,direction,settled_at\n"
    bring(write(heading + "T1,a,2024-01-10,complaint,email,in,\n"), read("interactions"))
    assert Interaction.objects.get().settled_at is None
    later = bring(
        write(heading + "T1,b,2024-01-10,complaint,email,in,2024-01-12 09:00\n", "later.csv"), read("interactions")
    )
    found = Interaction.objects.get()
    assert (found.settled_at, found.party.key) == (datetime(2024, 1, 12, 9, tzinfo=UTC), "b")
    back(later)
    found.refresh_from_db()
    assert (found.settled_at, found.party.key) == (None, "a")
    assert [party.key for party in Party.objects.all()] == ["a"]


def test_a_contact_written_down_here_is_left_alone(write):
    done = bring(write(ONE_CONTACT), read("interactions"))
    party = Party.objects.get()
    Interaction.objects.create(party=party, kind="call", channel="phone", is_outgoing=True, at=NOW)
    Interaction.objects.create(party=party, kind="call", channel="phone", is_outgoing=True, at=NOW)
    back(done)
    assert Interaction.objects.count() == 2
    assert Party.objects.count() == 1


# Without numbers


def test_payments_without_numbers_are_told_apart_and_not_doubled(write):
    rows = "a,2024-01-10,5,EUR,card\na,2024-01-10,5,EUR,card\na,2024-01-11,5,EUR,card\n"
    text = "customer,paid_on,amount,currency,method\n" + rows
    done = bring(write(text), read("payments"))
    assert (done.rows_recorded, done.rows_known) == (3, 0)
    assert {"code": "twins", "count": 1} in done.notes
    again = bring(write(text.replace("card", "cash") + "b,2024-01-12,1,EUR,cash\n", "more.csv"), read("payments"))
    assert (again.rows_recorded, again.rows_known) == (4, 0)
    assert Payment.objects.count() == 4
    assert set(Payment.objects.values_list("method", flat=True)) == {"cash"}


def test_contacts_without_numbers_are_the_same_in_any_zone(write):
    text = "customer,at,kind,direction\na,2024-01-10 10:00,call,out\na,2024-01-10 10:00,call,in\n"
    bring(write(text), read("interactions", read={"zone": "Europe/Berlin"}))
    again = bring(write(text, "again.csv.gz"), read("interactions", read={"zone": "Asia/Tehran"}))
    assert again.rows_recorded == 2
    assert Interaction.objects.count() == 2


# Links


def test_payments_before_their_invoice_and_after(write):
    paid = bring(write(TWO_PAYMENTS, "p.csv"), read("payments"))
    assert {"code": "waits_for_invoices", "count": 2} in paid.notes
    assert set(Payment.objects.values_list("invoice", "party")) == {(None, None)}
    billed = bring(write(TWO_INVOICES), read("invoices"))
    payment = Payment.objects.get(key="P1")
    assert (payment.invoice.number, payment.party.key) == ("R1", "a")
    waited = standing("payments")
    back(billed)
    assert set(Payment.objects.values_list("invoice", "party")) == {(None, None)}
    back(paid)
    bring(write(TWO_INVOICES), read("invoices"))
    paid = bring(write(TWO_PAYMENTS, "p.csv"), read("payments"))
    assert paid.notes == []
    assert standing("payments") == waited


def test_an_invoice_elsewhere_is_not_meant(write):
    bring(write(TWO_PAYMENTS, "p.csv"), read("payments"), source="bank")
    bring(write(TWO_INVOICES), read("invoices"), source="shop")
    assert set(Payment.objects.values_list("invoice", flat=True)) == {None}


def test_all_follows_the_order_when_it_comes_and_lets_go_when_it_goes(write):
    bring(write(TWO_PAYMENTS, "p.csv"), read("payments"))
    bring(write(INVOICES + "R1,,N1,,2024-01-10,,100,EUR\n"), read("invoices"))
    bring(write("number,order_number\nD1,N1\n", "d.csv"), read("deliveries"))
    orders = bring(
        write("order,customer,date,amount\nN1,c,2024-01-09,100\n", "o.csv"), mapping(LOG, {"order_number": "order"})
    )
    order = Order.objects.get()
    for one in (Invoice.objects.get(), Delivery.objects.get()):
        assert (one.order, one.party.key) == (order, "c")
    assert {payment.party.key for payment in Payment.objects.all()} == {"c"}
    back(orders)
    assert not Order.objects.exists()
    for one in (Invoice.objects.get(), Delivery.objects.get(), *Payment.objects.all()):
        assert one.party is None
    assert Invoice.objects.get().order is None
    assert not Party.objects.exists()


def test_a_changed_number_changes_the_link(write):
    bring(write(TWO_INVOICES), read("invoices"))
    bring(write(TWO_PAYMENTS, "p.csv"), read("payments"))
    later = bring(write(TWO_PAYMENTS.replace("P1,,R1", "P1,,R2"), "p2.csv"), read("payments"))
    assert later.rows_recorded == 1
    payment = Payment.objects.get(key="P1")
    assert (payment.invoice.number, payment.party.key) == ("R2", "b")
    back(later)
    payment.refresh_from_db()
    assert (payment.invoice.number, payment.party.key) == ("R1", "a")


def test_an_invoice_that_was_anothers_takes_its_payments_along(write):
    bring(write(TWO_INVOICES), read("invoices"))
    bring(write(TWO_PAYMENTS, "p.csv"), read("payments"))
    later = bring(write(TWO_INVOICES.replace("R1,a", "R1,z"), "later.csv"), read("invoices"))
    assert {payment.party.key for payment in Payment.objects.all()} == {"z"}
    back(later)
    assert {payment.party.key for payment in Payment.objects.all()} == {"a"}


def test_a_customer_of_orders_is_the_same_and_stays(write):
    bring(write("customer,date,amount\na,2024-01-01,1\n", "o.csv"), mapping(LOG))
    done = bring(write(TWO_INVOICES), read("invoices"))
    assert sorted(Party.objects.values_list("key", flat=True)) == ["a", "b"]
    back(done)
    assert [party.key for party in Party.objects.all()] == ["a"]


def test_a_party_whose_orders_were_taken_back_goes_with_its_last_invoice(write):
    orders = bring(write("customer,date,amount\na,2024-01-01,1\n", "o.csv"), mapping(LOG))
    invoices = bring(write(TWO_INVOICES), read("invoices"))
    back(orders)
    assert Party.objects.filter(key="a").exists()
    back(invoices)
    assert not Party.objects.exists()


# The way in


def test_a_dry_run_says_what_would_happen_and_changes_nothing(write):
    bring(write(TWO_INVOICES), read("invoices"))
    text = TWO_INVOICES.replace("100.50", "99") + "R3,c,,invoice,2024-01-12,,1,EUR\nR4,c,,invoice,never,,1,EUR\n"
    before = standing("invoices")
    found = dry_run(write(text, "later.csv"), read("invoices"), source_name="shop")
    assert found.counts == {"rows": 4, "facts": 2, "known": 1, "refused": 1, "new": 1, "changed": 1}
    assert found.first[0]["amount"] == 99
    assert found.first[1]["due_on"] == ""
    assert found.reasons == {"not_a_date": 1}
    assert standing("invoices") == before
    assert not Party.objects.filter(key="c").exists()


def test_a_changed_layout_is_told_of(write):
    bring(write(TWO_INVOICES), read("invoices"))
    later = bring(
        write("number,issued_on,amount,currency,Kostenstelle\nR9,2024-01-10,1,EUR,7\n", "later.csv"), read("invoices")
    )
    codes = {note["code"]: note for note in later.notes}
    assert codes["layout_changed"]["new"] == "Kostenstelle"
    assert "due_on" in codes["layout_changed"]["gone"]


def test_parquet_with_typed_columns(tmp_path):
    table = pa.table({"key": ["P1", "P2"], "paid_on": pa.array([date(2024, 1, 10), date(2024, 1, 11)]), "amount": [1.5, 2.25],
                      "currency": ["EUR", "USD"]})  # fmt: skip
    pq.write_table(table, tmp_path / "p.parquet")
    bring(tmp_path / "p.parquet", read("payments"))
    assert list(Payment.objects.order_by("key").values_list("amount", "currency")) == [
        (Decimal("1.5"), "EUR"),
        (Decimal("2.25"), "USD"),
    ]


def test_chunks_meet_across_their_edges(write, monkeypatch):
    monkeypatch.setattr(record, "CHUNK_ROWS", 2)
    rows = "".join(f"D{n % 3},2024-01-{10 + n}\n" for n in range(7))
    done = bring(write("number,shipped_on\n" + rows), read("deliveries"))
    assert (done.rows_recorded, done.rows_known) == (7, 0)
    assert dict(Delivery.objects.values_list("number", "shipped_on")) == {
        "D0": date(2024, 1, 16), "D1": date(2024, 1, 14), "D2": date(2024, 1, 15)}  # fmt: skip
    back(done)
    assert standing("deliveries") == versions() == []


def test_every_field_of_every_kind_may_be_mapped():
    for name, kind in DEALINGS.items():
        columns = {field: field for field in kind.of_name}
        assert set(from_json({"kind": name, "columns": columns}).places(list(columns))) == set(columns)


CELLS = st.sampled_from(
    [
        "",
        "1",
        "2",
        "a",
        "R1",
        "2024-01-10",
        "10.50",
        "-3",
        "1e30",
        "EUR",
        "USD",
        "invoice",
        "refund",
        "\\N",
        "\\",
        "=1",
        "ب",
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["invoices", "payments", "deliveries"]),
    rows=st.lists(st.lists(CELLS, min_size=8, max_size=8), max_size=12),
)
def test_recorded_and_known_and_refused_are_all_rows(write, kind, rows):
    """Whatever stands in the cells; and taken back, nothing is left of it."""
    heading = list(DEALINGS[kind].of_name)[:8]
    text = ",".join(heading) + "\n" + "".join(",".join(row[: len(heading)]) + "\n" for row in rows)
    done = bring(write(text), read(kind, read={"dates": "y-m-d", "decimal": ".", "currency": "EUR"}))
    assert (
        done.rows_recorded + done.rows_known + done.rows_refused
        == done.rows_read
        == sum(any(row[: len(heading)]) for row in rows)
    )
    assert TABLES[kind].model._default_manager.count() <= done.rows_recorded
    again = run_import(open_import(write(text, "again.csv.gz"), mapping=read(kind, read={
        "dates": "y-m-d", "decimal": ".", "currency": "EUR"}), source_name="shop", file_name="x", by=None).pk)  # fmt: skip
    assert (again.rows_recorded, again.rows_refused) == (0, done.rows_refused)
    for one in (again, done):
        back(one)
    assert standing(kind) == versions() == []
    assert not Party.objects.exists()
