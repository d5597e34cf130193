"""From what sources wrote to what is compared: columns of texts, each distinct text read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from entente.identify.pure import addresses, identifiers, names, organisations, scripts
from entente.identify.pure.coded import MISSING, Coded, coded
from entente.identify.pure.comparisons import SOUND, with_addresses

# A mailbox, a telephone or a number that more records than this give as theirs tells nobody apart.
MOST_HOLDERS = 20
OWN = ("email", "phone", "tax_id")
LAST_DIGITS = 9  # of a telephone number: what stays the same whether it is written for at home or for abroad
FEWEST_DIGITS = 7
_DIGITS = str.maketrans("", "", "".join(chr(k) for k in range(128) if not chr(k).isdigit()))


Texts = Sequence[str] | Coded  # as they come, or numbered already


@dataclass(frozen=True, eq=False)
class Readings:
    """columns: by name of field, (n,) each. ignored: (field, value, records) of what too many records hold, the most first."""

    columns: dict[str, Coded]
    ignored: tuple[tuple[str, str, int], ...]


def read_people(texts: Mapping[str, Texts]) -> Readings:
    """texts: any of given_name, family_name, name, born_on, email, phone, street, house_number, postcode, city, country, tax_id; all as
    long. A whole name is taken apart where the parts are not there."""
    raw = _raw(texts)
    columns: dict[str, Coded] = {}
    whole = raw.get("name")
    for part in ("given_name", "family_name"):
        column = raw[part].mapped(_part_of_name) if part in raw else None
        if whole is not None:
            taken = whole.mapped(_given if part == "given_name" else _family)
            column = taken if column is None else _filled(column, taken)
        if column is not None:
            columns[part] = column
            columns[part + SOUND] = column.mapped(_sound)
    if "born_on" in raw:
        columns["born_on"] = raw["born_on"].mapped(_day)
    _contacts(raw, columns, identifiers.mailbox_is_shared)
    return _without_the_common(columns)


def read_person(texts: Mapping[str, str]) -> dict[str, str]:
    """One person, read as `read_people` reads columns of them; without what too many hold, which one record cannot tell."""
    whole = names.person(texts["name"]) if texts.get("name") else None
    given = _part_of_name(texts.get("given_name", "")) or (whole.given if whole else "")
    family = _part_of_name(texts.get("family_name", "")) or (whole.family if whole else "")
    return _contact(texts) | {
        "given_name": given, "given_name" + SOUND: _sound(given), "family_name": family, "family_name" + SOUND: _sound(family),
        "born_on": _day(texts.get("born_on", "")),
    }  # fmt: skip


def read_organisation(texts: Mapping[str, str]) -> dict[str, str]:
    """One organisation, read as `read_organisations` reads columns of them."""
    if not texts.get("name"):
        return _contact(texts)
    read = organisations.organisation(texts["name"])
    return _contact(texts) | {"name": read.core, "name" + SOUND: " ".join(sorted(read.sounds))}


def read_organisations(texts: Mapping[str, Texts]) -> Readings:
    """texts: any of name, email, phone, street, house_number, postcode, city, country, tax_id; all as long."""
    raw = _raw(texts)
    columns: dict[str, Coded] = {}
    if "name" in raw:
        read = {value: organisations.organisation(value) for value in raw["name"].values}
        columns["name"] = raw["name"].mapped(lambda value: read[value].core)
        columns["name" + SOUND] = raw["name"].mapped(lambda value: " ".join(sorted(read[value].sounds)))
    _contacts(raw, columns, _is_no_firms)
    return _without_the_common(columns)


def _raw(texts: Mapping[str, Texts]) -> dict[str, Coded]:
    return {name: column if isinstance(column, Coded) else coded(column) for name, column in texts.items()}


def _contacts(raw: Mapping[str, Coded], columns: dict[str, Coded], is_nobodys: Callable[[str], bool]) -> None:
    if "email" in raw:
        columns["email"] = _without_mailboxes_for_all(raw["email"].mapped(identifiers.email), is_nobodys)
    if "phone" in raw:
        columns["phone"] = raw["phone"].mapped(_telephone)
    if "tax_id" in raw:
        columns["tax_id"] = raw["tax_id"].mapped(identifiers.number)
    if "city" in raw:
        columns["city"] = raw["city"].mapped(scripts.romanise)
    if "street" in raw:
        read = {value: addresses.street(value) for value in raw["street"].values}
        columns["street"] = raw["street"].mapped(lambda value: read[value].words)
        number = raw["street"].mapped(lambda value: read[value].number)
        apart = raw["house_number"].mapped(_house_number) if "house_number" in raw else None
        columns["house_number"] = number if apart is None else _filled(apart, number)
    if "postcode" in raw:
        columns["postcode"] = _by_country(raw["postcode"], raw.get("country"), addresses.postcode)


def _contact(texts: Mapping[str, str]) -> dict[str, str]:
    street = addresses.street(texts.get("street", ""))
    return {
        "email": identifiers.email(texts.get("email", "")),
        "phone": _telephone(texts.get("phone", "")),
        "tax_id": identifiers.number(texts.get("tax_id", "")),
        "city": scripts.romanise(texts.get("city", "")),
        "street": street.words,
        "house_number": _house_number(texts.get("house_number", "")) or street.number,
        "postcode": addresses.postcode(texts.get("postcode", ""), texts.get("country", "")),
    }


def _without_mailboxes_for_all(column: Coded, is_nobodys: Callable[[str], bool]) -> Coded:
    """Asked only of mailboxes that more than one record gives as its own: of the others nothing is concluded anyway."""
    shared = np.zeros(len(column.values), np.bool_)
    for number in np.flatnonzero(column.counts > 1).tolist():
        shared[number] = is_nobodys(column.values[number])
    return column.without(shared)


def _without_the_common(columns: dict[str, Coded]) -> Readings:
    ignored: list[tuple[str, str, int]] = []
    for name in OWN:
        if name not in columns:
            continue
        counts = columns[name].counts
        common = counts > MOST_HOLDERS
        ignored += [(name, columns[name].values[k], int(counts[k])) for k in np.flatnonzero(common).tolist()]
        columns[name] = columns[name].without(common)
    ignored.sort(key=lambda each: (-each[2], each[0], each[1]))
    return Readings(with_addresses(columns), tuple(ignored))


def _filled(first: Coded, second: Coded) -> Coded:
    """The first where it says something, else the second."""
    place = {value: number for number, value in enumerate(first.values)}
    to = np.array([place.setdefault(value, len(place)) for value in second.values] + [MISSING], np.int32)
    return Coded(np.where(first.code == MISSING, to[second.code], first.code).astype(np.int32), tuple(place))


def _by_country(column: Coded, country: Coded | None, reading: Callable[[str, str], str]) -> Coded:
    """A reading that depends on the country: asked once for each distinct pair."""
    if country is None or not country.values:
        return column.mapped(lambda value: reading(value, ""))
    known = column.code != MISSING
    pairs, place = np.unique(
        column.code[known].astype(np.int64) * (len(country.values) + 1) + country.code[known] + 1, return_inverse=True
    )
    where = ("", *country.values)
    read = [reading(column.values[pair // len(where)], where[pair % len(where)]) for pair in pairs.tolist()]
    made = coded(read)
    code = np.full(len(column), MISSING, np.int32)
    code[known] = made.code[place]
    return Coded(code, made.values)


def _part_of_name(value: str) -> str:
    value = value.partition("@")[0]
    return "" if names.is_junk(value) else scripts.romanise(value)


def _given(value: str) -> str:
    return names.person(value).given


def _family(value: str) -> str:
    return names.person(value).family


def _sound(value: str) -> str:
    return " ".join(sorted(filter(None, map(scripts.skeleton, value.split()))))


def _day(value: str) -> str:
    digits = "".join(character for character in value if character.isdigit())
    return digits if len(digits) == 8 and digits[4:] != "0000" else ""


def _is_no_firms(email: str) -> bool:
    """info@ is nobody's, but it is a firm's, where the domain is its own."""
    return identifiers.is_public_domain(email.rpartition("@")[2]) and identifiers.mailbox_is_shared(email)


def _telephone(value: str) -> str:
    digits = value.translate(_DIGITS)
    if not digits.isascii() or not digits.isdigit():
        digits = "".join(str(int(character)) for character in value if character.isdecimal())
    tail = digits[-LAST_DIGITS:]
    return "" if len(digits) < FEWEST_DIGITS or len(set(tail)) < 3 or tail in "0123456789012" else tail


def _house_number(value: str) -> str:
    return "".join(character for character in value.casefold() if character.isalnum())
