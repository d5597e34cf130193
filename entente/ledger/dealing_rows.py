"""Rows of a file made into words about invoices, payments, deliveries or interactions, column by column, as their kind declares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.ledger.mapping import Mapping
from entente.ledger.pure import dates, keys, numbers
from entente.ledger.pure.dealing_words import CHANNEL_OF, KIND_OF, SPOKEN_KINDS, UNANSWERED
from entente.ledger.pure.dealings import DEALINGS, Field
from entente.ledger.pure.headings import plain_name
from entente.ledger.readers.table import BadRow, Chunk
from entente.ledger.reading import Form, Numbers, ReadColumns, Texts, clean, distinct
from entente.ledger.twins import Twins

MOST_MINUTES = 32_767
# NULL, as COPY writes it.
NOTHING = "\\N"


@dataclass
class DealingRows:
    """The good rows of a chunk, but those that say the same as the row before them about the same thing: `repeated` of them.

    columns: field -> the texts of the rows, as COPY takes them. text: all of it, with each row's place and line and whether it is
    the last one about its thing. has_again: some things have several rows.
    """

    lines: list[int]
    columns: dict[str, list[str]]
    text: str
    has_again: bool
    repeated: int


class DealingReader:
    """Makes words of chunks, by a mapping whose readings are all known. latest_on: no day lies after it, unless it may lie ahead.

    fields: what the file speaks of, which is what it may change on what is known; the number is not among them.
    """

    def __init__(
        self, mapping: Mapping, heading: Sequence[str], *, latest_on: date, serial_from: date | None = None
    ) -> None:
        self.kind = DEALINGS[mapping.kind]
        lengths = {field.name: field.longest for field in self.kind.fields}
        identities = [field.name for field in self.kind.fields if field.is_identity]
        self.form = Form(mapping, heading, latest_on, lengths, identities, serial_from)
        self.places = self.form.places
        self._said = [
            field for field in self.kind.fields if field.name in self.places or field.name in mapping.constants
        ]
        names = {field.name for field in self._said}.union(_IMPLIED[mapping.kind])
        self.fields = [each.name for each in self.kind.fields if each.name in names and each.name != self.kind.number]
        self._twins = None if self.kind.number in self.places else Twins()

    def rows_of(self, chunk: Chunk) -> tuple[DealingRows, list[BadRow], list[str]]:
        """The good rows, the rows refused, and for each of those the value that was wrong."""
        self.form.tally.blank += chunk.blank
        state = ReadColumns(self.form, chunk)
        figures: dict[str, Numbers] = {}
        moments: dict[str, NDArray[np.int64]] = {}
        read = {field.name: self._column(field, state, figures, moments) for field in self._said}
        if self.kind.has_money:
            read["currency"] = state.currencies(read.get("currency"), figures)
        _IMPLY[self.kind.name](read, figures, state, len(chunk.lines))
        bad, values = state.refused()
        good = np.flatnonzero(state.wrong == 0)
        columns = {name: _texts(texts, good, self.kind.of_name[name]) for name, texts in read.items()}
        if self._twins:
            columns[self.kind.number] = self._made_numbers(self._twins, read, moments, good)
        rows = self._rows(chunk.lines[good].tolist(), columns)
        return rows, chunk.bad + bad, [""] * len(chunk.bad) + values

    @property
    def twins(self) -> int:
        """How many rows say the same as one before them, where the file numbers nothing."""
        return self._twins.count if self._twins else 0

    def close(self) -> None:
        if self._twins:
            self._twins.close()

    def _column(
        self, field: Field, state: ReadColumns, figures: dict[str, Numbers], moments: dict[str, NDArray[np.int64]]
    ) -> Texts:
        """The texts of one field, as the database takes them. Numbers and moments, as written, are kept beside."""
        if field.reads in ("money", "number", "count"):
            figures[field.name] = found = state.number(field.name, is_needed=field.is_needed)
            if field.reads == "count":
                state.mark(field.name, found[0] < 0, "below_zero")
                state.mark(field.name, found[0] > MOST_MINUTES * numbers.SCALE, "too_large")
            return _of_figures(found[0], found[1], _whole if field.reads == "count" else _exact)
        if field.reads in ("day", "moment"):
            instants, days, moments[field.name], known = state.moments(
                field.name, is_needed=field.is_needed, may_lie_ahead=field.may_lie_ahead
            )
            return _of_figures(days, known, _day) if field.reads == "day" else _of_figures(instants, known, _moment)
        if field.reads == "lines":
            return state.text(field.name, made=_lines)
        is_number = field.name == self.kind.number
        texts = state.text(field.name, is_needed=field.is_needed or is_number)
        return self._understood(field, texts, state) if field.words else texts

    def _understood(self, field: Field, texts: Texts, state: ReadColumns) -> Texts:
        """Words as their codes. One that is not known is refused where only codes will do."""
        known = {_plain(word): code for code, words in field.words.items() for word in (code, *words)}
        known |= {_plain(word): code for word, code in self.form.mapping.words.get(field.name, {}).items()}
        codes = [known.get(_plain(word), "") for word in texts.values]
        if field.reads == "word":
            unknown = np.array([not code for code in codes] + [False], bool)
            state.mark(field.name, unknown[texts.codes], "unknown_word")
        else:
            codes = [code or word for code, word in zip(codes, texts.values, strict=True)]
        return distinct(codes, texts.codes)

    def _made_numbers(
        self, twins: Twins, read: dict[str, Texts], moments: dict[str, NDArray[np.int64]], good: NDArray[np.int64]
    ) -> list[str]:
        """Where the file numbers nothing: made of what a row says, and of which of its twins it is."""
        lanes = np.zeros((len(good), 2), np.uint64)
        for name in self.kind.numbered_by:
            if name in moments:
                # As written: another zone makes no other contact of it.
                lanes = lanes + keys.hashed_numbers(name, moments[name][good])
            elif name in read and read[name].values:
                table = np.concatenate([keys.hashed(name, read[name].values), np.zeros((1, 2), np.uint64)])
                lanes = lanes + table[read[name].codes[good]]
        found = twins.keys_of(lanes, np.zeros(len(good), np.int32))
        return [f"row {key.tobytes().hex()}" for key in found]

    def _rows(self, lines: list[int], columns: dict[str, list[str]]) -> DealingRows:
        names = [field.name for field in self.kind.fields if field.name in columns]
        told = list(zip(*(columns[name] for name in names), strict=True)) if lines else []
        whose = columns[self.kind.number]
        kept, last = list(range(len(lines))), dict(zip(whose, range(len(lines)), strict=True))
        has_again = len(last) < len(lines)
        if has_again:
            kept, last = _without_repeats(whose, told)
        marks = ["t" if last[key] == row else "f" for row, key in enumerate(whose)] if has_again else ["t"] * len(lines)
        rows = [(str(row), str(lines[row]), marks[row], *told[row]) for row in kept]
        text = "".join(map("{}\n".format, map("\t".join, rows)))
        shown = (
            columns
            if len(kept) == len(lines)
            else {name: [each[row] for row in kept] for name, each in columns.items()}
        )
        return DealingRows([lines[row] for row in kept], shown, text, has_again, len(lines) - len(kept))


def _plain(word: str) -> str:
    return plain_name(word.casefold())


def _without_repeats(whose: list[str], told: list[tuple[str, ...]]) -> tuple[list[int], dict[str, int]]:
    """The rows that say something else than the row before them about the same thing; and the last of those for each thing."""
    kept: list[int] = []
    last: dict[str, int] = {}
    for row, key in enumerate(whose):
        if key not in last or told[last[key]] != told[row]:
            last[key] = row
            kept.append(row)
    return kept, last


def _texts(texts: Texts, good: NDArray[np.int64], field: Field) -> list[str]:
    """The texts of the good rows as COPY takes them: backslashes and line ends doubled, empty texts empty, others NULL."""
    is_text = field.reads in ("text", "lines", "word", "code")
    values = [value.replace("\\", "\\\\").replace("\n", "\\n") for value in texts.values] if is_text else texts.values
    values = [*values, "" if is_text else NOTHING]
    return [values[code] for code in texts.codes[good].tolist()]


def _of_figures(
    figures: NDArray[Any], known: NDArray[np.bool_], written: Callable[[NDArray[Any]], Sequence[str]]
) -> Texts:
    """Each distinct figure written once."""
    found, codes = np.unique(figures, return_inverse=True)
    return Texts(list(written(found)), np.where(known, codes.reshape(-1), -1).astype(np.int32))


def _exact(scaled: NDArray[np.int64]) -> list[str]:
    return [f"{number}e-4" for number in scaled.tolist()]


def _whole(scaled: NDArray[np.int64]) -> list[str]:
    """Of minutes: one that has begun counts."""
    return [str(-(-number // numbers.SCALE)) for number in scaled.tolist()]


def _day(days: NDArray[np.int32]) -> list[str]:
    return [dates.day_of(day).isoformat() for day in days.tolist()]


def _moment(instants: NDArray[np.int64]) -> list[str]:
    return [f"{moment}+00" for moment in np.datetime_as_string(instants.astype("datetime64[us]")).tolist()]


def _lines(value: Any) -> str:
    """A text of several lines, each of them clean."""
    return "\n".join(clean(line) for line in str(value).splitlines()).strip()


# What follows from a row beside what is written in it; which fields that fills.


def _imply_nothing(read: dict[str, Texts], figures: dict[str, Numbers], state: ReadColumns, count: int) -> None:
    pass


def _imply_of_invoices(read: dict[str, Texts], figures: dict[str, Numbers], state: ReadColumns, count: int) -> None:
    """A credit note is called so or has a negative amount; its amount is negative."""
    amount, known = figures["amount"][:2]
    credits = amount < 0
    if "kind" in read:
        is_credit = np.array([word == "credit_note" for word in read["kind"].values] + [False], bool)
        credits |= is_credit[read["kind"].codes]
    read["amount"] = _of_figures(np.where(credits, -np.abs(amount), amount), known, _exact)
    read["kind"] = Texts(["invoice", "credit_note"], credits.astype(np.int32))


def _imply_of_interactions(read: dict[str, Texts], figures: dict[str, Numbers], state: ReadColumns, count: int) -> None:
    """The kind follows from the channel and the other way round; both spoke where somebody was called or met and answered."""
    unsaid = Texts([], np.full(count, -1, np.int32))
    kinds, channels = _words_of(read.get("kind", unsaid)), _words_of(read.get("channel", unsaid))
    outcomes, said = _words_of(read.get("outcome", unsaid)), _words_of(read.get("two_way", unsaid))
    channels = [channel or CHANNEL_OF.get(kind, "") for kind, channel in zip(kinds, channels, strict=True)]
    kinds = [kind or KIND_OF.get(channel, "") for kind, channel in zip(kinds, channels, strict=True)]
    spoken = [kind in SPOKEN_KINDS and outcome not in UNANSWERED for kind, outcome in zip(kinds, outcomes, strict=True)]
    both = [word or ("yes" if spoke else "no") for word, spoke in zip(said, spoken, strict=True)]
    state.mark("kind", np.array([not kind for kind in kinds], bool), "empty")
    state.mark("channel", np.array([not channel for channel in channels], bool), "empty")
    for name, texts in (("kind", kinds), ("channel", channels), ("two_way", both)):
        read[name] = distinct(texts, np.arange(count, dtype=np.int32))
    if "purpose" in read:
        purposes = [purpose or "service" for purpose in _words_of(read["purpose"])]
        read["purpose"] = distinct(purposes, np.arange(count, dtype=np.int32))


def _words_of(texts: Texts) -> list[str]:
    values = [*texts.values, ""]
    return [values[code] for code in texts.codes.tolist()]


_IMPLIED: dict[str, tuple[str, ...]] = {
    "invoices": ("kind", "currency"), "payments": ("currency",), "deliveries": (), "interactions": ("kind", "channel", "two_way"),
}  # fmt: skip
_IMPLY = {
    "invoices": _imply_of_invoices, "payments": _imply_nothing, "deliveries": _imply_nothing,
    "interactions": _imply_of_interactions,
}  # fmt: skip
