"""One customer's story, newest first: contacts and orders, and whatever a room above has to add, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from entente.interact.models import ConsentEvent, Preference
from entente.ledger.models import Interaction, Order, OrderLine
from entente.lib.keyset import before as rows_before
from entente.lib.keyset import place, read_place

PAGE = 50

# The contact rules read some of these (entente/interact/pure/policy.py): after a refusal or an unanswered call they rest.
OUTCOMES = {
    "reached": _("reached them"),
    "bought": _("they ordered"),
    "promised": _("they promised an order"),
    "question": _("they asked something"),
    "complained": _("they complained"),
    "refused": _("no interest"),
    "no_answer": _("nobody answered"),
    "busy": _("the line was busy"),
    "voicemail": _("left a message"),
    "wrong_number": _("wrong number"),
}


@dataclass(frozen=True)
class Event:
    """One line of the story. `thing` is the row it was made from, `more` what was added up for it."""

    at: datetime
    rank: int
    id: int
    kind: str
    thing: Any
    more: dict[str, Any]

    @property
    def key(self) -> tuple[datetime, int, int]:
        """Newest first; at one instant by rank, then the later row first."""
        return (self.at, -self.rank, self.id)


@dataclass(frozen=True)
class Teller:
    """Somebody with events to tell: a rank that no other has, and how to get the next few of them."""

    rank: int
    events: Callable[[tuple[datetime, int, int] | None, int], list[Event]]


@dataclass(frozen=True)
class Page:
    events: list[Event]
    older: str | None


def page(parties: Sequence[int], *, before: str | None = None, limit: int = PAGE, also: Sequence[Teller] = ()) -> Page:
    """One page of the story of these parties.

    before: the place an earlier page ended at. also: tellers of rooms above.
    Raises ImpossiblePlace for a place that no page ended at.
    """
    key = read_place(before, datetime, int, int) if before else None
    tellers = [
        Teller(20, lambda at, count: _contacts(parties, at, count)),
        Teller(30, lambda at, count: _orders(parties, at, count)),
        *also,
    ]
    events = [event for teller in tellers for event in teller.events(key, limit + 1)]
    events.sort(key=lambda event: event.key, reverse=True)
    shown = events[:limit]
    older = place(*shown[-1].key) if len(events) > limit else None
    return Page(_with_sums(shown), older)


def older_than(rows: QuerySet, at: str, rank: int, key: tuple[datetime, int, int] | None) -> QuerySet:
    """The rows that come after a place in the story; `at` names their instant. Sorted as the story is."""
    if key is not None:
        moment, negative_rank, number = key
        if -rank == negative_rank:
            rows = rows.filter(rows_before((at, "id"), (moment, number)))
        else:
            rows = rows.filter(**{f"{at}__lte" if -rank < negative_rank else f"{at}__lt": moment})
    return rows.order_by(f"-{at}", "-id")


def _contacts(parties: Sequence[int], key: tuple[datetime, int, int] | None, limit: int) -> list[Event]:
    rows = Interaction.objects.filter(party_id__in=parties).select_related("by", "outgoing").defer("words")
    return [
        Event(row.at, 20, row.pk, row.kind, row, {"outcome": OUTCOMES.get(row.outcome, row.outcome)})
        for row in older_than(rows, "at", 20, key)[:limit]
    ]


def _orders(parties: Sequence[int], key: tuple[datetime, int, int] | None, limit: int) -> list[Event]:
    rows = older_than(Order.objects.filter(party_id__in=parties), "ordered_at", 30, key)[:limit]
    return [Event(row.ordered_at, 30, row.pk, "return" if row.is_return else "order", row, {}) for row in rows]


def _with_sums(events: list[Event]) -> list[Event]:
    """Orders with what they came to: only those shown are added up."""
    orders = [event.id for event in events if event.rank == 30]
    if orders:
        lines = (
            OrderLine.objects.filter(order_id__in=orders)
            .values("order_id", "currency")
            .order_by("order_id", "currency")
        )
        for sums in lines.annotate(amount=Sum("amount"), count=Count("id")):
            event = next(event for event in events if event.rank == 30 and event.id == sums["order_id"])
            event.more.setdefault("sums", []).append(sums)
    return events


@dataclass(frozen=True)
class Wishes:
    """What a customer asked for: the latest wishes, and the latest word on each channel and purpose."""

    preference: Preference | None
    consents: list[ConsentEvent]


def wishes_of(parties: Sequence[int]) -> Wishes:
    """Latest wins; of two at one instant the refusal."""
    latest = Preference.objects.filter(party_id__in=parties).order_by("-id").select_related("by").first()
    consents = ConsentEvent.objects.filter(party_id__in=parties).order_by(
        "channel", "purpose", "-at", "is_granted", "-id"
    )
    return Wishes(latest, list(consents.distinct("channel", "purpose").select_related("by")))


def last_spoke_at(parties: Sequence[int]) -> datetime | None:
    """When both sides last spoke."""
    spoke = Interaction.objects.filter(party_id__in=parties, is_two_way=True)
    return spoke.aggregate(at=Max("at"))["at"]
