"""Two records side by side: what each says, where they differ, and what that says about who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.differentiate.models import Cycle, Valuation
from entente.identify.models import Customer, Membership
from entente.identify.review import Asked
from entente.ledger.models import Order, Party
from entente.lib.norm import norm
from entente.web.likeness import Likeness, field_name, how_sure, likeness
from entente.web.templatetags.words import country, day, money, number

Words = list[tuple[str, bool]]  # each word, and whether the other record has none like it


@dataclass(frozen=True)
class Line:
    """One field of both records."""

    label: str
    left: Words
    right: Words
    alike: list[Likeness] = field(default_factory=list)

    @property
    def sides(self) -> tuple[Words, Words]:
        return self.left, self.right


@dataclass(frozen=True)
class Side:
    party: Party
    customer: Customer
    records: int

    @property
    def others(self) -> int:
        """Further records of its customer: what is said of one is said of all."""
        return self.records - 1


@dataclass(frozen=True)
class Pair:
    question: Any
    left: Side
    right: Side
    said: list[Line]
    known: list[Line]
    sure: str
    needs_asking: bool  # as sure as that, records are otherwise put together without a question

    @property
    def sides(self) -> tuple[Side, Side]:
        return self.left, self.right


def pair_of(asked: Asked, cycle: Cycle | None) -> Pair:
    """Everything the page shows of an open question. cycle: what it says of worth is shown."""
    question, customers = asked.question, (asked.left, asked.right)
    parties = (question.left, question.right)
    told = likeness(question.explanation.get("likeness", {}))
    sizes = dict(
        Membership.objects.filter(customer__in=customers, ended_at=None)
        .values_list("customer_id")
        .annotate(Count("id"))
        .order_by()
    )
    left, right = (
        Side(party, customer, sizes.get(customer.pk, 1)) for party, customer in zip(parties, customers, strict=True)
    )
    return Pair(
        question,
        left,
        right,
        _said(*parties, told),
        _known(parties, customers, cycle),
        how_sure(question.probability),
        asked.is_sure,
    )


def _said(left: Party, right: Party, told: dict[str, Likeness]) -> list[Line]:
    same_phone = bool(left.phone_e164) and left.phone_e164 == right.phone_e164
    rows = (
        (_("Name"), _name(left), _name(right), ("name", "given_name", "family_name"), False),
        (field_name("born_on"), _born(left), _born(right), ("born_on",), True),
        (field_name("email"), left.email, right.email, ("email",), True),
        (field_name("phone"), left.phone or left.phone_e164, right.phone or right.phone_e164, ("phone",), True),
        (field_name("place"), _place(left), _place(right), ("place",), False),
        (field_name("tax_id"), left.tax_id, right.tax_id, ("tax_id",), True),
    )
    lines = []
    for label, one, other, fields, is_whole in rows:
        alike = [told[name] for name in fields if name in told]
        if not (one or other or alike):
            continue
        if "phone" in fields and same_phone:
            lines.append(Line(label, [(one, False)], [(other, False)], alike))
        else:
            lines.append(Line(label, _marked(one, other, is_whole), _marked(other, one, is_whole), alike))
    return lines


def _known(parties: Sequence[Party], customers: Sequence[Customer], cycle: Cycle | None) -> list[Line]:
    """What is known beside what the records say of themselves."""
    worth: dict[int, float] = {}
    if cycle is not None:
        some = Valuation.objects.filter(cycle_id=cycle.pk, customer_id__in=[customer.pk for customer in customers])
        worth = dict(some.values_list("customer_id", "value"))
    bought = {
        party: (count, last)
        for party, count, last in Order.objects.filter(party__in=parties)
        .values_list("party_id")
        .annotate(orders=Count("id", filter=Q(is_return=False)), last=Max("ordered_on"))
        .order_by()
    }
    none = (0, None)
    rows = [
        (_("Source"), [party.source.name for party in parties]),
        (_("Number there"), [party.key for party in parties]),
        (_("Known since"), [day(party.known_on or timezone.localtime(party.recorded_at).date()) for party in parties]),
        (_("Orders"), [number(bought.get(party.pk, none)[0]) for party in parties]),
        (_("Last order"), [day(bought.get(party.pk, none)[1]) for party in parties]),
    ]
    if cycle is not None:
        rows.append((_("Worth"), [money(worth.get(customer.pk), cycle.currency) for customer in customers]))
    return [Line(label, [(one, False)], [(other, False)]) for label, (one, other) in rows]


def _name(party: Party) -> str:
    return party.name or f"{party.given_name} {party.family_name}".strip()


def _born(party: Party) -> str:
    return party.born_on.isoformat() if party.born_on else ""


def _place(party: Party) -> str:
    street = f"{party.address} {party.house_number}".strip()
    town = f"{party.postcode} {party.city}".strip()
    return ", ".join(part for part in (street, town, country(party.country)) if part)


def _marked(text: str, other: str, is_whole: bool) -> Words:
    """The words of a text; marked those the other one has no like of. Where it says nothing, nothing differs."""
    if not text:
        return []
    if is_whole:
        return [(text, bool(other) and text.casefold() != other.casefold())]
    theirs = set(norm(other).split())
    return [(word, bool(theirs) and not set(norm(word).split()) <= theirs) for word in text.split()]
