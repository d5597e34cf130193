"""Rows of a file made into what is said of two parties each, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from entente.ledger.mapping import Mapping
from entente.ledger.pure import dates, numbers
from entente.ledger.pure.headings import plain_name
from entente.ledger.pure.relations import RELATIONS
from entente.ledger.readers.table import BadRow, Chunk
from entente.ledger.reading import Form, ReadColumns, Tally, Texts, clean, distinct


@dataclass(frozen=True)
class SaidRow:
    """One good row. place: in its chunk. said: field -> text, day or number; what is not said is not in it."""

    line: int
    place: int
    said: dict[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return str(self.said.get(name, ""))


class RelationReader:
    """Makes rows of chunks, by a mapping whose readings are all known. fields: what the file speaks of."""

    def __init__(self, mapping: Mapping, heading: Sequence[str], *, latest_on: date, serial_from: date | None) -> None:
        lengths = {each.name: each.longest for each in RELATIONS.fields}
        identities = [each.name for each in RELATIONS.fields if each.is_identity]
        self.form = Form(mapping, heading, latest_on, lengths, identities, serial_from)
        self.places = self.form.places
        self.fields = [
            each.name for each in RELATIONS.fields if each.name in self.places or each.name in mapping.constants
        ]

    @property
    def tally(self) -> Tally:
        return self.form.tally

    def rows_of(self, chunk: Chunk) -> tuple[list[SaidRow], list[BadRow], list[str]]:
        """The good rows, the rows refused, and for each of those the value that was wrong."""
        self.form.tally.blank += chunk.blank
        state = ReadColumns(self.form, chunk)
        columns = {name: self._column(name, state) for name in self.fields}
        bad, values = state.refused()
        lines = chunk.lines.tolist()
        rows = [
            SaidRow(
                lines[place], place, {name: column[place] for name, column in columns.items() if column[place] != ""}
            )
            for place in np.flatnonzero(state.wrong == 0).tolist()
        ]
        return rows, chunk.bad + bad, [""] * len(chunk.bad) + values

    def _column(self, name: str, state: ReadColumns) -> list[Any]:
        """A value for each row, empty where nothing is said."""
        each = RELATIONS.of_name[name]
        if each.reads == "day":
            _, days, _, known = state.moments(name, is_needed=False, may_lie_ahead=each.may_lie_ahead)
            return [dates.day_of(day) if is_day else "" for day, is_day in zip(days.tolist(), known, strict=True)]
        if each.reads == "number":
            return self._numbers(name, state)
        texts = state.text(name, is_needed=each.is_needed, made=_lines if each.reads == "lines" else None)
        if each.words:
            texts = self._understood(name, texts, state)
        values = [*texts.values, ""]
        return [values[code] for code in texts.codes.tolist()]

    def _numbers(self, name: str, state: ReadColumns) -> list[Decimal | str]:
        scaled, known, _signs, _codes = state.number(name, is_needed=False)
        state.mark(name, known & (scaled < 0), "below_zero")
        return [
            numbers.as_decimal(number) if is_number else ""
            for number, is_number in zip(scaled.tolist(), known, strict=True)
        ]

    def _understood(self, name: str, texts: Texts, state: ReadColumns) -> Texts:
        """Kinds as their codes; one that is not known is refused."""
        known = {_plain(word): code for code, words in RELATIONS.of_name[name].words.items() for word in (code, *words)}
        known |= {_plain(word): code for word, code in self.form.mapping.words.get(name, {}).items()}
        codes = [known.get(_plain(word), "") for word in texts.values]
        state.mark(name, np.array([not code for code in codes] + [False], bool)[texts.codes], "unknown_relation")
        return distinct(codes, texts.codes)


def _plain(word: str) -> str:
    return plain_name(word.casefold())


def _lines(value: Any) -> str:
    return "\n".join(clean(line) for line in str(value).splitlines()).strip()
