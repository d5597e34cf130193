"""The pyramid, a movement and a plan as a file: XLSX to reckon with, PDF to hand round. Made at once: they hold cells, never customers."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Plan
from entente.differentiate.moved import finished_movements, matrix_of
from entente.differentiate.picture import served_on
from entente.web.asked import choice, number, strictly
from entente.web.papers import PDF, paper
from entente.web.reports import Report, movement_report, plan_report, pyramid_report
from entente.web.sheets import XLSX, workbook

FORMS: dict[str, tuple[str, Callable[[Report], bytes]]] = {
    "xlsx": (XLSX, lambda report: workbook(report, right_to_left=get_language_bidi())),
    "pdf": (PDF, lambda report: paper(report, language=get_language() or "en", right_to_left=get_language_bidi())),
}


@require_safe
@strictly
def pyramid_file(request: HttpRequest, form: str) -> HttpResponse:
    """The pyramid of the latest day, or of the one asked for."""
    served = {cycle.as_of.isoformat(): cycle.pk for cycle in served_on()}
    asked = choice(request, "as_of", served)
    cycle = Cycle.objects.get(pk=served[asked]) if asked else in_force()
    if cycle is None:
        raise Http404
    return _file(pyramid_report(cycle), form)


@require_safe
@strictly
def movement_file(request: HttpRequest, form: str) -> HttpResponse:
    """One movement, without its customers."""
    return _file(
        movement_report(matrix_of(get_object_or_404(finished_movements(), pk=number(request, "movement") or 0))), form
    )


@require_safe
def plan_file(request: HttpRequest, plan_id: int, form: str) -> HttpResponse:
    """One plan as it stands."""
    found = Plan.objects.select_related("baseline", "responsible").prefetch_related("moves")
    return _file(plan_report(get_object_or_404(found, pk=plan_id), in_force()), form)


def _file(report: Report, form: str) -> HttpResponse:
    if form not in FORMS:
        raise Http404
    kind, write = FORMS[form]
    name = f'attachment; filename="{report.name}.{form}"'
    return HttpResponse(write(report), content_type=kind, headers={"Content-Disposition": name})
