"""What came of earlier decisions: bought afterwards or not, and for how much. From it the plays learn what they are worth.

Done and left alone are compared only where a play fitted both: a customer who got it, and one of the hold-out whom it would have fitted.
What was chosen and never done is counted nowhere: it is neither a contact that failed nor a customer left alone.
"""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from django.db import connection

from entente.customize.models import Answer, Decision, Outcome
from entente.customize.pure.facts import LEVELS
from entente.customize.pure.plays import PLAYS
from entente.customize.pure.response import Tally
from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle
from entente.warehouse.copy_in import copy_columns

# A purchase within so many days counts as a response; starting guesses, both.
RESPONSE_DAYS = 28
STAY_DAYS = 180
PLAY_PLACE = {play.key: place for place, play in enumerate(PLAYS)}


def measure_outcomes(cycle: Cycle, facts: Facts) -> int:
    """Write down what came of decisions whose time has passed. Each is measured once; returns how many were now."""
    facts.extract.see_new_tables()
    ripe = facts.extract.columns(
        f"""
        WITH ripe AS (
            SELECT d.id, d.customer_id, d.as_of - DATE '1970-01-01' AS day,
                   EXISTS (FROM pg.{Answer._meta.db_table} a WHERE a.decision_id = d.id AND a.kind = 'done') AS was_delivered
            FROM pg.{Decision._meta.db_table} d
            WHERE d.as_of <= $ripe AND NOT EXISTS (FROM pg.{Outcome._meta.db_table} o WHERE o.decision_id = d.id)
        )
        SELECT r.id AS decision_id, r.was_delivered, min(l.day) FILTER (l.amount > 0) - r.day AS bought_within_days,
               coalesce(sum(coalesce(l.margin, l.amount * $rate)), 0.0) AS reward
        FROM ripe r LEFT JOIN lines l ON l.customer_id = r.customer_id AND l.day > r.day AND l.day <= r.day + {RESPONSE_DAYS}
        GROUP BY r.id, r.was_delivered, r.day
        """,
        {"ripe": cycle.as_of - timedelta(days=RESPONSE_DAYS), "rate": facts.margin_rate},
    )
    n = len(ripe["decision_id"])
    if n:
        copy_columns(
            Outcome._meta.db_table,
            {
                "decision_id": ripe["decision_id"],
                "was_delivered": ripe["was_delivered"],
                "bought_within_days": _small(ripe["bought_within_days"]),
                "reward": ripe["reward"],
                "measured_on": np.full(n, np.datetime64(cycle.as_of, "D")),
            },
        )
    _measure_staying(cycle, facts)
    return n


def _small(days: np.ndarray) -> np.ma.MaskedArray:
    missing = np.ma.getmaskarray(days)
    return np.ma.masked_array(np.where(missing, 0, np.ma.getdata(days)).astype(np.int16), missing)


def _measure_staying(cycle: Cycle, facts: Facts) -> None:
    stayed = facts.extract.columns(
        f"""
        SELECT o.id, bool_or(l.day IS NOT NULL) AS stayed
        FROM pg.{Outcome._meta.db_table} o JOIN pg.{Decision._meta.db_table} d ON d.id = o.decision_id
        LEFT JOIN lines l ON l.customer_id = d.customer_id AND l.amount > 0 AND l.day > d.as_of - DATE '1970-01-01'
             AND l.day <= d.as_of - DATE '1970-01-01' + {STAY_DAYS}
        WHERE o.stayed IS NULL AND d.as_of <= $ripe
        GROUP BY o.id
        """,
        {"ripe": cycle.as_of - timedelta(days=STAY_DAYS)},
    )
    if not len(stayed["id"]):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {Outcome._meta.db_table} o SET stayed = t.stayed "
            "FROM unnest(%s::bigint[], %s::boolean[]) AS t (id, stayed) WHERE o.id = t.id",
            [stayed["id"].tolist(), stayed["stayed"].tolist()],
        )


def seen_outcomes(as_of: date) -> Tally:
    """The tally over all decisions whose outcome was known whole on a day, by play and level."""
    shape = (len(PLAYS), LEVELS)
    counts = {name: np.zeros(shape) for name in ("n", "responded", "stayed", "m", "left_responded", "left_stayed")}
    for names, sql in ((("n", "responded", "stayed"), DONE), (("m", "left_responded", "left_stayed"), LEFT_ALONE)):
        with connection.cursor() as cursor:
            cursor.execute(sql, [as_of - timedelta(days=STAY_DAYS)])
            for play, level, *sums in cursor.fetchall():
                if play in PLAY_PLACE:
                    for name, value in zip(names, sums, strict=True):
                        counts[name][PLAY_PLACE[play], level - 1] = value
    return Tally(
        counts["n"], counts["responded"], counts["stayed"], counts["m"], counts["left_responded"], counts["left_stayed"]
    )


SUMS = "count(*), count(o.bought_within_days), count(*) FILTER (WHERE o.stayed)"
DONE = f"""
SELECT d.play, d.level, {SUMS}
FROM {Outcome._meta.db_table} o JOIN {Decision._meta.db_table} d ON d.id = o.decision_id
WHERE o.stayed IS NOT NULL AND d.as_of <= %s AND o.was_delivered AND d.play <> 'nothing'
GROUP BY d.play, d.level
"""
LEFT_ALONE = f"""
SELECT dropped.play, d.level, {SUMS}
FROM {Outcome._meta.db_table} o JOIN {Decision._meta.db_table} d ON d.id = o.decision_id
CROSS JOIN LATERAL jsonb_each_text(d.drops) AS dropped (play, why)
WHERE o.stayed IS NOT NULL AND d.as_of <= %s AND d.is_hold_out AND dropped.why = 'held_out'
GROUP BY dropped.play, d.level
"""
