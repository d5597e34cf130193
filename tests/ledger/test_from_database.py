"""A query of somebody else's database becomes facts, and nothing there changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from entente.ledger import from_database
from entente.ledger.arriving import workplace
from entente.ledger.from_database import (
    ImpossibleAddress,
    UnreadableDatabase,
    database_at,
    read_database,
)
from entente.ledger.mapping import from_json
from entente.ledger.models import Import, Order, OrderLine, Party, RefusedRow
from entente.ledger.record import open_import, run_import
from entente.ledger.survey import survey
from entente.ledger.table_file import RestlessRows, write_table
from tests.other_databases import ORDERS, erp, shop

__all__ = ["erp", "shop"]  # fixtures

COLUMNS = {"order_number": "number", "ordered_at": "on_day", "customer": "buyer", "product_code": "product",
           "quantity": "quantity", "unit_price": "price"}  # fmt: skip
MAPPING = from_json({"columns": COLUMNS, "read": {"currency": "EUR"}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "place"
    made.mkdir()
    return made


@pytest.fixture
def read(folder: Path) -> Callable[..., list[dict[str, Any]]]:
    def read(url: str, query: str = ORDERS) -> list[dict[str, Any]]:
        return pq.read_table(read_database(database_at(url), query, folder)).to_pylist()

    return read


def bring(path: Path) -> Import:
    return run_import(open_import(path, mapping=MAPPING, source_name="erp", file_name=path.name, by=None).pk)


# Reading


@pytest.mark.django_db
def test_columns_come_as_what_they_are(erp: str, read: Any):
    row = read(erp)[0]
    assert row == {
        "number": "N1",
        "on_day": date(2026, 1, 5),
        "buyer": 10001,
        "product": "p1",
        "quantity": 1,
        "price": Decimal("0.25"),
    }


@pytest.mark.django_db
def test_what_has_no_plain_kind_comes_as_text(erp: str, read: Any):
    query = """SELECT '{"a": 1}'::jsonb AS j, ARRAY[1, 2] AS a, '10:30'::time AS t, 'Infinity'::numeric AS n, true AS b,
        '2026-01-05 12:00+03'::timestamptz AS z, NULL AS nothing, 'ab'::bytea AS y, 1e25::numeric AS large, interval '1 day' AS i"""
    row = read(erp, query)[0]
    assert row["z"].isoformat() == "2026-01-05T09:00:00+00:00"
    assert {name: row[name] for name in "jatnby"} == {
        "j": '{"a": 1}', "a": "[1, 2]", "t": "10:30:00", "n": "Infinity", "b": True, "y": "ab"}  # fmt: skip
    assert (row["nothing"], row["large"]) == (None, "1" + "0" * 25)


@pytest.mark.django_db
def test_a_query_of_postgresql_becomes_facts(erp: str, folder: Path):
    done = bring(read_database(database_at(erp), ORDERS, folder))
    assert (done.state, done.rows_recorded, done.rows_refused) == ("done", 30, 0)
    assert sorted(Party.objects.values_list("key", flat=True))[0] == "10001"
    assert OrderLine.objects.get(line=3).amount == Decimal("1.00")
    assert Order.objects.count() == 15


@pytest.mark.django_db
def test_a_query_of_sqlite_becomes_facts(shop: str, folder: Path):
    done = bring(read_database(database_at(shop), ORDERS, folder))
    assert (done.rows_recorded, done.file_name[:29]) == (28, "till of 2026.db, query " + done.file_name[23:29])
    assert OrderLine.objects.get(line=3).amount == Decimal("1.00")


def test_a_column_that_turns_out_to_be_something_else_is_read_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(from_database, "BATCH_ROWS", 2)
    path = tmp_path / "mixed.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE t (n, f, x, late, bytes)")
        rows = [
            (1, 1, 1, None, b"a"),
            (2, 2, 2.5, None, None),
            (3, 1.5, "três", None, None),
            (None, 2, None, 7, b"\xff"),
        ]
        made.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
        made.commit()
    found = pq.read_table(read_database(database_at(f"sqlite:///{path}"), "SELECT * FROM t", tmp_path)).to_pydict()
    assert found == {
        "n": [1, 2, 3, None], "f": [1.0, 2.0, 1.5, 2.0], "x": ["1", "2.5", "três", None], "late": [None, None, None, 7],
        "bytes": ["a", None, None, "\ufffd"],
    }  # fmt: skip


def test_rows_that_change_between_two_readings_are_not_mixed(tmp_path: Path):
    seen: list[int] = []

    def batches() -> Iterator[list[tuple[Any, ...]]]:
        seen.append(1)
        yield [(1,)]
        yield [("a" if len(seen) == 1 else 1.5,)] if len(seen) == 1 else [(b"",)]
        yield [(date(2026, 1, 1),)]

    assert write_table(tmp_path / "a", ["x"], batches, lambda _rows: None) == 3
    values: list[Any] = [1.5, "a"]

    def restless() -> Iterator[list[tuple[Any, ...]]]:
        yield [(1,)]
        yield [(values.pop(0) if values else 1,)]

    with pytest.raises(RestlessRows):
        write_table(tmp_path / "b", ["x"], restless, lambda _rows: None)


def test_columns_of_one_name_are_told_apart_and_no_rows_are_an_empty_table(shop: str, folder: Path):
    path = read_database(database_at(shop), "SELECT number, buyer, buyer FROM orders WHERE id < 3", folder)
    assert survey(path).samples == [["N1", "N2"], [10001, 10002], [10001, 10002]]
    path = read_database(database_at(shop), "SELECT number, buyer, buyer FROM orders WHERE false", folder)
    found = survey(path)
    assert (found.layout.heading, found.rows_about) == (("number", "buyer", "buyer (3)"), 0)


@pytest.mark.parametrize(
    "column",
    [[2**60 + 1], [2**60 + 1, 1.5], [Decimal(2**60 + 1), Decimal("1.00")], [Decimal(2**70), Decimal(1)], [2**70]],
)
def test_large_whole_numbers_lose_no_digit(tmp_path: Path, column: list[Any]):
    write_table(tmp_path / "a", ["x"], lambda: iter([[(value,) for value in column]]), lambda _rows: None)
    found = pq.read_table(tmp_path / "a").to_pydict()["x"]
    assert int(found[0]) == column[0]


def test_progress_is_told(shop: str, folder: Path):
    told: list[int] = []
    read_database(database_at(shop), ORDERS, folder, progress=told.append)
    assert told == [28]


# Writing is impossible

WRITING = [
    "INSERT INTO orders (id) VALUES (1)",
    "DELETE FROM orders",
    "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
    "SELECT 1; DELETE FROM orders",
    "SELECT 1; COMMIT; DELETE FROM orders; SELECT 1",
    "DROP TABLE orders",
    "CREATE TABLE more AS SELECT 1",
    "VACUUM",
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        *WRITING,
        "SELECT set_config('transaction_read_only', 'off', false), empty_orders()",
        "SELECT empty_orders()",
        "COPY orders TO PROGRAM 'cat'",
        "SELECT nextval('numbers')",
        "SELECT * FROM orders FOR UPDATE",
        "SELECT lo_create(1)",
    ],
)
def test_postgresql_does_not_write(erp: str, read: Any, query: str):
    with psycopg.connect(erp, autocommit=True) as clerk:
        clerk.execute("CREATE SEQUENCE IF NOT EXISTS numbers")
        clerk.execute(
            "CREATE OR REPLACE FUNCTION empty_orders() RETURNS int LANGUAGE plpgsql AS"
            " $$BEGIN EXECUTE 'SET TRANSACTION READ WRITE'; DELETE FROM orders; RETURN 1; END$$"
        )
        with pytest.raises(UnreadableDatabase):
            read(erp, query)
        assert clerk.execute("SELECT count(*), to_regclass('more') FROM orders").fetchone() == (30, None)
        # Nothing of the reading stays behind, neither.
        assert clerk.execute("SHOW default_transaction_read_only").fetchone() == ("off",)


@pytest.mark.parametrize(
    "query",
    [
        *WRITING,
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
        "PRAGMA query_only = off",
        "PRAGMA journal_mode = wal",
    ],
)
def test_sqlite_does_not_write(shop: str, read: Any, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    file = next(tmp_path.glob("*.db"))
    before = file.read_bytes()
    with pytest.raises(UnreadableDatabase):
        read(shop, query)
    assert file.read_bytes() == before
    assert sorted(tmp_path.glob("*.db*")) == [file]


# What goes wrong


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["SELECT", "", "SELECT nothing FROM orders", "SELECT 1/0", "SELECT 'infinity'::timestamp", "begin"]
)
def test_a_query_that_cannot_be_read_is_told_of(erp: str, read: Any, query: str):
    with pytest.raises(UnreadableDatabase):
        read(erp, query)


@pytest.mark.django_db
def test_a_database_that_stays_silent_is_given_up(erp: str, shop: str, read: Any, settings: Any):
    settings.IMPORT_QUERY_SILENT_S = 1
    with pytest.raises(UnreadableDatabase, match="no rows for 1 seconds"):
        read(erp, "SELECT pg_sleep(20)")
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    with pytest.raises(UnreadableDatabase, match="no rows for 1 seconds"):
        read(shop, endless)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://clerk:hush-hush@db/erp", "oracle://clerk:hush-hush@db/erp", "hush-hush", "", "sqlite://hush-hush", "sqlite:///",
        "postgresql://clerk:hush-hush@db", "postgresql://clerk:hush-hush@db/", "postgresql://clerk:hush-hush/x@db/erp",
        "postgresql://clerk:x@hush-hush@db/erp", "postgresql://clerk:x#hush-hush@db/erp", "postgresql://clerk:x?hush-hush@db/erp",
        "postgresql://clerk:hush-hush@db:port/erp", "postgresql://clerk:hush-hush%zz@db/erp", "postgresql://[hush-hush@db/erp",
        "postgresql://clerk:hush-hush@db/erp?nothing=1", "postgresql://clerk:12/hush-hush@db/erp",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_refused_without_repeating_it(url: str):
    with pytest.raises(ImpossibleAddress) as raised:
        database_at(url)
    assert "hush-hush" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_the_name_of_a_database_is_all_that_is_said_of_it():
    found = database_at("postgresql://clerk:hush-hush@db.example.com:5433/erp?sslmode=require")
    assert found.name == "erp on db.example.com"
    assert "hush-hush" not in repr(found)
    assert database_at("postgresql:///erp?host=%2Frun%2Fpg").name == "erp on this machine"
    assert "/" not in database_at("postgresql://db/..%2F..%2Fetc").name


def test_a_file_that_is_none_of_sqlites(tmp_path: Path):
    with pytest.raises(ImpossibleAddress, match="There is no SQLite file"):
        database_at(f"sqlite:///{tmp_path}/gone.db")
    (tmp_path / "text.db").write_text("a,b\n1,2\n" * 100)
    with pytest.raises(UnreadableDatabase, match="not a database"):
        read_database(database_at(f"sqlite:///{tmp_path}/text.db"), "SELECT 1 FROM t", tmp_path)


def test_hostile_texts_become_refused_rows(tmp_path: Path, transactional_db: None):
    path = tmp_path / "bad.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE orders (id, number, on_day, buyer, product, quantity, price)")
        made.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (1, "1", "2026-01-01", "a\0b", "p", 1, 1),
                (2, "2", "2026-01-01", "b", "p", "many", 1),
                (3, "3", "2026-01-01", "c", "p", 1, 1),
            ],
        )
        made.commit()
    done = bring(read_database(database_at(f"sqlite:///{path}"), ORDERS, tmp_path))
    assert (done.rows_recorded, done.rows_refused) == (1, 2)
    assert set(RefusedRow.objects.values_list("line", "reason")) == {(2, "nul_character"), (3, "not_a_number")}


def test_what_killed_runs_left_is_cleared_away_after_a_day(settings: Any, tmp_path: Path):
    settings.MEDIA_ROOT = tmp_path
    with workplace() as first:
        (first / "x").write_text("x")
        os.utime(first, (0, 0))
        with workplace() as second:
            assert not first.exists()
            assert second.is_dir()
    assert list((tmp_path / "imports").iterdir()) == []
