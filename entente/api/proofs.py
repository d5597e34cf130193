"""What the holder of a record has proved to be theirs, handed over by whoever sent the code or the link."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from entente.api.imports import PLAIN_TEXT
from entente.api.problems import REFUSALS, Problem, Refused
from entente.api.resolve import JSON
from entente.identify.models import Verified
from entente.identify.proofs import NoSuchRecord, unverify, verify
from entente.ledger.models import Party
from entente.staff.models import User

router = Router(tags=["proofs"])


class Holding(Schema):
    """A mailbox or a telephone of a record. source, key: as its imports name and number it; value: in any spelling."""

    source: str = Field(min_length=1, max_length=80, pattern=PLAIN_TEXT)
    key: str = Field(min_length=1, max_length=120, pattern=PLAIN_TEXT)
    field: Literal["email", "phone"]
    value: str = Field(min_length=1, max_length=254, pattern=PLAIN_TEXT)


class Proof(Holding):
    how: Verified.How


class Proved(Schema):
    """value: as it is compared. how, at: as they were kept first."""

    field: str
    value: str
    how: str
    at: datetime


class Withdrawn(Schema):
    """was_proved: false where nothing had to be taken back."""

    was_proved: bool


@router.post(
    "/parties/proofs",
    url_name="proofs",
    response={200: Proved, REFUSALS: Problem},
    summary="A mailbox or a telephone was proved to be theirs",
)
def proofs(request: HttpRequest, proof: Proof) -> Verified:
    """Refused where the record says something else than `value` by now. The same again answers the same."""
    user, party = _asked(request, proof)
    return verify(party, proof.field, how=proof.how, value=proof.value, by=user)


@router.post(
    "/parties/proofs/withdrawal",
    url_name="proofs-withdrawal",
    response={200: Withdrawn, REFUSALS: Problem},
    summary="It is not proved after all",
)
def proofs_withdrawal(request: HttpRequest, holding: Holding) -> dict[str, Any]:
    """What it brought together parts with the next comparison of all records."""
    user, party = _asked(request, holding)
    return {"was_proved": unverify(party, holding.field, value=holding.value, by=user)}


def _asked(request: HttpRequest, of: Holding) -> tuple[User, int]:
    """Who asks, and of which party."""
    assert isinstance(request.user, User)
    if str(request.content_type).lower() != JSON:
        raise Refused(415, "This content is not read here", f"Send {JSON}.", "header.Content-Type")
    party = Party.objects.filter(source__name=of.source, key=of.key).values_list("id", flat=True).first()
    if party is None:
        raise NoSuchRecord
    return request.user, party
