"""The same day's pyramid, customers counted in one way and in another: nothing is published, the result stays with the cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction

from entente.differentiate.facts import Facts, day_number, spread, year_before
from entente.differentiate.models import Cycle, Level
from entente.differentiate.pure.pyramid import levels
from entente.differentiate.settings import cut_offs
from entente.identify.counted import Counting
from entente.lib.distinct import distinct
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
        days, money, contacts = facts.purchases(), facts.money(), facts.contacts
        customers = distinct(
            np.concatenate([days.customer, money["customer_id"], facts.known(), contacts["customer_id"]])
        )
        anonymous = facts.anonymous_revenue()
    revenue = spread(money["customer_id"], money["revenue_year"], customers, 0.0)
    lately = days.customer[days.day > day_number(year_before(cycle.as_of))]
    level = levels(
        revenue,
        np.isin(customers, lately),
        np.isin(customers, days.customer),
        spread(contacts["customer_id"], contacts["in_dialogue"], customers, False)
        | np.isin(customers, money["customer_id"]),
        cut_offs(),
    )
    sums = {str(one.value): [int((level == one).sum()), float(revenue[level == one].sum())] for one in Level}
    return {"levels": sums, "anonymous": anonymous}


def _read(kept: dict[str, Any]) -> Counted:
    sums = {Level(int(level)): (int(count), float(revenue)) for level, (count, revenue) in kept["levels"].items()}
    return Counted(sums, float(kept["anonymous"]))
