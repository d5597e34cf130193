"""Columns out of PostgreSQL."""

from __future__ import annotations

import os
from datetime import date
from types import SimpleNamespace

import numpy as np
import psycopg
import pytest
from django.conf import settings
from django.db import connection

from entente.warehouse.extract import CannotRead, _libpq, extract, sweep_extracts
from tests.ledger_facts import committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]


@pytest.fixture
def things() -> str:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS things")
        cursor.execute("CREATE TABLE things (id bigint, day date, word text, amount numeric(18,4))")
        cursor.execute(
            "INSERT INTO things VALUES (1, '2026-02-28', 'naïve', 0.1), (2, NULL, NULL, NULL), (3, '1969-12-31', '', -7.25)"
        )
    yield "things"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE things")


def test_columns_dates_and_nulls(things):
    with extract() as columns:
        found = columns.columns(f"SELECT id, day, word, amount::DOUBLE AS amount FROM pg.{things} ORDER BY id")
        assert columns.value(f"SELECT count(*) FROM pg.{things} WHERE day < $day", {"day": date(2026, 1, 1)}) == 1
        assert columns.value(f"SELECT id FROM pg.{things} WHERE id > 9") is None
    assert found["id"].tolist() == [1, 2, 3]
    assert found["day"].dtype == np.dtype("datetime64[D]")
    assert found["day"].tolist() == [date(2026, 2, 28), None, date(1969, 12, 31)]
    assert found["word"].tolist() == ["naïve", None, ""]
    assert found["amount"].tolist() == [0.1, None, -7.25]
    assert np.ma.getmaskarray(found["amount"]).tolist() == [False, True, False]


def test_it_may_only_read(things):
    with extract() as columns, pytest.raises(Exception, match="read-only"):
        columns.run(f"DELETE FROM pg.{things}")


def test_a_table_made_meanwhile_is_seen_when_asked(things):
    with extract() as columns:
        assert columns.value("SELECT count(*) FROM pg.things") == 3
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE others AS SELECT 1 AS id")
        columns.see_new_tables()
        assert columns.value("SELECT count(*) FROM pg.others") == 1
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE others")


def test_nothing_is_left_whatever_happened():
    with pytest.raises(ZeroDivisionError), extract() as columns:
        columns.run("CREATE TABLE many AS SELECT * FROM range(100000)")
        assert len(list(settings.HOME.glob("extract-*"))) == 1
        raise ZeroDivisionError
    assert not list(settings.HOME.glob("extract-*"))


def test_what_killed_runs_left_is_swept_by_its_age(tmp_path):
    for name, age in (("extract-old", 7200), ("extract-new", 10), ("other-old", 7200)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "facts.duckdb").write_bytes(b"x")
        os.utime(tmp_path / name, (100_000 - age, 100_000 - age))
    assert sweep_extracts(tmp_path, older_than_s=3600, now=100_000) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["extract-new", "other-old"]


def test_a_password_may_hold_anything(things):
    secret = "it's \\ \" a=b dbname='x' ü"
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS odd")
        cursor.execute(psycopg.sql.SQL("CREATE ROLE odd LOGIN PASSWORD {}").format(psycopg.sql.Literal(secret)))
        cursor.execute("GRANT SELECT ON things TO odd")
    before = dict(connection.settings_dict)
    try:
        connection.settings_dict.update(USER="odd", PASSWORD=secret)
        assert psycopg.conninfo.conninfo_to_dict(_libpq())["password"] == secret
        with extract() as columns:
            assert columns.value("SELECT count(*) FROM pg.things") == 3
    finally:
        connection.settings_dict.update(before)
        with connection.cursor() as cursor:
            cursor.execute("DROP OWNED BY odd")
            cursor.execute("DROP ROLE odd")


def test_an_error_of_the_engine_never_tells_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": "1", "PASSWORD": "hunter2 hunter2"}
    # The engine's address alone is changed: Django's own connection must still close itself after the test.
    monkeypatch.setattr("entente.warehouse.extract.connection", SimpleNamespace(settings_dict=lost))
    with pytest.raises(CannotRead) as refused, extract():
        pass
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
