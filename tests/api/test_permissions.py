"""Every route of the API stands in its table, and the table is kept: by scope and role, without a trace on refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from entente.api.permissions import OPEN, ROUTES, Pace
from entente.staff.models import Role, Scope, Token, User
from entente.staff.tokens import ROLES_OF, make_token, revoke_token
from tests import cast
from tests.api.conftest import ORDERS, key_of

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE")


def routes() -> Iterator[tuple[str, URLPattern]]:
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and resolver.namespace == "api":
            yield from ((f"api:{pattern.name}", pattern) for pattern in resolver.url_patterns)


def address(name: str, pattern: URLPattern) -> str:
    wanted = pattern.pattern.converters
    return reverse(name, kwargs={part: 1 if "Int" in type(kind).__name__ else "x" for part, kind in wanted.items()})


def ask(url: str, method: str = "GET", key: str = "") -> tuple[int, list[str]]:
    """The answer's status, and what was written on the way."""
    client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})
    with CaptureQueriesContext(connection) as queries:
        answer = client.generic(method, url)
    return answer.status_code, [q["sql"] for q in queries if q["sql"].lstrip().upper().startswith(WRITES)]


def test_every_route_has_a_name_and_stands_in_the_table():
    names = [name for name, _pattern in routes()]
    assert names
    assert all(not name.endswith("None") for name in names)
    assert set(names) == set(ROUTES)


def test_the_table_speaks_of_known_scopes_and_methods():
    assert {scope for methods in ROUTES.values() for scope in methods.values()} <= {*Scope.values, OPEN}
    assert {method for methods in ROUTES.values() for method in methods} <= {"GET", "POST"}
    assert not [name for name, methods in ROUTES.items() if methods.get("POST") == OPEN]
    assert set(ROLES_OF) == set(Scope.values)


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("scope", Scope.values)
def test_each_key_opens_what_the_table_says_and_nothing_else(role: str, scope: str, staff: cast.Staff):
    user = staff.by_role[role]
    key = key_of(staff.alice, scope)
    # The key was made when its user could do more.
    Token.objects.update(user=user)
    for name, pattern in routes():
        for method in METHODS:
            wanted = ROUTES[name].get(method)
            status, written = ask(address(name, pattern), method, key)
            opened = wanted == OPEN or (wanted == scope and role in ROLES_OF[scope])
            assert (status not in (401, 403, 405)) == opened, f"{role} {scope} {method} {name}: {status}"
            assert opened or not written


def test_without_a_key_only_what_is_open_is_open(staff: cast.Staff):
    signed_in = Client()
    signed_in.force_login(staff.alice)
    for name, pattern in routes():
        for method, scope in ROUTES[name].items():
            url = address(name, pattern)
            answer = signed_in.generic(method, url)
            assert (answer.status_code != 401) == (scope == OPEN), f"{method} {url}"
            if scope != OPEN:
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert answer.headers["Content-Type"] == "application/problem+json"
                assert ask(url, method) == (401, [])


@pytest.mark.parametrize("key", ["x", "entente_" + "x" * 43, "é", "\udcff", " ", "entente_\x01"])
def test_what_is_no_key_opens_nothing(key: str, staff: cast.Staff):
    key_of(staff.maxim)
    client = Client()
    answer = client.post(ORDERS, b"x", content_type="text/csv", HTTP_AUTHORIZATION=f"Bearer {key}")
    assert answer.status_code == 401


def test_a_revoked_an_expired_and_an_orphaned_key_open_nothing(staff: cast.Staff):
    made = [
        make_token(staff.maxim, name=name, scopes=["import"], expires_on=None, by=None, at=datetime.now(UTC))
        for name in ("kept", "revoked", "expired", "its last day")
    ]
    kept, revoked, expired, last = made
    assert revoke_token(revoked.token, by=staff.alice, at=datetime.now(UTC))
    assert not revoke_token(revoked.token, by=staff.alice, at=datetime.now(UTC))
    today = date.today()
    Token.objects.filter(pk=expired.token.pk).update(expires_on=today - timedelta(days=2))
    Token.objects.filter(pk=last.token.pk).update(expires_on=today + timedelta(days=1))
    url = reverse("api:import", args=[1])
    assert [ask(url, key=one.secret)[0] for one in made] == [404, 401, 401, 404]
    User.objects.filter(pk=staff.maxim.pk).update(is_active=False)
    assert ask(url, key=kept.secret) == (401, [])


def test_a_route_that_stands_in_no_table_is_closed_and_logged(
    shop: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.delitem(ROUTES, "api:import")
    assert shop.get(reverse("api:import", args=[1])).status_code == 403
    assert "'api:import'" in caplog.text


def test_without_its_keeper_the_api_is_closed(settings, shop: Client):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith("TokenScopes")]
    assert shop.get(reverse("api:import", args=[1])).status_code == 401


def test_the_use_of_a_key_is_noted_once_a_minute(shop: Client):
    with CaptureQueriesContext(connection) as queries:
        for _time in range(3):
            shop.get(reverse("api:import", args=[1]))
    assert Token.objects.get().last_used_at is not None
    first = Token.objects.get().last_used_at
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    shop.get(reverse("api:import", args=[1]))
    assert Token.objects.get().last_used_at >= first
    assert not [q for q in queries if "web_cache" in q["sql"]]


def test_a_key_that_asks_too_often_has_to_wait(shop: Client, settings):
    settings.API_MOST_A_MINUTE = 2
    answers = [shop.get(reverse("api:import", args=[1])) for _time in range(4)]

    slow = answers[-1]
    assert (slow.status_code, slow.headers["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(slow.headers["Retry-After"]) <= 60


def test_the_pace_is_counted_for_each_key_and_minute(settings):
    settings.API_MOST_A_MINUTE = 2
    pace = Pace()
    assert [pace.wait_s(1, 60.0), pace.wait_s(1, 75.0), pace.wait_s(1, 75.9), pace.wait_s(2, 76.0)] == [0, 0, 45, 0]
    assert pace.wait_s(1, 120.0) == 0


def test_no_key_is_kept_in_clear(staff: cast.Staff):
    secret = key_of(staff.maxim)
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM staff_token t")
        kept = cursor.fetchone()[0]
    assert secret not in kept
    assert secret.removeprefix("entente_") not in kept
