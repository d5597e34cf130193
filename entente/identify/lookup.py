"""Asking the index: which records are worth comparing with this one, and how many hold what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from entente.identify.index_models import HeldByMany, Reading
from entente.identify.models import Linkage, Membership, Verified
from entente.identify.pure.coded import Coded, coded
from entente.identify.pure.comparisons import RARE, SOUND, Levels, compare
from entente.identify.pure.few import PLACE, compare_with_one, judge_few
from entente.identify.pure.live import (
    Counted,
    counted_columns,
    levels_deciding,
    starting_weights,
    value_keys,
    values_of_few,
    without_common,
)
from entente.identify.pure.readings import OWN
from entente.identify.pure.weights import Floats, Judged, Weights, from_data, judge
from entente.identify.records import FIELDS

Ints = NDArray[np.int64]

# Column of the law: of the index.
COLUMNS: Mapping[str, str] = {
    "given_name": "given_name", "given_name" + SOUND: "given_sound", "family_name": "family_name", "family_name" + SOUND: "family_sound",
    "name": "name", "name" + SOUND: "name_sound", "born_on": "born_on", "email": "email", "phone": "phone", "street": "street",
    "house_number": "house_number", "postcode": "postcode", "city": "city", "tax_id": "tax_id",
}  # fmt: skip
NAMES = tuple(COLUMNS)
PLACE_AT = NAMES.index(PLACE[0])  # its parts stand together
MOST_CANDIDATES = 2_000
STARTING_RECORDS = 10_000
COUNTED = {kind: counted_columns(fields) for kind, fields in FIELDS.items()}

# The planner takes a key for more common than it is, and would read the whole table.
_CANDIDATES = f"""
SET LOCAL enable_seqscan = off;
SELECT r.party_id, r.kind,
       (SELECT m.customer_id FROM {Membership._meta.db_table} m WHERE m.party_id = r.party_id AND m.ended_at IS NULL),
       EXISTS (SELECT FROM {Verified._meta.db_table} v WHERE v.party_id = r.party_id),
       {", ".join(f"r.{column}" for column in COLUMNS.values())}
FROM {Reading._meta.db_table} r
WHERE r.keys && ARRAY(SELECT key FROM unnest(%s::bigint[]) key
                      WHERE NOT EXISTS (SELECT FROM {HeldByMany._meta.db_table} h WHERE h.key = key.key))
   OR r.party_id = ANY(%s)
LIMIT {MOST_CANDIDATES};
SET LOCAL enable_seqscan = on;
"""
_ROWS = f"""
SELECT party_id, kind, {", ".join(COLUMNS.values())} FROM {Reading._meta.db_table} WHERE party_id = ANY(%s) AND kind = %s ORDER BY party_id
"""
_HELD = f"SELECT key, records FROM {HeldByMany._meta.db_table} WHERE key = ANY(%s);"
_IN_FORCE = f"SELECT id, finished_at FROM {Linkage._meta.db_table} WHERE scope = 'all' AND state = 'done' ORDER BY id DESC LIMIT 1;"


@dataclass(frozen=True)
class Row:
    """A record of the index. texts: as in COLUMNS. customer: whose it is; has_proved: its holder has proved something to be theirs."""

    party: int
    kind: str
    texts: tuple[str, ...]
    customer: int | None = None
    has_proved: bool = False


@dataclass(frozen=True, eq=False)
class Found:
    """weights: by kind, those in force. held: how many records hold each value asked about, 0 where it is not several.
    rows: the candidates."""

    weights: Mapping[str, Weights]
    held: Mapping[int, int]
    rows: list[Row]


@dataclass(frozen=True, eq=False)
class Weighed:
    """Pairs of records as the law sees them. rarity: how many records hold what the left one says, as columns of its rows."""

    rarity: Mapping[str, Counted]
    levels: Levels
    judged: Judged


def held_by(keys: Iterable[int]) -> dict[int, int]:
    """key: how many records hold it, of those that many hold."""
    asked = sorted({int(key) for key in keys} - {0})
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [asked])
        return dict(cursor.fetchall())


def ask(keys: Sequence[int], values: Sequence[int], parties: Sequence[int] = ()) -> Found:
    """The records with any of these keys, and these parties, at one stroke with all else that has to be known of them."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE + _HELD + _CANDIDATES, [list(values), list(keys), list(parties)])
        linkage = cursor.fetchone() or (None, None)
        cursor.nextset()
        held = dict.fromkeys(values, 0) | dict(cursor.fetchall())
        cursor.nextset()  # of the setting
        cursor.nextset()
        rows = [
            Row(party, kind, tuple(texts), whose, proved) for party, kind, whose, proved, *texts in cursor.fetchall()
        ]
    return Found(_weights_of(*linkage), held, rows)


