"""What the law found and what people said, put into force: who is which customer, and of whom somebody has to be asked.

Links, never merges: parties keep what was written, memberships end and begin, and a customer of whom no record is left stands empty
until one comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.utils import timezone
from numpy.typing import NDArray

from entente.identify.models import (
    ONE_RECORD,
    Customer,
    Linkage,
    Membership,
    PossibleMatch,
    SourceTrust,
    Verdict,
    Verified,
)
from entente.identify.moves import as_json, homes, move, one_at_a_time
from entente.identify.pure.clusters import cluster, ways_home
from entente.identify.pure.identifiers import email
from entente.identify.pure.keepers import NOBODY, keepers
from entente.identify.shown import show
from entente.ledger.models import Party
from entente.lib.distinct import distinct
from entente.warehouse.copy_in import copy_columns

LAW = "entente identity 1"
FEW = 10_000  # of so many at most, the database is asked by their numbers

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Likeness = Mapping[str, tuple[str, float]]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of records worth a word. left, right: (k,) parties; probability that both are one customer; weight: its bits;
    explain: rows of them -> how alike each field is, and the bits by which it speaks for them."""

    left: Ints
    right: Ints
    probability: Floats
    weight: Floats
    explain: Callable[[Ints], Sequence[Likeness]]

    def __len__(self) -> int:
        return len(self.left)


NO_PAIRS = Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), explain=lambda _: ())


def together(parts: Sequence[Pairs]) -> Pairs:
    """Those of several kinds of records, one after the other."""
    ends = np.cumsum([0, *map(len, parts)])

    def explained(some: Ints) -> Sequence[Likeness]:
        out: list[Likeness] = [{} for _ in some]
        for part, first, end in zip(parts, ends[:-1], ends[1:], strict=True):
            places = np.flatnonzero((some >= first) & (some < end))
            told = part.explain(some[places] - first) if len(places) else ()
            for place, each in zip(places.tolist(), told, strict=True):
                out[place] = each
        return out

    left, right, probability, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("left", "right", "probability", "weight")
    )
    return Pairs(left, right, probability, weight, explained)


@dataclass(frozen=True, eq=False)
class Standing:
    """Who is which customer now. parties: (n,) rising; customer: (n,); is_first: (n,) the customer began with this record."""

    parties: Ints
    customer: Ints
    is_first: NDArray[np.bool_]

    def rows(self, parties: Ints) -> Ints:
        """The place of each party, -1 where it is gone."""
        if not len(self.parties):
            return np.full(len(parties), -1)
        at = np.minimum(np.searchsorted(self.parties, parties), len(self.parties) - 1)
        return np.where(self.parties[at] == parties, at, -1)


def apply_links(linkage: Linkage, pairs: Pairs, *, judged: Ints | None = None) -> dict[str, int]:
    """Bring together what is sure, ask about what is doubtful, in the caller's transaction. Returns what changed, in numbers.

    judged: (n,) parties that were compared with all others, rising: what holds them together is judged anew. Every other record stays
    with those it is with. None: nobody is taken apart, and no customer is looked at but those of the pairs.
    """
    one_at_a_time()
    pairs = _without_erased(pairs)
    now = standing(None if judged is not None else np.union1d(pairs.left, pairs.right))
    left, right = now.rows(pairs.left), now.rows(pairs.right)
    is_there = (left >= 0) & (right >= 0)
    is_sure = is_there & (pairs.probability >= linkage.sure) & ~_only_claimed(pairs, linkage.sure)
    same, apart = _said(now)
    together = cluster(
        len(now.parties),
        left[is_sure],
        right[is_sure],
        pairs.weight[is_sure],
        same=np.concatenate([same, _held(now, judged)]),
        apart=apart,
    )
    to = keepers(together, now.customer, is_first=now.is_first, is_dear=_dear(now))
    parted = _find_homes(to, together, now)
    moved = np.flatnonzero(to != now.customer)
    _move(linkage, moved, to, together, now, pairs, np.flatnonzero(is_sure))
    asked = _ask(linkage, pairs, np.flatnonzero(is_there), to[left], to[right], to[apart], everybody=judged is not None)
    show(np.union1d(to[moved], now.customer[moved]))
    return {
        "records": len(now.parties),
        "customers": len(distinct(to)),
        "moved": len(moved),
        "parted": parted,
        "asked": asked,
    }


def _without_erased(pairs: Pairs) -> Pairs:
    """Without those of people who were erased while they were compared."""
    erased = Party.objects.exclude(erased_at=None)
    gone = np.fromiter(erased.values_list("id", flat=True).iterator(), np.int64)
    rows = np.flatnonzero(~np.isin(pairs.left, gone) & ~np.isin(pairs.right, gone))
    return Pairs(
        pairs.left[rows],
        pairs.right[rows],
        pairs.probability[rows],
        pairs.weight[rows],
        lambda some: pairs.explain(rows[some]),
    )


