"""Taking an import back: what was decided for customers who are gone with it goes, too."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from entente.customize.models import Answer, Decision, Outcome
from entente.identify.forget import EMPTY, forget_empty
from entente.identify.match import refresh
from entente.identify.relations_import import forget_relations
from entente.identify.verdicts import losing_records
from entente.ledger.models import Import
from entente.ledger.revert import revert_import
from entente.staff.models import User

# What a person has answered is kept: it happened.
UNANSWERED = f"""
d.customer_id IN ({EMPTY}) AND NOT EXISTS (SELECT FROM {Answer._meta.db_table} a WHERE a.decision_id = d.id)
"""


def take_back(import_id: int, *, by: User | None, at: datetime) -> Import:
    """Take an import back, with everything that was made of what it brought; what is left holds again, on the customers as well.

    Raises what `revert_import` raises.
    """
    imported = revert_import(import_id, by=by, at=at, within=losing_records(import_id, by=by))
    forget_reverted()
    refresh()
    return imported


@transaction.atomic
def forget_reverted() -> int:
    """After an import was taken back: forget the customers of whom nothing is left, and what was decided for them.

    A customer with an answered decision stays for the sake of that answer, and is shown nowhere. Returns how many customers went.
    """
    decisions = Decision._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {Outcome._meta.db_table} o USING {decisions} d WHERE o.decision_id = d.id AND {UNANSWERED}"
        )
        cursor.execute(f"DELETE FROM {decisions} d WHERE {UNANSWERED}")
    forget_relations()
    return forget_empty()
