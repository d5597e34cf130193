"""Loading much at once: binary COPY from NumPy, and tables without their indexes meanwhile.

Where all rows of a COPY are equally long, a record array is the stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

NUMERIC = np.dtype([("digits", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2"), ("digit", ">i2", (4,))])


def numeric(parts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """numeric(18,4) of whole ten-thousandths: four digits of base 10,000, the last behind the point."""
    value = np.zeros(parts.size, NUMERIC)
    value["digits"], value["weight"], value["scale"] = 4, 2, 4
    value["sign"] = np.where(parts < 0, 0x4000, 0)
    left = np.abs(parts)
    for place in (3, 2, 1, 0):
        left, value["digit"][:, place] = np.divmod(left, 10_000)
    return value


def serial(number: np.ndarray[Any, Any], letter: bytes) -> np.ndarray[Any, Any]:
    """(n,) a letter and nine digits."""
    text = np.empty((number.size, 10), np.uint8)
    text[:, 0] = letter[0]
    left = number.copy()
    for place in range(9, 0, -1):
        left, text[:, place] = np.divmod(left, 10)
    text[:, 1:] += 48
    return text.view("S10").ravel()


def copy_statement(model: Any, columns: str) -> sql.Composed:
    names = sql.SQL(", ").join(sql.Identifier(name) for name in columns.split())
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(model._meta.db_table), names)


def copy_rows(connection: psycopg.Connection[Any], statement: Any, columns: list[tuple[Any, Any]]) -> None:
    fields: list[Any] = [("fields", ">i2")]
    for place, (kind, _) in enumerate(columns):
        fields += [(f"length{place}", ">i4"), (f"value{place}", kind)]
    n = max(np.size(values) for _, values in columns)
    rows = np.empty(n, np.dtype(fields))
    rows["fields"] = len(columns)
    for place, (kind, values) in enumerate(columns):
        rows[f"length{place}"] = np.dtype(kind).itemsize
        rows[f"value{place}"] = values
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + b"\0" * 8)
        copy.write(rows.tobytes())
        copy.write(b"\xff\xff")


@contextmanager
def bare(connection: psycopg.Connection[Any], models: list[Any], progress: Callable[[str], None]) -> Iterator[None]:
    """Take indexes and constraints away and put them back afterwards: built at once they cost a tenth."""
    tables = [model._meta.db_table for model in models]
    constraints = connection.execute(
        "SELECT c.conrelid::regclass::text, quote_ident(c.conname), pg_get_constraintdef(c.oid) FROM pg_constraint c "
        "WHERE c.conrelid = ANY(%s::regclass[]) AND c.contype IN ('f', 'u') ORDER BY c.contype DESC",
        [tables],
    ).fetchall()
    indexes = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
        "WHERE i.indrelid = ANY(%s::regclass[]) "
        "AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [tables],
    ).fetchall()
    for table, name, _ in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for number, (name, definition) in enumerate(indexes, 1):
        progress(f"index {number} of {len(indexes)}: {name}")
        connection.execute(definition)
    for number, (table, name, definition) in enumerate(constraints, 1):
        progress(f"constraint {number} of {len(constraints)}: {name}")
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
