"""Tenths of the customers by what was predicted: bars of what was said beside bars of what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

# The picture, in units of its own: bars stand on `FLOOR`, the tallest reaches `CEILING`.
LEFT, FLOOR, CEILING, PITCH, BAR = 44.0, 220.0, 16.0, 58.0, 21.0
TICKS = 4


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


def tenths(calibration: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What backtests/_tenths.html needs. calibration: parts with decile, customers, predicted_mean and observed_mean."""
    top = max((max(one["predicted_mean"], one["observed_mean"]) for one in calibration), default=0.0)
    ceiling = _round_up(top)
    return {
        "pairs": _pairs(calibration, ceiling),
        "ticks": [(f"{FLOOR - (FLOOR - CEILING) * k / TICKS:.1f}", ceiling * k / TICKS) for k in range(TICKS + 1)],
        "width": f"{LEFT + PITCH * max(len(calibration), 1) + 6:.0f}",
        "left": f"{LEFT:.0f}",
    }


def _pairs(calibration: Sequence[dict[str, Any]], ceiling: float) -> list[Pair]:
    found = []
    for place, one in enumerate(calibration):
        x = LEFT + PITCH * place + 6
        said, happened = (
            (FLOOR - CEILING) * min(one[name] / ceiling, 1.0) if ceiling else 0.0
            for name in ("predicted_mean", "observed_mean")
        )
        found.append(
            Pair(
                one["decile"], one["customers"], one["predicted_mean"], one["observed_mean"],
                x=f"{x:.1f}", x_happened=f"{x + BAR + 2:.1f}",
                y_predicted=f"{FLOOR - said:.1f}", y_happened=f"{FLOOR - happened:.1f}",
                tall_predicted=f"{said:.1f}", tall_happened=f"{happened:.1f}",
                middle=f"{x + BAR + 1:.1f}",
            )
        )  # fmt: skip
    return found


def _round_up(top: float) -> float:
    """The next number that divides well into TICKS."""
    if top <= 0:
        return 1.0
    power = 10.0 ** floor(log10(top))
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 12) if step * power >= top)
