"""What a customer of several records shows: field by field the record that is believed most.

Survivorship: what somebody chose; then the source with the better rank (on this field, or at all); then who spoke last; then the record
that says more; then the older one. Fields that only make sense together (a telephone and its number in E.164, the parts of an address)
come from one record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from entente.identify.models import ONE_RECORD, Chosen, Customer, Membership, SourceTrust
from entente.identify.moves import one_at_a_time
from entente.ledger.models import Party, PartyVersion, Source
from entente.lib.errors import EntenteError
from entente.lib.norm import haystack
from entente.staff.models import User

Ints = NDArray[np.int64]
BATCH = 20_000
MANY = 1_000

# What is shown from one record: the columns it stands in. The first that is filled in makes the record speak of it.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind",),
    "name": ("name",),
    "segment": ("segment",),
    "email": ("email",),
    "phone": ("phone", "phone_e164"),
    "address": ("city", "postcode", "subdivision", "country"),
    "language": ("language",),
    "zone": ("zone",),
}
FIELD_NAMES = {
    "kind": _("Kind"),
    "name": _("Name"),
    "segment": _("Segment"),
    "email": _("E-mail"),
    "phone": _("Phone"),
    "address": _("Address"),
    "language": _("Language"),
    "zone": _("Time zone"),
}
COLUMNS = tuple(column for columns in FIELDS.values() for column in columns)


def _says(field: str) -> str:
    """Does this record say anything of the field?"""
    if field == "kind":
        return "(p.kind <> 'unknown')"
    return f"(concat({', '.join(f'p.{column}' for column in FIELDS[field])}) <> '')"


def _hardly(field: str) -> str:
    """Does it say next to nothing? A country alone is no address."""
    return "(p.city = '' AND p.postcode = '')::int" if field == "address" else "0"


def _best(field: str) -> str:
    """The number of the record that is believed most on a field: the least of these arrays."""
    parts = " + ".join(f"(p.{column} <> '')::int" for column in FIELDS[field])
    return f"""
        (min(ARRAY[
            CASE WHEN '{field}' = ANY(p.chosen) THEN 0 ELSE 1 END,
            {_hardly(field)}, coalesce((p.ranks->>'{field}')::bigint, p.rank),
            -p.spoke, -({parts}), -p.says, p.id
        ]) FILTER (WHERE {_says(field)}))[7]
    """


# When a record spoke last.
_SPOKE = f"""
extract(epoch FROM coalesce(
    (SELECT v.recorded_at FROM {PartyVersion._meta.db_table} v WHERE v.party_id = p.id ORDER BY v.id DESC LIMIT 1), p.recorded_at
))::bigint
"""


def _made_of(spoke: str) -> str:
    """A number of all that a customer is made of, but ranks and choices: whoever changes those shows the customers anew."""
    columns = ", ".join(f"p.{column}" for column in ("key", *COLUMNS))
    return f"bit_xor(hashtextextended(concat_ws(chr(31), p.id, {spoke}, {columns}), 0))"


_SAYS_MUCH = " + ".join(f"{_says(field)}::int" for field in FIELDS)
# Every record of these customers, with all that decides whether it is believed.
_RECORDS = f"""
SELECT m.customer_id, p.*, s.rank, t.ranks, coalesce(ch.fields, '{{}}') AS chosen, s.name AS source_name,
       {_SPOKE} AS spoke, {_SAYS_MUCH} AS says
FROM {Membership._meta.db_table} m
JOIN {Party._meta.db_table} p ON p.id = m.party_id
JOIN {Source._meta.db_table} s ON s.id = p.source_id
LEFT JOIN {SourceTrust._meta.db_table} t ON t.source_id = s.id
LEFT JOIN (SELECT customer_id, party_id, array_agg(field) AS fields FROM {Chosen._meta.db_table} GROUP BY 1, 2) ch
       ON ch.customer_id = m.customer_id AND ch.party_id = m.party_id
