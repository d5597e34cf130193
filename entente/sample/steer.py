"""After the first cycle: what the sample firm's manager thinks of the pyramid, and what they want of it."""

from __future__ import annotations

from datetime import date, timedelta
from math import floor, log10

from django.db import transaction

from entente.differentiate.models import Cycle, Level, OwnEstimate, Plan
from entente.differentiate.own_estimates import computed, put_estimate
from entente.differentiate.plan_models import Measure, Precision
from entente.differentiate.plans import make_target, save_plan
from entente.sample.plant import planted
from entente.sample.pure.firm import MAIL_DOMAIN
from entente.staff.models import User

# Level, measure, how many times what is computed they take it to be, how sure they are, by how many per cent it may be off; why.
ESTIMATES = (
    (Level.TOP, Measure.COST, 1.4, Precision.ESTIMATE, "20", "Evenings and fairs with the largest are in nobody’s calendar."),
    (Level.TOP, Measure.VALUE, 0.85, Precision.GUESS, "40", "Two of the largest are building stores of their own."),
    (Level.MEDIUM, Measure.PROFIT, 0.9, Precision.ESTIMATE, "15", "Bonuses of the year are paid out in January."),
    (Level.PROSPECT, Measure.CUSTOMERS, 0.7, Precision.GUESS, "30", "Every third on the call list has shut down or moved."),
)  # fmt: skip
LASTS = timedelta(days=365)


def steer(cycle: Cycle) -> bool:
    """Write down the manager's estimates and plans, one of these a target. Again, or where the firm is no sample: nothing, and False."""
    if planted() is None or Plan.objects.exists() or OwnEstimate.objects.exists():
        return False
    manager = User.objects.get(email=f"henrik@{MAIL_DOMAIN}")
    cells = computed(cycle)
    with transaction.atomic():
        for level, measure, times, precision, spread, note in ESTIMATES:
            cell = cells.get((level, measure))
            if cell is not None and cell.amount > 0:
                put_estimate(
                    {
                        "level": str(int(level)), "measure": measure, "amount": _said(times * cell.amount),
                        "amount_precision": precision, "amount_spread": spread, "note": note,
                    },
                    by=manager,
                )  # fmt: skip
        has = {
            level: int(cells[level, Measure.CUSTOMERS].amount) for level in Level if (level, Measure.CUSTOMERS) in cells
        }
        _aim_higher(cycle, has, manager)
        _win_back(cycle, has, manager)
    return True


def _aim_higher(cycle: Cycle, has: dict[Level, int], manager: User) -> None:
    """The target: some medium customers become big, and of the big fewer are lost."""
    moved, kept = has.get(Level.MEDIUM, 0) // 10, has.get(Level.BIG, 0) // 20
    lines = [("move", moved, Level.MEDIUM, Level.BIG), ("keep", kept, Level.BIG, Level.INACTIVE)]
    note = "Yearly talks with every medium customer who buys from two others as well; one visit a quarter to the big."
    if plan := _drawn("Medium to big", note, lines, "18000", cycle, manager):
        ends_on: date = cycle.as_of + LASTS
        make_target(plan.pk, plan.version, responsible=manager.pk, ends_on=ends_on, cycle=cycle, by=manager)


def _win_back(cycle: Cycle, has: dict[Level, int], manager: User) -> None:
    lines = [("win", has.get(Level.INACTIVE, 0) // 25, Level.INACTIVE, Level.SMALL)]
    _drawn(
        "Win back with a letter",
        "One letter and one call to who has not bought for a year.",
        lines,
        "6000",
        cycle,
        manager,
    )


def _drawn(
    name: str, note: str, lines: list[tuple[str, int, Level, Level]], cost: str, cycle: Cycle, manager: User
) -> Plan | None:
    """A plan of these lines; none where the levels hold too few for any of them."""
    given = {
        "name": name,
        "note": note,
        "cost": cost,
        "cost_precision": "estimate",
        "cost_spread": "20",
        "figures": "own",
    }
    wanted = [line for line in lines if line[1]]
    for place, (kind, customers, before, after) in enumerate(wanted):
        fields = {"kind": kind, "customers": customers, "from": int(before), "to": int(after)}
        given |= {f"moves.{place}.{field}": str(value) for field, value in fields.items()}
    return save_plan(given, cycle, by=manager) if wanted else None


def _said(amount: float) -> str:
    """As people say figures: two digits, then noughts."""
    step = 10 ** max(0, floor(log10(amount)) - 1) if amount >= 1 else 1
    return str(max(1, round(amount / step)) * step)
