"""What would an import do? The whole file is read, nothing is written."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.utils import timezone

from entente.ledger.ahead import ahead
from entente.ledger.dealing_recording import DealingRecorder
from entente.ledger.dealing_rows import NOTHING, DealingReader, DealingRows
from entente.ledger.facts import CHARGE, RETURN, SALE, Facts, Reader
from entente.ledger.kinds import dealing_notes, dealing_reader_of, party_notes, party_reader_of, reader_of
from entente.ledger.mapping import Mapping
from entente.ledger.models import Source
from entente.ledger.party_recording import PartyRecorder
from entente.ledger.party_rows import PartyRows
from entente.ledger.prepare import Prepared, prepare
from entente.ledger.pure import dates, numbers
from entente.ledger.pure.questions import Question
from entente.ledger.record import CHUNK_ROWS, Progress
from entente.ledger.staging import queries
from entente.ledger.survey import chunks
from entente.ledger.twins import Twins

SHOWN_REFUSED = 50
_ESCAPED = re.compile(r"\\(.)")
_KINDS = {SALE: "sale", RETURN: "return", CHARGE: "charge"}


@dataclass(frozen=True)
class DryRun:
    """counts: rows, facts, known, refused; of orders also orders, customers, products, anonymous; of all others new, changed.

    totals: currency -> amount, of orders.
    first: the first rows as they would be recorded. refused: the first refused rows. reasons: how many rows for each reason.
    With questions nothing has been read.
    """

    questions: list[Question]
    notes: list[dict[str, Any]]
    mapping: Mapping
    counts: dict[str, int] = field(default_factory=dict)
    totals: dict[str, Decimal] = field(default_factory=dict)
    days: tuple[str, str] | None = None
    first: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)


def dry_run(
    path: Path,
    mapping: Mapping,
    *,
    source_name: str = "",
    rows: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> DryRun:
    """Read the file as `run_import` would. rows: only about so many of them, for a preview.

    Orders that turn out to belong to another customer are found only by the import itself.
    Raises WrongMapping, UnreadableFile.
    """
    today = timezone.now().date()
    prepared = prepare(path, mapping, today=today)
    if prepared.questions:
        return DryRun(prepared.questions, prepared.notes, prepared.mapping)
    source = Source.objects.filter(name=source_name or mapping.source or mapping.kind).first()
    if mapping.kind != "orders":
        return _weighed(path, prepared, _Weighing(prepared, source.pk if source else 0), rows, progress)
    reader = reader_of(prepared, source.pk if source else 0, today)
    count = _Count(reader)
    for facts, keys, bad, values, read in ahead(_facts(path, prepared, reader, rows)):
        count.add(facts, _known(keys) if source else 0, read)
        count.add_refused(bad, values)
        if progress:
            progress(Progress(count.rows, prepared.rows_about, count.facts, count.known, sum(count.reasons.values())))
    return count.result(prepared)


class _Weighing:
    """What differs between parties and dealings: how rows are read, weighed against the ledger, spoken of and shown."""

    def __init__(self, prepared: Prepared, source: int) -> None:
        kind, today = prepared.mapping.kind, timezone.now().date()
        self.reader: Any
        self.recorder: Any
        self.notes: Callable[..., list[dict[str, Any]]]
        self.shown: Callable[..., dict[str, Any]]
        if kind == "parties":
            self.reader = party_reader_of(prepared, today)
            self.recorder = PartyRecorder(source, 0, self.reader.fields)
            self.notes, self.shown = party_notes, _shown_party
        else:
            self.reader = dealing_reader_of(prepared, today)
            self.recorder = DealingRecorder(kind, source, 0, self.reader.fields)
            self.notes, self.shown = dealing_notes, _shown_dealing

    def close(self) -> None:
        if isinstance(self.reader, DealingReader):
            self.reader.close()


def _weighed(
    path: Path, prepared: Prepared, how: _Weighing, rows: int | None, progress: Callable[[Progress], None] | None
) -> DryRun:
    """Each chunk is compared with the ledger by itself: a number that comes again further down is counted again."""
    assert prepared.layout is not None
    reader = how.reader
    counts = dict.fromkeys(("rows", "facts", "known", "refused", "new", "changed"), 0)
    reasons: Counter[str] = Counter()
    first: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    found = chunks(
        path, prepared.layout, sorted(set(reader.places.values())), min(CHUNK_ROWS, rows) if rows else CHUNK_ROWS
    )
    try:
        for chunk in islice(found, 1) if rows else found:
            words, bad, values = reader.rows_of(chunk)
            with transaction.atomic():
                news = how.recorder.weigh(words)
            for name, more in (("rows", chunk.read), ("facts", news.versions), ("known", news.rows - news.versions),
                               ("refused", len(bad)), ("new", news.new), ("changed", news.changed)):  # fmt: skip
                counts[name] += more
            reasons.update(row.reason for row in bad)
            refused += shown_refused(bad[: SHOWN_REFUSED - len(refused)], values)
            first += [how.shown(words, row, reader.fields) for row in range(min(10 - len(first), len(words.lines)))]
            if progress:
                progress(
                    Progress(counts["rows"], prepared.rows_about, counts["facts"], counts["known"], counts["refused"])
                )
    finally:
        how.close()
    notes = [*prepared.notes, *how.notes(reader)]
    return DryRun([], notes, prepared.mapping, counts, first=first, refused=refused, reasons=dict(reasons))


def _shown_party(words: PartyRows, row: int, fields: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: words.columns[name][row] or "" for name in ("key", *fields)}
    for name in ("identifiers", "attributes"):
        if name in said:
            said[name] = {key: value for key, value in json.loads(said[name]).items() if value}
    return {"line": words.lines[row], **said}


def _shown_dealing(words: DealingRows, row: int, fields: list[str]) -> dict[str, Any]:
    said: dict[str, Any] = {name: texts[row] for name, texts in words.columns.items()}
    for name, text in said.items():
        said[name] = "" if text == NOTHING else _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
    for name in ("amount", "quantity"):
        if said.get(name):
            said[name] = Decimal(said[name])
    return {"line": words.lines[row], **said}


def shown_refused(bad: list[Any], values: list[str]) -> list[dict[str, Any]]:
    return [
        {"line": row.line, "column": row.column, "value": value, "reason": row.reason, "row": row.row}
        for row, value in zip(bad, values, strict=False)
    ]


def _facts(path: Path, prepared: Prepared, reader: Reader, rows: int | None) -> Any:
    assert prepared.layout is not None
    twins = Twins()
    size = min(CHUNK_ROWS, rows) if rows else CHUNK_ROWS
    found = chunks(path, prepared.layout, sorted(set(reader.places.values())), size)
    try:
        for chunk in islice(found, 1) if rows else found:
            facts, bad, values = reader.facts_of(chunk)
            yield facts, twins.keys_of(facts.lanes, facts.key_day), bad, values, chunk.read
    finally:
        twins.close()


def _known(keys: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(queries("record")["known_facts"], {"keys": [UUID(bytes=key.tobytes()) for key in keys]})
        return int(cursor.fetchone()[0])


class _Count:
    """Adds the chunks up."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.rows = self.facts = self.known = self.anonymous = 0
        self.reasons: Counter[str] = Counter()
        self.refused: list[dict[str, Any]] = []
        self.first: list[dict[str, Any]] = []
        self._distinct: dict[str, set[int]] = {"orders": set(), "customers": set(), "products": set()}
        self._totals: Counter[str] = Counter()
        self._days: list[int] = []

    def add(self, facts: Facts, known: int, read: int) -> None:
        self.rows += read
        self.facts += len(facts.rows) - known
        self.known += known
        self.anonymous += int((facts.party < 0).sum())
        for name, texts, places in (
            ("orders", facts.orders, facts.order),
            ("customers", facts.customers, facts.party),
            ("products", facts.products, facts.product),
        ):
            self._distinct[name].update(hash(texts[place]) for place in np.unique(places[places >= 0]).tolist())
        for place, code in enumerate(facts.currency.values):
            self._totals[code] += int(facts.amount[facts.currency.codes == place].sum())
        if len(facts.day):
            self._days += [int(facts.day.min()), int(facts.day.max())]
        for row in range(min(10 - len(self.first), len(facts.rows))):
            self.first.append(self._shown(facts, row))

    def add_refused(self, bad: list[Any], values: list[str]) -> None:
        self.reasons.update(row.reason for row in bad)
        self.refused += shown_refused(bad[: SHOWN_REFUSED - len(self.refused)], values)

    def _shown(self, facts: Facts, row: int) -> dict[str, Any]:
        said = {
            name: texts.values[texts.codes[row]] if texts.codes[row] >= 0 else "" for name, texts in facts.about.items()
        }
        return {
            **said,
            "line": int(facts.lines[row]),
            "order_number": facts.orders[facts.order[row]],
            "ordered_on": dates.day_of(facts.day[row]).isoformat(),
            "kind": _KINDS[int(facts.kind[row])],
            "quantity": numbers.as_decimal(facts.quantity[row]),
            "unit_price": numbers.as_decimal(facts.unit_price[row]),
            "amount": numbers.as_decimal(facts.amount[row]),
            "cost": numbers.as_decimal(facts.cost[row]) if facts.cost_known[row] else None,
            "currency": facts.currency.values[facts.currency.codes[row]],
        }

    def result(self, prepared: Prepared) -> DryRun:
        notes = [*prepared.notes]
        if self._reader.tally.blank:
            notes.append({"code": "blank_lines", "count": self._reader.tally.blank})
        if self._reader.tally.cut:
            notes.append({"code": "cut", "count": self._reader.tally.cut})
        counts = {
            "rows": self.rows, "facts": self.facts, "known": self.known, "refused": sum(self.reasons.values()),
            "anonymous": self.anonymous, **{name: len(found) for name, found in self._distinct.items()},
        }  # fmt: skip
        return DryRun(
            [], notes, prepared.mapping, counts,
            {code: numbers.as_decimal(total) for code, total in self._totals.items()},
            (dates.day_of(min(self._days)).isoformat(), dates.day_of(max(self._days)).isoformat()) if self._days else None,
            self.first, self.refused, dict(self.reasons),
        )  # fmt: skip
