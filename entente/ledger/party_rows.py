"""Rows of a file made into words about parties, column by column: each distinct value is read once."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from json.encoder import encode_basestring as _json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.ledger.mapping import ATTRIBUTE, DATES, IDENTIFIER, Mapping
from entente.ledger.phones import e164
from entente.ledger.places import country_code, language_code, subdivision_code, zone_name
from entente.ledger.pure import dates
from entente.ledger.pure.party_kinds import UNKNOWN, kind_of
from entente.ledger.pure.reasons import CODES, NUMBER_OF
from entente.ledger.readers.table import BadRow, Cells, Chunk
from entente.ledger.reading import Tally, clean

# How long a text may be; of those in IDENTITIES a longer one is refused, others are cut.
LENGTHS = {
    "key": 120, "kind": 60, "name": 250, "given_name": 120, "family_name": 120, "segment": 60, "email": 254, "phone": 40, "address": 250,
    "house_number": 20, "postcode": 16, "city": 100, "subdivision": 60, "country": 60, "language": 60, "zone": 64, "tax_id": 40,
}  # fmt: skip
IDENTITIES = ("key", "tax_id")
LONGEST_IDENTIFIER, LONGEST_ATTRIBUTE, LONGEST_WRITTEN = 120, 1000, 1000
MOST_EXAMPLES = 5
# A field of a mapping -> the columns of a party that it fills.
FILLS = {
    "phone": ("phone", "phone_e164"), "birth_date": ("born_on",),
    "given_name": ("given_name", "name"), "family_name": ("family_name", "name"),
}  # fmt: skip
COLUMNS = (
    "key", "kind", "name", "given_name", "family_name", "segment", "email", "phone", "phone_e164", "address", "house_number", "postcode",
    "city", "subdivision", "country", "language", "zone", "tax_id", "born_on", "known_on", "identifiers", "attributes",
)  # fmt: skip
STAGED = (*COLUMNS, "written", "unread")
_FULL_YEAR = re.compile(r"\d{4}")
_NOTHING = "{}"


@dataclass
class PartyRows:
    """The good rows of a chunk. columns: the n texts of each of COLUMNS, `written` and `unread`.

    text: the same as COPY takes it, with the row's place and its line before them. has_again: some keys stand several times.
    """

    lines: list[int]
    columns: dict[str, list[str]]
    text: str
    has_again: bool


@dataclass
class _Words:
    """A column read: the text of each distinct value and, where reading changed it, how it was written; the last is that of an
    empty cell. codes: (n,) the place of each row's."""

    read: list[str]
    written: list[str]
    codes: NDArray[np.int32]
    unread: set[int] = field(default_factory=set)

    def of(self, rows: list[int]) -> list[str]:
        return [self.read[code] for code in rows]


