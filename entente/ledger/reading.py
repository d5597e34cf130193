"""The columns of a chunk, read by a mapping whose readings are all known; and the first thing that is wrong with each row."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from entente.ledger.mapping import Mapping as ColumnMapping
from entente.ledger.pure import currencies, dates, numbers
from entente.ledger.pure.reasons import CODES, NUMBER_OF
from entente.ledger.readers.table import BadRow, Cells, Chunk

Numbers = tuple[NDArray[np.int64], NDArray[np.bool_], list[str], NDArray[np.int32]]


@dataclass
class Texts:
    """A column of texts: distinct ones, and for each row the place of its own; -1 is empty."""

    values: list[str]
    codes: NDArray[np.int32]

    def of_rows(self, rows: NDArray[Any]) -> "Texts":
        return Texts(self.values, self.codes[rows])


@dataclass
class Tally:
    """What is said about the whole file at its end."""

    cut: int = 0
    blank: int = 0


@dataclass
class Form:
    """How the columns of one file are read, whatever is made of them.

    latest_on: no day lies after it, unless the field may lie ahead.
    lengths: how long a text may be; of those in `identities` a longer one is refused, others are cut.
    """

    mapping: ColumnMapping
    heading: Sequence[str]
    latest_on: date
    lengths: Mapping[str, int]
    identities: Collection[str]
    serial_from: date | None = None
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.places = self.mapping.places(self.heading)
        self.zone = ZoneInfo(self.mapping.read.zone or "UTC")

    def column_name(self, name: str) -> str:
        return self.heading[self.places[name]] if name in self.places else name


class ReadColumns:
    """The columns of one chunk, read; and the first thing that is wrong with each row."""

    def __init__(self, form: Form, chunk: Chunk) -> None:
        self._form = form
        self._chunk = chunk
        count = len(chunk.lines)
        self.wrong = np.zeros(count, np.uint8)
        self._where: list[str] = [""]
        self._column = np.zeros(count, np.uint8)

    def mark(self, name: str, rows: NDArray[np.bool_], reason: str) -> None:
        self._mark(name, np.where(rows, np.uint8(NUMBER_OF[reason]), np.uint8(0)))

    def _mark(self, name: str, wrong: NDArray[np.uint8]) -> None:
        first = (wrong != 0) & (self.wrong == 0)
        if first.any():
            if name not in self._where:
                self._where.append(name)
            self.wrong[first] = wrong[first]
            self._column[first] = self._where.index(name)

    def cells(self, name: str) -> Cells:
        """The column of the field, or what the mapping says for every row."""
        if name in self._form.places:
            return self._chunk.cells[self._form.places[name]]
        return Cells([self._form.mapping.constants[name]], np.zeros(len(self._chunk.lines), np.int32))

    def text(self, name: str, *, is_needed: bool = False, made: Callable[[Any], str] | None = None) -> Texts:
        """made: how a cell becomes a text; one clean line without it."""
        cells, longest = self.cells(name), self._form.lengths[name]
        made = made or clean
        cleaned, wrong = [], np.zeros(len(cells.values) + 1, np.uint8)
        cut = []
        for place, value in enumerate(cells.values):
            text = made(value)
            if "\x00" in text or "\ufffd" in text:
                wrong[place] = NUMBER_OF["nul_character" if "\x00" in text else "not_in_encoding"]
                text = ""
            elif len(text) > longest:
                if name in self._form.identities:
                    wrong[place] = NUMBER_OF["too_long"]
                cut.append(place)
                text = text[:longest].rstrip()
            cleaned.append(text)
        self._mark(name, wrong[cells.codes])
        if cut and name not in self._form.identities:
            self._form.tally.cut += int(np.isin(cells.codes, cut).sum())
        texts = distinct(cleaned, cells.codes)
        if is_needed:
            self.mark(name, texts.codes < 0, "empty")
        return texts

    def number(self, name: str, *, largest: int = numbers.LARGEST, is_needed: bool = True) -> Numbers:
        """Ten-thousandths, whether there is a number, the currencies beside them, and where those are for each row."""
        cells, read = self.cells(name), self._form.mapping.read
        mark = read.decimal or read.decimals.get(name, "")
        scaled, wrong, signs = numbers.read_numbers(cells.values, mark, largest=largest)
        missing = NUMBER_OF["empty"]
        known = np.append(wrong == 0, False)[cells.codes]
        wrong = np.append(wrong, missing)[cells.codes]
        if not is_needed:
            wrong[wrong == missing] = 0
        self._mark(name, wrong)
        return np.append(scaled, 0)[cells.codes], known, signs, cells.codes

    def moments(
        self, name: str, *, is_needed: bool = True, may_lie_ahead: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64], NDArray[np.bool_]]:
        """Instants in UTC; days; what was written, the same whatever zone the file is said to be of; and where there is any."""
        cells, read = self.cells(name), self._form.mapping.read
        order = read.dates or read.orders.get(name, "y-m-d")
        latest_on = date.max if may_lie_ahead else self._form.latest_on
        found = dates.read_dates(cells.values, order, latest_on=latest_on, serial_from=self._form.serial_from)
        wrong = np.append(found.wrong, NUMBER_OF["empty"])[cells.codes]
        known = wrong == 0
        if not is_needed:
            wrong[wrong == NUMBER_OF["empty"]] = 0
        self._mark(name, wrong)
        instants, days = dates.to_utc(found, self._form.zone)
        whole, day, written = (np.append(each, 0)[cells.codes] for each in (instants, days, found.written))
        return whole, day.astype(np.int32), written, known

    def currencies(self, column: Texts | None, figures: Mapping[str, Numbers]) -> Texts:
        """The currency of each row: its own column, else the sign beside the money, else that of the file."""
        count, given = len(self._chunk.lines), self._form.mapping.read.currency
        names: dict[str, int] = {}
        said = np.full(count, -1, np.int32)
        for name in ("amount", "unit_price"):
            if name not in figures or not any(figures[name][2]):
                continue
            _, _, signs, codes = figures[name]
            meant = [given if given in currencies.SIGNS.get(sign, ()) else sign for sign in signs]
            places = np.array([names.setdefault(sign, len(names)) if sign else -1 for sign in meant] + [-1], np.int32)[
                codes
            ]
            self.mark(name, (said >= 0) & (places >= 0) & (said != places), "two_currencies")
            said = np.where(said >= 0, said, places)
        if column is not None:
            places = np.array(
                [names.setdefault(currencies.currency_of(code.upper()), len(names)) for code in column.values] + [-1],
                np.int32,
            )
            written = places[column.codes]
            self.mark("currency", (said >= 0) & (written >= 0) & (said != written), "two_currencies")
            said = np.where(written >= 0, written, said)
        if (said < 0).any() and given:
            said = np.where(said < 0, names.setdefault(given, len(names)), said).astype(np.int32)
        strange = np.array([name not in currencies.CODES for name in names] + [True], bool)
        self.mark("currency", strange[said], "unknown_currency")
        return Texts(list(names), said.astype(np.int32))

    def refused(self) -> tuple[list[BadRow], list[str]]:
        """The rows that something is wrong with, and for each of them the value that was wrong."""
        rows, values = [], []
        for place in np.flatnonzero(self.wrong).tolist():
            name = self._where[self._column[place]]
            written = self._chunk.row(place)
            rows.append(
                BadRow(int(self._chunk.lines[place]), CODES[self.wrong[place]],
                       [text.replace("\x00", "␀")[:1000] for text in written], self._form.column_name(name))
            )  # fmt: skip
            position = self._form.places.get(name)
            values.append("" if position is None else written[position].replace("\x00", "␀")[:200])
        return rows, values


def clean(value: Any) -> str:
    """One line of text: no spaces around it, runs of them one, no invisible characters, composed letters."""
    if not isinstance(value, str):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    kept = (letter for letter in value if letter.isprintable() or letter.isspace() or letter in "\x00\u200c\u200d")
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def distinct(values: list[str], codes: NDArray[np.int32]) -> Texts:
    """What is the same after cleaning is one; empty is none."""
    places: dict[str, int] = {}
    renumbered = np.array([places.setdefault(value, len(places)) if value else -1 for value in values] + [-1], np.int32)
    return Texts(list(places), renumbered[codes])
