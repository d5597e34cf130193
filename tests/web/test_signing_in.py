"""The door: passwords, one-time links, the second factor, and the page while the database is away."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from entente.staff.models import SignInLink, User
from entente.staff.people import ImpossibleUser, keep_user, make_sign_in_link, make_user, use_sign_in_link
from entente.web import users
from entente.web.waiting import broken, is_away
from tests import cast


@pytest.fixture
def staff(db: None) -> cast.Staff:
    return cast.staff()


def try_password(client: Client, email: str, password: str):
    return client.post(
        "/account/login/?next=/customers/", {"login": email, "password": password, "next": "/customers/"}
    )


def test_a_password_lets_in_and_leads_back(staff: cast.Staff):
    answer = try_password(Client(), "anna@example.com", cast.PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/customers/")


@pytest.mark.parametrize("where", ["//evil.example", "https://evil.example", "\\\\evil.example"])
def test_the_door_leads_nowhere_else(staff: cast.Staff, where: str):
    answer = Client().post("/account/login/", {"login": "anna@example.com", "password": cast.PASSWORD, "next": where})
    assert "evil" not in answer.headers.get("Location", "")


def test_who_left_and_who_never_was_are_told_the_same(staff: cast.Staff):
    def said(email: str) -> str:
        answer = try_password(Client(), email, "wrong wrong wrong")
        assert answer.status_code == 200
        return re.search(r'class="errors".*?</ul>', answer.content.decode(), re.DOTALL)[0]

    assert said("charlie@example.com") == said("nobody@example.com") == said("anna@example.com")


def test_charlie_stays_outside(staff: cast.Staff):
    client = Client()
    try_password(client, "charlie@example.com", cast.PASSWORD)
    assert "_auth_user_id" not in client.session


def test_guessing_is_throttled(staff: cast.Staff):
    client = Client()
    answers = [try_password(client, "anna@example.com", f"guess number {n}") for n in range(12)]
    assert "Too many" in answers[-1].content.decode() or answers[-1].status_code == 429
    assert try_password(client, "anna@example.com", cast.PASSWORD).status_code != 302


def test_a_link_lets_in_once_and_only_by_its_button(staff: cast.Staff):
    token = make_sign_in_link(staff.anna, at=timezone.now())
    assert not SignInLink.objects.filter(token_hash__contains=token).exists()
    url = f"/enter/{token}"
    for _ in range(3):
        looked = Client().get(url)
        assert looked.status_code == 200
        assert "no-store" in looked.headers["Cache-Control"]
        assert looked.headers["Referrer-Policy"] == "same-origin"
    first, second = Client(), Client()
    assert first.post(url).headers["Location"] == "/"
    assert first.get("/").status_code == 200
    assert second.post(url).status_code == 410
    assert second.get("/").status_code == 302


def test_a_link_ends(staff: cast.Staff):
    now = timezone.now()
    token = make_sign_in_link(staff.anna, at=now, lasts=timedelta(minutes=5))
    assert use_sign_in_link(token, at=now + timedelta(minutes=6)) is None
    assert use_sign_in_link(token, at=now + timedelta(minutes=4)) == staff.anna
    assert use_sign_in_link(token, at=now + timedelta(minutes=4)) is None


def test_a_link_of_somebody_who_left_opens_nothing(staff: cast.Staff):
    assert use_sign_in_link(make_sign_in_link(staff.charlie, at=timezone.now()), at=timezone.now()) is None


@pytest.mark.parametrize(
    ("email", "role"), [("no address", "agent"), ("new@example.com", "king"), ("ANNA@example.com", "agent")]
)
def test_impossible_users_are_refused_in_words(staff: cast.Staff, email: str, role: str):
    with pytest.raises(ImpossibleUser, match=r"\w+ .*\."):
        make_user(email, "New", role)


def test_an_administrator_makes_a_user_and_a_link_of_the_configured_host(staff: cast.Staff):
    client = Client()
    client.force_login(staff.alice)
    made = client.post("/users/", {"email": "new@example.com", "name": "New", "role": "agent"})
    assert made.status_code == 302
    shown = client.post(made.headers["Location"] + "links", headers={"host": "localhost"}).content.decode()
    assert f"{settings.BASE_URL}/enter/" in shown


def test_no_administrator_shuts_themselves_out(staff: cast.Staff):
    client = Client()
    client.force_login(staff.alice)
    client.post(f"/users/{staff.alice.pk}/", {"name": "Alice", "role": "viewer"})
    staff.alice.refresh_from_db()
    assert (staff.alice.role, staff.alice.is_active) == ("admin", True)


def test_of_two_administrators_who_take_the_role_from_each_other_one_stays(staff: cast.Staff):
    """What each was shown before the other was faster does not count."""
    maxim = staff.maxim
    maxim.role = "admin"
    keep_user(maxim)
    staff.alice.role = "manager"
    with CaptureQueriesContext(connection) as queries:
        keep_user(staff.alice)
    assert "FOR UPDATE" in queries[1]["sql"] or "FOR UPDATE" in queries[0]["sql"]
    for change in ({"role": "viewer"}, {"is_active": False}):
        last = User.objects.get(pk=maxim.pk)
        for name, value in change.items():
            setattr(last, name, value)
        with pytest.raises(ImpossibleUser, match="Nobody else is an administrator"):
            keep_user(last)
    maxim.refresh_from_db()
    assert (maxim.role, maxim.is_active) == ("admin", True)
    maxim.name = "Max"
    keep_user(maxim)


def test_the_page_says_that_nobody_else_is_an_administrator(staff: cast.Staff, monkeypatch: pytest.MonkeyPatch):
    """Alice lost the role between the door and the lock."""
    User.objects.filter(pk=staff.maxim.pk).update(role="admin")
    client = Client()
    client.force_login(staff.alice)
    clean = users.UserForm.full_clean

    def meanwhile(form: users.UserForm) -> None:
        User.objects.filter(pk=staff.alice.pk).update(role="agent")
        clean(form)

    monkeypatch.setattr(users.UserForm, "full_clean", meanwhile)
    answer = client.post(f"/users/{staff.maxim.pk}/", {"name": "Maxim", "role": "agent", "is_active": "on"})
    assert answer.status_code == 422
    assert "Nobody else is an administrator" in answer.content.decode()
    assert User.objects.get(pk=staff.maxim.pk).role == "admin"


def test_nobody_changes_their_own_role_or_address(staff: cast.Staff):
    client = Client()
    client.force_login(staff.victor)
    answer = client.post(
        "/me/",
        {
            "name": "Vic",
            "language": "ru",
            "zone": "Europe/Moscow",
            "role": "admin",
            "email": "x@example.com",
            "is_active": "",
        },
    )
    assert answer.status_code == 302
    staff.victor.refresh_from_db()
    assert (staff.victor.name, staff.victor.language, staff.victor.role, staff.victor.email) == (
        "Vic",
        "ru",
        "viewer",
        "victor@example.com",
    )
    assert staff.victor.is_active


def test_the_second_factor_is_asked_for_even_by_link(staff: cast.Staff):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import (
        TOTP,
        format_hotp_value,
        generate_totp_secret,
        hotp_value,
        yield_hotp_counters_from_time,
    )

    secret = generate_totp_secret()
    TOTP.activate(staff.anna, secret)
    RecoveryCodes.activate(staff.anna)
    assert secret not in str(staff.anna.authenticator_set.get(type="totp").data)
    client = Client()
    answer = client.post(f"/enter/{make_sign_in_link(staff.anna, at=timezone.now())}")
    assert answer.headers["Location"].startswith("/account/2fa/authenticate/")
    assert client.get("/").status_code == 302
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert client.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    assert client.get("/").status_code == 200


def test_setting_a_second_factor_up_shows_a_picture_the_policy_lets_through(staff: cast.Staff):
    client = Client()
    try_password(client, "anna@example.com", cast.PASSWORD)
    for url in ("/account/2fa/", "/account/password/change/", "/account/logout/"):
        assert client.get(url).status_code == 200
    asked = client.get("/account/2fa/totp/activate/")
    assert asked.headers["Location"].startswith("/account/reauthenticate/")
    assert client.get(asked.headers["Location"]).status_code == 200
    client.post("/account/reauthenticate/", {"password": cast.PASSWORD})
    text = client.get("/account/2fa/totp/activate/").content.decode()
    assert 'src="data:image/svg+xml' in text
    assert "<style" not in text


def test_signing_out_needs_the_button(staff: cast.Staff):
    client = Client()
    client.force_login(staff.anna)
    assert client.get("/account/logout/").status_code == 200
    assert client.get("/").status_code == 200
    client.post("/account/logout/")
    assert client.get("/").status_code == 302


class Gone:
    """A connection whose server is away."""

    def __enter__(self):
        raise OperationalError("connection refused")

    def __exit__(self, *error: object) -> None: ...


def test_while_the_database_is_away_pages_wait_without_asking_it(staff: cast.Staff, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", lambda *args, **kwargs: Gone())
        answer, sent, health = Client().get("/"), Client().post("/customers/1/notes"), Client().get("/healthz")
    assert (answer.status_code, sent.status_code) == (503, 503)
    assert answer.headers["Refresh"] == answer.headers["Retry-After"]
    assert "recovering" in answer.content.decode()
    assert "Refresh" not in sent.headers
    assert (health.status_code, health.json()) == (503, {"database": "away"})


def test_health_is_one_word(db: None):
    assert Client().get("/healthz").json() == {"database": "ok"}


def test_a_refused_statement_is_not_a_lost_database():
    error = OperationalError("canceling statement due to statement timeout")
    error.__cause__ = type("Cancelled", (Exception,), {"sqlstate": "57014"})()
    assert not is_away(error)
    error.__cause__ = type("Shutdown", (Exception,), {"sqlstate": "57P01"})()
    assert is_away(error)
    assert not is_away(ValueError())


def test_a_surprise_says_so_without_its_inside():
    request = RequestFactory().get("/")
    try:
        raise ValueError("secret detail")
    except ValueError:
        answer = broken(request)
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()
