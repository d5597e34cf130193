"""The pages of who steers: imports, the pyramid, decisions, comparisons and settings, as a browser shows them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from entente.differentiate.models import Cycle
from entente.ledger import draft
from entente.ledger.models import Import, OrderLine, RefusedRow
from entente.ledger.record import run_import
from entente.staff.models import Setting
from tests import cast
from tests.browser.barriers import barriers
from tests.web.test_backtests import made
from tests.web.test_pyramid import fill

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TWO_READINGS = "customer;date;amount\nA;03/04/2026;1.234\nB;05/06/2026;2.345\n"


@pytest.fixture
def desk(browser: Browser, company: cast.Company, live_server, tmp_path: Path, settings) -> Iterator[Page]:
    """Maxim, who steers; whatever the console complains of fails the test."""
    settings.MEDIA_ROOT = tmp_path
    context = browser.new_context(viewport={"width": 1400, "height": 900}, base_url=live_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(15_000)
    page.goto("/account/login/")
    page.get_by_label("Email").fill(company.staff.maxim.email)
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    yield page
    context.close()
    assert complaints == []


def pages(company: cast.Company) -> list[str]:
    """Every page in the state that shows most."""
    fill(company.cycle)
    fill(cast.cycle(date(2026, 5, 1)))
    Cycle.objects.create(as_of=date(2026, 11, 21), state="running", step="decide")
    by, done = company.staff.maxim, cast.witness()
    Import.objects.filter(pk=done.pk).update(rows_read=9, rows_refused=1, notes=[{"code": "twins", "count": 2}])
    RefusedRow.objects.create(
        import_run=done, line=3, column="date", value="x", reason="not_a_date", row=["A", "x", cast.HOSTILE]
    )
    running = Import.objects.create(
        source=done.source,
        file_name="more.csv",
        state="running",
        rows_total=900,
        rows_read=300,
        heartbeat_at=datetime.now(UTC),
    )
    asked = draft.keep_draft([TWO_READINGS.encode()], file_name=cast.HOSTILE, source_name="shop", by=by)
    Setting.objects.create(name="plays", value={"welcome": {"on": False, "response": 0.2}}, set_by=by)
    step = cast.decision(company.okafor, company.cycle, 5, drops={"cross_sell": "contact_rules"})
    return [
        "/pyramid/", "/pyramid/?as_of=2026-05-01", "/decisions/", "/decisions/?play=welcome", f"/decisions/{step.pk}/", "/backtests/",
        f"/backtests/{made().pk}/", "/imports/", "/imports/new", f"/imports/{done.pk}/", f"/imports/{running.pk}/",
        f"/imports/{done.pk}/reversal", f"/imports/{asked.pk}/columns", f"/imports/{asked.pk}/columns?map=online-retail", "/settings/",
        "/settings/pyramid", "/settings/contact", "/settings/plays", "/settings/hold-out",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1400, "en"), ("dark", 1400, "en"), ("light", 390, "en"), ("light", 1400, "fa")],
    ids=["light", "dark", "phone", "from the right"],
)
def test_nothing_stands_in_anybodys_way(desk: Page, company: cast.Company, scheme: str, width: int, language: str):
    company.staff.maxim.language = language
    company.staff.maxim.save()
    desk.emulate_media(color_scheme=scheme)
    desk.set_viewport_size({"width": width, "height": 900})
    found = []
    for url in pages(company):
        desk.goto(url)
        desk.wait_for_load_state("load")
        found += barriers(desk, url, scheme=scheme, language=language)
    assert found == []


def test_a_file_with_two_readings_goes_all_the_way(desk: Page, company: cast.Company, tmp_path: Path):
    file = tmp_path / "orders.csv"
    file.write_text(TWO_READINGS)
    desk.goto("/imports/")
    desk.get_by_role("link", name="Import orders").first.click()
    desk.get_by_label("File", exact=True).set_input_files(file)
    desk.get_by_label("Where it comes from").fill("shop")
    desk.get_by_role("button", name="Hand over").click()
    expect(desk.get_by_text("date can be read in several orders")).to_be_visible()
    desk.get_by_label("day, month, year").check()
    desk.get_by_label("a comma").check()
    desk.get_by_role("button", name="So it is").click()
    desk.get_by_role("button", name="Try it").click()
    expect(desk.get_by_role("heading", name="This is what an import would record")).to_be_visible()
    expect(desk.get_by_text("2026-04-03").first).to_be_visible()
    desk.get_by_role("button", name="Import", exact=True).click()
    expect(desk.get_by_text("Waiting for a worker")).to_be_visible()
    run = Import.objects.get(source__name="shop")
    run_import(run.pk)
    # The page watches by itself.
    expect(desk.get_by_role("link", name="Take it back")).to_be_visible()
    assert [str(amount) for amount in OrderLine.objects.filter(import_run=run).order_by("line").values_list("amount", flat=True)] == [
        "1234.0000", "2345.0000",
    ]  # fmt: skip


def test_a_running_cycle_shows_its_steps_and_then_its_pyramid(desk: Page, company: cast.Company):
    fill(company.cycle)
    run = Cycle.objects.create(as_of=company.cycle.as_of + timedelta(days=1), state="running", step="value")
    desk.goto("/pyramid/")
    step = desk.locator("[aria-current=step]")
    expect(step).to_have_text("valuing them")
    Cycle.objects.filter(pk=run.pk).update(step="publish")
    expect(step).to_have_text("publishing")
    Cycle.objects.filter(pk=run.pk).update(state="done")
    expect(desk.get_by_role("button", name="Run the circle for today")).to_be_visible()
