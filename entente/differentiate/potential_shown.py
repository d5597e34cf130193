"""Potentials and need segments as a cycle has counted them: for whoever shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F

from entente.differentiate.models import Cycle, Level, NeedSegment, PotentialCell, Valuation


@dataclass(frozen=True)
class LevelPotential:
    """One level, or all of them, for which `level` is None."""

    level: Level | None
    cell: PotentialCell

    @property
    def share(self) -> float | None:
        return _part(self.cell.revenue, self.cell.potential)

    @property
    def share_low(self) -> float | None:
        return _part(self.cell.revenue, self.cell.potential_high)

    @property
    def share_high(self) -> float | None:
        return _part(self.cell.revenue, self.cell.potential_low)


_SUMS = (
    "customers", "judged", "stated", "revenue", "potential", "potential_low", "potential_high", "growth", "low_share", "plays_off",
    "buys_through",
)  # fmt: skip


def potential_of(cycle: Cycle) -> tuple[list[LevelPotential], LevelPotential | None]:
    """The levels, the top first, and all of them together; None where nothing was counted."""
    cells = list(PotentialCell.objects.filter(cycle=cycle).order_by("level"))
    if not cells:
        return [], None
    total = PotentialCell(cycle=cycle, level=0, **{name: sum(getattr(cell, name) for cell in cells) for name in _SUMS})
    return [LevelPotential(Level(cell.level), cell) for cell in cells], LevelPotential(None, total)


def first_of_case(cycle: Cycle, case: int, many: int = 10) -> list[Valuation]:
    """Those of one case in which stimulation pays, the most valuable first."""
    rows = Valuation.objects.filter(cycle_id=cycle.pk).annotate(of_case=F("stimulate").bitand(case))
    return list(rows.filter(of_case__gt=0).order_by("-value", "-customer_id")[:many])


@dataclass(frozen=True)
class SegmentShares:
    """One segment, and of the customers of each level how many are in it, from 0 to 1; None for a level without anybody."""

    segment: NeedSegment
    shares: list[tuple[Level, float | None, int]]

    @property
    def categories(self) -> str:
        return ", ".join(self.segment.words.get("named", []))


def segments_of(cycle: Cycle) -> list[SegmentShares]:
    """The need segments of a cycle, the largest first."""
    of = dict(PotentialCell.objects.filter(cycle=cycle).values_list("level", "customers"))
    found = NeedSegment.objects.filter(cycle=cycle).order_by("-customers", "number")
    return [SegmentShares(one, _shares(one, of)) for one in found]


def without_segment(cycle: Cycle, segments: Sequence[SegmentShares]) -> int:
    """How many customers are in none."""
    every = sum(PotentialCell.objects.filter(cycle=cycle).values_list("customers", flat=True))
    return every - sum(one.segment.customers for one in segments)


def _shares(segment: NeedSegment, of: dict[int, int]) -> list[tuple[Level, float | None, int]]:
    counts = [(level, int(segment.levels.get(str(level.value), 0))) for level in Level]
    return [(level, _part(many, of.get(level.value, 0)), many) for level, many in counts]


def _part(one: float, of: float) -> float | None:
    return one / of if of > 0 else None
