"""A street and its number, a postcode: one spelling each."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from entente.identify.pure.names import JUNK
from entente.identify.pure.scripts import latin, romanise, vocabulary

LONGEST_ADDRESS = 300


def _kinds(text: str) -> dict[str, str]:
    table = {}
    for line in text.strip().splitlines():
        kept, _, spellings = line.partition(":")
        table.update(dict.fromkeys(vocabulary(spellings), kept.strip()))
    return table


# What sort of street it is, whatever the language: `kept: every spelling`.
KINDS = _kinds("""
    street: street str straße strasse st ul ulitsa улица ул вулиця вул rue calle via strada straat ulica خیابان خ شارع شار utca
    road: road rd weg route rte шоссе ш طريق جاده carretera landstraße
    avenue: avenue ave av aven allee проспект пр просп пркт prospekt avenida viale laan
    lane: lane ln gasse переулок пер pereulok کوچه ruelle vicolo steeg زقاق
    square: square plc sq platz pl площадь пл میدان ميدان place plaza piazza plein
    drive: drive dr drv
    close: close cl
    court: court ct crt
    crescent: crescent cres cr
    terrace: terrace tce ter
    boulevard: boulevard blvd bd бульвар бул бр بلوار
    embankment: embankment набережная наб kai quai
    passage: проезд прд passage
    highway: highway hwy بزرگراه آزادراه اتوبان
    parade: parade pde
    circuit: circuit cct cir
    grove: grove gr
    estate: estate industriegebiet شهرک
    quarter: quarter حي محله микрорайон мкр
""")
_NUMBER_MARKS = vocabulary("no nr num number hausnummer д дом буд پلاک مبنى مبني رقم بناية ساختمان")
_UNIT_MARKS = vocabulary("""
    flat apt apartment unit suite ste room rm floor fl level og etage stock wohnung whg top кв квартира офис оф комн комната
    эт этаж корп корпус к строение лит подъезд واحد طبقه طبقة شقة دور زنگ
