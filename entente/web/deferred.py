"""What a page asks the worker to do, and what still waits for one."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Max, QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued

WAITING = ("todo", "doing")
# Only the latest jobs are looked at, however many the queue has ended.
LATEST = 20_000


def import_later(import_id: int) -> None:
    """Put an import into the queue; one that waits there already waits once."""
    from entente.jobs import defer_import

    try:
        defer_import(import_id)
    except AlreadyEnqueued:
        return


def cycle_later(as_of: date, by_id: int) -> bool:
    """False where one waits already."""
    from entente.jobs import defer_cycle

    return defer_cycle(as_of, by_id)


def comparison_later(cycle_id: int, one: str, other: str) -> bool:
    """False where the same waits already."""
    from entente.jobs import defer_comparison

    return defer_comparison(cycle_id, one, other)


def movement_later(from_on: date, to_on: date, by_id: int) -> bool:
    """False where the same waits already."""
    from entente.jobs import defer_movement

    return defer_movement(from_on, to_on, by_id)


def showing_later() -> None:
    from entente.jobs import defer_showing

    defer_showing()


def backtest_later(from_on: date, to_on: date, count: str, by_id: int) -> None:
    from entente.jobs import defer_backtest

    defer_backtest(from_on, to_on, count, by_id)


def waiting(task: str, **arguments: Any) -> list[ProcrastinateJob]:
    """The jobs of a kind that have not ended."""
    rows = _latest().filter(task_name=task, status__in=WAITING)
    if arguments:
        rows = rows.filter(args__contains=arguments)
    return list(rows.order_by("id")[:20])


def failed(task: str) -> list[ProcrastinateJob]:
    """The latest of a kind that failed, if none has gone well since."""
    last = _latest().filter(task_name=task, status__in=("failed", "succeeded")).order_by("-id").first()
    return [last] if last is not None and last.status == "failed" else []


def _latest() -> QuerySet[ProcrastinateJob]:
    newest = ProcrastinateJob.objects.aggregate(Max("id"))["id__max"] or 0
    return ProcrastinateJob.objects.filter(id__gt=newest - LATEST)
