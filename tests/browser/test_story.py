"""The customer's story on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from entente.ledger.models import Delivery, Invoice, Payment
from tests import cast

# All at one moment: what is still to come moves what is there.
BOXES = """[...document.querySelectorAll(".event")].map(
    event => [".ch", ".tell", ".at"].map(part => event.querySelector(part).getBoundingClientRect().toJSON()))"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_happened_stands_beside_its_sign_and_above_its_day(page: Page, company: cast.Company, scheme: str):
    who, day = company.alnoor, company.cycle.as_of
    party = who.memberships.get().party
    told = {"source": party.source, "party": party, "import_run": cast.witness(), "line": 1}
    invoice = Invoice.objects.create(**told, number="R1", issued_on=day, due_on=day, amount=100, currency="EUR")
    Payment.objects.create(**told, key="P1", paid_on=day, invoice=invoice, amount=40, currency="EUR")
    Delivery.objects.create(**told, number="D1", promised_on=day, carrier="A carrier with a rather long name and more")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/customers/{who.pk}/")
    page.wait_for_load_state("networkidle")
    events = page.evaluate(BOXES)
    assert len(events) == 5
    for sign, tell, at in events:
        assert tell["x"] > sign["x"] + sign["width"] and abs(tell["y"] - sign["y"]) < 8
        assert at["y"] >= tell["y"] + tell["height"] and abs(at["x"] - tell["x"]) < 1
        assert tell["width"] > 200
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
