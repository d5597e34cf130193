"""How well is foreseen what customers buy: every way that was tried on the firm's own past, and what keeping customers is worth."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Level
from entente.web.asked import strictly
from entente.web.contract_pictures import contracts_shown, occasions_shown
from entente.web.decisions import SPEND_TITLES
from entente.web.tenths import tenths

EPOCH = date(1970, 1, 1)

BY_CHANCE = gettext_lazy("Customers buy at their own pace, and after any purchase some stay away for good.")
REGULARLY = gettext_lazy(
    "Customers buy at their own pace and more regularly than by chance; after any purchase, the first included, some stay away for good."
)
STEADILY = gettext_lazy(
    "Customers buy at their own pace and more regularly than by chance; the data do not show that any of them leaves for good."
)
FREELY = gettext_lazy(
    "Customers buy at their own pace and leave as readily as the data show, who buys much perhaps less so; no formula says how they differ."
)
BUYING_LAWS = {
    "bg_nbd": BY_CHANCE,
    "mbg_nbd": gettext_lazy(
        "Customers buy at their own pace, and after any purchase, the first included, some stay away for good."
    ),
    "pareto_nbd": gettext_lazy("Customers buy at their own pace, and at any moment some stay away for good."),
    "nbd": gettext_lazy("Customers buy at their own pace; the data do not show that any of them leaves for good."),
    "firm_rate": gettext_lazy("Too little is known of single customers: everybody is taken to buy at the pace of all."),
    "committee": gettext_lazy(
        "The mean of what several laws say: they err in different directions, and their mean came nearest to what happened."
    ),
    **{f"mbg_cnbd_{stages}": REGULARLY for stages in (2, 3, 4)},
    **{f"cnbd_{stages}": STEADILY for stages in (2, 3, 4)},
    **{f"free_{stages}": FREELY for stages in (1, 2)},
}
SPEND_LAWS = {
    "gamma_gamma": gettext_lazy(
        "What a purchase brings lies between the customer’s own average and that of all, nearer the own one the more purchases there were."
    ),
    "shrunk_mean": gettext_lazy(
        "What a purchase brings is the customer’s own average, drawn to that of all where there were few purchases."
    ),
}
RULES = {
    "past_rate": gettext_lazy("past rate: everybody goes on as before"),
    "hiatus": gettext_lazy("past rate, but who was silent for the last third of their time is gone"),
}


@require_safe
@strictly
def pyramid_laws(request: HttpRequest) -> HttpResponse:
    """The laws of the cycle in force beside each other and beside simple rules, and the worth of a point of retention."""
    cycle = in_force()
    page: dict[str, Any] = {"cycle": cycle}
    if cycle is not None:
        trials = [_trial(one, cycle) for one in cycle.laws.get("trials") or []]
        used = next((one for one in trials if one["is_used"]), None)
        page |= {
            "laws": laws_in_words(cycle.laws),
            "reason": cycle.laws.get("reason", ""),
            "learned": cycle.laws.get("learned"),
            "trials": trials,
            "origins": [_origin(one) for one in cycle.laws.get("origins") or []],
            "used": used,
            **tenths(used["calibration"] if used else []),
            "retention": _retention(cycle),
            "contracts": contracts_shown(cycle),
            "occasions": occasions_shown(cycle),
        }
    return render(request, "pyramid/laws.html", page)


def laws_in_words(laws: dict[str, Any]) -> dict[str, Any]:
    """The laws that are used, in words; their figures for who wants them."""
    buying, spend = laws.get("buying") or {}, laws.get("spend") or {}
    used = []
    if buying:
        name, parts = buying.get("name", ""), buying.get("members") or [buying]
        used.append((_("How often they buy"), buying.get("title", ""), BUYING_LAWS.get(name, ""), parts))
    if spend:
        title = SPEND_TITLES.get(spend.get("name", ""), spend.get("name", ""))
        used.append((_("What a purchase brings"), title, SPEND_LAWS.get(spend.get("name", ""), ""), [spend]))
    return {"used": used, "refused": laws.get("refused") or []}


def _trial(kept: dict[str, Any], cycle: Cycle) -> dict[str, Any]:
    buying = cycle.laws.get("buying") or {}
    used = [member["name"] for member in buying.get("members") or []] or [buying.get("name")]
    names = kept["names"]
    return {
        "title": RULES.get(names[0]) or kept["title"],
        "is_rule": names[0] in RULES,
        "is_used": names == used,
        "scored": kept["scored"],
        "calibration": kept["calibration"],
    }


def _origin(kept: dict[str, Any]) -> dict[str, Any]:
    day, until = (EPOCH + timedelta(days=kept[name]) for name in ("day", "until"))
    return {**kept, "day": day, "until": until, "days": (until - day).days}


def _retention(cycle: Cycle) -> list[dict[str, Any]]:
    kept = cycle.totals.get("retention") or {}
    shown = (level for level in Level if level <= Level.INACTIVE)
    return [{"level": level, **kept[str(level.value)]} for level in shown if str(level.value) in kept]
