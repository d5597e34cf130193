"""Known at the first word: any identifier gives the customer, with how probable that is and why."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from entente.identify.index import update_index
from entente.identify.match import match_new
from entente.identify.models import Customer, Verified
from entente.identify.resolve import NothingToGoBy, UnknownIdentifier, resolve, resolve_text
from entente.ledger.models import Invoice, Order, Party
from entente.staff.models import User
from tests.ledger_facts import Ledger, a_user, customer_of

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def known() -> SimpleNamespace:
    """Anna and her father at one address, a firm in Riyadh, a tradesman whose name is Persian, and two dozen strangers."""
    ledger = Ledger()
    home = {"address": "Lindenweg", "house_number": "7", "postcode": "50674", "city": "Köln", "country": "DE"}
    people = {
        "anna": ledger.party(
            "C-1001", kind="person", name="Anna Schröder", email="anna.schroeder@web.example", phone="+49 221 5550142",
            phone_e164="+492215550142", born_on="1984-03-02", identifiers={"telegram": "@annaschroeder", "card": "LC 77-1204"}, **home,
        ),
        "father": ledger.party(
            "C-1002", kind="person", name="Karl Schröder", email="karl.schroeder@web.example", born_on="1951-06-30", **home
        ),
        "firm": ledger.party(
            "C-2001", kind="organisation", name="Al Noor Building Supply LLC", tax_id="3001-2234-5678-003", city="Riyadh", country="SA",
        ),
        "rahimi": ledger.party("C-3001", kind="person", name="علی‌رضا رحیمی", city="شیراز", country="IR"),
    }  # fmt: skip
    strangers = ledger.parties(24, kind="person")
    match_new()
    update_index([party.pk for party in (*people.values(), *strangers)])
    order = Order.objects.create(
        source=ledger.source,
        number="B-00412",
        party=people["anna"],
        ordered_at=AT,
        ordered_on=AT.date(),
        import_run=ledger.run,
    )
    Invoice.objects.create(
        source=ledger.source, number="INV-9", party=people["firm"], import_run=ledger.run, line=1, issued_on=AT.date(), amount=1,
        currency="EUR",
    )  # fmt: skip
    return SimpleNamespace(ledger=ledger, user=a_user(), order=order, **people)


@pytest.mark.parametrize(
    ("given", "who"),
    [
        ({"phone": "0221 555 01 42"}, "anna"), ({"phone": "٠٠٤٩٢٢١٥٥٥٠١٤٢"}, "anna"), ({"email": "ANNA.Schroeder@web.example "}, "anna"),
        ({"order_number": "#b-00412"}, "anna"), ({"customer_number": "c-1001"}, "anna"),
        ({"identifiers.telegram": "AnnaSchroeder"}, "anna"),
        ({"identifiers.card": "lc77-1204"}, "anna"), ({"name": "Schroeder, Anna", "postcode": "50674"}, "anna"),
        ({"name": "Анна Шрёдер"}, "anna"), ({"given_name": "Anna", "family_name": "Schröder"}, "anna"),
        ({"name": "Karl Schröder", "street": "Lindenweg 7", "city": "Köln"}, "father"),
        ({"born_on": "1951-06-30", "postcode": "50674"}, "father"),
        ({"invoice_number": "INV-9"}, "firm"), ({"tax_id": "300122345678003"}, "firm"), ({"name": "AL-NOOR BUILDING SUPPLY"}, "firm"),
        ({"name": "Alireza Rahimi"}, "rahimi"), ({"name": "رحيمي", "given_name": "علي رضا"}, "rahimi"),
    ],
)  # fmt: skip
def test_any_of_them_finds_who_it_is(known: SimpleNamespace, given: dict[str, str], who: str):
    found = resolve(given, user=known.user)
    assert found and found[0].customer == customer_of(getattr(known, who)), found
    assert found[0].explanation and 0 < found[0].probability <= 1
    assert [each.weight for each in found] == sorted((each.weight for each in found), reverse=True)


def test_more_words_make_it_surer_and_every_reason_is_told(known: SimpleNamespace):
    by_mail = resolve({"email": known.anna.email}, user=known.user)[0]
    by_both = resolve({"email": known.anna.email, "name": "Anna Schröder"}, user=known.user)[0]
    assert by_both.probability > by_mail.probability
    said = {each.field: each for each in by_both.explanation}
    assert (said["email"].likeness, said["email"].recorded) == ("same", "anna.schroeder@web.example")
    assert said["email"].bits > 5 and set(said) == {"given_name", "family_name", "email"}


def test_a_number_the_firm_gave_out_is_as_good_as_a_name(known: SimpleNamespace):
    found = resolve({"order_number": "B-00412"}, user=known.user)
    assert [each.customer for each in found] == [customer_of(known.anna)]
    assert found[0].probability > 0.99
    assert found[0].explanation[0].field == "order_number"


def test_the_daughter_is_not_the_father(known: SimpleNamespace):
    found = resolve({"name": "Anna Schröder", "born_on": "1984-03-02", "postcode": "50674"}, user=known.user)
    first = [each.customer for each in found]
    assert first[0] == customer_of(known.anna)
    assert all(each.probability < 0.5 for each in found[1:])


def test_only_what_was_proved_is_verified(known: SimpleNamespace):
    assert not resolve({"phone": "0221 5550142", "country": "DE"}, user=known.user)[0].is_verified
    Verified.objects.create(party=known.anna, field="phone", value="+492215550142", how="by hand", at=AT)
    assert resolve({"phone": "0221 5550142"}, user=known.user)[0].is_verified
    assert resolve({"phone": "+49 221 5550142"}, user=known.user)[0].is_verified
    # The same digits in another country are somebody else's number; and a mail address was not proved.
    assert not any(each.is_verified for each in resolve({"phone": "+44 221 5550142"}, user=known.user))
    assert not resolve({"email": known.anna.email}, user=known.user)[0].is_verified


def test_who_is_not_read_yet_is_known_by_number(known: SimpleNamespace):
    late = known.ledger.party("C-9", name="Late Comer")
    match_new()
    assert [each.customer for each in resolve({"customer_number": "C-9"}, user=known.user)] == [customer_of(late)]


def test_nobody_sees_whom_they_may_not(known: SimpleNamespace):
    gone = User.objects.create(email="gone@example.com", name="Gone", role="agent", is_active=False)
    assert resolve({"email": known.anna.email}, user=gone) == []


@pytest.mark.parametrize(
    "given", [{}, {"phone": ""}, {"email": "  ", "name": "\0"}, {"kind": "person", "country": "DE"}]
)
def test_nothing_to_go_by_is_said_with_what_there_is(known: SimpleNamespace, given: dict[str, str]):
    with pytest.raises(NothingToGoBy, match=r"phone.*order_number.*identifiers\.NAME"):
        resolve(given, user=known.user)


def test_a_slip_in_the_name_of_an_identifier_is_told(known: SimpleNamespace):
    with pytest.raises(UnknownIdentifier, match="telephon"):
        resolve({"telephon": "1"}, user=known.user)


@pytest.mark.parametrize(
    "given",
    [
        {"name": "test"}, {"name": "n/a", "phone": "000000"}, {"email": "test@test.com"}, {"tax_id": "0000"}, {"born_on": "1900"},
        {"name": "' OR x=x --"}, {"name": "%"}, {"name": "\ud800\udfff x"},
        {"phone": "9" * 100_000}, {"name": "a" * 100_000},
        {"order_number": "\\"}, {"identifiers.telegram": "@"}, {"identifiers.'; DROP TABLE": "x" * 9999}, {"kind": "nonsense", "name": "&"},
        {"city": "Köln"}, {"postcode": "50674"},
    ],
)  # fmt: skip
def test_junk_finds_nobody(known: SimpleNamespace, given: dict[str, str]):
    assert resolve(given, user=known.user) == []


def test_what_very_many_share_is_answered_with_few_or_nobody():
    ledger, user = Ledger(), a_user()
    ledger.parties(3000, kind="person", email="info@firm.example", phone="0711 4465500", city="Bonn")
    match_new()
    update_index(list(Party.objects.values_list("id", flat=True)))
    assert resolve({"email": "info@firm.example", "phone": "0711 4465500", "city": "Bonn"}, user=user) == []


def test_a_customer_of_two_records_is_one_candidate(known: SimpleNamespace):
    again = known.ledger.party("C-1001b", kind="person", name="Anna Schroeder", email=known.anna.email)
    match_new()
    update_index([again.pk])
    one, other = customer_of(known.anna), customer_of(again)
    assert {each.customer for each in resolve({"email": known.anna.email}, user=known.user)} == {one, other}
    again.memberships.update(customer=one, law="test")
    assert [each.customer for each in resolve({"email": known.anna.email}, user=known.user)] == [one]
    assert Customer.objects.filter(pk=other.pk).exists()


def test_questions_to_the_database_do_not_grow(known: SimpleNamespace):
    with CaptureQueriesContext(connection) as queries:
        resolve({"name": "Anna Schröder", "email": known.anna.email, "postcode": "50674"}, user=known.user)
    assert len(queries) <= 6


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("anna.schroeder@web.example", "anna"), ("0221 5550142", "anna"), ("@annaschroeder", "anna"), ("B-00412", "anna"),
        ("INV-9", "firm"),
        ("3001 2234 5678 003", "firm"), ("Alireza Rahimi", "rahimi"),
    ],
)  # fmt: skip
def test_one_box_takes_all_of_it(known: SimpleNamespace, text: str, who: str):
    assert resolve_text(text, user=known.user)[0].customer == customer_of(getattr(known, who))


def test_an_empty_box_finds_nobody(known: SimpleNamespace):
    assert resolve_text("  ", user=known.user) == []
