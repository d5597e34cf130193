"""Every route stands in the table, and the table is kept: for every role, by every method, without a trace on refusal."""

from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from entente.staff.models import Role, User
from entente.web import permissions
from entente.web.permissions import ALL, ROUTES, STRANGER
from tests import cast

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE")


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        if getattr(pattern, "namespace", None) == "api":
            continue  # opened by tokens: tests/api/test_permissions.py
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from routes(pattern, inner)
        else:
            yield f"{prefix}{pattern.name}", pattern


def address(name: str, pattern: URLPattern, company: cast.Company) -> str:
    known = {
        "customer_id": company.alnoor.pk,
        "order_id": 1,
        "decision_id": company.decisions["alnoor"].pk,
        "user_id": company.staff.victor.pk,
        "token": "no-such-token",
    }
    wanted = pattern.pattern.converters
    return reverse(
        name,
        kwargs={part: known.get(part, 1 if "Int" in type(kind).__name__ else "x") for part, kind in wanted.items()},
    )


def test_every_route_has_a_name_and_stands_in_the_table():
    names = [name for name, _ in routes()]
    assert all(not name.endswith("None") for name in names)
    assert len(names) == len(set(names))
    assert set(names) - set(ROUTES) == set()


def test_the_table_holds_no_route_that_is_gone():
    assert set(ROUTES) - {name for name, _ in routes()} == set()


def test_the_table_speaks_of_known_roles_and_methods():
    for methods in ROUTES.values():
        assert methods
        assert set(methods) <= {"GET", "POST"}
        assert all(roles <= ALL | {STRANGER} and roles for roles in methods.values())


def test_a_viewer_writes_only_about_their_own_account():
    own = {name for name, methods in ROUTES.items() if Role.VIEWER in methods.get("POST", ())}
    assert all(name == "me" or name == "enter" or name.startswith(("account_", "mfa_")) for name in own)


def test_signing_up_and_resetting_by_mail_are_not_there():
    names = {name for name, _ in routes()}
    assert not names & {"account_signup", "account_reset_password", "account_email"}


@pytest.mark.parametrize("role", Role.values)
def test_each_role_opens_what_the_table_says_and_nothing_else(
    role: str, company: cast.Company, signed_in: Callable[[User], Client]
):
    client = signed_in(company.staff.by_role[role])
    client.raise_request_exception = False
    for name, pattern in routes():
        if name in ("account_logout", "account_login"):
            continue
        url = address(name, pattern, company)
        for method in METHODS:
            allowed = permissions.allowed(name, method, role) or STRANGER in ROUTES[name].get(method, ())
            with CaptureQueriesContext(connection) as queries:
                answer = client.generic(method, url)
            denied = answer.status_code in (403, 405)
            assert denied != allowed, f"{role} {method} {url}: {answer.status_code}"
            assert answer.status_code < 500, f"{role} {method} {url}: {answer.status_code}"
            if denied:
                assert not [q["sql"] for q in queries if q["sql"].lstrip().upper().startswith(WRITES)]
        client = signed_in(company.staff.by_role[role])
        client.raise_request_exception = False


def test_strangers_are_led_to_the_door_and_back(company: cast.Company):
    client = Client()
    for name, pattern in routes():
        url = address(name, pattern, company)
        for method in METHODS:
            if STRANGER in ROUTES[name].get(method, ()):
                continue
            answer = client.generic(method, url)
            if method == "GET":
                assert answer.status_code == 302, f"{method} {url}"
                assert answer.headers["Location"].startswith("/account/login/?next=")
            else:
                assert answer.status_code in (401, 403, 405), f"{method} {url}"


def test_a_fragment_for_a_stranger_sends_the_whole_window_to_the_door(company: cast.Company):
    answer = Client().get("/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/account/login/"


def test_an_unknown_route_is_closed_and_logged(
    anna: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.delitem(ROUTES, "customers")
    assert anna.get("/customers/").status_code == 403
    assert "'customers'" in caplog.text


def test_a_form_without_its_token_writes_nothing(company: cast.Company):
    client = Client(enforce_csrf_checks=True)
    client.force_login(company.staff.anna)
    answer = client.post(f"/customers/{company.alnoor.pk}/notes", {"body": "x"})
    assert answer.status_code == 403
    assert not company.alnoor.memberships.get().party.interactions.filter(kind="note").exists()


def test_who_loses_access_is_out_at_the_next_request(anna: Client, company: cast.Company):
    assert anna.get("/").status_code == 200
    User.objects.filter(pk=company.staff.anna.pk).update(is_active=False)
    assert anna.get("/").status_code == 302
