"""What is believed of one customer's needs and potential, with what it rests on: for a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, QuerySet

from entente.differentiate.models import Cycle, NeedFact, NeedSegment, Valuation
from entente.differentiate.need_facts import Reading, Told, facts_about, told
from entente.differentiate.potential import THROUGH
from entente.differentiate.pure.potential import BUYS_THROUGH, LOW_SHARE, PLAYS_OFF
from entente.differentiate.pure.product_groups import group_of, words_of
from entente.identify.models import Membership
from entente.identify.relations_models import Relation
from entente.ledger.models import LineKind, Order, OrderLine

CASES = (LOW_SHARE, PLAYS_OFF, BUYS_THROUGH)
# What somebody buys shows in the newest orders, however many there are.
MOST_ORDERS = 300
MOST_RELATIONS = 500


@dataclass(frozen=True)
class SegmentStory:
    """A customer's need segment. own: which share of their newest order lines is of what the segment is told by, None without any."""

    segment: NeedSegment
    is_stated: bool
    own: float | None

    @property
    def categories(self) -> list[str]:
        return list(self.segment.words.get("named", []))


@dataclass(frozen=True)
class Wallet:
    """What a customer may spend and how much of it with us. low, high: of the potential; share_low, share_high likewise."""

    potential: float | None
    low: float | None
    high: float | None
    share: float | None
    share_low: float | None
    share_high: float | None
    is_stated: bool
    is_told: bool


@dataclass(frozen=True)
class Evidence:
    """What says that stimulation pays. suppliers: others they buy from. through: whom they buy through."""

    suppliers: list[str] = field(default_factory=list)
    through: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class NeedStory:
    segment: SegmentStory | None
    wallet: Wallet | None
    cases: list[int]
    evidence: Evidence
    facts: list[Told]


def need_story(
    customer: int, parties: Sequence[int], cycle: Cycle | None, worth: Valuation | None, on: date
) -> NeedStory:
    """Everything about the needs of one customer; what the cycle says where there is one, and the facts of today."""
    reading = Reading.in_force()
    facts = told(list(facts_about(parties).select_related("by", "source", "interaction", "withdrawn_by")), on, reading)
    if cycle is None or worth is None:
        return NeedStory(None, None, [], Evidence(), facts)
    evidence = evidence_of([customer], on, reading).get(customer, Evidence())
    return NeedStory(
        _segment(cycle, worth, parties),
        wallet_of(cycle, worth, any(_told_cycle(one.fact, cycle, reading) for one in facts)),
        [case for case in CASES if worth.stimulate & case],
        evidence,
        facts,
    )


_OF_WALLET = ("spend_elsewhere", "share_of_wallet", "budget")


def _told_cycle(fact: NeedFact, cycle: Cycle, reading: Reading) -> bool:
    """Did this fact tell the cycle what they spend? What was written down or taken back since counts from the next one on, and the cycle
    goes by the end of its own day, not of today."""
    known_at = cycle.started_at or cycle.published_at
    if known_at is None or fact.predicate not in _OF_WALLET:
        return False
    is_known = fact.made_at <= known_at and (fact.withdrawn_at is None or fact.withdrawn_at > known_at)
    is_of_its_day = fact.said_on <= cycle.as_of and (fact.expires_on is None or fact.expires_on >= cycle.as_of)
    least = ((cycle.totals.get("needs") or {}).get("terms") or {}).get("confidence", reading.least)
    return is_known and is_of_its_day and fact.confidence >= least


def wallet_of(cycle: Cycle, worth: Valuation, is_told: bool = False) -> Wallet | None:
    """None where nothing is known of what they may spend."""
    if worth.potential is None and worth.share is None:
        return None
    share_is = worth.share
    if is_told or worth.share_is_stated or not worth.potential:
        return Wallet(
            worth.potential, None, None, share_is, None, None, worth.share_is_stated, is_told or worth.share_is_stated
        )  # fmt: skip
    off = (cycle.totals.get("needs") or {}).get("potential") or {}
    own = max(worth.revenue_year, 0.0)
    low = max(own, worth.potential * float(off.get("low", 1.0)))
    high = max(low, worth.potential * float(off.get("high", 1.0)))
    return Wallet(
        worth.potential, low, high, share_is, own / high if high else None, own / low if low else None, False, False
    )


def _segment(cycle: Cycle, worth: Valuation, parties: Sequence[int]) -> SegmentStory | None:
    if worth.segment is None:
        return None
    found = NeedSegment.objects.filter(cycle=cycle, number=worth.segment).first()
    return SegmentStory(found, worth.segment_is_stated, _own_share(cycle, found, parties)) if found else None


def _own_share(cycle: Cycle, segment: NeedSegment, parties: Sequence[int]) -> float | None:
    """Of the lines of their newest orders, how many are of what the segment is told by."""
    orders = Order.objects.filter(party__in=parties, ordered_on__lte=cycle.as_of).order_by("-ordered_on", "-id")
    lines = OrderLine.objects.filter(
        order__in=list(orders.values_list("pk", flat=True)[:MOST_ORDERS]), kind=LineKind.SALE, amount__gt=0
    )  # fmt: skip
    found = (cycle.totals.get("needs") or {}).get("segments") or {}
    groups = found.get("groups") or []
    rank = {word: len(groups) - place for place, word in enumerate(groups)}
    many: Counter[str] = Counter()
    for category, name in lines.filter(product__is_charge=False).values_list("product__category", "product__name"):
        many[group_of(words_of(name), rank) if found.get("by") == "name" else " ".join(category.split())] += 1
    every = sum(many.values())
    return sum(many[name] for name in segment.words.get("named", [])) / every if every else None


def evidence_of(customers: Iterable[int], on: date, reading: Reading | None = None) -> dict[int, Evidence]:
    """By customer: other suppliers and intermediaries known on a day, in the words they were told in or by the names of records."""
    owner = dict(
        Membership.objects.filter(customer__in=list(customers), ended_at=None).values_list("party_id", "customer_id")
    )
    found = {customer: Evidence() for customer in customers}
    facts: dict[int, list[NeedFact]] = {}
    for fact in facts_about(owner).filter(predicate__in=("other_supplier", "buys_through")):
        facts.setdefault(owner[fact.party_id], []).append(fact)
    reading = reading or Reading.in_force()
    for customer, some in facts.items():
        for one in told(some, on, reading):
            if one.holds and reading.is_sure(one.fact):
                names = found[customer].suppliers if one.word.name == "other_supplier" else found[customer].through
                names.append(one.fact.value)
    for relation in _between(owner, on):
        name = str(relation.party.name or relation.party.key)
        whose = owner[relation.other_id]
        names = found[whose].through
        if owner.get(relation.party_id) != whose and name not in names:
            names.append(name)
    return found


def _between(owner: Iterable[int], on: date) -> QuerySet[Relation]:
    """Relations by which somebody else stands between us and one of these records."""
    holds = (Q(from_on=None) | Q(from_on__lte=on)) & (Q(to_on=None) | Q(to_on__gte=on))
    found = Relation.objects.filter(holds, other__in=list(owner), kind__in=THROUGH, withdrawn_at=None)
    return found.select_related("party").order_by("id")[:MOST_RELATIONS]
