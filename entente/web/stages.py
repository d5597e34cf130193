"""How one relationship went through the life cycle."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force, valuation_of
from entente.differentiate.stage_changes import changes_of
from entente.identify.find import visible_customers
from entente.web.person import person


@require_safe
def customer_stages(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Every change of stage with its day and reason, the latest first: a fragment that the card fetches when it is asked for."""
    found = get_object_or_404(visible_customers(person(request)), pk=customer_id)
    cycle = in_force()
    page = {"customer": found, "cycle": cycle, "worth": valuation_of(found.pk, cycle), "changes": changes_of(found.pk)}
    return render(request, "customers/_stages.html", page)
