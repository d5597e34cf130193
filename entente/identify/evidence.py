"""What holds records together: what people said of them, and what the law saw in them as far as it has not judged otherwise since."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, pairwise
from typing import Any

import numpy as np
from django.db.models import Q

from entente.identify.models import BY_HAND, Membership, Verdict
from entente.identify.pure.clusters import cluster
from entente.ledger.models import Party

# Two records, the lower first.
Pair = tuple[int, int]


@dataclass(frozen=True)
class Reason:
    """A likeness that put a record where another was. law, weight, likeness: as in a membership."""

    pair: Pair
    law: str
    weight: float
    likeness: Any
    at: datetime

    def other(self, party: int) -> int:
        return self.pair[0] if party == self.pair[1] else self.pair[1]


@dataclass(frozen=True)
class Evidence:
    """together: record -> a number of those it is held together with. reasons: record -> the latest likeness it takes part in.
    by_law: record -> the customer the law saw it as at last."""

    together: dict[int, int]
    reasons: dict[int, Reason]
    by_law: dict[int, int]


@dataclass(frozen=True)
class _Step:
    """A membership of a record."""

    at: datetime
    customer: int
    is_by_law: bool
    reason: Reason | None


def pair_of(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)


def evidence_among(
    parties: Sequence[int], *, freed: Collection[Pair] = (), back: Iterable[Sequence[int]] = ()
) -> Evidence:
    """What holds these records together. freed: pairs of which somebody just took back that they are not the same: that the law left them
    apart meanwhile says nothing. back: records that come together again if nothing stands against it. Of somebody erased nothing is
    known that would hold them to others.
    """
    place = {party: row for row, party in enumerate(parties)}
    touched = Q(left__in=parties) | Q(right__in=parties)
    said = {(each.left_id, each.right_id): each for each in Verdict.objects.filter(touched, withdrawn_at=None)}
    path = _path(parties)
    away = {other for steps in path.values() for step in steps if step.reason for other in step.reason.pair}
    path |= _path({*away, *chain.from_iterable(said)} - path.keys())
    erased = set(Party.objects.filter(pk__in=parties).exclude(erased_at=None).values_list("id", flat=True))

    def may_be(pair: Pair) -> bool:
        return pair[0] in place and pair[1] in place and (pair[0] in erased) == (pair[1] in erased)

    apart = {pair: each for pair, each in said.items() if not each.is_same}
    every = [step.reason for steps in path.values() for step in steps if step.reason is not None]
    reasons = [
        each
        for each in every
        if may_be(each.pair) and (each.pair in freed or not _were_parted(path, each.pair, each.at))
    ]
    bridged = [pair for pair, at in _bridged(every, apart, place) if may_be(pair) and not _were_parted(path, pair, at)]
    again = [pair for those in back for pair in pairwise(those) if may_be(pair)]

    def rows(pairs: Iterable[Pair]) -> np.ndarray[Any, np.dtype[np.int64]]:
        return np.array([(place[a], place[b]) for a, b in pairs], np.int64).reshape(-1, 2)

    edges = rows([*(each.pair for each in reasons), *bridged, *again])
    same = rows(pair for pair, each in said.items() if each.is_same and may_be(pair))
    kept_apart = rows(pair for pair in apart if pair[0] in place and pair[1] in place)
    weight = np.ones(len(edges))
    of = cluster(len(parties), edges[:, 0], edges[:, 1], weight, same=same, apart=kept_apart)
    latest = {party: each for each in sorted(reasons, key=lambda each: each.at) for party in each.pair}
    by_law = {party: step.customer for party in parties for step in path.get(party, ()) if step.is_by_law}
    return Evidence(dict(zip(parties, of.tolist(), strict=True)), latest, by_law)


def _path(parties: Collection[int]) -> dict[int, list[_Step]]:
    """record: whose it was, from the first to the last."""
    if not parties:
        return {}
    path: dict[int, list[_Step]] = {}
    rows = Membership.objects.filter(party__in=parties).order_by("made_at", "id")
    for row in rows.values("party_id", "customer_id", "made_at", "law", "weight", "explanation", "by_id", "verdict_id"):
        party, other, at = row["party_id"], row["explanation"].get("with", 0), row["made_at"]
        is_by_law = row["by_id"] is None and row["verdict_id"] is None and row["law"] != BY_HAND
        likeness = row["explanation"].get("likeness", {})
        reason = Reason(pair_of(party, other), row["law"], row["weight"], likeness, at) if other else None
        path.setdefault(party, []).append(_Step(at, row["customer_id"], is_by_law, reason))
    return path


def _were_parted(path: Mapping[int, Sequence[_Step]], pair: Pair, since: datetime) -> bool:
    """The law put the two into different customers after that."""
    return any(
        step.is_by_law and step.at > since and _at(path[other], step.at) != step.customer
        for one, other in (pair, pair[::-1])
        for step in path[one]
    )


def _at(steps: Sequence[_Step], at: datetime) -> int | None:
    """Whose the record was at that moment."""
    place = bisect_right(steps, at, key=lambda step: step.at)
    return steps[place - 1].customer if place else None


def _bridged(
    every: Iterable[Reason], apart: Mapping[Pair, Verdict], parties: Collection[int]
) -> Iterator[tuple[Pair, datetime]]:
    """Records that were alike to one that was taken out since, or is not here any more: that one was somebody else, they are still one."""
    like: dict[tuple[int, int], list[tuple[int, datetime]]] = {}
    for each in every:
        verdict = apart.get(each.pair)
        was_said = verdict is not None and verdict.made_at >= each.at
        breath, at = (verdict.together_with_id or verdict.pk, verdict.made_at) if verdict and was_said else (0, each.at)
        for one in each.pair:
            if was_said or one not in parties:
                like.setdefault((breath, one), []).append((each.other(one), at))
    for alike in like.values():
        for (one, since), (other, at) in pairwise(alike):
            if one != other:
                yield pair_of(one, other), max(since, at)
