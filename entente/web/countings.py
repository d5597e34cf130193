"""The pyramid with customers counted in one way beside another."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from entente.differentiate.compare_countings import compared
from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Level
from entente.identify.counted import Counting
from entente.web.asked import choice, strictly
from entente.web.deferred import comparison_later, failed, waiting
from entente.web.permissions import allowed
from entente.web.person import person

JOB = "compare_countings"


@require_http_methods(["GET", "HEAD", "POST"])
@strictly
def pyramid_counting(request: HttpRequest) -> HttpResponse:
    """Two ways to count customers side by side; what nobody has worked out yet is asked of the worker."""
    cycle = in_force()
    one = Counting(
        choice(request, "one", Counting.values) or (cycle.totals.get("counting") if cycle else "") or "buyer"
    )
    others = [who for who in Counting if who != one]
    other = Counting(choice(request, "other", Counting.values) or others[0])
    if request.method == "POST" and cycle is not None and one != other:
        if not comparison_later(cycle.pk, one.value, other.value):
            messages.info(request, _("This is being worked out already."))
        return redirect(f"{reverse('pyramid_counting')}?one={one.value}&other={other.value}")
    waits = bool(cycle and waiting(JOB, cycle_id=cycle.pk, one=one.value, other=other.value))
    if request.headers.get("HX-Request") and not waits:
        return HttpResponse(headers={"HX-Refresh": "true"})
    page = {
        "cycle": cycle,
        "one": one,
        "other": other,
        "choices": list(Counting),
        "waits": waits,
        "failed": not waits and bool(failed(JOB)),
        "may_run": allowed("pyramid_counting", "POST", person(request).role),
        **(_table(cycle, one, other) if cycle and one != other else {}),
    }
    template = "pyramid/_counting_waits.html" if request.headers.get("HX-Request") else "pyramid/counting.html"
    return render(request, template, page)


def _table(cycle: Cycle, one: Counting, other: Counting) -> dict[str, object]:
    found = compared(cycle, one, other)
    if found is None:
        return {}
    first, second, at = found
    return {
        "rows": [(level, *first.levels[level], *second.levels[level]) for level in Level],
        "first": first,
        "second": second,
        "at": at,
    }
