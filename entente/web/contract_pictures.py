"""How long contracts last: the share still there as it was seen, beside what the law of renewal foresees."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from entente.differentiate.models import Cycle

WIDTH, LEFT, RIGHT, FLOOR, CEILING = 460.0, 44.0, 452.0, 190.0, 14.0
TICKS = 4
MOST_MARKS = 9
MOST_LARGE_DOTS = 24
WAYS = {
    "occasions": gettext_lazy("law of fixed occasions (BG/BB)"),
    "free": gettext_lazy("law of free buying"),
    "past_rate": gettext_lazy("past rate: everybody goes on as before"),
}
# A standard error in an interval of 80 %.
WIDE = 1.2816


def contracts_shown(cycle: Cycle) -> list[dict[str, Any]]:
    """Contracts of each length of period, as a cycle found them, with the picture; none where the firm has none."""
    lengths = (cycle.totals.get("contracts") or {}).get("lengths") or []
    return [_shown(one) for one in lengths]


def occasions_shown(cycle: Cycle) -> dict[str, Any]:
    """How the law of fixed occasions did beside others; empty where the firm has none."""
    kept = cycle.totals.get("occasions")
    if not kept:
        return {}
    ways = [{**one, "words": WAYS[one["name"]]} for one in kept["compared"]]
    return {**kept, "ways": ways, "expected": round(kept["expected_next"] or 0.0)}


def _shown(kept: dict[str, Any]) -> dict[str, Any]:
    due, error = kept["due"], kept.get("renewals_error", 0.0)
    expected = kept.get("renewals_year", 0.0)
    return {
        **kept,
        "made": 1.0 - kept["left"] / due if due else None,
        "renewals_year": round(expected),
        "renewals_low": round(max(expected - WIDE * error, 0.0)),
        "renewals_high": round(expected + WIDE * error),
        **_picture(kept["curve"]),
    }


def _picture(curve: list[dict[str, Any]]) -> dict[str, Any]:
    """Points, line, band and ticks in units of the picture."""
    last = max(len(curve) - 1, 1)

    def x(place: int) -> str:
        return f"{LEFT + (RIGHT - LEFT) * place / last:.1f}"

    def y(share: float) -> str:
        return f"{FLOOR - (FLOOR - CEILING) * min(max(share, 0.0), 1.0):.1f}"

    foreseen = [one for one in curve if one["foreseen"] is not None]
    upper = [f"{x(one['renewals'])},{y(one['foreseen'] + WIDE * one['error'])}" for one in foreseen]
    lower = [f"{x(one['renewals'])},{y(one['foreseen'] - WIDE * one['error'])}" for one in reversed(foreseen)]
    step = -(-len(curve) // MOST_MARKS)
    return {
        "seen": [(x(one["renewals"]), y(one["seen"]), one) for one in curve if one["seen"] is not None],
        "line": " ".join(f"{x(one['renewals'])},{y(one['foreseen'])}" for one in foreseen),
        "band": " ".join(upper + lower),
        "marks": [(x(one["renewals"]), one["renewals"]) for one in curve[::step]],
        "levels": [(y(k / TICKS), k / TICKS) for k in range(TICKS + 1)],
        "dot": 4 if len(curve) <= MOST_LARGE_DOTS else 2.5,
        "width": f"{WIDTH:.0f}",
        "left": f"{LEFT:.0f}",
        "right": f"{RIGHT:.0f}",
    }
