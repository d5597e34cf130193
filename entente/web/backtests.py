"""As if today were an earlier day: what was predicted until a later one, beside what happened."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from entente.differentiate.models import Backtest
from entente.ledger.models import Order
from entente.staff.firm import firm_today
from entente.web.asked import strictly
from entente.web.deferred import backtest_later, failed, waiting
from entente.web.permissions import allowed, refuse
from entente.web.person import person
from entente.web.tenths import tenths

MOST_SHOWN = 100


class SpanForm(forms.Form):
    """The two days, and how a purchase is counted."""

    from_on = forms.DateField(
        label=gettext_lazy("As if today were"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    to_on = forms.DateField(
        label=gettext_lazy("Predict until"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    count = forms.ChoiceField(
        label=gettext_lazy("Count"),
        choices=[
            ("net", gettext_lazy("purchases less what came back")),
            ("gross", gettext_lazy("every day with a purchase")),
        ],
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("from_on"), given.get("to_on")
        if last and last > self.today:
            self.add_error("to_on", _("That day lies ahead: nothing can be compared yet."))
        if first and last and first >= last:
            self.add_error("to_on", _("The second day must come after the first."))
        if first and not Order.objects.filter(ordered_on__lt=first, party__isnull=False).exists():
            self.add_error("from_on", _("Nobody had bought before this day. Give a later one."))
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def backtests(request: HttpRequest) -> HttpResponse:
    """All that were run; running another."""
    may_run = allowed("backtests", "POST", person(request).role)
    jobs = waiting("backtest")
    if request.headers.get("HX-Request"):
        if not jobs:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return render(request, "backtests/_waiting.html", {"jobs": _spans(jobs)})
    today = firm_today()
    form = SpanForm(request.POST if request.method == "POST" else None, today=today, initial=_usual_span(today))
    if request.method == "POST":
        if not may_run:
            return refuse(request)
        if form.is_valid():
            given = form.cleaned_data
            backtest_later(given["from_on"], given["to_on"], given["count"], person(request).pk)
            messages.success(request, _("The comparison is being made. It appears here."))
            return redirect("backtests")
    rows = Backtest.objects.select_related("by").order_by("-made_at", "-id")[:MOST_SHOWN]
    return render(
        request,
        "backtests/list.html",
        {"rows": rows, "form": form, "may_run": may_run, "jobs": _spans(jobs), "failed": _spans(failed("backtest"))},
        status=422 if form.errors else 200,
    )


@require_safe
@strictly
def backtest(request: HttpRequest, backtest_id: int) -> HttpResponse:
    """One comparison as a picture and in words."""
    row = get_object_or_404(Backtest.objects.select_related("by"), pk=backtest_id)
    result = row.result
    past = result.get("past_rate") or {}
    return render(
        request,
        "backtests/backtest.html",
        {
            "row": row,
            "result": result,
            "past": past,
            "hiatus": result.get("hiatus") or {},
            **tenths(result.get("calibration") or []),
            "days": (row.to_on - row.from_on).days,
            "is_better": result["mae"] < past.get("mae", float("inf")),
            "less_wrong": 1 - result["mae"] / past["mae"] if past.get("mae") else 0.0,
            "off_by": abs(result["bias"]),
        },
    )


def _spans(jobs: list[Any]) -> list[tuple[date, date]]:
    spans = []
    for job in jobs:
        try:
            spans.append((date.fromisoformat(job.args["from_on"]), date.fromisoformat(job.args["to_on"])))
        except (KeyError, TypeError, ValueError):
            continue
    return spans


def _usual_span(today: date) -> dict[str, Any]:
    """Half a year that has passed."""
    return {"from_on": today - timedelta(days=183), "to_on": today - timedelta(days=1), "count": "net"}
