"""One record against all the others, at once: numbers by which those are found that are worth comparing, and what each value is worth.

Nothing is weighed otherwise than in a run over all records: keys, likeness and weights are those of `blocking.py`, `comparisons.py` and
`weights.py`. Only how many records hold a value is not counted among the records at hand, but was counted among all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from entente.identify.pure.blocking import FAMILY, GIVEN, MIX, NO_KEY, Rule, keys
from entente.identify.pure.coded import MISSING, Coded, coded
from entente.identify.pure.comparisons import RARE, SOUND, Field, Levels
from entente.identify.pure.identifiers import is_public_domain, mailbox_is_shared
from entente.identify.pure.readings import MOST_HOLDERS, OWN
from entente.identify.pure.weights import RAREST, Floats, Weights

Ints = NDArray[np.int64]

PERSON, ORGANISATION = "person", "organisation"
# Asked at the first word only: a whole name with little or nothing beside it. Pairs of all records are not made by these.
WHOLE_NAMES: Mapping[str, tuple[Rule, ...]] = {
    PERSON: (Rule((FAMILY, GIVEN)), Rule((FAMILY, GIVEN, "city"))),
    ORGANISATION: (Rule(("name" + SOUND,)),),
}
WHOLE_PLACES = ("address", "street_and_town")
# Of those who name the number of an order, an invoice or an account so many are its customer; of strangers one in so many comes upon it.
NAMED_BY_ITS_OWN, NAMED_BY_CHANCE = 0.95, 1e-9
_WRAP = 1 << 64


@dataclass(frozen=True, eq=False)
class Counted(Coded):
    """A column whose values were counted elsewhere. held: (v,) how many records hold each."""

    held: Ints

    @property
    def counts(self) -> Ints:
        return self.held


def rule_keys(kind: str, rules: Sequence[Rule], columns: Mapping[str, Coded]) -> Ints:
    """(n, rules) the key of each record by each rule, 0 where it has none. Those of two rules never meet."""
    n = len(next(iter(columns.values())))
    out = np.zeros((n, len(rules)), np.int64)
    for place, rule in enumerate(rules):
        out[:, place] = _told_apart(keys(rule, columns), f"{kind} by {rule.name}")
    return out


def keys_of_one(kind: str, rules: Sequence[Rule], texts: Mapping[str, str]) -> list[int]:
    """As `rule_keys`, of a single record given as its texts by column: without those it has none for. All texts are hashed in one call."""
    parts = [[texts.get(name, "")[: letters or None] for name, letters in map(_part, rule.columns)] for rule in rules]
    number = _hashed(text for of_rule in parts for text in of_rule)
    found = []
    for rule, of_rule in zip(rules, parts, strict=True):
        if all(of_rule):
            key = number[of_rule[0]]
            for text in of_rule[1:]:
                key = (key * int(MIX) + number[text]) % _WRAP
            found.append(_one_told_apart(key, f"{kind} by {rule.name}"))
    return [key for key in found if key]


def values_of_one(kind: str, names: Sequence[str], texts: Mapping[str, str]) -> dict[str, int]:
    """As `value_keys`, of a single record and by column: without those it says nothing in."""
    found = values_of_few(kind, [(name, texts) for name in names])
    return {name: key for name, key in zip(names, found, strict=True) if key}


def values_of_few(kind: str, asked: Sequence[tuple[str, Mapping[str, str]]]) -> list[int]:
    """As `value_keys`, of a column and a record each; 0 where it says nothing. All texts are hashed in one call."""
    number = _hashed(text for name, texts in asked for text in _texts_of_value(name, texts))
    number[""] = 0
    found = []
    for name, texts in asked:
        first, *more = (number[text] for text in _texts_of_value(name, texts))
        if more and first:
            house, postcode, city = more
            town = postcode or city * int(MIX) % _WRAP
            first = ((first * int(MIX) + town) * int(MIX) + house) % _WRAP
        found.append(_one_told_apart(first, f"{kind} {name}"))
    return found


def _texts_of_value(name: str, texts: Mapping[str, str]) -> tuple[str, ...]:
    if name not in WHOLE_PLACES:
        return (texts.get(name, ""),)
    house = texts.get("house_number", "") if name == "address" else ""
    return texts.get("street", ""), house, texts.get("postcode", ""), texts.get("city", "")


def value_keys(kind: str, name: str, columns: Mapping[str, Coded]) -> Ints:
    """(n,) a number for the value of each record in the column `name`, 0 where there is none."""

    def hashes(of: str) -> NDArray[np.uint64]:
        column = columns.get(of)
        return np.zeros(n, np.uint64) if column is None else np.append(column.hashes, NO_KEY)[column.code]

    n = len(next(iter(columns.values())))
    if name not in WHOLE_PLACES:
        return _told_apart(hashes(name), f"{kind} {name}")
    street, postcode = hashes("street"), hashes("postcode")
    town = np.where(postcode != NO_KEY, postcode, hashes("city") * MIX)
    found = (street * MIX + town) * MIX + (hashes("house_number") if name == "address" else NO_KEY)
    found[street == NO_KEY] = NO_KEY
    return _told_apart(found, f"{kind} {name}")


def identifier_key(value: str) -> int:
    """The key of a number that some system knows a party by: small and capital letters, spaces and a leading @ make no difference. Or 0."""
    plain = "".join(value.casefold().split()).lstrip("@#")
    # Letters of every script count: the hash of a column reads Latin ones alone.
    return int(_told_apart(coded([plain.encode().hex()]).hashes, "identifier")[0]) if len(plain) > 2 else 0


def counted_columns(fields: Sequence[Field]) -> tuple[str, ...]:
    """Of which columns it matters how many records hold a value."""
    return tuple(dict.fromkeys(name or field.name for field in fields for name in RARE[field.how].values()))


def counted(column: Coded, held: Ints) -> Counted:
    """held: (n,) how many records hold the value of each row; all rows of one value say the same, or 0."""
    of_value = np.zeros(len(column.values), np.int64)
    known = column.code != MISSING
    np.maximum.at(of_value, column.code[known], held[known])
    return Counted(column.code, column.values, of_value)


def without_common(kind: str, columns: Mapping[str, Coded], held: Mapping[str, Ints]) -> dict[str, Coded]:
    """Strike out mailboxes, telephones and numbers that tell nobody apart. held: by column, (n,) how many records hold each row's value."""
    out = dict(columns)
    for name in OWN:
        column = columns.get(name)
        if column is None:
            continue
        many = counted(column, held[name]).held > MOST_HOLDERS
        if name == "email":
            many |= np.array([_is_nobodys(kind, value) for value in column.values], np.bool_)
        out[name] = column.without(many)
    return out


