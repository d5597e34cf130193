"""What a pyramid says as a whole: its sums, and how little of it brings how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from entente.differentiate.current import LevelRow
from entente.differentiate.models import Cycle, Level, PyramidCell

MEASURES = ("customers", "revenue", "margin", "cost", "profit", "value")
ACTIVE = (Level.TOP, Level.BIG, Level.MEDIUM, Level.SMALL)
UPPER = (Level.TOP, Level.BIG)
_FROM_SURE_TO_UNSURE = ("exact", "estimate", "guess")


@dataclass(frozen=True)
class Shares:
    """The upper levels among all active customers: their part of the customers, of the revenue and of the profit.

    profit: None where it is not known or nothing; above 1 where the others together cost more than they bring.
    """

    customers: float
    revenue: float
    profit: float | None = None


def totals_of(rows: Sequence[LevelRow]) -> dict[str, PyramidCell]:
    """Each measure over all levels. The spreads are added as they are, for the levels err together: one law and one assumed
    margin stand behind all of them. Never surer than the least sure part."""
    found = {}
    for measure in MEASURES:
        cells = [row.cells[measure] for row in rows if measure in row.cells]
        if not cells:
            continue  # of a day when this was not counted yet
        amount = sum(cell.amount for cell in cells)
        spread = sum(abs(cell.amount) * cell.spread for cell in cells)
        counted = [cell.precision for cell in cells if cell.amount] or ["exact"]
        found[measure] = PyramidCell(
            measure=measure,
            amount=amount,
            precision=max(counted, key=_FROM_SURE_TO_UNSURE.index),
            spread=spread / abs(amount) if amount else 0.0,
        )
    return found


def upper_shares(rows: Sequence[LevelRow]) -> Shares | None:
    """How small a part of the active customers brings how large a part of the revenue; None where nobody is active or buys."""

    def over(levels: Sequence[Level], measure: str) -> float:
        return sum(row.cells[measure].amount for row in rows if row.level in levels and measure in row.cells)

    customers, revenue, profit = (over(ACTIVE, measure) for measure in ("customers", "revenue", "profit"))
    if customers <= 0 or revenue <= 0:
        return None
    return Shares(
        over(UPPER, "customers") / customers,
        over(UPPER, "revenue") / revenue,
        over(UPPER, "profit") / profit if profit > 0 else None,
    )


def served_on() -> list[Cycle]:
    """The published cycles that none has replaced, the latest day first."""
    rows = Cycle.objects.filter(published_at__isnull=False, replaced_at=None).order_by("-as_of")
    return list(rows.only("id", "as_of", "published_at")[:400])


def latest_run() -> Cycle | None:
    """The run begun last, whatever became of it."""
    return Cycle.objects.order_by("-id").defer("laws", "steps_done", "totals").first()
