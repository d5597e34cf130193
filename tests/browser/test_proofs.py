"""A proof as a browser shows it: on the card, kept and taken back, readable for everybody."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from entente.identify.models import Verified
from entente.ledger.models import Party
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_mailbox_is_proved_on_the_card_and_taken_back(page: Page, company: cast.Company):
    party = company.okafor.memberships.get().party
    Party.objects.filter(pk=party.pk).update(email="j.okafor@web.example")
    card = f"/customers/{company.okafor.pk}/"
    page.goto(card)
    of_records = page.locator("#records")
    of_records.get_by_text("It is proved to be theirs").first.click()
    of_records.get_by_label("How they proved it").first.select_option("link")
    assert Axe().run(page, "#records").response["violations"] == []
    of_records.get_by_role("button", name="Keep").first.click()
    expect(of_records.get_by_text("proved to be theirs", exact=True)).to_be_visible()
    assert Verified.objects.get().how == "link" and page.url.endswith(card)
    assert Axe().run(page, "#records").response["violations"] == []
    of_records.get_by_role("button", name="Take back").click()
    expect(of_records.get_by_text("proved to be theirs", exact=True)).not_to_be_visible()
    assert not Verified.objects.exists()
