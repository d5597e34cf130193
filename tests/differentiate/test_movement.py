"""Movement on a real database: a year back with every cycle, between any two days, and who is in each cell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from entente import jobs
from entente.cycle import run_cycle
from entente.differentiate.current import in_force, pyramid_of
from entente.differentiate.models import Level, Movement, MovementMember, Valuation
from entente.differentiate.moved import NOT_THERE, matrix_of, members, movements
from entente.differentiate.movement import ImpossibleSpan, work_out
from entente.identify.match import match_new
from entente.identify.models import Customer, Membership
from entente.ledger.models import Party
from entente.staff.models import User
from tests.ledger_facts import a_trade, a_user, committed, customer_of, ledger

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
TODAY = date(2026, 7, 1)


@pytest.fixture
def anna(committed: None) -> User:
    return a_user()


def rows() -> dict[str, dict[str, Any]]:
    """{key of the party: its valuation in force}"""
    owner = {link.customer_id: link.party.key for link in Membership.objects.select_related("party")}
    return {owner[row["customer_id"]]: row for row in Valuation.objects.filter(cycle_id=in_force().pk).values()}


def test_where_each_stood_a_year_ago(ledger):
    """Ann bought last year and this year, Bob only last year, Cleo only this year, Dora talked last year and bought this one."""
    ann, bob, cleo, dora = (ledger.party(key) for key in ("ann", "bob", "cleo", "dora"))
    for day, who, amount in (
        (date(2024, 9, 1), ann, 500), (date(2025, 3, 1), bob, 80), (date(2025, 9, 1), ann, 300), (date(2026, 2, 1), cleo, 50),
        (date(2026, 3, 1), dora, 60),
    ):  # fmt: skip
        ledger.buys(who, day, amount, cost=amount * 0.6)
    ledger.speaks(dora, datetime(2025, 5, 1, tzinfo=UTC), channel="email", kind="mail")
    match_new()
    cycle = run_cycle(AS_OF, today=TODAY)
    found = rows()
    assert {key: row["level_before"] for key, row in found.items()} == {
        "ann": Level.TOP, "bob": Level.SMALL, "cleo": None, "dora": Level.PROSPECT,
    }  # fmt: skip
    assert found["bob"]["level"] == Level.INACTIVE
    assert (found["ann"]["revenue_before"], found["ann"]["revenue_year"]) == (500, 300)
    assert found["ann"]["profit_before"] < 200 and found["ann"]["profit_before"] == pytest.approx(200, abs=30)
    assert (found["cleo"]["revenue_before"], found["cleo"]["profit_before"]) == (0, 0)
    matrix = matrix_of(cycle.movement)
    assert (cycle.movement.from_on, cycle.movement.to_on) == (date(2025, 6, 30), AS_OF)
    assert matrix.sums.came_in == 1 and matrix.sums.began == 2 and matrix.sums.stopped == 1 and matrix.sums.out == 0


def test_the_matrix_adds_up_to_the_pyramids(ledger):
    people = a_trade(ledger, buyers=80, until=AS_OF)
    ledger.speaks(people[0], datetime(2026, 6, 1, tzinfo=UTC))
    cycle = run_cycle(AS_OF, today=TODAY)
    matrix = matrix_of(cycle.movement)
    assert {level: matrix.second[level] for level in Level} == {row.level: row.customers for row in pyramid_of(cycle)}
    then = Valuation.objects.filter(cycle_id=cycle.pk)
    assert matrix.first == {int(level): then.filter(level_before=level).count() for level in Level}
    money = {
        name: sum(getattr(one.cell, name) for one in matrix.places)
        for name in ("revenue_after", "profit_after", "value_after")
    }
    told = {row.level: row.cells for row in pyramid_of(cycle)}
    for name, measure in (("revenue_after", "revenue"), ("profit_after", "profit"), ("value_after", "value")):
        assert money[name] == pytest.approx(sum(cells[measure].amount for cells in told.values()))


def test_the_year_before_is_what_a_cycle_of_that_day_says(ledger):
    """The same law, the same facts: nothing came in late, so nothing differs."""
    people = a_trade(ledger, buyers=60, until=AS_OF, years=3)
    paint = ledger.product("returned paint")
    for place, party in enumerate(people[:20]):
        day = date(2024, 9, 1) + timedelta(days=40 * place)
        ledger.buys(party, day, 80, product=paint)
        ledger.buys(party, day + timedelta(days=9), -80 if place % 2 else -30, product=paint)
    ledger.buys(ledger.party("all back"), date(2025, 3, 1), 50, product=paint)
    ledger.buys(Party.objects.get(key="all back"), date(2025, 3, 5), -50, product=paint)
    ledger.speaks(people[3], datetime(2025, 1, 1, tzinfo=UTC))
    match_new()
    earlier = run_cycle(date(2025, 6, 30), today=TODAY)
    then = {
        row.customer_id: (row.level, row.revenue_year, row.profit_year)
        for row in Valuation.objects.filter(cycle_id=earlier.pk)
    }
    cycle = run_cycle(AS_OF, today=TODAY)
    now = Valuation.objects.filter(cycle_id=cycle.pk, level_before__isnull=False)
    found = {row.customer_id: (row.level_before, row.revenue_before, row.profit_before) for row in now}
    assert set(found) == set(then)
    for number, (level, revenue, profit) in then.items():
        assert found[number] == (level, pytest.approx(revenue), pytest.approx(profit))


def test_the_first_year_of_a_firm_comes_in(ledger):
    ledger.buys(ledger.party("ann"), date(2026, 5, 1), 100)
    match_new()
    cycle = run_cycle(AS_OF, today=TODAY)
    matrix = matrix_of(cycle.movement)
    assert matrix.sums.came_in == matrix.customers == 1 and not matrix.has_year_before


def test_the_same_day_again_has_one_movement(ledger):
    party = ledger.party("ann")
    ledger.buys(party, date(2026, 5, 1), 100)
    match_new()
    run_cycle(AS_OF, today=TODAY)
    ledger.buys(party, date(2026, 5, 2), 100)
    cycle = run_cycle(AS_OF, today=TODAY)
    assert [one.cycle for one in movements(cycle)] == [cycle]


def test_every_cell_leads_to_its_customers_the_most_valuable_first(ledger, anna, monkeypatch):
    a_trade(ledger, buyers=60, until=AS_OF)
    cycle = run_cycle(AS_OF, today=TODAY)
    monkeypatch.setattr("entente.differentiate.moved.PAGE", 4)
    asked = work_out(date(2026, 1, 1), AS_OF, today=TODAY, by=anna)
    for movement in (cycle.movement, asked):
        for one in matrix_of(movement).places:
            seen, later = [], None
            while True:
                page = members(movement, one.before, one.after, anna, later=later)
                seen += page.rows
                later = page.more
                if later is None:
                    break
            assert len({member.customer.pk for member in seen}) == len(seen) == one.customers
            values = [member.value for member in seen]
            assert values == sorted(values, reverse=True)
            assert sum(member.profit_after for member in seen) == pytest.approx(one.cell.profit_after)


def test_between_two_days_who_was_linked_since_is_one_on_both(ledger, anna):
    """Two records of one customer: in and out add up, nobody leaves for having been somebody else."""
    first, second = ledger.party("ann"), ledger.party("ann again")
    ledger.buys(first, date(2025, 3, 1), 100)
    ledger.buys(second, date(2026, 3, 1), 100)
    match_new()
    stays, goes = customer_of(first), customer_of(second)
    apart = matrix_of(work_out(date(2025, 6, 30), AS_OF, today=TODAY, by=anna))
    assert (apart.sums.came_in, apart.sums.stopped, apart.customers) == (1, 1, 2)
    Membership.objects.filter(customer=goes).update(customer=stays, law="same")
    joined = matrix_of(work_out(date(2025, 6, 30), AS_OF, today=TODAY, by=anna))
    assert (joined.customers, joined.sums.same, joined.sums.came_in, joined.sums.out) == (1, 1, 0, 0)
    hidden = members(apart.movement, NOT_THERE, Level.TOP, anna, later=None)
    assert (hidden.rows, hidden.hidden) == ([], 1), (
        "their cell still counts them; the page says they are somebody else's"
    )


def test_a_span_that_cannot_be_is_refused(ledger, anna):
    for first, last in ((AS_OF, AS_OF), (AS_OF, date(2026, 1, 1)), (AS_OF, date(2026, 7, 2)), (date(1, 1, 1), AS_OF)):
        with pytest.raises(ImpossibleSpan):
            work_out(first, last, today=TODAY, by=anna)
    assert not Movement.objects.exists()


def test_an_empty_firm_has_an_empty_movement(ledger, anna):
    found = matrix_of(work_out(date(2026, 1, 1), AS_OF, today=TODAY, by=anna))
    assert (found.customers, found.places) == (0, [])


def test_only_the_latest_asked_for_are_kept_with_their_customers(ledger, anna, monkeypatch):
    monkeypatch.setattr("entente.differentiate.movement.KEPT", 2)
    ledger.buys(ledger.party("ann"), date(2026, 5, 1), 100)
    match_new()
    made = [work_out(date(2026, 1, 1), AS_OF, today=TODAY, by=anna).pk for _ in range(3)]
    assert list(Movement.objects.order_by("pk").values_list("pk", flat=True)) == made[1:]
    assert set(MovementMember.objects.values_list("movement", flat=True)) == set(made[1:])
    assert Customer.objects.count() == 1


def test_the_worker_makes_what_was_asked_for(ledger, anna):
    ledger.buys(ledger.party("ann"), date(2026, 5, 1), 100)
    match_new()
    jobs.movement("2026-01-01", AS_OF.isoformat(), anna.pk)
    made = Movement.objects.get()
    assert (made.from_on, made.to_on, made.by, made.members.count()) == (date(2026, 1, 1), AS_OF, anna, 1)
    assert jobs.defer_movement(date(2026, 1, 1), AS_OF, anna.pk)
    assert not jobs.defer_movement(date(2026, 1, 1), AS_OF, anna.pk), "the same waits already"
