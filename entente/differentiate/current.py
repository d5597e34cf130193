"""The opinion in force: which cycle is served, and what it says of customers. For whoever shows or uses it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import QuerySet, Subquery

from entente.differentiate.models import Cycle, Level, PyramidCell, Valuation


def in_force() -> Cycle | None:
    """The published cycle of the latest day; None before the first."""
    return _published().first()


def in_force_id() -> Subquery:
    """Its number, for a query that needs no more of it."""
    return Subquery(_published().values("pk")[:1])


def in_force_currency() -> Subquery:
    """The currency its money is in."""
    return Subquery(_published().values("currency")[:1])


def _published() -> QuerySet[Cycle]:
    return Cycle.objects.filter(published_at__isnull=False, replaced_at=None).order_by("-as_of")


def valuation_of(customer: int, cycle: Cycle | None) -> Valuation | None:
    return None if cycle is None else Valuation.objects.filter(cycle_id=cycle.pk, customer_id=customer).first()


def levels_of(customers: Iterable[int]) -> dict[int, int]:
    """The level of each customer that has one, in the opinion in force."""
    rows = Valuation.objects.filter(cycle_id=in_force_id(), customer_id__in=list(customers))
    return dict(rows.values_list("customer_id", "level"))


@dataclass
class LevelRow:
    """One level of the pyramid as a page shows it: each measure with its cell."""

    level: Level
    cells: dict[str, PyramidCell] = field(default_factory=dict)

    @property
    def customers(self) -> int:
        return int(self.cells["customers"].amount)


def pyramid_of(cycle: Cycle) -> list[LevelRow]:
    """Seven levels, the top first."""
    rows = {level: LevelRow(level) for level in Level}
    for cell in PyramidCell.objects.filter(cycle=cycle):
        rows[Level(cell.level)].cells[cell.measure] = cell
    return list(rows.values())
