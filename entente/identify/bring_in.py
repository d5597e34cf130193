"""Files of every kind into the ledger, those of relations among them; and whom they brought, recognised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from entente.identify.match import match_new
from entente.identify.recognise import recognise
from entente.identify.relations_import import NotRelations, reader_of, weigh, work_of
from entente.ledger.dry_run import SHOWN_REFUSED, DryRun, shown_refused
from entente.ledger.dry_run import dry_run as ledger_dry_run
from entente.ledger.kinds import tally_notes
from entente.ledger.mapping import Mapping
from entente.ledger.models import Import, Source
from entente.ledger.our_firm import make_firm_of_orders
from entente.ledger.prepare import Prepared, prepare
from entente.ledger.pure.relations import RELATIONS
from entente.ledger.readers.table import Chunk
from entente.ledger.record import CHUNK_ROWS, Progress, run_import
from entente.ledger.survey import chunks

SHOWN_FIRST = 10


def bring_in(
    import_id: int,
    *,
    progress: Callable[[Progress], None] | None = None,
    matching: Callable[[str, float, float | None], None] = lambda *_: None,
) -> Import:
    """Record an import that was opened, or the rest of it, and recognise whom it brought. Raises what `run_import` raises.

    matching: told how far the recognising is.
    """
    if Import.objects.filter(pk=import_id, kind=RELATIONS.name).exists():
        # Who stands above whom is told by customers, so everybody is recognised first.
        match_new(progress=matching)
        return run_import(import_id, progress=progress, work_of=work_of)
    imported = run_import(import_id, progress=progress)
    make_firm_of_orders()
    recognise(progress=matching)
    return imported


def dry_run(
    path: Path,
    mapping: Mapping,
    *,
    source_name: str = "",
    rows: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> DryRun:
    """What `bring_in` would do; nothing is written. rows: only about so many of them. Raises what `ledger.dry_run` raises, and
    NotRelations."""
    if mapping.kind != RELATIONS.name:
        return ledger_dry_run(path, mapping, source_name=source_name, rows=rows, progress=progress)
    prepared = prepare(path, mapping, today=timezone.now().date())
    if prepared.questions:
        return DryRun(prepared.questions, prepared.notes, prepared.mapping)
    assert prepared.layout is not None
    source = Source.objects.filter(name=source_name or mapping.source or mapping.kind).first()
    if source is None:
        raise NotRelations(f"There is no source {source_name!r}. Import its orders or parties first.")
    tried = _Tried(prepared, Import(source=source, kind=mapping.kind))
    size = min(CHUNK_ROWS, rows) if rows else CHUNK_ROWS
    found = chunks(path, prepared.layout, sorted(set(tried.reader.places.values())), size)
    for chunk in islice(found, 1) if rows else found:
        tried.add(chunk)
        if progress:
            counts = tried.counts
            progress(Progress(counts["rows"], prepared.rows_about, counts["facts"], counts["known"], counts["refused"]))
    return tried.result()


class _Tried:
    """What relations of a file would be; each chunk is compared with what stands by itself."""

    def __init__(self, prepared: Prepared, witness: Import) -> None:
        self.reader = reader_of(prepared, timezone.now().date())
        self.counts = dict.fromkeys(("rows", "facts", "known", "refused", "new", "changed"), 0)
        self._prepared, self._witness = prepared, witness
        self._first: list[dict[str, Any]] = []
        self._refused: list[dict[str, Any]] = []
        self._reasons: Counter[str] = Counter()

    def add(self, chunk: Chunk) -> None:
        good, bad, values = self.reader.rows_of(chunk)
        with transaction.atomic():
            weighed = weigh(good, self._witness, currency=self._prepared.mapping.read.currency)
        bad = bad + weighed.bad(chunk.row, self.reader.form.column_name)
        values = values + [why.value for _row, why in weighed.refused]
        self._reasons.update(row.reason for row in bad)
        self._refused += shown_refused(bad[: SHOWN_REFUSED - len(self._refused)], values)
        self._first += [{"line": row.line, **row.said} for row in good[: SHOWN_FIRST - len(self._first)]]
        new, changed = len(weighed.fresh), len(weighed.ended)
        known = len(good) - len(weighed.refused) - new - changed
        found = (chunk.read, new + changed, known, len(bad), new, changed)
        for name, more in zip(self.counts, found, strict=True):
            self.counts[name] += more

    def result(self) -> DryRun:
        return DryRun(
            [], [*self._prepared.notes, *tally_notes(self.reader.tally)], self._prepared.mapping, self.counts,
            first=self._first, refused=self._refused, reasons=dict(self._reasons),
        )  # fmt: skip
