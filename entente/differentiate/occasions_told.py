"""Whether customers buy at fixed occasions, tried on the firm's past and kept with the cycle, to be compared: no value goes by it."""

from __future__ import annotations

from typing import Any

from entente.differentiate.facts import Facts, day_number
from entente.differentiate.pure.occasion_trial import try_occasions


def occasions_told(facts: Facts, months: int) -> dict[str, Any]:
    """months: from one occasion to the next; 0 where the firm says there are none, and nothing is told."""
    if not months:
        return {}
    days = facts.free_purchases()
    found = try_occasions(days.customer, days.day, days.amount, day_number(facts.as_of), months)
    told = {
        "months": months,
        "refusal": found.refusal,
        "customers": found.customers,
        "bought_last": found.bought_last,
        "expected_next": found.expected_next,
        "held_out": found.held_out,
        "compared": [
            {"name": one.name, "mae": one.scored.mae, "rmse": one.scored.rmse, "bias": one.scored.bias}
            for one in found.compared
        ],
    }
    return {"occasions": told}
