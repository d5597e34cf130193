"""Own estimates, what if, plans as targets, and following them, on a real database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from entente.cycle import run_cycle
from entente.differentiate.current import pyramid_of
from entente.differentiate.models import Cycle, Level, OwnEstimate, Plan, PlanEvent, PlanProgress
from entente.differentiate.own_estimates import (
    AlreadyWithdrawn,
    ImpossibleEstimate,
    own_estimates,
    put_estimate,
    withdraw,
)  # fmt: skip
from entente.differentiate.partitions import has_partition, retire_partitions
from entente.differentiate.plans import (
    NoLongerADraft,
    PlanHasChanged,
    asked_of,
    change_plan,
    close_plan,
    gone_since,
    make_target,
    months_of,
    save_plan,
)  # fmt: skip
from entente.differentiate.what_if import ImpossiblePlan, ground, read_plan, work_out
from entente.identify.match import match_new
from entente.identify.models import Membership
from entente.ledger.models import Party
from entente.staff.models import User
from tests.ledger_facts import Ledger, a_firm, a_trade, a_user, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
TODAY = date(2026, 12, 31)
UP = {"moves.0.kind": "move", "moves.0.customers": "2", "moves.0.from": "4", "moves.0.to": "3"}
PLAN = {**UP, "name": "Up", "cost": "100", "cost_precision": "guess", "figures": "own"}


@pytest.fixture
def maxim(committed: None) -> User:
    a_firm()
    return a_user(email="maxim@example.com", name="Maxim", role="manager")


@pytest.fixture
def cycle(maxim: User) -> Cycle:
    a_trade(Ledger(), buyers=60, until=AS_OF)
    return run_cycle(AS_OF, today=TODAY)


def test_an_own_estimate_stands_beside_the_computed_one(cycle, maxim):
    before = [(cell.measure, cell.amount) for row in pyramid_of(cycle) for cell in row.cells.values()]
    given = {
        "level": "4",
        "measure": "profit",
        "amount": "12500",
        "amount_precision": "estimate",
        "amount_spread": "20",
    }
    made = put_estimate(given, by=maxim)
    assert (made.amount, made.precision, made.spread, made.by) == (12_500, "estimate", 0.2, maxim)
    assert [(cell.measure, cell.amount) for row in pyramid_of(cycle) for cell in row.cells.values()] == before
    own, plain = (ground(cycle, figures).levels[4].profit for figures in ("own", "computed"))
    assert (own.value, own.share) == (12_500, pytest.approx(0.2)) and plain.value != 12_500


def test_the_latest_estimate_is_in_force_and_withdrawing_goes_back_to_the_computed(maxim):
    for amount in ("100", "200"):
        latest = put_estimate(
            {"level": "1", "measure": "value", "amount": amount, "amount_precision": "guess"}, by=maxim
        )
    assert own_estimates()[1, "value"].amount == 200 and latest.spread == 0.5
    withdraw(latest.pk, by=maxim, at=timezone.now())
    assert own_estimates() == {} and OwnEstimate.objects.count() == 2
    with pytest.raises(AlreadyWithdrawn):
        withdraw(latest.pk, by=maxim, at=timezone.now())


MISWRITTEN = (
    ({"amount": "x"}, "amount"), ({"amount": ""}, "amount"), ({"amount": "12,500"}, "amount"),
    ({"amount": "-1", "measure": "customers"}, "amount"), ({"level": "8"}, "level"), ({"measure": "love"}, "measure"),
    ({"amount_precision": ""}, "amount_precision"), ({"amount_spread": "-5"}, "amount_spread"), ({"amount_spread": ""}, "amount_spread"),
    ({"note": "x" * 501}, "note"),
)  # fmt: skip


def test_an_estimate_that_cannot_be_meant_is_refused_with_where(maxim):
    usual = {"level": "1", "measure": "profit", "amount": "5", "amount_precision": "estimate", "amount_spread": "10"}
    for given, field in MISWRITTEN:
        with pytest.raises(ImpossibleEstimate) as refused:
            put_estimate({**usual, **given}, by=maxim)
        assert set(refused.value.errors) == {field}, given
    assert not OwnEstimate.objects.exists()


def test_figures_in_any_script_are_read(maxim):
    made = put_estimate(
        {"level": "1", "measure": "profit", "amount": "−۱۲۵۰۰٫۵", "amount_precision": "exact"}, by=maxim
    )
    assert (made.amount, made.spread) == (-12_500.5, 0.0)


def test_what_if_reads_cells_and_no_customer(cycle, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        effect = work_out(read_plan(UP), ground(cycle))
    assert effect.lines[0].moved == ground(cycle).went(4, 3) > 0
    assert effect.profit.low <= effect.profit.expected <= effect.profit.high


def test_more_than_the_level_holds_is_refused_in_words(cycle):
    on = ground(cycle)
    has = round(on.levels[3].customers.value)
    given = {"moves.3.kind": "move", "moves.3.customers": str(has + 1), "moves.3.from": "3", "moves.3.to": "2"}
    with pytest.raises(ImpossiblePlan) as refused:
        work_out(read_plan(given), on)
    assert refused.value.errors == {"moves.3.customers": f"Level Medium has {has} customers for this, not {has + 1}."}


WRONG = (
    ({"moves.0.customers": "1.5"}, "moves.0.customers"), ({"moves.0.customers": "-1"}, "moves.0.customers"),
    ({"moves.0.kind": "drop"}, "moves.0.levels"), ({"moves.0.from": "9"}, "moves.0.levels"), ({"moves.0.to": "4"}, "moves.0.levels"),
    ({"cost": "a lot"}, "cost"), ({"cost": "-3"}, "cost"), ({"figures": "mine"}, "figures"), ({"name": ""}, "name"),
    ({"moves.0.customers": ""}, "moves"),
)  # fmt: skip


def test_a_plan_that_cannot_be_is_refused_with_where_and_nothing_is_written(cycle, maxim):
    for given, field in WRONG:
        with pytest.raises(ImpossiblePlan) as refused:
            save_plan({**PLAN, **given}, cycle, by=maxim)
        assert set(refused.value.errors) == {field}, given
    assert not Plan.objects.exists()


def test_a_plan_is_kept_as_typed_and_comes_back_the_same(cycle, maxim):
    priced = {"cost": "2500", "cost_precision": "estimate", "cost_spread": "10"}
    plan = save_plan({**PLAN, **priced}, cycle, by=maxim)
    asked = asked_of(plan)
    assert (asked.cost.value, asked.cost.share) == (2500, pytest.approx(0.1))
    assert work_out(asked, ground(cycle)) == work_out(read_plan({**UP, **priced}), ground(cycle))
    assert [event.kind for event in plan.events.all()] == ["made"]


def test_of_two_who_change_a_plan_at_once_the_second_is_told(cycle, maxim):
    plan = save_plan(PLAN, cycle, by=maxim)
    change_plan(plan.pk, 1, {**PLAN, "name": "First"}, cycle, by=maxim)
    for late in (
        lambda: change_plan(plan.pk, 1, {**PLAN, "name": "Second"}, cycle, by=maxim),
        lambda: make_target(plan.pk, 1, responsible=maxim.pk, ends_on=date(2026, 12, 31), cycle=cycle, by=maxim),
        lambda: close_plan(plan.pk, 1, words="", by=maxim),
    ):
        with pytest.raises(PlanHasChanged):
            late()
    plan.refresh_from_db()
    assert (plan.name, plan.state, plan.version) == ("First", "draft", 2)
    assert PlanEvent.objects.count() == 2


def test_a_target_is_not_rewritten_and_needs_somebody_and_a_day(cycle, maxim):
    plan = save_plan(PLAN, cycle, by=maxim)
    viewer = a_user(email="victor@example.com", role="viewer")
    for responsible, ends_on in ((None, None), (viewer.pk, AS_OF), (10**9, date(2040, 1, 1))):
        with pytest.raises(ImpossiblePlan) as refused:
            make_target(plan.pk, 1, responsible=responsible, ends_on=ends_on, cycle=cycle, by=maxim)
        assert set(refused.value.errors) == {"responsible", "ends_on"}
    made = make_target(plan.pk, 1, responsible=maxim.pk, ends_on=date(2026, 12, 31), cycle=cycle, by=maxim)
    assert made.expected["profit"]["low"] < made.expected["profit"]["expected"] < made.expected["profit"]["high"]
    with pytest.raises(NoLongerADraft):
        change_plan(plan.pk, 2, PLAN, cycle, by=maxim)
    close_plan(plan.pk, 2, words="Done.", by=maxim)
    with pytest.raises(PlanHasChanged):
        close_plan(plan.pk, 3, words="Again.", by=maxim)
    assert [event.kind for event in plan.events.order_by("pk")] == ["made", "target", "closed"]


@pytest.fixture
def followed(maxim: User) -> tuple[Ledger, Plan]:
    """Small ones, one of whom becomes medium in July; a target since June."""
    ledger = Ledger()
    for place in range(10):
        ledger.buys(ledger.party(f"p{place}"), date(2026, 6, 1), 100 * (place + 1), cost=0)
    match_new()
    cycle = run_cycle(AS_OF, today=TODAY)
    plan = save_plan({**PLAN, "moves.0.customers": "3"}, cycle, by=maxim)
    return ledger, make_target(plan.pk, 1, responsible=maxim.pk, ends_on=date(2026, 9, 30), cycle=cycle, by=maxim)


def test_every_cycle_writes_what_really_moved(followed):
    ledger, plan = followed
    assert months_of(plan) == [] and not PlanProgress.objects.exists()
    small = Party.objects.get(key="p5")
    ledger.buys(small, date(2026, 7, 10), 350, cost=0)
    cycle = run_cycle(date(2026, 7, 31), today=TODAY)
    (month,) = months_of(plan)
    assert month.as_of == cycle.as_of and month.share == pytest.approx(31 / 92)
    levels = {row.level: row.customers for row in pyramid_of(cycle)}
    cells = list(plan.progress.values_list("from_level", "to_level", "customers"))
    assert sum(count for before, _, count in cells if before) == 10
    assert {level: sum(count for _, after, count in cells if after == level) for level in Level} == levels
    went = {(before, after): count for before, after, count in cells}
    assert month.moved == (went.get((4, 3), 0),) and month.target == (pytest.approx(3 * 31 / 92),)


def test_of_a_month_the_last_day_is_kept_whatever_the_order_of_runs(followed):
    _ledger, plan = followed
    for day in (10, 20, 15):
        run_cycle(date(2026, 7, day), today=TODAY)
    run_cycle(date(2026, 8, 5), today=TODAY)
    assert [month.as_of for month in months_of(plan)] == [date(2026, 7, 20), date(2026, 8, 5)]


def test_who_was_linked_to_another_since_goes_out_and_it_is_said(followed):
    _ledger, plan = followed
    one, other = (Membership.objects.get(party__key=key) for key in ("p1", "p2"))
    Membership.objects.filter(pk=other.pk).update(customer=one.customer, law="same")
    run_cycle(date(2026, 7, 31), today=TODAY)
    assert gone_since(plan) == 1
    assert sum(plan.progress.exclude(from_level=0).values_list("customers", flat=True)) == 10


def test_the_first_day_of_a_target_stays_and_follows_when_it_is_run_again(followed):
    ledger, plan = followed
    ledger.buys(ledger.party("late"), date(2026, 6, 2), 70, cost=0)
    match_new()
    again = run_cycle(AS_OF, today=TODAY)
    plan.refresh_from_db()
    assert plan.baseline == again
    for month in (7, 11):
        newest = run_cycle(date(2026, month, 28), today=TODAY)
    Cycle.objects.filter(pk=again.pk).update(as_of=AS_OF - timedelta(days=2))
    decoy = Cycle.objects.filter(as_of=date(2026, 7, 28)).update(as_of=date(2026, 6, 29))
    assert decoy == 1
    retire_partitions(but=newest)
    assert has_partition(again.pk), "the last of its month is another, but a target began here"
    close_plan(plan.pk, plan.version, words="", by=None)
    retire_partitions(but=newest)
    assert not has_partition(again.pk)
