"""What differs between files of orders, of parties and of dealings: how their chunks are read, recorded and spoken of."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from django.db.models import Model

from entente.ledger.dealing_recording import DealingRecorder
from entente.ledger.dealing_rows import DealingReader, DealingRows
from entente.ledger.dealing_tables import TABLES
from entente.ledger.facts import Facts, Reader
from entente.ledger.held_out import (
    without_erased_customers,
    without_erased_in_dealings,
    without_erased_parties,
)
from entente.ledger.models import DealingVersion, Import, Order, OrderLine, Party, PartyVersion, Product
from entente.ledger.party_recording import PartyRecorder
from entente.ledger.party_rows import PartyReader, PartyRows
from entente.ledger.prepare import Prepared, latest_day
from entente.ledger.readers.table import BadRow, Chunk
from entente.ledger.reading import Tally
from entente.ledger.recording import Recorded, Recorder
from entente.ledger.survey import chunks
from entente.ledger.tombstones import Tombstones
from entente.ledger.twins import Twins


@dataclass
class Ready:
    """A chunk made ready for the ledger beside the thread that writes."""

    chunk: Chunk
    facts: Any
    keys: Any
    bad: list[BadRow]
    values: list[str]


class Work(Protocol):
    """One import under way. tables: what it writes to."""

    tables: tuple[type[Model], ...]

    def ready(self, path: Path, size: int, cut_at: int) -> Iterator[Ready]:
        """The chunks of the file, `size` rows each; one ends after row `cut_at`."""

    def hold_out(self, ready: Ready, stones: Tombstones) -> list[BadRow]:
        """Take people who asked to be erased out of a chunk. Returns the rows of which nothing is left."""

    def record(self, ready: Ready) -> Recorded:
        """Write one chunk in the caller's transaction."""

    def notes(self) -> list[dict[str, Any]]:
        """What there is to say at the end."""


class OrderWork:
    tables: tuple[type[Model], ...] = (Party, Product, Order, OrderLine)

    def __init__(self, imported: Import, prepared: Prepared) -> None:
        self._prepared = prepared
        self._source = imported.source.name
        self._reader = reader_of(prepared, imported.source_id, imported.made_at.date())
        self._recorder = Recorder(
            source=imported.source_id,
            import_id=imported.pk,
            countries=prepared.mapping.countries,
            column_names={name: self._reader.form.column_name(name) for name in self._reader.places},
            names_from_priced_lines=prepared.mapping.names_from_priced_lines,
            overlaps=imported.rows_known > 0,
        )
        self._twins = Twins()

    def ready(self, path: Path, size: int, cut_at: int) -> Iterator[Ready]:
        assert self._prepared.layout is not None
        wanted = sorted(set(self._reader.places.values()))
        try:
            for chunk in chunks(path, self._prepared.layout, wanted, size, cut_at):
                facts, bad, values = self._reader.facts_of(chunk)
                yield Ready(chunk, facts, self._twins.keys_of(facts.lanes, facts.key_day), bad, values)
        finally:
            self._twins.close()

    def hold_out(self, ready: Ready, stones: Tombstones) -> list[BadRow]:
        ready.facts = without_erased_customers(ready.facts, self._source, stones, self._recorder.phone_in)
        return []

    def record(self, ready: Ready) -> Recorded:
        facts: Facts = ready.facts
        return self._recorder.record(facts, ready.keys, ready.chunk.row)

    def notes(self) -> list[dict[str, Any]]:
        notes: list[dict[str, Any]] = []
        if self._twins.count:
            notes.append({"code": "twins", "count": self._twins.count})
        notes += tally_notes(self._reader.tally)
        if unknown := self._recorder.unknown_countries:
            examples = ", ".join(list(unknown)[:5])[:200]
            notes.append({"code": "unknown_countries", "count": len(unknown), "examples": examples})
        return notes


