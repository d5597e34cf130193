"""The contact rules as a form shows them, and setting them. What is stored is only what differs from the defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from entente.interact.allow import contact_policy
from entente.interact.pure.policy import DEFAULT_POLICY, ContactPolicy
from entente.interact.pure.policy_json import UnusablePolicy, policy_from_dict, policy_to_dict
from entente.ledger.models import Channel, Purpose
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

NAME = "contact_policy"
ALWAYS = {"hours": "00:00-24:00", "weekdays": "", "days_off": True}
LEVELS = ("top", "big", "medium", "small")
_DAYS = r"(?:mon|tue|wed|thu|fri|sat|sun)"
_WINDOW = re.compile(rf"((?:{_DAYS}\s+)*)(\d\d:\d\d-\d\d:\d\d)(\s*\*)?", re.IGNORECASE)


class ImpossibleRules(WrongFields):
    """Contact rules that cannot be meant. `errors`: name of the field -> what would do."""


@dataclass(frozen=True)
class HoursRow:
    """One channel: for each purpose the name of the field and the hours as `written` writes them."""

    channel: str
    cells: list[tuple[str, str, str]]


@dataclass(frozen=True)
class CapRow:
    """At most `limit` contacts in `days` days, or in each calendar `per`."""

    place: int
    name: str
    limit: int
    days: int | None
    per: str
    purposes: list[str]
    channels: list[str]
    circle: str
    same_topic: bool


@dataclass(frozen=True)
class SpanRow:
    """A gap, a rest or an exclusion: so long nothing for these purposes."""

    name: str
    days: int
    hours: int
    purposes: list[str]
    after: str = ""


@dataclass(frozen=True)
class Rules:
    """The contact rules in force. `consent`: channel and purposes that need a yes before the first message."""

    hours: list[HoursRow]
    caps: list[CapRow]
    gaps: list[SpanRow]
    rests: list[SpanRow]
    exclusions: list[SpanRow]
    silence: list[tuple[str, int]]
    consent: list[tuple[str, list[str]]]
    purposes: list[str]


def rules() -> Rules:
    """The rules in force, for showing."""
    data = policy_to_dict(contact_policy())
    hours = [
        HoursRow(
            str(Channel(channel).label),
            [
                (f"hours.{channel}.{purpose}", str(Purpose(purpose).label), written(row))
                for purpose, row in by_purpose.items()
            ],
        )
        for channel, by_purpose in data["hours"].items()
    ]
    return Rules(
        hours=hours,
        caps=[_cap(place, cap) for place, cap in enumerate(data["caps"])],
        gaps=[_span(gap) for gap in data["gaps"]],
        rests=[_span(rest, after=rest["outcome"].replace("_", " ")) for rest in data["rests"]],
        exclusions=[_span(one, after=", ".join(_purposes(one["others"]))) for one in data["exclusions"]],
        silence=[(level, data["silence"][level]) for level in LEVELS if level in data["silence"]],
        consent=_consent(data["consent"]),
        purposes=[str(purpose.label) for purpose in Purpose],
    )


def set_rules(values: Mapping[str, str], *, by: User | None) -> ContactPolicy:
    """Set hours, caps and longest silences from the fields of a form; a field left out stays as it is.

    values: `hours.phone.marketing` as `written` writes it, `caps.0.limit`, `caps.0.days`, `silence.top`.
    Raises ImpossibleRules, with all that is wrong.
    """
    data = policy_to_dict(contact_policy())
    errors: dict[str, str] = {}
    for name, value in values.items():
        try:
            _take(data, name.split("."), value.strip())
        except (KeyError, IndexError):
            continue
        except UnusablePolicy as error:
            errors[name] = error.what
        except ValueError as error:
            errors[name] = str(error)
    if errors:
        raise ImpossibleRules(errors)
    try:
        policy = policy_from_dict(data)
    except UnusablePolicy as error:
        raise ImpossibleRules({_field_of(error.where): error.what}) from error
    before = setting(NAME)
    put_setting(NAME, _differing(policy_to_dict(policy), before), by=by)
    return policy


def written(windows: list[dict[str, Any]]) -> str:
    """Hours in a word: always, never, or windows such as `mon tue 09:00-18:00 *`; the star means weekends and holidays, too."""
    if windows == [ALWAYS]:
        return "always"
    if not windows:
        return "never"
    return ", ".join(f"{row['weekdays']} {row['hours']}{' *' if row['days_off'] else ''}".strip() for row in windows)


def read_hours(text: str) -> list[dict[str, Any]]:
    """The other way round. Raises ValueError with a word of what would do."""
    plain = " ".join(text.lower().replace("–", "-").split())
    if plain in ("always", str(_("always"))):
        return [dict(ALWAYS)]
    if plain in ("never", str(_("never"))):
        return []
    windows = []
    for part in plain.split(","):
        found = _WINDOW.fullmatch(part.strip())
        if found is None:
            raise ValueError(_("Write hours as 09:00-18:00, several with commas between, or always, or never."))
        windows.append({"hours": found[2], "weekdays": " ".join(found[1].split()), "days_off": bool(found[3])})
    return windows


def _take(data: dict[str, Any], path: list[str], value: str) -> None:
    """Put one field in its place. Each is tried alone, so that every mistake can be shown beside its own field."""
    match path:
        case ["hours", channel, purpose]:
            rows = data["hours"][channel]
            if value != written(rows[purpose]):
                rows[purpose] = _tried({"hours": {channel: {purpose: read_hours(value)}}})["hours"][channel][purpose]
        case ["caps", place, ("limit" | "days") as name] if place.isascii() and place.isdecimal():
            cap = data["caps"][int(place)]
            if cap[name] is not None:
                changed = {**cap, name: _whole(value)}
                data["caps"][int(place)] = _tried({"caps": [changed]})["caps"][0]
        case ["silence", level] if level in data["silence"]:
            data["silence"][level] = _tried({"silence": {level: _whole(value)}})["silence"][level]
        case _:
            raise KeyError(path)


def _tried(piece: dict[str, Any]) -> dict[str, Any]:
    return policy_to_dict(policy_from_dict(piece))


def _whole(value: str) -> int:
    if not (value.isdecimal() and len(value) <= 6):
        raise ValueError(_("Give a whole number, such as 7."))
    return int(value)


def _differing(data: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What is not as the defaults have it. Zone and country come from the firm unless they were set as rules of their own."""
    plain = policy_to_dict(DEFAULT_POLICY)
    kept = {
        name: value
        for name, value in data.items()
        if name != "hours" and _plain(value) != _plain(plain[name]) and (not name.startswith("firm_") or name in before)
    }
    hours: dict[str, dict[str, Any]] = {}
    for channel, by_purpose in data["hours"].items():
        for purpose, windows in by_purpose.items():
            if windows != plain["hours"][channel][purpose]:
                hours.setdefault(channel, {})[purpose] = windows
    return {**kept, **({"hours": hours} if hours else {})}


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _field_of(where: str) -> str:
    return re.sub(r"\[(\d+)\]", r".\1", where)


def _cap(place: int, cap: dict[str, Any]) -> CapRow:
    channels = [str(Channel(channel).label) for channel in cap["channels"] or []]
    circles = {"person": _("a person"), "household": _("a household"), "firm": _("everybody at one firm")}
    periods = {"day": _("in a calendar day"), "week": _("in a calendar week"), "month": _("in a calendar month")}
    return CapRow(
        place, cap["name"], cap["limit"], cap["days"], str(periods.get(cap["per"] or "", "")), _purposes(cap["purposes"]),
        channels, str(circles[cap["circle"]]), cap["same_topic"],
    )  # fmt: skip


def _span(row: dict[str, Any], after: str = "") -> SpanRow:
    return SpanRow(row["name"], row.get("days", 0), row.get("hours", 0), _purposes(row["purposes"]), after)


def _purposes(names: list[str]) -> list[str]:
    return [str(Purpose(name).label) for name in names]


def _consent(pairs: list[str]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for pair in pairs:
        channel, purpose = pair.split()
        found.setdefault(str(Channel(channel).label), []).append(str(Purpose(purpose).label))
    return list(found.items())
