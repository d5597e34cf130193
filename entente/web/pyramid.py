"""The pyramid: who stands where, what each level brings, how sure that is, and by which laws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from entente.differentiate.current import LevelRow, in_force, pyramid_of
from entente.differentiate.models import Cycle, Level, PyramidCell
from entente.differentiate.own_estimates import beside_own
from entente.differentiate.picture import MEASURES, latest_run, served_on, totals_of, upper_shares
from entente.differentiate.settings import Basis
from entente.staff.firm import firm_today
from entente.web.asked import choice, strictly
from entente.web.costs import serving_of
from entente.web.deferred import cycle_later, failed, waiting
from entente.web.laws import laws_in_words
from entente.web.permissions import allowed
from entente.web.person import person

WIDTH, STEP, GAP = 420.0, 46.0, 3.0
APEX = 84.0
# So many letters of the picture's writing fit into a hundred units of it.
LETTERS_IN_100 = 13

# Each measure as a heading, and as a word beside its figure on a narrow screen.
MEASURE_WORDS = {
    "customers": (gettext_lazy("Customers"), gettext_lazy("customers")),
    "revenue": (gettext_lazy("Revenue"), gettext_lazy("revenue")),
    "margin": (gettext_lazy("Margin"), gettext_lazy("margin")),
    "cost": (gettext_lazy("Cost to serve"), gettext_lazy("cost")),
    "profit": (gettext_lazy("Profit"), gettext_lazy("profit")),
    "value": (gettext_lazy("Lifetime value"), gettext_lazy("lifetime")),
}
# By what the customers are ranked: what the page says of it.
RANKED = {
    Basis.REVENUE: gettext_lazy("by what they bought"),
    Basis.MARGIN: gettext_lazy("by the margin of what they bought"),
    Basis.PROFIT: gettext_lazy("by what is left of the margin after the cost to serve them"),
}
STEPS = (
    ("recognise", gettext_lazy("recognising customers")),
    ("value", gettext_lazy("valuing them")),
    ("know", gettext_lazy("counting what is known of them")),
    ("decide", gettext_lazy("deciding the next steps")),
    ("publish", gettext_lazy("publishing")),
)


@dataclass(frozen=True)
class Slice:
    """One level in the picture: its corners, where its words stand, and whether its name fits beside its count."""

    level: Level
    points: str
    x: float
    y: float
    count: float
    has_room: bool


@require_safe
@strictly
def pyramid(request: HttpRequest) -> HttpResponse:
    """The pyramid of the latest day, or of an earlier one that is still kept."""
    if request.headers.get("HX-Request"):
        return _progress(request)
    served = served_on()
    newest = in_force()
    asked = choice(request, "as_of", [cycle.as_of.isoformat() for cycle in served])
    cycle = newest
    if asked and newest is not None and asked != newest.as_of.isoformat():
        cycle = Cycle.objects.get(pk=next(one.pk for one in served if one.as_of.isoformat() == asked))
    page: dict[str, Any] = {
        "cycle": cycle,
        "newest": newest,
        "served": served,
        "today": firm_today(),
        "may_run": allowed("cycles", "POST", person(request).role),
        "may_set_costs": allowed("settings_costs", "GET", person(request).role),
        **_run(),
    }
    if cycle is not None:
        rows = beside_own(pyramid_of(cycle)) if cycle == newest else pyramid_of(cycle)
        page |= {
            "slices": _slices(rows),
            "rows": [(row.level, _cells(row.cells)) for row in rows],
            "total": _cells(totals_of(rows)),
            "headings": [words for words, _beside in MEASURE_WORDS.values()],
            "shares": upper_shares(rows),
            "ranked": RANKED[Basis(cycle.totals.get("basis", Basis.REVENUE))],
            "anonymous": cycle.totals.get("anonymous_revenue") or 0,
            "below_zero": cycle.totals.get("below_zero"),
            "serving": serving_of(cycle),
            "laws": laws_in_words(cycle.laws),
            "decided": cycle.steps_done.get("decide", {}),
        }
    return render(request, "pyramid/pyramid.html", page)


@require_POST
def cycles(request: HttpRequest) -> HttpResponse:
    """Let the circle run for today. The pyramid there is stays until the new one is whole."""
    if not cycle_later(firm_today(), person(request).pk):
        messages.info(request, _("A cycle is waiting already."))
    return redirect("pyramid")


def _progress(request: HttpRequest) -> HttpResponse:
    run = _run()
    if not run["running"] and not run["is_queued"]:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "pyramid/_running.html", run)


def _run() -> dict[str, Any]:
    """What is under way: the run being worked at, one that waits for a worker, or the last one if it failed."""
    jobs = waiting("cycle")
    run = latest_run()
    is_running = run is not None and run.state == Cycle.State.RUNNING
    steps = []
    if run is not None and is_running:
        names = [name for name, _words in STEPS]
        at = names.index(run.step) if run.step in names else 0
        steps = [
            (words, "done" if place < at else "now" if place == at else "")
            for place, (_name, words) in enumerate(STEPS)
        ]
    return {
        "running": run if is_running else None,
        "steps": steps,
        "is_queued": bool(jobs) and not is_running,
        "failed": run if run is not None and run.state == Cycle.State.FAILED else None,
        # A job that failed before it began a cycle left no row to tell of it.
        "could_not_begin": not jobs
        and not is_running
        and bool(failed("cycle"))
        and (run is None or run.state != Cycle.State.FAILED),
    }


def _slices(rows: list[LevelRow]) -> list[Slice]:
    found = []
    height = STEP * len(rows)
    for place, row in enumerate(rows):
        top, bottom = place * STEP + (GAP / 2 if place else 0), (place + 1) * STEP - GAP / 2
        wide, wider = (APEX + (WIDTH - APEX) * y / height for y in (top, bottom))
        middle = WIDTH / 2
        corners = (
            (middle - wide / 2, top),
            (middle + wide / 2, top),
            (middle + wider / 2, bottom),
            (middle - wider / 2, bottom),
        )
        count = row.cells["customers"].amount if "customers" in row.cells else 0
        room = (wide - 16) * LETTERS_IN_100 / 100
        found.append(
            Slice(
                row.level,
                " ".join(f"{x:.1f},{y:.1f}" for x, y in corners),
                middle,
                (top + bottom) / 2 + 5,
                count,
                len(str(row.level.label)) + len(f"{count:,.0f}") + 1 <= room,
            )
        )
    return found


def _cells(cells: dict[str, PyramidCell]) -> list[tuple[str, Any, PyramidCell | None]]:
    return [(measure, MEASURE_WORDS[measure][1], cells.get(measure)) for measure in MEASURES]
