"""A contact policy as plain data and back, for settings stored as JSON.

A mistake is named with its place and what would do.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from entente.interact.pure.caps import Cap, Exclusion, Gap, Rest
from entente.interact.pure.policy import DEFAULT_POLICY, ContactPolicy, Pair
from entente.interact.pure.purposes import CHANNELS, PURPOSES, STRENGTH, Channel, Purpose
from entente.interact.pure.windows import DAY_WORDS, EVERY_DAY, UnreadableHours, Window, clock_face, window
from entente.interact.pure.zones import country_code, is_zone
from entente.lib.errors import EntenteError

Data = Mapping[str, Any]
Word = TypeVar("Word", bound=StrEnum)


class UnusablePolicy(EntenteError):
    """A setting that cannot be used. `where` is its path, such as caps[2].limit; `what` says what would do."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


def policy_to_dict(policy: ContactPolicy) -> dict[str, Any]:
    """Plain data: policy_from_dict gives back an equal policy."""
    return {
        "hours": {
            channel.value: {
                purpose.value: [_window_out(each) for each in policy.hours[channel, purpose]] for purpose in PURPOSES
            }
            for channel in CHANNELS
        },
        "consent": sorted(f"{channel.value} {purpose.value}" for channel, purpose in policy.consent),
        "caps": [_cap_out(each) for each in policy.caps],
        "gaps": [_gap_out(each) for each in policy.gaps],
        "rests": [_rest_out(each) for each in policy.rests],
        "exclusions": [
            {
                "name": each.name,
                "purposes": _purposes_out(each.purposes),
                "others": _purposes_out(each.others),
                "days": each.days,
            }
            for each in policy.exclusions
        ],
        "silence": dict(policy.silence),
        "escalate_at": policy.escalate_at,
        "wishes_bind": _purposes_out(policy.wishes_bind),
        "block_spares": _purposes_out(policy.block_spares),
        "firm_zone": policy.firm_zone,
        "firm_country": policy.firm_country,
        "careful": _window_out(policy.careful),
        "horizon_days": policy.horizon_days,
        "half_day_until": clock_face(policy.half_day_until),
        "short_days": {
            f"{country} {DAY_WORDS[day]}": clock_face(until) for (country, day), until in policy.short_days.items()
        },
        "union_of_subdivisions": policy.union_of_subdivisions,
        "returned": sorted(policy.returned),
        "best_hours": sorted(policy.best_hours),
    }


def _purposes_out(purposes: frozenset[Purpose]) -> list[str]:
    return [each.value for each in sorted(purposes, key=STRENGTH.__getitem__)]


def _window_out(each: Window) -> dict[str, Any]:
    days = [] if each.weekdays == EVERY_DAY else [DAY_WORDS[day] for day in sorted(each.weekdays)]
    return {"hours": each.hours, "weekdays": " ".join(days), "days_off": each.days_off}


def _scope_out(rule: Cap | Gap) -> dict[str, Any]:
    channels = None if rule.channels is None else sorted(each.value for each in rule.channels)
    return {
        "name": rule.name,
        "purposes": _purposes_out(rule.purposes),
        "channels": channels,
        "circle": rule.circle,
        "same_topic": rule.same_topic,
    }


def _cap_out(cap: Cap) -> dict[str, Any]:
    return {**_scope_out(cap), "limit": cap.limit, "days": cap.days, "per": cap.per}


def _gap_out(gap: Gap) -> dict[str, Any]:
    return {**_scope_out(gap), "days": gap.days, "hours": gap.hours}


def _rest_out(rest: Rest) -> dict[str, Any]:
    return {
        "name": rest.name,
        "outcome": rest.outcome,
        "purposes": _purposes_out(rest.purposes),
        "days": rest.days,
        "hours": rest.hours,
        "same_channel": rest.same_channel,
        "same_topic": rest.same_topic,
    }


def policy_from_dict(data: Data) -> ContactPolicy:
    """A policy from plain data; what is left out keeps its default. Raises UnusablePolicy for the first mistake."""
    fields: dict[str, Any] = {}
    for name, value in _mapping(data, "policy").items():
        read = _READERS.get(name)
        if read is None:
            raise UnusablePolicy(name, f"is not a setting of the contact rules. Known: {', '.join(_READERS)}.")
        fields[name] = read(value, name)
    return ContactPolicy(**fields)


def _mapping(value: object, where: str) -> Data:
    if not isinstance(value, Mapping):
        raise UnusablePolicy(where, f"must be a table of names and values, not {value!r}.")
    return value


