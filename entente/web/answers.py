"""What somebody makes of a decision."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from entente.customize import answer
from entente.customize.models import Answer, Decision
from entente.identify.find import visible_customers
from entente.web.asked import ImpossibleQuestion, strictly, way_back
from entente.web.person import person

LATER_DAYS = {"1": 1, "7": 7, "30": 30}
LONGEST_WORDS = 2000


@require_POST
@strictly
def answers(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Did it, later, or not this: the answer is a row, and the decision is closed."""
    seen = visible_customers(person(request))
    decision = get_object_or_404(Decision.objects.select_related("customer"), pk=decision_id, customer__in=seen)
    try:
        status, said = 200, _answer(request, decision)
    except answer.AlreadyAnswered as error:
        status, said = 409, str(error)
    if request.headers.get("HX-Request"):
        return render(request, "today/_answered.html", {"decision": decision, "said": said}, status=200)
    (messages.success if status == 200 else messages.warning)(request, said)
    return redirect(way_back(request, reverse("today")))


def _answer(request: HttpRequest, decision: Decision) -> str:
    kind, by, at = request.POST.get("kind"), person(request), timezone.now()
    words = request.POST.get("words", "").replace("\0", "").strip()[:LONGEST_WORDS]
    if kind == Answer.Kind.DONE:
        answer.do(decision, by=by, at=at, words=words)
        return _("Done. It is on the customer's timeline.")
    if kind == Answer.Kind.POSTPONED and request.POST.get("days") in LATER_DAYS:
        until = timezone.localdate(at) + timedelta(days=LATER_DAYS[request.POST["days"]])
        answer.postpone(decision, until_on=until, by=by, at=at, words=words)
        return _("Put off. It comes back when its day has come.")
    if kind == Answer.Kind.REFUSED and request.POST.get("why_not") in Answer.WhyNot.values:
        answer.refuse(decision, why_not=request.POST["why_not"], words=words, by=by, at=at)
        return _("Not this, then. The reason is kept and learned from.")
    raise ImpossibleQuestion(_("Say whether it was done, when to come back to it, or why not."))
