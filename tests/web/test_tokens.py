"""Keys of programs: made, shown once, and taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from entente.staff.models import Token, User
from entente.staff.tokens import ImpossibleToken, make_token, token_behind
from tests import cast

NEW = {"name": "web shop", "scopes": ["import"]}


@pytest.fixture
def alice(company: cast.Company, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(company.staff.alice)


@pytest.fixture
def maxim(company: cast.Company, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(company.staff.maxim)


def shown_key(answer: object) -> str:
    found = re.search(r"entente_[\w-]{43}", answer.content.decode())  # type: ignore[attr-defined]
    assert found
    return found.group()


def test_a_key_of_ones_own_is_shown_once_and_opens(maxim: Client, company: cast.Company):
    answer = maxim.post("/me/tokens", NEW)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    secret = shown_key(answer)
    token = Token.objects.get()
    assert token_behind(secret, at=datetime.now(UTC)) == token
    assert (token.user, token.made_by, token.scopes) == (company.staff.maxim, company.staff.maxim, ["import"])
    assert timedelta(days=364) < token.expires_on - date.today() < timedelta(days=367)
    page = maxim.get("/me/").content.decode()
    assert "web shop" in page
    assert secret not in page


def test_a_key_is_made_for_somebody_else_by_an_administrator_only(alice: Client, maxim: Client, company: cast.Company):
    url = f"/users/{company.staff.maxim.pk}/tokens"
    assert maxim.post(url, NEW).status_code == 403
    assert not Token.objects.exists()
    shown_key(alice.post(url, {**NEW, "expires_on": "2099-12-31"}))
    token = Token.objects.get()
    assert (token.user, token.made_by) == (company.staff.maxim, company.staff.alice)
    assert token.expires_on == date(2099, 12, 31)
    assert "web shop" in alice.get(f"/users/{company.staff.maxim.pk}/").content.decode()
    charlie = f"/users/{company.staff.charlie.pk}/tokens"
    assert alice.post(charlie, NEW).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": ""}, "required"),
        ({"name": "\u200b"}, "Give it a name"),
        ({"name": "x" * 81}, "at most 80"),
        ({"scopes": []}, "required"),
        ({"scopes": ["everything"]}, "not one of the available choices"),
        ({"expires_on": "2020-01-01"}, "has passed"),
        ({"expires_on": "soon"}, "valid date"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_a_word(maxim: Client, wrong: dict[str, object], says: str):
    answer = maxim.post("/me/tokens", {**NEW, **wrong})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not Token.objects.exists()


def test_a_key_opens_no_more_than_its_user_may_do(anna: Client, company: cast.Company):
    assert anna.post("/me/tokens", NEW).status_code == 422
    assert anna.post("/me/tokens", {**NEW, "scopes": ["resolve"]}).status_code == 200
    with pytest.raises(ImpossibleToken):
        make_token(company.staff.victor, name="x", scopes=["resolve"], expires_on=None, by=None, at=datetime.now(UTC))


def test_who_may_do_nothing_by_program_is_offered_no_key(company: cast.Company, signed_in: Callable[[User], Client]):
    victor = signed_in(company.staff.victor)
    assert "There is nothing that a program could do" in victor.get("/me/").content.decode()
    assert victor.post("/me/tokens", NEW).status_code == 403


def test_a_revoked_key_opens_nothing_and_says_who_revoked_it(maxim: Client, alice: Client, company: cast.Company):
    secrets = [shown_key(maxim.post("/me/tokens", {**NEW, "name": name})) for name in ("one", "two")]
    one, two = Token.objects.order_by("id")
    assert maxim.post(f"/me/tokens/{one.pk}/revocation").status_code == 302
    assert alice.post(f"/users/{company.staff.maxim.pk}/tokens/{two.pk}/revocation").status_code == 302
    assert [token_behind(secret, at=datetime.now(UTC)) for secret in secrets] == [None, None]
    assert [token.revoked_by for token in Token.objects.order_by("id")] == [company.staff.maxim, company.staff.alice]
    before = Token.objects.get(pk=one.pk).revoked_at
    maxim.post(f"/me/tokens/{one.pk}/revocation")
    assert Token.objects.get(pk=one.pk).revoked_at == before
    assert maxim.get("/me/").content.decode().count("revoked") >= 2


def test_nobody_revokes_the_key_of_another(maxim: Client, anna: Client, alice: Client, company: cast.Company):
    maxim.post("/me/tokens", NEW)
    token = Token.objects.get()
    assert anna.post(f"/me/tokens/{token.pk}/revocation").status_code == 404
    assert anna.post(f"/users/{company.staff.maxim.pk}/tokens/{token.pk}/revocation").status_code == 403
    assert alice.post(f"/users/{company.staff.anna.pk}/tokens/{token.pk}/revocation").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_hostile_name_stays_text(maxim: Client):
    maxim.post("/me/tokens", {**NEW, "name": cast.HOSTILE})
    page = maxim.get("/me/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
