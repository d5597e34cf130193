"""The firm's own estimates of the figures of its pyramid, beside the computed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from entente.differentiate.current import in_force
from entente.differentiate.models import Level, OwnEstimate, PyramidCell
from entente.differentiate.own_estimates import (
    AlreadyWithdrawn,
    ImpossibleEstimate,
    computed,
    of_another_currency,
    own_estimates,
    put_estimate,
    withdraw,
)  # fmt: skip
from entente.differentiate.plan_models import Measure, Precision
from entente.web.permissions import allowed
from entente.web.person import person
from entente.web.settings_pages import posted


@dataclass(frozen=True)
class Pair:
    """What is computed, and what the firm takes it to be."""

    measure: str
    cell: PyramidCell | None
    own: OwnEstimate | None

    @property
    def label(self) -> Any:
        return Measure(self.measure).label


@require_http_methods(["GET", "HEAD", "POST"])
def pyramid_estimates(request: HttpRequest) -> HttpResponse:
    """Every figure with both; writing down another."""
    errors: dict[str, str] = {}
    given: dict[str, str] = {
        "level": request.GET.get("level", ""), "measure": request.GET.get("measure", ""), "amount_precision": "estimate",
    }  # fmt: skip
    if request.method == "POST":
        given = posted(request)
        try:
            put_estimate(given, by=person(request))
        except ImpossibleEstimate as error:
            errors = error.errors
        else:
            messages.success(request, _("Kept, beside what is computed. Plans use it from now on."))
            return redirect("pyramid_estimates")
    cycle = in_force()
    cells, own = computed(cycle), own_estimates()
    page: dict[str, Any] = {
        "cycle": cycle,
        "measures": Measure.choices,
        "levels": Level.choices,
        "precisions": Precision.choices,
        "rows": [
            (level, [Pair(name, cells.get((level, name)), own.get((level, name))) for name in Measure.values])
            for level in Level
        ],
        "own": sorted(own.values(), key=lambda row: (row.level, Measure.values.index(row.measure))),
        "left_out": of_another_currency(),
        "given": given,
        "errors": errors,
        "may_write": allowed("pyramid_estimates", "POST", person(request).role),
    }
    return render(request, "pyramid/estimates.html", page, status=422 if errors else 200)


@require_POST
def estimate_withdrawal(request: HttpRequest, estimate_id: int) -> HttpResponse:
    """Go back to what is computed."""
    found = get_object_or_404(OwnEstimate, pk=estimate_id)
    try:
        is_computed = withdraw(found.pk, by=person(request), at=timezone.now())
    except AlreadyWithdrawn as error:
        messages.warning(request, str(error))
    else:
        if is_computed:
            messages.success(request, _("Withdrawn. What is computed holds again."))
        else:
            messages.warning(request, _("Withdrawn. Somebody has written down another since: that one is in force."))
    return redirect("pyramid_estimates")
