"""The log of decisions, and everything that stands behind one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from entente.customize.explain import PLAY_NAMES, drops, play_name, sentence
from entente.customize.models import Decision, Outcome
from entente.customize.standing import stands, with_standing
from entente.differentiate.current import in_force
from entente.differentiate.picture import served_on
from entente.identify.find import visible_customers
from entente.ledger.models import Channel
from entente.lib.keyset import before, place, read_place
from entente.web.asked import choice, strictly, text
from entente.web.person import person

PAGE = 50
SPEND_TITLES = {"gamma_gamma": "Gamma-Gamma", "shrunk_mean": gettext_lazy("drawn average")}
PLAYS = (*PLAY_NAMES, "nothing")
FILTERS = ("play", "state", "channel", "as_of")


@dataclass(frozen=True)
class Candidate:
    """One play that was weighed. `bar` is its win share in hundredths, for the picture."""

    play: str
    score: float
    win_share: float
    propensity: float
    is_chosen: bool

    @property
    def bar(self) -> str:
        return f"{100 * self.win_share:.1f}"

    @property
    def chance(self) -> str:
        return f"{100 * self.propensity:.1f}"


@require_safe
@strictly
def decisions(request: HttpRequest) -> HttpResponse:
    """The decisions of a cycle, the newest first: every customer's, those for whom nothing was chosen included."""
    served = served_on()
    asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    as_of = choice(request, "as_of", [cycle.as_of.isoformat() for cycle in served])
    newest = in_force()
    cycle = next((one for one in served if one.as_of.isoformat() == as_of), newest)
    rows = Decision.objects.filter(cycle_id=cycle.pk) if cycle else Decision.objects.none()
    if cycle and (state := choice(request, "state", Decision.State.values)):
        rows = rows.filter(stands(state, cycle, newest))
    for name, choices in (("play", PLAYS), ("channel", Channel.values)):
        if wanted := choice(request, name, choices):
            rows = rows.filter(**{name: wanted})
    if later := text(request, "later", longest=2001):
        rows = rows.filter(before(("id",), read_place(later, int)))
    some = rows.order_by("-id").select_related("cycle").defer("cycle__laws", "cycle__steps_done")[: PAGE + 1]
    found = with_standing(some, newest)
    people = visible_customers(person(request)).in_bulk([row.customer_id for row in found])
    shown = [row for row in found[:PAGE] if row.customer_id in people]
    for row in shown:
        row.customer = people[row.customer_id]
    return render(
        request,
        "decisions/list.html",
        {
            "cycle": cycle,
            "served": served,
            "rows": [(row, sentence(row) if row.play != "nothing" else "") for row in shown],
            "later": place(found[PAGE - 1].pk) if len(found) > PAGE else None,
            "asked": asked,
            "kept": urlencode(asked),
            "plays": [(key, play_name(key)) for key in PLAYS],
            "states": Decision.State.choices,
            "channels": [
                (channel.value, channel.label)
                for channel in (Channel.PHONE, Channel.EMAIL, Channel.LETTER, Channel.MESSENGER)
            ],
        },
    )


@require_safe
def decision(request: HttpRequest, decision_id: int) -> HttpResponse:
    """One decision with all that was logged when it was made, and what came of it."""
    row = get_object_or_404(Decision.objects.select_related("cycle"), pk=decision_id)
    with_standing([row], in_force())
    row.customer = get_object_or_404(visible_customers(person(request)), pk=row.customer_id)
    answers = row.answers.select_related("by", "interaction").order_by("-id")[:50]
    return render(
        request,
        "decisions/decision.html",
        {
            "d": row,
            "why": sentence(row),
            "candidates": _candidates(row),
            "drops": drops(row),
            "answers": answers,
            "outcome": Outcome.objects.filter(decision=row).first(),
            "versions": _versions(row.cycle.laws),
        },
    )


def _candidates(row: Decision) -> list[Candidate]:
    return [
        Candidate(play, score, win, chance, play == row.play)
        for play, score, win, chance in zip(row.plays, row.scores, row.win_shares, row.propensities, strict=False)
    ]


def _versions(laws: dict[str, Any]) -> list[tuple[str, str]]:
    """The laws the figures came from."""
    used = [(name, laws[name]) for name in ("buying", "spend") if laws.get(name)]
    return [
        (name, law.get("title") or str(SPEND_TITLES.get(law.get("name", ""), law.get("name", ""))))
        for name, law in used
    ]
