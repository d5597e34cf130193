"""By what somebody who is erased would be known again, and who else is known by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import BooleanField, Func, Q, TextField, Value
from django.db.models.functions import Cast, Lower

from entente.identify.models import Membership, PossibleMatch
from entente.identify.pure.identifiers import mailbox_is_shared
from entente.identify.pure.organisations import looks_like_organisation
from entente.ledger.models import Party, PartyVersion, Tombstone
from entente.ledger.person import Person
from entente.ledger.pure import tombstones as law
from entente.ledger.tombstones import Spelled, asked_of, number_of, spellings_of

# Kind of tombstone, and a spelling that meets it.
Sign = tuple[str, str]
_SAYS = ("kind", "name", "email", "phone", "phone_e164", "tax_id", "born_on", "postcode", "identifiers")
_TELEPHONES = (law.PHONE, law.DIGITS, law.BARE)
# By these a firm is known, and nobody who works there.
_OF_FIRMS = (law.EMAIL, law.HANDLE)
# A switchboard is on more records than anybody would read.
MOST_RECORDS, MOST_CUSTOMERS = 1_000, 20


@dataclass(frozen=True)
class Alike:
    """Another customer who may be the same person. shares: what both are known by. probability: of an open question, else None."""

    customer: int
    shares: list[str]
    probability: float | None


def tombstones_of(person: Person, numbers: Mapping[int, str]) -> Iterator[Spelled]:
    """All by which they would be known again, now or as they were known earlier. numbers: of each record, under which number it will stand.

    A common mailbox, the telephone and the tax number of a firm, and whatever somebody else holds as well, would keep colleagues out:
    those make none.
    """
    for party in Party.objects.filter(pk__in=person.parties, erased_at=None).select_related("source"):
        yield number_of(party.source.name, party.key, numbers[party.pk])
    said = _said_by(person)
    theirs = {sign for _party, signs in _records_that_say(said, person) for sign in signs}
    for fields in said:
        own = _by_themselves(fields)
        held = {_kind(each.kind) for each in own if (each.kind, each.spelling) in theirs and each.kind != law.HANDLE}
        for spelled in own:
            if _kind(spelled.kind) not in held and (law.HANDLE, spelled.spelling) not in theirs:
                yield spelled


def who_may_be_the_same(person: Person) -> list[Alike]:
    """Customers who share something that would make a tombstone, or of whom it is asked whether they are the same: the likeliest first."""
    shares: dict[int, set[str]] = {}
    for party, signs in islice(_records_that_say(_said_by(person), person), MOST_RECORDS):
        shares[party] = {_kind(kind) for kind, _spelling in signs}
    asked: dict[int, float] = {}
    open_ones = PossibleMatch.objects.filter(Q(left__in=person.parties) | Q(right__in=person.parties), settled_by=None)
    for left, right, probability in open_ones.order_by("-probability").values_list("left", "right", "probability")[
        :MOST_RECORDS
    ]:
        asked.setdefault(right if left in person.parties else left, probability)
    found: dict[int, tuple[set[str], float | None]] = {}
    links = Membership.objects.filter(party__in={*shares, *asked}, ended_at=None).exclude(customer=person.customer)
    for party, customer in links.values_list("party_id", "customer_id"):
        kinds, likeliest = found.get(customer, (set(), None))
        said = [each for each in (likeliest, asked.get(party)) if each is not None]
        found[customer] = kinds | shares.get(party, set()), max(said, default=None)
    labels = dict(Tombstone.Kind.choices)
    alike = [
        Alike(customer, [str(labels[kind]) for kind in sorted(kinds)], probability)
        for customer, (kinds, probability) in found.items()
    ]
    return sorted(alike, key=lambda each: (-(each.probability or 0), -len(each.shares), each.customer))[:MOST_CUSTOMERS]


def _said_by(person: Person) -> list[Mapping[str, Any]]:
    """What their records say of who they are, and what they said earlier; of whichever kind the record is now."""
    own = Party.objects.filter(pk__in=person.parties, erased_at=None)
    versions = PartyVersion.objects.filter(party__in=own).values_list("fields", "party__kind")
    return [*own.values(*_SAYS), *({**fields, "kind": kind} for fields, kind in versions)]


def _by_themselves(fields: Mapping[str, Any]) -> list[Spelled]:
    """All by which these fields say who it is, and nobody beside them."""
    found = spellings_of(fields)
    kind = fields["kind"]
    # Where nobody said what it is, its name does, as in linking.
    if kind == Party.Kind.ORGANISATION or (kind != Party.Kind.PERSON and looks_like_organisation(fields["name"] or "")):
        found = [each for each in found if each.kind in _OF_FIRMS]
    return [each for each in found if each.kind != law.EMAIL or not mailbox_is_shared(each.spelling)]


def _kind(kind: str) -> str:
    return law.PHONE if kind in _TELEPHONES else kind


def _records_that_say(said: Sequence[Mapping[str, Any]], person: Person) -> Iterator[tuple[int, set[Sign]]]:
    """Records of others that would meet a tombstone of this person, and which.

    They are found in one walk through all records, for an index of each of these fields would cost every import more than it saves here.
    """
    own = [each for fields in said for each in _by_themselves(fields)]
    signs = {(each.kind, each.spelling) for each in own}
    others = Party.objects.filter(erased_at=None).exclude(pk__in=person.parties).annotate(mailbox=Lower("email"))
    for fields in others.filter(_nearly(own)).values("pk", *_SAYS).iterator():
        if held := signs & set(asked_of(fields)):
            yield fields["pk"], held


def _nearly(own: Sequence[Spelled]) -> Q:
    """Records that may be spelled so: none is missed, and few are too many. The spellings themselves decide."""
    values = {kind: {each.spelling for each in own if each.kind == kind} for kind in dict(Tombstone.Kind.choices)}
    found = (
        Q(mailbox__in=values[law.EMAIL])
        | Q(phone_e164__in=values[law.PHONE])
        | Q(born_on__in={value.split(law.APART)[1] for value in values[law.BIRTH]})
    )
    for tail in {each.sieved for each in own if each.kind in (law.DIGITS, law.BARE)}:
        found |= _has_signs("phone", tail) | (Q(phone="") & _has_signs("phone_e164", tail))
    for number in values[law.TAX_ID]:
        found |= _has_signs("tax_id", number)
    for value in {value.split(law.APART)[1] for value in values[law.HANDLE]}:
        found |= _has_signs(Cast("identifiers", TextField()), value)
    return found


def _has_signs(column: str | Cast, text: str) -> Q:
    """Whether a column holds the letters and digits of a text in their order, whatever stands between them; or signs of other scripts,
    which only we can fold."""
    signs = "%".join(sign for sign in text if sign.isascii() and sign.isalnum())
    pattern = Value(f"%{signs}%")
    has_them = Func(column, pattern, template="%(expressions)s", arg_joiner=" ILIKE ", output_field=BooleanField())
    is_foreign = Func(
        column, output_field=BooleanField(), template="octet_length(%(expressions)s) <> char_length(%(expressions)s)"
    )
    return Q(has_them) | Q(is_foreign)
