"""What systems write down of people, with the slips, the gaps and the ways they have."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import numpy as np

from bench.made import people_names as names
from bench.made.people_noise import mistyped
from bench.made.people_truth import DAYS, DOMAINS, FAMILY_BOX, FIRST_DAY, MAILBOXES, NICKS, OFFICE_BOX, People

Array = np.ndarray[Any, Any]
FIELDS = (
    "given_name", "family_name", "birth_date", "street", "house_number", "postcode", "city", "country", "email", "phone",
)  # fmt: skip
DIAL = (44, 49, 7, 98, 966)
JUNK = {
    "given_name": ("test", "n/a", "-"),
    "family_name": ("test", "n/a", "unknown"),
    "email": ("test@test.com", "noreply@mail.example", "n/a"),
    "phone": ("000000", "0000000000", "123456789"),
    "birth_date": ("1900-01-01", "1970-01-01"),
}
BEFORE = FIRST_DAY - 11 * 366
# The systems that write records, and what is peculiar to each.
SYSTEMS = ("web", "shop", "call centre", "legacy")
SYSTEM_SHARES = (0.40, 0.25, 0.20, 0.15)
CAPITALS = (0.02, 0.05, 0.0, 0.85)
LATIN_ONLY = (0.12, 0.15, 0.10, 0.75)
CUT_AT = (0, 0, 0, 12)
NOT_E164 = (0.25, 0.9, 0.35, 1.0)


@dataclass(frozen=True)
class Noise:
    """Chances per record, or per field of a record; of changes, per later record of a person."""

    # typing
    given_typed: float = 0.05
    family_typed: float = 0.06
    street_typed: float = 0.08
    city_typed: float = 0.03
    email_typed: float = 0.03
    phone_typed: float = 0.025
    postcode_typed: float = 0.025
    birth_typed: float = 0.025
    # knowledge
    no_given: float = 0.02
    no_birth: float = 0.05
    no_address: float = 0.12
    no_email: float = 0.28
    no_phone: float = 0.24
    junk: float = 0.002
    short_name: float = 0.05
    initial: float = 0.025
    second_name: float = 0.04
    exchanged: float = 0.01
    maiden: float = 0.12
    moved: float = 0.14
    new_phone: float = 0.14
    new_email: float = 0.15
    # system: beside these, what is peculiar to each of SYSTEMS
    day_month: float = 0.02
    abbreviated: float = 0.20
    transliterated: float = 0.07

    def scaled(self, factor: float) -> Noise:
        """All of it more or less; 0 is none but the systems' own ways."""
        return replace(self, **{f.name: min(1.0, getattr(self, f.name) * factor) for f in fields(self)})


