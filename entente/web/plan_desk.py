"""The desk on which a plan is drawn up: its lines, with what really moved last year, and its effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.differentiate.models import Cycle, Level, Plan, PlanMove
from entente.differentiate.plan_models import Measure, Precision
from entente.differentiate.what_if import (
    COMPUTED,
    MOST_MOVES,
    OWN,
    Asked,
    Ground,
    ImpossiblePlan,
    ground,
    read_plan,
    work_out,
)
from entente.web.plan_pictures import sources_of, spread_of

# A desk begins with a few empty lines, and has one more than are written.
FIRST_LINES = 2
FIELDS = ("kind", "customers", "from", "to")
PLAN_FIELDS = ("cost", "cost_precision", "cost_spread", "figures")
USUAL = ({"kind": "move", "from": "3", "to": "2"}, {"kind": "keep", "from": "1", "to": "5"})
FIGURES = (
    (OWN, gettext_lazy("your own, else computed")),
    (COMPUTED, gettext_lazy("the computed ones")),
)


@dataclass(frozen=True)
class Line:
    """One line of the form. last_year: so many went that way, in words; None where the line does not say which way. is_sent: the page that
    asks has it already."""

    place: int
    given: Mapping[str, str]
    last_year: str | None
    errors: list[str]
    is_sent: bool

    @property
    def moves(self) -> bool:
        return self.given["kind"] in ("move", "win")


def desk_of(cycle: Cycle, given: Mapping[str, str], errors: dict[str, str]) -> dict[str, Any]:
    """Everything the desk shows: lines, choices, and the effect of what is written so far."""
    figures = given.get("figures") if given.get("figures") in (OWN, COMPUTED) else OWN
    on = ground(cycle, str(figures))
    wrong, shown = dict(errors), {}
    try:
        asked = read_plan(given)
        if asked.moves:
            shown = effect_of(asked, cycle, str(figures), on)
    except ImpossiblePlan as error:
        wrong |= error.errors
    wrong |= shown.pop("wrong", {})
    return {
        "lines": _lines(given, on, wrong),
        "cost": {name: given.get(name, "") for name in PLAN_FIELDS},
        "name": given.get("name", ""),
        "note": given.get("note", ""),
        "kinds": PlanMove.Kind.choices,
        "levels": Level.choices,
        "precisions": Precision.choices,
        "figure_choices": FIGURES,
        "ground": on,
        "wrong": wrong,
        "other_wrong": [words for name, words in wrong.items() if not name.startswith("moves.")],
        **shown,
    }


def effect_of(asked: Asked, cycle: Cycle, figures: str, on: Ground | None = None) -> dict[str, Any]:
    """What a plan brings, in figures and pictures; `wrong` where it cannot be."""
    on = on or ground(cycle, figures or asked.figures)
    try:
        effect = work_out(asked, on)
    except ImpossiblePlan as error:
        return {"wrong": error.errors, "ground": on}
    labels = dict(Precision.choices)
    precisions = {
        (name, level): str(labels[getattr(of, name).precision.value])
        for level, of in on.levels.items()
        for name in ("profit", "customers")
    }
    return {
        "effect": effect,
        "spread": spread_of(effect.profit),
        "sources": sources_of(effect.owed, precisions),
        "ground": on,
        "nobody": [line for line in effect.lines if not line.moved],
        "own_used": _own_words(on),
    }


def _own_words(on: Ground) -> list[str]:
    """The firm's own estimates that a plan of this ground rests on."""
    return [
        _("%(figure)s of %(level)s") % {"figure": Measure(measure).label, "level": Level(level).label}
        for level, measure in sorted(on.own)
        if measure in (Measure.CUSTOMERS, Measure.PROFIT, Measure.VALUE)
    ]


def fields_of(plan: Plan, currency: str) -> dict[str, str]:
    """A plan as the fields of its form; without its cost where the firm counts in another currency since."""
    found = {
        "name": plan.name, "note": plan.note, "figures": plan.figures, "cost": _plain(plan.cost),
        "cost_precision": plan.cost_precision, "cost_spread": _plain(100 * plan.cost_spread) if plan.cost_spread else "",
    }  # fmt: skip
    if plan.baseline.currency != currency:
        found["cost"] = ""
    for move in sorted(plan.moves.all(), key=lambda row: row.place):
        values = (move.kind, str(move.customers), str(move.from_level), str(move.to_level))
        found |= {f"moves.{move.place}.{name}": value for name, value in zip(FIELDS, values, strict=True)}
    return found


def _lines(given: Mapping[str, str], on: Ground, wrong: Mapping[str, str]) -> list[Line]:
    written = [place for place in range(MOST_MOVES) if any(given.get(f"moves.{place}.{name}") for name in FIELDS)]
    filled = [place for place in written if given.get(f"moves.{place}.customers")]
    last = max(written, default=-1) + 1 + bool(given.get("add"))
    count = min(max(FIRST_LINES, last, max(filled, default=-1) + 2), MOST_MOVES)
    found = []
    for place in range(count):
        usual = USUAL[place % len(USUAL)]
        fields = {name: given.get(f"moves.{place}.{name}") or usual.get(name, "") for name in FIELDS}
        errors = [words for name, words in wrong.items() if name.startswith(f"moves.{place}.")]
        found.append(Line(place, fields, _last_year(fields, on), errors, place in written))
    return found


def _last_year(fields: Mapping[str, str], on: Ground) -> str | None:
    levels = {str(int(level)) for level in Level}
    if not on.has_year_before or not {fields["from"], fields["to"]} <= levels:
        return None
    before, after = int(fields["from"]), int(fields["to"])
    if fields["kind"] in ("keep", "lose"):
        left, asked = on.left(before), fields["customers"]
        words = _("last year %(count)s left") % {"count": f"{left:,}"}
        if fields["kind"] == "keep" and asked.isdecimal() and int(asked) > left:
            words = _("%(left)s: nobody is kept who would have stayed anyway") % {"left": words}
        return words
    return _("last year %(count)s went") % {"count": f"{on.went(before, after):,}"}


def _plain(amount: float) -> str:
    return f"{amount:.10g}" if abs(amount) < 10**9 else f"{amount:.0f}"
