"""How much is known, as the cycle in force has counted it, and what to ask next: for whoever shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from entente.differentiate.current import in_force_id
from entente.differentiate.models import Cycle, KnowingCell, Level, NextQuestion
from entente.ledger.models import Source

# Each respect in which something may be known, in the order of a page: heading, its respects with their words.
RESPECTS: tuple[tuple[Any, Mapping[str, Any]], ...] = (
    (
        _("Who they are"),
        {
            "name": _("Name"),
            "kind": _("Person or organisation"),
            "segment": _("Segment"),
            "language": _("Language"),
            "born_on": _("Day of birth, of persons"),
            "tax_id": _("Tax number, of organisations"),
        },
    ),
    (
        _("Where they are reached"),
        {"phone": _("Phone"), "email": _("E-mail address"), "address": _("Postal address")},
    ),
    (
        _("What they allow"),
        {
            "consent_phone": _("Said yes or no to offers by phone"),
            "consent_email": _("Said yes or no to offers by e-mail"),
            "consent_letter": _("Said yes or no to offers by letter"),
            "wishes": _("How they wish to be contacted"),
        },
    ),
    (
        _("Can be reached, and it is allowed"),
        {
            "reach_service": _("For service"),
            "reach_relationship": _("For the relationship"),
            "reach_marketing": _("With offers"),
        },
    ),
    (
        _("Records"),
        {
            "alone": _("Not linked: the only one of its customer"),
            "in_doubt": _("In doubt: somebody is asked whose it is"),
        },
    ),
)
# What is asked for, in a sentence such as “Also ask: …”.
QUESTIONS: Mapping[str, Any] = {
    "name": _("name"),
    "kind": _("person or organisation"),
    "segment": _("segment"),
    "language": _("language"),
    "born_on": _("day of birth"),
    "tax_id": _("tax number"),
    "phone": _("phone number"),
    "email": _("e-mail address"),
    "address": _("postal address"),
    "consent_phone": _("whether offers by phone are welcome"),
    "consent_email": _("whether offers by e-mail are welcome"),
    "consent_letter": _("whether offers by letter are welcome"),
    "wishes": _("how they wish to be contacted"),
}
HOW: Mapping[str, Any] = {
    "call": _("at the next call"),
    "mail": _("by e-mail"),
    "letter": _("by letter"),
    "order": _("with the next order"),
}
# Where a high share is no good news.
RATHER_FEW = frozenset({"alone", "in_doubt"})


@dataclass
class Knowledge:
    """One respect: its cell on each level, and all levels added up."""

    respect: str
    words: Any
    cells: dict[Level, KnowingCell] = field(default_factory=dict)

    @property
    def total(self) -> KnowingCell:
        cells = self.cells.values()
        fresh = [cell.fresh for cell in cells if cell.fresh is not None]
        return KnowingCell(
            respect=self.respect,
            of=sum(cell.of for cell in cells),
            known=sum(cell.known for cell in cells),
            fresh=sum(fresh) if fresh else None,
            asks=sum(cell.asks for cell in cells),
            worth=sum(cell.worth for cell in cells),
        )


def knowledge_of(cycle: Cycle, source: int | None) -> list[tuple[Any, list[Knowledge]]]:
    """Heading by heading what is known of the customers of a cycle; with a source, what that one says of its own."""
    found: dict[str, dict[Level, KnowingCell]] = {}
    for cell in KnowingCell.objects.filter(cycle=cycle, source=source):
        found.setdefault(cell.respect, {})[Level(cell.level)] = cell
    groups = [
        (heading, [Knowledge(name, words, found[name]) for name, words in respects.items() if name in found])
        for heading, respects in RESPECTS
    ]
    return [(heading, rows) for heading, rows in groups if rows]


def sources_of(cycle: Cycle) -> list[Source]:
    """The sources that were counted apart, by name; none where the firm has but one."""
    counted = KnowingCell.objects.filter(cycle=cycle, source__isnull=False, respect="in_doubt").values("source_id")
    return list(Source.objects.filter(pk__in=counted).order_by("name"))


def questions(cycle: Cycle) -> QuerySet[NextQuestion]:
    """What to ask next, the dearest first."""
    return NextQuestion.objects.filter(cycle=cycle).order_by("-gain", "-id")


def questions_of(customers: Iterable[int]) -> dict[int, Any]:
    """What is most worth asking these customers, in words, in the opinion in force; only of those who are worth it most."""
    rows = NextQuestion.objects.filter(cycle_id=in_force_id(), customer_id__in=list(customers))
    return {
        customer: QUESTIONS[asked] for customer, asked in rows.values_list("customer_id", "field") if asked in QUESTIONS
    }
