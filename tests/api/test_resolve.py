"""Whom a contact may be from, asked over the network."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from entente.identify.models import Customer
from tests import cast
from tests.api.conftest import key_of

URL = "/api/v1/resolve"


@pytest.fixture
def switchboard(staff: cast.Staff) -> Client:
    """A program with a key of Anna's."""
    return Client(headers={"Authorization": f"Bearer {key_of(staff.anna, 'resolve')}"})


@pytest.fixture
def alnoor(staff: cast.Staff) -> Customer:
    made = cast.customer(
        "Al Noor Building Supply", keys=("10442",), phone="+966 11 234 5678", city="Riyadh", country="SA"
    )
    cast.order(made, "SO-77", cast.AS_OF, 100)
    return made


def test_an_order_number_tells_who_calls_and_why(switchboard: Client, alnoor: Customer):
    answer = switchboard.post(URL, {"identifiers": {"order_number": "SO-77"}}, content_type="application/json")
    assert answer.status_code == 200
    [found] = answer.json()["candidates"]
    assert (found["customer_id"], found["name"], found["href"]) == (alnoor.pk, alnoor.name, f"/customers/{alnoor.pk}/")
    assert 0 < found["probability"] <= 1
    assert found["is_verified"] is False
    assert [reason["field"] for reason in found["explanation"]] == ["order_number"]


def test_who_is_nobodys_gives_nobody(switchboard: Client, alnoor: Customer):
    answer = switchboard.post(URL, {"identifiers": {"order_number": 78}}, content_type="application/json")
    assert answer.json() == {"candidates": []}


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body.contact.identifiers"),
        ({"identifiers": {}}, "body.contact.identifiers"),
        ({"identifiers": {"shoe size": "44"}}, "body"),
        ({"identifiers": {"country": "SA"}}, "body"),
        ({"identifiers": {"phone": "1"}, "limit": 0}, "body.contact.limit"),
        ({"identifiers": {"phone": "1"}, "limit": 21}, "body.contact.limit"),
        ({"identifiers": {str(n): "x" for n in range(41)}}, "body.contact.identifiers"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_with_a_word(switchboard: Client, body: Any, where: str):
    answer = switchboard.post(URL, body, content_type="application/json")
    assert answer.status_code == 422, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["where"].startswith(where)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[1]", b'{"identifiers": {"phone": "a\\u0000b"}}', b'{"identifiers": {"name": "\\ud800"}}'],
)
def test_what_is_no_question_is_no_fault_of_ours(switchboard: Client, body: bytes):
    answer = switchboard.generic("POST", URL, body, content_type="application/json")
    assert answer.status_code in (200, 400, 422)
    assert answer.headers["Content-Type"].startswith("application/")


def test_a_key_that_imports_does_not_look_people_up(shop: Client, alnoor: Customer):
    answer = shop.post(URL, {"identifiers": {"order_number": "SO-77"}}, content_type="application/json")
    assert answer.status_code == 403
