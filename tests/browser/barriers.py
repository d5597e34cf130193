"""What stands in somebody's way on a page: wider than the window, or a serious finding of axe."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDER = "document.documentElement.scrollWidth - window.innerWidth"
GRAVE = ("serious", "critical")


def barriers(page: Page, name: str = "", *, scheme: str = "light", language: str = "en") -> list[str]:
    """In words, with where. Light, wide and narrow, axe looks at everything; in the dark the same page has other colours and nothing else
    that could be wrong, and from the right it has another width."""
    name, found = name or page.url, []
    wide = page.evaluate(WIDER)
    if wide > 0:
        found.append(f"{name}: {wide} px wider than the window")
    if language == "fa":
        return found
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if scheme == "dark":
        options["runOnly"] = ["color-contrast"]
    for trouble in Axe().run(page, options=options).response["violations"]:
        if trouble["impact"] in GRAVE:
            found.append(f"{name}: {trouble['id']}: {[node['html'][:160] for node in trouble['nodes'][:3]]}")
    return found
