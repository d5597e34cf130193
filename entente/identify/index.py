"""The index of all records as they were read: written whole by a run over all of them, kept up record by record in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from entente.identify.index_models import HeldByMany, Reading
from entente.identify.lookup import COLUMNS, held_by, struck
from entente.identify.models import SourceTrust
from entente.identify.pure.blocking import MOST_TOGETHER, most_together
from entente.identify.pure.coded import MISSING, Coded, coded
from entente.identify.pure.live import (
    WHOLE_NAMES,
    counted_columns,
    identifier_key,
    rule_keys,
    value_keys,
)
from entente.identify.pure.organisations import looks_like_organisation
from entente.identify.pure.readings import Readings
from entente.identify.records import ORGANISATIONS, PEOPLE, READ, WRITTEN, Records
from entente.ledger.models import Party
from entente.warehouse.copy_in import Wire, copy_columns, integer_arrays
from entente.warehouse.copy_in import coded as wired

Ints = NDArray[np.int64]

COUNTED_FROM = 3  # a value of fewer records is as rare as can be: the weights tell no difference
NEXT = "_next"
# What a reading is made of. Where this is another number than it was, the record has to be read again.
DIGEST = "hashtextextended(concat_ws(chr(31), p.kind, {}, p.identifiers::text), 0)".format(
    ", ".join(
        f"coalesce(p.{name}::text, '')"
        for name in (
            "name", "given_name", "family_name", "email", "phone_e164", "phone", "address", "house_number", "postcode", "city", "country",
            "tax_id", "born_on",
        )
    )
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Digests:
    """parties: (n,) rising; numbers: (n,) of what was written of each."""

    parties: Ints
    numbers: Ints

    def of(self, parties: Ints) -> Ints:
        """(k,) the numbers of these parties, 0 of those that are not there."""
        if not len(self.parties):
            return np.zeros(len(parties), np.int64)
        place = np.minimum(np.searchsorted(self.parties, parties), len(self.parties) - 1)
        return np.where(self.parties[place] == parties, self.numbers[place], 0)


def read_digests(parties: Sequence[int] | None = None) -> Digests:
    """What is written of all parties now, or of some. To be taken before they are read, so that no later change goes unnoticed."""
    some = "" if parties is None else "WHERE p.id = ANY(%s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT p.id, {DIGEST} FROM {Party._meta.db_table} p {some} ORDER BY p.id",
            None if parties is None else [list(parties)],
        )
        rows = np.fromiter(chain.from_iterable(cursor), np.int64).reshape(-1, 2)
    return Digests(rows[:, 0].copy(), rows[:, 1].copy())


def write_index(records: Mapping[str, Records], digests: Digests | None = None) -> None:
    """Write the index anew, from all records by kind. Until the caller's transaction ends everybody reads the old one.

    digests: as `read_digests` gave them before the records were read.
    """
    digests = read_digests() if digests is None else digests
    further = _further_keys(None)
    with transaction.atomic(), connection.cursor() as cursor:
        # Nothing may be left to check when tables are exchanged.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for model in (Reading, HeldByMany):
            table = model._meta.db_table
            cursor.execute(f"CREATE TABLE {table}{NEXT} (LIKE {table} INCLUDING DEFAULTS)")
        many = _without_crowded(further)
        for each in records.values():
            if len(each):
                keys, crowded = _keys_among_all(each)
                many |= crowded | _values_of_many(each)
                _copy(Reading._meta.db_table + NEXT, each, keys, digests, further)
        rows = np.fromiter(many, np.int64, len(many)), np.fromiter(many.values(), np.int32, len(many))
        copy_columns(HeldByMany._meta.db_table + NEXT, {"key": rows[0], "records": rows[1]})
        # Some went with their import since they were read.
        cursor.execute(
            f"DELETE FROM {Reading._meta.db_table}{NEXT} r "
            f"WHERE NOT EXISTS (SELECT FROM {Party._meta.db_table} p WHERE p.id = r.party_id)"
        )
        for model in (Reading, HeldByMany):
            _exchange(cursor, model._meta.db_table)


def update_index(parties: Sequence[int]) -> dict[str, Records]:
    """Read these parties and put them into the index, new ones and changed ones. Returns them as they were read, by kind."""
    if not parties:
        return {}
    with transaction.atomic():
        digests = read_digests(parties)
        records = _read(parties)
        further = _further_keys(parties)
        Reading.objects.filter(party__in=parties).delete()
        for each in records.values():
            if len(each):
                keys = _all_keys(each)
                keys[np.isin(keys, list(held_by(keys[keys != 0])))] = 0
                _copy(Reading._meta.db_table, each, keys, digests, further)
    return records


def not_indexed(most: int) -> list[int]:
    """Parties that came, or changed, since they were read: not more than so many."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.id FROM {Party._meta.db_table} p LEFT JOIN {Reading._meta.db_table} r ON r.party_id = p.id
            WHERE p.erased_at IS NULL AND (r.party_id IS NULL OR r.digest <> {DIGEST}) ORDER BY p.id LIMIT %s
            """,
            [most],
        )
        return [party for (party,) in cursor.fetchall()]


def compare_again(parties: Sequence[int]) -> None:
    """Have the next run over what is new compare these with all, as if they had changed. They are found as before."""
    Reading.objects.filter(party__in=parties).update(digest=0)


def _all_keys(records: Records) -> Ints:
    rules = (*records.rules, *WHOLE_NAMES[records.kind])
    return rule_keys(records.kind, rules, records.readings.columns)


def _keys_among_all(records: Records) -> tuple[Ints, dict[int, int]]:
    """(n, rules) keys without those that too many share, and how many share those."""
    keys = _all_keys(records)
    crowded: dict[int, int] = {}
    for place, rule in enumerate((*records.rules, *WHOLE_NAMES[records.kind])):
        rows = np.flatnonzero(keys[:, place])
        found, which, size = np.unique(keys[rows, place], return_inverse=True, return_counts=True)
        if not len(found):
            continue
        many = size > most_together(rule, size, len(records))
        crowded |= dict(zip(found[many].tolist(), size[many].tolist(), strict=True))
        keys[rows[many[which]], place] = 0
    return keys, crowded


def _values_of_many(records: Records) -> dict[int, int]:
    """How many hold each value, where they are several; those that the reading struck out among them."""
    many: dict[int, int] = {}
    columns = records.readings.columns
    for name in counted_columns(records.fields):
        found, size = np.unique(value_keys(records.kind, name, columns), return_counts=True)
        several = (size >= COUNTED_FROM) & (found != 0)
        many |= dict(zip(found[several].tolist(), size[several].tolist(), strict=True))
    for name, value, holders in records.readings.ignored:
        many[int(value_keys(records.kind, name, {name: coded([value])})[0])] = holders
    return many


def _copy(table: str, records: Records, keys: Ints, digests: Digests, further: Mapping[int, list[int]]) -> None:
    n = len(records)
    row, place = np.nonzero(keys)
    values = keys[row, place]
    known = np.flatnonzero(np.isin(records.parties, list(further))).tolist() if further else []
    if known:
        own = [further[int(records.parties[at])] for at in known]
        row = np.append(row, np.repeat(known, list(map(len, own))))
        values = np.append(values, list(chain.from_iterable(own)))
        order = np.argsort(row, kind="stable")
        row, values = row[order], values[order]
    offsets = np.searchsorted(row, np.arange(n + 1)).astype(np.int64)
    copy_columns(
        table,
        {
            "party_id": records.parties,
            "kind": wired([records.kind.encode()], np.zeros(n, np.int64)),
            **{column: _texts(records.readings.columns.get(name), n) for name, column in COLUMNS.items()},
            "keys": integer_arrays(values.astype(np.int64), offsets),
            "digest": digests.of(records.parties),
        },
    )


def _texts(column: Coded | None, n: int) -> Wire:
    if column is None:
        return wired([b""], np.zeros(n, np.int64))
    # The empty text stands last, where the number of what is missing finds it.
    return wired(
        [*(value.encode() for value in column.values), b""],
        np.where(column.code == MISSING, len(column.values), column.code),
    )


def _exchange(cursor: Any, table: str) -> None:
    """Put the new table in the place of the old, with the indexes and the foreign keys of the old under their own names."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('p', 'f')",
        [table],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
        "WHERE x.indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid)",
        [table],
    )
    indexes = cursor.fetchall()
    quote = connection.ops.quote_name
    for name, definition in indexes:
        head, _, rest = definition.partition(" USING ")
        cursor.execute(f"{head.partition(' INDEX ')[0]} INDEX {quote(name + NEXT)} ON {table}{NEXT} USING {rest}")
    cursor.execute(f"ANALYZE {table}{NEXT}")
    # Last: from here on nobody else writes to the tables it refers to.
    for name, definition in constraints:
        cursor.execute(f"ALTER TABLE {table}{NEXT} ADD CONSTRAINT {quote(name + NEXT)} {definition}")
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE {table}{NEXT} RENAME TO {table}")
    for name, _ in constraints:
        cursor.execute(f"ALTER TABLE {table} RENAME CONSTRAINT {quote(name + NEXT)} TO {quote(name)}")
    for name, _ in indexes:
        cursor.execute(f"ALTER INDEX {quote(name + NEXT)} RENAME TO {quote(name)}")


