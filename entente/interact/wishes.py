"""What a Preference row keeps, and what the contact rules make of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from entente.interact.pure.people import Frequency, Preferences
from entente.interact.pure.purposes import Channel
from entente.interact.pure.windows import DAY_WORDS, UnreadableHours, Window, window
from entente.lib.errors import EntenteError


class UnreadableWishes(EntenteError):
    """A row of wishes that was not written by this program."""


def preferences_of(wishes: Mapping[str, Any]) -> Preferences:
    """The wishes as the contact rules read them; what was not said is left open.

    {"channels": ["phone"], "weekdays": [0, 1], "hours": {"from": "10:00", "until": "16:00"}, "frequency": {"limit": 1, "days": 30},
    "paused_until": "2026-12-31", "weekend": [4, 5], "religious_days": ["2027-03-20"]}; weekdays count from Monday, 0. Hours that
    differ from day to day are a list: [{"hours": "14:00-17:00", "weekdays": "mon tue"}].
    """
    try:
        often, paused, weekend = wishes.get("frequency"), wishes.get("paused_until"), wishes.get("weekend")
        return Preferences(
            channels=frozenset(Channel(word) for word in wishes["channels"]) if wishes.get("channels") else None,
            hours=_hours(
                wishes.get("hours"), " ".join(DAY_WORDS[day] for day in _weekdays(wishes.get("weekdays", ())))
            ),
            frequency=Frequency(int(often["limit"]), int(often["days"])) if often else None,
            paused_from=datetime(1972, 1, 2, tzinfo=UTC) if paused else None,
            paused_until=_instant(paused) if paused else None,
            weekend=frozenset(_weekdays(weekend)) if weekend is not None else None,
            religious_days=frozenset(date.fromisoformat(day) for day in wishes.get("religious_days", ())),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, UnreadableHours) as error:
        raise UnreadableWishes(f"These wishes cannot be read: {dict(wishes)!r}. Enter them anew.") from error


def _weekdays(days: Any) -> list[int]:
    read = list(days)
    if not all(type(day) is int and 0 <= day < len(DAY_WORDS) for day in read):
        raise ValueError(days)
    return read


def _hours(hours: Any, days: str) -> tuple[Window, ...] | None:
    if isinstance(hours, list):
        return tuple(window(each["hours"], each.get("weekdays", days)) for each in hours) or None
    if hours:
        return (window(f"{hours['from']}-{hours['until']}".replace("-00:00", "-24:00"), days),)
    return (window("00:00-24:00", days),) if days else None


def _instant(text: str) -> datetime:
    """A day counts from its first moment, UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
