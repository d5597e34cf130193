"""A real browser at a live server. Debian's chromium where it is, Playwright's own elsewhere."""

import os
import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from tests import cast

# Playwright drives its browser from a loop of its own; Django would take that for async code and refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = shutil.which("chromium") or shutil.which("chromium-browser")
        try:
            browser = playwright.chromium.launch(executable_path=own, args=QUIET)
        except Exception as error:
            pytest.skip(f"no browser: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def _folder_of_files() -> None:
    """Files are served from their sources; the folder for collected ones must be there all the same."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)


@pytest.fixture
def company(transactional_db: None) -> cast.Company:
    return cast.company()


@pytest.fixture
def page(browser: Browser, company: cast.Company, live_server) -> Iterator[Page]:
    """Anna at her desk; whatever the console complains of fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, base_url=live_server.url)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(15_000)
    enter(page, company)
    yield page
    context.close()
    assert complaints == []


def enter(page: Page, company: cast.Company) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(company.staff.anna.email)
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