""")
_DROPPED = vocabulary("شهید شهيد the г город")
_ABBREVIATED = re.compile(r"\b(?:(pr)-(?:t|kt)|(pr)-d|(b)-r|(ul)\.|(nab)\.)(?=\W|$)")
_STR = re.compile(r"(?<=[a-z]{3})(?:str|strasse|straat)$")
_NUMERIC = re.compile(r"\d+[a-z]?$")
_PIECE = re.compile(r"\d+(?: ?[/\-] ?\d+)+[a-z]?\b|\d+ ?[a-z]\b|\d+[a-z]*|[a-z]+\d*")
_STRUCTURE = re.compile(r"\bстр\.?\s*(?=\d)", re.IGNORECASE)


class Street(NamedTuple):
    """words: the street's name, romanised, what sort of street it is at the end. number: of the house, as 12, 12a, 12-14.

    unit: flat, floor or wing.
    """

    words: str
    number: str
    unit: str


NOWHERE = Street("", "", "")


def street(text: str) -> Street:
    """The line of an address that has street and house, in either order. Nowhere for what says nothing."""
    text = text[:LONGEST_ADDRESS]
    if "стр" in text or "СТР" in text:
        text = _STRUCTURE.sub("строение ", text)
    written = latin(text)
    if not written or romanise(written) in JUNK or not written.strip("0.,-/ "):
        return NOWHERE
    if "-" in written or "." in written:
        written = _ABBREVIATED.sub(_whole, written)
    words: list[str] = []
    unit: list[str] = []
    number, marked, expect = "", False, ""
    numbers: list[tuple[int, str]] = []
    for piece in _PIECE.findall(written):
        if piece[0].isdigit() and _NUMERIC.match(piece.replace(" ", "").replace("/", "").replace("-", "")):
            compact = piece.replace(" ", "").lstrip("0") or "0"
            if expect == "unit":
                unit.append(compact)
            elif expect == "number":
                number, marked = compact, True
            else:
                numbers.append((len(words), compact))
            expect = ""
        elif piece in _UNIT_MARKS:
            expect = "unit"
        elif piece in _NUMBER_MARKS:
            expect = "number"
        elif expect == "unit" and len(piece) == 1:
            unit.append(piece)
            expect = ""
        elif piece not in _DROPPED:
            words.append(piece)
            expect = ""
    if not marked:
        number = _house(numbers, len(words))
    # A number that is not the house's belongs to the name: 8 Marta, 17. Juni.
    for place, other in reversed(numbers):
        if marked or other != number:
            words.insert(place, other)
    return Street(_named(words), number, " ".join(unit))


def _whole(found: re.Match[str]) -> str:
    return {"pr-d": "prd", "b-r": "br"}.get(found[0].rstrip("."), "pr" if found[0].startswith("pr") else found[0])


def _house(numbers: list[tuple[int, str]], words: int) -> str:
    """Of several numbers the one at the end, or else the one at the beginning."""
    if not numbers:
        return ""
    place, last = numbers[-1]
    return last if place == words or numbers[0][0] else numbers[0][1]


def _named(words: list[str]) -> str:
    """The sort of street goes behind; 'St' before a name is a saint, 'Dr' a doctor."""
    names, kinds = [], []
    for place, word in enumerate(words):
        more = place + 1 < len(words)
        if word in ("st", "dr") and more and not place and words[place + 1] not in KINDS:
            names.append("saint" if word == "st" else "doctor")
        elif word in KINDS and len(words) > 1:
            kinds.append(KINDS[word])
        elif len(word) > 5 and (ending := _STR.search(word)):
            names.append(word[: ending.start()])
            kinds.append("street")
        else:
            names.append(word)
    return " ".join(names + sorted(set(kinds)))


_POSTCODES = {
    "GB": re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})"),
    "NL": re.compile(r"(?:NL)?([1-9][0-9]{3})([A-Z]{2})"),
    "CA": re.compile(r"([A-Z][0-9][A-Z])([0-9][A-Z][0-9])"),
}
# How many digits stay; what more there is names a house or a box.
_DIGITS = {
    **dict.fromkeys(("DE", "FR", "IT", "ES", "US", "SA", "PL", "UA", "FI", "SE", "CZ", "TR"), 5),
    **dict.fromkeys(("AT", "CH", "BE", "DK", "NO", "HU", "BG", "AU", "LU"), 4),
    **dict.fromkeys(("RU", "IN", "CN", "KZ", "BY", "RO"), 6),
    "IR": 10,
}
SHORTEST_POSTCODE = 3
_LOST_ZERO = frozenset({"DE", "FR", "IT", "ES", "US"})
_COUNTRY_MARK = re.compile(r"(?:D|A|CH|F|I|E|PL|RU|DE|AT|FR|IT|ES)(?=[0-9])")


def postcode(text: str, country: str) -> str:
    """Capitals and digits of ASCII; a space only where the country's own post writes one. '' for what is none.

    country: ISO 3166-1 alpha-2, or '' where it is not known. A zero that a spreadsheet took off in front comes back.
    """
    text = unicodedata.normalize("NFKC", text[:40]).upper()
    code = "".join(str(unicodedata.decimal(sign, sign)) for sign in text if sign.isalnum())
    country = country.strip().upper()
    if not code.isascii() or not SHORTEST_POSTCODE <= len(code) <= 12 or code.lower() in JUNK or _made_up(code):
        return ""
    if pattern := _POSTCODES.get(country):
        found = pattern.fullmatch(code)
        return f"{found[1]} {found[2]}" if found else code
    if digits := _DIGITS.get(country):
        if mark := _COUNTRY_MARK.match(code):
            code = code[mark.end() :]
        if not code.isdigit() or len(code) < SHORTEST_POSTCODE:
            return ""
        if len(code) == digits - 1 and country in _LOST_ZERO:
            code = "0" + code
        if len(code) == digits + 4 and country in ("US", "SA"):
            code = code[:digits]
        return "" if _made_up(code) else code
    return code if any(sign.isdigit() for sign in code) else ""


def _made_up(code: str) -> bool:
    """Of four digits 1111 and 1234 are places (in Switzerland); longer they are not."""
    return not code.strip("0") or (len(code) > 4 and (len(set(code)) == 1 or code in "0123456789012"))
