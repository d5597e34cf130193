"""What goes in by columns or lines comes out as it was."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.db import connection

from entente.warehouse import copy_in
from entente.warehouse.copy_in import (
    Wire,
    coded,
    copy_columns,
    copy_field,
    copy_text,
    float_arrays,
    instants,
    jsonb,
    text_array,
    texts,
)

pytestmark = pytest.mark.django_db
TYPES = {
    "big": "bigint", "whole": "integer", "small": "smallint", "double": "double precision", "flag": "boolean", "day": "date",
    "text": "varchar(20)", "word": "text",
}  # fmt: skip


@pytest.fixture
def table(db: None) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE copied ({', '.join(f'{name} {kind}' for name, kind in TYPES.items())})")
    return "copied"


def back(table: str, *names: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {names[0]} NULLS LAST")
        return cursor.fetchall()


def test_every_type_comes_back(table):
    columns = {
        "big": np.array([-(2**63), 0, 2**63 - 1]),
        "whole": np.array([-(2**31), 0, 2**31 - 1], np.int32),
        "small": np.array([-(2**15), 0, 2**15 - 1], np.int16),
        "double": np.array([-1.5e300, 0.1, np.inf]),
        "flag": np.array([True, False, True]),
        "day": np.array(["0001-01-01", "2000-01-01", "9999-12-31"], "datetime64[D]"),
        "text": np.array([b"", "naïve".encode(), b"a\tb\\N"]),
    }
    assert copy_columns(table, columns) == 3
    rows = back(table, *columns)
    for k, (name, values) in enumerate(columns.items()):
        wanted = [value.decode() for value in values.tolist()] if name == "text" else values.tolist()
        assert [row[k] for row in rows] == wanted, name


def test_what_is_masked_or_no_day_is_null(table):
    rng = np.random.default_rng(5)
    n = 500
    masks = rng.random((5, n)) < 0.3
    days = np.where(masks[0], np.datetime64("NaT"), np.datetime64("2020-02-29", "D"))
    columns = {
        "big": np.arange(n),
        "whole": np.ma.masked_array(np.arange(n, dtype=np.int32), masks[1]),
        "double": np.ma.masked_array(np.where(masks[2], np.nan, 1.5), masks[2]),
        "flag": np.ma.masked_array(np.ones(n, bool), masks[3]),
        "day": days,
        "text": np.ma.masked_array(np.array([b"x" * (k % 7) for k in range(n)]), masks[4]),
    }
    copy_columns(table, columns)
    for k, row in enumerate(back(table, *columns)):
        assert row[0] == k
        assert [value is None for value in row[1:]] == [masks[m][k] for m in (1, 2, 3, 0, 4)]
        assert row[5] is None or row[5] == "x" * (k % 7)


def test_a_number_that_is_none_is_refused(table):
    with pytest.raises(ValueError, match=r"double.*row 1"):
        copy_columns(table, {"big": np.arange(3), "double": np.array([0.0, np.nan, 1.0])})


def test_a_type_without_a_wire_is_refused(table):
    with pytest.raises(KeyError):
        copy_columns(table, {"big": np.array(["text"])})


def test_nobody_in_nobody_out(table):
    assert copy_columns(table, {"big": np.zeros(0, np.int64), "text": np.zeros(0, "S5")}) == 0
    assert back(table, "big") == []


@pytest.mark.parametrize("n", [49, 50, 51, 150])
def test_more_than_a_chunk(table, monkeypatch, n):
    monkeypatch.setattr(copy_in, "CHUNK", 50)
    values = np.ma.masked_array(np.arange(n, dtype=np.float64), np.arange(n) % 50 == 0)
    assert copy_columns(table, {"big": np.arange(n), "double": values}) == n
    assert back(table, "big", "double") == [(k, None if k % 50 == 0 else float(k)) for k in range(n)]


def test_columns_of_unlike_length_are_refused(table):
    with pytest.raises(ValueError, match="whole"):
        copy_columns(table, {"big": np.arange(3), "whole": np.arange(2, dtype=np.int32)})


HOSTILE = ["tab\there", "line\nbreak", "return\rhere", "\\N", "\\", "\\.", "a\\tb", "\\\\N", "", " "]
HOSTILE += ["'; DROP TABLE x --", "علی‌رضا", "🙂\x01"]


def test_hostile_text_comes_back_as_it_was(table):
    copy_text(table, ("big", "word"), (f"{k}\t{copy_field(text)}\n" for k, text in enumerate([*HOSTILE, None])))
    assert [row[1] for row in back(table, "big", "word")] == [*HOSTILE, None]


def test_a_nul_which_no_table_can_hold_falls_away(table):
    copy_text(table, ("big", "word"), [f"1\t{copy_field(chr(0) + 'a' + chr(0))}\n"])
    assert back(table, "big", "word") == [(1, "a")]


def test_a_nan_among_the_numbers_of_an_array_is_refused():
    with pytest.raises(ValueError, match="place 1"):
        float_arrays(np.array([1.0, np.nan]), np.array([0, 2]))


@pytest.mark.django_db
def test_arrays_texts_and_instants_come_back_as_they_went():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE wires (id bigint, numbers double precision[], words varchar[], told jsonb, at timestamptz, code varchar)"
        )
    told = ['{"a": "нет · بله \\\\ \\t"}', "{}", "[]"]
    wires = {
        "id": np.array([1, -2, 3], np.int64),
        "numbers": float_arrays(np.array([1.5, -0.0, 2.0**-40]), np.array([0, 2, 2, 3])),
        "words": coded([text_array([b"x", "дом".encode()]), text_array([])], np.array([0, 1, -1])),
        "told": texts([jsonb(text) for text in told]),
        "at": instants(np.array([0, -1, 4_102_444_800])),
        "code": coded([b"", "ü\t\\N".encode()], np.array([1, 0, -1])),
    }
    copy_columns("wires", wires)
    nobody = {name: Wire(wire.data, wire.start[:0], wire.length[:0]) for name, wire in wires.items() if name != "id"}
    copy_columns("wires", {"id": np.zeros(0, np.int64), **nobody})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT numbers, words, told::text, extract(epoch FROM at)::bigint, code FROM wires ORDER BY abs(id)"
        )
        rows = cursor.fetchall()
    assert [row[0] for row in rows] == [[1.5, -0.0], [], [2.0**-40]]
    assert [row[1] for row in rows] == [["x", "дом"], [], None]
    assert [json.loads(row[2]) for row in rows] == [json.loads(text) for text in told]
    assert [row[3] for row in rows] == [0, None, 4_102_444_800]
    assert [row[4] for row in rows] == ["ü\t\\N", "", None]