class PartyWork:
    tables: tuple[type[Model], ...] = (Party, PartyVersion)

    def __init__(self, imported: Import, prepared: Prepared) -> None:
        self._prepared = prepared
        self._source = imported.source.name
        self._reader = party_reader_of(prepared, imported.made_at.date())
        self._recorder = PartyRecorder(imported.source_id, imported.pk, self._reader.fields)

    def ready(self, path: Path, size: int, cut_at: int) -> Iterator[Ready]:
        assert self._prepared.layout is not None
        wanted = sorted(set(self._reader.places.values()))
        for chunk in chunks(path, self._prepared.layout, wanted, size, cut_at):
            rows, bad, values = self._reader.rows_of(chunk)
            yield Ready(chunk, rows, None, bad, values)

    def hold_out(self, ready: Ready, stones: Tombstones) -> list[BadRow]:
        ready.facts, held = without_erased_parties(ready.facts, self._source, stones)
        return held

    def record(self, ready: Ready) -> Recorded:
        rows: PartyRows = ready.facts
        news = self._recorder.record(rows)
        return Recorded(news.versions, news.rows - news.versions, [], [])

    def notes(self) -> list[dict[str, Any]]:
        again = self._recorder.again()
        return [*([{"code": "same_key_again", "count": again}] if again else []), *party_notes(self._reader)]


class DealingWork:
    """Invoices, payments, deliveries, interactions."""

    def __init__(self, imported: Import, prepared: Prepared) -> None:
        kind = prepared.mapping.kind
        self.tables: tuple[type[Model], ...] = (Party, TABLES[kind].model, DealingVersion)
        self._prepared = prepared
        self._kind, self._source = kind, imported.source
        self._reader = dealing_reader_of(prepared, imported.made_at.date())
        self._recorder = DealingRecorder(kind, imported.source_id, imported.pk, self._reader.fields)

    def ready(self, path: Path, size: int, cut_at: int) -> Iterator[Ready]:
        assert self._prepared.layout is not None
        wanted = sorted(set(self._reader.places.values()))
        try:
            for chunk in chunks(path, self._prepared.layout, wanted, size, cut_at):
                rows, bad, values = self._reader.rows_of(chunk)
                yield Ready(chunk, rows, None, bad, values)
        finally:
            self._reader.close()

    def hold_out(self, ready: Ready, stones: Tombstones) -> list[BadRow]:
        ready.facts, held = without_erased_in_dealings(ready.facts, self._kind, self._source, stones)
        return held

    def record(self, ready: Ready) -> Recorded:
        rows: DealingRows = ready.facts
        news = self._recorder.record(rows)
        return Recorded(news.versions, news.rows - news.versions, [], [])

    def notes(self) -> list[dict[str, Any]]:
        counts = {"same_key_again": self._recorder.again()}
        counts |= {f"waits_for_{what}": count for what, count in self._recorder.waiting().items()}
        return [
            *({"code": code, "count": count} for code, count in counts.items() if count),
            *dealing_notes(self._reader),
        ]


def work_of(imported: Import, prepared: Prepared) -> Work:
    kinds: dict[str, type[OrderWork | PartyWork]] = {"orders": OrderWork, "parties": PartyWork}
    return kinds.get(prepared.mapping.kind, DealingWork)(imported, prepared)


def reader_of(prepared: Prepared, source_id: int, today: date) -> Reader:
    assert prepared.layout is not None
    return Reader(
        prepared.mapping,
        prepared.layout.heading,
        source=source_id,
        latest_on=latest_day(today),
        serial_from=prepared.serial_from,
    )


def party_reader_of(prepared: Prepared, today: date) -> PartyReader:
    assert prepared.layout is not None
    return PartyReader(
        prepared.mapping, prepared.layout.heading, latest_on=latest_day(today), serial_from=prepared.serial_from
    )


def dealing_reader_of(prepared: Prepared, today: date) -> DealingReader:
    assert prepared.layout is not None
    return DealingReader(
        prepared.mapping, prepared.layout.heading, latest_on=latest_day(today), serial_from=prepared.serial_from
    )


def dealing_notes(reader: DealingReader) -> list[dict[str, Any]]:
    """What a reader of dealings has met by now."""
    twins = [{"code": "twins", "count": reader.twins}] if reader.twins else []
    return [*twins, *tally_notes(reader.form.tally)]


def party_notes(reader: PartyReader) -> list[dict[str, Any]]:
    """What a reader of parties has met by now."""
    notes = tally_notes(reader.tally)
    for name, tally in reader.left_empty.items():
        if tally:
            examples = ", ".join(filter(None, tally))[:200]
            notes.append(
                {"code": "left_empty", "column": reader.column_name(name), "count": tally.total(), "examples": examples}
            )
    return notes


def tally_notes(tally: Tally) -> list[dict[str, Any]]:
    return [
        {"code": code, "count": count} for code, count in (("cut", tally.cut), ("blank_lines", tally.blank)) if count
    ]
