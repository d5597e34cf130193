"""Which days are days off, by country and subdivision: weekends, public holidays, half days, dates read from the moon.

Data: the `holidays` library (weekends by country and date, public holidays with their substitutes, half days), CLDR
through `babel` for the weekend of a country that it lacks, and the few regional weekends it does not know. Everything
is cached per country, subdivision and year, because building a year of holidays costs about a millisecond.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import holidays
import numpy as np
from babel import Locale, UnknownLocaleError
from holidays.constants import HALF_DAY, PUBLIC
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

NO_HOLIDAY, HALF, NEAR, FULL = 0, 1, 2, 3
# How the library ends the English name of a day that waits for the moon.
_ESTIMATED = "estimated)"

# ISO 3166-2 parts with a weekend of their own. Malaysia: Kedah, Kelantan, Terengganu; the Emirates: Sharjah.
REGIONAL_WEEKENDS: dict[tuple[str, str], frozenset[int]] = {
    ("MY", "02"): frozenset({4, 5}),
    ("MY", "03"): frozenset({4, 5}),
    ("MY", "11"): frozenset({4, 5}),
    ("AE", "SH"): frozenset({4, 5, 6}),
}


@dataclass(frozen=True, eq=False)
class Year:
    """One year of one territory, a value per day from 1 January.

    weekend: (365 or 366,) is the day weekend there?
    holiday: (365 or 366,) NO_HOLIDAY, HALF, NEAR (a day beside an estimated date) or FULL.
    names: the holiday's English name by day of year, where it is not NO_HOLIDAY.
    known: does the library know this territory's holidays in this year?
    """

    weekend: Flags
    holiday: Codes
    names: dict[int, str]
    known: bool


@lru_cache(maxsize=1_024)
def _law(country: str | None) -> type[holidays.HolidayBase] | None:
    """The library's law of one country, loaded alone: loading all of them takes seconds."""
    try:
        return type(holidays.country_holidays(country)) if country else None
    except NotImplementedError:
        return None


@lru_cache(maxsize=1_024)
def subdivisions(country: str | None) -> tuple[str, ...]:
    """The parts of a country that have holidays or weekends of their own."""
    law = _law(country)
    own = {part for nation, part in REGIONAL_WEEKENDS if nation == country}
    return tuple(sorted(own | set(law.subdivisions if law else ())))


@lru_cache(maxsize=16_384)
def _filled(country: str, part: str | None, category: str, year: int) -> holidays.HolidayBase | None:
    """One year of one kind of holiday; None where the library has none."""
    law = _law(country)
    if law is None or category not in law.supported_categories or not law.start_year <= year <= law.end_year:
        return None
    languages = [each for each in law.supported_languages if each.startswith("en")]
    options: dict[str, Any] = {
        "years": year,
        "subdiv": part if part in law.subdivisions else None,
        "categories": (category,),
        "language": languages[0] if languages else None,
        "expand": False,
    }
    # Where a date waits for the moon the library can say so; for some countries it is silent unless asked.
    try:
        return law(**{**options, "islamic_show_estimated": True})
    except TypeError:
        return law(**options)


def _named_days(country: str, part: str | None, category: str, year: int) -> dict[date, str]:
    filled = _filled(country, part, category, year)
    return dict(filled.items()) if filled is not None else {}


@lru_cache(maxsize=1_024)
def _usual_weekend(country: str) -> frozenset[int]:
    """CLDR's weekend, for a territory the library lacks. Monday is 0."""
    try:
        locale = Locale.parse(f"und_{country}")
    except (UnknownLocaleError, ValueError):
        return frozenset({5, 6})
    first, last = locale.weekend_start, locale.weekend_end
    return frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))


def _days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=step) for step in range((date(year + 1, 1, 1) - first).days)]


@lru_cache(maxsize=8_192)
def _weekend(country: str | None, part: str | None, year: int) -> Flags:
    days = _days_of(year)
    own = REGIONAL_WEEKENDS.get((country or "", part or ""))
    law = _law(country)
    if own is None and law is None:
        own = _usual_weekend(country) if country else frozenset({5, 6})
    if own is not None or law is None:
        return np.array([day.weekday() in (own or ()) for day in days])
    # A year beyond the data keeps the last known weekend.
    known = law(years=min(max(year, law.start_year), law.end_year), expand=False)
    return np.array([known.is_weekend(day) for day in days])


@lru_cache(maxsize=8_192)
def _year_of_part(country: str | None, part: str | None, year: int) -> Year:
    days = _days_of(year)
    first = days[0]
    holiday = np.zeros(len(days), dtype=np.int8)
    names: dict[int, str] = {}

    def mark(day: date, kind: int, name: str) -> None:
        place = (day - first).days
        if 0 <= place < len(days) and holiday[place] < kind:
            holiday[place] = kind
            names[place] = name

    if country is not None:
        # Only a date that waits for the moon reaches over the new year.
        lunar = getattr(_law(country), "estimated_label", None) is not None
        for each in (year - 1, year, year + 1) if lunar else (year,):
            for day, name in _named_days(country, part, PUBLIC, each).items():
                mark(day, FULL, name)
                if _ESTIMATED in name:
                    mark(day - timedelta(days=1), NEAR, name)
                    mark(day + timedelta(days=1), NEAR, name)
        for day, name in _named_days(country, part, HALF_DAY, year).items():
            mark(day, HALF, name)
    known = country is not None and _filled(country, part, PUBLIC, year) is not None
    own_week = part if (country or "", part or "") in REGIONAL_WEEKENDS else None
    return Year(_weekend(country, own_week, year), holiday, names, known)


@lru_cache(maxsize=4_096)
def year_of(country: str | None, part: str | None, year: int, union: bool = True) -> Year:
    """The days off of one year.

    country: ISO 3166 alpha-2; None knows only the usual weekend, Saturday and Sunday.
    part: a subdivision as `holidays` writes it. Without one, or with one that is not known there, and `union` true, a
    day off anywhere in the country is a day off; with `union` false only the nationwide days count.
    """
    parts = subdivisions(country)
    if country is None or part in parts or not parts or not union:
        return _year_of_part(country, part if part in parts else None, year)
    every = [_year_of_part(country, each, year) for each in (None, *parts)]
    holiday = np.max([each.holiday for each in every], axis=0)
    names = {}
    for each in reversed(every):
        names.update({day: name for day, name in each.names.items() if each.holiday[day] == holiday[day]})
    return Year(np.any([each.weekend for each in every], axis=0), holiday, names, every[0].known)


_WITH_ARTICLE = frozenset(
    {"AE", "BS", "CF", "CG", "DO", "FK", "GB", "GM", "KM", "KY", "MH", "MV", "NL", "PH", "SB", "SC", "TC", "US"}
)


def country_name(country: str | None) -> str:
    """The English name of a country, as it stands inside a sentence."""
    if country is None:
        return "an unknown country"
    name = str(Locale("en").territories.get(country, country))
    return f"the {name}" if country in _WITH_ARTICLE else name
