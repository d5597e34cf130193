"""Handing over and erasing, on a desk and on a phone in the dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from entente.ledger.models import Archive, Erasure
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    "context",
    [
        {"viewport": {"width": 1400, "height": 900}},
        {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
    ],
    ids=["desk", "phone"],
)
def test_alice_hands_over_and_erases(
    browser: Browser, company: cast.Company, live_server: Any, context: dict[str, Any], settings: Any, tmp_path: Path
):
    settings.HOME, number = tmp_path, company.alnoor.pk
    with browser.new_context(base_url=live_server.url, **context) as window:
        page = window.new_page()
        page.set_default_timeout(15_000)
        page.goto("/account/login/")
        page.get_by_label("Email").fill(company.staff.alice.email)
        page.get_by_label("Password").fill(cast.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        page.goto(f"/customers/{number}/")
        page.get_by_role("link", name="Privacy: hand over or erase").click()
        expect(page.get_by_role("heading", name="What is held")).to_be_visible()
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide)
        assert Axe().run(page).response["violations"] == []
        with page.expect_download() as download:
            page.get_by_role("button", name="Download the archive").click()
        assert download.value.suggested_filename == f"customer-{number}.zip" and Archive.objects.count() == 1
        page.get_by_label("Why").fill("They asked.")
        page.get_by_label("The number of the customer").fill("0")
        page.get_by_role("button", name="Erase for good").click()
        expect(page.get_by_text("This is not the number of this customer.")).to_be_visible()
        assert not Erasure.objects.exists()
        page.get_by_label("The number of the customer").fill(str(number))
        page.get_by_role("button", name="Erase for good").click()
        expect(page.get_by_text("This customer is erased. Rows")).to_be_visible()
        expect(page.get_by_role("heading", name=f"Erased customer {number}")).to_be_visible()
        assert not page.evaluate(wide)
