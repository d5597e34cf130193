"""The list of customers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Level, Stage
from entente.staff.models import User
from entente.web import ranking
from entente.web.asked import choice, number, strictly, text
from entente.web.needs import CASES
from entente.web.person import person

NOBODY = "nobody"
MOST_PEOPLE = 200


@require_safe
@strictly
def customers(request: HttpRequest) -> HttpResponse:
    """Who there is: the most valuable first, those at a loss, or by name."""
    cycle = in_force()
    order = choice(request, "order", ("value", "loss", "growth", "likeness", "name")) or "value"
    places = {name: text(request, name, longest=2001) or None for name in ("later", "earlier")}
    people = _people(request)
    if cycle is None or order == "name":
        filters = ranking.Filters(**_looked_after(request))
        listing, countries, segments = ranking.by_name(person(request), filters, **places), [], []
    else:
        # Of those at a loss only a level is looked up as quickly.
        countries = ranking.countries(cycle) if order == "value" else []
        segments = ranking.segments(cycle) if order in ("value", "growth") else []
        filters = ranking.Filters(
            segment=int(choice(request, "segment", [number for number, _name in segments]) or 0) or None,
            case=int(choice(request, "case", CASES if order in ("value", "growth") else ()) or 0) or None,
            level=int(choice(request, "level", Level.values) or 0) or None,
            stage=int(choice(request, "stage", Stage.values if order == "value" else ()) or 0) or None,
            country=choice(request, "country", countries) or None,
            **_looked_after(request),
        )
        listing = ranking.by_value(cycle, person(request), filters, order=order, **places)
    asked = {
        name: request.GET[name]
        for name in ("order", "level", "stage", "country", "segment", "case", "who")
        if request.GET.get(name)
    }
    return render(
        request,
        "customers/list.html",
        {
            "cycle": cycle,
            "order": order if cycle else "name",
            "listing": listing,
            "asked": asked,
            "kept": urlencode(asked),
            "is_filtered": any(name != "order" for name in asked),
            "levels": Level.choices,
            "stages": Stage.choices,
            "countries": countries,
            "segments": segments,
            "cases": CASES.items(),
            "people": people,
        },
    )


def _looked_after(request: HttpRequest) -> dict[str, Any]:
    if request.GET.get("who") == NOBODY:
        return {"nobody": True}
    return {"looked_after_by": number(request, "who")}


def _people(request: HttpRequest) -> list[User]:
    """Whom a customer may be looked after by; the user first."""
    others = User.objects.filter(Q(is_active=True) & ~Q(pk=person(request).pk)).order_by("name", "id")[
        : MOST_PEOPLE - 1
    ]
    return [person(request), *others]
