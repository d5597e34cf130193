"""Are these two records one customer? One question at a time, one keystroke each; and what was decided so far."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language_bidi, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from entente.differentiate.current import in_force
from entente.identify import review as asking
from entente.identify.find import customers_of
from entente.identify.models import Linkage, PossibleMatch, Verdict
from entente.identify.verdicts import AlreadyDecided, NothingToDecide, take_back
from entente.lib.keyset import before, place, read_place
from entente.web.asked import ImpossibleQuestion, number, strictly, text, way_back
from entente.web.here import MOST_COUNTED, counted
from entente.web.pair import pair_of
from entente.web.person import person
from entente.web.review_runs import told_of

SHOWN = 8  # the question, and those that come next
PAGE = 50
UNDO_FOR = timedelta(hours=1)  # afterwards it is looked up under what was decided
SAID = {"same": True, "other": False}


@require_safe
@strictly
def review(request: HttpRequest) -> HttpResponse:
    """The question asked for, or the dearest."""
    wanted = number(request, "question")
    if wanted is None:
        return _desk(request)
    found = PossibleMatch.objects.select_related("settled_by__by").filter(pk=wanted).first()
    if found is None:
        return _desk(request, told=_("Nobody need be asked that any more. This is the dearest question now."))
    told = "" if found.settled_by is None else _was_first(found.settled_by)
    return _desk(request, since=found, itself=True, told=told)


@require_POST
@strictly
def review_verdicts(request: HttpRequest, question_id: int) -> HttpResponse:
    """The same, or not the same. Answers with the next question."""
    said = SAID.get(request.POST.get("said", ""))
    if said is None:
        raise ImpossibleQuestion(_("Say whether they are the same or not."))
    question = PossibleMatch.objects.filter(pk=question_id).first()
    told = ""
    try:
        asking.settle(question_id, is_same=said, by=person(request))
    except AlreadyDecided as error:
        told = _was_first(error.verdict)
    except NothingToDecide as error:
        told = str(error)
    return _answered(request, since=question, told=told)


@require_POST
def verdict_withdrawal(request: HttpRequest, verdict_id: int) -> HttpResponse:
    """Take a decision back. In the review its question is asked again; elsewhere back to where it was taken back."""
    verdict = get_object_or_404(Verdict, pk=verdict_id)
    question = None
    try:
        moved = take_back(verdict, by=person(request))
    except NothingToDecide as error:
        told = str(error)
    else:
        told = _("Taken back.")
        if moved:
            told += " " + ngettext("%(number)d record went back.", "%(number)d records went back.", moved) % {
                "number": moved
            }
        question = asking.waiting().filter(left=verdict.left_id, right=verdict.right_id).first()
    return _answered(request, since=question, itself=True, told=told)


@require_safe
@strictly
def review_decided(request: HttpRequest) -> HttpResponse:
    """What people said of records, the newest first."""
    rows = Verdict.objects.filter(together_with=None).select_related(
        "left__source", "right__source", "by", "withdrawn_by"
    )
    if later := text(request, "later", longest=2001):
        rows = rows.filter(before(("id",), read_place(later, int)))
    found = list(rows.order_by("-id")[: PAGE + 1])
    whose = customers_of({party for row in found for party in (row.left_id, row.right_id)}, person(request))
    seen = [
        (row, whose[row.left_id], whose[row.right_id])
        for row in found[:PAGE]
        if row.left_id in whose and row.right_id in whose
    ]
    more = place(found[PAGE - 1].pk) if len(found) > PAGE else None
    return render(request, "review/decided.html", {"rows": seen, "later": more})


def _answered(request: HttpRequest, **place_and_word: Any) -> HttpResponse:
    """In place with the next question; without scripts by way of the page."""
    if request.headers.get("HX-Request"):
        answer = _desk(request, **place_and_word)
        answer["HX-Replace-Url"] = reverse("review")
        return answer
    if told := place_and_word["told"]:
        messages.info(request, told)
    return redirect(way_back(request, reverse("review")))


def _desk(
    request: HttpRequest, *, since: PossibleMatch | None = None, itself: bool = False, told: str = ""
) -> HttpResponse:
    """The question at a place of the queue with those that come next; behind the last one it begins again."""
    user = person(request)
    asked = asking.questions(user, since=since, itself=itself, most=SHOWN)
    if not asked and since is not None:
        asked = asking.questions(user, since=None, itself=False, most=SHOWN)
    page: dict[str, Any] = {
        "told": told,
        "count": counted(len(asking.waiting().values_list("id")[: MOST_COUNTED + 1])),
        "last": asking.own_last(user, since=timezone.now() - UNDO_FOR),
    }
    if asked:
        cycle = in_force()
        page |= {
            "pair": pair_of(asked[0], cycle),
            "ahead": [one.question for one in asked[1:]],
            "before": asking.question_before(asked[0].question),
            "currency": cycle.currency if cycle else "",
        }
    else:
        done = asking.runs().filter(state=Linkage.State.DONE)
        page["run"] = told_of(run) if (run := done.first()) else None
    onward, back = ("ArrowLeft", "ArrowRight") if get_language_bidi() else ("ArrowRight", "ArrowLeft")
    page |= {"keys_on": f"j {onward}", "keys_back": f"k {back}"}
    in_place = bool(request.headers.get("HX-Request"))
    return render(request, "review/_desk.html" if in_place else "review/review.html", page)


def _was_first(verdict: Verdict) -> str:
    """Of two who decide at once, the second is told."""
    words = (
        _("%(who)s was first: on %(when)s %(left)s and %(right)s were decided to be the same. It stands.")
        if verdict.is_same
        else _("%(who)s was first: on %(when)s %(left)s and %(right)s were decided not to be the same. It stands.")
    )
    at = timezone.localtime(verdict.made_at)
    return words % {
        "who": verdict.by or _("Somebody"),
        "when": date_format(at, "j M, H:i"),
        "left": verdict.left,
        "right": verdict.right,
    }