def standing(of: Ints | None = None) -> Standing:
    """Who is which customer: everybody, or all records of the customers of these parties."""
    some = (
        ""
        if of is None
        else f"""
        AND m.customer_id IN (SELECT customer_id FROM {Membership._meta.db_table} WHERE ended_at IS NULL AND party_id = ANY(%(of)s))
        """
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT coalesce(array_agg(m.party_id ORDER BY m.party_id), '{{}}'),
                   coalesce(array_agg(m.customer_id ORDER BY m.party_id), '{{}}'),
                   coalesce(array_agg(m.law = %(one)s ORDER BY m.party_id), '{{}}')
            FROM {Membership._meta.db_table} m WHERE m.ended_at IS NULL {some}
            """,
            {"one": ONE_RECORD, "of": [] if of is None else of.tolist()},
        )
        parties, customers, first = cursor.fetchone()
    return Standing(np.array(parties, np.int64), np.array(customers, np.int64), np.array(first, np.bool_))


def _said(now: Standing) -> tuple[Ints, Ints]:
    """(k, 2) rows of which people said that they are the same, and that they are not."""
    pairs = list(Verdict.objects.filter(withdrawn_at=None).order_by("id").values_list("left_id", "right_id", "is_same"))
    said = np.array(pairs, np.int64).reshape(-1, 3)
    rows = np.stack([now.rows(said[:, 0]), now.rows(said[:, 1])], axis=1)
    is_there = (rows >= 0).all(axis=1)
    return rows[is_there & (said[:, 2] == 1)], rows[is_there & (said[:, 2] == 0)]


def _held(now: Standing, judged: Ints | None) -> Ints:
    """(k, 2) rows that stay together: each record that was not judged, and the lowest other one of its customer."""
    _, first, of = np.unique(now.customer, return_index=True, return_inverse=True)
    rows = np.arange(len(now.parties))
    kept = rows if judged is None else rows[~np.isin(now.parties, judged)]
    kept = kept[first[of[kept]] != kept]
    return np.stack([first[of[kept]], kept], axis=1)


def _dear(now: Standing) -> NDArray[np.bool_]:
    """Whose customer is looked after by somebody."""
    dear = Customer.objects.filter(looked_after_by__isnull=False)
    if len(now.customer) <= FEW:
        dear = dear.filter(pk__in=np.unique(now.customer).tolist())
    return np.isin(now.customer, np.fromiter(dear.values_list("id", flat=True).iterator(), np.int64))


def _only_claimed(pairs: Pairs, sure: float) -> NDArray[np.bool_]:
    """(k,) pairs sure enough that hang on what somebody only claims to be, in a source where anybody may: unless a mailbox or telephone
    both records have is proved to be theirs."""
    held_back = np.zeros(len(pairs), np.bool_)
    sources = list(SourceTrust.objects.filter(is_claimed=True).values_list("source_id", flat=True))
    rows = np.flatnonzero(pairs.probability >= sure)
    if not sources or not len(rows):
        return held_back
    ends = np.union1d(pairs.left[rows], pairs.right[rows])
    of_sources = Party.objects.filter(source__in=sources)
    if len(ends) <= FEW:
        of_sources = of_sources.filter(pk__in=ends.tolist())
    claimed = np.fromiter(of_sources.values_list("id", flat=True).iterator(), np.int64)
    rows = rows[np.isin(pairs.left[rows], claimed) | np.isin(pairs.right[rows], claimed)]
    parties = np.union1d(pairs.left[rows], pairs.right[rows]).tolist()
    said = Party.objects.filter(pk__in=parties).values_list("id", "email", "phone_e164", "source_id")
    theirs = {party: {email(mail), phone} - {""} for party, mail, phone, _ in said}
    proved: dict[int, set[str]] = {}
    for party, value in Verified.objects.filter(party__in=parties).values_list("party_id", "value"):
        proved.setdefault(party, set()).add(value)
    for party, _, _, source in said:
        if source in sources:
            # What was proved counts as long as the record says so.
            theirs[party] &= proved.get(party, set())
    for row in rows.tolist():
        # Of two who only claim, both have to have proved it.
        a, b = int(pairs.left[row]), int(pairs.right[row])
        held_back[row] = not theirs.get(a, set()) & theirs.get(b, set())
    return held_back


def _find_homes(to: Ints, together: Ints, now: Standing) -> int:
    """Fills in who is left without a customer. Returns how many groups those are."""
    rows = np.flatnonzero(to == NOBODY)
    groups: dict[int, list[int]] = {}
    for row in rows.tolist():
        groups.setdefault(int(together[row]), []).append(row)
    found = homes([now.parties[own].tolist() for own in groups.values()])
    for home, own in zip(found, groups.values(), strict=True):
        to[own] = home
    return len(groups)


def _move(linkage: Linkage, moved: Ints, to: Ints, together: Ints, now: Standing, pairs: Pairs, sure: Ints) -> None:
    best = _best_of_each(pairs, sure, now.parties[moved])
    step = _steps(moved, to, now, pairs, sure)[moved]
    best = np.where(step >= 0, step, best)
    backed = np.flatnonzero(best >= 0)
    explanation: list[dict[str, Any]] = [{} for _ in moved]
    for row, pair, likeness in zip(
        backed.tolist(), best[backed].tolist(), pairs.explain(best[backed]) if len(backed) else (), strict=True
    ):
        other = pairs.left[pair] if pairs.right[pair] == now.parties[moved[row]] else pairs.right[pair]
        explanation[row] = {"with": int(other), "likeness": likeness}
    weight = np.ones(len(moved))
    weight[backed] = pairs.probability[best[backed]]
    records = np.bincount(together, minlength=len(together))[together]
    move(
        now.parties[moved],
        to[moved],
        weight=weight,
        explanation=explanation,
        law=[ONE_RECORD if count == 1 else LAW for count in records[moved].tolist()],
        at=timezone.now(),
        linkage=linkage,
    )


def _steps(moved: Ints, to: Ints, now: Standing, pairs: Pairs, sure: Ints) -> Ints:
    """(n,) for each record that moved the pair that brought it there, so that all of a customer together say why they are one; or -1."""
    left, right = now.rows(pairs.left[sure]), now.rows(pairs.right[sure])
    stays = np.ones(len(to), np.bool_)
    stays[moved] = False
    own = np.flatnonzero((to[left] == to[right]) & ~(stays[left] & stays[right]))
    found = ways_home(stays, left[own], right[own], pairs.weight[sure[own]])
    return np.where(found >= 0, sure[own][found] if len(own) else -1, -1)


def _best_of_each(pairs: Pairs, rows: Ints, parties: Ints) -> Ints:
    """(n,) for each party the weightiest of these pairs that it is in, or -1."""
    ends = np.concatenate([pairs.left[rows], pairs.right[rows]])
    pair = np.concatenate([rows, rows])
    order = np.lexsort((-pairs.weight[pair], ends))
    ends, pair = ends[order], pair[order]
    if not len(ends):
        return np.full(len(parties), -1)
    at = np.minimum(np.searchsorted(ends, parties), len(ends) - 1)
    return np.where(ends[at] == parties, pair[at], -1)


def _ask(linkage: Linkage, pairs: Pairs, rows: Ints, left: Ints, right: Ints, apart: Ints, *, everybody: bool) -> int:
    """Writes down of which pairs somebody has to be asked: the likeliest of any two customers. left, right: (k,) whose each pair's ends
    are now; apart: (m, 2) customers of whom somebody said that they are two. Returns how many."""
    rows = rows[(pairs.probability[rows] >= linkage.doubtful) & (left[rows] != right[rows])]
    both = np.sort(np.stack([left[rows], right[rows]], axis=1), axis=1)
    order = np.lexsort((-pairs.weight[rows], both[:, 1], both[:, 0]))
    rows, both = rows[order], both[order]
    known_apart = {(min(pair), max(pair)) for pair in apart.tolist()}
    chosen = [
        place
        for place, pair in enumerate(map(tuple, both.tolist()))
        if (place == 0 or tuple(both[place - 1].tolist()) != pair) and pair not in known_apart
    ]
    rows = rows[chosen]
    a, b = np.minimum(pairs.left[rows], pairs.right[rows]), np.maximum(pairs.left[rows], pairs.right[rows])
    told = pairs.explain(rows) if len(rows) else ()
    explanation = [{"with": other, "likeness": each} for other, each in zip(b.tolist(), told, strict=True)]
    table = PossibleMatch._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            'CREATE TEMP TABLE asked ("left" bigint, "right" bigint, probability float8, explanation jsonb) ON COMMIT DROP'
        )
        copy_columns(
            "asked",
            {"left": a, "right": b, "probability": pairs.probability[rows], "explanation": as_json(explanation)},
        )
        cursor.execute(f"DELETE FROM {table} q WHERE q.settled_by_id IS NULL AND ({STALE[everybody]})")
        cursor.execute(
            f"""
            INSERT INTO {table} AS q (left_id, right_id, probability, explanation, stake, linkage_id)
            SELECT "left", "right", probability, explanation, 0, %s FROM asked
            JOIN {Party._meta.db_table} l ON l.id = "left" JOIN {Party._meta.db_table} r ON r.id = "right"
            FOR KEY SHARE OF l, r
            ON CONFLICT (left_id, right_id) DO UPDATE
            SET probability = excluded.probability, explanation = excluded.explanation, linkage_id = excluded.linkage_id
            WHERE q.settled_by_id IS NULL
            """,
            [linkage.pk],
        )
        cursor.execute("DROP TABLE asked")
    return len(rows)


# What need not be asked any more: after a run over all whatever it does not ask; otherwise of records that have come together.
STALE = {
    True: 'NOT EXISTS (SELECT FROM asked WHERE asked."left" = q.left_id AND asked."right" = q.right_id)',
    False: f"""
    EXISTS (SELECT FROM {Membership._meta.db_table} l JOIN {Membership._meta.db_table} r ON r.customer_id = l.customer_id
            WHERE l.party_id = q.left_id AND r.party_id = q.right_id AND l.ended_at IS NULL AND r.ended_at IS NULL)
    """,
}
