"""One customer's story, newest first: contacts, orders, invoices, payments, deliveries, and whatever a room above has to add, by pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from entente.interact.dealings import dealings
from entente.interact.events import CONTACTS, ORDERS, Event, Key, Teller, older_than
from entente.interact.models import ConsentEvent, Preference
from entente.ledger.models import Interaction
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
class Page:
    events: list[Event]
    older: str | None


def page(
    parties: Sequence[int],
    *,
    as_of: date | None = None,
    before: str | None = None,
    limit: int = PAGE,
    also: Sequence[Teller] = (),
) -> Page:
    """One page of the story of these parties.

    as_of: the day for which to say what is overdue or late; without it that is not said. before: the place an earlier page ended at.
    also: tellers of rooms above.
    Raises ImpossiblePlace for a place that no page ended at.
    """
    key = read_place(before, datetime, int, int) if before else None
    tellers = [
        Teller(CONTACTS, lambda at, count: _contacts(parties, at, count)),
        Teller(ORDERS, lambda at, count: dealings(parties, at, count, as_of=as_of)),
        *also,
    ]
    events = [event for teller in tellers for event in teller.events(key, limit + 1)]
    events.sort(key=lambda event: event.key, reverse=True)
    shown = events[:limit]
    return Page(shown, place(*shown[-1].key) if len(events) > limit else None)


def _contacts(parties: Sequence[int], key: Key | None, limit: int) -> list[Event]:
    rows = Interaction.objects.filter(party_id__in=parties).select_related("by", "outgoing").defer("words")
    return [
        Event(row.at, CONTACTS, row.pk, row.kind, row, {"outcome": OUTCOMES.get(row.outcome, row.outcome)})
        for row in older_than(rows, "at", CONTACTS, key)[:limit]
    ]


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
