"""One spelling for what is written in many: what search compares. Pure; no opinion of the business.

`haystack` is what a customer may be found by, `needles` is what somebody typed. Both pass through `norm`, so that accents,
letter case, Arabic and Persian spellings of one letter, the digits of any script and punctuation make no difference.
"""

import re
import unicodedata
from collections.abc import Iterable

import phonenumbers

# What NFKD leaves apart although readers take it for one letter.
_LETTERS = str.maketrans(
    {
        "ي": "ی",
        "ى": "ی",
        "ك": "ک",
        "ة": "ه",
        "ە": "ه",
        "ٱ": "ا",
        "ـ": None,  # kashida: only stretches the line
        "\u200c": None,  # zero-width non-joiner: علی‌رضا and علیرضا are one name
        "\u200d": None,
        "\u00ad": None,
        "'": None,
        "’": None,
        "ʼ": None,
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
    }
)
# Of the first letters of all: the same without asking of each what it is.
_PLAIN = str.maketrans({character: " " for character in map(chr, range(128)) if not character.isalnum()} | {"'": None})
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_PHONE = re.compile(r"\+?[\d\s().\-/\u2010-\u2015]+")
SHORTEST_PHONE = 6
LONGEST_QUERY = 120
MOST_NEEDLES = 8


def norm(text: str) -> str:
    """Accents off, case folded, letter variants and digits unified, everything else a single space."""
    if text.isascii():
        return " ".join(text.lower().translate(_PLAIN).split())
    kept = []
    for character in unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS):
        # Folding may leave a mark of its own (İ becomes i and a dot), so marks go after it.
        if unicodedata.category(character) in ("Mn", "Me"):
            continue
        digit = unicodedata.digit(character, None)
        kept.append(str(digit) if digit is not None else character if character.isalnum() else " ")
    return " ".join("".join(kept).split())


def digits_of(text: str) -> str:
    """The digits alone, in ASCII; a national 0 in brackets is not dialled from abroad and falls away."""
    return "".join(filter(str.isdecimal, norm(_TRUNK_ZERO.sub("", text))))


def national_digits(phone: str) -> str:
    """What stays the same in every spelling of a phone number: no country code where it is recognisable, no leading zeros."""
    digits = digits_of(phone)
    international = phone.strip().startswith(("+", "＋")) or digits.startswith("00")
    if international:
        try:
            return str(phonenumbers.parse("+" + digits.lstrip("0")).national_number)
        except phonenumbers.NumberParseException:
            return digits.lstrip("0")
    return digits.lstrip("0")


def haystack(
    *,
    names: Iterable[str] = (),
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
    cities: Iterable[str] = (),
    postcodes: Iterable[str] = (),
    keys: Iterable[str] = (),
) -> str:
    """All a customer may be found by, in one line: words between single spaces, and a space at both ends.

    The spaces at the ends make the beginning of every word a piece of three signs, which the index knows.
    phones: as written and in E.164. keys: the numbers its sources gave it.
    """
    words: dict[str, None] = {}
    for text in (*names, *emails, *cities, *postcodes, *keys):
        words.update(dict.fromkeys(norm(text).split()))
    for written_apart in (*postcodes, *keys):
        words[norm(written_apart).replace(" ", "")] = None
    for phone in phones:
        words[digits_of(phone)] = None
    words.pop("", None)
    return f" {' '.join(words)} " if words else ""


def needles(text: str) -> list[str]:
    """What must all be found, each somewhere: the words typed, a phone number among them as one run of digits.

    A needle that begins with a space has to begin a word: so do words of fewer than three signs.
    """
    text = text[:LONGEST_QUERY]
    if _PHONE.fullmatch(text.strip()) and len(digits_of(text)) >= SHORTEST_PHONE:
        return [national_digits(text)] if national_digits(text) else []
    found: dict[str, None] = {}
    for word in norm(text).split():
        found[word if len(word) >= 3 else f" {word}"] = None
    return list(found)[:MOST_NEEDLES]


def grams(needle: str) -> list[str]:
    """The pieces of three signs of a needle, as `entente_grams` in the database cuts them."""
    return sorted({needle[at : at + 3] for at in range(len(needle) - 2)})
