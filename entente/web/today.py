"""Today: what is worth doing, best first."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from entente.customize.models import Answer, Decision
from entente.customize.standing import open_now
from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Level, PyramidCell
from entente.identify.find import visible_customers
from entente.ledger.models import Import
from entente.lib.keyset import before, place, read_place
from entente.staff.models import User
from entente.web import advice
from entente.web.asked import choice, strictly, text
from entente.web.person import person

PAGE = 20


@require_safe
@strictly
def today(request: HttpRequest) -> HttpResponse:
    """Open decisions, and those put off until now, by what they are worth; a fragment with the next few for whoever scrolls on."""
    whose = choice(request, "whose", ("mine", "all")) or "all"
    cycle = in_force()
    rows, more = _open(person(request), whose, text(request, "before", longest=2001))
    steps = advice.steps(rows, timezone.now())
    listed = {
        "steps": steps,
        "more": more,
        "whose": whose,
        "cycle": cycle,
        "why_nots": Answer.WhyNot.choices,
    }
    if request.headers.get("HX-Request"):
        return render(request, "today/_steps.html", listed)
    imports = Import.objects.filter(state__in=(Import.State.RUNNING, Import.State.WAITING)).order_by("-id")
    return render(
        request,
        "today/today.html",
        {**listed, "pyramid": _pyramid(cycle), "imports": imports[:5], "running": _running()},
    )


def _open(user: User, whose: str, asked: str) -> tuple[list[Decision], str | None]:
    rows = Decision.objects.select_related("cycle").defer("cycle__laws", "cycle__steps_done", "cycle__notes")
    if whose == "mine":
        rows = rows.filter(customer__looked_after_by=user)
    if asked:
        rows = rows.filter(before(("score", "id"), read_place(asked, float, int)))
    # Each state has an index of its own, which an OR of both would not use.
    is_open = open_now()
    has_come_back = Q(state=Decision.State.POSTPONED, due_on__lte=timezone.localdate())
    found = [
        row for wanted in (is_open, has_come_back) for row in rows.filter(wanted).order_by("-score", "-id")[: PAGE + 1]
    ]
    found.sort(key=lambda row: (row.score, row.pk), reverse=True)
    shown = found[:PAGE]
    more = place(shown[-1].score, shown[-1].pk) if len(found) > PAGE else None
    people = visible_customers(user).in_bulk([row.customer_id for row in shown])
    seen = [row for row in shown if row.customer_id in people]
    for row in seen:
        row.customer = people[row.customer_id]
    return seen, more


def _pyramid(cycle: Cycle | None) -> list[PyramidCell]:
    """How many customers stand on each level, from the top down."""
    if cycle is None:
        return []
    cells = PyramidCell.objects.filter(cycle=cycle, measure="customers", level__in=Level.values)
    return list(cells.order_by("level"))


def _running() -> Cycle | None:
    return Cycle.objects.filter(state=Cycle.State.RUNNING).defer("laws", "steps_done").order_by("-id").first()
