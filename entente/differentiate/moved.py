"""A movement as a page shows it: the matrix, its sums, its picture, and who is in a cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from entente.differentiate.models import Cycle, Level, Movement, MovementCell, MovementMember, Valuation
from entente.differentiate.partitions import has_partition
from entente.differentiate.plan_models import NOT_THERE
from entente.differentiate.pure.flow import Flow, flow
from entente.differentiate.pure.movement import Sums, pyramids, sums, way
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.lib.keyset import before, place, read_place
from entente.staff.models import User

PAGE = 50
LEVELS = (*(int(level) for level in Level), NOT_THERE)


@dataclass(frozen=True)
class Place:
    """One place of the matrix. way: in, up, down, same, out; cell: None where nobody is."""

    before: int
    after: int
    way: str
    cell: MovementCell | None

    @property
    def customers(self) -> int:
        return self.cell.customers if self.cell else 0


@dataclass(frozen=True)
class Row:
    """All who stood on one level on the first day."""

    level: int
    places: list[Place]

    @property
    def customers(self) -> int:
        return sum(place.customers for place in self.places)


@dataclass(frozen=True)
class Matrix:
    """All of a movement, from the top down. first, second: customers by level of both pyramids. Where nobody was outside on a day, there is
    no row, or column, for it."""

    movement: Movement
    rows: list[Row]
    columns: list[int]
    first: dict[int, int]
    second: dict[int, int]
    sums: Sums

    @property
    def places(self) -> list[Place]:
        """Where anybody is."""
        return [place for row in self.rows for place in row.places if place.cell]

    @property
    def totals(self) -> list[int]:
        """Customers of each column."""
        return [sum(row.places[place].customers for row in self.rows) for place in range(len(self.columns))]

    @property
    def customers(self) -> int:
        return sum(row.customers for row in self.rows)

    @property
    def has_year_before(self) -> bool:
        """Was anybody there on the first day?"""
        return any(self.first.values())

    def picture(self, height: float) -> Flow:
        """Where the boxes and ribbons of the flow stand."""
        return flow(((one.before, one.after, one.customers) for one in self.places), height)


@dataclass(frozen=True)
class Member:
    """One customer of a cell. Money of twelve months before and after; value: lifetime value."""

    customer: Customer
    value: float
    revenue_before: float
    revenue_after: float
    profit_before: float
    profit_after: float


@dataclass(frozen=True)
class Members:
    """A page of a cell. more: the place to go on from. hidden: so many of this page are nobody a user may see: erased, or another's now."""

    rows: list[Member]
    more: str | None
    hidden: int


def finished_movements() -> QuerySet[Movement]:
    """All that may be looked at: that of a cycle from the instant it is published."""
    return Movement.objects.filter(Q(cycle=None) | Q(cycle__published_at__isnull=False))


def movements(cycle: Cycle | None) -> list[Movement]:
    """What can be looked at: the cycle's own year first, then those that were asked for, the newest first."""
    own = list(Movement.objects.filter(cycle=cycle)) if cycle else []
    return own + list(Movement.objects.filter(cycle=None).order_by("-id")[:12])


def matrix_of(movement: Movement) -> Matrix:
    """The movement, whole."""
    cells = {(cell.from_level, cell.to_level): cell for cell in MovementCell.objects.filter(movement=movement)}
    counted = [(before, after, cell.customers) for (before, after), cell in cells.items()]
    first, second = pyramids(counted)
    # Nobody outside on either day: the row and the column of nobody say nothing.
    outside_first, outside_second = (any(pair[side] == NOT_THERE for pair in cells) for side in (0, 1))
    columns = [level for level in LEVELS if level != NOT_THERE or outside_second]
    rows = [
        Row(one, [Place(one, other, way(one, other).value, cells.get((one, other))) for other in columns])
        for one in LEVELS
        if one != NOT_THERE or outside_first
    ]
    return Matrix(movement, rows, columns, first, second, sums(counted))


def members_are_kept(movement: Movement) -> bool:
    """Can anybody say who is in a cell? Valuations of days long past are dropped."""
    return movement.cycle_id is None or has_partition(movement.cycle_id)


def members(movement: Movement, first: int, second: int, user: User, *, later: str | None) -> Members:
    """Who is in a cell, the most valuable first, a page from a place on."""
    rows: QuerySet[Any]
    if movement.cycle_id is None:
        rows = MovementMember.objects.filter(movement=movement, from_level=first, to_level=second)
        now = {"revenue": "revenue_after", "profit": "profit_after"}
    else:
        rows = Valuation.objects.filter(cycle_id=movement.cycle_id, level=second)
        rows = rows.filter(level_before__isnull=True) if first == NOT_THERE else rows.filter(level_before=first)
        now = {"revenue": "revenue_year", "profit": "profit_year"}
    if later:
        rows = rows.filter(before(("value", "customer_id"), read_place(later, float, int)))
    found: list[Any] = list(rows.order_by("-value", "-customer_id")[: PAGE + 1])
    page = found[:PAGE]
    people = visible_customers(user).only("name", "city", "country").in_bulk([row.customer_id for row in page])
    shown = [
        Member(
            people[row.customer_id],
            row.value,
            row.revenue_before,
            getattr(row, now["revenue"]),
            row.profit_before,
            getattr(row, now["profit"]),
        )
        for row in page
        if row.customer_id in people
    ]
    more = place(page[-1].value, page[-1].customer_id) if len(found) > PAGE else None
    return Members(shown, more, len(page) - len(shown))


def same_span(from_on: date, to_on: date) -> Movement | None:
    """The newest movement between two days that somebody asked for."""
    return Movement.objects.filter(cycle=None, from_on=from_on, to_on=to_on).order_by("-id").first()
