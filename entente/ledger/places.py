"""Countries, their parts, languages and time zones as people write them, in the form that can be compared."""

import re
from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from babel import Locale

_LANGUAGES = ("en", "de", "ru", "fa", "ar", "fr", "es")
_MORE = {
    "uk": "GB", "u k": "GB", "great britain": "GB", "britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US",
    "u s a": "US", "united states of america": "US", "america": "US", "uae": "AE", "ksa": "SA", "czech republic": "CZ", "holland": "NL",
    "the netherlands": "NL", "korea": "KR", "south korea": "KR", "russian federation": "RU", "рф": "RU", "сша": "US", "оаэ": "AE",
    "великобритания": "GB", "англия": "GB", "turkey": "TR", "viet nam": "VN", "hong kong": "HK", "macau": "MO",
    "macao": "MO", "palestine": "PS",
    "ivory coast": "CI", "republic of ireland": "IE",
}  # fmt: skip


def country_code(name: str, also: Mapping[str, str]) -> str | None:
    """ISO 3166's two letters; empty where `also` says that the name is no country; None where it is not known.

    also: what this source calls countries.
    """
    if name in also:
        return also[name]
    return _codes().get(_plain(name))


def subdivision_code(name: str) -> str | None:
    """The code of a part of a country, without the country's: SCT, BY, NSW (also GB-SCT). None for what is no code."""
    code = name.upper().rpartition("-")[2]
    return code if re.fullmatch(r"[A-Z0-9]{1,3}", code) else None


def language_code(name: str) -> str | None:
    """de, en-GB, zh-Hant: a code as it is, or the code of a language's name. None where it is not known."""
    if found := re.fullmatch(r"([A-Za-z]{2})(?:[-_]([A-Za-z]{4}|[A-Za-z]{2}))?", name):
        if found[1].lower() in Locale.parse("en").languages:
            part = found[2] or ""
            return (
                f"{found[1].lower()}-{part.title() if len(part) == 4 else part.upper()}" if part else found[1].lower()
            )
        return None
    return _languages().get(_plain(name))


def zone_name(name: str) -> str | None:
    """Europe/Berlin; None for what is no time zone."""
    return _zones().get(name.casefold().replace(" ", "_"))


@cache
def _zones() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones()}


@cache
def _languages() -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).languages.items():
            if len(code) in (2, 3) and code.isalpha():
                codes.setdefault(_plain(name), code)
    return codes


@cache
def _codes() -> Mapping[str, str]:
    codes = dict(_MORE)
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"):
                codes.setdefault(_plain(name), code)
                codes.setdefault(code.lower(), code)
    alpha3 = "GBR:GB DEU:DE SAU:SA IRN:IR RUS:RU FRA:FR ESP:ES ITA:IT NLD:NL BEL:BE IRL:IE CAN:CA AUS:AU CHE:CH AUT:AT POL:PL TUR:TR ARE:AE"
    codes.update((pair.split(":")[0].lower(), pair.split(":")[1]) for pair in alpha3.split())
    return codes


def _plain(name: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in name.casefold()).split())
