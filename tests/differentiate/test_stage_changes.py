"""Stages from cycle to cycle: since when, what changed, why; a day worked out again replaces its own changes only."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from entente.__main__ import main
from entente.cycle import run_cycle
from entente.differentiate.explained_worth import Step, as_data, explain_worth
from entente.differentiate.models import Stage, StageChange, Valuation
from entente.differentiate.need_facts import say
from entente.differentiate.pure.stages import Reason
from entente.differentiate.stage_changes import changes_of, why
from entente.ledger.models import Party
from tests.ledger_facts import Ledger, committed, customer_of, ledger

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


def worth(party: object, on: date) -> Valuation:
    return Valuation.objects.get(customer=customer_of(party), cycle__as_of=on, cycle__replaced_at=None)  # type: ignore[arg-type]


def test_who_orders_again_gets_known_and_the_change_is_dated_and_explained(ledger: Ledger):
    ann, bob = ledger.party("ann"), ledger.party("bob")
    ledger.buys(ann, date(2026, 5, 20), 100)
    ledger.buys(bob, date(2024, 5, 20), 100)
    run_cycle(MAY, today=JUNE)
    assert (worth(ann, MAY).stage, worth(ann, MAY).stage_on) == (Stage.WELCOME, date(2026, 5, 20))
    assert (worth(bob, MAY).stage, worth(bob, MAY).stage_on) == (Stage.LOST, date(2024, 5, 20) + timedelta(days=366))
    assert not StageChange.objects.exists()

    ledger.buys(ann, date(2026, 6, 10), 100)
    run_cycle(JUNE, today=JUNE)
    (change,) = changes_of(customer_of(ann).pk)
    assert (change.from_stage, change.to_stage, change.changed_on) == (Stage.WELCOME, Stage.GETTING_TO_KNOW, JUNE)
    assert change.reason == Reason.FEW_ORDERS and change.purchases == 2 and change.last_on == date(2026, 6, 10)
    assert why(change, change.changed_on) == "New, with 2 orders so far."
    assert worth(ann, JUNE).stage_on == JUNE
    assert worth(bob, JUNE).stage_on == worth(bob, MAY).stage_on
    assert not changes_of(customer_of(bob).pk)


def test_whom_nobody_knew_before_is_told_without_a_stage_before(ledger: Ledger):
    ledger.buys(ledger.party("ann"), date(2026, 5, 20), 100)
    run_cycle(MAY, today=JUNE)
    cleo = ledger.party("cleo")
    ledger.buys(cleo, date(2026, 6, 20), 50)
    run_cycle(JUNE, today=JUNE)
    (change,) = changes_of(customer_of(cleo).pk)
    assert change.from_stage is None and change.to_stage == Stage.WELCOME
    assert why(change, JUNE) == "The first order came on 20 June 2026."


def test_a_day_worked_out_again_replaces_its_own_changes_only(ledger: Ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, date(2026, 5, 20), 100)
    run_cycle(MAY, today=JUNE)
    ledger.buys(ann, date(2026, 6, 10), 100)
    run_cycle(JUNE, today=JUNE)
    ledger.buys(ann, date(2026, 6, 20), 100)
    run_cycle(JUNE, today=JUNE)
    (change,) = changes_of(customer_of(ann).pk)
    assert change.purchases == 3 and change.from_stage == Stage.WELCOME


def test_a_day_worked_out_afterwards_tells_no_change_twice(ledger: Ledger):
    ann = ledger.party("ann")
    ledger.buys(ann, date(2026, 5, 20), 100)
    run_cycle(MAY, today=JUNE)
    ledger.buys(ann, date(2026, 6, 10), 100)
    run_cycle(JUNE, today=JUNE)
    run_cycle(date(2026, 6, 15), today=JUNE)
    (change,) = changes_of(customer_of(ann).pk)
    assert (change.changed_on, change.from_stage) == (date(2026, 6, 15), Stage.WELCOME)


@pytest.mark.parametrize("code", Reason)
def test_every_rule_is_said_in_words(code: Reason):
    change = StageChange(reason=code, purchases=1, last_on=date(2026, 5, 1), changed_on=JUNE)
    said = why(change, JUNE)
    assert said.endswith(".") and "%" not in said
    assert why(StageChange(reason=99, purchases=1), JUNE) == ""


def test_every_figure_of_a_customer_is_explained(ledger: Ledger):
    ann = ledger.party("ann")
    for day in range(1, 29, 3):
        ledger.buys(ann, date(2026, 4, day), 100, cost=60)
    for number in range(30):
        ledger.buys(ledger.party(f"p{number}"), date(2026, 3, 1 + number % 28), 20)
    run_cycle(MAY, today=JUNE)
    found = as_data(explain_worth(customer_of(ann)))
    said = {one["figure"]: one for one in found["steps"]}
    assert said["revenue, 12 months"]["value"] == pytest.approx(1000)
    assert said["margin, 12 months"] == {
        "figure": "margin, 12 months",
        "value": pytest.approx(400),
        "because": "counted",
    }
    assert "10 x order" in said["cost to serve, 12 months"]["because"]
    profit = said["margin, 12 months"]["value"] - said["cost to serve, 12 months"]["value"]
    assert said["profit, 12 months"]["value"] == pytest.approx(profit)
    assert {"lifetime value", "level", "stage", "purchases", "next order", "still active", "spend a purchase"} <= set(
        said
    )
    assert all(one["because"] for one in found["steps"])


def test_who_came_after_the_cycle_is_told_as_such(ledger: Ledger):
    ledger.buys(ledger.party("ann"), date(2026, 5, 20), 100)
    run_cycle(MAY, today=JUNE)
    cleo = ledger.party("cleo")
    ledger.buys(cleo, date(2026, 6, 20), 50)
    from entente.identify.match import match_new

    match_new()
    assert explain_worth(customer_of(cleo)).steps == []


def test_what_is_explained_is_what_was_done(ledger: Ledger):
    ann, cleo, dan = ledger.party("ann"), ledger.party("cleo", known_on=date(2026, 1, 1)), ledger.party("dan")
    for day in (1, 5, 9):
        ledger.buys(ann, date(2026, 4, day), 100, cost=60)
    ledger.buys(dan, date(2024, 4, 1), 100)
    say(ann.pk, "budget", "1000", currency="GBP", said_on=date(2026, 5, 1), today=JUNE, is_stated=False)
    say(cleo.pk, "share_of_wallet", "20 %", said_on=date(2026, 5, 1), today=JUNE)
    for name in ("Jotun", "Brillux"):
        say(ann.pk, "other_supplier", name, said_on=date(2026, 5, 1), today=JUNE)
    run_cycle(MAY, today=JUNE)
    ledger.speaks(ann, datetime(2026, 4, 2, tzinfo=UTC), kind="visit", channel="visit")

    def said(party: Party) -> dict[str, Step]:
        return {one.said: one for one in explain_worth(customer_of(party)).steps}

    of_ann = said(ann)
    assert (of_ann["potential, a year"].value, of_ann["potential, a year"].because) == (
        1000,
        "as somebody of ours believes",
    )
    assert of_ann["more margin, a year"].value == pytest.approx(280)
    assert set(of_ann["stimulation pays"].because.split(", ")) == {"Jotun", "Brillux"}
    assert "1 x visit = 50.00" in of_ann["cost to serve, 12 months"].because
    assert "the circle counted -50.00 beside" in of_ann["cost to serve, 12 months"].because
    assert of_ann["level"].because.startswith("among the active by revenue")
    assert (said(cleo)["share of wallet"].value, said(cleo)["share of wallet"].because) == (0.2, "as they said")
    assert said(cleo)["level"].because.startswith("never bought")
    assert said(dan)["level"].because.startswith("bought before, but nothing in the last 12 months")


def test_the_command_prints_it_for_people_and_for_machines(ledger: Ledger, capsys: pytest.CaptureFixture[str]):
    ann, cleo = ledger.party("ann"), ledger.party("cleo", known_on=date(2026, 1, 1))
    ledger.buys(ann, date(2026, 4, 1), 100, cost=60)
    say(ann.pk, "budget", "1000", currency="GBP", said_on=date(2026, 5, 1), today=JUNE)
    run_cycle(MAY, today=JUNE)
    for party in (ann, cleo):
        number = str(customer_of(party).pk)
        assert main(["differentiate", "--explain", number]) == 0
        said = capsys.readouterr().out
        assert "as of 2026-05-31, in GBP" in said and "cost to serve, 12 months" in said
        assert main(["differentiate", "--explain", number, "--json"]) == 0
        assert {one["figure"] for one in json.loads(capsys.readouterr().out)["steps"]} >= {"level", "stage"}
    assert main(["differentiate", "--explain", "99999999999999999999"]) == 1
    assert "There is no customer number" in capsys.readouterr().err
