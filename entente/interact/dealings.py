"""Orders, invoices, payments and deliveries as a customer's story tells them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from json import JSONDecoder
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Count,
    DateTimeField,
    IntegerField,
    JSONField,
    Model,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, JSONObject

from entente.interact.events import DELIVERIES, INVOICES, ORDERS, PAYMENTS, Event, Key, days_older_than, older_than
from entente.ledger.models import Delivery, Invoice, Order, OrderLine, Payment


class _Exact(JSONDecoder):
    """Reads money as it was written."""

    def __init__(self) -> None:
        super().__init__(parse_float=Decimal)


class _Row(JSONObject):
    output_field = JSONField(decoder=_Exact)


_SUMS = ArraySubquery(
    OrderLine.objects.filter(order=OuterRef("pk"))
    .values("currency")
    .order_by("currency")
    .annotate(said=JSONObject(currency="currency", amount=Sum("amount"), count=Count("id")))
    .values("said")
)
# Money of another currency is not set off.
_PAID = Subquery(
    Payment.objects.filter(invoice=OuterRef("pk"), currency=OuterRef("currency"))
    .values("invoice")
    .annotate(paid=Sum("amount"))
    .values("paid")
)


_NOTHING = Value(None, JSONField())


@dataclass(frozen=True)
class _Kind:
    """when: the instant it stands at, or the day. sums: what is added up beside each row."""

    model: type[Model]
    when: str
    sums: Any = _NOTHING
    older: Callable[[QuerySet, str, int, Key | None], QuerySet] = days_older_than

    @property
    def columns(self) -> list[Any]:
        return [field for field in self.model._meta.concrete_fields if not field.generated]


_KINDS = {
    ORDERS: _Kind(Order, "ordered_at", _SUMS, older_than),
    INVOICES: _Kind(Invoice, "issued_on", _PAID),
    PAYMENTS: _Kind(Payment, "paid_on"),
    DELIVERIES: _Kind(Delivery, "newest_on"),
}


def dealings(parties: Sequence[int], key: Key | None, limit: int, *, as_of: date | None) -> list[Event]:
    """The next of them after a place in the story, in one statement; each kind is read through an index of its own."""
    first, *others = (_rows(rank, parties, key)[:limit] for rank in _KINDS)
    rows = first.union(*others, all=True).order_by("-at", "rank", "-pk")[:limit]
    return [_event(at, rank, number, _KINDS[rank], said, as_of) for at, rank, number, said in rows]


def _rows(rank: int, parties: Sequence[int], key: Key | None) -> QuerySet:
    """at, rank, number of the row, and the row itself with its sums."""
    kind = _KINDS[rank]
    said = {field.attname: field.attname for field in kind.columns} | {"sums": kind.sums}
    rows = kind.model._default_manager.filter(party__in=parties, **{f"{kind.when}__isnull": False})
    return (
        kind.older(rows, kind.when, rank, key)
        .annotate(at=Cast(kind.when, DateTimeField()), rank=Value(rank, IntegerField()))
        .annotate(said=_Row(**said))
        .values_list("at", "rank", "pk", "said")
    )


def _event(at: datetime, rank: int, number: int, kind: _Kind, said: dict[str, Any], as_of: date | None) -> Event:
    names = [field.attname for field in kind.columns]
    row: Any = kind.model.from_db(None, names, [field.to_python(said[field.attname]) for field in kind.columns])
    return Event(at, rank, number, _word(row), row, _more(row, said["sums"], as_of))


def _word(row: Any) -> str:
    if isinstance(row, Order):
        return "return" if row.is_return else "order"
    return str(row._meta.model_name)


def _more(row: Any, sums: Any, as_of: date | None) -> dict[str, Any]:
    """What an order came to; what of an invoice is still to be paid; what is overdue or late on the day."""
    if isinstance(row, Order):
        return {"sums": sums} if sums else {}
    if isinstance(row, Invoice):
        still = row.amount - Decimal(sums or 0) if row.kind == Invoice.Kind.INVOICE else 0
        return {"open": still, "is_overdue": bool(as_of and row.due_on and row.due_on < as_of and still > 0)}
    return {"is_late": bool(as_of and row.is_late(as_of))} if isinstance(row, Delivery) else {}