def rows_of(parties: Sequence[int], kind: str) -> list[Row]:
    """These records, those of them that were read as this kind."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [list(parties), kind])
        return [Row(party, kind, tuple(texts)) for party, kind, *texts in cursor.fetchall()]


def struck(kind: str, columns: Mapping[str, Coded]) -> dict[str, Coded]:
    """Without what too many records of the index hold."""
    keys = {name: value_keys(kind, name, columns).tolist() for name in OWN if name in columns}
    known = held_by(key for own in keys.values() for key in own)
    held = {name: np.array([known.get(key, 0) for key in own], np.int64) for name, own in keys.items()}
    return without_common(kind, columns, held)


def weigh_one(
    kind: str,
    weights: Weights,
    one: Mapping[str, str],
    rows: Sequence[Row],
    values: Mapping[str, int],
    known: Mapping[int, int],
) -> tuple[Levels, Floats, Floats]:
    """As `weigh`, of one record and a few others: levels (rows, fields), weight (rows,), and the bits by which each field speaks.

    values: what the one says, as in `values_of_one`; known: how many hold what was asked about.
    """
    fields = FIELDS[kind]
    levels = compare_with_one(fields, NAMES, [row.texts for row in rows], [one.get(name, "") for name in NAMES])
    held = np.zeros(levels.shape, np.int64)
    for place, field in enumerate(fields):
        if field.how == "place":
            held[:, place] = _holders_of_places(kind, levels[:, place].tolist(), one, rows, values, known)
        else:
            # Rarity matters where both say the same.
            held[:, place] = known.get(values.get(field.name, 0), 0)
    return levels, *judge_few(weights, levels, held)


def _holders_of_places(
    kind: str,
    levels: Sequence[int],
    one: Mapping[str, str],
    rows: Sequence[Row],
    values: Mapping[str, int],
    known: Mapping[int, int],
) -> list[int]:
    """How many records hold the place that each row has in common with the one: it is written as in the row."""
    mine = tuple(one.get(name, "") for name in PLACE)
    keys, asked = [0] * len(rows), []
    for place, level in enumerate(levels):
        if level > 0:
            name = RARE["place"][level]
            texts = rows[place].texts[PLACE_AT : PLACE_AT + len(PLACE)]
            if texts == mine:
                keys[place] = values.get(name, 0)
            else:
                asked.append((place, (name, dict(zip(PLACE, texts, strict=True)))))
    for (place, _), key in zip(asked, values_of_few(kind, [value for _, value in asked]), strict=True):
        keys[place] = key
    known = {**known, **held_by(key for key in keys if key not in known)}
    return [known.get(key, 0) for key in keys]


def weigh(
    kind: str,
    weights: Weights,
    texts: Sequence[Sequence[str]],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
) -> Weighed:
    """Compare and judge pairs of records, given as their texts. left: the record that was there before; its values count as rare or not."""
    columns = {name: coded(column) for name, column in zip(COLUMNS, zip(*texts, strict=True), strict=True)}
    levels = compare(FIELDS[kind], columns, left, right)
    asked = {}
    for name, pairs in levels_deciding(FIELDS[kind], levels).items():
        rows = left[pairs]
        asked[name] = rows, value_keys(kind, name, columns)[rows]
    known = held_by(key for _, keys in asked.values() for key in keys.tolist())
    rarity = {}
    every = np.arange(len(texts), dtype=np.int32)
    for name, (rows, keys) in asked.items():
        held = np.zeros(len(texts), np.int64)
        held[rows] = [known.get(key, 0) for key in keys.tolist()]
        rarity[name] = Counted(every, (), held)
    return Weighed(rarity, levels, judge(weights, rarity, levels, left, right))


def weights_in_force() -> dict[str, Weights]:
    """What the last run over all records learned, by kind; guesses to begin with, before any."""
    with connection.cursor() as cursor:
        cursor.execute(_IN_FORCE)
        number, finished_at = cursor.fetchone() or (None, None)
    return _weights_of(number, finished_at)


@lru_cache(maxsize=4)
def _weights_of(number: int | None, finished_at: datetime | None) -> dict[str, Weights]:
    """Read once; a run that has finished is never changed."""
    learned: Mapping[str, Any] = {} if number is None else Linkage.objects.get(pk=number).weights
    return {
        kind: from_data(learned[kind]) if learned.get(kind) else starting_weights(fields, STARTING_RECORDS)
        for kind, fields in FIELDS.items()
    }
