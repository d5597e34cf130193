"""Facts for tests, a line each, committed: the warehouse reads them over a connection of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import pytest
from django.apps import apps
from django.db import connection

from entente.identify.match import match_new
from entente.identify.models import Customer
from entente.ledger.models import Import, Interaction, LineKind, Order, OrderLine, Party, Product, Source
from entente.staff.models import Firm, User
from tests.databases import CHECKOUT, partitions, were_written

ROOMS = ("staff", "ledger", "identify", "differentiate", "interact", "customize")
QUEUE = ("procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "procrastinate_workers")
A_USER = {"email": "anna@example.com", "name": "Anna", "role": "agent"}


def clean() -> None:
    tables = [model._meta.db_table for room in ROOMS for model in apps.get_app_config(room).get_models()]
    made = partitions()
    if not made and not were_written([*tables, *QUEUE]):
        return
    with connection.cursor() as cursor:
        for name in made:
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute(f"TRUNCATE {', '.join([*tables, *QUEUE])} RESTART IDENTITY CASCADE")


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """An empty database in which what a test writes is there for every connection; empty again afterwards."""
    clean()
    yield
    clean()


def a_firm(**fields: Any) -> Firm:
    given = {
        "name": "Colours of Kent",
        "currency": "GBP",
        "country": "GB",
        "zone": "Europe/London",
        "margin_rate": "0.4",
    }
    return Firm.objects.create(id=1, **{**given, **fields})


def a_user(**fields: Any) -> User:
    return User.objects.create(**{**A_USER, **fields})


class Ledger:
    """One source and one import, and ways to write facts into them."""

    def __init__(self, name: str = "shop") -> None:
        self.source = Source.objects.create(name=name)
        self.run = Import.objects.create(source=self.source, file_name="orders.csv", state=Import.State.DONE)
        self.lines = 0

    def party(self, key: str, **fields: Any) -> Party:
        return Party.objects.create(source=self.source, key=key, **{"name": key.title(), "country": "GB", **fields})

    def parties(self, count: int, **fields: Any) -> list[Party]:
        rows = [
            Party(source=self.source, key=f"P{k:06}", **{"name": f"Party {k}", "country": "GB", **fields})
            for k in range(count)
        ]
        return Party.objects.bulk_create(rows, batch_size=5000)

    def product(self, code: str, **fields: Any) -> Product:
        return Product.objects.create(source=self.source, code=code, **{"name": code.title(), **fields})

    def buys(self, party: Party | None, day: date, amount: float | str, **fields: Any) -> None:
        self.all_buy([(party, day, amount, fields)])

    def all_buy(self, wanted: Iterable[tuple[Party | None, date, float | str, dict[str, Any]]]) -> None:
        """An order of one line each. A negative amount is a return."""
        orders, lines = [], []
        for party, day, amount, fields in wanted:
            self.lines += 1
            money = Decimal(str(amount))
            quantity = Decimal(str(fields.pop("quantity", 1))) * (-1 if money < 0 else 1)
            kind = fields.pop("kind", LineKind.RETURN if money < 0 else LineKind.SALE)
            order = Order(
                source=self.source, number=f"N{self.lines:07}", party=party, ordered_on=day, import_run=self.run,
                ordered_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC), is_return=money < 0,
            )  # fmt: skip
            orders.append(order)
            given = {"currency": "GBP", "unit_price": (money / quantity).quantize(Decimal("0.0001")), **fields}
            lines.append(
                OrderLine(
                    order=order, party=party, kind=kind, ordered_on=day, quantity=quantity, amount=money, import_run=self.run,
                    line=self.lines, fact_key=uuid.uuid4(), **given,
                )
            )  # fmt: skip
        Order.objects.bulk_create(orders, batch_size=2000)
        OrderLine.objects.bulk_create(lines, batch_size=2000)

    def speaks(self, party: Party, at: datetime, **fields: Any) -> Interaction:
        given = {"kind": "call", "channel": "phone", "purpose": "service", "is_outgoing": True, "is_two_way": True}
        return Interaction.objects.create(party=party, at=at, **{**given, **fields})


def customer_of(party: Party) -> Customer:
    return Customer.objects.get(memberships__party=party, memberships__ended_at=None)


def a_trade(
    ledger: Ledger, *, buyers: int, until: date, years: float = 2.0, seed: int = 1, **fields: Any
) -> list[Party]:
    """Buyers who come at random, some of them leaving, with baskets of ten products; matched to customers."""
    import numpy as np

    rng = np.random.default_rng(seed)
    people = ledger.parties(buyers, **fields)
    products = [ledger.product(f"paint {k}") for k in range(10)]
    span = int(365 * years)
    wanted: list[tuple[Party | None, date, float | str, dict[str, Any]]] = []
    for party in people:
        rate, leaves = rng.gamma(1.5, 1 / 25.0), rng.exponential(500.0)
        day = float(rng.uniform(0, span * 0.8))
        last = min(span, day + leaves)
        while day <= last:
            on = until - timedelta(days=span - int(day))
            amount = round(float(rng.gamma(4.0, 30.0)) + 1, 2)
            wanted.append((party, on, amount, {"product": products[int(rng.integers(10))]}))
            day += max(1.0, float(rng.exponential(1 / rate)))
    wanted.sort(key=lambda one: one[1])
    ledger.all_buy(wanted)
    match_new()
    return people


def environment() -> dict[str, str]:
    """For a process of its own that sees the database of the tests."""
    given = {name: str(value) for name, value in connection.get_connection_params().items() if value}
    whom = f"{quote(given.get('user', ''), safe='')}:{quote(given.get('password', ''), safe='')}"
    where = urlencode({name: given[name] for name in ("host", "port") if name in given})
    return {**os.environ, "DATABASE_URL": f"postgresql://{whom}@/{given['dbname']}?{where}"}


@contextmanager
def other_connection() -> Iterator[psycopg.Connection[Any]]:
    """Somebody else in the same database, gone for the server too when this ends: it lets go of locks a moment after the good-bye."""
    given = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{name: given[name] for name in names if given.get(name)}, autocommit=True) as other:
        number = other.info.backend_pid
        yield other
    while _is_there(number):
        time.sleep(0.01)


def _is_there(number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", [number])
        return bool(cursor.fetchone()[0])


@contextmanager
def worker(**more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as the supervisor starts one, told to stop at the end."""
    program = subprocess.Popen([sys.executable, "-m", "entente", "worker"], cwd=CHECKOUT, env={**environment(), **more})
    try:
        yield program
    finally:
        with suppress(ProcessLookupError):
            program.send_signal(signal.SIGTERM)
        try:
            program.wait(30)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


@pytest.fixture
def ledger(committed: None) -> Ledger:
    """Nothing but a firm, and ways to write facts of it."""
    a_firm()
    return Ledger()