def one_without_common(kind: str, texts: Mapping[str, str], held: Mapping[str, int]) -> dict[str, str]:
    """As `without_common`, of a single record. held: by column, how many records hold its value."""
    out = dict(texts)
    for name in OWN:
        if held.get(name, 0) > MOST_HOLDERS or (name == "email" and _is_nobodys(kind, out.get(name, ""))):
            out[name] = ""
    return out


def number_bits(holders: int) -> float:
    """By how many bits it speaks for a record that its own number was named; holders: records that number is given to."""
    return math.log2(NAMED_BY_ITS_OWN / (NAMED_BY_CHANCE * max(holders, 1)))


def chance(weight: float) -> float:
    """The probability of log2 odds."""
    return 1.0 / (1.0 + 2.0 ** -min(max(weight, -100.0), 100.0))


def starting_weights(fields: Sequence[Field], records: int) -> Weights:
    """Before anything was learned: guesses, for so many records of which one in two is somebody's second."""
    fields = tuple(fields)
    share = min(1.0 / max(records, 2), 0.1)
    chances = []
    for field in fields:
        strangers = _guess(field.levels, 0.01, 0.01)
        household = strangers if field.household is None else _guess(field.levels, field.household, 0.02)
        namesakes = _guess(field.levels, 0.9, 0.05) if field.how == "name" else strangers
        chances.append(np.stack([_guess(field.levels, 0.85, 0.1), household, strangers, namesakes]))
    records = max(records, 2)
    crowd = np.array([max(0.01 * records, RAREST) if field.how == "name" else records for field in fields])
    return Weights(fields, tuple(chances), np.array([share, share, 1.0 - 3 * share, share]), crowd, records, 0, False)


def levels_deciding(fields: Sequence[Field], levels: Levels) -> dict[str, NDArray[np.intp]]:
    """By column, the pairs of which its rarity decides."""
    rows: dict[str, list[NDArray[np.intp]]] = {}
    for place, field in enumerate(fields):
        for level, name in RARE[field.how].items():
            found = np.flatnonzero(levels[:, place] == level)
            if len(found):
                rows.setdefault(name or field.name, []).append(found)
    return {name: np.concatenate(found) for name, found in rows.items()}


def _guess(levels: int, agree: float, nearly: float) -> Floats:
    """So many agree whole; so many in part, on any of the levels between."""
    guess = np.full(levels, nearly / max(levels - 2, 1))
    guess[0], guess[-1] = 1.0 - agree - nearly, agree
    found: Floats = guess / guess.sum()
    return found


def _told_apart(found: NDArray[np.uint64], what: str) -> Ints:
    """Keys of different things never equal but by chance, as signed numbers; 0 stays 0."""
    out = (found ^ _tag(what)) * MIX
    out[found == NO_KEY] = NO_KEY
    return out.view(np.int64)


def _one_told_apart(found: int, what: str) -> int:
    key = ((found ^ int(_tag(what))) * int(MIX)) % _WRAP if found else 0
    return key - _WRAP if key >= _WRAP // 2 else key


def _hashed(texts: Iterable[str]) -> dict[str, int]:
    whole = coded(list(texts))
    return dict(zip(whole.values, whole.hashes.tolist(), strict=True))


@cache
def _tag(what: str) -> np.uint64:
    """Asked of a few dozen names of rules and columns."""
    return np.uint64(coded([what]).hashes[0])


def _part(column: str | tuple[str, int]) -> tuple[str, int]:
    return (column, 0) if isinstance(column, str) else column


def _is_nobodys(kind: str, email: str) -> bool:
    """info@ is no person's, but a firm's, where the domain is its own."""
    return mailbox_is_shared(email) and (kind == PERSON or is_public_domain(email.rpartition("@")[2]))
