"""After the first cycle the sample's manager has estimates and plans, once; somebody else's firm gets none."""

from __future__ import annotations

import datetime as dt

import pytest

from entente.cycle import run_cycle
from entente.differentiate.costs import made_of
from entente.differentiate.models import OwnEstimate, Plan, PotentialCell, Valuation
from entente.differentiate.own_estimates import own_estimates
from entente.identify.models import Membership
from entente.sample.plant import plant
from entente.sample.settle import settle
from entente.sample.steer import steer
from tests.ledger_facts import Ledger, a_firm, a_trade, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF, TODAY = dt.date(2026, 11, 20), dt.date(2026, 11, 21)


def test_the_sample_shows_what_the_pages_of_differentiate_are_for(committed):
    done = plant(seed=7, as_of=AS_OF, customers=500)
    settle()
    cycle = run_cycle(AS_OF, today=TODAY)
    assert steer(cycle)
    target = Plan.objects.get(state=Plan.State.TARGET)
    assert target.responsible.email == "henrik@lindqvist.example" and target.ends_on > AS_OF and target.expected
    assert Plan.objects.filter(state=Plan.State.DRAFT).count() == 1
    assert len(own_estimates()) == OwnEstimate.objects.count() >= 3
    before = (Plan.objects.count(), OwnEstimate.objects.count())
    assert not steer(cycle) and (Plan.objects.count(), OwnEstimate.objects.count()) == before

    # Of serving customers nothing is missing but letters, which the sample does not write.
    activities = cycle.totals["serving"]["activities"]
    assert {name for name, row in activities.items() if not row["times"]} == {"letter"}
    # Who costs more than they bring is below zero, and the page can say of what.
    truth = done.truth
    few = [key for key, person in truth.person_of().items() if truth.demanding[person]]
    owner = dict(Membership.objects.filter(ended_at=None).values_list("party__key", "customer_id"))
    worth = Valuation.objects.filter(cycle=cycle, customer_id__in=[owner[key] for _source, key in few])
    assert worth and all(each.profit_year < 0 for each in worth)
    for each in worth:
        parties = Membership.objects.filter(customer_id=each.customer_id, ended_at=None).values_list(
            "party_id", flat=True
        )
        done_for = {one.activity: one.times for one in made_of(list(parties), cycle)}
        assert (
            done_for["visit"] >= 12 and done_for["delivery"] > done_for["order"] and done_for["payment_reminder"] >= 1
        )

    cells = PotentialCell.objects.filter(cycle=cycle)
    for case in ("stated", "low_share", "plays_off", "buys_through"):
        assert sum(getattr(cell, case) for cell in cells) >= 3


def test_where_the_firm_is_no_sample_nothing_is_written(committed):
    a_firm()
    a_trade(Ledger(), buyers=120, until=dt.date(2026, 6, 30), email="buyer@example.com")
    cycle = run_cycle(dt.date(2026, 6, 30), today=dt.date(2026, 7, 1))
    assert not steer(cycle) and not Plan.objects.exists() and not OwnEstimate.objects.exists()
