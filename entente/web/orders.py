"""One order, as its source wrote it."""

from __future__ import annotations

from django.db.models import Count, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from entente.identify.find import customers_of
from entente.ledger.models import Order, OrderLine
from entente.web.person import person

MOST_LINES = 200


@require_safe
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    """An order with its lines."""
    found = get_object_or_404(Order.objects.select_related("source"), pk=order_id)
    owner = customers_of({found.party_id}, person(request)).get(found.party_id) if found.party_id else None
    if found.party_id and owner is None:
        raise Http404
    lines = OrderLine.objects.filter(order=found)
    sums = lines.order_by().values("currency").annotate(amount=Sum("amount"), count=Count("id"))
    shown = lines.select_related("product").order_by("id")[:MOST_LINES]
    return render(
        request,
        "orders/order.html",
        {"order": found, "customer": owner, "lines": shown, "sums": sums, "most": MOST_LINES},
    )
