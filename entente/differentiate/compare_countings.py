"""The same day's pyramid, customers counted in one way and in another: nothing is published, the result stays with the cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from entente.differentiate.activity_rates import serving_terms
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, Level
from entente.differentiate.movement import standing
from entente.differentiate.settings import basis, cut_offs
from entente.identify.counted import Counting
from entente.staff.models import Firm
from entente.warehouse.extract import extract

KEPT_IN = "compared"


@dataclass(frozen=True)
class Counted:
    """What one way of counting makes of the pyramid: level -> (customers, revenue of twelve months)."""

    levels: dict[Level, tuple[int, float]]
    anonymous: float

    @property
    def customers(self) -> int:
        return sum(customers for customers, _revenue in self.levels.values())

    @property
    def revenue(self) -> float:
        return sum(revenue for _customers, revenue in self.levels.values())


def compare_countings(cycle_id: int, one: Counting, other: Counting, *, at: datetime) -> None:
    """Work out the pyramid of a cycle's day in both ways, from the facts as they are now. Again for the same two: anew."""
    cycle = Cycle.objects.get(pk=cycle_id)
    firm = Firm.objects.get()
    found = {who.value: _levels(cycle, firm, who) for who in (one, other)}
    with transaction.atomic():
        cycle = Cycle.objects.select_for_update().get(pk=cycle_id)
        kept = cycle.totals.get(KEPT_IN, {}) | {_pair(one, other): {"at": at.isoformat(), "found": found}}
        cycle.totals = {**cycle.totals, KEPT_IN: kept}
        cycle.save(update_fields=["totals"])


def compared(cycle: Cycle, one: Counting, other: Counting) -> tuple[Counted, Counted, datetime] | None:
    """Both pyramids and when they were worked out; None where nobody has asked for them yet."""
    kept = cycle.totals.get(KEPT_IN, {}).get(_pair(one, other))
    if kept is None:
        return None
    first, second = (_read(kept["found"][who.value]) for who in (one, other))
    return first, second, datetime.fromisoformat(kept["at"])


def _pair(one: Counting, other: Counting) -> str:
    return " ".join(sorted((one.value, other.value)))


def _levels(cycle: Cycle, firm: Firm, who: Counting) -> dict[str, Any]:
    with extract() as columns:
        facts = Facts(columns, cycle.as_of, currency=cycle.currency, margin_rate=float(firm.margin_rate), counting=who)
        stands = standing(facts, cycle.as_of, cut_offs(), basis(), serving_terms())
        anonymous = facts.anonymous_revenue()
    level, revenue = stands.level, stands.revenue
    sums = {str(one.value): [int((level == one).sum()), float(revenue[level == one].sum())] for one in Level}
    return {"levels": sums, "anonymous": anonymous}


def _read(kept: dict[str, Any]) -> Counted:
    sums = {Level(int(level)): (int(count), float(revenue)) for level, (count, revenue) in kept["levels"].items()}
    return Counted(sums, float(kept["anonymous"]))
