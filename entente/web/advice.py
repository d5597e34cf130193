"""What the rooms below advise, in the words and shapes the pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from entente.customize.explain import play_name, sentence
from entente.customize.models import Decision
from entente.differentiate.known import questions_of
from entente.differentiate.models import Cycle, Valuation
from entente.identify.models import Customer
from entente.interact import allow
from entente.interact.allow import Opening


@dataclass(frozen=True)
class Step:
    """A decision as a person reads it. `opening` says whether its channel is welcome now; None where it needs no channel.

    ask: what to ask them on that occasion, too; nothing where it is not worth it.
    """

    decision: Decision
    title: str
    why: str
    opening: Opening | None
    at: datetime
    ask: Any = ""

    @property
    def form(self) -> str:
        """The route of the form that doing it opens."""
        return {"phone": "call_new", "visit": "call_new", "email": "mail_new"}.get(self.decision.channel, "note_new")

    @property
    def hour_there(self) -> str:
        """What the clock shows where the customer is."""
        return f"{self.at.astimezone(ZoneInfo(self.opening.zone)):%H:%M}" if self.opening else ""


def steps(decisions: Sequence[Decision], at: datetime, *, levels: Mapping[int, int] | None = None) -> list[Step]:
    """levels: of the customers in the opinion in force, where they are known."""
    openings = allow.openings([(row.customer, row.channel, row.purpose) for row in decisions], at, levels=levels)
    asks = questions_of(row.customer_id for row in decisions)
    return [
        Step(row, play_name(row.play), sentence(row), opening, at, asks.get(row.customer_id, ""))
        for row, opening in zip(decisions, openings, strict=True)
    ]


def next_step(customer: Customer, cycle: Cycle | None, at: datetime, *, worth: Valuation | None) -> Step | None:
    """What the cycle in force advises for this customer of that worth; None where it decided nothing at all."""
    if cycle is None:
        return None
    decision = Decision.objects.filter(customer=customer, cycle=cycle, as_of=cycle.as_of).first()
    if decision is None:
        return None
    decision.customer, decision.cycle = customer, cycle
    return steps([decision], at, levels={customer.pk: worth.level} if worth else {})[0]


@dataclass(frozen=True)
class Day:
    """One day of the week: 24 marks, and the same in hours for who reads rather than sees."""

    weekday: int
    marks: list[str]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """From hour to hour, where a contact is welcome."""
        found: list[tuple[int, int]] = []
        for hour, mark in enumerate(self.marks):
            if mark not in ("ok", "best"):
                continue
            if found and found[-1][1] == hour:
                found[-1] = (found[-1][0], hour + 1)
            else:
                found.append((hour, hour + 1))
        return found


def week(customer: Customer, at: datetime) -> list[Day]:
    """When a call is welcome, Monday first, in the customer's own hours."""
    return [Day(weekday, list(hours)) for weekday, hours in enumerate(allow.week(customer, at))]
