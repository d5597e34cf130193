"""Whatever goes wrong at the API, a program can read what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from entente.api.permissions import MOST_A_MINUTE
from tests import cast
from tests.api.conftest import CSV, ORDERS, key_of

RESOLVE = "/api/v1/resolve"


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.content
    said = json.loads(answer.content)
    assert said["status"] == status and said["title"] and said["detail"].endswith(".")
    return said


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v2/imports/1", "/api/v1/nothing", "/api/v1/imports/1/nothing", "/api/v1/imports"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_is_none(shop: Client, path: str, method: str):
    assert is_problem(shop.generic(method, path), 404)["where"] == "path"


def test_another_method(shop: Client):
    for method, path, allowed in (("DELETE", "/api/v1/imports/1", "GET"), ("GET", "/api/v1/imports/1/reversal", "POST"),
                                  ("GET", RESOLVE, "POST"), ("PUT", ORDERS, "POST")):  # fmt: skip
        answer = shop.generic(method, path)
        is_problem(answer, 405)
        assert answer.headers["Allow"] == allowed


def test_a_body_of_another_kind(shop: Client, staff: cast.Staff):
    is_problem(shop.post(ORDERS, CSV, content_type="text/html"), 415)
    asker = Client(headers={"Authorization": f"Bearer {key_of(staff.anna, 'resolve')}"})
    body = b'{"identifiers": {"phone": "1"}}'
    assert is_problem(asker.generic("POST", RESOLVE, body, content_type="text/plain"), 415)["where"]
    assert asker.generic("POST", RESOLVE, body, content_type="application/json; charset=utf-8").status_code == 200


def test_a_body_that_is_too_large(shop: Client, staff: cast.Staff, settings: Any):
    asker = Client(headers={"Authorization": f"Bearer {key_of(staff.anna, 'resolve')}"})
    for size in (5 * 1024**2 + 1, 7 * 1024**2):
        assert is_problem(asker.generic("POST", RESOLVE, b" " * size, content_type="application/json"), 413)
    settings.IMPORT_MOST_UPLOAD_BYTES = 10
    is_problem(shop.post(ORDERS, CSV, content_type="text/csv", headers={"Idempotency-Key": "k"}), 413)


def test_too_many_requests_and_a_strange_host(shop: Client, settings: Any):
    settings.API_MOST_A_MINUTE = 1
    answers = [shop.get("/api/v1/imports/1") for _time in range(3)]
    is_problem(answers[-1], 429)
    assert answers[-1].headers["Retry-After"] and MOST_A_MINUTE > 1
    is_problem(shop.get("/api/v1/imports/1", headers={"Host": "a b"}), 400)


def test_while_the_database_is_away(shop: Client, monkeypatch: pytest.MonkeyPatch):
    def gone(*_args: Any, **_named: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", gone)
    answer = shop.get("/api/v1/imports/1")
    monkeypatch.undo()
    is_problem(answer, 503)
    assert answer.headers["Retry-After"]


def test_pages_stay_pages(shop: Client):
    answer = shop.get("/nothing/here")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
