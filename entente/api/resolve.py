"""Who is this? The candidates for one contact that comes in, for a switchboard, a shop or a mailbox."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.urls import reverse
from ninja import Router, Schema
from pydantic import Field

from entente.api.problems import REFUSALS, Problem, Refused
from entente.identify.resolve import Candidate, resolve
from entente.staff.models import User

MOST_CANDIDATES = 20
JSON = "application/json"

router = Router(tags=["resolve"])


class Contact(Schema):
    """What is known of who calls or writes: `phone`, `email`, `order_number`, `invoice_number`, `customer_number`, `tax_id`, `name`,
    `given_name`, `family_name`, `born_on`, `street`, `house_number`, `postcode`, `city`, `country`; `identifiers.NAME` for a messenger's
    handle or any further number; `kind` is person or organisation.
    """

    identifiers: dict[str, Annotated[str, Field(max_length=400)] | int] = Field(min_length=1, max_length=40)
    limit: int = Field(5, ge=1, le=MOST_CANDIDATES)


class Reason(Schema):
    """A field: what was said, what the record says, how alike that is, and by how many bits it speaks for the same customer."""

    field: str
    said: str
    recorded: str
    likeness: str
    bits: float


class CustomerCandidate(Schema):
    """A customer it may be. is_verified: the holder of one of its records has proved that the mailbox or the telephone is theirs; without
    that nothing may be opened to who calls or writes.
    """

    customer_id: int
    name: str
    href: str
    probability: float
    weight: float
    is_verified: bool
    explanation: list[Reason]


class Candidates(Schema):
    candidates: list[CustomerCandidate]


@router.post(
    "/resolve", url_name="resolve", response={200: Candidates, REFUSALS: Problem}, summary="Whom a contact may be from"
)
def resolve_contact(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    """The most probable customer first. Nothing is recorded."""
    assert isinstance(request.user, User)
    if str(request.content_type).lower() != JSON:
        raise Refused(415, "This content is not read here", f"Send {JSON}.", "header.Content-Type")
    said = {name: str(value) for name, value in contact.identifiers.items()}
    return {"candidates": [_shown(one) for one in resolve(said, user=request.user, limit=contact.limit)]}


def _shown(candidate: Candidate) -> dict[str, Any]:
    return {
        "customer_id": candidate.customer.pk,
        "name": candidate.customer.name,
        "href": reverse("customer", args=[candidate.customer.pk]),
        "probability": candidate.probability,
        "weight": candidate.weight,
        "is_verified": candidate.is_verified,
        "explanation": [vars(reason) for reason in candidate.explanation],
    }
