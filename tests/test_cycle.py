"""The circle on a real database: once a day, whole or not at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from entente import cycle as circle
from entente.customize import answer
from entente.customize.models import Decision
from entente.customize.standing import stands, with_standing
from entente.cycle import LOCK, AlreadyRunning, ImpossibleDay, NothingToWorkOn, run_cycle
from entente.differentiate import partitions as retiring
from entente.differentiate.current import in_force, pyramid_of
from entente.differentiate.models import Cycle, Level, PyramidCell, Valuation
from entente.identify.models import Linkage, PossibleMatch
from tests.ledger_facts import Ledger, a_firm, a_trade, a_user, committed, customer_of, other_connection, partitions

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
TODAY = date(2026, 7, 1)
UNTOLD = ("id", "cycle_id", "decided_at")


def valuations(cycle: Cycle) -> list[dict[str, Any]]:
    rows = Valuation.objects.filter(cycle_id=cycle.pk).order_by("customer_id").values()
    return [{name: value for name, value in row.items() if name != "cycle_id"} for row in rows]


def decisions(cycle: Cycle, *, untold: tuple[str, ...] = UNTOLD) -> list[dict[str, Any]]:
    rows = Decision.objects.filter(cycle=cycle).order_by("customer_id").values()
    return [{name: value for name, value in row.items() if name not in untold} for row in rows]


@pytest.fixture
def trade(committed: None) -> Ledger:
    a_firm()
    ledger = Ledger()
    ledger.people = a_trade(ledger, buyers=120, until=AS_OF, email="buyer@example.com")  # type: ignore[attr-defined]
    return ledger


def test_what_stands_is_whole(trade):
    cycle = run_cycle(AS_OF, today=TODAY)
    assert in_force() == cycle and cycle.state == Cycle.State.DONE and cycle.error == ""
    assert len(valuations(cycle)) == 120
    assert decisions(cycle)
    assert partitions() == [f"differentiate_valuation_{cycle.pk}"]
    rows = {row.level: row.cells for row in pyramid_of(cycle)}
    assert sum(cells["customers"].amount for cells in rows.values()) == 120
    for measure, column in (("revenue", "revenue_year"), ("margin", "margin_year"), ("value", "value")):
        for level in Level:
            whole = sum(row[column] for row in valuations(cycle) if row["level"] == level)
            assert rows[level][measure].amount == pytest.approx(whole, abs=1e-6)
    assert not list(settings.HOME.glob("extract-*"))


def test_the_same_day_again_changes_nothing(trade):
    first = run_cycle(AS_OF, today=TODAY)
    before = decisions(first, untold=()), valuations(first)
    again = run_cycle(AS_OF, today=TODAY)
    assert again == first
    assert (decisions(again, untold=()), valuations(again)) == before
    assert Cycle.objects.count() == 1


def test_what_is_at_stake_in_open_questions_follows_the_cycle(trade):
    run_cycle(AS_OF, today=TODAY)
    left, right = trade.people[3].pk, trade.people[4].pk
    asked = PossibleMatch.objects.create(left_id=left, right_id=right, probability=0.7, linkage=Linkage.objects.get())

    def at_stake() -> float:
        both = [customer_of(party).pk for party in (left, right)]
        return sum(row["value"] for row in valuations(in_force()) if row["customer_id"] in both)

    for _ in range(2):
        run_cycle(AS_OF, today=TODAY)
        asked.refresh_from_db()
        assert asked.stake == pytest.approx(at_stake()) and asked.stake > 0
        trade.buys(trade.people[3], AS_OF - timedelta(days=1), 5_000)


def test_new_facts_are_worked_in(trade):
    first = run_cycle(AS_OF, today=TODAY)
    party = trade.people[3]
    trade.buys(party, AS_OF - timedelta(days=1), 5_000)
    second = run_cycle(AS_OF, today=TODAY)
    assert second != first and in_force() == second
    first.refresh_from_db()
    assert first.replaced_at is not None
    assert partitions() == [f"differentiate_valuation_{second.pk}"]
    found = Valuation.objects.get(cycle_id=second.pk, customer_id=customer_of(party).pk)
    assert found.last_on == AS_OF - timedelta(days=1) and found.revenue_year >= 5_000


def test_a_consent_given_since_is_a_new_fact(trade):
    first = run_cycle(AS_OF, today=TODAY)
    trade.people[0].consents.create(
        channel="email", purpose="marketing", is_granted=False, at=datetime(2026, 6, 1, tzinfo=UTC)
    )
    assert run_cycle(AS_OF, today=TODAY) != first
    trade.people[0].preferences.create(wishes={"channels": ["letter"]})
    assert run_cycle(AS_OF, today=TODAY) == in_force() != first


def test_an_earlier_day_is_not_in_force(trade):
    later = run_cycle(AS_OF, today=TODAY)
    earlier = run_cycle(AS_OF - timedelta(days=30), today=TODAY)
    assert in_force() == later
    assert len(partitions()) == 2
    assert {row["first_on"] <= earlier.as_of for row in valuations(earlier)} == {True}


def test_a_day_that_lies_ahead_is_refused(trade):
    with pytest.raises(ImpossibleDay, match="2026-07-01"):
        run_cycle(TODAY + timedelta(days=1), today=TODAY)
    assert not Cycle.objects.exists()


def test_without_orders_it_says_what_to_do():
    with pytest.raises(NothingToWorkOn, match="Import orders"):
        run_cycle(AS_OF, today=TODAY)
    a_firm()
    with pytest.raises(NothingToWorkOn, match="Import orders"):
        run_cycle(AS_OF, today=TODAY)
    assert Cycle.objects.get().state == Cycle.State.FAILED
    assert "no order" in Cycle.objects.get().error
    assert partitions() == []


def test_two_at_once_are_one_too_many(trade):
    with other_connection() as other:
        other.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        with pytest.raises(AlreadyRunning, match="running already"):
            run_cycle(AS_OF, today=TODAY)
        assert not Cycle.objects.exists()
    assert run_cycle(AS_OF, today=TODAY).published_at


def test_a_failed_step_stands_in_error_and_the_old_result_is_served(trade, monkeypatch):
    first = run_cycle(AS_OF, today=TODAY)
    before = decisions(first), valuations(first), [row.cells for row in pyramid_of(first)]
    trade.buys(trade.people[0], AS_OF, 100)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the roof fell in")

    for name in ("decide", "publish"):
        with monkeypatch.context() as patch:
            patch.setattr(circle, name, breaks)
            with pytest.raises(RuntimeError):
                run_cycle(AS_OF, today=TODAY)
        failed = Cycle.objects.get(published_at=None)
        assert failed.state == Cycle.State.FAILED and "roof" in failed.error
        assert in_force() == first
        assert (decisions(first), valuations(first), [row.cells for row in pyramid_of(first)]) == before
    whole = run_cycle(AS_OF, today=TODAY)
    assert whole.pk == failed.pk and whole.error == ""
    assert partitions() == [f"differentiate_valuation_{whole.pk}"]


def test_what_was_begun_and_is_wanted_no_more_leaves_nothing(trade, monkeypatch):
    """Facts come, the run for them breaks, and the facts are taken back: the first result is right again."""
    first = run_cycle(AS_OF, today=TODAY)
    trade.buys(trade.people[0], AS_OF, 100)
    with monkeypatch.context() as patch:
        patch.setattr(circle, "publish", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_cycle(AS_OF, today=TODAY)
    line = trade.source.order_set.order_by("-id").first()
    line.lines.all().delete()
    line.delete()
    assert run_cycle(AS_OF, today=TODAY) == first
    assert partitions() == [f"differentiate_valuation_{first.pk}"]


def test_answered_decisions_survive(trade):
    anna = a_user()
    first = run_cycle(AS_OF, today=TODAY)
    done, postponed, refused = Decision.objects.filter(cycle=first, state="open").order_by("-score")[:3]
    at = datetime(2026, 7, 1, 9, tzinfo=UTC)
    answer.do(done, by=anna, at=at)
    answer.postpone(postponed, until_on=date(2026, 7, 9), by=anna, at=at)
    answer.refuse(refused, why_not="known_reason", by=anna, at=at)
    trade.buys(trade.people[0], AS_OF, 100)
    second = run_cycle(AS_OF, today=TODAY)
    assert second != first
    kept = {
        row.pk: row.state for row in Decision.objects.filter(cycle=second, pk__in=[done.pk, postponed.pk, refused.pk])
    }
    assert kept == {done.pk: "done", postponed.pk: "postponed", refused.pk: "refused"}
    assert not Decision.objects.filter(cycle=first).exists()
    customers = Decision.objects.filter(as_of=AS_OF).values_list("customer_id", flat=True)
    assert len(customers) == len(set(customers))


def test_progress_is_told_step_by_step(trade):
    told: list[str] = []
    run_cycle(AS_OF, today=TODAY, progress=lambda step, *_: told.append(step))
    steps = list(dict.fromkeys(told))
    assert steps.index("Reading order lines") < steps.index("Writing valuations") < steps.index("Publishing")
    assert PyramidCell.objects.count() == 42


def test_a_day_whose_outcomes_are_known_can_be_judged_anew(trade):
    run_cycle(AS_OF - timedelta(days=60), today=TODAY)
    run_cycle(AS_OF, today=TODAY)
    trade.buys(trade.people[0], AS_OF - timedelta(days=70), 100)
    again = run_cycle(AS_OF - timedelta(days=60), today=TODAY)
    assert decisions(again)


def test_of_a_step_that_nobody_took_the_next_day_decides_anew(trade):
    """What is open is what the newest day says."""
    first = run_cycle(AS_OF - timedelta(days=1), today=TODAY)
    assert Decision.objects.filter(cycle=first, state="open").exists()
    second = run_cycle(AS_OF, today=TODAY)
    old = with_standing(Decision.objects.filter(cycle=first), in_force())
    assert "passed" in {row.state for row in old} and "open" not in {row.state for row in old}
    by = a_user()
    for row in (row for row in old if row.state == "passed"):
        with pytest.raises(answer.AlreadyAnswered):
            answer.do(row, by=by, at=datetime(2026, 7, 1, 9, tzinfo=UTC))
    assert Decision.objects.filter(stands("passed", first, second), cycle=first).exists()
    assert not Decision.objects.filter(stands("open", first, second), cycle=first).exists()
    assert Decision.objects.filter(stands("open", second, second), cycle=second).exists()


def test_the_valuations_of_days_nobody_looks_back_at_are_dropped(trade):
    days = [date(2026, 3, 5), date(2026, 3, 20), date(2026, 5, 10), date(2026, 5, 28), AS_OF]
    cycles = [run_cycle(day, today=TODAY) for day in days]
    kept = [cycle for cycle, day in zip(cycles, days, strict=True) if day not in (days[0], days[2])]
    assert partitions() == sorted(f"differentiate_valuation_{cycle.pk}" for cycle in kept)
    assert all([row.cells for row in pyramid_of(cycle)] for cycle in cycles), "the pyramid of every day stays"
    again = run_cycle(days[0], today=TODAY)
    assert again == cycles[0] and len(valuations(in_force())) == 120


def test_a_table_somebody_reads_for_long_goes_the_next_time(trade, monkeypatch):
    monkeypatch.setattr(retiring, "PATIENCE", "50ms")
    run_cycle(date(2026, 3, 5), today=TODAY)
    run_cycle(date(2026, 3, 20), today=TODAY)
    old = partitions()[0]
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute(f"SELECT count(*) FROM {old}")
        run_cycle(AS_OF, today=TODAY)
        assert old in partitions()
    run_cycle(AS_OF + timedelta(days=1), today=TODAY)
    assert old not in partitions()


def test_a_view_somebody_built_on_an_old_table_keeps_it_and_fails_nothing(trade):
    for day in (date(2026, 3, 5), date(2026, 3, 6), date(2026, 3, 20)):
        run_cycle(day, today=TODAY)
    first, second, _ = partitions()
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE VIEW built_on_it AS SELECT customer_id FROM {first}")
    try:
        cycle = run_cycle(AS_OF, today=TODAY)
        assert cycle.state == Cycle.State.DONE and first in partitions() and second not in partitions()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP VIEW built_on_it")


def test_valuations_that_are_gone_are_made_again(trade, monkeypatch):
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the roof fell in")

    with monkeypatch.context() as patch:
        patch.setattr(circle, "decide", breaks)
        with pytest.raises(RuntimeError):
            run_cycle(AS_OF, today=TODAY)
    stopped = Cycle.objects.get()
    assert "value" in stopped.steps_done
    retiring.drop_partition(stopped)
    assert run_cycle(AS_OF, today=TODAY).pk == stopped.pk
    assert len(valuations(stopped)) == 120


def test_indexes_wait_for_those_of_a_killed_run(trade):
    """Its server goes on with them for a while."""
    cycle = run_cycle(AS_OF, today=TODAY)
    with other_connection() as dying:
        dying.execute("SELECT pg_advisory_lock(%s, %s)", [retiring.INDEXING, cycle.pk])
        with retiring.indexing(cycle) as indexed:
            with pytest.raises(TimeoutError):
                indexed(0.2)
            dying.execute("SELECT pg_advisory_unlock(%s, %s)", [retiring.INDEXING, cycle.pk])
            indexed()