class Records:
    """What the systems wrote of the persons."""

    def __init__(
        self, world: People, person: Array, later: Array, system: Array, noise: Noise, rng: np.random.Generator
    ) -> None:
        self.world, self.person, self.later, self.system, self.noise, self.rng = (
            world,
            person,
            later,
            system,
            noise,
            rng,
        )
        self.n = person.size

    def written(self) -> dict[str, Array]:
        noise, world = self.noise, self.world
        moved = self._changed(noise.moved)
        self.home = world.household[self.person] + moved * world.households
        self.home_country = world.home_country[self.home]
        self.form = self._forms()
        found = self._names() | self._address()
        found["birth_date"] = self._birth_date()
        found["email"], found["phone"] = self._email(), self._phone()
        self._slips(found)
        self._gaps(found)
        self._ways(found)
        return {name: found[name] for name in FIELDS}

    def _chance(self, rate: float | Array) -> Array:
        return self.rng.random(self.n) < rate

    def _changed(self, rate: float) -> Array:
        return self.later & self._chance(rate)

    def _forms(self) -> Array:
        """Which spelling: at home the native one, unless the system knows Latin only; abroad a Latin one."""
        culture = self.world.culture[self.person]
        latin = self._chance(np.array(LATIN_ONLY)[self.system]) | self._chance(self.noise.transliterated)
        latin |= (culture >= 2) & (culture != self.home_country)
        way = np.where(self._chance(0.72), names.LATIN, names.OTHER_LATIN)
        return np.where(latin, way, names.NATIVE)

    def _names(self) -> dict[str, Array]:
        world, noise, person = self.world, self.noise, self.person
        words = world.given_words.words
        short = self._chance(noise.short_name) & (self.form == names.NATIVE)
        given = words[world.given[person], np.where(short, names.SHORT, self.form)]
        self._apply(given, self._chance(noise.second_name), lambda here: (
            given[here] + " " + words[world.second[person[here]], self.form[here]]))  # fmt: skip
        self._apply(
            given, self._chance(noise.initial), lambda here: np.array([text[:1] + "." for text in given[here]], object)
        )
        code = np.where(self._changed(noise.maiden), world.family_before[person], world.family[person])
        family = world.family_words.words[code, self.form]
        crossed = np.flatnonzero(self._chance(noise.exchanged))
        given[crossed], family[crossed] = family[crossed], given[crossed]
        return {"given_name": given, "family_name": family}

    @staticmethod
    def _apply(values: Array, where: Array, change: Any) -> None:
        here = np.flatnonzero(where)
        if here.size:
            values[here] = change(here)

    def _address(self) -> dict[str, Array]:
        world, home = self.world, self.home
        form = np.minimum(self.form, names.LATIN)
        form = np.where((form == names.NATIVE) & self._chance(self.noise.abbreviated), names.OTHER_LATIN, form)
        numbers = np.array([f"{number}{letter}" for number in range(401) for letter in ("", "a", "b", "c")], object)
        return {
            "street": world.streets.words[world.home_street[home], form],
            "house_number": numbers[world.home_number[home] * 4 + world.home_letter[home]],
            "postcode": _postcodes(self.home_country, world.home_city[home], world.home_code[home]),
            "city": world.cities.words[world.home_city[home], self.form],
            "country": np.array(names.COUNTRIES, object)[self.home_country],
        }

    def _birth_date(self) -> Array:
        """Slips that leave a lawful date: a year beside, a wrong tenth or month, a day beside; or day and month exchanged."""
        rng, noise = self.rng, self.noise
        day = FIRST_DAY + self.world.born[self.person]
        year = day.astype("datetime64[Y]").astype(np.int64)
        month = day.astype("datetime64[M]").astype(np.int64) % 12
        of_month = (day - day.astype("datetime64[M]")).astype(np.int64)
        wrong, kind = self._chance(noise.birth_typed), rng.integers(0, 5, self.n)
        sign = rng.choice((-1, 1), self.n)
        year = year + wrong * ((kind == 0) * sign + (kind == 1) * 10 * sign)
        month = np.where(wrong & (kind == 2), rng.integers(0, 12, self.n), month)
        of_month = np.where(wrong & (kind == 3), (of_month + sign) % 28, of_month)
        of_month = np.where(wrong & (kind == 4), (of_month + 10 * sign) % 28, of_month)
        crossed = self._chance(noise.day_month) & (of_month < 12)
        month, of_month = np.where(crossed, of_month, month), np.where(crossed, month, of_month)
        start = (year * 12 + month).astype("datetime64[M]")
        length = ((start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.int64)
        day = start.astype("datetime64[D]") + np.minimum(of_month, length - 1)
        # One text object for each day, not for each record.
        return _calendar()[(day - BEFORE).astype(np.int64)]

    def _email(self) -> Array:
        world, person = self.world, self.person
        before = self._changed(self.noise.new_email).astype(np.int64)
        way = world.mail_way[before, person]
        given = world.given_words.plain[world.given[person]]
        family = world.family_words.plain[world.family[person]]
        number = world.mail_number[before, person].astype(str).astype(object)
        number[number == "0"] = ""
        own = ((person + before * world.n) * 7919 % 99_991).astype(str).astype(object)
        nicks = np.array([a + b for a in NICKS for b in NICKS], object)[world.mail_word[before, person]]
        local = np.empty(self.n, object)
        for shape, text in enumerate(MAILBOXES):
            here = np.flatnonzero(way == shape)
            rows = zip(given[here], family[here], number[here], nicks[here], own[here], strict=True)
            local[here] = [text.format(*row) for row in rows]
        mail = local + np.array(["@" + name for name in DOMAINS], object)[world.mail_domain[before, person]]
        household = world.household[person]
        family_box = world.mail_shared[household] < FAMILY_BOX
        head = world.family[np.searchsorted(world.household, household)]
        self._apply(mail, family_box, lambda here: (
            world.family_words.plain[head[here]] + "-"
            + (household[here] % 9973).astype(str).astype(object) + "@family.example"))  # fmt: skip
        office = world.mail_shared[person] > 1 - OFFICE_BOX
        self._apply(
            mail, office, lambda here: "info@firm" + (household[here] % 50).astype(str).astype(object) + ".example"
        )
        return mail

    def _phone(self) -> Array:
        before = self._changed(self.noise.new_phone).astype(np.int64)
        code = np.array(DIAL, np.int64)[self.home_country]
        digits = self.world.phone[before, self.person]
        return np.array([f"+{a}{b}" for a, b in zip(code.tolist(), digits.tolist(), strict=True)], object)

    def _slips(self, found: dict[str, Array]) -> None:
        noise = self.noise
        rates = {
            "given_name": noise.given_typed, "family_name": noise.family_typed, "street": noise.street_typed,
            "city": noise.city_typed, "email": noise.email_typed, "phone": noise.phone_typed,
            "postcode": noise.postcode_typed,
        }  # fmt: skip
        for name, rate in rates.items():
            values, digits = found[name], name in ("phone", "postcode")
            self._apply(
                values, self._chance(rate), lambda here, v=values, d=digits: mistyped(v[here], self.rng, digits=d)
            )

    def _gaps(self, found: dict[str, Array]) -> None:
        noise = self.noise
        gaps = {
            "given_name": noise.no_given,
            "birth_date": noise.no_birth,
            "email": noise.no_email,
            "phone": noise.no_phone,
        }
        for name, rate in gaps.items():
            found[name][self._chance(rate)] = ""
        nowhere = self._chance(noise.no_address)
        for name in ("street", "house_number", "postcode", "city"):
            found[name][nowhere] = ""
        for name, junk in JUNK.items():
            words = np.array(junk, object)
            self._apply(
                found[name], self._chance(noise.junk), lambda here, w=words: w[self.rng.integers(0, len(w), here.size)]
            )

    def _ways(self, found: dict[str, Array]) -> None:
        """Capitals, cut-off fields, telephone formats."""
        upper = self._chance(np.array(CAPITALS)[self.system])
        cut = np.array(CUT_AT)[self.system]
        for name in ("given_name", "family_name", "street", "city"):
            values = found[name]
            self._apply(values, upper, lambda here, v=values: np.array([text.upper() for text in v[here]], object))
            room = 20 if name == "street" else 12
            self._apply(
                values, cut > 0, lambda here, v=values, r=room: np.array([text[:r] for text in v[here]], object)
            )
        local = self._chance(np.array(NOT_E164)[self.system]) & (found["phone"] != "")
        way, code = self.rng.integers(0, 4, self.n), np.array(DIAL)[self.home_country]
        self._apply(found["phone"], local, lambda here: _as_dialled(found["phone"][here], code[here], way[here]))


@cache
def _calendar() -> Array:
    return (BEFORE + np.arange(DAYS + 25 * 366)).astype(str).astype(object)


def _postcodes(country: Array, city: Array, code: Array) -> Array:
    key, number = np.unique(country.astype(np.int64) << 48 | city.astype(np.int64) << 24 | code, return_inverse=True)
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    words = []
    for value in key.tolist():
        land, town, within = value >> 48, value >> 24 & 0xFFFFFF, value & 0xFFFFFF
        if land == 0:
            area = letters[town % 20] + letters[town // 20 % 20]
            unit = letters[within // 9 % 20] + letters[within // 180 % 20]
            words.append(f"{area}{1 + within // 3600 % 90} {1 + within % 9}{unit}")
        else:
            width = (0, 5, 6, 10, 5)[land]
            words.append(f"{(town * 7919 + 101) % 90 + 10}{within * 7 % 10 ** (width - 2):0{width - 2}d}")
    return np.array(words, object)[number]


def _as_dialled(phones: Array, code: Array, way: Array) -> Array:
    """With a zero before, with spaces, with 00 for +, with hyphens."""
    found = []
    for phone, dial, shape in zip(phones, code.tolist(), way.tolist(), strict=True):
        number = phone.removeprefix(f"+{dial}")
        if number == phone:
            found.append(phone)
        elif shape == 0:
            found.append("0" + number)
        elif shape == 1:
            found.append(f"0{number[:3]} {number[3:]}")
        elif shape == 2:
            found.append(f"00{dial} {number[:3]} {number[3:6]} {number[6:]}")
        else:
            found.append(f"(0{number[:3]}) {number[3:6]}-{number[6:]}")
    return np.array(found, object)
