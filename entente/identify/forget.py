"""Customers of whom no record is left: their import was taken back."""

from __future__ import annotations

from django.db import connection, models

from entente.identify.models import Customer, Membership

# For other rooms, too, whose rows hang on a customer.
EMPTY = f"""
SELECT c.id FROM {Customer._meta.db_table} c
WHERE NOT EXISTS (SELECT FROM {Membership._meta.db_table} m WHERE m.customer_id = c.id)
"""


def forget_empty() -> int:
    """Delete the customers without any record, but those to whom rows of a room above point. Returns how many went.

    A link that was ended by hand is a record as well: only what came with a reverted import leaves none.
    """
    held = "".join(
        f" AND NOT EXISTS (SELECT FROM {relation.related_model._meta.db_table} h WHERE h.{relation.field.column} = c.id)"
        for relation in _what_holds_a_customer()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Customer._meta.db_table} WHERE id IN ({EMPTY}{held})")
        return int(cursor.rowcount)


def _what_holds_a_customer() -> list[models.ManyToOneRel]:
    """Relations that forbid to delete. Some of them the database does not check."""
    return [
        relation
        for relation in Customer._meta.related_objects
        if isinstance(relation, models.ManyToOneRel)
        and relation.on_delete is models.PROTECT
        and relation.related_model is not Membership
    ]
