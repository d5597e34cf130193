"""By what somebody who is erased would be known again, and who else is known by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from entente.identify.models import Membership, PossibleMatch
from entente.identify.pure.identifiers import mailbox_is_shared
from entente.ledger.models import Party, PartyVersion, Tombstone
from entente.ledger.person import Person
from entente.ledger.pure import tombstones as law
from entente.ledger.tombstones import Spelled, birth_spelling, handle_spellings, number_of, spellings_of

# Kind of tombstone, and a value as it may stand on somebody else's record.
Sign = tuple[str, str]
_SAYS = ("name", "email", "phone", "phone_e164", "tax_id", "born_on", "postcode", "identifiers")
_TELEPHONES = (law.PHONE, law.DIGITS, law.BARE)
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

    A common mailbox, and whatever somebody else holds as well, would keep colleagues out: those make none.
    """
    for party in Party.objects.filter(pk__in=person.parties, erased_at=None).select_related("source"):
        yield number_of(party.source.name, party.key, numbers[party.pk])
    said = _said_by(person)
    theirs = {sign for _party, signs in _records_that_say(said, person) for sign in signs}
    for fields in said:
        held = _signs(fields) & theirs
        kinds = {kind for kind, _value in held if kind != law.HANDLE}
        for spelled in _by_themselves(fields):
            if _kind(spelled) not in kinds and (law.HANDLE, spelled.spelling) not in held:
                yield spelled


def who_may_be_the_same(person: Person) -> list[Alike]:
    """Customers who share something that would make a tombstone, or of whom it is asked whether they are the same: the likeliest first."""
    shares: dict[int, set[str]] = {}
    for party, signs in islice(_records_that_say(_said_by(person), person), MOST_RECORDS):
        shares[party] = {kind for kind, _value in signs}
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
    """What their records say of who they are, and what they said earlier."""
    own = Party.objects.filter(pk__in=person.parties, erased_at=None)
    versions = PartyVersion.objects.filter(party__in=own)
    return [*own.values(*_SAYS), *versions.values_list("fields", flat=True)]


def _by_themselves(fields: Mapping[str, Any]) -> list[Spelled]:
    """All by which these fields say who it is; but for mailboxes that many read."""
    return [each for each in spellings_of(fields) if each.kind != law.EMAIL or not mailbox_is_shared(each.spelling)]


def _kind(spelled: Spelled) -> str:
    return law.PHONE if spelled.kind in _TELEPHONES else spelled.kind


def _signs(fields: Mapping[str, Any]) -> set[Sign]:
    said = {name: str(fields.get(name) or "").strip() for name in _SAYS if name != "identifiers"}
    return {
        (law.EMAIL, said["email"].lower()), (law.PHONE, said["phone"]), (law.PHONE, said["phone_e164"]), (law.TAX_ID, said["tax_id"]),
        (law.BIRTH, birth_spelling(said["name"], said["born_on"], said["postcode"])),
        *((law.HANDLE, spelling) for spelling in handle_spellings(fields.get("identifiers"))),
    }  # fmt: skip


def _records_that_say(said: Sequence[Mapping[str, Any]], person: Person) -> Iterator[tuple[int, set[Sign]]]:
    """Records of others that say of themselves what makes a tombstone of this person, and what of it.

    They are found in one walk through all records, for an index of each of these fields would cost every import more than it saves here.
    """
    signs: set[Sign] = set()
    handles = Q(pk__in=())
    for fields in said:
        kinds = {_kind(each) for each in _by_themselves(fields)}
        signs |= {(kind, value) for kind, value in _signs(fields) if kind in kinds and value}
        for name, value in (fields.get("identifiers") or {}).items():
            if law.handle_spelling(name, str(value or "")):
                handles |= Q(identifiers__contains={name: value})
    values = {kind: {value for other, value in signs if other == kind} for kind in dict(Tombstone.Kind.choices)}
    has_any = (
        handles
        | Q(mailbox__in=values[law.EMAIL])
        | Q(phone__in=values[law.PHONE])
        | Q(phone_e164__in=values[law.PHONE])
        | Q(tax_id__in=values[law.TAX_ID])
        | Q(born_on__in={value.split(law.APART)[1] for value in values[law.BIRTH]})
    )
    others = Party.objects.filter(erased_at=None).exclude(pk__in=person.parties).annotate(mailbox=Lower("email"))
    for fields in others.filter(has_any).values("pk", *_SAYS).iterator():
        if held := _signs(fields) & signs:
            yield fields["pk"], held