class PartyReader:
    """Makes words about parties of chunks, by a mapping whose readings are all known. latest_on: no day lies after it."""

    def __init__(
        self, mapping: Mapping, heading: Sequence[str], *, latest_on: date, serial_from: date | None = None
    ) -> None:
        self.mapping = mapping
        self.heading = heading
        self.places = mapping.places(heading)
        self.tally = Tally()
        self.left_empty: dict[str, Counter[str]] = {}
        self._latest_on = latest_on
        self._serial_from = serial_from
        self._phones: dict[tuple[str, str], str] = {}
        said = {*mapping.columns, *mapping.constants}
        self.fields = [
            name
            for name in COLUMNS[1:]
            if any(name in FILLS.get(each, (each,)) for each in said)
            or (name == "identifiers" and any(each.startswith(IDENTIFIER) for each in self.places))
            or (name == "attributes" and any(each.startswith(ATTRIBUTE) for each in self.places))
        ]

    def column_name(self, name: str) -> str:
        return self.heading[self.places[name]] if name in self.places else name

    def rows_of(self, chunk: Chunk) -> tuple[PartyRows, list[BadRow], list[str]]:
        """The good rows, the rows refused, and for each of those the value that was wrong."""
        self.tally.blank += chunk.blank
        marks = _Marks(len(chunk.lines))
        words = {name: self._words(name, chunk, marks) for name in (*self.places, *self.mapping.constants)}
        marks.mark("key", np.array([not text for text in words["key"].read], bool)[words["key"].codes], "empty")
        good = np.flatnonzero(marks.wrong == 0)
        self._tally_left_empty(words, good)
        bad, values = self._refused(chunk, marks)
        lines = chunk.lines[good].tolist()
        columns = self._columns(words, good)
        staged = zip(map(str, range(len(lines))), map(str, lines), *(columns[name] for name in STAGED), strict=True)
        # The texts hold no tabs and line ends (they were cleaned), but may hold backslashes.
        text = "".join(map("{}\n".format, map("\t".join, staged))).replace("\\", "\\\\")
        has_again = len(set(columns["key"])) < len(lines)
        rows = PartyRows(lines, columns, text, has_again)
        return rows, chunk.bad + bad, [""] * len(chunk.bad) + values

    def _words(self, name: str, chunk: Chunk, marks: "_Marks") -> _Words:
        if name in self.places:
            cells = chunk.cells[self.places[name]]
        else:
            cells = Cells([self.mapping.constants[name]], np.zeros(len(chunk.lines), np.int32))
        if name in DATES["parties"]:
            return self._days(name, cells, marks)
        longest = LENGTHS.get(name, LONGEST_IDENTIFIER if name.startswith(IDENTIFIER) else LONGEST_ATTRIBUTE)
        cleaned = [clean(value) for value in cells.values]
        words = _Words(cleaned, [], np.where(cells.codes < 0, len(cells.values), cells.codes))
        everything = "".join(cleaned)
        if "\x00" in everything or "\ufffd" in everything or max(map(len, cleaned), default=0) > longest:
            self._mark_unfit(name, words, marks, longest)
        if understood := self._understanding(name):
            found = [understood(text) if text else "" for text in words.read]
            words.unread = {place for place, text in enumerate(found) if text is None}
            words.read = [text or "" for text in found]
        if words.read is not cleaned:
            pairs = zip(words.read, cleaned, strict=True)
            words.written = ["" if text == was else was[:LONGEST_WRITTEN] for text, was in pairs]
            words.written.append("")
        words.read.append("")
        return words

    def _mark_unfit(self, name: str, words: _Words, marks: "_Marks", longest: int) -> None:
        """Refuse what is no text, and identities that are too long; cut other texts."""
        is_identity = name in IDENTITIES or name.startswith(IDENTIFIER)
        wrong = np.zeros(len(words.read) + 1, np.uint8)
        cut = []
        fitting = []
        for place, text in enumerate(words.read):
            if "\x00" in text or "\ufffd" in text:
                wrong[place] = NUMBER_OF["nul_character" if "\x00" in text else "not_in_encoding"]
            elif len(text) > longest and is_identity:
                wrong[place] = NUMBER_OF["too_long"]
            elif len(text) > longest:
                cut.append(place)
            fitting.append(text[:longest].rstrip())
        words.read = fitting
        marks.mark_each(name, wrong[words.codes])
        self.tally.cut += int(np.isin(words.codes, cut).sum())

    def _understanding(self, name: str) -> Callable[[str], str | None] | None:
        """What a text of the field is made into; None where it was not understood."""
        if name == "country":
            return lambda text: country_code(text, self.mapping.countries)
        if name == "kind":
            return lambda text: kind if (kind := kind_of(text)) != UNKNOWN else None
        readings: dict[str, Callable[[str], str | None]] = {
            "email": str.lower, "language": language_code, "zone": zone_name, "subdivision": subdivision_code,
        }  # fmt: skip
        return readings.get(name)

    def _days(self, name: str, cells: Cells, marks: "_Marks") -> _Words:
        read = self.mapping.read
        order = read.dates or read.orders.get(name, "y-m-d")
        found = dates.read_dates(cells.values, order, latest_on=self._latest_on, serial_from=self._serial_from)
        wrong = np.append(found.wrong, 0).astype(np.uint8)
        wrong[wrong == NUMBER_OF["empty"]] = 0
        if name == "birth_date":
            for place, value in enumerate(cells.values):
                # Grandmother or grandchild: a year of two digits does not say.
                if not found.wrong[place] and isinstance(value, str) and not _FULL_YEAR.search(value):
                    wrong[place] = NUMBER_OF["two_digit_year"]
        words = _Words([], [], np.where(cells.codes < 0, len(cells.values), cells.codes))
        for place, value in enumerate(cells.values):
            is_day = not wrong[place] and not found.wrong[place]
            day = dates.day_of(found.days[place]).isoformat() if is_day else ""
            written = clean(value).replace("\x00", "␀")[:LONGEST_WRITTEN]
            words.read.append(day)
            words.written.append("" if written == day else written)
            if wrong[place]:
                words.unread.add(place)
        words.read.append("")
        words.written.append("")
        if name not in self.mapping.lenient:
            marks.mark_each(name, wrong[words.codes])
        return words

    def _columns(self, words: dict[str, _Words], good: NDArray[np.int64]) -> dict[str, list[str]]:
        count = len(good)
        codes = {name: column.codes[good].tolist() for name, column in words.items()}
        texts = {name: column.of(codes[name]) for name, column in words.items() if name in LENGTHS}
        blank = [""] * count
        columns: dict[str, Any] = {name: texts.get(name, blank) for name in COLUMNS}
        given, family = texts.get("given_name"), texts.get("family_name")
        if given or family:
            pairs = zip(columns["name"], given or blank, family or blank, strict=True)
            columns["name"] = [name or f"{first} {last}".strip()[:250] for name, first, last in pairs]
        if "kind" in texts:
            columns["kind"] = [kind or UNKNOWN for kind in texts["kind"]]
        else:
            columns["kind"] = [UNKNOWN] * count
        columns["phone_e164"] = [
            self._e164(phone, country) if phone else ""
            for phone, country in zip(columns["phone"], columns["country"], strict=True)
        ]
        for name, column in (("birth_date", "born_on"), ("known_on", "known_on")):
            columns[column] = words[name].of(codes[name]) if name in words else blank
        for column, prefix in (("identifiers", IDENTIFIER), ("attributes", ATTRIBUTE)):
            found = {name: each for name, each in words.items() if name.startswith(prefix)}
            pieces = {
                name: [f"{self._called(name)}: {_json(text) if text else 'null'}" for text in each.read]
                for name, each in found.items()
            }
            columns[column] = _objects(pieces, codes, count)
        pieces = {
            name: [f"{_json(name)}: {_json(text)}" if text else "" for text in column.written]
            for name, column in words.items()
            if any(column.written)
        }
        columns["written"] = _objects(pieces, codes, count)
        unread = {
            name: [f"{name}={column.written[at]}" if at in column.unread else "" for at in range(len(column.read))]
            for name, column in words.items()
            if column.unread
        }
        columns["unread"] = (
            ["".join(row) for row in zip(*_picked(unread, codes), strict=True)] if unread and count else blank
        )
        return columns

    def _called(self, name: str) -> str:
        """How an identifier or an attribute is called on the party."""
        return _json(name.removeprefix(IDENTIFIER) if name.startswith(IDENTIFIER) else self.column_name(name))

    def _e164(self, phone: str, country: str) -> str:
        known = self._phones.get((phone, country))
        if known is None:
            if len(self._phones) > 10_000:
                self._phones.clear()
            known = self._phones[phone, country] = e164(phone, country)
        return known

    def _tally_left_empty(self, words: dict[str, _Words], good: NDArray[np.int64]) -> None:
        for name, column in words.items():
            if column.unread:
                counts = np.bincount(column.codes[good], minlength=len(column.read))
                tally = self.left_empty.setdefault(name, Counter())
                for place in sorted(column.unread):
                    if counts[place]:
                        example = column.written[place] if len(tally) < MOST_EXAMPLES else ""
                        tally[example] += int(counts[place])

    def _refused(self, chunk: Chunk, marks: "_Marks") -> tuple[list[BadRow], list[str]]:
        rows, values = [], []
        for place in np.flatnonzero(marks.wrong).tolist():
            name = marks.names[marks.column[place]]
            written = [text.replace("\x00", "␀")[:1000] for text in chunk.row(place)]
            rows.append(BadRow(int(chunk.lines[place]), CODES[marks.wrong[place]], written, self.column_name(name)))
            position = self.places.get(name)
            values.append("" if position is None else written[position][:200])
        return rows, values


