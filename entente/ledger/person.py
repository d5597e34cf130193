"""What the ledger holds of one person, table by table: how it is handed over, and what becomes of it when they are erased.

Every room has such a file; `entente/customize/person.py` puts them together. A table that leads to a party or a customer and stands in
none of them fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from entente.ledger.dealing_tables import TABLES
from entente.ledger.models import (
    DealingVersion,
    Delivery,
    Import,
    Interaction,
    Invoice,
    Order,
    OrderLine,
    Party,
    PartyVersion,
    Payment,
    RefusedRow,
)

DELETED, EMPTIED, KEPT, UNTOUCHED = "deleted", "emptied", "kept", "untouched"


@dataclass(frozen=True)
class Person:
    """A customer and the records believed to be them, rising. Customers whom these records were earlier: former, those that never held
    another record, and stand empty now; mixed, those that did."""

    customer: int
    parties: tuple[int, ...]
    former: tuple[int, ...] = ()
    mixed: tuple[int, ...] = ()

    @property
    def customers(self) -> tuple[int, ...]:
        return (self.customer, *self.former)


@dataclass(frozen=True)
class Held:
    """One table. of: which of its rows are a person's. fate: what erasing does with them, and `why`, in a sentence.

    keeps: the kind of retention that holds it, and the day of a row it counts from. hidden: columns that say nothing to a reader.
    of None: nothing of it is one person's, for the reason that `why` gives.
    """

    model: type[models.Model]
    title: Any
    of: Callable[[Person], models.QuerySet[Any]] | None
    fate: str
    why: Any
    keeps: tuple[str, str] | None = None
    hidden: tuple[str, ...] = ()


def of_party(model: type[models.Model], *fields: str) -> Callable[[Person], models.QuerySet[Any]]:
    """Rows one of whose fields is one of the person's parties."""

    def rows(person: Person) -> models.QuerySet[Any]:
        is_theirs = Q()
        for field in fields or ("party",):
            is_theirs |= Q(**{f"{field}__in": person.parties})
        return model._default_manager.filter(is_theirs).order_by("pk")

    return rows


def of_customer(model: type[models.Model], field: str = "customer") -> Callable[[Person], models.QuerySet[Any]]:
    return lambda person: model._default_manager.filter(**{f"{field}__in": person.customers}).order_by("pk")


def _dealing_versions(person: Person) -> models.QuerySet[Any]:
    found = Q(pk__in=())
    for kind, table in TABLES.items():
        own = table.model._default_manager.filter(party__in=person.parties).values("pk")
        found |= Q(kind=kind, dealing_id__in=own)
    # Words of a dealing that is somebody else's by now, from when it was theirs.
    for source, key in Party.objects.filter(pk__in=person.parties).values_list("source_id", "key"):
        found |= Q(import_run__source=source, fields__customer=key)
    return DealingVersion.objects.filter(found).order_by("pk")


_MONEY = _("The law obliges the firm to keep amounts, days and numbers; nothing says any more whose they were.")
_STAYS = _("Its number stays, for the sake of what is kept; nothing else does.")

HELD: Sequence[Held] = (
    Held(Party, _("Records by source"), lambda person: Party.objects.filter(pk__in=person.parties).order_by("pk"), EMPTIED, _STAYS),
    Held(PartyVersion, _("Earlier words about them"), of_party(PartyVersion), DELETED, "", hidden=("digest",)),
    Held(Order, _("Orders"), of_party(Order), KEPT, _MONEY, ("orders", "ordered_on")),
    Held(OrderLine, _("Lines of orders"), of_party(OrderLine, "order__party"), KEPT, _MONEY, ("orders", "ordered_on"), ("fact_key",)),
    Held(Invoice, _("Invoices"), of_party(Invoice), KEPT, _MONEY, ("invoices", "issued_on")),
    Held(Payment, _("Payments"), of_party(Payment), KEPT, _MONEY, ("payments", "paid_on")),
    Held(Delivery, _("Deliveries"), of_party(Delivery), KEPT, _MONEY, ("deliveries", "newest_on")),
    Held(DealingVersion, _("Earlier words about these"), _dealing_versions, DELETED, ""),
    Held(
        Interaction, _("Contacts"), of_party(Interaction), EMPTIED,
        _("That there was a contact stays, as a figure; what was said does not."), hidden=("words",),
    ),
    Held(
        RefusedRow, _("Rows of files that were refused"), None, EMPTIED,
        _("Refused rows are nobody's: those in which a name or number of theirs stands lose what was written in them."),
    ),
    Held(
        Import, _("Imports"), None, UNTOUCHED,
        _("An import is a file, not a person; its copy goes when it is done, and a copy that waits goes where they stand in it."),
    ),
)  # fmt: skip


SHORTEST_WORD = 4


def words_of(person: Person) -> set[str]:
    """All by which a text says that it is about them and nobody else, in small letters: full names, mailboxes, telephones, numbers of
    offices, as they stand and as they stood."""
    names = ("name", "email", "phone", "phone_e164", "tax_id")
    found: set[str] = set()
    for party in Party.objects.filter(pk__in=person.parties, erased_at=None):
        found |= {str(getattr(party, name)) for name in names} | {str(value) for value in party.identifiers.values()}
    for fields, written in PartyVersion.objects.filter(party__in=person.parties).values_list("fields", "written"):
        found |= {str(said.get(name) or "") for said in (fields, written) for name in names}
        found |= {str(value or "") for value in (fields.get("identifiers") or {}).values()}
    return {word.strip().lower() for word in found if len(word.strip()) >= SHORTEST_WORD}


def keys_of(person: Person) -> list[tuple[int, str]]:
    """Source and number of each of their records."""
    return list(Party.objects.filter(pk__in=person.parties).values_list("source_id", "key"))
