"""How customers moved in the pyramid: the matrix, its picture, and who is in each cell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Level, Movement
from entente.differentiate.moved import (
    LEVELS,
    Matrix,
    finished_movements,
    matrix_of,
    members,
    members_are_kept,
    movements,
    same_span,
)  # fmt: skip
from entente.differentiate.movement import ImpossibleSpan, check_span
from entente.differentiate.settings import Basis
from entente.staff.firm import firm_today
from entente.web.asked import ImpossibleQuestion, choice, number, strictly, text
from entente.web.deferred import failed, movement_later, waiting
from entente.web.permissions import allowed
from entente.web.person import person

JOB = "movement"
# The picture, in units of its own: the boxes of the two days, and how far from the edges they stand.
WIDTH, HEIGHT, BOX, BESIDE = 460.0, 330.0, 16.0, 92.0
# Words nearer to those above them than this would run into them.
LEAST_BETWEEN_WORDS = 12.0
NOT_THERE = gettext_lazy("not there")


class SpanForm(forms.Form):
    """The two days."""

    from_on = forms.DateField(label=gettext_lazy("From"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    to_on = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("from_on") and given.get("to_on"):
            try:
                check_span(given["from_on"], given["to_on"], today=firm_today())
            except ImpossibleSpan as error:
                self.add_error("to_on", str(error))
        return given


@dataclass(frozen=True)
class Shape:
    """A box or ribbon of the picture. where: the corners of a polygon, or a path."""

    level: int
    way: str
    where: str
    words: str
    x: str = ""
    y: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@strictly
def pyramid_movement(request: HttpRequest) -> HttpResponse:
    """The year of the pyramid in force, or a span that somebody asked for; asking for another."""
    cycle = in_force()
    all_of_them = movements(cycle)
    asked = choice(request, "movement", [one.pk for one in all_of_them])
    usual = all_of_them[0] if all_of_them else None
    shown = next((one for one in all_of_them if str(one.pk) == asked), _of_span(request) or usual)
    if request.headers.get("HX-Request"):
        jobs = waiting(JOB)
        if not jobs:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "pyramid/_movement_waits.html", {"jobs": jobs})
    form = SpanForm(request.POST if request.method == "POST" else None, initial=_usual_span(cycle))
    if request.method == "POST" and form.is_valid():
        span = form.cleaned_data["from_on"], form.cleaned_data["to_on"]
        if not movement_later(*span, person(request).pk):
            messages.info(request, _("This is being worked out already."))
        # It is shown there as soon as it is made; until then an earlier one of these days, or the pyramid's year.
        days = urlencode({"from_on": span[0].isoformat(), "to_on": span[1].isoformat()})
        return redirect(f"{reverse('pyramid_movement')}?{days}")
    page: dict[str, Any] = {
        "cycle": cycle,
        "movements": all_of_them,
        "shown": shown,
        "form": form,
        "jobs": waiting(JOB),
        "failed": failed(JOB),
        "may_ask": allowed("pyramid_movement", "POST", person(request).role),
    }
    if shown is not None:
        matrix = matrix_of(shown)
        page |= {
            "matrix": matrix,
            "shapes": _shapes(matrix),
            "kept": members_are_kept(shown),
            "ranked_by": Basis(shown.basis).label,
        }
    return render(request, "pyramid/movement.html", page, status=422 if form.errors else 200)


@require_safe
@strictly
def pyramid_moved(request: HttpRequest) -> HttpResponse:
    """Who is in one cell, the most valuable first."""
    shown = get_object_or_404(finished_movements(), pk=number(request, "movement") or 0)
    first, second = (int(choice(request, name, LEVELS) or 0) for name in ("from", "to"))
    kept = members_are_kept(shown)
    found = (
        members(shown, first, second, person(request), later=text(request, "later", longest=2001) or None)
        if kept
        else None
    )
    cell = shown.cells.filter(from_level=first, to_level=second).first()
    count = cell.customers if cell else 0
    is_all = found is not None and found.more is None and "later" not in request.GET
    page = {
        "shown": shown,
        "first": first,
        "second": second,
        "first_name": _name(first),
        "second_name": _name(second),
        "found": found,
        "count": count,
        # Their rows went with them when they were erased; the cell still counts them.
        "gone": count - len(found.rows) - found.hidden if found and is_all else 0,
    }
    return render(request, "pyramid/moved.html", page)


def _name(level: int) -> Any:
    return Level(level).label if level else NOT_THERE


def _of_span(request: HttpRequest) -> Movement | None:
    """The newest between the two days of the address."""
    written = [text(request, name) for name in ("from_on", "to_on")]
    if not any(written):
        return None
    try:
        first, last = (date.fromisoformat(day) for day in written)
    except ValueError:
        raise ImpossibleQuestion(_("The address has to name two days, such as 2026-06-30.")) from None
    return same_span(first, last)


def _usual_span(cycle: Cycle | None) -> dict[str, date]:
    """The last quarter."""
    last = cycle.as_of if cycle else firm_today() - timedelta(days=1)
    return {"from_on": last - timedelta(days=91), "to_on": last}


def _shapes(matrix: Matrix) -> dict[str, list[Shape]]:
    """Both stacks of boxes, and the ribbons between them, those who moved before those who stayed."""
    found = matrix.picture(HEIGHT)
    left, right = BESIDE, WIDTH - BESIDE
    boxes = []
    for side, x, anchor in ((found.first, left - BOX, left - BOX - 6), (found.second, right, right + BOX + 6)):
        last = -LEAST_BETWEEN_WORDS
        for box in side:
            middle = (box.top + box.bottom) / 2
            has_room = middle - last >= LEAST_BETWEEN_WORDS
            last = middle if has_room else last
            where = f"{x:.1f},{box.top:.1f} {x + BOX:.1f},{box.top:.1f} {x + BOX:.1f},{box.bottom:.1f} {x:.1f},{box.bottom:.1f}"
            boxes.append(
                Shape(
                    box.level,
                    "first" if side is found.first else "second",
                    where,
                    str(_name(box.level)) if has_room else "",
                    f"{anchor:.1f}",
                    f"{middle + 4:.1f}",
                )
            )
    middle = (left + right) / 2
    ways = {(place.before, place.after): place.way for place in matrix.places}
    ribbons = []
    for one in found.ribbons:
        way = ways[one.before, one.after]
        where = (
            f"M{left:.1f} {one.first_top:.1f}C{middle:.1f} {one.first_top:.1f} {middle:.1f} {one.second_top:.1f} {right:.1f} "
            f"{one.second_top:.1f}V{one.second_bottom:.1f}C{middle:.1f} {one.second_bottom:.1f} {middle:.1f} "
            f"{one.first_bottom:.1f} {left:.1f} {one.first_bottom:.1f}Z"
        )
        words = _("%(count)s from %(from)s to %(to)s") % {
            "count": f"{one.customers:,}", "from": _name(one.before), "to": _name(one.after),
        }  # fmt: skip
        ribbons.append(Shape(one.before, way, where, words))
    return {"boxes": boxes, "ribbons": sorted(ribbons, key=lambda one: one.way != "same")}
