"""Text files of separated values, plain or gzipped, read as a stream with the exact line of each row."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from entente.ledger.limits import EXPANSION_COUNTS_FROM, limit
from entente.ledger.readers.table import BadRow, Cells, Chunk, Layout, UnreadableFile

LONGEST_LINE = 1024 * 1024


class _Bounded(io.RawIOBase):
    """The bytes of a file, unpacked, and no more of them than a file of its size can mean."""

    def __init__(self, path: Path, gzipped: bool) -> None:
        self._file = path.open("rb")
        self._packed = path.stat().st_size
        self._source: Any = gzip.GzipFile(fileobj=self._file) if gzipped else self._file
        self._gzipped = gzipped
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._source.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UnreadableFile(f"The gzip file is damaged ({error}). Pack it again.") from None
        self._given += len(data)
        if self._gzipped:
            self._refuse_bombs()
        buffer[: len(data)] = data
        return len(data)

    def _refuse_bombs(self) -> None:
        too_much = self._given > limit("IMPORT_MOST_BYTES")
        if self._given > EXPANSION_COUNTS_FROM:
            too_much |= self._given > self._packed * limit("IMPORT_MOST_EXPANSION")
        if too_much:
            raise UnreadableFile(
                f"The gzip file grows to more than {self._given // 1024**2:,} MB. If that is meant, unpack it and import the "
                "plain file, or raise IMPORT_MOST_EXPANSION and IMPORT_MOST_BYTES."
            )

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def opened(path: Path, *, gzipped: bool) -> Iterator[Any]:
    with _Bounded(path, gzipped) as raw, io.BufferedReader(raw, 1 << 18) as stream:
        yield stream


def lines_of(stream: Any, encoding: str) -> Iterator[str]:
    """The lines with their ends. Of a line without end (no table has one) only the beginning."""
    text = io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")
    try:
        for line in iter(partial(text.readline, LONGEST_LINE), ""):
            yield line
            piece = line
            while len(piece) == LONGEST_LINE and piece[-1] not in "\r\n":
                piece = text.readline(LONGEST_LINE)
    except UnicodeError as error:
        # What is no letter is replaced; only UTF-16 without its mark cannot be read at all.
        raise UnreadableFile(
            f"The file cannot be read as {encoding} ({error}). Leave the encoding out, or name another one."
        ) from None


def chunks(path: Path, layout: Layout, wanted: Sequence[int], size: int, cut_at: int) -> Iterator[Chunk]:
    """All rows, `size` at a time. A chunk ends after row `cut_at`, wherever that is."""
    with opened(path, gzipped=layout.gzipped) as stream:
        rows = _Rows(lines_of(stream, layout.encoding), layout)
        done = 0
        while (chunk := rows.take(min(size, cut_at - done) if done < cut_at else size, wanted)) is not None:
            done += chunk.read
            yield chunk


class _Rows:
    """A csv.reader that knows its lines and outlives a broken row."""

    def __init__(self, lines: Iterator[str], layout: Layout) -> None:
        self._reader = csv.reader(lines, delimiter=layout.separator)
        self._width = len(layout.heading)
        self._line = 1
        if layout.has_heading:
            next(self._reader, None)
            self._line = self._reader.line_num + 1

    def take(self, size: int, wanted: Sequence[int]) -> Chunk | None:
        rows: list[list[str]] = []
        lines: list[int] = []
        bad: list[BadRow] = []
        blank = 0
        ended = False
        reader, width, line = self._reader, self._width, self._line
        while not ended and len(rows) + len(bad) < size:
            try:
                for row in reader:
                    if len(row) == width and any(row):
                        rows.append(row)
                        lines.append(line)
                    elif any(row):
                        self._mend(row, line, rows, lines, bad)
                    else:
                        blank += 1
                    line = reader.line_num + 1
                    if len(rows) + len(bad) >= size:
                        break
                else:
                    ended = True
            except csv.Error:
                bad.append(BadRow(line, "too_long", []))
                line = reader.line_num + 1
        self._line = line
        if not rows and not bad and not blank:
            return None
        columns = list(zip(*rows, strict=True)) if rows else [()] * width
        return Chunk(
            lines=np.array(lines, np.int64),
            cells={place: _cells(columns[place]) for place in wanted},
            row=rows.__getitem__,
            read=len(rows) + len(bad),
            bad=bad,
            blank=blank,
        )

    def _mend(self, row: list[str], line: int, rows: list[list[str]], lines: list[int], bad: list[BadRow]) -> None:
        """A separator too many at the end is harmless; other rows of another width are not."""
        if len(row) > self._width and not any(row[self._width :]):
            rows.append(row[: self._width])
            lines.append(line)
        else:
            reason = "too_many_fields" if len(row) > self._width else "too_few_fields"
            bad.append(BadRow(line, reason, row[:200]))


def _cells(column: Sequence[str]) -> Cells:
    encoded = pa.array(column, pa.string()).dictionary_encode()
    return Cells(encoded.dictionary.to_pylist(), encoded.indices.to_numpy())
