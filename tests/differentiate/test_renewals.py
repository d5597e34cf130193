"""Contracts among a firm's order lines, on a real database: what they are worth, and that the laws of buying do not read them."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from entente.cycle import run_cycle
from entente.differentiate.backtest import backtest_value
from entente.differentiate.contract_models import ContractProduct
from entente.differentiate.contract_settings import end_contract, set_occasion_months
from entente.differentiate.explained_worth import explain_worth
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, Stage, Valuation
from entente.differentiate.partitions import attach_partition
from entente.differentiate.value import value_customers
from entente.identify.match import match_new
from entente.ledger.models import LineKind, Order, OrderLine, Party, Product
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger, a_trade, committed, customer_of, ledger

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)


def contract(ledger: Ledger, code: str = "care", months: int = 12) -> Product:
    product = ledger.product(code)
    ContractProduct.objects.create(product=product, months=months)
    return product


def subscribers(ledger: Ledger, product: Product, count: int, *, leave: float = 0.25, seed: int = 3) -> list[Party]:
    """Each began within the last eight years, pays 120 a year with a fifth of cost, and leaves with a chance of about `leave`."""
    rng = np.random.default_rng(seed)
    people = ledger.parties(count)
    wanted = []
    for party in people:
        chance = rng.beta(4 * leave, 4 * (1 - leave))
        day = AS_OF - timedelta(days=int(rng.integers(1, 8 * 365)))
        while day <= AS_OF:
            wanted.append((party, day, 120, {"product": product, "cost": 24}))
            if rng.random() < chance:
                break
            day += timedelta(days=365 + int(rng.integers(-10, 20)))
    ledger.all_buy(wanted)
    return people


def valued(as_of: date = AS_OF) -> tuple[dict[str, Any], dict[str, Any]]:
    """({key of the party: its valuation}, what the verb found)."""
    match_new()
    cycle = Cycle.objects.create(as_of=as_of, currency="GBP")
    with extract() as columns:
        found = value_customers(cycle, Facts(columns, as_of, currency="GBP", margin_rate=0.4), progress=lambda *_: None)
    attach_partition(cycle)
    owner = dict(Party.objects.values_list("memberships__customer_id", "key"))
    rows = {owner[row["customer_id"]]: row for row in Valuation.objects.filter(cycle_id=cycle.pk).values()}
    return rows, found


def test_a_standing_contract_is_worth_its_renewals_and_keeps_its_customer_active(ledger):
    subscribers(ledger, contract(ledger), 300)
    rows, found = valued()
    told = found["contracts"]["lengths"][0]
    assert told["months"] == 12 and told["has_law"] and not told["is_one_rate"]
    stand = [row for row in rows.values() if row["alive"] == 1.0]
    ended = [row for row in rows.values() if row["alive"] == 0.0]
    assert len(stand) == told["standing"] == found["contracts"]["holders"] and len(ended) == told["ended"]
    for row in stand:
        # At most four payments of 120 less 24, discounted; at least a part of the next.
        assert 0 < row["value"] < 4 * 96 and row["value_low"] <= row["value"] <= row["value_high"]
        assert row["stage"] in (Stage.WELCOME, Stage.GETTING_TO_KNOW, Stage.DEVELOPMENT)
        assert row["spend"] == pytest.approx(120) and 0 < row["expected_year"] <= 1
    for row in ended:
        assert row["value"] == 0 and row["value_high"] == 0 and row["stage"] in (Stage.LEAVING, Stage.LOST)
    assert found["value"] == pytest.approx(told["value"]) and 0 < found["value_relative_error"] < 0.3
    assert sum(row["expected_year"] for row in stand) == pytest.approx(told["renewals_year"])
    assert "contracts" in found["laws"] and found["laws"]["contracts"]["12"]["alpha"] > 0


def test_renewals_of_a_year_later_are_as_many_as_were_foreseen(ledger):
    subscribers(ledger, contract(ledger), 1500, seed=8)
    _rows, then = valued(date(2025, 6, 30))
    told = then["contracts"]["lengths"][0]
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        lines = facts.contract_lines()
    known = set(lines["customer_id"][lines["day"] <= 20_269].tolist())
    later = lines["day"] > 20_269
    came = sum(1 for who in lines["customer_id"][later].tolist() if who in known)
    assert abs(came - told["renewals_year"]) < 3 * told["renewals_error"]


def test_contracts_beside_free_purchases_change_nothing_in_the_laws_of_buying(ledger):
    traders = a_trade(ledger, buyers=60, until=AS_OF)
    plain_rows, plain = valued()
    product = contract(ledger)
    wanted = [
        (party, date(year, 3, 1 + k % 20), 500, {"product": product, "cost": 100})
        for k, party in enumerate(traders)
        for year in (2024, 2025, 2026)
    ]
    ledger.all_buy(wanted)
    rows, found = valued()
    assert found["laws"]["buying"] == plain["laws"]["buying"] and found["laws"]["spend"] == plain["laws"]["spend"]
    assert found["revenue"] == pytest.approx(plain["revenue"] + 60 * 500)
    for party in traders:
        before, now = plain_rows[party.key], rows[party.key]
        assert now["purchases"] > before["purchases"] and now["next_on"] == before["next_on"]
        assert now["value"] > before["value"] and now["value_high"] > before["value_high"]
        assert now["alive"] == 1.0
    assert backtest_value(date(2025, 6, 30), AS_OF, today=AS_OF).result["observed_total"] < 60 * 30


def test_a_payment_taken_back_pays_nothing(ledger):
    product = contract(ledger)
    ann, bob = ledger.party("ann"), ledger.party("bob")
    for party in (ann, bob):
        ledger.buys(party, date(2024, 6, 1), 120, product=product)
        ledger.buys(party, date(2025, 6, 5), 120, product=product)
    ledger.buys(bob, date(2025, 6, 9), -120, product=product)
    rows, found = valued(date(2026, 5, 1))
    assert rows["ann"]["alive"] == 1.0 and rows["bob"]["alive"] == 0.0
    told = found["contracts"]["lengths"][0]
    assert (told["standing"], told["ended"]) == (1, 1) and not told["has_law"] and told["refusal"]
    assert any("too little is known" in note for note in found["notes"])
    assert rows["ann"]["value"] == 0


def test_a_contract_paid_back_beyond_what_the_ledger_has_of_it_stops_no_cycle(ledger):
    """Paid before the first line, paid back after it: nothing is left of what the customer bought, so they are no buyer anywhere."""
    product = contract(ledger)
    people = ledger.parties(3)
    for party in people:
        ledger.buys(party, date(2026, 1, 5), 50)
    for party in (people[0], people[2]):
        ledger.buys(party, date(2026, 3, 1), -500, product=product)
    rows, found = valued()
    for party in (people[0], people[2]):
        row = rows[party.key]
        assert (row["purchases"], row["value"], row["expected_year"]) == (0, 0, 0) and row["next_on"] is None
    assert rows[people[1].key]["purchases"] == 1 and rows[people[1].key]["value"] > 0
    assert found["value"] == pytest.approx(rows[people[1].key]["value"])


def test_charges_and_reductions_on_a_contract_are_part_of_its_price_and_no_purchases_of_their_own(ledger):
    """Ten of postage and two off on every payment of 120: 128 a renewal, and nobody bought anything freely."""
    subscribers(ledger, contract(ledger), 150)
    OrderLine.objects.bulk_create(
        [
            OrderLine(
                order_id=one.order_id, party_id=one.party_id, import_run_id=one.import_run_id, kind=LineKind.CHARGE,
                ordered_on=one.ordered_on, quantity=1, amount=amount, unit_price=amount, cost=0, currency="GBP",
                line=one.line + place, fact_key=uuid.uuid4(),
            )
            for one in OrderLine.objects.all()
            for place, amount in ((100_000, 10), (200_000, -2))
        ]
    )  # fmt: skip
    rows, found = valued()
    assert "buying" not in found["laws"]
    stand = [row for row in rows.values() if row["alive"] == 1.0]
    assert stand and all(row["spend"] == pytest.approx(128) for row in stand)
    # A charge on an order of other things, too, stays with these.
    ann = ledger.party("ann")
    ledger.buys(ann, date(2026, 1, 1), 30)
    order = Order.objects.get(party=ann)
    for amount, fields in ((120, {"product": Product.objects.get(code="care")}), (10, {"kind": LineKind.CHARGE})):
        ledger.buys(ann, date(2026, 1, 1), amount, **fields)
    OrderLine.objects.filter(party=ann).update(order=order)
    rows, found = valued()
    assert "buying" in found["laws"] and found["laws"]["buying"]["customers"] == 1


def test_a_wrong_period_is_noticed(ledger):
    product = contract(ledger, months=12)
    ann = ledger.party("ann")
    for month in range(1, 13):
        ledger.buys(ann, date(2025, month, 3), 10, product=product)
    _rows, found = valued()
    assert any("check its period" in note and "Care" in note for note in found["notes"])


def test_a_firm_without_contracts_is_read_once_and_told_nothing_of_them(ledger):
    ledger.buys(ledger.party("ann"), date(2026, 1, 5), 50)
    match_new()
    with extract() as columns:
        facts = Facts(columns, AS_OF, currency="GBP", margin_rate=0.4)
        assert facts.free_purchases() is facts.purchases()
    _rows, found = valued()
    assert "contracts" not in found and "contracts" not in found["laws"]


def test_contract_products_that_nobody_ever_bought_change_nothing(ledger):
    contract(ledger)
    ledger.buys(ledger.party("ann"), date(2026, 1, 5), 50)
    rows, found = valued()
    assert found["contracts"] == {"lengths": [], "holders": 0} and rows["ann"]["purchases"] == 1


def test_contracts_of_two_lengths_have_a_law_each(ledger):
    people = subscribers(ledger, contract(ledger), 200)
    monthly = contract(ledger, "news", months=1)
    rng = np.random.default_rng(5)
    wanted = []
    for party in people[:150]:
        day = AS_OF - timedelta(days=int(rng.integers(30, 900)))
        while day <= AS_OF:
            wanted.append((party, day, 10, {"product": monthly}))
            if rng.random() < 0.1:
                break
            day += timedelta(days=30)
    ledger.all_buy(wanted)
    rows, found = valued()
    lengths = found["contracts"]["lengths"]
    assert [one["months"] for one in lengths] == [1, 12] and all(one["has_law"] for one in lengths)
    assert 1 - lengths[0]["left"] / lengths[0]["due"] == pytest.approx(0.9, abs=0.02)
    assert sum(row["value"] for row in rows.values()) == pytest.approx(sum(one["value"] for one in lengths))


def test_fixed_occasions_are_tried_only_where_the_firm_says_so(ledger):
    rng = np.random.default_rng(9)
    wanted = []
    for party in ledger.parties(200):
        comes = rng.beta(2, 1)
        wanted += [(party, date(year, 6, 3), 50, {}) for year in range(2016, 2027) if rng.random() < comes]
    ledger.all_buy(wanted)
    _rows, found = valued()
    assert "occasions" not in found
    set_occasion_months("12", by=None)
    _rows, found = valued()
    told = found["occasions"]
    assert told["months"] == 12 and told["held_out"] == 2 and told["bought_last"] > 50
    assert told["refusal"] or len(told["compared"]) == 3


def test_the_whole_circle_runs_for_a_firm_of_contracts_alone(ledger):
    people = subscribers(ledger, contract(ledger), 120)
    cycle = run_cycle(AS_OF, today=AS_OF)
    assert cycle.published_at is not None and cycle.totals["contracts"]["holders"] > 0
    assert not any("Nobody has bought" in note for note in cycle.notes)
    assert any("Nothing but contracts was bought" in note for note in cycle.notes)
    told = {step.said: step for step in explain_worth(customer_of(people[0])).steps}
    assert "paid since" in told["contract Care"].because
    product = Product.objects.get(code="care")
    assert run_cycle(AS_OF, today=AS_OF).pk == cycle.pk, "the same facts, the same result"
    end_contract(product.pk, by=None)
    again = run_cycle(AS_OF, today=AS_OF)
    assert again.pk != cycle.pk and "contracts" not in again.totals and "buying" in again.laws