def _list(value: object, where: str) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise UnusablePolicy(where, f"must be a list, not {value!r}.")
    return value


def _number(value: object, where: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UnusablePolicy(where, f"must be a whole number from {least} to {most}, not {value!r}.")
    return value


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise UnusablePolicy(where, f"must be true or false, not {value!r}.")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnusablePolicy(where, f"must be a text, not {value!r}.")
    return value


def _word(kind: type[Word], value: Any, where: str) -> Word:
    try:
        return kind(value)
    except ValueError:
        raise UnusablePolicy(where, f"{value!r} is not known. Use one of {', '.join(kind)}.") from None


def _one_of(words: Sequence[str], value: object, where: str) -> Any:
    if value not in words:
        raise UnusablePolicy(where, f"{value!r} is not known. Use one of {', '.join(words)}.")
    return value


def _purposes(value: object, where: str) -> frozenset[Purpose]:
    return frozenset(_word(Purpose, each, f"{where}[{place}]") for place, each in enumerate(_list(value, where)))


def _channels(value: object, where: str) -> frozenset[Channel] | None:
    if value is None:
        return None
    return frozenset(_word(Channel, each, f"{where}[{place}]") for place, each in enumerate(_list(value, where)))


def _window(value: object, where: str) -> Window:
    row = _table(value, where, {"hours"}, {"weekdays", "days_off"})
    days_off = _flag(row.get("days_off", False), f"{where}.days_off")
    weekdays = row.get("weekdays", "")
    if not isinstance(weekdays, str):
        raise UnusablePolicy(f"{where}.weekdays", f"must be a text such as 'mon tue', not {weekdays!r}.")
    try:
        return window(_text(row["hours"], f"{where}.hours"), weekdays, days_off=days_off)
    except UnreadableHours as error:
        raise UnusablePolicy(f"{where}.hours", str(error)) from None


def _face(value: object, where: str) -> int:
    try:
        return window(f"00:00-{_text(value, where)}").closes
    except UnreadableHours:
        raise UnusablePolicy(where, f"must be a time of day such as 12:00, not {value!r}.") from None


def _table(value: object, where: str, needed: set[str], known: set[str]) -> Data:
    row = _mapping(value, where)
    for name in row:
        if name not in needed | known:
            raise UnusablePolicy(f"{where}.{name}", f"is not known here. Known: {', '.join(sorted(needed | known))}.")
    for name in sorted(needed - set(row)):
        raise UnusablePolicy(f"{where}.{name}", "is missing.")
    return row


def _hours(value: object, where: str) -> Mapping[Pair, tuple[Window, ...]]:
    table = dict(DEFAULT_POLICY.hours)
    for channel, rows in _mapping(value, where).items():
        on = _word(Channel, channel, f"{where}.{channel}")
        for purpose, windows in _mapping(rows, f"{where}.{channel}").items():
            here = f"{where}.{channel}.{purpose}"
            listed = enumerate(_list(windows, here))
            table[on, _word(Purpose, purpose, here)] = tuple(
                _window(each, f"{here}[{place}]") for place, each in listed
            )
    return MappingProxyType(table)


def _consent(value: object, where: str) -> frozenset[Pair]:
    pairs = set()
    for place, each in enumerate(_list(value, where)):
        here = f"{where}[{place}]"
        words = _text(each, here).split()
        if len(words) != 2:
            raise UnusablePolicy(here, f"must be a channel and a purpose, such as 'email marketing', not {each!r}.")
        pairs.add((_word(Channel, words[0], here), _word(Purpose, words[1], here)))
    return frozenset(pairs)


_SCOPE = {"channels", "circle", "same_topic"}


def _scope(row: Data, where: str) -> dict[str, Any]:
    return {
        "name": _text(row["name"], f"{where}.name"),
        "purposes": _purposes(row["purposes"], f"{where}.purposes"),
        "channels": _channels(row.get("channels"), f"{where}.channels"),
        "circle": _one_of(("person", "household", "firm"), row.get("circle", "person"), f"{where}.circle"),
        "same_topic": _flag(row.get("same_topic", False), f"{where}.same_topic"),
    }


def _cap(value: object, where: str) -> Cap:
    row = _table(value, where, {"name", "purposes", "limit"}, {"days", "per", *_SCOPE})
    days, per = row.get("days"), row.get("per")
    if (days is None) == (per is None):
        raise UnusablePolicy(where, "needs either days (rolling) or per (day, week or month), and not both.")
    return Cap(
        **_scope(row, where),
        limit=_number(row["limit"], f"{where}.limit", 1, 1_000),
        days=None if days is None else _number(days, f"{where}.days", 1, 366),
        per=None if per is None else _one_of(("day", "week", "month"), per, f"{where}.per"),
    )


def _span(row: Data, where: str) -> dict[str, Any]:
    days = _number(row.get("days", 0), f"{where}.days", 0, 366)
    hours = _number(row.get("hours", 0), f"{where}.hours", 0, 366 * 24)
    if days == hours == 0:
        raise UnusablePolicy(where, "needs days or hours.")
    return {"days": days, "hours": hours}


def _gap(value: object, where: str) -> Gap:
    row = _table(value, where, {"name", "purposes"}, {"days", "hours", *_SCOPE})
    return Gap(**_scope(row, where), **_span(row, where))


def _rest(value: object, where: str) -> Rest:
    row = _table(value, where, {"name", "purposes", "outcome"}, {"days", "hours", "same_channel", "same_topic"})
    return Rest(
        name=_text(row["name"], f"{where}.name"),
        outcome=_text(row["outcome"], f"{where}.outcome"),
        purposes=_purposes(row["purposes"], f"{where}.purposes"),
        same_channel=_flag(row.get("same_channel", False), f"{where}.same_channel"),
        same_topic=_flag(row.get("same_topic", False), f"{where}.same_topic"),
        **_span(row, where),
    )


def _exclusion(value: object, where: str) -> Exclusion:
    row = _table(value, where, {"name", "purposes", "others", "days"}, set())
    return Exclusion(
        name=_text(row["name"], f"{where}.name"),
        purposes=_purposes(row["purposes"], f"{where}.purposes"),
        others=_purposes(row["others"], f"{where}.others"),
        days=_number(row["days"], f"{where}.days", 1, 366),
    )


def _each(read: Callable[[object, str], Any]) -> Callable[[object, str], tuple[Any, ...]]:
    return lambda value, where: tuple(read(each, f"{where}[{n}]") for n, each in enumerate(_list(value, where)))


def _silence(value: object, where: str) -> Mapping[str, int]:
    rows = _mapping(value, where)
    return MappingProxyType(
        {_text(level, where): _number(days, f"{where}.{level}", 1, 3_660) for level, days in rows.items()}
    )


def _escalate(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 100:
        raise UnusablePolicy(where, f"must be a number from 1 to 100, not {value!r}.")
    return float(value)


def _zone(value: object, where: str) -> str:
    if not isinstance(value, str) or not is_zone(value):
        raise UnusablePolicy(where, f"{value!r} is not an IANA time zone. Write it as Europe/Berlin.")
    return value


def _country(value: object, where: str) -> str | None:
    if value is None:
        return None
    code = country_code(value) if isinstance(value, str) else None
    if code is None:
        raise UnusablePolicy(where, f"{value!r} is not an ISO country code. Write it as DE.")
    return code


def _short_days(value: object, where: str) -> Mapping[tuple[str, int], int]:
    table = {}
    for name, until in _mapping(value, where).items():
        country, _, day = str(name).partition(" ")
        if country_code(country) is None or day not in DAY_WORDS:
            raise UnusablePolicy(f"{where}.{name}", "must be a country and a weekday, such as 'IR thu'.")
        table[str(country_code(country)), DAY_WORDS.index(day)] = _face(until, f"{where}.{name}")
    return MappingProxyType(table)


_READERS: Mapping[str, Callable[[object, str], Any]] = {
    "hours": _hours,
    "consent": _consent,
    "caps": _each(_cap),
    "gaps": _each(_gap),
    "rests": _each(_rest),
    "exclusions": _each(_exclusion),
    "silence": _silence,
    "escalate_at": _escalate,
    "wishes_bind": _purposes,
    "block_spares": _purposes,
    "firm_zone": _zone,
    "firm_country": _country,
    "careful": _window,
    "horizon_days": lambda value, where: _number(value, where, 1, 366),
    "half_day_until": _face,
    "short_days": _short_days,
    "union_of_subdivisions": _flag,
    "returned": lambda value, where: frozenset(
        _text(each, f"{where}[{n}]") for n, each in enumerate(_list(value, where))
    ),
    "best_hours": lambda value, where: frozenset(
        _number(each, f"{where}[{n}]", 0, 23) for n, each in enumerate(_list(value, where))
    ),
}
