"""Hours in which a contact is welcome, and the instants they come to.

A window is wall time. One that closes at or before it opens runs over midnight and belongs to the day it opens on:
Friday 22:00-06:00 ends on Saturday morning, and whether it is allowed is asked of Friday.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entente.interact.pure.clocks import DAY, Clock, Ints
from entente.lib.errors import EntenteError

DAY_MINUTES = 1_440
# How late in minutes a window may run that opens on a day: not at all, or past the following midnight.
OFF, FULL_DAY = 0, 2 * DAY_MINUTES
EVERY_DAY = frozenset(range(7))
DAY_WORDS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00))")


class UnreadableHours(EntenteError):
    """Hours that are not written as 09:00-18:00."""


@dataclass(frozen=True)
class Window:
    """opens, closes: minutes after midnight, 0-1440; `closes <= opens` runs over midnight.

    weekdays: the days it may open on, Monday is 0.
    days_off: does it open on weekends and holidays too?
    """

    opens: int
    closes: int
    weekdays: frozenset[int] = EVERY_DAY
    days_off: bool = False

    @property
    def overnight(self) -> bool:
        return self.closes <= self.opens

    @property
    def hours(self) -> str:
        return f"{clock_face(self.opens)}-{clock_face(self.closes)}"


ALL_DAY = Window(0, DAY_MINUTES, days_off=True)


def clock_face(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def window(hours: str, weekdays: str = "", *, days_off: bool = False) -> Window:
    """Read `09:00-18:00` and `mon tue wed` (none: every day). Raises UnreadableHours."""
    found = _HOURS.fullmatch(hours.strip())
    if found is None:
        raise UnreadableHours(f"{hours!r} is not a span of hours. Write it as 09:00-18:00 (24:00 is midnight's end).")
    opens = int(found[1]) * 60 + int(found[2])
    closes = DAY_MINUTES if found[5] else int(found[3]) * 60 + int(found[4])
    if opens == closes:
        raise UnreadableHours(f"{hours!r} begins where it ends. Write 00:00-24:00 for the whole day.")
    unknown = [word for word in weekdays.split() if word not in DAY_WORDS]
    if unknown:
        raise UnreadableHours(f"{unknown[0]!r} is not a weekday. Use {', '.join(DAY_WORDS)}.")
    days = frozenset(DAY_WORDS.index(word) for word in weekdays.split())
    return Window(opens, closes, days or EVERY_DAY, days_off)


def spans(windows: Sequence[Window], clock: Clock, first_day: int, limits: NDArray[np.int64]) -> tuple[Ints, Ints]:
    """The instants at which any of `windows` is open on one clock.

    first_day: days since 1970-01-01 of the first wall day.
    limits: (n,) how late a window may run, for each day it may open on: OFF, minutes, or FULL_DAY.

    Returns (starts, ends): sorted, disjoint, half open.
    """
    days = first_day + np.arange(len(limits), dtype=np.int64)
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
    opening, closing = [], []
    for each in windows:
        length = each.closes + (DAY_MINUTES if each.overnight else 0)
        until = np.full(len(days), length) if each.days_off else np.minimum(length, limits)
        chosen = np.array([day in each.weekdays for day in range(7)])
        kept = chosen[weekday] & (until > each.opens)
        opening.append(days[kept] * DAY + each.opens * 60)
        closing.append(days[kept] * DAY + until[kept] * 60)
    starts = clock.opening(np.concatenate(opening)) if opening else np.empty(0, np.int64)
    ends = clock.closing(np.concatenate(closing)) if closing else np.empty(0, np.int64)
    return joined(starts, ends)


def joined(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """The union of half-open spans, as sorted disjoint ones; empty and inverted spans fall away."""
    return common([(starts, ends)], 1)


def common(layers: Sequence[tuple[Ints, Ints]], wanted: int | None = None) -> tuple[Ints, Ints]:
    """The instants in at least `wanted` spans; by default in one of every layer (each disjoint in itself)."""
    least = len(layers) if wanted is None else wanted
    starts = np.concatenate([layer[0] for layer in layers])
    ends = np.concatenate([layer[1] for layer in layers])
    real = ends > starts
    starts, ends = np.sort(starts[real]), np.sort(ends[real])
    moments = np.unique(np.concatenate([starts, ends]))
    depth = np.searchsorted(starts, moments, side="right") - np.searchsorted(ends, moments, side="right")
    open_here = depth >= least
    before = np.concatenate([[False], open_here[:-1]])
    return moments[open_here & ~before], moments[~open_here & before]


def next_open(starts: Ints, ends: Ints, instants: Ints) -> Ints:
    """(n,) instants -> the first open instant at or after each; -1 where there is none."""
    if not len(ends):
        return np.full(len(instants), -1, dtype=np.int64)
    place = np.searchsorted(ends, instants, side="right")
    inside = place < len(ends)
    return np.where(inside, np.maximum(instants, starts[np.minimum(place, len(starts) - 1)]), -1)
