"""Where on the clock is this person? All candidates are kept; a zone is never guessed.

A declared zone wins. Otherwise the country, the postcode and the phone prefix each name a set of zones. Sets that
agree narrow one another (a Moscow postcode inside Russia's 26 zones is Moscow); sets that contradict each other are
joined (a New York number with a Californian postcode may be either). A Russian mobile number alone stays 16 zones.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers import timezone as phone_timezones
from phonenumbers.tzdata import TIMEZONE_DATA

from entente.interact.pure.postcodes import BY_COUNTRY

_ALIASES = {"UK": "GB", "EL": "GR"}
# Type and place of a number are settled by its first digits and its length; the rest is written over, so that
# numbers which share them share one answer. A few prefixes of the zone data are longer than the first count.
_TELLING, _TELLING_MORE = 7, 9
_LONGER = frozenset(str(prefix)[:_TELLING] for prefix in TIMEZONE_DATA if len(str(prefix)) > _TELLING)


@dataclass(frozen=True)
class Place:
    """What is known of where a person is.

    zones: every candidate, sorted; empty when nothing is known.
    source: declared, evidence or unknown.
    country: whose weekend and holidays apply; None when nothing tells.
    subdivision: as given, upper case, without the country's prefix.
    notes: codes of what could not be read (zone_unreadable, country_unreadable).
    """

    zones: tuple[str, ...]
    source: str
    country: str | None
    subdivision: str | None
    notes: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    table: dict[str, list[str]] = {}
    text = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            table.setdefault(country, []).append(zone)
    return {country: tuple(sorted(zones)) for country, zones in table.items()}


@lru_cache(maxsize=1)
def _country_by_zone() -> dict[str, str]:
    return {zone: country for country, zones in _zones_by_country().items() for zone in zones}


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"Factory", "localtime"}


def is_zone(name: str) -> bool:
    """Is this the IANA name of a time zone?"""
    return name in _known_zones()


def zones_of_country(country: str) -> tuple[str, ...]:
    """Every zone in use in a country (ISO 3166 alpha-2), by the tz database's zone.tab; empty when it has none."""
    return _zones_by_country().get(country, ())


def zones_of_postcode(country: str, postcode: str) -> tuple[str, ...]:
    """Every zone in use under a postcode; empty where the postcode does not tell."""
    code = "".join(postcode.split()).upper()
    for first, last, zones in BY_COUNTRY.get(country, ()):
        if len(code) >= len(first) and first <= code[: len(first)] <= last:
            return zones
    return ()


def zones_of_phone(phone: str, country: str | None) -> tuple[tuple[str, ...], str | None]:
    """Every zone a number may be in, and its country: ((), None) when the number cannot be read.

    phone: international, or national when `country` is given.
    """
    digits = "".join(sign for sign in phone if sign.isdigit() and sign.isascii())
    international = phone.lstrip().startswith(("+", "00"))
    if international:
        digits = digits.removeprefix("00")
        if len(digits) > 15:
            return (), None
        return _zones_of_digits("+" + telling_digits(digits), None)
    if country is None or not 3 <= len(digits) <= 15:
        return (), None
    return _zones_of_digits(digits, country)


def telling_digits(digits: str) -> str:
    """An international number with the digits that say nothing of its place written over."""
    kept = _TELLING_MORE if digits[:_TELLING] in _LONGER else _TELLING
    return digits[:kept] + "2" * (len(digits) - kept)


@lru_cache(maxsize=131_072)
def _zones_of_digits(digits: str, country: str | None) -> tuple[tuple[str, ...], str | None]:
    try:
        number = phonenumbers.parse(digits, country)
    except phonenumbers.NumberParseException:
        return (), None
    zones = tuple(phone_timezones.time_zones_for_number(number))
    region = phonenumbers.region_code_for_number(number)
    if zones == (phone_timezones.UNKNOWN_TIMEZONE,):
        zones = tuple(TIMEZONE_DATA.get(str(number.country_code), ()))
        regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
        region = regions[0] if len(regions) == 1 else None
    zones = tuple(sorted(zone for zone in zones if is_zone(zone)))
    return zones, region if region in _zones_by_country() else None


@lru_cache(maxsize=4_096)
def _solstices(zone: str) -> tuple[int, int]:
    place = ZoneInfo(zone)
    moments = (datetime(2025, month, 15, tzinfo=UTC).astimezone(place).utcoffset() for month in (1, 7))
    january, july = (0 if moment is None else int(moment.total_seconds()) for moment in moments)
    return january, july


def _agreeing(known: tuple[str, ...], told: tuple[str, ...], country: str | None) -> tuple[str, ...]:
    """The zones of `known` that `told` speaks of.

    Phone data names one zone for each clock, sometimes across a border (Bucharest stands for Kaliningrad), so zones
    with the same clock agree, and a foreign stand-in agrees with the zones that share its winter offset.
    """
    names = set(told)
    clocks = {_solstices(zone) for zone in told}
    winters = {_solstices(zone)[0] for zone in told if _country_by_zone().get(zone) != country}
    return tuple(
        zone for zone in known if zone in names or _solstices(zone) in clocks or _solstices(zone)[0] in winters
    )


def _clean(text: str | None) -> str | None:
    stripped = text.strip() if text else ""
    return stripped or None


def country_code(text: str | None) -> str | None:
    """ISO 3166 alpha-2 in upper case, or None when the text is not one."""
    code = (_clean(text) or "").upper()
    code = _ALIASES.get(code, code)
    return code if code in _zones_by_country() else None


def place_of(
    *,
    zone: str | None = None,
    country: str | None = None,
    subdivision: str | None = None,
    phone: str | None = None,
    postcode: str | None = None,
) -> Place:
    """Resolve where a person is from whatever is known. Unreadable text counts as not given and is noted."""
    notes: list[str] = []
    nation = country_code(country)
    if nation is None and _clean(country):
        notes.append("country_unreadable")
    declared = _clean(zone)
    if declared and not is_zone(declared):
        notes.append("zone_unreadable")
        declared = None
    by_phone, region = zones_of_phone(phone, nation) if phone else ((), None)
    # The declared country rules its days off even where the number is foreign: people keep numbers when they move.
    home = nation or (_country_by_zone().get(declared) if declared else None) or region
    part = (_clean(subdivision) or "").upper().removeprefix(f"{home}-") if home else ""
    if declared:
        return Place((declared,), "declared", home, part or None, tuple(notes))
    zones = zones_of_country(nation) if nation else ()
    by_postcode = zones_of_postcode(nation, postcode) if nation and postcode else ()
    for told in (by_postcode, by_phone):
        if told and zones:
            zones = _agreeing(zones, told, nation) or tuple(sorted({*zones, *told}))
        elif told:
            zones = tuple(sorted(told))
    return Place(tuple(sorted(zones)), "evidence" if zones else "unknown", home, part or None, tuple(notes))
