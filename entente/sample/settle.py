"""After the facts are planted: customers are recognised, and each is looked after by whom the sources name."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from entente.identify.models import Customer, Membership
from entente.identify.recognise import recognise
from entente.ledger.models import Party
from entente.staff.models import User

Progress = Callable[[str, float, float | None], None]


def settle(*, progress: Progress = lambda *_: None) -> int:
    """Recognise customers and hand them to their account managers. Returns how many were handed over; again, none."""
    recognise(progress=progress)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {Customer._meta.db_table} c SET looked_after_by_id = u.id
            FROM {Membership._meta.db_table} m
            JOIN {Party._meta.db_table} p ON p.id = m.party_id
            JOIN {User._meta.db_table} u ON u.email = p.attributes ->> 'account_manager'
            WHERE m.customer_id = c.id AND m.ended_at IS NULL AND c.looked_after_by_id IS NULL
            """
        )
        return cursor.rowcount
