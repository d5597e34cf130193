"""What a customer's story is made of: events in their order, and those who have some to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from entente.lib.keyset import before as rows_before

CONTACTS, ORDERS, INVOICES, PAYMENTS, DELIVERIES = 20, 30, 32, 34, 36

# A place in the story: instant, negative rank, number of the row.
Key = tuple[datetime, int, int]


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
    def key(self) -> Key:
        """Newest first; at one instant by rank, then the later row first."""
        return (self.at, -self.rank, self.id)


@dataclass(frozen=True)
class Teller:
    """Somebody with events to tell: a rank that no other has, and how to get the next few of them."""

    rank: int
    events: Callable[[Key | None, int], list[Event]]


def older_than(rows: QuerySet, at: str, rank: int, key: Key | None) -> QuerySet:
    """The rows that come after a place in the story; `at` names their instant. Sorted as the story is."""
    if key is not None:
        moment, negative_rank, number = key
        if -rank == negative_rank:
            rows = rows.filter(rows_before((at, "id"), (moment, number)))
        else:
            rows = rows.filter(**{f"{at}__lte" if -rank < negative_rank else f"{at}__lt": moment})
    return rows.order_by(f"-{at}", "-id")
