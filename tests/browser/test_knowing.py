"""How much we know, as a browser shows it: wide and narrow, light and dark, from the right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests import cast
from tests.browser.barriers import barriers
from tests.web.test_knowing import PAGE, fill

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1400, "en"), ("dark", 1400, "en"), ("light", 390, "en"), ("dark", 1400, "fa")],
    ids=["light", "dark", "phone", "from the right"],
)
def test_nothing_stands_in_anybodys_way(page: Page, company: cast.Company, scheme: str, width: int, language: str):
    fill(company)
    company.staff.anna.language = language
    company.staff.anna.save()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for url in (PAGE, f"{PAGE}?show=fresh", f"{PAGE}?show=worth"):
        page.goto(url)
        page.wait_for_load_state("load")
        found += barriers(page, url, scheme=scheme, language=language)
    assert found == []


def test_from_the_pyramid_to_a_question_to_the_card(page: Page, company: cast.Company):
    fill(company)
    page.goto("/pyramid/")
    page.get_by_role("link", name="What we know").click()
    page.get_by_label("Show").first.select_option("worth")
    page.wait_for_url("**show=worth**")
    expect(page.get_by_text("Each row by itself")).to_be_visible()
    page.get_by_role("link", name=company.alnoor.name).click()
    expect(page.get_by_text("Also ask: e-mail address.")).to_be_visible()
