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
from entente.differentiate.picture import MEASURES, latest_run, served_on, totals_of, upper_shares
from entente.staff.firm import firm_today
from entente.web.asked import choice, strictly
from entente.web.decisions import SPEND_TITLES
from entente.web.deferred import cycle_later, failed, waiting
from entente.web.permissions import allowed
from entente.web.person import person

WIDTH, STEP, GAP = 420.0, 46.0, 3.0
APEX = 84.0
# So many letters of the picture's writing fit into a hundred units of it.
LETTERS_IN_100 = 13

BUYING_LAWS = {
    "bg_nbd": gettext_lazy("Customers buy at their own pace, and after any purchase some stay away for good."),
    "mbg_nbd": gettext_lazy(
        "Customers buy at their own pace, and after any purchase, the first included, some stay away for good."
    ),
    "nbd": gettext_lazy("Customers buy at their own pace; the data do not show that any of them leaves for good."),
    "firm_rate": gettext_lazy("Too little is known of single customers: everybody is taken to buy at the pace of all."),
}
SPEND_LAWS = {
    "gamma_gamma": gettext_lazy(
        "What a purchase brings lies between the customer’s own average and that of all, nearer the own one the more purchases there were."
    ),
    "shrunk_mean": gettext_lazy(
        "What a purchase brings is the customer’s own average, drawn to that of all where there were few purchases."
    ),
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
        **_run(),
    }
    if cycle is not None:
        rows = pyramid_of(cycle)
        page |= {
            "slices": _slices(rows),
            "rows": [(row.level, _cells(row.cells)) for row in rows],
            "total": _cells(totals_of(rows)),
            "shares": upper_shares(rows),
            "anonymous": cycle.totals.get("anonymous_revenue") or 0,
            "laws": _laws(cycle.laws),
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


def _cells(cells: dict[str, PyramidCell]) -> list[tuple[str, PyramidCell | None]]:
    return [(measure, cells.get(measure)) for measure in MEASURES]


def _laws(laws: dict[str, Any]) -> dict[str, Any]:
    """The laws in words; their figures for who wants them."""
    buying, spend = laws.get("buying") or {}, laws.get("spend") or {}
    used = []
    if buying:
        used.append(
            (_("How often they buy"), buying.get("title", ""), BUYING_LAWS.get(buying.get("name", ""), ""), buying)
        )
    if spend:
        title = SPEND_TITLES.get(spend.get("name", ""), spend.get("name", ""))
        used.append((_("What a purchase brings"), title, SPEND_LAWS.get(spend.get("name", ""), ""), spend))
    return {"used": used, "refused": laws.get("refused") or []}
