"""As if today were an earlier day: what was predicted until a later one, beside what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, log10
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

MOST_SHOWN = 100
# The picture, in units of its own: bars stand on `FLOOR`, the tallest reaches `CEILING`.
LEFT, FLOOR, CEILING, PITCH, BAR = 44.0, 220.0, 16.0, 58.0, 21.0
TICKS = 4


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


@dataclass(frozen=True)
class Pair:
    """A tenth of the customers: two bars of the picture, and what they say."""

    decile: int
    customers: int
    predicted: float
    happened: float
    x: str
    x_happened: str
    y_predicted: str
    y_happened: str
    tall_predicted: str
    tall_happened: str
    middle: str


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
    calibration = result.get("calibration") or []
    top = max((max(one["predicted_mean"], one["observed_mean"]) for one in calibration), default=0.0)
    ceiling = _round_up(top)
    past = result.get("past_rate") or {}
    return render(
        request,
        "backtests/backtest.html",
        {
            "row": row,
            "result": result,
            "past": past,
            "pairs": _pairs(calibration, ceiling),
            "ticks": _ticks(ceiling),
            "width": f"{LEFT + PITCH * max(len(calibration), 1) + 6:.0f}",
            "left": f"{LEFT:.0f}",
            "floor": f"{FLOOR:.0f}",
            "days": (row.to_on - row.from_on).days,
            "is_better": result["mae"] < past.get("mae", float("inf")),
            "less_wrong": 1 - result["mae"] / past["mae"] if past.get("mae") else 0.0,
            "off_by": abs(result["bias"]),
        },
    )


def _pairs(calibration: list[dict[str, Any]], ceiling: float) -> list[Pair]:
    found = []
    for place, one in enumerate(calibration):
        x = LEFT + PITCH * place + 6
        tall = [
            (FLOOR - CEILING) * min(one[name] / ceiling, 1.0) if ceiling else 0.0
            for name in ("predicted_mean", "observed_mean")
        ]
        found.append(
            Pair(
                one["decile"],
                one["customers"],
                one["predicted_mean"],
                one["observed_mean"],
                f"{x:.1f}",
                f"{x + BAR + 2:.1f}",
                f"{FLOOR - tall[0]:.1f}",
                f"{FLOOR - tall[1]:.1f}",
                f"{tall[0]:.1f}",
                f"{tall[1]:.1f}",
                f"{x + BAR + 1:.1f}",
            )
        )
    return found


def _round_up(top: float) -> float:
    """The next number that divides well into TICKS."""
    if top <= 0:
        return 1.0
    power = 10.0 ** floor(log10(top))
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if step * power >= top)


def _ticks(ceiling: float) -> list[tuple[str, float]]:
    """Where a line of the picture stands, and what it stands for."""
    return [(f"{FLOOR - (FLOOR - CEILING) * k / TICKS:.1f}", ceiling * k / TICKS) for k in range(TICKS + 1)]


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
