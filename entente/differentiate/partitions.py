"""The table of a cycle's valuations: written whole, indexed, attached when it is published, dropped when nobody looks back at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import DatabaseError, connection, transaction

from entente.differentiate.models import Cycle, Level, Plan, Valuation
from entente.warehouse.copy_in import copy_columns

# Who asks how somebody moved compares days of these weeks, or the ends of months.
KEPT = timedelta(days=35)
# Whoever waits to drop a table keeps all later readers of valuations waiting behind him.
PATIENCE = "100ms"
INDEXING = 7_203_003
# Whom it pays to stimulate, who needs what, and who is like the best: name of the index, its order, and whom it holds.
NEEDS = (
    ("growth", "growth DESC", "growth > 0"),
    ("level_growth", "level, growth DESC", "growth > 0"),
    ("segment", "segment, value DESC", "segment IS NOT NULL"),
    ("likeness", "likeness DESC", "likeness IS NOT NULL"),
    ("level_likeness", "level, likeness DESC", "likeness IS NOT NULL"),
    *((f"case_{case}", "value DESC", f"(stimulate & {case}) > 0") for case in (1, 2, 4)),
)


def partition_of(cycle: Cycle) -> str:
    return _name(cycle.pk)


def _name(number: int) -> str:
    return f"{Valuation._meta.db_table}_{int(number)}"


def write_partition(cycle: Cycle, table: Mapping[str, Any]) -> None:
    """Write the cycle's valuations into a table of their own, not yet attached: nobody sees it."""
    name = partition_of(cycle)
    parent = Valuation._meta.db_table
    n = len(table["customer_id"])
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS)")
    copy_columns(name, {"cycle_id": np.full(n, cycle.pk, np.int64), **table})
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (cycle_id, customer_id)")
        cursor.execute(f"ALTER TABLE {name} ADD CHECK (cycle_id = {int(cycle.pk)})")


@contextmanager
def indexing(cycle: Cycle) -> Iterator[Callable[..., None]]:
    """Make the indexes of the cycle's valuations on a connection of its own while other work goes on.

    Yields what waits for them, and raises what went wrong with them. Safe to run again: those that stand are kept.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="indexes") as beside:
        work = beside.submit(_index_partition, cycle.pk)
        yield work.result


def _index_partition(number: int) -> None:
    name = _name(number)
    try:
        with connection.cursor() as cursor:
            # The server goes on for a while with what a killed run had begun: wait for it, or the same name would be made twice.
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [INDEXING, number % 2**31])
            for first in ("", "level", "stage", "country"):
                # Of its own name, so that a run that was killed half-way does not make it twice.
                columns = f"{first}, value DESC, customer_id DESC" if first else "value DESC, customer_id DESC"
                cursor.execute(f"CREATE INDEX IF NOT EXISTS {name}_{first or 'value'} ON {name} ({columns})")
            # Few who ever bought are below zero: they are found among themselves, all of them or those of a level.
            for first in ("", "level, "):
                cursor.execute(
                    f"CREATE INDEX IF NOT EXISTS {name}_{first.rstrip(', ') or 'all'}_loss ON {name} "
                    f"({first}profit_year, customer_id) WHERE profit_year < 0 AND level <= {Level.INACTIVE}"
                )
            # Who is in a cell of the year's movement, the most valuable first.
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS {name}_moved ON {name} (level_before, level, value DESC, customer_id DESC)"
            )
            for what, order, which in NEEDS:
                cursor.execute(
                    f"CREATE INDEX IF NOT EXISTS {name}_{what} ON {name} ({order}, customer_id DESC) WHERE {which}"
                )
            cursor.execute(f"ANALYZE {name}")
    finally:
        connection.close()


def attach_partition(cycle: Cycle) -> None:
    """Let the valuations be seen. Part of publishing, in its transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"ALTER TABLE {Valuation._meta.db_table} ATTACH PARTITION {partition_of(cycle)} FOR VALUES IN ({int(cycle.pk)})"
        )


def drop_partition(cycle: Cycle) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {partition_of(cycle)}")


def retire_partitions(*, but: Cycle) -> int:
    """Drop the valuations of days nobody looks back at: of each month the last is kept, all of the last weeks, and where a plan began that
    is followed.

    The pyramid of such a day, its decisions and their outcomes stay. Returns how many tables went; where somebody is reading one for
    long it is left for next time.
    """
    published = Cycle.objects.filter(published_at__isnull=False, replaced_at=None).order_by("-as_of")
    days = dict(published.values_list("pk", "as_of"))
    if not days:
        return 0
    newest = max(days.values())
    last_of_month: dict[tuple[int, int], date] = {}
    for day in days.values():
        month = (day.year, day.month)
        last_of_month[month] = max(day, last_of_month.get(month, day))
    kept = set(last_of_month.values())
    begun = set(Plan.objects.filter(state=Plan.State.TARGET).values_list("baseline_id", flat=True))
    retired = 0
    for number, day in days.items():
        if number == but.pk or day > newest - KEPT or day in kept or number in begun or not has_partition(number):
            continue
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                cursor.execute(f"DROP TABLE {_name(number)}")
        except DatabaseError:
            # Somebody reads it, or has built a view on it: it stays, and the others go.
            continue
        retired += 1
    return retired


def has_partition(number: int) -> bool:
    """Are the valuations of this cycle there, attached or not?"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_name(number)])
        return bool(cursor.fetchone()[0])
