"""Names, addresses, telephone numbers and mail addresses, as they are written in each country."""

from __future__ import annotations

import numpy as np

from entente.sample.pure.country import City, Country, Word

LETTERS = "ABDEFGHJLNPRSTUWXY"
LEGAL_FORMS = (
    " Ltd",
    " plc",
    " GmbH & Co. KG",
    " GmbH",
    " AG",
    "ООО ",
    "АО ",
    "ИП ",
    "شركة ",
    "مؤسسة ",
    "شرکت ",
    " المحدودة",
)


class Directory:
    """Hands out what must not be given twice: organisations' names, telephone numbers, mail addresses."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._taken: set[str] = set()
        self._numbers: dict[str, list[int]] = {}

    def pick(self, options: tuple[str, ...]) -> str:
        return options[int(self._rng.integers(len(options)))]

    def word(self, options: tuple[Word, ...]) -> Word:
        return options[int(self._rng.integers(len(options)))]

    def person(self, country: Country) -> Word:
        """A given name and a family name."""
        woman = bool(self._rng.random() < 0.5)
        given = self.word(country.women if woman else country.men)
        family = self.word(country.families)
        if woman and country.bends_family_names:
            family = Word(family.native + "а", family.latin + "a")
        return Word(f"{given.native} {family.native}", f"{given.latin}.{family.latin}".lower())

    def organisation(self, country: Country, patterns: tuple[str, ...], city: City) -> Word:
        """A name nobody else has: with the city, or a number, where the plain one is taken."""
        stem, family = self.word(country.firm_words), self.word(country.families)
        pattern = self.pick(patterns)
        initial = self.word(country.men).native[0]
        name = pattern.format(s=stem.native, f=f"{family.native} {initial}." if pattern == "ИП {f}" else family.native)
        latin = "-".join(word.latin for word, mark in ((stem, "{s}"), (family, "{f}")) if mark in pattern).lower()
        return Word(self._free(name, city.name), latin)

    def _free(self, name: str, city: str) -> str:
        for variant in (name, f"{name} ({city})"):
            if self._claim(variant):
                return variant
        number = 2
        while not self._claim(f"{name} ({city} {number})"):
            number += 1
        return f"{name} ({city} {number})"

    def _claim(self, text: str) -> bool:
        if text in self._taken:
            return False
        self._taken.add(text)
        return True

    def mail(self, mailbox: str, domain: str) -> str:
        """mailbox@domain, with a number behind the mailbox if somebody has it."""
        address, number = f"{mailbox}@{domain}", 1
        while not self._claim(address):
            number += 1
            address = f"{mailbox}{number}@{domain}"
        return address

    def domain(self, latin: str) -> str:
        """A domain of its own below .example."""
        name, number = f"{latin}.example", 1
        while not self._claim(name):
            number += 1
            name = f"{latin}{number}.example"
        return name

    def phone(self, pattern: str) -> str:
        """A number of the pattern that nobody has; empty when they are used up."""
        places = pattern.count("#")
        if not places:
            return ""
        if pattern not in self._numbers:
            self._numbers[pattern] = self._rng.permutation(10**places).tolist()
        if not self._numbers[pattern]:
            return ""
        digits = iter(f"{self._numbers[pattern].pop():0{places}d}")
        return "".join(next(digits) if character == "#" else character for character in pattern)

    def postcode(self, pattern: str) -> str:
        def one(character: str) -> str:
            if character == "#":
                return str(int(self._rng.integers(1, 10)))
            return LETTERS[int(self._rng.integers(len(LETTERS)))] if character == "@" else character

        return "".join(one(character) for character in pattern)

    def address(self, country: Country) -> str:
        number = str(int(self._rng.integers(1, 180)))
        written = "".join(country.digits[int(digit)] for digit in number)
        return country.address.format(t=self.pick(country.streets), n=written)

    def written_otherwise(self, name: str) -> str:
        """The same name as another clerk might have written it."""
        if any(form in name for form in LEGAL_FORMS):
            for form in LEGAL_FORMS:
                name = name.replace(form, " ")
            return " ".join(name.replace("«", "").replace("»", "").split())
        first, _, rest = name.partition(" ")
        way = int(self._rng.integers(3))
        if not rest or way == 0:
            return name.upper()
        return f"{rest}, {first}" if way == 1 else f"{first[0]}. {rest}"


def e164(written: str, country: Country) -> str:
    """The international form of a number written at home or with its + already."""
    digits = "".join(character for character in written if character.isdigit())
    if not digits:
        return ""
    return f"+{digits}" if written.startswith("+") else f"+{country.calling_code}{digits[1:]}"
