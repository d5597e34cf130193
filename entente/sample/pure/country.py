"""What a country is to the sample firm: how people, firms, streets and telephone numbers look there.

Every list in the country files was made up for this purpose. Nothing in them is a real person, firm or address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A word in its own script, and as a mail address would spell it."""

    native: str
    latin: str


@dataclass(frozen=True)
class City:
    """postcode and phone are patterns: # stands for a digit, @ for a letter. Weight: its share among the cities."""

    name: str
    subdivision: str
    zone: str
    postcode: str
    phone: str
    weight: float


@dataclass(frozen=True)
class Country:
    """Patterns: {s} a firm's word, {f} a family name, {c} the city, {n} a number, {t} a street."""

    code: str
    calling_code: str
    currency: str
    language: str
    share: float
    cities: tuple[City, ...]
    men: tuple[Word, ...]
    women: tuple[Word, ...]
    families: tuple[Word, ...]
    firm_words: tuple[Word, ...]
    streets: tuple[str, ...]
    address: str
    mobile: str
    mailboxes: tuple[str, ...]
    distributors: tuple[str, ...]
    chains: tuple[str, ...]
    branch: str
    trades: tuple[str, ...]
    phrases: Mapping[str, tuple[str, ...]]
    digits: str = "0123456789"
    bends_family_names: bool = False


def words(text: str) -> tuple[Word, ...]:
    """Each word of a list written as `native/latin`, separated by spaces or lines; _ stands for a space."""
    pairs = (item.partition("/") for item in text.split())
    return tuple(Word(native.replace("_", " "), latin or native.lower()) for native, _, latin in pairs)


def lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def cities(text: str) -> tuple[City, ...]:
    """One city a line: name | subdivision | zone | postcode | phone | weight."""
    rows = ([cell.strip() for cell in line.split("|")] for line in lines(text))
    return tuple(City(name, sub, zone, code, phone, float(weight)) for name, sub, zone, code, phone, weight in rows)
