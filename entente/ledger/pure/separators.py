"""Which character stands between the fields of a text file?"""

import csv
from collections import Counter
from collections.abc import Sequence

from entente.ledger.pure.questions import Choice, Question

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def separator_of(lines: Sequence[str]) -> str | Question:
    """The separator, or the question. A file of one column has a comma, for want of another.

    lines: the first lines of the file with their ends, the heading first.

    A separator is possible where the heading has it and nine rows in ten have as many fields as the heading. (A comma
    within amounts or addresses may be as frequent as the separator, but not in the heading.)
    """
    fits = {mark: share for mark in SEPARATORS if (share := _share_as_wide_as_heading(lines, mark)) > 0}
    sure = [mark for mark, share in fits.items() if share >= 0.9]
    if len(sure) == 1:
        return sure[0]
    if not fits:
        return ","
    if not sure and len(fits) == 1:
        return next(iter(fits))
    return Question(
        "separator",
        "The fields can be told apart in several ways.",
        tuple(Choice(mark, SEPARATORS[mark], _preview(lines, mark)) for mark in sure or fits),
    )


def rows_of(lines: Sequence[str], mark: str) -> list[list[str]]:
    """The rows of some lines; a row that cannot be read is left out."""
    reader = csv.reader(lines, delimiter=mark)
    rows: list[list[str]] = []
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            continue
        if row is None:
            return rows
        if row:
            rows.append(row)


def _share_as_wide_as_heading(lines: Sequence[str], mark: str) -> float:
    rows = rows_of(lines, mark)
    if not rows or len(rows[0]) < 2:
        return 0.0
    if len(rows) == 1:
        return 1.0
    widths = Counter(len(row) for row in rows[1:])
    return widths[len(rows[0])] / widths.total()


def _preview(lines: Sequence[str], mark: str) -> tuple[tuple[str, str], ...]:
    return tuple((line.strip()[:80], " · ".join(row)[:120]) for line in lines[:3] for row in rows_of([line], mark)[:1])
