"""Records go from one customer to another: the old membership ends, a new one begins. Nothing is deleted, so that all can be taken back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from entente.identify.models import Customer, Linkage, Membership, Verdict
from entente.ledger.models import Party
from entente.staff.models import User
from entente.warehouse.copy_in import Wire, copy_columns, jsonb, texts

Ints = NDArray[np.int64]

_MOVED = "CREATE TEMP TABLE moved (party_id bigint, customer_id bigint, weight float8, explanation jsonb, law varchar) ON COMMIT DROP"
_END = f"""
UPDATE {Membership._meta.db_table} m SET ended_at = %(at)s, ended_by_id = %(by)s
FROM moved WHERE m.party_id = moved.party_id AND m.ended_at IS NULL
"""
# A record that an import takes back at this moment is waited for, or gone.
_BEGIN = f"""
INSERT INTO {Membership._meta.db_table}
    (party_id, customer_id, weight, explanation, law, linkage_id, verdict_id, by_id, made_at)
SELECT moved.party_id, moved.customer_id, moved.weight, moved.explanation, moved.law, %(linkage)s, %(verdict)s, %(by)s, %(at)s
FROM moved JOIN {Party._meta.db_table} p ON p.id = moved.party_id ORDER BY moved.party_id FOR KEY SHARE OF p
"""


def one_at_a_time() -> None:
    """Whoever changes memberships holds this lock until the end of their transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('entente match'))")


def move(
    parties: Ints,
    customers: Ints,
    *,
    weight: NDArray[np.float64],
    explanation: Sequence[Mapping[str, Any]],
    law: Sequence[str],
    at: datetime,
    linkage: Linkage | None = None,
    verdict: Verdict | None = None,
    by: User | None = None,
) -> None:
    """Give (k,) parties to (k,) customers, in the caller's transaction."""
    if not len(parties):
        return
    with connection.cursor() as cursor:
        cursor.execute(_MOVED)
        copy_columns(
            "moved",
            {
                "party_id": parties,
                "customer_id": customers,
                "weight": weight,
                "explanation": as_json(explanation),
                "law": texts([each.encode() for each in law]),
            },
        )
        values = {
            "at": at,
            "by": by.pk if by else None,
            "linkage": linkage.pk if linkage else None,
            "verdict": verdict.pk if verdict else None,
        }
        cursor.execute(_END, values)
        cursor.execute(_BEGIN, values)
        cursor.execute("DROP TABLE moved")


def as_json(values: Sequence[Mapping[str, Any]]) -> Wire:
    return texts([jsonb(json.dumps(each)) for each in values])


def homes(groups: Sequence[Iterable[int]]) -> list[int]:
    """A customer for each group of parties that has none: the one most of them last belonged to and that stands empty, or a new one."""
    parties = [party for group in groups for party in group]
    earlier = _empty_since(parties)
    taken: set[int] = set()
    found: list[int | None] = []
    for group in groups:
        empty = Counter(home for party in group if (home := earlier.get(party)) is not None and home not in taken)
        home = min(empty, key=lambda each: (-empty[each], each), default=None)
        taken |= {home} if home is not None else set()
        found.append(home)
    fresh = iter(Customer.objects.bulk_create([Customer() for home in found if home is None], batch_size=5_000))
    return [next(fresh).pk if home is None else home for home in found]


def _empty_since(parties: Sequence[int]) -> dict[int, int]:
    """party: of those customers that have no record now the one it belonged to last; where the law put it comes before where people did."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT ON (m.party_id) m.party_id, m.customer_id FROM {Membership._meta.db_table} m
            WHERE m.party_id = ANY(%s) AND m.ended_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM {Membership._meta.db_table} n
                              WHERE n.customer_id = m.customer_id AND n.ended_at IS NULL)
            ORDER BY m.party_id, m.by_id IS NOT NULL, m.id DESC
            """,
            [list(parties)],
        )
        return dict(cursor.fetchall())
