"""The pictures of a plan: how its effect is spread, what that is owed to, and how it comes along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from entente.differentiate.models import Level
from entente.differentiate.plans import Month
from entente.differentiate.what_if import Outcome, Owed

WIDTH, FLOOR, CEILING = 460.0, 150.0, 10.0
LEFT, RIGHT = 46.0, 452.0
TICKS = 4


@dataclass(frozen=True)
class Bar:
    """One bar of a picture. inside: within the interval of 80 %."""

    x: str
    y: str
    width: str
    height: str
    inside: bool


@dataclass(frozen=True)
class Spread:
    """How an effect is spread: bars, and where nought and the expected value stand; zero None: outside the picture."""

    bars: list[Bar]
    zero: str | None
    expected: str
    low: float
    high: float


@dataclass(frozen=True)
class Source:
    """What a part of the spread is owed to."""

    words: str
    share: float

    @property
    def width(self) -> str:
        return f"{100 * self.share:.1f}"


@dataclass(frozen=True)
class Course:
    """What was wanted, as a line, and what happened, as points on another."""

    wanted: str
    happened: str
    points: list[tuple[str, str, Month]]
    ticks: list[tuple[str, float]]
    height: str


def spread_of(outcome: Outcome) -> Spread | None:
    """The draws as bars; None where nothing is spread."""
    if not outcome.density:
        return None
    first, last = outcome.density[0][0], outcome.density[-1][1]
    tallest = max(share for _low, _high, share in outcome.density)

    def across(amount: float) -> float:
        return WIDTH * (amount - first) / (last - first)

    bars = []
    for low, high, share in outcome.density:
        tall = (FLOOR - CEILING) * share / tallest
        middle = (low + high) / 2
        bars.append(
            Bar(
                f"{across(low) + 0.5:.1f}",
                f"{FLOOR - tall:.1f}",
                f"{max(across(high) - across(low) - 1.0, 0.5):.1f}",
                f"{tall:.1f}",
                outcome.low <= middle <= outcome.high,
            )
        )
    zero = f"{across(0.0):.1f}" if first <= 0.0 <= last else None
    return Spread(bars, zero, f"{across(min(max(outcome.expected, first), last)):.1f}", first, last)


def sources_of(owed: Sequence[Owed], precisions: dict[tuple[str, int], str]) -> list[Source]:
    """Each part of the spread in words, the largest first; what is less than half a hundredth goes with the rest."""
    named = [one for one in owed if one.source != "rest" and one.share >= 0.005]
    found = [Source(_worded(one, precisions), one.share) for one in named]
    rest = 1.0 - sum(one.share for one in named)
    if owed and rest >= 0.005:
        found.append(Source(_("what none of these does by itself"), rest))
    return found


def course_of(months: Sequence[Month], wanted: int) -> Course | None:
    """How many have moved, month by month, beside how many were to."""
    if wanted <= 0 or all(moved is None for month in months for moved in month.moved):
        return None
    most = max([wanted, *(month.all_moved for month in months)])
    least = min([0, *(month.all_moved for month in months)])

    def at(share: float, customers: float) -> tuple[float, float]:
        x = LEFT + (RIGHT - LEFT) * share
        return x, FLOOR - (FLOOR - CEILING) * (customers - least) / (most - least)

    points = []
    for month in months:
        x, y = at(month.share, month.all_moved)
        points.append((f"{x:.1f}", f"{y:.1f}", month))
    begin, end = at(0.0, 0.0), at(1.0, wanted)
    happened = [begin, *(at(month.share, month.all_moved) for month in months)]
    ticks = [least + (most - least) * step / TICKS for step in range(TICKS + 1)]
    return Course(
        f"M{begin[0]:.1f} {begin[1]:.1f}L{end[0]:.1f} {end[1]:.1f}",
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in happened),
        points,
        [(f"{at(0.0, tick)[1]:.1f}", round(tick)) for tick in ticks],
        f"{FLOOR:.0f}",
    )


def beside(outcomes: Sequence[Any], width: float = 100.0) -> list[dict[str, str]]:
    """Intervals of several plans on one scale: x and width of the bar, and where the expected value and nought stand."""
    lowest = min([0.0, *(one.low for one in outcomes)])
    span = (max([0.0, *(one.high for one in outcomes)]) - lowest) or 1.0

    def across(amount: float) -> str:
        return f"{width * (amount - lowest) / span:.1f}"

    return [
        {
            "x": across(one.low),
            "width": f"{max(width * (one.high - one.low) / span, 0.5):.1f}",
            "expected": across(one.expected),
            "zero": across(0.0),
        }
        for one in outcomes
    ]


def _worded(one: Owed, precisions: dict[tuple[str, int], str]) -> str:
    if one.source == "lasting":
        return _("how much of a difference between levels lasts")
    if one.source == "movers":
        return _("which customers exactly")
    if one.source == "cost":
        return _("what the plan costs")
    level = Level(one.level).label
    words = {
        "profit": _("profit of level %(level)s, %(precision)s"),
        "customers": _("customers of level %(level)s, %(precision)s"),
    }[one.source]
    return words % {"level": level, "precision": precisions.get((one.source, one.level), _("estimate"))}