def _further_keys(parties: Sequence[int] | None) -> dict[int, list[int]]:
    """party: the keys of the further numbers it is known by."""
    some = Party.objects.exclude(identifiers={})
    found = some if parties is None else some.filter(pk__in=parties)
    keys = {
        party: [key for value in identifiers.values() if (key := identifier_key(str(value or "")))]
        for party, identifiers in found.values_list("id", "identifiers").iterator()
    }
    return {party: own for party, own in keys.items() if own}


def _without_crowded(further: dict[int, list[int]]) -> dict[int, int]:
    """Takes the keys out that too many share, and says how many share those."""
    many = {key: size for key, size in Counter(chain(*further.values())).items() if size > MOST_TOGETHER}
    if many:
        for party, own in further.items():
            further[party] = [key for key in own if key not in many]
    return many


def _read(parties: Sequence[int]) -> dict[str, Records]:
    """Some parties, read as all are; what too many hold was counted before."""
    written = ", ".join(f"{sql} AS {name}" for name, sql in WRITTEN.items())
    claimed = list(SourceTrust.objects.filter(is_claimed=True).values_list("source_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, kind, source_id = ANY(%s), {written} FROM {Party._meta.db_table} "
            "WHERE id = ANY(%s) AND erased_at IS NULL ORDER BY id",
            [claimed, list(parties)],
        )
        rows = cursor.fetchall()
    by_kind: dict[str, list[Any]] = {PEOPLE: [], ORGANISATIONS: []}
    name_at = 3 + list(WRITTEN).index("name")
    for row in rows:
        is_firm = row[1] == ORGANISATIONS or (row[1] != PEOPLE and looks_like_organisation(row[name_at]))
        by_kind[ORGANISATIONS if is_firm else PEOPLE].append(row)
    return {kind: _records(kind, own) for kind, own in by_kind.items() if own}


def _records(kind: str, rows: Sequence[Any]) -> Records:
    numbers, _, claimed, *texts = zip(*rows, strict=True)
    read = READ[kind](dict(zip(WRITTEN, texts, strict=True)))
    columns = struck(kind, read.columns)
    return Records(kind, np.array(numbers, np.int64), np.array(claimed, np.bool_), Readings(columns, read.ignored))


def mark_crowded(keys: Mapping[int, int]) -> None:
    """key: how many records share it. Nothing is looked for by it from now on."""
    HeldByMany.objects.bulk_create(
        [HeldByMany(key=key, records=size) for key, size in keys.items()], ignore_conflicts=True, batch_size=5_000
    )
