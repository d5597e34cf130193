"""What every kind of file is read into: chunks of columns, each distinct value once, with the line of every row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.lib.errors import EntenteError


class UnreadableFile(EntenteError):
    """The file is not a table that can be read, or not to its end."""


@dataclass(frozen=True)
class Layout:
    """How to read a file. kind: csv, parquet or xlsx; the rest as far as the kind has it."""

    kind: str
    heading: tuple[str, ...]
    encoding: str = ""
    separator: str = ""
    has_heading: bool = True
    sheet: str = ""
    gzipped: bool = False


@dataclass(frozen=True)
class Cells:
    """One column of a chunk: distinct values, and for each row the place of its own, -1 where it is empty."""

    values: list[Any]
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class BadRow:
    """A row that has not even the right fields."""

    line: int
    reason: str
    row: list[str]
    column: str = ""


@dataclass
class Chunk:
    """`read` rows of the file, of which those in `lines` have the right fields. `row(i)`: the i-th of them as written."""

    lines: NDArray[np.int64]
    cells: dict[int, Cells]
    row: Callable[[int], list[str]]
    read: int
    bad: list[BadRow] = field(default_factory=list)
    blank: int = 0


def heading_of(names: Sequence[Any]) -> tuple[tuple[str, ...], list[str]]:
    """Distinct names, and those that stood there several times. An unnamed column is called by its position."""
    seen: dict[str, int] = {}
    heading, twice = [], []
    for position, name in enumerate(names, 1):
        text = " ".join(str(name if name is not None else "").replace("\x00", "").split())[:200] or f"column {position}"
        if text in seen:
            twice.append(text)
            text = f"{text} ({position})"
        seen[text] = position
        heading.append(text)
    return tuple(heading), twice
