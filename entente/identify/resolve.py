"""Who is this? One contact that comes in, and the customers it may be, each with how probable that is and why."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Q

from entente.identify.find import known_by_number
from entente.identify.lookup import COUNTED, NAMES, STARTING_RECORDS, Found, Row, ask, weigh_one
from entente.identify.models import Customer, Membership, Verified
from entente.identify.pure import identifiers as read
from entente.identify.pure.comparisons import TOLD_APART
from entente.identify.pure.live import (
    WHOLE_NAMES,
    chance,
    identifier_key,
    keys_of_one,
    number_bits,
    one_without_common,
    values_of_one,
)
from entente.identify.pure.organisations import looks_like_organisation
from entente.identify.pure.readings import read_organisation, read_person
from entente.identify.records import FIELDS, ORGANISATIONS, PEOPLE, RULES
from entente.ledger.columns import IDENTIFIER
from entente.ledger.models import Invoice, Order, Party, Source
from entente.ledger.phones import e164
from entente.lib.errors import EntenteError
from entente.staff.models import User

SAYS = (
    "name", "given_name", "family_name", "born_on", "email", "phone", "street", "house_number", "postcode", "city", "country", "tax_id",
)  # fmt: skip
NUMBERS = ("order_number", "invoice_number", "customer_number")
LONGEST = 400
RECORDS_EACH = 3  # so many records are looked at for each customer that is wanted: several may be one customer's
LEAST_WEIGHT = -15.0  # one in thirty thousand: what is less probable is a likeness by chance
MOST_NAMED = 40  # records of one number
PLACES = {name: place for place, name in enumerate(NAMES)}
READ_ONE = {PEOPLE: read_person, ORGANISATIONS: read_organisation}
ONLY_PEOPLE = ("given_name", "family_name", "born_on")


_PROVED = f"""
SELECT v.party_id, v.field, v.value, p.country
FROM {Verified._meta.db_table} v JOIN {Party._meta.db_table} p ON p.id = v.party_id WHERE v.party_id = ANY(%s)
"""


class NothingToGoBy(EntenteError):
    """Nothing was given that a customer could be known by."""

    def __init__(self) -> None:
        super().__init__(
            f"Give at least one of: {', '.join((*SAYS, *NUMBERS))}, or {IDENTIFIER}NAME for a further number."
        )


class UnknownIdentifier(EntenteError):
    """What a customer is not known by was given."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Nobody is known by “{name[:60]}”. There are: kind, {', '.join((*SAYS, *NUMBERS))}, and {IDENTIFIER}NAME for a further number."
        )


@dataclass(frozen=True)
class Likeness:
    """What is said, what the record says, how alike that is, and by how many bits it speaks for the same customer."""

    field: str
    said: str
    recorded: str
    likeness: str
    bits: float


@dataclass(frozen=True)
class Candidate:
    """A customer it may be, by the record that is most like it. weight: log2 of the odds. is_verified: the holder of one of its records
    has proved that the mailbox or the telephone given is theirs; everything else is only claimed."""

    customer: Customer
    party_id: int
    probability: float
    weight: float
    explanation: tuple[Likeness, ...]
    is_verified: bool


@dataclass(frozen=True)
class _Asked:
    """What is asked, read as one kind. texts, values: by column; values as in `values_of_one`."""

    kind: str
    texts: Mapping[str, str]
    values: Mapping[str, int]


@dataclass(frozen=True)
class _Match:
    """A record it may be. named: the numbers of its own that were given. row, levels, bits: how it was compared, where it was."""

    party: int
    weight: float
    customer: int | None
    has_proved: bool
    named: Sequence[Likeness]
    asked: _Asked | None = None
    row: Row | None = None
    levels: Sequence[int] = ()
    bits: Sequence[float] = ()

    def explanation(self) -> tuple[Likeness, ...]:
        """Made for those only that are shown."""
        if self.asked is None or self.row is None:
            return tuple(self.named)
        said = [self.asked.texts.get(name, "") for name in NAMES]
        compared = zip(FIELDS[self.asked.kind], self.levels, self.bits, strict=True)
        likenesses = (
            Likeness(
                field.name, _said(field.name, said), _said(field.name, self.row.texts), TOLD_APART[field.how][level], round(bits, 2)
            )
            for field, level, bits in compared
            if level >= 0
        )  # fmt: skip
        return (*self.named, *likenesses)