WHERE m.ended_at IS NULL AND m.customer_id = ANY(%(customers)s)
"""
_SHOWN = f"""
WITH record AS MATERIALIZED ({_RECORDS}),
best AS (
    SELECT p.customer_id, min(p.id) AS first, {_made_of("p.spoke")} AS made_of,
           {", ".join(f"{_best(field)} AS {field}" for field in FIELDS)},
           array_agg(p.name) AS names, array_agg(p.email) AS mails, array_agg(p.phone) || array_agg(p.phone_e164) AS phones,
           array_agg(p.city) AS cities, array_agg(p.postcode) AS postcodes, array_agg(p.key) AS keys
    -- In one order for all, so that the same records give the same text.
    FROM (SELECT * FROM record ORDER BY customer_id, id) p GROUP BY p.customer_id
),
shown AS (
    SELECT b.customer_id,
           {", ".join(f"coalesce({field}.{column}, '') AS {column}" for field, columns in FIELDS.items() for column in columns if field not in ("kind", "name"))},
           coalesce(kind.kind, 'unknown') AS kind, coalesce(name.name, first.key) AS name,
           made_of, names, mails, phones, cities, postcodes, keys
    FROM best b JOIN record first ON first.id = b.first
    {" ".join(f"LEFT JOIN record {field} ON {field}.id = b.{field}" for field in FIELDS)}
)
SELECT s.customer_id, made_of, {", ".join(f"s.{column}" for column in COLUMNS)}, names, mails, phones, cities, postcodes, keys
FROM shown s
"""  # noqa: E501

_WRITTEN = ("shown_of", *COLUMNS, "search")
_WRITE = f"""
UPDATE {Customer._meta.db_table} c SET {", ".join(f"{name} = t.{name}" for name in _WRITTEN)}
FROM unnest(%s::bigint[], %s::bigint[], {", ".join("%s::text[]" for _ in _WRITTEN[1:])}) AS t (id, {", ".join(_WRITTEN)})
WHERE c.id = t.id
  AND ({", ".join(f"c.{name}" for name in _WRITTEN)}) IS DISTINCT FROM ({", ".join(f"t.{name}" for name in _WRITTEN)})
