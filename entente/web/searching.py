"""One search for everything."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Valuation
from entente.identify.find import search as find
from entente.identify.resolve import resolve_text
from entente.lib.norm import LONGEST_QUERY
from entente.web.asked import text
from entente.web.person import person
from entente.web.ranking import ranked

ON_THE_PAGE, IN_THE_PANEL = 20, 6


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What matches every word: customers, orders, contacts. A panel below the box while typing, a page afterwards."""
    wanted = text(request, "q", LONGEST_QUERY)
    in_panel = bool(request.headers.get("HX-Request"))
    limit = IN_THE_PANEL if in_panel else ON_THE_PAGE
    cycle = in_force()
    found = find(wanted, user=person(request), limit=limit, ranked=ranked(cycle) if cycle else None)
    customers = found.customers
    if not (customers or found.orders or found.interactions):
        # No word of it stands anywhere: another spelling, a number of theirs, the name in another script.
        customers = [each.customer for each in resolve_text(wanted, user=person(request), limit=IN_THE_PANEL)]
    levels = {}
    if cycle and customers:
        worths = Valuation.objects.filter(cycle_id=cycle.pk, customer_id__in=[row.pk for row in customers])
        levels = {worth.customer_id: worth for worth in worths}
    return render(
        request,
        "search/_found.html" if in_panel else "search/page.html",
        {
            "q": wanted,
            "cycle": cycle,
            "customers": [(row, levels.get(row.pk)) for row in customers],
            "orders": found.orders,
            "contacts": found.interactions,
            "are_more": found.are_more,
            "nothing": wanted and not (customers or found.orders or found.interactions),
        },
    )
