"""Which records are one customer? The law of identity over all of them, put into force in one instant.

Until the transaction at the end nothing has changed: killed at any point, the last whole result stays in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from entente.identify.apply import LAW, Pairs, apply_links, together
from entente.identify.index import read_digests, write_index
from entente.identify.match import match_missing
from entente.identify.models import Linkage
from entente.identify.person import forget_stale_readings
from entente.identify.pure.linkage import DOUBTFUL, SURE, Linked, link
from entente.identify.pure.weights import as_data, explain
from entente.identify.records import Records, read_records
from entente.ledger.models import Erasure
from entente.lib.alone import alone
from entente.lib.errors import EntenteError
from entente.staff.models import User
from entente.warehouse.extract import extract

LOCK = 7_203_003
SEED = 20_261_122  # the same records give the same weights
MOST_TOLD = 50  # values and keys a run says it ignored
MEMORY = "2GB"

Ints = NDArray[np.int64]
Progress = Callable[[str, float, float | None], None]


class AlreadyLinking(EntenteError):
    """Somebody else's run over the records has not finished."""


@contextmanager
def linking() -> Iterator[None]:
    """One run at a time. Raises AlreadyLinking."""
    with alone(LOCK) as is_ours:
        if not is_ours:
            raise AlreadyLinking(_("Records are being linked already. Wait for it to finish."))
        yield


def link_all(
    *, by: User | None = None, sure: float = SURE, doubtful: float = DOUBTFUL, progress: Progress = lambda *_: None
) -> Linkage:
    """Compare all records with all others, learn the weights anew, and put the result into force. Returns the run, done.

    sure, doubtful: from which probability on records are put together, and somebody is asked. Raises AlreadyLinking; whatever else
    goes wrong stands in the run's `error` as well.
    """
    with linking():
        match_missing(progress=progress)
        Linkage.objects.filter(state=Linkage.State.RUNNING).update(state=Linkage.State.FAILED, error=_("Interrupted."))
        run = Linkage.objects.create(law=LAW, sure=sure, doubtful=doubtful, by=by, started_at=timezone.now())
        try:
            _work(run, progress)
        except Exception as error:
            with suppress(InterfaceError, OperationalError):
                Linkage.objects.filter(pk=run.pk).update(
                    state=Linkage.State.FAILED, error=str(error)[:2000], finished_at=timezone.now()
                )
            raise
    return run


def find_pairs(
    records: Mapping[str, Records], *, doubtful: float = DOUBTFUL, progress: Progress = lambda *_: None
) -> tuple[dict[str, Linked], Pairs]:
    """The law over these records: what it found by kind, and the pairs that are at least doubtful, of all kinds together."""
    found = {}
    for kind, own in records.items():
        rng = np.random.default_rng(SEED)
        found[kind] = link(
            own.readings.columns, own.fields, own.rules, rng, progress=lambda step: progress(step, 0, None)
        )
    return found, together([_pairs(records[kind], linked, doubtful) for kind, linked in found.items()])


def _work(run: Linkage, progress: Progress) -> None:
    progress("Reading records", 0, None)
    erased = _erasures()
    digests = read_digests()
    with extract(memory=MEMORY) as columns:
        records = read_records(columns)
    found, pairs = find_pairs(records, doubtful=run.doubtful, progress=progress)
    progress("Putting into force", 0, None)
    with transaction.atomic():
        judged = np.sort(np.concatenate([own.parties for own in records.values()]))
        counts = apply_links(run, pairs, judged=judged)
        write_index(records, digests)
        forget_stale_readings()
        run.weights = {kind: as_data(linked.weights) for kind, linked in found.items()}
        # Of somebody erased meanwhile nothing is told again.
        run.ignored = _ignored(records) if _erasures() == erased else []
        run.crowded = [
            [kind, rule, keys, held]
            for kind, linked in found.items()
            for rule, (keys, held) in linked.blocked.crowded.items()
        ]
        run.counts = counts | {"pairs": int(sum(len(linked.blocked.left) for linked in found.values()))}
        run.state, run.finished_at = Linkage.State.DONE, timezone.now()
        run.save()


def _erasures() -> int | None:
    return Erasure.objects.aggregate(Max("id"))["id__max"]


def _ignored(records: Mapping[str, Records]) -> list[list[Any]]:
    """[kind, field, value, records] of what too many hold, the most first."""
    told = [(kind, *each) for kind, own in records.items() for each in own.readings.ignored]
    return [list(each) for each in sorted(told, key=lambda each: -each[3])[:MOST_TOLD]]


def _pairs(records: Records, linked: Linked, doubtful: float) -> Pairs:
    rows = np.flatnonzero(linked.judged.same >= doubtful)
    left = linked.blocked.left[rows]

    def explained(some: Ints) -> Sequence[Mapping[str, tuple[str, float]]]:
        return explain(linked.weights, records.readings.columns, linked.levels[rows[some]], left[some])

    return Pairs(
        records.parties[left],
        records.parties[linked.blocked.right[rows]],
        linked.judged.same[rows],
        linked.judged.weight[rows],
        explained,
    )
