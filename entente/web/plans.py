"""What if: plans for the pyramid, their effect while they are drawn up, side by side, as targets, and followed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Level, Plan, PlanMove
from entente.differentiate.plans import (
    LONGEST_NOTE,
    STEERING,
    Month,
    NoLongerADraft,
    PlanHasChanged,
    asked_of,
    change_plan,
    close_plan,
    gone_since,
    make_target,
    months_of,
    save_plan,
)  # fmt: skip
from entente.differentiate.what_if import Effect, ImpossiblePlan, ground, work_out
from entente.staff.models import User
from entente.web.asked import ImpossibleQuestion, number, strictly
from entente.web.permissions import allowed
from entente.web.person import person
from entente.web.plan_desk import desk_of, effect_of, fields_of
from entente.web.plan_pictures import beside, course_of

MOST_SHOWN = 200
MOST_BESIDE = 4


class TargetForm(forms.Form):
    """Who answers for a plan, and until when."""

    responsible = forms.ModelChoiceField(
        queryset=User.objects.none(), label=gettext_lazy("Who answers for it"), empty_label=None
    )
    ends_on = forms.DateField(label=gettext_lazy("Until"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsible"].queryset = _steering()  # type: ignore[attr-defined]


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """All plans, the newest first; some of them side by side."""
    rows = list(Plan.objects.select_related("by", "responsible").prefetch_related("moves").order_by("-id")[:MOST_SHOWN])
    page = {"rows": rows, "may_write": _may_write(request), "most": MOST_BESIDE}
    return render(request, "plans/list.html", page)


@require_http_methods(["GET", "HEAD", "POST"])
@strictly
def plan_new(request: HttpRequest) -> HttpResponse:
    """What would it bring? Worked out at every change; kept when somebody says so."""
    cycle = in_force()
    if request.method == "POST" and cycle is not None:
        given = _posted(request)
        if _only_works_out(given):
            return _desk(request, cycle, given, None)
        try:
            made = save_plan(given, cycle, by=person(request))
        except ImpossiblePlan as error:
            return _desk(request, cycle, given, None, error.errors)
        messages.success(request, _("The plan is kept as a draft."))
        return redirect("plan", made.pk)
    if like := number(request, "like"):
        other = get_object_or_404(Plan.objects.select_related("baseline").prefetch_related("moves"), pk=like)
        return _desk(request, cycle, fields_of(other, cycle.currency if cycle else ""), None)
    return _desk(request, cycle, request.GET.dict(), None)


@require_http_methods(["GET", "HEAD", "POST"])
@strictly
def plan_edit(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Change a draft. Who comes second is told, and writes nothing."""
    found = get_object_or_404(Plan.objects.select_related("baseline").prefetch_related("moves"), pk=plan_id)
    cycle = in_force()
    if found.state != Plan.State.DRAFT or cycle is None:
        messages.warning(request, str(NoLongerADraft()))
        return redirect("plan", found.pk)
    if request.method == "POST":
        given = _posted(request)
        if _only_works_out(given):
            return _desk(request, cycle, given, found)
        try:
            change_plan(found.pk, number(request, "version", given) or 0, given, cycle, by=person(request))
        except ImpossiblePlan as error:
            return _desk(request, cycle, given, found, error.errors)
        except (PlanHasChanged, NoLongerADraft) as error:
            return _refused(request, found.pk, str(error))
        messages.success(request, _("The plan is changed."))
        return redirect("plan", found.pk)
    return _desk(
        request, cycle, request.GET.dict() if "figures" in request.GET else fields_of(found, cycle.currency), found
    )


@require_safe
def plan(request: HttpRequest, plan_id: int) -> HttpResponse:
    """One plan: what it wants, what it would bring, how it comes along, who did what with it."""
    return _plan(request, plan_id)


