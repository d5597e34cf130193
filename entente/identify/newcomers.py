"""Who came since the last run over all records: compared with everybody through the index, weighed with what that run learned.

Records are brought together here, never taken apart: that, and learning anew, is for the run over all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from numpy.typing import NDArray

from entente.identify.index import mark_crowded, not_indexed, update_index
from entente.identify.index_models import Reading
from entente.identify.lookup import held_by, rows_of, weigh, weights_in_force
from entente.identify.match import match_some
from entente.identify.models import Linkage, Membership, PossibleMatch, SourceTrust, Verdict
from entente.identify.pure.blocking import MOST_TOGETHER
from entente.identify.pure.clusters import cluster
from entente.identify.pure.live import rule_keys
from entente.identify.pure.weights import Weights, explain
from entente.identify.records import Records
from entente.ledger.models import Party
from entente.staff.models import User

Ints = NDArray[np.int64]
MOST_NEW = 50_000  # of more, a run over all is the shorter way
HELD_TOGETHER = 1e6  # records that are one customer by now are joined before any new pair

# Every key finds one more than would be paired: a key that does is crowded.
_SHARING = f"""
SELECT asked.key, r.party_id FROM unnest(%s::bigint[]) AS asked(key)
CROSS JOIN LATERAL (SELECT party_id FROM {Reading._meta.db_table} WHERE keys @> ARRAY[asked.key] LIMIT {MOST_TOGETHER + 1}) r
"""


@dataclass
class Pairs:
    """Pairs worth a word, by party: the older record left."""

    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    likeness: list[dict[str, tuple[str, float]]] = field(default_factory=list)


def link_new(
    *, by: User | None = None, progress: Callable[[str, float, float | None], None] = lambda *_: None
) -> Linkage | None:
    """Link the records that came, or changed, since they were read last. None where there are none, and where only a run over all can
    tell: none has been yet, or more than MOST_NEW came."""
    started_at = timezone.now()
    run = Linkage.objects.filter(scope=Linkage.Scope.ALL, state=Linkage.State.DONE).order_by("-id").first()
    parties = not_indexed(MOST_NEW + 1) if run else []
    if run is None or not parties or len(parties) > MOST_NEW:
        return None
    weights = weights_in_force()
    with transaction.atomic():
        match_some(parties)
        progress("Reading new records", len(parties), None)
        records = update_index(parties)
        progress("Comparing them with all", len(parties), None)
        found = Pairs()
        for kind, own in records.items():
            _pair(own, weights[kind], run.doubtful, found)
        made = Linkage.objects.create(
            scope=Linkage.Scope.NEW, law=run.law, sure=run.sure, doubtful=run.doubtful, by=by, started_at=started_at
        )
        progress("Bringing records together", len(found.left), None)
        joined, asked = _apply(made, found)
        made.counts = {"records": len(parties), "joined": joined, "asked": asked}
        made.state, made.finished_at = Linkage.State.DONE, timezone.now()
        made.save(update_fields=["counts", "state", "finished_at"])
    return made


def _pair(records: Records, weights: Weights, doubtful: float, found: Pairs) -> None:
    """Adds the pairs of one kind that are at least doubtful."""
    keys = rule_keys(records.kind, records.rules, records.readings.columns)
    pairs = _sharing(keys, records.parties)
    if not len(pairs):
        return
    rows = rows_of(np.unique(pairs).tolist(), records.kind)
    place = {row.party: number for number, row in enumerate(rows)}
    known = np.array([[place.get(party, -1) for party in pair] for pair in pairs.tolist()], np.int32)
    known = known[(known >= 0).all(axis=1)]
    left, right = known[:, 0].copy(), known[:, 1].copy()
    weighed = weigh(records.kind, weights, [row.texts for row in rows], left, right)
    likely = np.flatnonzero(weighed.judged.same >= doubtful)
    found.left += [rows[at].party for at in left[likely].tolist()]
    found.right += [rows[at].party for at in right[likely].tolist()]
    found.probability += weighed.judged.same[likely].tolist()
    found.weight += weighed.judged.weight[likely].tolist()
    found.likeness += explain(weights, weighed.rarity, weighed.levels[likely], left[likely])


def _sharing(keys: Ints, parties: Ints) -> Ints:
    """(k, 2) each of these parties and another one that shares a key with it, the lower first, each pair once."""
    asked = np.unique(keys[keys != 0])
    asked = asked[~np.isin(asked, list(held_by(asked.tolist())))]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(_SHARING, [asked.tolist()])
        rows = np.array(cursor.fetchall(), np.int64).reshape(-1, 2)
        cursor.execute("SET LOCAL enable_seqscan = on")
    shared, size = np.unique(rows[:, 0], return_counts=True)
    many = shared[size > MOST_TOGETHER]
    mark_crowded(dict.fromkeys(many.tolist(), MOST_TOGETHER + 1))
    rows = rows[~np.isin(rows[:, 0], many)]
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    mine, of = np.nonzero(np.isin(keys, rows[:, 0]))
    key = keys[mine, of]
    first, last = np.searchsorted(rows[:, 0], key), np.searchsorted(rows[:, 0], key, side="right")
    times = last - first
    a = np.repeat(parties[mine], times)
    b = rows[np.repeat(first, times) + np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times), 1]
    both = np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1)[a != b]
    return np.unique(both, axis=0) if len(both) else both


def _apply(made: Linkage, found: Pairs) -> tuple[int, int]:
    """Bring together what is sure, and ask about the rest. Returns how many records went to another customer, and how many pairs are
    asked about."""
    members = _members(found)
    claimed = _claimed(list(members))
    sure = [
        place
        for place, (a, b) in enumerate(zip(found.left, found.right, strict=True))
        if found.probability[place] >= made.sure and not {a, b} & claimed
    ]
    said = _verdicts(list(members))
    moves = _moves(_groups(found, sure, members, said), members)
    best: dict[int, int] = {}
    for place in sorted(sure, key=lambda at: found.weight[at]):
        best[found.left[place]] = best[found.right[place]] = place
    Membership.objects.filter(party__in=list(moves), ended_at=None).update(ended_at=made.started_at)
    Membership.objects.bulk_create(
        [
            Membership(
                party_id=party,
                customer_id=customer,
                law=made.law,
                linkage=made,
                **_evidence(found, best.get(party), party),
            )
            for party, customer in moves.items()
        ],
        batch_size=5_000,
    )
    now = {party: moves.get(party, customer) for party, customer in members.items()}
    doubted = [
        PossibleMatch(left_id=a, right_id=b, linkage=made, **_evidence(found, place, b, key="probability"))
        for place, (a, b) in enumerate(zip(found.left, found.right, strict=True))
        if now[a] != now[b] and (a, b) not in said
    ]
    PossibleMatch.objects.bulk_create(doubted, ignore_conflicts=True, batch_size=5_000)
    return len(moves), len(doubted)


def _evidence(found: Pairs, place: int | None, party: int, key: str = "weight") -> dict[str, Any]:
    if place is None:
        return {}
    other = found.left[place] if found.right[place] == party else found.right[place]
    return {key: found.probability[place], "explanation": {"with": other, "likeness": found.likeness[place]}}


def _members(found: Pairs) -> dict[int, int]:
    """party: customer, of all records of all customers that a pair touches."""
    touched = sorted({*found.left, *found.right})
    current = Membership.objects.filter(ended_at=None)
    customers = set(current.filter(party__in=touched).values_list("customer_id", flat=True))
    return dict(current.filter(customer__in=customers).values_list("party_id", "customer_id"))


def _claimed(parties: Sequence[int]) -> set[int]:
    """Of whom anybody may have written who they are: never brought together without asking."""
    sources = SourceTrust.objects.filter(is_claimed=True).values("source_id")
    return set(Party.objects.filter(pk__in=parties, source__in=sources).values_list("id", flat=True))


def _verdicts(parties: Sequence[int]) -> dict[tuple[int, int], bool]:
    """What people said of pairs of these records, and nobody took back: are they the same?"""
    standing = Verdict.objects.filter(withdrawn_at=None, left__in=parties, right__in=parties)
    return {(a, b): is_same for a, b, is_same in standing.values_list("left_id", "right_id", "is_same")}


def _groups(
    found: Pairs, sure: Sequence[int], members: Mapping[int, int], said: Mapping[tuple[int, int], bool]
) -> dict[int, list[int]]:
    """The records that belong together, by the lowest of them: one customer's as before, and what is sure now."""
    parties = sorted(members)
    place = {party: number for number, party in enumerate(parties)}
    first: dict[int, int] = {}
    edges = [(first.setdefault(members[party], party), party, HELD_TOGETHER) for party in parties]
    edges += [(found.left[at], found.right[at], found.weight[at]) for at in sure]
    left, right, weight = zip(*edges, strict=True) if edges else ((), (), ())
    pairs = {
        same: np.array([(place[a], place[b]) for (a, b), is_same in said.items() if is_same == same], np.int64)
        for same in (True, False)
    }
    of = cluster(
        len(parties),
        np.array([place[party] for party in left], np.int64),
        np.array([place[party] for party in right], np.int64),
        np.array(weight, np.float64),
        same=pairs[True].reshape(-1, 2),
        apart=pairs[False].reshape(-1, 2),
    )
    groups: dict[int, list[int]] = {}
    for number, root in enumerate(of.tolist()):
        groups.setdefault(parties[root], []).append(parties[number])
    return groups


def _moves(groups: Mapping[int, list[int]], members: Mapping[int, int]) -> dict[int, int]:
    """party: the customer it goes to, where that is another one: the oldest of those that come together stays."""
    moves: dict[int, int] = {}
    for own in groups.values():
        oldest = min(members[party] for party in own)
        moves |= {party: oldest for party in own if members[party] != oldest}
    return moves
