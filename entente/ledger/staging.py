"""The way of columns into PostgreSQL: text COPY for the few distinct values, binary COPY for the lines."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.ledger.models import (
    DealingVersion,
    Delivery,
    Import,
    Interaction,
    Invoice,
    Order,
    OrderLine,
    Party,
    PartyVersion,
    Payment,
    Product,
)

_TABLES = {
    "party": Party._meta.db_table,
    "product": Product._meta.db_table,
    "order": Order._meta.db_table,
    "line": OrderLine._meta.db_table,
    "version": PartyVersion._meta.db_table,
    "import": Import._meta.db_table,
    "invoice": Invoice._meta.db_table,
    "payment": Payment._meta.db_table,
    "delivery": Delivery._meta.db_table,
    "interaction": Interaction._meta.db_table,
    "dealing_version": DealingVersion._meta.db_table,
}
LINE_TABLE = _TABLES["line"]
LINE_COLUMNS = (
    "order_id", "party_id", "product_id", "kind", "ordered_on", "quantity", "unit_price", "amount", "cost", "currency",
    "import_run_id", "line", "fact_key",
)  # fmt: skip
_MAY_BE_NULL = ("party_id", "product_id", "cost")
_EPOCH_2000 = 10_957  # PostgreSQL counts days from 2000-01-01
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_FIXED = {
    "order_id": ">i8", "party_id": ">i8", "product_id": ">i8", "kind": ">i2", "ordered_on": ">i4", "currency": "S3",
    "import_run_id": ">i8", "line": ">i8", "fact_key": "V16",
}  # fmt: skip
# A numeric is sent in digits of ten thousand. Ten-thousandths are five of them: four before the point, one behind.
_NUMERIC = np.dtype([("digits", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">i2"), ("digit", ">i2", (5,))])


@cache
def queries(name: str) -> Mapping[str, str]:
    """The named queries of sql/NAME.sql, with the names of the tables in them."""
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text(encoding="utf-8").format(**_TABLES)
    parts = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def copy_texts(cursor: Any, table: str, rows: Iterable[Sequence[str | None]]) -> None:
    r"""COPY rows of texts; None is NULL. The texts hold no tabs and line ends (they were cleaned), but may hold \."""
    lines = ["\t".join("\\N" if cell is None else cell.replace("\\", "\\\\") for cell in row) for row in rows]
    if lines:
        with cursor.copy(f"COPY {table} FROM STDIN") as copy:
            copy.write("\n".join(lines) + "\n")


def copy_lines(
    cursor: Any, table: str, columns: Mapping[str, NDArray[Any]], nulls: Mapping[str, NDArray[np.bool_]]
) -> None:
    """Binary COPY of order lines.

    columns: LINE_COLUMNS -> (n,) arrays; money and quantity in ten-thousandths, days since 1970, keys of 16 bytes.
    nulls: for party_id, product_id and cost, where they are not known.
    """
    pattern = sum(nulls[name].astype(np.int8) << place for place, name in enumerate(_MAY_BE_NULL))
    with cursor.copy(f"COPY {table} ({', '.join(LINE_COLUMNS)}) FROM STDIN (FORMAT binary)") as copy:
        copy.write(_HEADER)
        # A NULL has no bytes, so rows with the same NULLs are laid out together.
        for which in np.unique(pattern).tolist():
            absent = {name for place, name in enumerate(_MAY_BE_NULL) if which >> place & 1}
            copy.write(_packed({name: column[pattern == which] for name, column in columns.items()}, absent))
        copy.write(_TRAILER)


def _packed(columns: Mapping[str, NDArray[Any]], absent: set[str]) -> bytes:
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for name in LINE_COLUMNS:
        layout.append((f"{name} length", ">i4"))
        if name not in absent:
            layout.append((name, _FIXED.get(name, _NUMERIC)))
    packed = np.zeros(len(columns["line"]), np.dtype(layout))
    packed["fields"] = len(LINE_COLUMNS)
    for name in LINE_COLUMNS:
        if name in absent:
            packed[f"{name} length"] = -1
            continue
        packed[f"{name} length"] = packed.dtype[name].itemsize
        if name in _FIXED:
            packed[name] = columns[name] - _EPOCH_2000 if name == "ordered_on" else columns[name]
        else:
            _fill_numeric(packed[name], columns[name])
    return packed.tobytes()


def _fill_numeric(into: NDArray[Any], scaled: NDArray[np.int64]) -> None:
    into["digits"], into["weight"], into["scale"] = 5, 3, 4
    into["sign"] = np.where(scaled < 0, 0x4000, 0)
    rest = np.abs(scaled)
    for place in range(4, -1, -1):
        rest, into["digit"][:, place] = np.divmod(rest, 10_000)