@require_POST
@strictly
def plan_target(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Aim at it."""
    found = get_object_or_404(Plan, pk=plan_id)
    form = TargetForm(request.POST)
    cycle = in_force()
    if not form.is_valid() or cycle is None:
        return _plan(request, found.pk, form=form, status=422)
    try:
        make_target(
            found.pk,
            number(request, "version", request.POST) or 0,
            responsible=form.cleaned_data["responsible"].pk,
            ends_on=form.cleaned_data["ends_on"],
            cycle=cycle,
            by=person(request),
        )
    except ImpossiblePlan as error:
        for name, words in error.errors.items():
            form.add_error(name if name in form.fields else None, words)
        return _plan(request, found.pk, form=form, status=422)
    except (PlanHasChanged, NoLongerADraft) as error:
        return _refused(request, found.pk, str(error))
    messages.success(request, _("It is a target now. Every cycle writes down what really moved."))
    return redirect("plan", found.pk)


@require_POST
@strictly
def plan_closing(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Aim at it no longer."""
    found = get_object_or_404(Plan, pk=plan_id)
    try:
        close_plan(
            found.pk, number(request, "version", request.POST) or 0, words=request.POST.get("words", ""), by=person(request)
        )  # fmt: skip
    except PlanHasChanged as error:
        return _refused(request, found.pk, str(error))
    messages.success(request, _("The plan is closed."))
    return redirect("plan", found.pk)


@require_safe
@strictly
def plans_beside(request: HttpRequest) -> HttpResponse:
    """Two to four plans side by side, worked out on the same pyramid."""
    asked = [one for one in request.GET.getlist("plan") if one.isascii() and one.isdecimal() and len(one) < 19]
    if not 2 <= len(set(asked)) <= MOST_BESIDE:
        raise ImpossibleQuestion(_("Choose two to %(most)d plans to compare.") % {"most": MOST_BESIDE})
    cycle = in_force()
    found = list(
        Plan.objects.filter(pk__in=asked)
        .select_related("responsible", "baseline")
        .prefetch_related("moves")
        .order_by("pk")
    )
    if len(found) != len(set(asked)) or cycle is None:
        raise Http404
    stands = {figures: ground(cycle, figures) for figures in {one.figures for one in found}}
    columns: list[tuple[Plan, Effect | None, str]] = []
    for one in found:
        try:
            columns.append((one, work_out(asked_of(one), stands[one.figures]), ""))
        except ImpossiblePlan as error:
            columns.append((one, None, str(error)))
    worked = [effect for _plan, effect, _why in columns if effect]
    bars = {name: iter(beside([getattr(effect, name) for effect in worked])) for name in ("profit", "value")}
    page = {
        "cycle": cycle,
        "columns": [
            {
                "plan": one,
                "effect": effect,
                "why": why,
                "bars": {name: next(bar) for name, bar in bars.items()} if effect else None,
            }
            for one, effect, why in columns
        ],
    }
    return render(request, "plans/beside.html", page)


def _desk(
    request: HttpRequest,
    cycle: Cycle | None,
    given: Mapping[str, str],
    found: Plan | None,
    errors: dict[str, str] | None = None,
) -> HttpResponse:
    """The page on which a plan is drawn up, or, asked for by the page itself, what follows from a change."""
    page: dict[str, Any] = {
        "cycle": cycle,
        "plan": found,
        # The one this desk was opened with: what somebody else has kept since must not be overwritten.
        "version": given.get("version") or (found.version if found else None),
        "may_write": _may_write(request),
        "errors": errors or {},
    }
    if cycle is not None:
        page |= desk_of(cycle, given, errors or {})
    if request.headers.get("HX-Request"):
        return render(request, "plans/_effect.html", {**page, "is_fragment": True})
    return render(request, "plans/desk.html", page, status=422 if errors else 200)


def _plan(request: HttpRequest, plan_id: int, *, form: TargetForm | None = None, status: int = 200) -> HttpResponse:
    rows = Plan.objects.select_related("by", "responsible", "baseline").prefetch_related("moves", "events__by")
    found = get_object_or_404(rows, pk=plan_id)
    cycle = in_force()
    page: dict[str, Any] = {
        "plan": found,
        "cycle": cycle,
        "currency": found.baseline.currency,
        "moves": sorted(found.moves.all(), key=lambda row: row.place),
        "events": sorted(found.events.all(), key=lambda row: row.pk),
        "may_write": _may_write(request),
        "form": form or TargetForm(initial={"responsible": person(request).pk}),
    }
    if cycle is not None and found.state == Plan.State.DRAFT:
        page |= effect_of(asked_of(found), cycle, "")
        # There is no field here that it could stand beside.
        page["other_wrong"] = list(page.get("wrong", {}).values())
    elif found.state != Plan.State.DRAFT:
        months = months_of(found)
        wanted = sum(row.customers for row in page["moves"])
        page |= {"months": _told(months, page["moves"]), "course": course_of(months, wanted), "gone": gone_since(found)}
    return render(request, "plans/plan.html", page, status=status)


def _told(months: list[Month], moves: list[PlanMove]) -> list[tuple[Month, list[tuple[str, int | None, float]]]]:
    """Each month with what became of each line: what it is called where there is little room, how many moved, how many were to."""
    names = [f"{move.get_kind_display()} {Level(move.from_level).label}" for move in moves]
    return [(month, list(zip(names, month.moved, month.target, strict=True))) for month in months]


def _refused(request: HttpRequest, number: int, words: str) -> HttpResponse:
    """Somebody was first: their plan, and a word of what happened."""
    messages.warning(request, words)
    return _plan(request, number, status=409)


def _posted(request: HttpRequest) -> dict[str, str]:
    return {
        name: str(value)[: LONGEST_NOTE + 1] for name, value in request.POST.items() if name != "csrfmiddlewaretoken"
    }


def _only_works_out(given: Mapping[str, str]) -> bool:
    """Without script the desk itself asks what would follow, or for another line; nothing is kept."""
    return "work" in given or "add" in given


def _may_write(request: HttpRequest) -> bool:
    return allowed("plan_new", "POST", person(request).role)


def _steering() -> QuerySet[User]:
    return User.objects.filter(is_active=True, role__in=STEERING).order_by("name", "pk")
