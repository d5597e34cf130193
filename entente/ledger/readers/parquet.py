"""Parquet files, a batch at a time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from entente.ledger.readers.table import Cells, Chunk, Layout, UnreadableFile


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        # Without these a whole row group would be in memory at once.
        file = pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(f"The Parquet file cannot be read ({_first_line(error)}). Write it again.") from None
    with file:
        yield file


def batches(file: pq.ParquetFile, size: int) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(batch_size=size)
    except (pa.ArrowException, OSError, NotImplementedError) as error:
        raise UnreadableFile(f"The Parquet file cannot be read to its end ({_first_line(error)}).") from None


def chunks(path: Path, layout: Layout, wanted: Sequence[int], size: int, cut_at: int) -> Iterator[Chunk]:
    """All rows, `size` at a time. A chunk ends after row `cut_at`, wherever that is. The first row has line 2."""
    done = 0
    with opened(path) as file:
        for batch in batches(file, size):
            cut = cut_at - done
            for part in (batch.slice(0, cut), batch.slice(cut)) if 0 < cut < len(batch) else (batch,):
                yield _chunk(part, wanted, first_line=done + 2)
                done += len(part)


def _chunk(batch: pa.RecordBatch, wanted: Sequence[int], first_line: int) -> Chunk:
    return Chunk(
        lines=np.arange(first_line, first_line + len(batch), dtype=np.int64),
        cells={place: cells(batch.column(place)) for place in wanted},
        row=lambda place: as_written(batch, place),
        read=len(batch),
    )


def cells(column: pa.Array) -> Cells:
    """Raises UnreadableFile for lists and structures: they are no cells."""
    if pa.types.is_nested(column.type):
        raise UnreadableFile("A column holds lists or structures. Write one plain value to a cell.")
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    try:
        values: list[Any] = column.dictionary.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException) as error:
        raise UnreadableFile(f"A column of the Parquet file holds impossible values ({_first_line(error)}).") from None
    codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return Cells([value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values], codes)


def as_written(batch: pa.RecordBatch, place: int) -> list[str]:
    values = (column[place].as_py() for column in batch.columns)
    return ["" if value is None else str(value)[:1000] for value in values]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