def resolve(identifiers: Mapping[str, str], *, user: User, limit: int = 5) -> list[Candidate]:
    """The customers whom these identifiers may mean, the most probable first; only those `user` may see.

    identifiers: any of SAYS and NUMBERS, and identifiers.NAME for a messenger or any other number; kind: person or organisation.
    Raises NothingToGoBy, UnknownIdentifier.
    """
    given = _given(identifiers)
    numbers = _by_numbers(given)
    asked = [_read(kind, given) for kind in _kinds(given)]
    found = _candidates(asked, given, numbers)
    best: list[_Match] = []
    for each in asked:
        if rows := [row for row in found.rows if row.kind == each.kind]:
            best += _matches(each, found, rows, numbers, limit)
    # Records that are not in the index yet are known by their numbers all the same.
    best += _matches_without_reading(numbers, {row.party for row in found.rows})
    best.sort(key=lambda each: (-each.weight, each.party))
    return _of_customers(best[: RECORDS_EACH * limit], given, user, limit)


def resolve_text(text: str, *, user: User, limit: int = 5) -> list[Candidate]:
    """The same for something typed into one box: a mail address, a number of any kind, or a name in any script."""
    if not text.strip():
        return []
    if "@" in text.strip().lstrip("@"):
        return resolve({"email": text}, user=user, limit=limit)
    if any(character.isdigit() for character in text):
        kinds = ("phone", "tax_id", "order_number", "invoice_number", "customer_number", f"{IDENTIFIER}any")
        return resolve(dict.fromkeys(kinds, text), user=user, limit=limit)
    return resolve({"name": text, f"{IDENTIFIER}any": text}, user=user, limit=limit)


def _given(identifiers: Mapping[str, str]) -> dict[str, str]:
    """What says anything, cut to what can be told apart."""
    known = {*SAYS, *NUMBERS, "kind"}
    given = {}
    for name, value in identifiers.items():
        if name not in known and not name.startswith(IDENTIFIER):
            raise UnknownIdentifier(name)
        # Half a character, as JSON may hold it, is none that the database takes.
        if text := str(value or "")[:LONGEST].encode(errors="ignore").decode().replace("\0", " ").strip():
            given[name] = text
    if not given.keys() - {"kind", "country"}:
        raise NothingToGoBy
    return given


def _kinds(given: Mapping[str, str]) -> tuple[str, ...]:
    """As what it is read: where nothing says whether it is a person or an organisation, as both."""
    kind = given.get("kind", "")
    if kind in READ_ONE:
        return (kind,)
    if any(name in given for name in ONLY_PEOPLE):
        return (PEOPLE,)
    return (ORGANISATIONS,) if looks_like_organisation(given.get("name", "")) else (PEOPLE, ORGANISATIONS)


def _by_numbers(given: Mapping[str, str]) -> dict[int, list[Likeness]]:
    """Records that an order, an invoice or an account of this number belongs to."""
    found: dict[int, list[Likeness]] = {}
    for name in NUMBERS:
        number = given.get(name, "").lstrip("#").strip()
        if not number:
            continue
        spellings = list({number, number.upper(), number.lower()})
        if name == "customer_number":
            # Keys are indexed source by source, and there are few sources.
            own = Party.objects.filter(source__in=list(Source.objects.values_list("id", flat=True)), key__in=spellings)
            parties = list(own.values_list("id", flat=True)[:MOST_NAMED])
        else:
            model = Order if name == "order_number" else Invoice
            dealings = model._default_manager.filter(Q(number__in=spellings), party__isnull=False)
            parties = list(dict.fromkeys(dealings.values_list("party_id", flat=True)[:MOST_NAMED]))
        _named(found, name, number, parties)
    return found


def _named(found: dict[int, list[Likeness]], name: str, number: str, parties: Sequence[int]) -> None:
    bits = round(number_bits(len(parties)), 2)
    for party in parties:
        found.setdefault(party, []).append(Likeness(name, number, number, "same", bits))


def _read(kind: str, given: Mapping[str, str]) -> _Asked:
    texts = READ_ONE[kind](given)
    return _Asked(kind, texts, values_of_one(kind, COUNTED[kind], texts))


