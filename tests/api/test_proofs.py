"""That a mailbox or a telephone is proved, handed over by a program."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from entente.identify.models import Customer, Verified
from entente.ledger.models import Party
from tests import cast
from tests.api.conftest import key_of

URL = "/api/v1/parties/proofs"
AWAY = f"{URL}/withdrawal"


@pytest.fixture
def okafor(staff: cast.Staff) -> Party:
    made: Customer = cast.customer(
        "J. Okafor", keys=("W-7",), email="J.Okafor@web.example", phone="020 7946 0958", country="GB"
    )
    return made.memberships.get().party


def said(party: Party, **other: str) -> dict[str, str]:
    given = {"source": party.source.name, "key": party.key, "field": "email", "value": "j.okafor@web.example"}
    return {**given, "how": "code", **other}


def give(client: Client, body: Any, url: str = URL) -> Any:
    return client.post(url, body, content_type="application/json")


def test_what_is_proved_is_kept_once_and_taken_back(shop: Client, staff: cast.Staff, okafor: Party):
    answer = give(shop, said(okafor))
    assert answer.status_code == 200, answer.content
    kept = Verified.objects.get()
    assert (kept.party, kept.field, kept.value, kept.how, kept.by) == (
        okafor,
        "email",
        "j.okafor@web.example",
        "code",
        staff.maxim,
    )
    assert give(shop, said(okafor, how="link")).json() == answer.json()
    assert (answer.json()["value"], answer.json()["how"]) == ("j.okafor@web.example", "code")
    assert give(shop, said(okafor, field="phone", value="+44 (0)20 7946 0958")).json()["value"] == "+442079460958"
    assert give(shop, said(okafor, value=" J.OKAFOR@web.example"), AWAY).json() == {"was_proved": True}
    assert give(shop, said(okafor), AWAY).json() == {"was_proved": False}
    assert Verified.objects.get().field == "phone"


@pytest.mark.parametrize(
    ("other", "where", "word"),
    [
        ({"value": "new@web.example"}, "body", "not what the record says now"),
        ({"key": "W-8"}, "body", "no such record"),
        ({"source": "another"}, "body", "no such record"),
        ({"field": "name"}, "body.proof.field", "email"),
        ({"how": "magic"}, "body.proof.how", "counter"),
        ({"value": ""}, "body.proof.value", "at least 1"),
        ({"key": "a\0b"}, "body.proof.key", "pattern"),
        ({"value": "x" * 255}, "body.proof.value", "at most 254"),
    ],
)
def test_what_cannot_be_proved_is_told_and_nothing_kept(
    shop: Client, okafor: Party, other: dict[str, str], where: str, word: str
):
    answer = give(shop, said(okafor, **other))
    assert answer.status_code == 422, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["where"] == where and word in answer.json()["detail"]
    assert not Verified.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1]", b'{"source": "\\ud800", "key": "\\ud800"}'])
def test_what_is_no_proof_is_no_fault_of_ours(shop: Client, okafor: Party, body: bytes):
    for url in (URL, AWAY):
        answer = shop.generic("POST", url, body, content_type="application/json")
        assert answer.status_code in (400, 422), answer.content


def test_half_a_character_is_refused(shop: Client, okafor: Party):
    body = b'{"source": "shop", "key": "\\ud800", "field": "email", "value": "\\udc00", "how": "code"}'
    for url in (URL, AWAY):
        assert shop.generic("POST", url, body, content_type="application/json").status_code in (400, 422)


def test_another_kind_of_body_is_not_read(shop: Client, okafor: Party):
    assert shop.post(URL, said(okafor)).status_code in (400, 415, 422)
    assert not Verified.objects.exists()


def test_a_key_that_looks_people_up_proves_nothing(staff: cast.Staff, okafor: Party):
    switchboard = Client(headers={"Authorization": f"Bearer {key_of(staff.maxim, 'resolve')}"})
    for url in (URL, AWAY):
        assert give(switchboard, said(okafor), url).status_code == 403
    assert not Verified.objects.exists()
