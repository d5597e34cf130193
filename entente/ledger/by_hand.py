"""A party that somebody writes down, where no system has it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.ledger.erasures import welcome_back
from entente.ledger.models import Party, Source
from entente.ledger.phones import e164
from entente.ledger.tombstones import AskedToBeErased, hold_off_erasure, met_by, standing
from entente.lib.errors import EntenteError
from entente.staff.models import User

BY_HAND = "by hand"
WRITTEN = (
    "kind", "name", "given_name", "family_name", "email", "phone", "country", "address", "house_number", "postcode", "city", "tax_id",
)  # fmt: skip


class Nameless(EntenteError):
    """A party was to be written down without a name."""

    def __init__(self) -> None:
        super().__init__(_("Give a name, or a given name or a family name."))


def record_party(fields: Mapping[str, str], *, returned_by: User | None = None) -> Party:
    """Write a party down. fields: any of WRITTEN. Its source is the one of what is written by hand, made where it is missing.

    returned_by: who says that somebody erased came back of their own wish; their tombstones fall, and that stays on record.
    Raises Nameless; AskedToBeErased where it is somebody who asked for it and nobody says so.
    """
    given = {name: fields.get(name, "").strip() for name in WRITTEN}
    given["name"] = given["name"] or f"{given['given_name']} {given['family_name']}".strip()
    if not given["name"]:
        raise Nameless
    source = Source.objects.get_or_create(name=BY_HAND)[0]
    given["kind"] = given["kind"] or Party.Kind.UNKNOWN
    given["email"] = given["email"].lower()
    given["phone_e164"] = e164(given["phone"], given["country"])
    with transaction.atomic():
        hold_off_erasure()
        stones = standing()
        if stones and (met := met_by(given, stones)):
            if returned_by is None:
                raise AskedToBeErased
            welcome_back(met, by=returned_by, at=timezone.now())
        return Party.objects.create(source=source, key=uuid.uuid4().hex, **given)
