"""From facts to valuations, on a real database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, Level, PyramidCell, Stage, Valuation
from entente.differentiate.partitions import attach_partition
from entente.differentiate.value import value_customers
from entente.identify.match import match_new
from entente.ledger.models import ExchangeRate, Interaction, LineKind, Party
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger, a_trade, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)


@pytest.fixture
def ledger(committed: None) -> Ledger:
    return Ledger()


def valued(as_of: date = AS_OF, *, currency: str = "GBP") -> tuple[dict[str, Any], dict[str, Any]]:
    """({key of the party: its valuation}, what the verb found)."""
    match_new()
    cycle = Cycle.objects.create(as_of=as_of, currency=currency)
    with extract() as columns:
        facts = Facts(columns, as_of, currency=currency, margin_rate=0.4)
        found = value_customers(cycle, facts, progress=lambda *_: None)
    assert not Valuation.objects.filter(cycle_id=cycle.pk).exists(), "nobody sees it before it is published"
    attach_partition(cycle)
    owner = dict(Party.objects.values_list("memberships__customer_id", "key"))
    rows = {owner[row["customer_id"]]: row for row in Valuation.objects.filter(cycle_id=cycle.pk).values()}
    return rows, {**found, "cycle": cycle}


def cell(found: dict[str, Any], level: Level, measure: str) -> PyramidCell:
    return PyramidCell.objects.get(cycle=found["cycle"], level=level, measure=measure)


def test_foreign_money_counts_at_the_rate_of_its_day(ledger):
    ann = ledger.party("ann")
    for day, rate in ((date(2026, 1, 1), "0.80"), (date(2026, 3, 1), "0.90"), (date(2026, 7, 1), "9")):
        ExchangeRate.objects.create(currency="EUR", from_on=day, rate=Decimal(rate))
    ledger.buys(ann, date(2026, 2, 28), 100, currency="EUR", cost=60)
    ledger.buys(ann, date(2026, 3, 1), 100, currency="EUR", cost=60)
    ledger.buys(ann, date(2026, 3, 2), 10, cost=6)
    rows, found = valued()
    assert rows["ann"]["revenue_year"] == pytest.approx(80 + 90 + 10)
    assert rows["ann"]["margin_year"] == pytest.approx(32 + 36 + 4)
    assert not rows["ann"]["margin_is_estimate"]
    assert found["notes"] == [] or not any("exchange rate" in note for note in found["notes"])


def test_money_without_a_rate_is_left_out_and_said(ledger):
    ann, bob = ledger.party("ann"), ledger.party("bob")
    ExchangeRate.objects.create(currency="EUR", from_on=date(2026, 3, 1), rate=Decimal("0.9"))
    ledger.buys(ann, date(2026, 2, 1), 100, currency="EUR")
    ledger.buys(ann, date(2026, 4, 1), 100, currency="EUR")
    ledger.buys(bob, date(2026, 4, 1), 100, currency="SEK")
    ledger.buys(ann, date(2026, 4, 1), 50)
    rows, found = valued()
    assert rows["ann"]["revenue_all"] == pytest.approx(140)
    assert rows["ann"]["purchases"] == 1
    assert any(note.startswith("2 lines") and "GBP" in note for note in found["notes"])
    assert "bob" not in rows or rows["bob"]["revenue_all"] == 0


def test_nobodys_sales_are_in_the_totals_and_never_a_customer(ledger):
    ann = ledger.party("ann")
    ExchangeRate.objects.create(currency="EUR", from_on=date(2026, 1, 1), rate=Decimal("0.5"))
    ledger.buys(ann, date(2026, 5, 1), 100)
    ledger.buys(None, date(2026, 5, 1), 40)
    ledger.buys(None, date(2026, 5, 2), -15)
    ledger.buys(None, date(2026, 5, 2), 20, currency="EUR")
    ledger.buys(None, date(2024, 5, 2), 1_000)
    ledger.buys(None, date(2026, 7, 1), 1_000)
    rows, found = valued()
    assert set(rows) == {"ann"}
    assert found["revenue"] == 100
    assert found["anonymous_revenue"] == pytest.approx(40 - 15 + 10)
    ledger.buys(None, date(2026, 5, 3), 99, currency="SEK")
    _, found = valued()
    assert found["anonymous_revenue"] == pytest.approx(40 - 15 + 10)
    assert any(note.startswith("1 lines") for note in found["notes"])


def test_returns_are_taken_off_their_purchase(ledger):
    ann, bob = ledger.party("ann"), ledger.party("bob")
    paint = ledger.product("paint")
    ledger.buys(ann, date(2026, 1, 10), 100, product=paint)
    ledger.buys(ann, date(2026, 2, 10), 60, product=paint)
    ledger.buys(ann, date(2026, 2, 20), -60, product=paint)
    ledger.buys(bob, date(2026, 1, 5), 30, product=paint)
    ledger.buys(bob, date(2026, 1, 6), -50, product=paint, quantity=2)
    rows, found = valued()
    assert rows["ann"]["revenue_year"] == 100 and rows["ann"]["purchases"] == 1
    assert rows["ann"]["last_on"] == date(2026, 1, 10)
    assert rows["bob"]["revenue_year"] == -20 and rows["bob"]["purchases"] == 0
    assert rows["bob"]["level"] in (Level.PROSPECT, Level.SUSPECT, Level.INACTIVE)
    assert found["cancelled_days"] == 2


def test_what_comes_later_changes_nothing(ledger):
    """The same valuations, to the last digit, whether or not anything is known of the days after."""
    people = a_trade(ledger, buyers=40, until=AS_OF)
    ledger.speaks(people[0], datetime(2026, 6, 1, 9, tzinfo=UTC), kind="complaint")
    complaint = ledger.speaks(people[2], datetime(2026, 6, 2, tzinfo=UTC), kind="complaint")
    before, _ = valued()
    rng = np.random.default_rng(3)
    later = [AS_OF + timedelta(days=1 + int(k)) for k in rng.integers(0, 300, 200)]
    ledger.all_buy((people[int(rng.integers(40))], day, float(rng.integers(-90, 900)) + 0.5, {}) for day in later)
    ledger.buys(people[1], AS_OF + timedelta(days=1), 77, currency="SEK")
    ledger.buys(None, AS_OF + timedelta(days=1), 77)
    ExchangeRate.objects.create(currency="SEK", from_on=AS_OF + timedelta(days=1), rate=Decimal("0.08"))
    for party in people[:20]:
        ledger.speaks(party, datetime(2026, 7, 1, 0, 0, 1, tzinfo=UTC), kind="complaint")
    Interaction.objects.filter(pk=complaint.pk).update(settled_at=datetime(2026, 7, 2, tzinfo=UTC))
    ledger.party("newcomer", known_on=AS_OF + timedelta(days=1))
    after, _ = valued()
    assert set(after) == set(before)
    for key, row in before.items():
        assert {**after[key], "cycle_id": row["cycle_id"]} == row
    assert after[people[2].key]["stage"] == Stage.PROBLEM, "open on that day, settled later"


def test_when_nobody_bought(ledger):
    ledger.party("ann", known_on=date(2026, 1, 1))
    rows, found = valued()
    assert rows["ann"]["level"] == Level.SUSPECT and rows["ann"]["value"] == 0
    assert any("Nobody has bought" in note for note in found["notes"])
    assert cell(found, Level.SUSPECT, "customers").amount == 1


def test_one_customer(ledger):
    ledger.buys(ledger.party("ann"), date(2026, 5, 1), 100)
    rows, found = valued()
    assert rows["ann"]["level"] <= Level.SMALL and rows["ann"]["purchases"] == 1
    assert rows["ann"]["value_low"] <= rows["ann"]["value"] <= rows["ann"]["value_high"]
    assert found["customers"] == 1


@pytest.mark.parametrize("n", [2, 10])
def test_few_customers(ledger, n):
    for k in range(n):
        party = ledger.party(f"p{k}")
        for m in range(k % 4 + 1):
            ledger.buys(party, date(2026, 1 + m, 1 + k), 10 * (k + 1))
    rows, found = valued()
    assert len(rows) == n and all(np.isfinite(row["value"]) and row["value"] >= 0 for row in rows.values())
    whole = sum(one.amount for one in PyramidCell.objects.filter(cycle=found["cycle"], measure="value"))
    assert whole == pytest.approx(sum(row["value"] for row in rows.values()))


def test_who_only_talks_is_a_prospect_and_who_is_only_known_a_suspect(ledger):
    talker, known, buyer = (
        ledger.party("talker"),
        ledger.party("known", known_on=date(2026, 1, 1)),
        ledger.party("buyer"),
    )
    ledger.speaks(talker, datetime(2026, 5, 1, tzinfo=UTC))
    ledger.buys(buyer, date(2026, 5, 1), 10)
    ledger.party("unknown")
    rows, _ = valued()
    assert rows["talker"]["level"] == Level.PROSPECT and rows["known"]["level"] == Level.SUSPECT
    assert rows["buyer"]["level"] <= Level.SMALL and "unknown" not in rows
    assert known.key in rows


def test_an_open_complaint_is_a_problem_until_it_is_settled(ledger):
    for key, settled in (("open", None), ("settled", datetime(2026, 6, 1, tzinfo=UTC))):
        party = ledger.party(key)
        for month in (1, 2, 3, 4, 5, 6):
            ledger.buys(party, date(2026, month, 3), 100)
        ledger.speaks(party, datetime(2026, 5, 20, tzinfo=UTC), kind="complaint", is_outgoing=False, settled_at=settled)
    rows, _ = valued()
    assert rows["open"]["stage"] == Stage.PROBLEM and rows["settled"]["stage"] != Stage.PROBLEM


def test_a_margin_is_exact_where_every_cost_is_known(ledger):
    exact, mixed = ledger.party("exact"), ledger.party("mixed")
    ledger.buys(exact, date(2026, 5, 1), 100, cost=70)
    ledger.buys(mixed, date(2026, 5, 1), 100, cost=70)
    ledger.buys(mixed, date(2026, 5, 2), 100)
    rows, found = valued()
    assert (rows["exact"]["margin_year"], rows["exact"]["margin_is_estimate"]) == (30, False)
    assert (rows["mixed"]["margin_year"], rows["mixed"]["margin_is_estimate"]) == (pytest.approx(70), True)
    precise = {one.precision for one in PyramidCell.objects.filter(cycle=found["cycle"], measure="revenue")}
    assert precise == {"exact"}


def test_postage_is_revenue_and_no_product(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, date(2026, 5, 1), 100, product=ledger.product("paint"))
    ledger.buys(ann, date(2026, 5, 1), 5, product=ledger.product("post", is_charge=True), kind=LineKind.CHARGE)
    match_new()
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        assert facts.money()["revenue_year"].tolist() == [105]
        assert len(facts.bought_products(0)["product_id"]) == 1


def test_a_day_ends_when_it_ends(ledger):
    """The last instant of the day belongs to it, the first of the next does not."""
    early, late = ledger.party("early"), ledger.party("late")
    ledger.speaks(early, datetime(2026, 6, 30, 23, 59, 59, 900_000, tzinfo=UTC))
    ledger.speaks(late, datetime(2026, 7, 1, tzinfo=UTC))
    rows, _ = valued()
    assert set(rows) == {"early"}


def test_a_year_ends_on_the_29th_of_february(ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, date(2023, 2, 28), 1)
    ledger.buys(ann, date(2023, 3, 1), 2)
    ledger.buys(ann, date(2024, 2, 29), 4)
    rows, _ = valued(date(2024, 2, 29))
    assert (rows["ann"]["revenue_year"], rows["ann"]["revenue_all"]) == (6, 7)
