"""Currency signs and codes beside an amount."""

import re

# A sign that several currencies share names none of them: it has to be said which.
SIGNS: dict[str, tuple[str, ...]] = {
    "€": ("EUR",), "£": ("GBP",), "₽": ("RUB",), "руб.": ("RUB",), "руб": ("RUB",), "р.": ("RUB",), "₺": ("TRY",), "₴": ("UAH",),
    "₹": ("INR",), "₪": ("ILS",), "zł": ("PLN",), "Kč": ("CZK",), "₸": ("KZT",), "₩": ("KRW",), "US$": ("USD",), "C$": ("CAD",),
    "A$": ("AUD",), "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN"), "¥": ("JPY", "CNY"), "kr": ("SEK", "NOK", "DKK"),
    "﷼": ("IRR", "SAR", "OMR", "QAR", "YER"), "ریال": ("IRR",), "ر.س": ("SAR",), "د.إ": ("AED",),
    "تومان": ("toman",),
}  # fmt: skip

# ISO 4217, the currencies in use.
CODES = frozenset([
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BGN", "BHD", "BIF", "BMD",
    "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP",
    "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP",
    "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD",
    "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD",
    "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN",
    "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
    "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL",
    "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND",
    "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
])  # fmt: skip

_SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
_BEFORE = re.compile(rf"\s*([-−+(]?)\s*({_SIGN}|[A-Z]{{3}}(?![A-Za-z]))\s*(.*)", re.DOTALL)
_BEHIND = re.compile(rf"(.*?[\d\u0660-\u0669\u06f0-\u06f9).,\-−\s])\s*({_SIGN}|[A-Z]{{3}})(\)?)\s*", re.DOTALL)


def take_currency(text: str) -> tuple[str, str]:
    """The text without the currency before or behind it; and the code, or the sign where it may mean several."""
    if found := _BEFORE.fullmatch(text):
        return found[1] + found[3], currency_of(found[2])
    if found := _BEHIND.fullmatch(text):
        return found[1] + found[3], currency_of(found[2])
    return text, ""


def currency_of(word: str) -> str:
    """The code of a sign; a sign of several currencies, or a word that is no currency, stays as it is."""
    meant = SIGNS.get(word, ())
    return meant[0] if len(meant) == 1 else word
