"""Writing a customer down, and being told while typing that they are known."""

from __future__ import annotations

import pytest
from django.test import Client

from entente.identify.index import update_index
from entente.identify.models import Customer, Membership
from entente.ledger.models import Party
from tests import cast

FILLED = {
    "kind": "organisation", "name": "Al-Noor Building Supply", "phone": "+966 11 234 5678", "email": "", "address": "", "postcode": "",
    "city": "Riyadh", "country": "sa", "tax_id": "",
}  # fmt: skip
EMPTY = dict.fromkeys(FILLED, "") | {"kind": "person"}


@pytest.fixture(autouse=True)
def _read(company: cast.Company) -> None:
    update_index(list(Party.objects.values_list("id", flat=True)))


def test_a_customer_is_written_down_and_found_at_once(anna: Client):
    answer = anna.post("/customers/new", EMPTY | {"name": "Zoë Nguyễn", "phone": "020 7946 0321", "country": "gb"})
    made = Customer.objects.get(name="Zoë Nguyễn")
    assert answer.status_code == 302 and answer.url == f"/customers/{made.pk}/"
    party = Membership.objects.get(customer=made).party
    assert (party.source.name, party.kind, party.country, party.phone_e164) == (
        "by hand",
        "person",
        "GB",
        "+442079460321",
    )
    assert "Zoë Nguyễn" in anna.get("/search?q=zoe nguyen").content.decode()
    # By what no word of the record says, too: the name in another script.
    assert "Zoë Nguyễn" in anna.get("/search?q=Зоэ Нгуен").content.decode()


def test_while_typing_one_is_told_whom_it_may_be_and_why(anna: Client, company: cast.Company):
    shown = anna.post("/customers/alike", FILLED).content.decode()
    assert f"/customers/{company.alnoor.pk}/" in shown and "Phone: the same" in shown


def test_being_told_changes_nothing(anna: Client, company: cast.Company):
    before = Party.objects.count(), Membership.objects.count()
    anna.post("/customers/alike", FILLED)
    assert (Party.objects.count(), Membership.objects.count()) == before


def test_giving_somebody_elses_number_links_nothing(anna: Client, company: cast.Company):
    anna.post("/customers/new", FILLED)
    assert Membership.objects.filter(customer=company.alnoor).count() == 1
    made = Customer.objects.get(name="Al-Noor Building Supply")
    assert made.memberships.get().weight == 1.0


@pytest.mark.parametrize("filled", [{}, {"city": "Berlin"}, {"name": "test", "phone": "000000"}, {"email": "@"}])
def test_nobody_is_like_nothing(anna: Client, filled: dict[str, str]):
    answer = anna.post("/customers/alike", filled)
    assert answer.status_code == 200 and "<li>" not in answer.content.decode()


def test_hostile_names_stay_text(anna: Client, company: cast.Company):
    shown = anna.post("/customers/alike", EMPTY | {"name": cast.HOSTILE, "phone": "+44 20 7946 0000"}).content.decode()
    assert f"/customers/{company.mallory.pk}/" in shown
    assert "<script>" not in shown and "<img" not in shown


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "Give a name"),
        ({"name": "A", "email": "no"}, "valid email"),
        ({"name": "A", "country": "Germany"}, "valid value"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(anna: Client, wrong: dict[str, str], said: str):
    answer = anna.post("/customers/new", EMPTY | {"city": "Wien"} | wrong)
    assert answer.status_code == 422
    assert said in answer.content.decode() and "Wien" in answer.content.decode()
    assert not Party.objects.filter(source__name="by hand").exists()


def test_the_list_leads_to_the_form(anna: Client):
    assert "/customers/new" in anna.get("/customers/").content.decode()
    assert anna.get("/customers/new").status_code == 200
