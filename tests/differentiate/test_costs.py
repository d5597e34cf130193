"""Counting what was done for each customer, and what it makes of value and pyramid, on a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from entente.differentiate.activity_rates import ImpossibleRates, rate_figures, serving_terms, set_rates
from entente.differentiate.costs import Served, costs_of, done_for, served
from entente.differentiate.facts import Facts, day_number
from entente.differentiate.models import Cycle, Level, PyramidCell, Valuation
from entente.differentiate.partitions import attach_partition
from entente.differentiate.pure.cost_to_serve import ACTIVITIES
from entente.differentiate.pure.serving_terms import ServingTerms
from entente.differentiate.settings import Basis
from entente.differentiate.value import value_customers
from entente.identify.counted import Counting
from entente.identify.match import match_new
from entente.identify.relations import relate
from entente.ledger.models import Delivery, Invoice, LineKind, Order, OrderLine, Party, Payment
from entente.staff.models import Setting
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger, a_trade, a_user, committed, customer_of

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)
START = date(2025, 6, 30)
TERMS = ServingTerms()


@pytest.fixture
def ledger(committed: None) -> Ledger:
    return Ledger()


def told(ledger: Ledger, party: Party | None) -> dict[str, Any]:
    return {"source": ledger.source, "party": party, "import_run": ledger.run, "line": 1}


def delivers(ledger: Ledger, party: Party | None, number: str, **fields: Any) -> None:
    Delivery.objects.create(**told(ledger, party), number=number, **fields)


def bills(ledger: Ledger, party: Party, number: str, due_on: date | None, amount: int = 100, **fields: Any) -> Invoice:
    given = {"issued_on": (due_on or AS_OF) - timedelta(days=14), "currency": "GBP", **fields}
    return Invoice.objects.create(**told(ledger, party), number=number, due_on=due_on, amount=amount, **given)


def pays(
    ledger: Ledger, invoice: Invoice | None, on: date, amount: int = 100, currency: str = "GBP", **fields: Any
) -> None:
    Payment.objects.create(
        **told(ledger, invoice.party if invoice else None), key=f"{on} {amount} {Payment.objects.count()}", invoice=invoice,
        paid_on=on, amount=amount, currency=currency, **fields,
    )  # fmt: skip


def counted(
    as_of: date = AS_OF, start: date = START, *, who: Counting = Counting.BUYER, terms: ServingTerms = TERMS
) -> tuple[dict[str, dict[str, float]], Served]:
    """({key of the party: {activity: times, where any}}, what the verb found)."""
    match_new()
    owner = dict(Party.objects.filter(memberships__ended_at=None).values_list("memberships__customer_id", "key"))
    customers = np.array(sorted(owner), np.int64)
    with extract() as columns:
        facts = Facts(columns, as_of, currency="GBP", margin_rate=0.4, counting=who)
        found = served(facts, customers, day_number(start), day_number(as_of), terms)
        spent = costs_of(facts, customers, day_number(start), day_number(as_of), terms)
    rows = {
        owner[number]: {one: times[at] for one, times in found.counts.items() if times[at]}
        for at, number in enumerate(customers.tolist())
    }
    for at, number in enumerate(customers.tolist()):
        assert spent[at] == pytest.approx(
            sum(times * terms.rates[one].value for one, times in rows[owner[number]].items())
        )
        if who == Counting.BUYER:
            card = {one.activity: one.times for one in done_for(parties(number), start, as_of, terms) if one.times}
            assert card == rows[owner[number]], "a page says of one customer what the verb says of all"
    return rows, found


def parties(customer: int) -> list[int]:
    return list(
        Party.objects.filter(memberships__customer_id=customer, memberships__ended_at=None).values_list("id", flat=True)
    )


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def test_each_activity_is_counted_once(ledger: Ledger):
    ann, bob = ledger.party("ann"), ledger.party("bob")
    ledger.all_buy(
        [(ann, date(2026, 5, 1), 100, {}), (ann, date(2026, 5, 1), 50, {}), (ann, date(2026, 5, 9), -20, {})]
    )
    ledger.buys(bob, date(2026, 5, 1), 10)
    delivers(ledger, ann, "D1", shipped_on=date(2026, 5, 2))
    delivers(ledger, ann, "D2", promised_on=date(2026, 5, 3), state="delivered")
    for number, state in (("D3", "cancelled"), ("D4", "planned"), ("D5", "")):
        delivers(ledger, ann, number, promised_on=date(2026, 5, 3), state=state)
    ledger.speaks(ann, at(date(2026, 5, 2)), minutes=12)
    ledger.speaks(ann, at(date(2026, 5, 3)))
    ledger.speaks(ann, at(date(2026, 5, 3)), minutes=0)
    ledger.speaks(ann, at(date(2026, 5, 4)), kind="visit", channel="visit", minutes=90)
    ledger.speaks(ann, at(date(2026, 5, 5)), kind="complaint", minutes=30, is_outgoing=False)
    for kind, channel in (
        ("mail", "email"),
        ("message", "sms"),
        ("mail", "letter"),
        ("mail", "fax"),
        ("note", "phone"),
    ):
        ledger.speaks(ann, at(date(2026, 5, 6)), kind=kind, channel=channel)
    rows, found = counted()
    assert rows["ann"] == {
        "order": 2, "return": 1, "delivery": 2, "call_minute": 17, "visit": 1, "complaint": 1, "mail": 2, "letter": 2,
    }  # fmt: skip
    assert rows["bob"] == {"order": 1}
    assert any(note.startswith("Of 1 calls nobody noted") and "5 minutes" in note for note in found.notes)


def test_an_order_of_several_lines_is_one_and_may_hold_a_return_too(ledger: Ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, date(2026, 5, 1), 100)
    line = OrderLine.objects.get()
    for amount, kind in ((40, LineKind.SALE), (5, LineKind.CHARGE), (-30, LineKind.RETURN), (-9, LineKind.RETURN)):
        line.pk, line.fact_key, line.amount, line.kind = (
            None,
            f"00000000-0000-0000-0000-{abs(amount):012}",
            amount,
            kind,
        )
        line.save(force_insert=True)
    assert Order.objects.count() == 1
    assert counted()[0]["ann"] == {"order": 1, "return": 1}


def test_only_the_period_counts_and_nothing_that_comes_later(ledger: Ledger):
    ann = ledger.party("ann")
    for day in (START, START + timedelta(days=1), AS_OF, AS_OF + timedelta(days=1)):
        ledger.buys(ann, day, 10)
        ledger.speaks(ann, at(day, 0), kind="visit", channel="visit")
        ledger.speaks(ann, datetime(day.year, day.month, day.day, 23, 59, 59, 900_000, tzinfo=UTC), minutes=1)
        delivers(ledger, ann, f"D{day}", shipped_on=day)
    assert counted()[0]["ann"] == {"order": 2, "visit": 2, "call_minute": 2, "delivery": 2}
    before, _ = counted(START, date(2024, 6, 30))
    assert before["ann"] == {"order": 1, "visit": 1, "call_minute": 1, "delivery": 1}


def test_an_invoice_not_paid_in_time_is_one_reminder(ledger: Ledger):
    ann, due = ledger.party("ann"), date(2026, 5, 1)
    late = due + timedelta(days=15)
    for number, on, amount in (
        ("in time", due, 100),
        ("on the last day", due + timedelta(days=14), 100),
        ("late", late, 100),
    ):
        pays(ledger, bills(ledger, ann, number, due), on, amount)
    pays(ledger, bills(ledger, ann, "in part", due), due, 60)
    pays(ledger, bills(ledger, ann, "other money", due), due, 100, currency="EUR")
    bills(ledger, ann, "never", due)
    bills(ledger, ann, "without a day", None)
    bills(ledger, ann, "not yet", AS_OF - timedelta(days=13))
    bills(ledger, ann, "too long ago", START - timedelta(days=15))
    bills(ledger, ann, "credit", due, -100, kind="credit_note")
    ledger.buys(ann, date(2026, 4, 1), 100)
    order = Order.objects.get()
    bills(ledger, ann, "credited", due, order=order)
    bills(ledger, ann, "its credit", due, -100, order=order, kind="credit_note")
    rows, found = counted()
    assert rows["ann"] == {"order": 1, "payment_reminder": 4}
    assert any("4 invoices not paid 14 days" in note for note in found.notes)
    patient = ServingTerms(reminder_days=15.0)
    assert counted(terms=patient)[0]["ann"]["payment_reminder"] == 3


def test_without_any_payment_nobody_is_taken_to_owe(ledger: Ledger):
    bills(ledger, ledger.party("ann"), "R1", date(2026, 5, 1))
    pays(ledger, None, AS_OF + timedelta(days=1), invoice_number="R9")
    assert counted()[0]["ann"] == {}
    pays(ledger, None, date(2026, 5, 16), invoice_number="R9")
    assert counted()[0]["ann"] == {}, "it was to be reminded of the day before"
    pays(ledger, None, date(2026, 5, 15), invoice_number="R9")
    assert counted()[0]["ann"] == {"payment_reminder": 1}


def test_where_payments_name_no_invoices_nobody_is_taken_to_owe(ledger: Ledger):
    ann = ledger.party("ann")
    for number in range(3):
        bills(ledger, ann, f"R{number}", date(2026, 5, 1))
        pays(ledger, None, date(2026, 4, 20))
    assert counted()[0]["ann"] == {}, "all is paid, and nothing says which"
    pays(ledger, Invoice.objects.get(number="R0"), date(2026, 4, 20))
    assert counted()[0]["ann"] == {"payment_reminder": 2}


def test_nobodys_orders_cost_the_firm_and_no_customer(ledger: Ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, date(2026, 5, 1), 10)
    ledger.all_buy((None, date(2026, 5, 1), 10, {}) for _ in range(3))
    delivers(ledger, None, "D1", shipped_on=date(2026, 5, 2))
    ledger.speaks(ledger.party("unmatched", erased_at=at(AS_OF)), at(date(2026, 5, 1)))
    rows, found = counted()
    assert rows["ann"] == {"order": 1}
    assert {one: times for one, times in found.anonymous.items() if times} == {"order": 3, "delivery": 1}


def test_branches_are_served_for_their_head(ledger: Ledger):
    head, branch = ledger.party("head", kind="organisation"), ledger.party("branch", kind="organisation")
    for party in (head, branch):
        ledger.buys(party, date(2026, 5, 1), 10)
        ledger.speaks(party, at(date(2026, 5, 1)), minutes=4)
    match_new()
    relate(customer_of(branch), "group", customer_of(head), by=None)
    rows, _found = counted(who=Counting.GROUP)
    assert rows == {"head": {"order": 2, "call_minute": 8}, "branch": {}}


def valued(**more: Any) -> tuple[dict[str, dict[str, Any]], dict[str, Any], Cycle]:
    match_new()
    cycle = Cycle.objects.create(as_of=AS_OF, currency="GBP")
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        found = value_customers(cycle, facts, progress=lambda *_: None, **more)
    attach_partition(cycle)
    owner = dict(Party.objects.values_list("memberships__customer_id", "key"))
    rows = {owner[row["customer_id"]]: row for row in Valuation.objects.filter(cycle_id=cycle.pk).values()}
    return rows, found, cycle


def test_profit_is_margin_less_cost_and_the_cells_add_up(ledger: Ledger):
    people = a_trade(ledger, buyers=60, until=AS_OF)
    for party in people[:5]:
        for day in range(1, 29):
            ledger.speaks(party, at(date(2026, 5, day)), kind="visit", channel="visit")
    ledger.buys(None, date(2026, 5, 1), 30)
    terms = ServingTerms.from_dict({"visit.amount": 200, "order.precision": "exact"})
    rows, found, cycle = valued(terms=terms)
    for row in rows.values():
        assert row["profit_year"] == pytest.approx(row["margin_year"] - row["cost_year"])
    loser = rows[people[0].key]
    assert loser["cost_year"] >= 28 * 200 and loser["profit_year"] < 0
    losses = [row["profit_year"] for row in rows.values() if row["profit_year"] < 0 and row["level"] <= Level.INACTIVE]
    below = found["below_zero"]
    assert (below["customers"], below["loss"]) == (len(losses), pytest.approx(-sum(losses)))
    assert sum(below["levels"].values()) == len(losses)
    assert found["serving"]["activities"]["visit"] == {"times": 140, "cost": 28_000, "anonymous": 0}
    assert found["serving"]["anonymous_cost"] == 2.0
    assert found["serving"]["cost"] == pytest.approx(sum(row["cost_year"] for row in rows.values()))
    assert set(found["laws"]["serving"]["rates"]) == set(terms.as_dict())
    assert {cell.precision for cell in PyramidCell.objects.filter(cycle=cycle, measure="cost")} == {"exact", "guess"}
    for measure, column in (("cost", "cost_year"), ("profit", "profit_year")):
        cells = {one.level: one for one in PyramidCell.objects.filter(cycle=cycle, measure=measure)}
        assert set(cells) == set(Level.values)
        for level, cell in cells.items():
            of = [row[column] for row in rows.values() if row["level"] == level]
            assert cell.amount == pytest.approx(sum(of), abs=1e-6)


def test_a_dearer_service_lowers_the_lifetime_value_of_whom_it_is_given_to(ledger: Ledger):
    people = a_trade(ledger, buyers=60, until=AS_OF)
    free, _found, _cycle = valued(terms=ServingTerms.from_dict({f"{one}.amount": 0 for one in ACTIVITIES}))
    for party in people[:5]:
        ledger.speaks(party, at(date(2026, 5, 1)), kind="visit", channel="visit")
    dear, found, cycle = valued(terms=ServingTerms.from_dict({"visit.amount": 500}))
    buyers = [key for key, row in free.items() if row["value"] > 0]
    assert buyers and all(dear[key]["value"] < free[key]["value"] for key in buyers)
    assert any("less what serving costs" in note for note in found["notes"])
    value = PyramidCell.objects.filter(cycle=cycle, measure="value").exclude(amount=0)
    assert all(cell.precision == "estimate" and cell.spread >= found["value_relative_error"] - 1e-9 for cell in value)


def test_the_pyramid_ranks_by_what_the_firm_chose(ledger: Ledger):
    for number in range(30):
        ledger.buys(ledger.party(f"p{number:02}"), date(2026, 5, 1), 1000 - number, cost=10 * number)
    ledger.buys(ledger.party("thin"), date(2026, 5, 1), 2000, cost=1999)
    ledger.speaks(Party.objects.get(key="p00"), at(date(2026, 5, 1)), kind="visit", channel="visit")
    terms = ServingTerms.from_dict({"visit.amount": 5000})
    tops = {}
    for basis in Basis:
        rows, found, _cycle = valued(basis=basis, terms=terms)
        assert found["basis"] == basis.value
        tops[basis.value] = [key for key, row in rows.items() if row["level"] == Level.TOP]
    assert tops == {"revenue": ["thin"], "margin": ["p00"], "profit": ["p01"]}


def test_an_empty_ledger_costs_nothing(ledger: Ledger):
    ledger.party("ann", known_on=date(2026, 1, 1))
    rows, found, _cycle = valued()
    assert rows["ann"]["cost_year"] == 0 and rows["ann"]["profit_year"] == 0
    assert found["serving"]["cost"] == 0 and found["below_zero"]["customers"] == 0


def test_rates_are_appended_and_only_what_differs_is_kept(ledger: Ledger):
    anna = a_user()
    as_they_stand = {one.name: one.written for group in rate_figures().values() for one in group}
    set_rates(as_they_stand, by=anna)
    assert Setting.objects.get(name="activity_rates").value == {}
    set_rates(
        {"visit.amount": "80,5", "visit.precision": "estimate", "visit.share": "۰٫۱", "call_minutes": "3"}, by=anna
    )
    kept = Setting.objects.filter(name="activity_rates").order_by("id").last()
    assert kept is not None and kept.set_by == anna
    assert kept.value == {"visit.amount": 80.5, "visit.precision": "estimate", "visit.share": 0.1, "call_minutes": 3.0}
    assert serving_terms().rates["visit"].share == pytest.approx(0.1)
    set_rates({"visit.precision": "exact"}, by=anna)
    assert serving_terms().rates["visit"].spread == 0
    set_rates({**as_they_stand}, by=anna)
    assert serving_terms() == ServingTerms() and Setting.objects.count() == 4


def test_a_rate_of_three_decimals_stays_when_the_form_is_kept_as_it_stands(ledger: Ledger):
    set_rates({"order.amount": "2.1250", "mail.amount": "0,125"}, by=None)
    written = {one.name: one.written for group in rate_figures().values() for one in group}
    assert (written["order.amount"], written["mail.amount"]) == ("2.125", "0.125")
    set_rates({**written, "visit.amount": "80"}, by=None)
    assert [serving_terms().rates[one].value for one in ("order", "mail", "visit")] == [2.125, 0.125, 80]


@pytest.mark.parametrize(
    ("name", "value"),
    [("visit.amount", "-1"), ("visit.amount", "dear"), ("visit.amount", "nan"), ("visit.amount", "1e999"), ("visit.precision", "sure"),
     ("visit.amount", "1,500"), ("order.amount", "12.500"),
     ("visit.share", "0"), ("visit.share", "9"), ("call_minutes", "x"), ("reminder_days", "1.5")],
)  # fmt: skip
def test_impossible_rates_say_where_and_keep_nothing(ledger: Ledger, name: str, value: str):
    with pytest.raises(ImpossibleRates) as error:
        set_rates({name: value}, by=None)
    assert set(error.value.errors) == {name}
    assert not Setting.objects.exists()
