"""A party that somebody writes down, where no system has it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from entente.ledger.models import Party, Source
from entente.ledger.phones import e164
from entente.lib.errors import EntenteError

BY_HAND = "by hand"
WRITTEN = (
    "kind", "name", "given_name", "family_name", "email", "phone", "country", "address", "house_number", "postcode", "city", "tax_id",
)  # fmt: skip


class Nameless(EntenteError):
    """A party was to be written down without a name."""

    def __init__(self) -> None:
        super().__init__("Give a name, or a given name or a family name.")


def record_party(fields: Mapping[str, str]) -> Party:
    """Write a party down. fields: any of WRITTEN. Its source is the one of what is written by hand, made where it is missing.

    Raises Nameless.
    """
    given = {name: fields.get(name, "").strip() for name in WRITTEN}
    given["name"] = given["name"] or f"{given['given_name']} {given['family_name']}".strip()
    if not given["name"]:
        raise Nameless
    source, _ = Source.objects.get_or_create(name=BY_HAND)
    given["kind"] = given["kind"] or Party.Kind.UNKNOWN
    given["email"] = given["email"].lower()
    return Party.objects.create(
        source=source, key=uuid.uuid4().hex, phone_e164=e164(given["phone"], given["country"]), **given
    )
