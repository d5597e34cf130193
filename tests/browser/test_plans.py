"""Movement and plans as a browser shows them: wide and narrow, light and dark, from the right; and a plan drawn up as one types."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from entente.differentiate.models import OwnEstimate, Plan
from tests import cast
from tests.browser.barriers import barriers
from tests.web.test_plans import UP, a_plan, fill, followed

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ASKED = "&".join(f"{name}={value}" for name, value in UP.items())


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1400, "en"), ("dark", 1400, "en"), ("light", 390, "en"), ("dark", 1400, "fa")],
    ids=["light", "dark", "phone", "from the right"],
)
def test_nothing_stands_in_anybodys_way(page: Page, company: cast.Company, scheme: str, width: int, language: str):
    fill(company.cycle)
    draft, target = a_plan(company), followed(company)
    OwnEstimate.objects.create(level=3, measure="profit", amount=5, precision="guess", spread=0.5, note="A feeling.")
    company.staff.anna.language, company.staff.anna.role = language, "manager"
    company.staff.anna.save()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for url in (
        "/pyramid/", "/pyramid/movement", f"/pyramid/movement/customers?movement={company.cycle.movement.pk}&from=4&to=4",
        "/pyramid/estimates", f"/pyramid/plans/new?{ASKED}", "/pyramid/plans/", f"/pyramid/plans/{draft.pk}/",
        f"/pyramid/plans/{target.pk}/", f"/pyramid/plans/beside?plan={draft.pk}&plan={target.pk}",
    ):  # fmt: skip
        page.goto(url)
        page.wait_for_load_state("load")
        found += barriers(page, url, scheme=scheme, language=language)
    assert found == []


def test_a_plan_is_worked_out_while_it_is_typed_and_kept(page: Page, company: cast.Company):
    fill(company.cycle)
    company.staff.anna.role = "manager"
    company.staff.anna.save()
    page.goto("/pyramid/")
    page.get_by_role("link", name="Plan a change").click()
    expect(page.get_by_text("Nothing to work out yet")).to_be_visible()
    page.locator("#m0-customers").fill("151")
    expect(page.get_by_text("Level Medium has 150 customers for this, not 151.")).to_be_visible()
    page.locator("#m0-customers").fill("4")
    expect(page.get_by_text("What the spread is owed to")).to_be_visible()
    expect(page.locator("#went-0")).to_have_text("last year 12 went")
    page.locator("#cost").fill("5000")
    expect(page.get_by_text("What the plan costs")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Four more")
    page.locator("#save").get_by_role("button", name="Keep").click()
    expect(page.get_by_role("heading", name="Four more")).to_be_visible()
    plan = Plan.objects.get()
    assert (plan.cost, plan.moves.get().customers) == (5000.0, 4)
