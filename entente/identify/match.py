"""Every record is somebody: who came since stands for a customer of its own, until linking (`link.py`) says more.

The verb is idempotent: a party that has a customer is passed over, a customer whose records were completed is brought up to date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from entente.identify.models import ONE_RECORD, Customer, Membership
from entente.identify.moves import one_at_a_time
from entente.identify.shown import MANY, found_at_the_end, of_several_records, show
from entente.ledger.models import Party
from entente.lib.norm import haystack
from entente.warehouse.copy_in import copy_field, copy_text

BATCH = 20_000

# What a customer shows of its party, column by column.
SHOWN = (
    "kind", "name", "segment", "email", "phone", "phone_e164", "country", "subdivision", "postcode", "city", "language", "zone",
)  # fmt: skip


def match_new(*, progress: Callable[[str, float, float | None], None] = lambda *_: None) -> int:
    """Give every party without a customer one, and bring the others up to date. Returns how many customers are new."""
    made = match_missing(progress=progress)
    refresh(progress=progress)
    return made


def match_missing(*, progress: Callable[[str, float, float | None], None] = lambda *_: None) -> int:
    """Give every party without a customer one. Returns how many customers are new.

    Works in batches, each in a transaction of its own; killed in between, the next call goes on.
    """
    made = after = counted = 0
    while True:
        with transaction.atomic():
            one_at_a_time()
            rows = _without_customer(after)
            if not rows:
                break
            with found_at_the_end(len(rows)):
                _make_customers(rows)
        made, after = made + len(rows), rows[-1][0]
        if made >= max(2 * counted, MANY):
            _count_again()
            counted = made
        progress("Recognising customers", made, None)
    return made


def match_some(parties: Sequence[int]) -> None:
    """Give those of these parties a customer of their own that have none."""
    with transaction.atomic():
        one_at_a_time()
        if rows := _without_customer(0, among=parties):
            _make_customers(rows)


def refresh(*, everybody: bool = False, progress: Callable[[str, float, float | None], None] = lambda *_: None) -> int:
    """Bring customers up to date whose parties were completed since. Returns how many were.

    everybody: those of several records also where no record changed, but how far they are believed.
    """
    done = after = 0
    while True:
        with transaction.atomic():
            rows = _outdated(after)
            if not rows:
                break
            _show_again(rows)
        done, after = done + len(rows), rows[-1][0]
        progress("Completing customers", done, None)
    after = 0
    while several := of_several_records(after, changed=not everybody):
        with transaction.atomic():
            one_at_a_time()
            done += show(several)
        after = several[-1]
    return done


def _count_again() -> None:
    """Tell the planner that tables have grown: what it knows may be from before they were filled, and its plans with it."""
    with connection.cursor() as cursor:
        for model in (Party, Customer, Membership):
            cursor.execute(f"ANALYZE {model._meta.db_table}")


def _without_customer(after: int, among: Sequence[int] | None = None) -> list[tuple[Any, ...]]:
    columns = ", ".join(f"p.{name}" for name in SHOWN)
    some = "" if among is None else "AND p.id = ANY(%(among)s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.id, p.key, {columns}
            FROM {Party._meta.db_table} p
            WHERE p.id > %(after)s {some}
              AND NOT EXISTS (SELECT FROM {Membership._meta.db_table} m WHERE m.party_id = p.id AND m.ended_at IS NULL)
            ORDER BY p.id LIMIT %(most)s
            """,
            {"after": after, "among": list(among or ()), "most": BATCH if among is None else None},
        )
        return cursor.fetchall()


def _make_customers(rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [Customer._meta.db_table, len(rows)],
        )
        numbers = [number for (number,) in cursor.fetchall()]
        copy_text(Customer._meta.db_table, ("id", *SHOWN, "search", "made_at"), _customer_lines(numbers, rows))
        cursor.execute(
            f"""
            INSERT INTO {Membership._meta.db_table} (party_id, customer_id, weight, explanation, law, made_at)
            SELECT party, customer, 1.0, '{{}}', %s, now() FROM unnest(%s::bigint[], %s::bigint[]) AS t (party, customer)
            """,
            [ONE_RECORD, [row[0] for row in rows], numbers],
        )


def _customer_lines(numbers: list[int], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    for number, (_, key, *shown) in zip(numbers, rows, strict=True):
        fields = dict(zip(SHOWN, shown, strict=True))
        fields["name"] = fields["name"] or key
        texts = "\t".join(copy_field(fields[name]) for name in SHOWN)
        yield f"{number}\t{texts}\t{copy_field(_search(key, fields))}\tnow\n"


def _search(key: str, fields: dict[str, str]) -> str:
    return haystack(
        names=(fields["name"],), emails=(fields["email"],), phones=(fields["phone"], fields["phone_e164"]), cities=(fields["city"],),
        postcodes=(fields["postcode"],), keys=(key,),
    )  # fmt: skip


def _outdated(after: int) -> list[tuple[Any, ...]]:
    """The next customers of one record, by number, that say something else than it does."""
    columns = ", ".join(f"p.{name}" for name in SHOWN)
    theirs = ", ".join(f"c.{name}" for name in SHOWN if name != "name")
    ours = ", ".join(f"p.{name}" for name in SHOWN if name != "name")
    with connection.cursor() as cursor:
        # Whole tables are compared. A planner that still believes them empty would go through one for each row of the other.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            f"""
            SELECT c.id, p.key, {columns}
            FROM {Membership._meta.db_table} m
            JOIN {Party._meta.db_table} p ON p.id = m.party_id
            JOIN {Customer._meta.db_table} c ON c.id = m.customer_id
            WHERE m.ended_at IS NULL AND m.law = %(one)s AND c.id > %(after)s
              AND NOT EXISTS (SELECT FROM {Membership._meta.db_table} n
                              WHERE n.customer_id = c.id AND n.ended_at IS NULL AND n.law <> %(one)s)
              AND (({theirs}) IS DISTINCT FROM ({ours}) OR c.name <> coalesce(nullif(p.name, ''), p.key))
            ORDER BY c.id LIMIT %(most)s
            """,
            {"one": ONE_RECORD, "after": after, "most": BATCH},
        )
        return cursor.fetchall()


def _show_again(rows: list[tuple[Any, ...]]) -> None:
    columns: list[list[Any]] = [[] for _ in range(len(SHOWN) + 2)]
    for number, key, *shown in rows:
        fields = dict(zip(SHOWN, shown, strict=True))
        fields["name"] = fields["name"] or key
        for column, value in zip(columns, (number, *fields.values(), _search(key, fields)), strict=True):
            column.append(value)
    names = (*SHOWN, "search")
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE {Customer._meta.db_table} c SET {", ".join(f"{name} = t.{name}" for name in names)}
            FROM unnest(%s::bigint[], {", ".join("%s::text[]" for _ in names)}) AS t (id, {", ".join(names)})
            WHERE c.id = t.id
            """,
            columns,
        )
