"""Orders, invoices, payments and deliveries as a customer's story tells them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model

from entente.interact.events import DELIVERIES, INVOICES, ORDERS, PAYMENTS, Event, Key
from entente.ledger.models import Delivery, Invoice, Order, OrderLine, Payment
from entente.lib.keyset import LARGEST_ID


@dataclass(frozen=True)
class _Kind:
    """when: the column of its instant, or of its day, at whose beginning in UTC it stands."""

    model: type[Model]
    when: str
    has_time: bool = False


_KINDS = {
    ORDERS: _Kind(Order, "ordered_at", has_time=True),
    INVOICES: _Kind(Invoice, "issued_on"),
    PAYMENTS: _Kind(Payment, "paid_on"),
    DELIVERIES: _Kind(Delivery, "newest_on"),
}


def dealings(parties: Sequence[int], key: Key | None, limit: int, *, as_of: date | None) -> list[Event]:
    """The next of them after a place in the story, in one statement: each kind through its own index, sums for those told only."""
    bounds = {name: bound for rank, kind in _KINDS.items() for name, bound in _bounds(rank, kind, key).items()}
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"parties": list(parties), "limit": limit, **bounds})
        found = cursor.fetchall()
    return [_event(rank, at, number, said, sums, as_of) for rank, at, number, said, sums in found]


def _bounds(rank: int, kind: _Kind, key: Key | None) -> dict[str, Any]:
    """Instant or day, and number, that the rows of a kind stand before: at one instant the lower rank comes first."""
    if key is None:
        return {f"when_{rank}": "infinity", f"id_{rank}": 0}
    moment, negative_rank, number = key
    when: datetime | date = moment
    if not kind.has_time:
        when = moment.astimezone(UTC).date()
        if moment > datetime.combine(when, time(), UTC):
            negative_rank, number = 0, LARGEST_ID
    if -rank != negative_rank:
        number = LARGEST_ID if -rank < negative_rank else 0
    return {f"when_{rank}": when, f"id_{rank}": number}


def _rows(rank: int, kind: _Kind) -> str:
    at = kind.when if kind.has_time else f"{kind.when}::timestamp AT TIME ZONE 'UTC'"
    return f"""(
        SELECT {rank} AS rank, {at} AS at, id, to_jsonb(said) AS said FROM {kind.model._meta.db_table} said
        WHERE party_id = ANY(%(parties)s) AND ({kind.when}, id) < (%(when_{rank})s, %(id_{rank})s)
        ORDER BY {kind.when} DESC, id DESC LIMIT %(limit)s
    )"""


# Money of another currency is not set off. What was credited of an order counts as paid on its invoice.
_STATEMENT = f"""
    SELECT rank, at, id, said, CASE rank
        WHEN {ORDERS} THEN (
            SELECT jsonb_agg(sums) FROM (
                SELECT currency, sum(amount) AS amount, count(*) AS count FROM {OrderLine._meta.db_table}
                WHERE order_id = told.id GROUP BY currency ORDER BY currency
            ) sums
        )
        WHEN {INVOICES} THEN to_jsonb(coalesce((
            SELECT sum(amount) FROM {Payment._meta.db_table}
            WHERE invoice_id = told.id AND currency = told.said ->> 'currency'
        ), 0) - coalesce((
            SELECT sum(amount) FROM {Invoice._meta.db_table}
            WHERE order_id = (told.said ->> 'order_id')::bigint AND kind = '{Invoice.Kind.CREDIT_NOTE}'
              AND currency = told.said ->> 'currency'
        ), 0))
    END AS sums
    FROM (
        {" UNION ALL ".join(_rows(rank, kind) for rank, kind in _KINDS.items())}
        ORDER BY at DESC, rank, id DESC LIMIT %(limit)s
    ) told
    ORDER BY at DESC, rank, id DESC
"""


def _event(rank: int, at: datetime, number: int, said: str, sums: str | None, as_of: date | None) -> Event:
    written = json.loads(said, parse_float=Decimal)
    fields = [field for field in _KINDS[rank].model._meta.concrete_fields if not field.generated]
    names = [field.attname for field in fields]
    row: Any = _KINDS[rank].model.from_db(None, names, [field.to_python(written[field.column]) for field in fields])
    more = _more(row, json.loads(sums, parse_float=Decimal) if sums else None, as_of)
    word = str(row._meta.model_name)
    return Event(at, rank, number, "return" if rank == ORDERS and row.is_return else word, row, more)


def _more(row: Any, sums: Any, as_of: date | None) -> dict[str, Any]:
    """What an order came to; what of an invoice is still to be paid; what is overdue or late on the day."""
    if isinstance(row, Order):
        return {"sums": sums} if sums else {}
    if isinstance(row, Invoice):
        still = row.amount - Decimal(sums or 0) if row.kind == Invoice.Kind.INVOICE else 0
        return {"open": still, "is_overdue": bool(as_of and row.due_on and row.due_on < as_of and still > 0)}
    return {"is_late": bool(as_of and row.is_late(as_of))} if isinstance(row, Delivery) else {}
