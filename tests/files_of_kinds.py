"""A small file of every kind of facts, in every form that files have."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sqlite3
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

# What the others refer to.
KNOWN = "customer,date,amount\nA1,2026-01-01,10\nA2,2026-01-01,10\n"
# The last row of each is refused.
ROWS = {
    "orders": ("customer,date,amount\nA1,2026-02-01,10\nA1,never,5\n", "not_a_date"),
    "parties": ("key,name,known_on\nA1,Ada,2026-01-01\nA2,Bob,2026-01-02\n,Nobody,2026-01-02\n", "empty"),
    "invoices": ("number,customer,issued_on,amount\nR1,A1,2026-01-10,5\nR2,A1,2026-01-11,many\n", "not_a_number"),
    "payments": ("key,customer,paid_on,amount\nP1,A1,2026-01-10,5\nP2,A1,2026-01-11,many\n", "not_a_number"),
    "deliveries": ("number,customer,shipped_on,state\nD1,A1,2026-01-10,shipped\nD2,A1,2026-01-11,lost\n", "unknown_word"),
    "interactions": ("key,customer,at,kind,direction\nC1,A1,2026-01-10 10:00,call,out\nC2,A1,2026-01-11 10:00,call,odd\n", "unknown_word"),
    "relations": ("party,kind,other,from\nA1,group,A2,2026-01-01\nA1,group,A9,2026-01-01\n", "unknown_party"),
}  # fmt: skip
FORMS = ("csv", "csv.gz", "parquet", "xlsx", "ndjson", "jsonl.gz", "db")


def write_as(form: str, text: str, path: Path) -> Path:
    """The same rows in another form. db: a table `facts` of SQLite."""
    head, *rows = csv.reader(io.StringIO(text))
    lines = "".join(json.dumps(dict(zip(head, row, strict=True))) + "\n" for row in rows)
    if form == "parquet":
        pq.write_table(pa.table({name: [row[at] for row in rows] for at, name in enumerate(head)}), path)
    elif form == "xlsx":
        book = openpyxl.Workbook()
        for row in (head, *rows):
            book.active.append(row)
        book.save(path)
    elif form == "db":
        names, marks = ", ".join(f'"{name}"' for name in head), ", ".join("?" * len(head))
        connection = sqlite3.connect(path)
        connection.execute(f"CREATE TABLE facts ({names})")
        connection.executemany(f"INSERT INTO facts VALUES ({marks})", rows)
        connection.commit()
        connection.close()
    else:
        plain = (lines if "json" in form else text).encode()
        path.write_bytes(gzip.compress(plain) if form.endswith(".gz") else plain)
    return path
