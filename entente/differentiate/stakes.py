"""What is at stake where somebody is asked whether two records are one customer: the dearest question is put first."""

from __future__ import annotations

from django.db import connection

from entente.differentiate.models import Cycle, Valuation
from entente.identify.models import Membership, PossibleMatch

_WRITE = f"""
UPDATE {PossibleMatch._meta.db_table} q SET stake = found.stake
FROM (
    SELECT asked.id, coalesce(lv.value, 0) + coalesce(rv.value, 0) AS stake
    FROM {PossibleMatch._meta.db_table} asked
    LEFT JOIN {Membership._meta.db_table} l ON l.party_id = asked.left_id AND l.ended_at IS NULL
    LEFT JOIN {Membership._meta.db_table} r ON r.party_id = asked.right_id AND r.ended_at IS NULL
    LEFT JOIN {Valuation._meta.db_table} lv ON lv.cycle_id = %(cycle)s AND lv.customer_id = l.customer_id
    LEFT JOIN {Valuation._meta.db_table} rv ON rv.cycle_id = %(cycle)s AND rv.customer_id = r.customer_id
    WHERE asked.settled_by_id IS NULL
) found
WHERE q.id = found.id AND q.settled_by_id IS NULL AND q.stake <> found.stake
"""


def write_stakes(cycle: Cycle | None) -> int:
    """What both customers of every open question are worth together, in the opinion of a published cycle. Returns how many changed.

    Whom the cycle does not value, or counts under another customer, is worth nothing apart. Without a cycle nothing changes.
    """
    if cycle is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {"cycle": cycle.pk})
        return int(cursor.rowcount)
