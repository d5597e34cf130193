"""Who came since the last run over all records: compared with everybody through the index, weighed with what that run learned.

Records are brought together here, never taken apart: that, and learning anew, is for the run over all.
"""

from __future__ import annotations

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from entente.identify.apply import NO_PAIRS, Pairs, apply_links, together
from entente.identify.index import mark_crowded, not_indexed, update_index
from entente.identify.index_models import Reading
from entente.identify.link import Progress, linking
from entente.identify.lookup import held_by, rows_of, weigh, weights_in_force
from entente.identify.match import match_some
from entente.identify.models import Linkage
from entente.identify.pure.blocking import MOST_TOGETHER
from entente.identify.pure.live import rule_keys
from entente.identify.pure.weights import Weights, explain
from entente.identify.records import Records
from entente.lib.distinct import distinct
from entente.lib.errors import EntenteError
from entente.staff.models import User

Ints = NDArray[np.int64]
MOST_NEW = 50_000  # of more, a run over all is the shorter way
A_SHARE, A_FEW = 10, 20  # of more than a tenth of all, what was learned is no guide; a few may come anywhere

# Every key finds one more than would be paired: a key that does is crowded.
_SHARING = f"""
SELECT asked.key, r.party_id FROM unnest(%s::bigint[]) AS asked(key)
CROSS JOIN LATERAL (SELECT party_id FROM {Reading._meta.db_table} WHERE keys @> ARRAY[asked.key] LIMIT {MOST_TOGETHER + 1}) r
"""


class OnlyAllCanTell(EntenteError):
    """No run over all records has been yet, or too many came since: what it learned is no guide."""


def link_new(*, by: User | None = None, progress: Progress = lambda *_: None) -> Linkage | None:
    """Link the records that came, or changed, since they were read last. None where there are none.

    Raises OnlyAllCanTell and AlreadyLinking.
    """
    with linking():
        started_at = timezone.now()
        last = last_of_all()
        most = min(MOST_NEW, max(Reading.objects.count() // A_SHARE, A_FEW))
        parties = not_indexed(most + 1) if last else []
        if last is None or len(parties) > most:
            raise OnlyAllCanTell(
                _("Too many records came since the last run over all of them. Run: entente identify run")
            )
        if not parties:
            return None
        weights = weights_in_force()
        with transaction.atomic():
            match_some(parties)
            progress("Reading new records", len(parties), None)
            records = update_index(parties)
            progress("Comparing them with all", len(parties), None)
            pairs = together([_pairs(own, weights[kind], last.doubtful) for kind, own in records.items()])
            made = Linkage.objects.create(
                scope=Linkage.Scope.NEW,
                law=last.law,
                sure=last.sure,
                doubtful=last.doubtful,
                by=by,
                started_at=started_at,
            )
            progress("Bringing records together", len(pairs), None)
            made.counts = apply_links(made, pairs) | {"records": len(parties)}
            made.state, made.finished_at = Linkage.State.DONE, timezone.now()
            made.save(update_fields=["counts", "state", "finished_at"])
        return made


def last_of_all() -> Linkage | None:
    """The last run over all records that came into force."""
    return Linkage.objects.filter(scope=Linkage.Scope.ALL, state=Linkage.State.DONE).order_by("-id").first()


def _pairs(records: Records, weights: Weights, doubtful: float) -> Pairs:
    """The pairs of one kind that are at least doubtful."""
    keys = rule_keys(records.kind, records.rules, records.readings.columns)
    shared = _sharing(keys, records.parties)
    rows = rows_of(distinct(shared).tolist(), records.kind)
    if not rows:
        return NO_PAIRS
    number = np.array([row.party for row in rows], np.int64)
    known = shared[np.isin(shared, number).all(axis=1)]
    left, right = (np.searchsorted(number, known[:, side]).astype(np.int32) for side in (0, 1))
    weighed = weigh(records.kind, weights, [row.texts for row in rows], left, right)
    likely = np.flatnonzero(weighed.judged.same >= doubtful)
    return Pairs(
        number[left[likely]],
        number[right[likely]],
        weighed.judged.same[likely],
        weighed.judged.weight[likely],
        lambda some: explain(weights, weighed.rarity, weighed.levels[likely[some]], left[likely[some]]),
    )


def _sharing(keys: Ints, parties: Ints) -> Ints:
    """(k, 2) each of these parties and another one that shares a key with it, the lower first, each pair once."""
    asked = distinct(keys[keys != 0])
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
