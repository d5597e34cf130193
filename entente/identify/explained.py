"""Why are these records one customer? What the law saw, what people said, and of whom it is not sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from entente.identify.models import BY_HAND, ONE_RECORD, Customer, Membership, PossibleMatch, Verdict
from entente.ledger.models import Party


@dataclass(frozen=True)
class Record:
    """One record of a customer, and why it is one. other: the record it is most like, where the law put it there; likeness: field ->
    how alike both are, and the bits by which that speaks for one customer."""

    party: Party
    law: str
    weight: float
    other: Party | None
    likeness: Mapping[str, tuple[str, float]]
    verdict: Verdict | None
    since: datetime
    past: Sequence[Membership]

    @property
    def is_first(self) -> bool:
        return self.law == ONE_RECORD

    @property
    def is_by_hand(self) -> bool:
        return self.law == BY_HAND


@dataclass(frozen=True)
class Explained:
    """records: the one the customer began with first. said: verdicts that stand on them. asked: of whom somebody is asked."""

    records: Sequence[Record]
    said: Sequence[Verdict]
    asked: Sequence[PossibleMatch]


def explain_customer(customer: Customer) -> Explained:
    """Asks the database as often for fifty records as for one."""
    now = list(
        Membership.objects.filter(customer=customer, ended_at=None).select_related("party__source", "verdict__by", "by")
    )
    now.sort(key=lambda each: (each.law != ONE_RECORD, each.party_id))
    parties = [each.party_id for each in now]
    past: dict[int, list[Membership]] = {}
    for each in Membership.objects.filter(party__in=parties, ended_at__isnull=False).order_by("-id"):
        past.setdefault(each.party_id, []).append(each)
    # Whom it was like then may be somebody else's by now.
    others = {each.party_id: each.party for each in now}
    records = [
        Record(
            each.party,
            each.law,
            each.weight,
            others.get(each.explanation.get("with", 0)),
            {field: (str(how), float(bits)) for field, (how, bits) in each.explanation.get("likeness", {}).items()},
            each.verdict,
            each.made_at,
            past.get(each.party_id, []),
        )
        for each in now
    ]
    touched = Q(left__in=parties) | Q(right__in=parties)
    said = Verdict.objects.filter(touched, withdrawn_at=None).select_related("by", "left", "right").order_by("-id")
    asked = PossibleMatch.objects.filter(touched, settled_by=None)
    return Explained(
        records,
        list(said),
        list(asked.select_related("left__source", "right__source").order_by("-stake", "-probability")),
    )