"""


class NotItsRecord(EntenteError):
    """The record chosen does not belong to the customer."""


@dataclass(frozen=True)
class Said:
    """What one record says of a field. is_shown: the customer shows it; is_chosen: because somebody chose it; why: by which of
    `WHY` it comes before the next one."""

    party: int
    source: str
    key: str
    value: str
    spoke_at: datetime
    is_shown: bool
    is_chosen: bool
    why: str = ""


@contextmanager
def found_at_the_end(customers: int) -> Iterator[None]:
    """Write what many customers are searched by into its index when all of them stand there, not one by one: a fifth of the time."""
    if customers < MANY:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL gin_pending_list_limit = '256MB'; ALTER INDEX customer_grams SET (fastupdate = on)")
        yield
        cursor.execute("SELECT gin_clean_pending_list('customer_grams')")
        cursor.execute("ALTER INDEX customer_grams SET (fastupdate = off)")


def show(customers: Sequence[int] | Ints) -> int:
    """Bring these customers up to date with their records. Returns how many said something else before."""
    numbers = sorted({int(number) for number in customers})
    done = 0
    for first in range(0, len(numbers), BATCH):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SHOWN, {"customers": numbers[first : first + BATCH]})
            columns: list[list[Any]] = [[] for _ in range(len(_WRITTEN) + 1)]
            for number, made_of, *row in cursor.fetchall():
                shown, (names, mails, phones, cities, postcodes, keys) = row[: len(COLUMNS)], row[len(COLUMNS) :]
                search = haystack(
                    names=names, emails=mails, phones=phones, cities=cities, postcodes=postcodes, keys=keys
                )
                for column, value in zip(columns, (number, made_of, *shown, search), strict=True):
                    column.append(value)
            with found_at_the_end(len(columns[0])):
                cursor.execute(_WRITE, columns)
            done += cursor.rowcount
    return done


def of_several_records(after: int, *, changed: bool, most: int = BATCH) -> list[int]:
    """The next customers, by number, that have more than the record they began with. changed: those of them whose records say something
    else than when they were shown last."""
    several = f"""
        SELECT customer_id FROM {Membership._meta.db_table} WHERE ended_at IS NULL AND law <> %(one)s AND customer_id > %(after)s
    """
    made_anew = f"""
        SELECT c.id FROM ({several} GROUP BY customer_id) several
        JOIN {Customer._meta.db_table} c ON c.id = several.customer_id
        JOIN {Membership._meta.db_table} m ON m.customer_id = c.id AND m.ended_at IS NULL
        JOIN {Party._meta.db_table} p ON p.id = m.party_id
        GROUP BY c.id HAVING {_made_of(_SPOKE)} IS DISTINCT FROM c.shown_of ORDER BY c.id LIMIT %(most)s
    """
    all_of_them = f"{several} GROUP BY customer_id ORDER BY customer_id LIMIT %(most)s"
    with connection.cursor() as cursor:
        cursor.execute(made_anew if changed else all_of_them, {"one": ONE_RECORD, "after": after, "most": most})
        return [number for (number,) in cursor.fetchall()]


def said_of(customer: Customer) -> dict[str, list[Said]]:
    """field: what each record of the customer says of it, the one that is shown first, then the most believed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({_RECORDS}) record", {"customers": [customer.pk]})
        names = [column.name for column in cursor.description or ()]
        records = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found: dict[str, list[Said]] = {}
    for field in FIELDS:
        speak = [each for each in records if _value(field, each)]
        speak.sort(key=lambda each: _order(field, each))
        found[field] = [
            Said(
                each["id"],
                each["source_name"],
                each["key"],
                _value(field, each),
                datetime.fromtimestamp(each["spoke"], tz=each["recorded_at"].tzinfo),
                is_shown=place == 0,
                is_chosen=field in each["chosen"],
                why=_why(_order(field, each), _order(field, speak[place + 1])) if place + 1 < len(speak) else "",
            )
            for place, each in enumerate(speak)
        ]
    return found


# What decides between two records, as `_order` has it.
WHY = ("chosen", "a whole address", "rank", "newest", "fuller", "says more", "older")


def _why(first: tuple[Any, ...], second: tuple[Any, ...]) -> str:
    return next(why for why, one, other in zip(WHY, first, second, strict=True) if one != other)


def _value(field: str, record: Mapping[str, Any]) -> str:
    """As it is shown to people."""
    if field == "kind":
        return "" if record["kind"] == Party.Kind.UNKNOWN else str(Party.Kind(record["kind"]).label)
    parts = [str(record[column]) for column in FIELDS[field] if record[column]]
    return parts[0] if field == "phone" and parts else ", ".join(parts)


def _order(field: str, record: Mapping[str, Any]) -> tuple[Any, ...]:
    """As `_best` orders them in the database."""
    ranks = json.loads(record["ranks"] or "{}")
    filled = sum(1 for column in FIELDS[field] if record[column])
    return (
        field not in record["chosen"],
        field == "address" and not (record["city"] or record["postcode"]),
        ranks.get(field, record["rank"]),
        -record["spoke"],
        -filled,
        -record["says"],
        record["id"],
    )


def choose(customer: Customer, field: str, party: int | None, *, by: User) -> None:
    """Show a field from this record from now on, whatever the law says; None leaves it to the law again.

    Raises NotItsRecord, and KeyError for a field there is none of.
    """
    FIELDS[field]
    with transaction.atomic():
        one_at_a_time()
        own = Membership.objects.filter(customer=customer, ended_at=None)
        if party is not None and not own.filter(party=party).exists():
            raise NotItsRecord(_("This record does not belong to the customer any more. Load the page again."))
        Chosen.objects.filter(customer=customer, field=field).delete()
        if party is not None:
            Chosen.objects.create(customer=customer, field=field, party_id=party, by=by)
        show([customer.pk])
