"""Contracts as a browser shows them: said in the settings, foreseen beside the laws, wide and narrow, light and dark."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests import cast
from tests.browser.barriers import barriers
from tests.web.test_contracts import REFUSED, YEARLY, foreseen, pays, product

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1400, "en"), ("dark", 390, "en"), ("light", 1400, "fa")],
    ids=["light", "dark phone", "from the right"],
)
def test_a_product_is_made_a_contract_and_what_it_will_do_is_shown(
    page: Page, company: cast.Company, scheme: str, width: int, language: str
):
    care = product("CARE-12", name="Colour care")
    pays(company, care, 20, 380)
    foreseen(company, YEARLY, REFUSED)
    company.staff.anna.role, company.staff.anna.language = "manager", language
    company.staff.anna.save()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/settings/contracts")
    page.locator("#look input[name=q]").fill("colour")
    page.locator("#look input[name=q]").press("Enter")
    page.locator(f"#months-{care.pk}").fill("12")
    page.locator(f"#months-{care.pk}").press("Enter")
    expect(page.locator("section[aria-labelledby=are-contracts] tbody th")).to_contain_text("Colour care")
    # The card tells what its cycle knew: one that began after this was said.
    company.cycle.started_at = timezone.now()
    company.cycle.save()
    found = []
    for url in ("/settings/contracts?q=x", "/pyramid/laws", f"/customers/{company.okafor.pk}/"):
        page.goto(url)
        page.wait_for_load_state("load")
        found += barriers(page, url, scheme=scheme, language=language)
    assert found == []
    expect(page.locator("#contracts-title")).to_be_visible()
