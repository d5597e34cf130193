"""What more customers could buy, level by level, and where it pays to stimulate them; which customers need the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Level, Valuation
from entente.differentiate.need_card import Evidence, evidence_of
from entente.differentiate.potential_shown import first_of_case, potential_of, segments_of, without_segment
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.staff.firm import firm_today
from entente.staff.models import User
from entente.web.needs import CASES
from entente.web.permissions import allowed
from entente.web.person import person

DARKEST = 10
# What says so, case by case.
EVIDENCE = {
    1: _("Of what they may spend, less than the part below which it pays is spent here."),
    2: _("%(suppliers)s or more other suppliers are known. Whoever asks several is lost to the one who asks first."),
    4: _("Somebody else stands between: by a relation, or because it was said."),
}
FIELDS = {1: "low_share", 2: "plays_off", 4: "buys_through"}


@dataclass(frozen=True)
class Found:
    """One customer of a case, with what says so."""

    customer: Customer
    worth: Valuation
    evidence: Evidence


@dataclass(frozen=True)
class Case:
    number: int
    words: Any
    why: Any
    many: int
    found: list[Found]


@require_safe
def pyramid_potential(request: HttpRequest) -> HttpResponse:
    """Revenue, potential and share of wallet by level; the three cases, each with those who are worth most."""
    user, cycle = person(request), in_force()
    page: dict[str, Any] = {"cycle": cycle, "may_set": allowed("settings_needs", "GET", user.role)}
    if cycle is not None:
        rows, total = potential_of(cycle)
        needs = cycle.totals.get("needs") or {}
        page |= {
            "rows": rows,
            "total": total,
            "told": needs.get("potential") or {},
            "terms": needs.get("terms") or {},
            "cases": _cases(cycle, user, total.cell) if total else [],
        }
    return render(request, "pyramid/potential.html", page)


def _cases(cycle: Cycle, user: User, total: Any) -> list[Case]:
    suppliers = ((cycle.totals.get("needs") or {}).get("terms") or {}).get("suppliers", 2)
    first = {case: first_of_case(cycle, case) for case in CASES}
    numbers = {row.customer_id for rows in first.values() for row in rows}
    people = visible_customers(user).in_bulk(list(numbers))
    evidence = evidence_of(numbers, firm_today())
    return [
        Case(
            case,
            words,
            EVIDENCE[case] % {"suppliers": f"{suppliers:g}"},
            getattr(total, FIELDS[case]),
            [
                Found(people[row.customer_id], row, evidence[row.customer_id])
                for row in first[case]
                if row.customer_id in people
            ],
        )
        for case, words in CASES.items()
    ]


@require_safe
def pyramid_needs(request: HttpRequest) -> HttpResponse:
    """The need segments: what sets each apart, who is in it, and how they are spread over the levels."""
    cycle = in_force()
    page: dict[str, Any] = {"cycle": cycle, "may_set": allowed("settings_needs", "GET", person(request).role)}
    if cycle is not None:
        segments = segments_of(cycle)
        page |= {
            "levels": list(Level),
            "segments": [(one, [_shaded(*cell) for cell in one.shares]) for one in segments],
            "without": without_segment(cycle, segments),
            "told": (cycle.totals.get("needs") or {}).get("segments") or {},
        }
    return render(request, "pyramid/needs.html", page)


def _shaded(level: Level, share: float | None, many: int) -> tuple[Level, float | None, int, int | None]:
    return level, share, many, None if share is None else int(DARKEST * share)
