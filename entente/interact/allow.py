"""May we contact this customer now, on this channel, for this purpose? One loader and one law for one question, for a page of
customers and for the nightly batch, so that all three agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from entente.differentiate.current import levels_of
from entente.identify.models import Customer
from entente.interact.people import people
from entente.interact.pure.batch import check_many
from entente.interact.pure.columns import People
from entente.interact.pure.contact_rules import Answer, check
from entente.interact.pure.people import Person, Preferences, Question
from entente.interact.pure.policy import ContactPolicy
from entente.interact.pure.policy_json import policy_from_dict
from entente.interact.pure.purposes import Channel, Purpose
from entente.interact.pure.week import Week, welcome_week
from entente.interact.pure.zones import place_of
from entente.interact.wishes import UnreadableWishes, preferences_of
from entente.interact.wording import sentence
from entente.staff.models import Firm
from entente.staff.settings import setting


@dataclass(frozen=True)
class Opening:
    """Whether a channel is open to a customer, as a page shows it: now, later, or not at all."""

    allowed_now: bool
    opens_at: datetime | None
    answer: Answer

    @property
    def why(self) -> list[str]:
        return [sentence(reason) for reason in self.answer.reasons]

    @property
    def zone(self) -> str:
        return self.answer.zones[0] if self.answer.zones else "UTC"


def contact_policy() -> ContactPolicy:
    """The firm's contact rules in force: what it set, else the defaults, with the firm's own zone and country."""
    firm = Firm.objects.filter(pk=1).first()
    own = {} if firm is None else {"firm_zone": firm.zone, "firm_country": firm.country}
    return policy_from_dict({**own, **setting("contact_policy")})


def check_place(
    *, country: str, subdivision: str = "", phone: str = "", postcode: str = "", zone: str = "", channel: str, purpose: str,
    at: datetime,
) -> Answer:  # fmt: skip
    """May we contact somebody of whom only the country is known, and perhaps phone, postcode, subdivision or zone?"""
    person = Person(
        country=country or None,
        subdivision=subdivision or None,
        phone=phone or None,
        postcode=postcode or None,
        zone=zone or None,
    )
    return check(person, Question(Channel(channel), Purpose(purpose), at), contact_policy())


def check_customer(customer: Customer, *, channel: str, purpose: str, at: datetime) -> Answer:
    """May we contact this customer? With everything explained."""
    return check_customers([(customer.pk, channel, purpose)], at=at)[0]


def check_customers(
    questions: Sequence[tuple[int, str, str]], *, at: datetime, levels: Mapping[int, int] | None = None
) -> list[Answer]:
    """One answer for each (customer, channel, purpose); few queries whatever their number. For a page, not for a batch.

    levels: of the customers in the opinion in force, where the caller knows them.
    """
    if not questions:
        return []
    persons = _persons([customer for customer, _, _ in questions], at, levels)
    policy = contact_policy()
    return [
        check(persons[customer], Question(Channel(channel), Purpose(purpose), at), policy)
        for customer, channel, purpose in questions
    ]


def openings(
    questions: Sequence[tuple[Customer, str, str]], at: datetime, *, levels: Mapping[int, int] | None = None
) -> list[Opening | None]:
    """For each (customer, channel, purpose) whether it is open; None where the step needs no channel. levels: as there."""
    asked = [(customer.pk, channel, purpose) for customer, channel, purpose in questions if channel]
    answers = iter(check_customers(asked, at=at, levels=levels))
    found: list[Opening | None] = []
    for _customer, channel, _purpose in questions:
        answer = next(answers) if channel else None
        found.append(None if answer is None else Opening(answer.allowed_now, answer.opens_at, answer))
    return found


def week(customer: Customer, at: datetime, *, channel: str = "phone") -> list[list[str]]:
    """Seven days from Monday, 24 marks each: when a contact is welcome in the customer's own hours."""
    found = welcome(customer, at, channel=channel)
    return [list(day) for day in found.cells]


def welcome(customer: Customer, at: datetime, *, channel: str = "phone") -> Week:
    """The week that `at` lies in, as the customer lives it: Monday first."""
    person = _persons([customer.pk], at)[customer.pk]
    policy = contact_policy()
    today = at.astimezone(ZoneInfo(local_zone(customer))).date()
    return welcome_week(person, today - timedelta(days=today.weekday()), policy, Channel(channel), Purpose.RELATIONSHIP)


def local_zone(customer: Customer) -> str:
    """The time zone to show a customer's hours in: theirs where there is but one candidate, else the firm's."""
    place = place_of(
        zone=customer.zone or None, phone=customer.phone_e164 or None, postcode=customer.postcode or None,
        country=customer.country or None, subdivision=customer.subdivision or None,
    )  # fmt: skip
    return place.zones[0] if len(place.zones) == 1 else contact_policy().firm_zone


def load_batch(customers: np.ndarray[Any, Any], levels: np.ndarray[Any, Any], *, at: datetime) -> People:
    """What the rules read about many customers, once; `first_openings` then asks as many questions of it as wanted."""
    numbers = customers.tolist()
    of_customer = dict(zip(numbers, levels.tolist(), strict=True))
    columns = people(numbers, at=at, levels=of_customer, wishes=_wishes, with_silence=False)
    _ = columns.places  # once for all, not again for each question's part of the people
    return columns


def first_openings(
    columns: People, rows: np.ndarray[Any, Any], *, channel: str, purpose: str, at: datetime, policy: ContactPolicy
) -> np.ndarray[Any, Any]:
    """(len(rows),) the first second since 1970 UTC at which each may be contacted; -1 where not at all or only after asking."""
    question = Question(Channel(channel), Purpose(purpose), at)
    if not len(rows):
        return np.zeros(0, np.int64)
    return check_many(columns.take(rows) if len(rows) < len(columns) else columns, question, policy).send_at


def check_batch(
    customers: np.ndarray[Any, Any], levels: np.ndarray[Any, Any], *, channel: str, purpose: str, at: datetime,
    policy: ContactPolicy,
) -> np.ndarray[Any, Any]:  # fmt: skip
    """The same for one question."""
    columns = load_batch(customers, levels, at=at)
    return first_openings(columns, np.arange(len(columns)), channel=channel, purpose=purpose, at=at, policy=policy)


def _wishes(kept: dict[str, Any]) -> Preferences:
    """Who wished something nobody can read is left in peace until it is entered anew; the others are not kept waiting for it."""
    try:
        return preferences_of(kept)
    except UnreadableWishes:
        return Preferences(channels=frozenset())


def _persons(customers: Sequence[int], at: datetime, levels: Mapping[int, int] | None = None) -> dict[int, Person]:
    numbers = list(dict.fromkeys(customers))
    columns = people(numbers, at=at, levels=levels_of(numbers) if levels is None else levels, wishes=_wishes)
    return {number: columns.person(row) for row, number in enumerate(numbers)}
