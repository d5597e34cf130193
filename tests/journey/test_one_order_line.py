"""One order line through the whole house."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from entente.customize.models import Answer, Decision
from entente.cycle import run_cycle
from entente.differentiate.models import Level, Valuation
from entente.identify.models import Customer
from entente.interact.models import ConsentEvent
from entente.learn.assign import own_terms
from entente.ledger.mapping import load
from entente.ledger.models import Interaction, OrderLine
from entente.ledger.record import open_import, run_import
from entente.staff.settings import put_setting
from tests.cast import staff
from tests.ledger_facts import committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]


def test_from_a_file_to_a_call_and_the_day_after(tmp_path: Path):
    today = timezone.localdate()
    people = staff()
    # The file: Zelda ordered once, the day before yesterday.
    ordered_on = today - timedelta(days=2)
    log = tmp_path / "orders.csv"
    log.write_text(f"customer,date,amount\nZelda,{ordered_on.isoformat()},250.00\n")
    imported = run_import(
        open_import(log, mapping=load("purchase-log"), source_name="shop", file_name="orders.csv", by=None).pk
    )
    assert (imported.rows_recorded, imported.rows_refused) == (1, 0)
    line = OrderLine.objects.get()
    assert (line.party.key, line.ordered_on, line.amount) == ("Zelda", ordered_on, 250)

    # The circle for yesterday.
    put_setting("hold_out", {**own_terms(), "share": 0.0}, by=None)
    # Whatever day this runs on, a call is welcome.
    put_setting(
        "contact_policy", {"hours": {"phone": {"relationship": [{"hours": "00:00-24:00", "days_off": True}]}}}, by=None
    )
    ConsentEvent.objects.create(
        party=line.party,
        channel="phone",
        purpose="relationship",
        is_granted=True,
        at=timezone.now() - timedelta(days=3),
    )
    yesterday = today - timedelta(days=1)
    first = run_cycle(yesterday, today=today)
    zelda = Customer.objects.get()
    worth = Valuation.objects.get(cycle_id=first.pk)
    assert (zelda.name, worth.customer_id, worth.purchases, worth.revenue_year) == ("Zelda", zelda.pk, 1, 250)
    assert worth.level <= Level.SMALL
    decision = Decision.objects.get(cycle=first)
    assert "welcome" in decision.plays
    if decision.play != "welcome":  # curiosity draws the other now and then; this is about what a person makes of it
        Decision.objects.filter(pk=decision.pk).update(
            play="welcome", state="open", channel="phone", purpose="relationship", reason="welcome.first_order",
            facts={"date": ordered_on.isoformat()}, score=9.0, opens_at=timezone.now(),
        )  # fmt: skip
    decision.refresh_from_db()

    # Anna opens Today and sees what to do and why.
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    browser = Client()
    browser.force_login(people.anna)
    page = browser.get(reverse("today")).content.decode()
    assert "Zelda" in page and "The first order came on" in page

    # She calls, and writes it down: the decision is done with it, and the card tells of it.
    form = {"decision": decision.pk, "outcome": "reached", "direction": "out", "minutes": "4", "body": "Very pleased."}
    answered = browser.post(reverse("calls", args=[zelda.pk]), form)
    assert answered.status_code == 302, answered.content[:500]
    call = Interaction.objects.get()
    assert (call.party, call.decision_id, call.by, call.minutes) == (line.party, decision.pk, people.anna, 4)
    decision.refresh_from_db()
    assert decision.state == "done" and Answer.objects.get().interaction == call
    card = browser.get(reverse("customer", args=[zelda.pk])).content.decode()
    assert "Very pleased." in card and "250" in card
    assert "Zelda" not in browser.get(reverse("today")).content.decode().split("<main")[-1]

    # Tomorrow the play rests.
    second = run_cycle(today, today=today)
    later = Decision.objects.filter(cycle=second, customer=zelda).first()
    assert later is not None and later.drops.get("welcome") == "done_recently" and "welcome" not in later.plays
    decision.refresh_from_db()
    assert decision.state == "done" and decision.cycle == first
