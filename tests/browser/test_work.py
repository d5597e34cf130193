"""What people do, as a browser does it: by mouse, by keyboard, on a phone, in the dark, from right to left."""

import pytest
from playwright.sync_api import Page, expect

from entente.customize.models import Answer
from entente.interact.models import Interaction
from tests import cast
from tests.browser.barriers import barriers

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def pages(company: cast.Company) -> list[str]:
    who = company.alnoor.pk
    step = company.decisions["alnoor"].pk
    return [
        "/", "/customers/", "/customers/?order=name", f"/customers/{who}/", f"/customers/{who}/calls/new?decision={step}",
        f"/customers/{who}/mails/new", f"/customers/{who}/preferences", "/search?q=noor", "/search?q=nobody", "/me/",
        f"/orders/{company.alnoor.memberships.get().party.order_set.get().pk}/",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1400), ("dark", 1400), ("light", 390)], ids=["light", "dark", "phone"]
)
def test_nothing_stands_in_anybodys_way(page: Page, company: cast.Company, scheme: str, width: int):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    for url in pages(company):
        page.goto(url)
        page.wait_for_load_state("networkidle")
        found += barriers(page, url, scheme=scheme)
    assert found == []


def test_from_a_phone_number_to_a_logged_call_in_two_clicks(page: Page, company: cast.Company):
    page.keyboard.press("/")
    page.keyboard.type("030 901820")
    panel = page.get_by_role("region", name="Found")
    panel.get_by_role("link", name="Call Brankova Interiors").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Written down")
    call = Interaction.objects.latest("id")
    assert (call.kind, call.by, call.party.key) == ("call", company.staff.anna, "20077")


def test_a_day_by_keyboard(page: Page, company: cast.Company):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/customers/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Al Noor Building Supply")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Al Noor Building Supply")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("okafor")
    expect(page.locator("#found a").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("J. Okafor")


def test_an_answer_takes_the_step_off_the_list_without_a_new_page(page: Page, company: cast.Company):
    step = page.locator(f"#step-{company.decisions['brankova'].pk}")
    step.get_by_text("Not this, because").click()
    step.get_by_label("In your words").fill("Their buyer is away.")
    step.get_by_role("button", name="there is a reason we know of").click()
    expect(page.get_by_text("Not this, then")).to_be_visible()
    expect(step).to_have_count(0)
    given = Answer.objects.get()
    assert (given.why_not, given.words) == ("known_reason", "Their buyer is away.")


def test_doing_a_step_opens_its_form_with_the_reason_and_comes_back(page: Page, company: cast.Company):
    page.locator(f"#step-{company.decisions['alnoor'].pk}").get_by_role("link", name="Do it now").click()
    expect(page.get_by_text("nobody has ever spoken with them")).to_be_visible()
    page.get_by_label("What was said").fill("Splits deliveries from now on.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/")
    expect(page.locator(f"#step-{company.decisions['alnoor'].pk}")).to_have_count(0)


def test_the_hours_come_by_themselves(page: Page, company: cast.Company):
    page.goto(f"/customers/{company.alnoor.pk}/")
    expect(page.get_by_role("table", name="Hours a call is welcome")).to_be_visible()


def test_an_attack_in_a_name_does_nothing(page: Page, company: cast.Company):
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    for url in ("/", "/customers/", f"/customers/{company.mallory.pk}/", "/search?q=script"):
        page.goto(url)
        page.wait_for_load_state("networkidle")
    page.locator("#q").fill("alert")
    expect(page.locator("#found li").first).to_be_visible()
    assert asked == []


def test_right_to_left_mirrors_the_page(page: Page, company: cast.Company):
    company.staff.anna.language = "fa"
    company.staff.anna.save()
    page.goto("/")
    rail, main = page.locator(".rail").bounding_box(), page.locator("main").bounding_box()
    assert rail["x"] > main["x"]
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
