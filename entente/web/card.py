"""One customer: what they are worth, what was said, what to do next, when they are welcome to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from entente.customize.models import Answer
from entente.differentiate.contract_card import contracts_held
from entente.differentiate.current import in_force, valuation_of
from entente.differentiate.models import Cycle
from entente.identify.find import now_known_as, parties_of, visible_customers
from entente.identify.models import Customer, Membership
from entente.interact import timeline as story
from entente.interact.events import Event, Teller, older_than
from entente.web import advice
from entente.web.asked import strictly, text
from entente.web.person import person
from entente.web.relations import counted_beside

MOST_RECORDS = 50
MOST_CONTRACTS = 5
ANSWERS_RANK = 10


@require_safe
@strictly
def customer(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The customer card."""
    found = visible_customers(person(request)).select_related("looked_after_by").filter(pk=customer_id).first()
    if found is None:
        # Lists, mails and memories hold the numbers of customers whose records are known to be another's by now.
        if owner := now_known_as(customer_id, person(request)):
            return redirect("customer", owner.pk)
        raise Http404
    at = timezone.now()
    cycle = in_force()
    worth = valuation_of(found.pk, cycle)
    records = _records(found)
    parties = [record.party_id for record in records] if len(records) < MOST_RECORDS else parties_of(found)
    contracts = contracts_held(parties, cycle) if cycle else []
    return render(
        request,
        "customers/card.html",
        {
            "customer": found,
            "cycle": cycle,
            "worth": worth,
            "records": records,
            "page": _page(request, found, parties),
            "contracts": contracts[:MOST_CONTRACTS],
            "more_contracts": max(len(contracts) - MOST_CONTRACTS, 0),
            "step": advice.next_step(found, cycle, at, worth=worth),
            "wishes": story.wishes_of(parties),
            "last_spoke_at": story.last_spoke_at(parties),
            **counted_beside(found, cycle, person(request)),
        },
    )


@require_safe
@strictly
def timeline(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The next few events of the customer's story."""
    found = get_object_or_404(visible_customers(person(request)), pk=customer_id)
    page = _page(request, found, parties_of(found))
    return render(request, "customers/_events.html", {"customer": found, "page": page})


@require_safe
def week(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The hours a call is welcome: a fragment that the card fetches when it stands."""
    found = get_object_or_404(visible_customers(person(request)), pk=customer_id)
    return render(request, "customers/_week.html", {"customer": found, "week": advice.week(found, timezone.now())})


def _records(customer: Customer) -> list[Membership]:
    active = Membership.objects.filter(customer=customer, ended_at=None).select_related("party__source")
    return list(active.order_by("-weight", "party_id")[:MOST_RECORDS])


def _page(request: HttpRequest, customer: Customer, parties: Sequence[int]) -> story.Page:
    def answers(key: Any, limit: int) -> list[Event]:
        rows = Answer.objects.filter(decision__customer=customer).select_related("decision", "by")
        return [
            Event(row.at, ANSWERS_RANK, row.pk, "answer", row, {})
            for row in older_than(rows, "at", ANSWERS_RANK, key)[:limit]
        ]

    before: str | None = text(request, "before", longest=2001) or None
    return story.page(parties, as_of=timezone.localdate(), before=before, also=[Teller(ANSWERS_RANK, answers)])


def facts_beside(customer: Customer, cycle: Cycle | None) -> dict[str, Any]:
    """What stands beside a form about a customer: worth, and the last few events."""
    parties = parties_of(customer)
    return {
        "customer": customer,
        "cycle": cycle,
        "worth": valuation_of(customer.pk, cycle),
        "page": story.page(parties, as_of=timezone.localdate(), limit=5),
        "wishes": story.wishes_of(parties),
    }