class _Marks:
    """The first thing that is wrong with each row, and in which column."""

    def __init__(self, count: int) -> None:
        self.wrong = np.zeros(count, np.uint8)
        self.names: list[str] = [""]
        self.column = np.zeros(count, np.uint16)

    def mark(self, name: str, rows: NDArray[np.bool_], reason: str) -> None:
        self.mark_each(name, np.where(rows, np.uint8(NUMBER_OF[reason]), np.uint8(0)))

    def mark_each(self, name: str, wrong: NDArray[np.uint8]) -> None:
        first = (wrong != 0) & (self.wrong == 0)
        if first.any():
            if name not in self.names:
                self.names.append(name)
            self.wrong[first] = wrong[first]
            self.column[first] = self.names.index(name)


def _picked(pieces: dict[str, list[str]], codes: dict[str, list[int]]) -> list[list[str]]:
    return [[texts[code] for code in codes[name]] for name, texts in pieces.items()]


def _objects(pieces: dict[str, list[str]], codes: dict[str, list[int]], count: int) -> list[str]:
    """One JSON object a row, of the pieces that it has."""
    if not pieces or not count:
        return [_NOTHING] * count
    return ["{" + ", ".join(filter(None, row)) + "}" for row in zip(*_picked(pieces, codes), strict=True)]
