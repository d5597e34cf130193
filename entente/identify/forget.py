"""Customers of whom no record is left: their import was taken back."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from entente.identify.models import Customer, Membership
from entente.ledger.holding import relations_to

# For other rooms, too, whose rows hang on a customer.
EMPTY = f"""
SELECT c.id FROM {Customer._meta.db_table} c
WHERE NOT EXISTS (SELECT FROM {Membership._meta.db_table} m WHERE m.customer_id = c.id)
"""


def forget_empty() -> int:
    """Delete the customers without any record, but those whom rows of a room above hold. Returns how many went.

    A link that was ended by hand is a record as well: only what came with a reverted import leaves none. What hangs on a customer
    without holding it goes along.
    """
    held = "".join(
        f" AND NOT EXISTS (SELECT FROM {relation.related_model._meta.db_table} h WHERE h.{relation.field.column} = c.id)"
        for relation in _to_a_customer(models.PROTECT)
        if relation.related_model is not Membership
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{EMPTY}{held}")
        gone = [number for (number,) in cursor.fetchall()]
        for relation in _to_a_customer(models.CASCADE):
            table, column = relation.related_model._meta.db_table, relation.field.column
            cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [gone])
        cursor.execute(f"DELETE FROM {Customer._meta.db_table} WHERE id = ANY(%s)", [gone])
        return int(cursor.rowcount)


def _to_a_customer(on_delete: Any) -> list[models.ManyToOneRel]:
    """Some of these the database does not check."""
    return [relation for relation in relations_to(Customer) if relation.on_delete is on_delete]
