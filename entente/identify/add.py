"""A customer whom somebody writes down at the first word: a record, a customer of its own, and found from now on."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from entente.identify.index import compare_again, update_index
from entente.identify.match import match_some
from entente.identify.models import Membership
from entente.identify.moves import one_at_a_time
from entente.ledger.by_hand import record_party
from entente.ledger.tombstones import hold_off_erasure
from entente.staff.models import User


def add_customer(fields: Mapping[str, str], *, returned_by: User | None = None) -> int:
    """Write a customer down. fields, returned_by: as of `record_party`, whose refusals pass through. Returns its number.

    Whom it is like is not asked here: see `resolve`, which finds it from now on. Whether it is somebody known, the next run over what is
    new finds, or a person.
    """
    with transaction.atomic():
        # Before the party is written: a run that holds the lock comes into force only when nobody writes parties. Whoever erases
        # takes both locks in this order.
        hold_off_erasure()
        one_at_a_time()
        party = record_party(fields, returned_by=returned_by)
        match_some([party.pk])
        update_index([party.pk])
        compare_again([party.pk])
        return Membership.objects.values_list("customer_id", flat=True).get(party=party, ended_at=None)
