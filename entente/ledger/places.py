"""Countries and telephone numbers as people write them, in the form that can be compared."""

from collections.abc import Mapping
from functools import cache

import phonenumbers
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


def e164(phone: str, country: str) -> str:
    """+441632960123; empty where the country does not say how to read it."""
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


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
