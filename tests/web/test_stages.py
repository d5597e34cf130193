"""The stage of a relationship on the card, and how it went."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from entente.cycle import run_cycle
from entente.staff.models import User
from tests.ledger_facts import Ledger, a_user, committed, customer_of, ledger

__all__ = ["committed", "ledger"]  # fixtures
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


def test_the_card_tells_the_stage_and_its_story(ledger: Ledger, client: Client):
    user: User = a_user()
    ann = ledger.party("ann", name="Ann")
    ledger.buys(ann, date(2026, 5, 20), 100)
    run_cycle(MAY, today=JUNE)
    ledger.buys(ann, date(2026, 6, 10), 100)
    run_cycle(JUNE, today=JUNE)
    client.force_login(user)
    number = customer_of(ann).pk
    card = client.get(f"/customers/{number}/").content.decode()
    assert "New, with 2 orders so far." in card
    story = client.get(f"/customers/{number}/stages").content.decode()
    assert "Getting to know" in story and "Welcome" in story and "30 Jun 2026" in story
    assert client.get("/customers/999999/stages").status_code == 404
