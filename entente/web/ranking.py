"""Customers in order of what they are worth, of what is lost on them, or of their names, a page at a time in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Lower

from entente.differentiate.models import Cycle, Level, NeedSegment, PyramidCell, Valuation
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.lib.keyset import after, before, place, read_place
from entente.staff.models import User

PAGE = 50
MOST_COUNTED = 1_000  # of who fits a filter; whole levels are counted by the cycle
SHOWN = ("name", "city", "country")

# Each step asks the index for the next country only: as many steps as countries, however many customers.
COUNTRIES = """
WITH RECURSIVE found(country) AS (
    (SELECT country FROM differentiate_valuation WHERE cycle_id = %(cycle)s ORDER BY country LIMIT 1)
    UNION ALL
    SELECT (SELECT country FROM differentiate_valuation WHERE cycle_id = %(cycle)s AND country > found.country
            ORDER BY country LIMIT 1)
    FROM found WHERE found.country IS NOT NULL
)
SELECT country FROM found WHERE country <> '' LIMIT 300
"""


@dataclass(frozen=True)
class Filters:
    """None: any. `nobody`: customers whom nobody looks after."""

    level: int | None = None
    stage: int | None = None
    country: str | None = None
    segment: int | None = None
    case: int | None = None
    looked_after_by: int | None = None
    nobody: bool = False


@dataclass(frozen=True)
class Order:
    """By which figure of the valuations, after which the index of the table must be made; up: the smallest first. only: of whom."""

    column: str
    up: bool = False
    only: Mapping[str, Any] = field(default_factory=dict)


ORDERS = {
    "value": Order("value"),
    "loss": Order("profit_year", up=True, only={"profit_year__lt": 0, "level__lte": Level.INACTIVE}),
    "growth": Order("growth", only={"growth__gt": 0}),
    "likeness": Order("likeness", only={"likeness__isnull": False}),
}


@dataclass(frozen=True)
class Row:
    customer: Customer
    worth: Valuation | None


@dataclass(frozen=True)
class Listing:
    """One page. `count`: how many there are, or, where there are more, MOST_COUNTED; `earlier` and `later` are places, None at the ends."""

    rows: list[Row] = field(default_factory=list)
    earlier: str | None = None
    later: str | None = None
    count: int = 0
    are_more: bool = False


def ranked(cycle: Cycle) -> QuerySet[Valuation]:
    """Best first, as the index of the table has them."""
    return Valuation.objects.filter(cycle_id=cycle.pk).order_by("-value", "-customer_id")


def by_value(
    cycle: Cycle, user: User, filters: Filters, *, order: str = "value", later: str | None, earlier: str | None
) -> Listing:
    """A page of customers, the most valuable first, or in another order of ORDERS."""
    by = ORDERS[order]
    rows = Valuation.objects.filter(cycle_id=cycle.pk, **by.only)
    if filters.case is not None:
        # Written as the indexes of the table have it.
        rows = rows.annotate(of_case=F("stimulate").bitand(filters.case)).filter(of_case__gt=0)
    for name in ("level", "stage", "country", "segment"):
        if (wanted := getattr(filters, name)) is not None:
            rows = rows.filter(**{name: wanted})
    if filters.nobody:
        rows = rows.filter(customer__looked_after_by=None)
    elif filters.looked_after_by is not None:
        rows = rows.filter(customer__looked_after_by=filters.looked_after_by)
    columns, kinds = (by.column, "customer_id"), (float, int)
    found, first, last = _cut(rows, columns, kinds, later, earlier, up=by.up)
    people = visible_customers(user).only(*SHOWN).in_bulk([row.customer_id for row in found])
    shown = [Row(people[row.customer_id], row) for row in found if row.customer_id in people]
    return Listing(shown, first, last, *_count(cycle, filters, order, rows))


def _count(cycle: Cycle, filters: Filters, order: str, rows: QuerySet[Valuation]) -> tuple[int, bool]:
    """How many there are, and whether there are more than that. The cycle has counted whole levels already."""
    whole = filters == Filters(level=filters.level)
    below_zero = cycle.totals.get("below_zero")
    if whole and order == "loss" and below_zero:
        return below_zero["levels"][str(filters.level)] if filters.level else below_zero["customers"], False
    if whole and order == "value":
        counted = PyramidCell.objects.filter(
            cycle=cycle, measure="customers", level__in=[filters.level] if filters.level else Level.values
        )
        if cells := list(counted.values_list("amount", flat=True)):
            return int(sum(cells)), False
    return _counted(rows)


def _counted(rows: QuerySet[Any], most: int = MOST_COUNTED) -> tuple[int, bool]:
    count = rows.order_by()[: most + 1].count()
    return min(count, most), count > most


def by_name(user: User, filters: Filters, *, later: str | None, earlier: str | None) -> Listing:
    """A page of customers by name, whatever they are worth."""
    rows = visible_customers(user).select_related("looked_after_by")
    if filters.nobody:
        rows = rows.filter(looked_after_by=None)
    elif filters.looked_after_by is not None:
        rows = rows.filter(looked_after_by=filters.looked_after_by)
    count = _counted(rows, most=10 * MOST_COUNTED)
    rows = rows.annotate(lower=Lower("name"))
    found, first, last = _cut(rows, ("lower", "id"), (str, int), later, earlier, up=True)
    return Listing([Row(row, None) for row in found], first, last, *count)


def _cut(
    rows: QuerySet,
    columns: tuple[str, str],
    kinds: tuple[type, type],
    later: str | None,
    earlier: str | None,
    *,
    up: bool,
) -> tuple[list[Any], str | None, str | None]:
    """PAGE rows beside a place, and the places to go on from in both directions.

    up: is the list sorted from small to large? Going back, the rows are fetched backwards and turned round.
    """
    backwards = bool(earlier)
    if asked := earlier or later:
        beside = after if up != backwards else before
        rows = rows.filter(beside(columns, read_place(asked, *kinds)))
    falling = up == backwards
    found = list(rows.order_by(*(f"-{column}" if falling else column for column in columns))[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    if not found:
        return [], None, None

    def key(row: Any) -> str:
        return place(*(getattr(row, column) for column in columns))

    first = key(found[0]) if (more if backwards else later) else None
    last = key(found[-1]) if (backwards or more) else None
    return found, first, last


def countries(cycle: Cycle) -> list[str]:
    """The countries this cycle's customers are in."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTRIES, {"cycle": cycle.pk})
        return [country for (country,) in cursor.fetchall()]


def segments(cycle: Cycle) -> list[tuple[int, str]]:
    """The need segments this cycle found, the largest first."""
    found = NeedSegment.objects.filter(cycle=cycle).order_by("-customers", "number")
    return list(found.values_list("number", "name"))
