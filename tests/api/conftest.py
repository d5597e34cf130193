"""Programs with their keys: the web shop's (Maxim's), which brings in facts, and others that may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from entente.staff.models import User
from entente.staff.tokens import make_token
from tests import cast

CSV = b"customer,date,amount\na,2026-01-01,10\na,2026-01-02,5\nb,2026-01-02,7.25\n"
NDJSON = b"""{"customer": "a", "date": "2026-01-01", "amount": 10}
{"customer": "a", "date": "2026-01-02", "amount": 5.0}

{"customer": "b", "date": "2026-01-02", "amount": 7.25, "remark": null}
"""
ORDERS = "/api/v1/imports/orders?source=shop&currency=EUR"


@pytest.fixture(autouse=True)
def _ready(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def staff(db: None) -> cast.Staff:
    return cast.staff()


def key_of(user: User, *scopes: str, **fields: Any) -> str:
    given = {"name": "web shop", "scopes": scopes or ("import",), "expires_on": None, "by": user, **fields}
    return make_token(user, at=datetime.now(UTC), **given).secret


@pytest.fixture
def shop(staff: cast.Staff) -> Client:
    """A program with a key of Maxim's."""
    return Client(headers={"Authorization": f"Bearer {key_of(staff.maxim)}"})


@pytest.fixture
def send(shop: Client) -> Callable[..., Any]:
    """Hand rows over."""

    def send(body: bytes = CSV, url: str = ORDERS, form: str = "text/csv", key: str = "k-1", **headers: str) -> Any:
        named = {"Idempotency-Key": key} if key else {}
        return shop.post(url, body, content_type=form, headers={**named, **headers})

    return send
