"""What serving cost: of one customer on the card, of all below the pyramid."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from entente.differentiate.activity_rates import WORDS
from entente.differentiate.costs import made_of
from entente.differentiate.current import in_force, valuation_of
from entente.differentiate.models import Cycle
from entente.identify.find import parties_of, visible_customers
from entente.web.person import person

# Less than this is rounding, not a later fact.
SMALLEST_COIN = 0.005


@require_safe
def customer_cost(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What was done for a customer in the 12 months of the cycle in force: a fragment that the card fetches when it stands."""
    found = get_object_or_404(visible_customers(person(request)), pk=customer_id)
    cycle = in_force()
    worth = valuation_of(found.pk, cycle)
    done = made_of(parties_of(found), cycle) if cycle else []
    rows = [
        {
            "words": WORDS[one.activity], "times": one.times, "cost": one.cost,
            "calls": one.calls, "guessed": one.calls_guessed, "activity": one.activity,
        }
        for one in done
    ]  # fmt: skip
    off = (worth.cost_year if worth else 0.0) - sum(one.cost for one in done)
    more = {"rows": rows, "off": off if abs(off) > SMALLEST_COIN else 0.0}
    return render(request, "customers/_cost.html", {"customer": found, "cycle": cycle, "worth": worth, **more})


def serving_of(cycle: Cycle) -> dict[str, Any]:
    """Activity by activity what serving all customers of a cycle cost, the dearest first; empty where it was not counted yet."""
    rates, sums = (cycle.laws.get("serving") or {}).get("rates"), cycle.totals.get("serving")
    if not rates or not sums:
        return {}
    whole = sums["cost"]
    rows = [
        {
            "words": words, "times": sums["activities"][name]["times"], "cost": sums["activities"][name]["cost"],
            "rate": rates[f"{name}.amount"], "precision": rates[f"{name}.precision"], "off": rates[f"{name}.share"],
            "share": sums["activities"][name]["cost"] / whole if whole else 0.0,
        }
        for name, words in WORDS.items()
        if sums["activities"].get(name, {}).get("times")
    ]  # fmt: skip
    rows.sort(key=lambda row: -row["cost"])
    return {"rows": rows, "cost": whole, "anonymous": sums["anonymous_cost"]}
