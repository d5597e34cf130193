"""Databases of other systems: an ERP on PostgreSQL and a till on SQLite, with the same kind of orders."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

PASSWORD = "mare's nest/77@é"
ORDERS = "SELECT number, on_day, buyer, product, quantity, price FROM orders ORDER BY id"
NAMED = "SELECT number AS order_number, on_day AS date, buyer AS customer, product AS product_code, quantity, price FROM orders ORDER BY id"


def address(database: str, user: str = "", password: str = "") -> str:
    """Of another database on the server of the tests."""
    known = connection.settings_dict
    user, password = quote(user or known["USER"], safe=""), quote(password or known["PASSWORD"], safe="")
    return f"postgresql://{user}:{password}@/{database}?host={quote(known['HOST'], safe='')}&port={known['PORT']}"


@pytest.fixture(scope="module")
def erp(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The database of another system: 30 orders, and a clerk who may do everything there."""
    name, clerk = f"erp_{uuid.uuid4().hex[:8]}", f"clerk_{uuid.uuid4().hex[:8]}"
    with django_db_blocker.unblock():
        postgres, theirs = address("postgres"), address(name)
        with psycopg.connect(postgres, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
            server.execute(f"CREATE ROLE {clerk} LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
            server.execute(f"ALTER DATABASE {name} OWNER TO {clerk}")
        with psycopg.connect(theirs, autocommit=True) as made:
            made.execute(
                "CREATE TABLE orders AS SELECT n AS id, 'N' || (n + 1) / 2 AS number, DATE '2026-01-01' + n AS on_day,"
                " 10000 + n % 7::numeric AS buyer, 'p' || n % 5 AS product, n AS quantity, (n * 0.25)::numeric(12, 2) AS price"
                " FROM generate_series(1, 30) n; UPDATE orders SET buyer = 10000 + (id + 1) / 2, on_day = '2026-01-05'"
            )
            made.execute(f"ALTER TABLE orders OWNER TO {clerk}; GRANT CREATE ON SCHEMA public TO {clerk}")
        yield address(name, clerk, PASSWORD)
        with psycopg.connect(postgres, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
            server.execute(f"DROP ROLE {clerk}")


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The same from a till that keeps its sales in a file."""
    path = tmp_path / "till of 2026.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute(
            "CREATE TABLE orders (id INTEGER, number TEXT, on_day TEXT, buyer INTEGER, product TEXT, quantity, price)"
        )
        rows = [(n, f"N{n}", f"2026-01-{n:02}", 10_000 + n, "p", n, n / 4) for n in range(1, 29)]
        made.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        made.commit()
    return "sqlite:///" + quote(str(path))