def _candidates(asked: Sequence[_Asked], given: Mapping[str, str], numbers: dict[int, list[Likeness]]) -> Found:
    """The records worth comparing. Adds to `numbers` whom a further number means."""
    keys: list[int] = []
    values: list[int] = []
    for each in asked:
        keys += keys_of_one(each.kind, (*RULES[each.kind], *WHOLE_NAMES[each.kind]), each.texts)
        values += each.values.values()
    further = {
        name: key for name, value in given.items() if name.startswith(IDENTIFIER) and (key := identifier_key(value))
    }
    found = ask([*keys, *further.values()], values, list(numbers))
    if further:
        _by_further_numbers(further, given, found.rows, numbers)
    return found


def _by_further_numbers(
    further: Mapping[str, int], given: Mapping[str, str], rows: Sequence[Row], numbers: dict[int, list[Likeness]]
) -> None:
    written = Party.objects.filter(pk__in=[row.party for row in rows]).exclude(identifiers={})
    keys = {
        party: {identifier_key(str(value or "")) for value in values.values()}
        for party, values in written.values_list("id", "identifiers")
    }
    for name, key in further.items():
        _named(numbers, name, given[name], [party for party, own in keys.items() if key in own])


def _matches(
    asked: _Asked, found: Found, rows: Sequence[Row], numbers: Mapping[int, list[Likeness]], limit: int
) -> list[_Match]:
    """The best of the candidates of one kind."""
    held = {name: found.held[key] for name, key in asked.values.items()}
    asked = replace(asked, texts=one_without_common(asked.kind, asked.texts, held))
    levels, weights, bits = weigh_one(
        asked.kind, found.weights[asked.kind], asked.texts, rows, asked.values, found.held
    )
    matches = []
    for row, weight, own, speaks in zip(rows, weights.tolist(), levels.tolist(), bits.tolist(), strict=True):
        named = numbers.get(row.party, ())
        weight += sum(each.bits for each in named)
        if weight >= LEAST_WEIGHT:
            matches.append(_Match(row.party, weight, row.customer, row.has_proved, named, asked, row, own, speaks))
    matches.sort(key=lambda each: (-each.weight, each.party))
    return matches[: RECORDS_EACH * limit]


def _said(field: str, texts: Sequence[str]) -> str:
    names = ("street", "house_number", "postcode", "city") if field == "place" else (field,)
    return " ".join(filter(None, (texts[PLACES[name]] for name in names)))


def _matches_without_reading(numbers: Mapping[int, list[Likeness]], read_before: set[int]) -> list[_Match]:
    parties = numbers.keys() - read_before
    if not parties:
        return []
    prior = math.log2(1.0 / STARTING_RECORDS)
    whose = Membership.objects.filter(party__in=parties, ended_at=None).values_list("party_id", "customer_id")
    return [
        _Match(party, prior + sum(each.bits for each in numbers[party]), customer, True, numbers[party])
        for party, customer in whose
    ]


def _of_customers(best: Sequence[_Match], given: Mapping[str, str], user: User, limit: int) -> list[Candidate]:
    """One candidate a customer, by its best record."""
    shown: dict[int, _Match] = {}
    for match in best:
        if match.customer is not None:
            shown.setdefault(match.customer, match)
    first = list(shown.items())
    found: list[tuple[Customer, _Match]] = []
    while first and len(found) < limit:
        some, first = first[: limit - len(found)], first[limit - len(found) :]
        seen = known_by_number([customer for customer, _ in some], user)
        found += [(seen[customer], match) for customer, match in some if customer in seen]
    # Of two records that say the same, which is looked at first is chance: either may be the one whose holder proved it.
    proved = _proved([match.party for match in best if match.has_proved], given)
    verified = {match.customer for match in best if match.party in proved}
    return [
        Candidate(customer, of.party, chance(of.weight), round(of.weight, 2), of.explanation(), of.customer in verified)
        for customer, of in found
    ]


def _proved(parties: Sequence[int], given: Mapping[str, str]) -> set[int]:
    """Records whose holder has proved that the mailbox or the telephone given is theirs. Whole numbers are compared, country and all."""
    if not parties or not given.keys() & {"email", "phone"}:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_PROVED, [list(parties)])
        rows = cursor.fetchall()
    mail = read.email(given.get("email", ""))
    return {
        party
        for party, field, value, country in rows
        if (field == "email" and mail and value == mail)
        or (
            field == "phone" and "phone" in given and value == e164(given["phone"], given.get("country", "") or country)
        )
    }
