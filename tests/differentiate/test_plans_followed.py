"""Following a target where it is hard: lines that say the same, a first day run again meanwhile, another currency, a day too long ago."""

from __future__ import annotations

from datetime import date

import pytest

from entente.cycle import run_cycle
from entente.differentiate.models import Cycle, MovementCell, Plan, PlanProgress
from entente.differentiate.plans import make_target, months_of, save_plan
from entente.ledger.models import Party
from entente.staff.models import Firm, User
from tests.differentiate.test_plans import AS_OF, PLAN, TODAY, cycle, followed, maxim
from tests.ledger_facts import Ledger, committed

__all__ = ["committed", "cycle", "followed", "maxim"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

JULY = date(2026, 7, 31)


def a_target(cycle: Cycle, maxim: User, lines: tuple[tuple[str, int, int, int], ...]) -> Plan:
    given = {"name": "Lines"}
    for place, (kind, customers, before, after) in enumerate(lines):
        given |= {
            f"moves.{place}.kind": kind, f"moves.{place}.customers": str(customers), f"moves.{place}.from": str(before),
            f"moves.{place}.to": str(after),
        }  # fmt: skip
    plan = save_plan(given, cycle, by=maxim)
    return make_target(plan.pk, 1, responsible=maxim.pk, ends_on=date(2026, 9, 30), cycle=cycle, by=maxim)


def happened(plan: Plan, *cells: tuple[int, int, int]) -> None:
    for before, after, customers in cells:
        PlanProgress.objects.create(
            plan=plan,
            as_of=JULY,
            from_level=before,
            to_level=after,
            customers=customers,
            profit_change=100.0 * customers,
        )


def test_who_moved_counts_for_one_line_only(cycle, maxim):
    """Two people's lines of the same move: five are wanted, four moved, and nobody moved twice."""
    plan = a_target(cycle, maxim, (("move", 3, 4, 3), ("move", 2, 4, 3)))
    happened(plan, (4, 3, 4))
    (month,) = months_of(plan)
    assert month.moved == (3, 1) and month.all_moved == 4
    PlanProgress.objects.update(customers=7)
    assert months_of(plan)[0].moved == (3, 4), "more than wanted goes to the last of them"


def test_profit_is_of_all_whom_the_lines_count(cycle, maxim):
    """Lost are those who stopped buying, and those who are no customer any more: both are counted, and both cost."""
    plan = a_target(cycle, maxim, (("lose", 5, 4, 5),))
    happened(plan, (4, 5, 2), (4, 0, 1), (4, 4, 30))
    (month,) = months_of(plan)
    assert (month.moved, month.profit) == ((3,), 300.0)


def test_a_target_made_while_its_day_is_run_again_is_followed(cycle, maxim):
    """The manager looked at the pyramid that was replaced before the button was pressed."""
    plan = save_plan(PLAN, cycle, by=maxim)
    ledger = Ledger("late")
    ledger.buys(ledger.party("late"), date(2026, 6, 2), 70, cost=0)
    again = run_cycle(AS_OF, today=TODAY)
    assert again != cycle
    made = make_target(plan.pk, 1, responsible=maxim.pk, ends_on=date(2026, 9, 30), cycle=cycle, by=maxim)
    assert made.baseline == again
    run_cycle(JULY, today=TODAY)
    assert len(months_of(made)) == 1


def test_without_a_year_before_nobody_knows_who_would_have_left(cycle, maxim):
    """The firm's first year: two small ones left, and how many would have is not known. That is no failure of two."""
    MovementCell.objects.filter(from_level__gt=0).delete()
    plan = a_target(cycle, maxim, (("keep", 5, 4, 5), ("move", 1, 4, 3)))
    happened(plan, (4, 5, 2), (4, 3, 1))
    (month,) = months_of(plan)
    assert (month.moved, month.all_moved) == ((None, 1), 1)


def test_what_happens_after_its_end_is_not_its_doing(cycle, maxim):
    plan = a_target(cycle, maxim, (("move", 5, 4, 3),))
    for month, moved in ((8, 1), (10, 2), (11, 9)):
        PlanProgress.objects.create(
            plan=plan, as_of=date(2026, month, 28), from_level=4, to_level=3, customers=moved, profit_change=0
        )
    assert [month.moved for month in months_of(plan)] == [(1,), (2,)]


def test_money_of_two_currencies_is_not_taken_from_one_another(followed, maxim):
    """The firm counts in another currency since: customers are followed, profit is not, for there is nothing to compare it with."""
    ledger, plan = followed
    Firm.objects.update(currency="EUR")
    ledger.buys(Party.objects.get(key="p5"), date(2026, 7, 10), 350, cost=0, currency="EUR")
    run_cycle(JULY, today=TODAY)
    (month,) = months_of(plan)
    assert sum(plan.progress.values_list("customers", flat=True)) == 10
    assert month.profit is None
