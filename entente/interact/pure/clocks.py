"""Wall time and UTC, for whole arrays, with the quiet reading where the wall clock jumps.

An instant is whole seconds since 1970-01-01 UTC; a wall second is the same count read off a local clock.
Rules are written in wall time plus IANA zone; nothing here adds 24 hours to get "tomorrow".
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

DAY = 86_400
# Later than any instant the rules reckon with.
FAR = 1 << 39
FIRST_YEAR, LAST_YEAR = 1972, 9_990
# The shortest pair of clock changes on record are about four weeks apart (Ramadan), so a weekly look finds every one.
_LOOK = 7 * DAY


@dataclass(frozen=True, eq=False)
class Clock:
    """One zone's offsets over a few years.

    changes: (k,) instants at which the offset changes, ascending.
    offsets: (k + 1,) seconds east of UTC before, between and after the changes.
    """

    zone: str
    changes: Ints
    offsets: Ints

    def wall(self, instants: Ints) -> Ints:
        """(n,) instants -> (n,) wall seconds."""
        return np.asarray(instants + self.offsets[np.searchsorted(self.changes, instants, side="right")])

    def opening(self, walls: Ints) -> Ints:
        """(n,) wall seconds -> instants, read as a beginning: skipped -> first valid instant; twice -> the later."""
        return self._instants(walls, self._opening_from)

    def closing(self, walls: Ints) -> Ints:
        """(n,) wall seconds -> instants, read as an end: skipped -> first valid instant; twice -> the earlier."""
        return self._instants(walls, self._closing_from)

    def _instants(self, walls: Ints, from_wall: Ints) -> Ints:
        place = np.searchsorted(from_wall, walls, side="right")
        instants = walls - self.offsets[place]
        # Inside a gap the old offset points past the change; the first valid instant is the change itself.
        return np.asarray(np.minimum(instants, self._bound[place]))

    @cached_property
    def _opening_from(self) -> Ints:
        """The wall second from which each change rules an opening."""
        return np.asarray(self.changes + self.offsets[1:])

    @cached_property
    def _closing_from(self) -> Ints:
        return np.asarray(self.changes + np.maximum(self.offsets[:-1], self.offsets[1:]))

    @cached_property
    def _bound(self) -> Ints:
        return np.append(self.changes, FAR)

    def later(self, instants: Ints, days: int) -> Ints:
        """The same wall time `days` days later, the later of two readings."""
        return self.opening(self.wall(instants) + days * DAY)

    def earlier(self, instants: Ints, days: int) -> Ints:
        """The same wall time `days` days before, the earlier of two readings."""
        return self.closing(self.wall(instants) - days * DAY)

    def wall_of(self, instant: int) -> int:
        return int(self.wall(np.array([instant], dtype=np.int64))[0])

    def same_as(self, other: "Clock") -> bool:
        return np.array_equal(self.changes, other.changes) and np.array_equal(self.offsets, other.offsets)


@lru_cache(maxsize=4_096)
def _changes_in(zone: str, year: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The offset at the start of the year (UTC), and each change in it as (instant, new offset)."""
    place = ZoneInfo(zone)

    def offset(instant: int) -> int:
        found = datetime.fromtimestamp(instant, place).utcoffset()
        return 0 if found is None else int(found.total_seconds())

    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    first = here = offset(start)
    changes = []
    for left in range(start, end, _LOOK):
        right = min(left + _LOOK, end)
        there = offset(right)
        if there != here:
            low, high = left, right
            while high - low > 1:
                middle = (low + high) // 2
                if offset(middle) == here:
                    low = middle
                else:
                    high = middle
            changes.append((high, there))
        here = there
    return first, tuple(changes)


@lru_cache(maxsize=4_096)
def clock(zone: str, year: int) -> Clock:
    """The clock of `zone` from two years before `year` to two years after; beyond them the outermost offset goes on."""
    years = range(max(FIRST_YEAR - 2, year - 2), year + 3)
    first = _changes_in(zone, years[0])[0]
    changes = [change for each in years for change in _changes_in(zone, each)[1]]
    return Clock(
        zone=zone,
        changes=np.array([instant for instant, _ in changes], dtype=np.int64),
        offsets=np.array([first] + [offset for _, offset in changes], dtype=np.int64),
    )


@lru_cache(maxsize=4_096)
def distinct_clocks(zones: tuple[str, ...], year: int) -> tuple[Clock, ...]:
    """The clocks of `zones`, one for each group of zones that shows the same time throughout these years."""
    kept: list[Clock] = []
    for zone in zones:
        mine = clock(zone, year)
        if not any(mine.same_as(other) for other in kept):
            kept.append(mine)
    return tuple(kept)
