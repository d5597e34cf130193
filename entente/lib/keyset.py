"""Keyset paging: a page begins after a row, not after a count, so that page 500 costs what page 1 costs.

A place is the sort key of a row, written into the address. It is not signed: it may say anything, is read strictly, and only
ever moves the reader within rows that the reader may see.
"""

import base64
import binascii
import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Expression, F, Func, Value
from django.utils.translation import gettext as _

from entente.lib.errors import EntenteError

LONGEST_PLACE = 2000
LARGEST_ID = 2**63 - 1


class ImpossiblePlace(EntenteError):
    """The address of a page names a place that no list has."""

    def __init__(self) -> None:
        super().__init__(_("This page of the list cannot be found by its address. Start again from the first page."))


def place(*key: float | int | str | datetime) -> str:
    """Write a sort key so that it fits into an address."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in key]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_place(text: str, *kinds: type) -> tuple[Any, ...]:
    """The sort key in an address; every part must be of the kind expected there.

    Raises ImpossiblePlace for anything else.
    """
    try:
        if len(text) > LONGEST_PLACE:
            raise ValueError
        parts = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if not isinstance(parts, list) or len(parts) != len(kinds):
            raise ValueError
        return tuple(_read(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, binascii.Error, RecursionError, OverflowError):
        raise ImpossiblePlace from None


def _read(part: Any, kind: type) -> Any:
    if kind is datetime:
        if not isinstance(part, str):
            raise ValueError
        at = datetime.fromisoformat(part)
        if at.tzinfo is None:
            raise ValueError
        at.utctimetuple()
        return at
    if kind is int:
        if type(part) is not int or abs(part) > LARGEST_ID:
            raise ValueError
        return part
    if kind is float:
        if type(part) not in (int, float) or not math.isfinite(part):
            raise ValueError
        return float(part)
    # PostgreSQL's texts hold no zero byte, and no half of a surrogate pair.
    if kind is not str or not isinstance(part, str) or "\0" in part:
        raise ValueError
    part.encode()
    return part


class Beside(Func):
    """Row comparison, (a, b) < (x, y): what an index on (a, b) can start from, unlike the same said with OR."""

    arity = None
    output_field = BooleanField()
    conditional = True

    def __init__(self, sign: str, columns: Sequence[str | Expression], key: Sequence[Any]) -> None:
        if sign not in ("<", ">") or len(columns) != len(key):
            raise ValueError(sign, columns, key)
        self.sign, self.width = sign, len(columns)
        named = [F(column) if isinstance(column, str) else column for column in columns]
        super().__init__(*named, *(part if hasattr(part, "resolve_expression") else Value(part) for part in key))

    def as_sql(  # type: ignore[override]  # no template of Func is used here
        self, compiler: Any, connection: Any, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        sqls, params = [], []
        for expression in self.source_expressions:
            sql, given = compiler.compile(expression)
            sqls.append(sql)
            params.extend(given)
        first, second = ", ".join(sqls[: self.width]), ", ".join(sqls[self.width :])
        return f"(({first}) {self.sign} ({second}))", tuple(params)


def before(columns: Sequence[str | Expression], key: Sequence[Any]) -> Beside:
    """Rows whose columns stand below this key: the next ones of a list sorted from the top down."""
    return Beside("<", columns, key)


def after(columns: Sequence[str | Expression], key: Sequence[Any]) -> Beside:
    """Rows whose columns stand above this key."""
    return Beside(">", columns, key)
