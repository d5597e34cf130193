"""How well were records put together? The links in force, against a file that says who is who."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from entente.identify.apply import standing
from entente.identify.link import Progress
from entente.identify.pure.blocking import pairs
from entente.identify.pure.evaluation import Score, evaluate
from entente.identify.records import read_records
from entente.ledger.models import Party, Source
from entente.lib.errors import EntenteError
from entente.warehouse.extract import extract

Ints = NDArray[np.int64]
SEPARATORS = ",;\t|"
SHOWN = 5


class NotATruth(EntenteError):
    """The file does not say of records who they are."""


@dataclass(frozen=True)
class Evaluated:
    """score: of the links in force. blocking_recall: share of the true pairs that were compared at all; blocking_lost: how many were
    not. records: of the truth that are in the ledger; unknown: that are not."""

    score: Score
    blocking_recall: float
    blocking_lost: int
    records: int
    unknown: int

    def as_dict(self) -> Mapping[str, float]:
        rest = {name: value for name, value in asdict(self).items() if name != "score"}
        return {**self.score.as_dict(), **rest}


def evaluate_links(truth: Path, *, source: str = "", progress: Progress = lambda *_: None) -> Evaluated:
    """truth: a CSV file with a heading; its first column numbers the record as its source does, its second names the true group; a
    column `source` tells sources apart, or `source` does for all rows.

    Raises NotATruth.
    """
    progress("Reading who is who", 0, None)
    parties, groups, unknown = _rows(truth, source)
    now = standing()
    at = now.rows(parties)
    parties, groups, found = parties[at >= 0], groups[at >= 0], now.customer[at[at >= 0]]
    if not len(parties):
        raise NotATruth(
            _(
                "None of the records in %(file)s is in the ledger%(where)s. Its first column has to number them as their source does."
            )
            % {"file": truth, "where": f" ({source})" if source else ""}
        )
    _names, true = np.unique(groups, return_inverse=True)
    progress("Looking for pairs never compared", 0, None)
    wanted, met = _compared(parties, true)
    return Evaluated(
        evaluate(found, true.astype(np.int64)), met / wanted if wanted else 1.0, wanted - met, len(parties), unknown
    )


def _compared(parties: Ints, true: Ints) -> tuple[int, int]:
    """How many true pairs there are, and how many of them blocking brings together among all records."""
    size = np.bincount(true)
    wanted = int((size * (size - 1) // 2).sum())
    order = np.argsort(parties)
    with extract() as columns:
        records = read_records(columns)
    met = 0
    for own in records.values():
        blocked = pairs(own.rules, own.readings.columns)
        group = np.full(len(own), -1, np.int64)
        place = np.searchsorted(parties[order], own.parties)
        place = np.minimum(place, max(len(parties) - 1, 0))
        is_known = parties[order][place] == own.parties if len(parties) else np.zeros(len(own), np.bool_)
        group[is_known] = true[order][place[is_known]]
        left, right = group[blocked.left], group[blocked.right]
        met += int(((left == right) & (left >= 0)).sum())
    return wanted, met


def _rows(path: Path, source: str) -> tuple[Ints, NDArray[np.str_], int]:
    """Parties, the group of each, and how many records of the file nobody knows."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise NotATruth(_("%(file)s cannot be read: %(why)s.") % {"file": path, "why": error.strerror}) from None
    except UnicodeDecodeError:
        raise NotATruth(_("%(file)s is not UTF-8 text. Save it as CSV in UTF-8.") % {"file": path}) from None
    lines = text.splitlines()
    separator = max(SEPARATORS, key=lines[0].count) if lines else ","
    head, *rows = list(csv.reader(lines, delimiter=separator)) or [[]]
    if len(head) < 2:
        raise NotATruth(_("%(file)s needs two columns: the number of a record and its true group.") % {"file": path})
    names = [name.strip().lower() for name in head]
    of_source = names.index("source") if "source" in names else None
    record, group = [place for place in range(len(head)) if place != of_source][:2]
    asked: dict[tuple[str, str], str] = {}
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) < len(head):
            raise NotATruth(
                _("Line %(line)s of %(file)s has %(count)s columns, the heading %(wanted)s.")
                % {"line": line, "file": path, "count": len(row), "wanted": len(head)}
            )
        if not row[group].strip():
            raise NotATruth(_("Line %(line)s of %(file)s names no group.") % {"line": line, "file": path})
        asked[row[of_source].strip() if of_source is not None else source, row[record].strip()] = row[group].strip()
    if not asked:
        raise NotATruth(_("%(file)s names no record.") % {"file": path})
    return _found(asked)


def _found(asked: Mapping[tuple[str, str], str]) -> tuple[Ints, NDArray[np.str_], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT asked.place, p.id FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS asked(source, key, place)
            JOIN {Party._meta.db_table} p ON p.key = asked.key
            JOIN {Source._meta.db_table} s ON s.id = p.source_id AND (asked.source = '' OR s.name = asked.source)
            ORDER BY asked.place, p.id
            """,
            [[source for source, _key in asked], [key for _source, key in asked]],
        )
        rows = np.array(cursor.fetchall(), np.int64).reshape(-1, 2)
    place, times = np.unique(rows[:, 0], return_counts=True)
    if (times > 1).any():
        keys = [list(asked)[number - 1][1] for number in place[times > 1][:SHOWN].tolist()]
        raise NotATruth(
            _("Several sources have a record %(keys)s. Add a column “source”, or name the source with --source.")
            % {"keys": ", ".join(keys)}
        )
    groups = np.array(list(asked.values()))
    return rows[:, 1], groups[rows[:, 0] - 1], len(asked) - len(rows)
