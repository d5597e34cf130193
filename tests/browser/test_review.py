"""The review as a browser shows it: one keystroke a decision, the next question at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from entente.identify.models import PossibleMatch, Verdict
from tests import cast
from tests.browser.barriers import barriers
from tests.web.test_review import LIKENESS, linkage, question, whose

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def asked(company: cast.Company) -> list[PossibleMatch]:
    return [
        question(company.alnoor, company.brankova, stake=220_000),
        question(company.okafor, company.mallory, stake=220, probability=0.97),
        question(company.rahimi, company.mallory, stake=22),
    ]


def test_one_keystroke_decides_and_the_next_question_is_there(page: Page, asked: list[PossibleMatch]):
    before = whose()
    page.goto("/customers/review")
    page.evaluate("window.isTheSamePage = true")
    head = page.locator("table.pair thead")
    expect(head).to_contain_text("Al Noor")
    page.keyboard.press("j")
    expect(head).to_contain_text("J. Okafor")
    page.keyboard.press("ArrowLeft")
    expect(head).to_contain_text("Al Noor")
    page.keyboard.press("s")
    expect(head).to_contain_text("J. Okafor")
    expect(page.locator("#count-review")).to_have_text("2")
    # Caps lock changes nothing.
    page.keyboard.press("N")
    expect(head).to_contain_text("رحیمی")
    assert [said.is_same for said in Verdict.objects.order_by("id")] == [True, False]
    page.keyboard.press("u")
    expect(head).to_contain_text("J. Okafor")
    page.keyboard.press("u")
    expect(head).to_contain_text("Al Noor")
    expect(page.locator("#count-review")).to_have_text("3")
    assert whose() == before and page.evaluate("window.isTheSamePage")


def test_keys_mean_nothing_while_somebody_types_or_reads_the_keys(page: Page, asked: list[PossibleMatch]):
    page.goto("/customers/review")
    page.locator("#q").fill("")
    page.locator("#q").press("s")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_text("not the same", exact=True)).to_be_visible()
    page.keyboard.press("s")
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+n")
    assert not Verdict.objects.exists()
    page.keyboard.press("n")
    expect(page.locator("table.pair thead")).to_contain_text("J. Okafor")


def test_held_down_it_decides_once(page: Page, asked: list[PossibleMatch]):
    page.goto("/customers/review")
    for _ in range(5):
        page.keyboard.down("n")
    page.keyboard.up("n")
    expect(page.locator("table.pair thead")).to_contain_text("J. Okafor")
    assert Verdict.objects.count() == 1


def test_by_pointer_and_told_where_another_was_first(page: Page, company: cast.Company, asked: list[PossibleMatch]):
    page.goto("/customers/review")
    Verdict.objects.create(left=asked[0].left, right=asked[0].right, is_same=False, by=company.staff.maxim)
    PossibleMatch.objects.filter(pk=asked[0].pk).update(settled_by=Verdict.objects.get())
    page.get_by_role("button", name="The same S").click()
    expect(page.get_by_role("alert")).to_contain_text("Maxim was first")
    expect(page.locator("table.pair thead")).to_contain_text("J. Okafor")


def test_a_record_is_taken_out_on_the_card(page: Page, company: cast.Company):
    page.goto(f"/customers/{company.brankova.pk}/")
    page.locator("#records summary", has_text="u-88121").click()
    page.get_by_text("This is somebody else").locator("visible=true").click()
    page.get_by_role("button", name="Take it out").click()
    expect(page.get_by_text("a customer of its own now")).to_be_visible()
    expect(page.locator("#records")).to_contain_text("are not the same")
    page.locator("#records").get_by_role("button", name="Take back").click()
    expect(page.locator("#records")).to_contain_text("2 records")


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1440, "en"), ("dark", 1440, "en"), ("light", 390, "en"), ("light", 1440, "fa")],
    ids=["light", "dark", "phone", "from the right"],
)
def test_nothing_stands_in_anybodys_way(
    page: Page, company: cast.Company, asked: list[PossibleMatch], scheme: str, width: int, language: str
):
    Verdict.objects.create(left=asked[1].left, right=asked[1].right, is_same=False, by=company.staff.anna)
    first, second = company.brankova.memberships.order_by("party_id")
    second.explanation = {"with": first.party_id, "likeness": LIKENESS}
    second.save()
    company.staff.anna.language = language
    company.staff.anna.role = "manager"
    company.staff.anna.save()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    found = []
    addresses = [
        "/customers/review", f"/customers/review?question={asked[2].pk}", "/customers/review/decided", "/customers/review/runs",
        f"/customers/{company.brankova.pk}/records", "/settings/sources",
    ]  # fmt: skip
    for url in [*addresses, "nobody need be asked"]:
        if url not in addresses:
            PossibleMatch.objects.all().delete()
        page.goto(url if url in addresses else "/customers/review")
        page.wait_for_load_state("load")
        for summary in page.locator("#records summary").all():
            if summary.is_visible():
                summary.click()
        found += barriers(page, url, scheme=scheme, language=language)
    assert found == []
    assert linkage().pk
