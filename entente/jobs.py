"""Everything that is done later or again and again: one job, one line of what it does. The work itself is in the rooms.

Rooms defer a job by its name, in their own transaction; nobody imports this file but the faces and the worker.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from entente.staff.firm import firm_now, firm_today
from entente.staff.models import User

# A worker that has not been heard of for so long is gone; what it held is tried again, so many times.
SILENT_S = 30
MOST_TRIES = 3
# Somebody else is at the same work: come again then.
BUSY_S = 30
# The day has ended at the firm, and nobody works yet.
NIGHTLY_AT = 3
# A file nobody has come back to for so long is thrown away.
ABANDONED = timedelta(days=7)


@app.task(name="import_file")
def import_file(import_id: int) -> None:
    """Read an uploaded file into the ledger, and recognise whom it brought."""
    from entente.customize.erase import after_import
    from entente.differentiate.current import in_force
    from entente.differentiate.stakes import write_stakes
    from entente.identify.bring_in import bring_in
    from entente.ledger.record import SourceIsBusy

    try:
        bring_in(import_id)
    except SourceIsBusy:
        defer_import(import_id, wait_s=BUSY_S)
    else:
        after_import(at=timezone.now())
        write_stakes(in_force())


@app.task(name="cycle")
def cycle(as_of: str, by_id: int | None = None) -> None:
    """Run the whole circle for a day."""
    from entente.cycle import AlreadyRunning, run_cycle

    try:
        run_cycle(date.fromisoformat(as_of), today=firm_today(), by=_user(by_id))
    except AlreadyRunning:
        # What runs may have begun before the facts came for which this one was asked; if not, this one finds nothing to do.
        defer_cycle(date.fromisoformat(as_of), by_id, wait_s=BUSY_S)


@app.task(name="backtest")
def backtest(from_on: str, to_on: str, count: str, by_id: int | None = None) -> None:
    """Predict a span that has passed."""
    from entente.differentiate.backtest import Count, backtest_value

    first, last = date.fromisoformat(from_on), date.fromisoformat(to_on)
    kind: Count = "gross" if count == "gross" else "net"
    backtest_value(first, last, today=firm_today(), count=kind, by=_user(by_id))


@app.task(name="compare_countings")
def compare_countings(cycle_id: int, one: str, other: str) -> None:
    """Work out the pyramid of a day with customers counted in two ways."""
    from entente.differentiate.compare_countings import compare_countings as compare
    from entente.identify.counted import Counting

    compare(cycle_id, Counting(one), Counting(other), at=timezone.now())


@app.task(name="movement")
def movement(from_on: str, to_on: str, by_id: int | None = None) -> None:
    """Work out who moved in the pyramid between two days."""
    from entente.differentiate.movement import work_out

    work_out(date.fromisoformat(from_on), date.fromisoformat(to_on), today=firm_today(), by=_user(by_id))


@app.task(name="show_customers")
def show_customers() -> None:
    """Bring customers up to date with their records: how far sources are believed has changed."""
    from entente.identify.match import refresh

    refresh(everybody=True)


@app.task(name="deliver")
def deliver(outgoing_id: int) -> None:
    """Hand one message to the mail server."""
    from entente.interact.send import deliver as hand_over

    hand_over(outgoing_id)


@app.periodic(cron="5 * * * *")
@app.task(name="nightly", queueing_lock="nightly")
def nightly(timestamp: int) -> None:
    """Run the circle for the day that has ended at the firm. Comes every hour, works in one of them.

    The hour is that for which the job was meant, however late a worker takes it.
    """
    from entente.staff.models import Firm

    if not Firm.objects.exists():
        return
    meant_at = datetime.fromtimestamp(timestamp, UTC)
    here = firm_now(meant_at)
    # Where clocks are set at this hour, it is left out in spring and comes twice in autumn.
    if here.hour >= NIGHTLY_AT > firm_now(meant_at - timedelta(hours=1)).hour:
        cycle((here.date() - timedelta(days=1)).isoformat())


@app.periodic(cron="25 4 * * *")
@app.task(name="erasures", queueing_lock="erasures")
def erasures(timestamp: int) -> None:
    """Finish erasures that were stopped half-way, and let go what the law wants kept no longer."""
    from entente.customize.erase import erase_again

    erase_again(today=firm_today(), at=timezone.now())


def _user(number: int | None) -> User | None:
    return None if number is None else User.objects.filter(pk=number).first()


def defer_import(import_id: int, *, wait_s: int = 0) -> None:
    from procrastinate.exceptions import AlreadyEnqueued

    job = app.configure_task("import_file", queueing_lock=f"import {import_id}", schedule_in=_in(wait_s))
    with suppress(AlreadyEnqueued), transaction.atomic():
        job.defer(import_id=import_id)


def defer_cycle(as_of: date, by_id: int | None, *, wait_s: int = 0) -> bool:
    """False when one is waiting already for that day."""
    from procrastinate.exceptions import AlreadyEnqueued

    try:
        with transaction.atomic():
            job = app.configure_task("cycle", queueing_lock=f"cycle {as_of.isoformat()}", schedule_in=_in(wait_s))
            job.defer(as_of=as_of.isoformat(), by_id=by_id)
    except AlreadyEnqueued:
        return False
    return True


def _in(wait_s: int) -> dict[str, int] | None:
    return {"seconds": wait_s} if wait_s else None


def defer_backtest(from_on: date, to_on: date, count: str, by_id: int | None) -> None:
    app.configure_task("backtest").defer(from_on=from_on.isoformat(), to_on=to_on.isoformat(), count=count, by_id=by_id)


def defer_showing() -> None:
    from procrastinate.exceptions import AlreadyEnqueued

    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task("show_customers", queueing_lock="show_customers").defer()


def defer_comparison(cycle_id: int, one: str, other: str) -> bool:
    """False when the same waits already."""
    from procrastinate.exceptions import AlreadyEnqueued

    try:
        with transaction.atomic():
            job = app.configure_task("compare_countings", queueing_lock=f"compare {cycle_id} {one} {other}")
            job.defer(cycle_id=cycle_id, one=one, other=other)
    except AlreadyEnqueued:
        return False
    return True


def defer_movement(from_on: date, to_on: date, by_id: int | None) -> bool:
    """False when the same waits already."""
    from procrastinate.exceptions import AlreadyEnqueued

    span = {"from_on": from_on.isoformat(), "to_on": to_on.isoformat()}
    try:
        with transaction.atomic():
            job = app.configure_task("movement", queueing_lock=f"movement {span['from_on']} {span['to_on']}")
            job.defer(**span, by_id=by_id)
    except AlreadyEnqueued:
        return False
    return True


def sweep() -> dict[str, int]:
    """Put back what killed workers held; give up what was tried too often; throw away what killed runs left on disk.

    Called by the supervisor, never by the queue: a queue whose workers are dead cannot mend itself.
    """
    from entente.interact.send import sweep_outgoing
    from entente.ledger.draft import sweep_files
    from entente.warehouse.extract import sweep_extracts

    try:
        with connection.cursor() as cursor:
            tried_again, given_up = _put_back(cursor)
            cursor.execute("SELECT count(*) FROM procrastinate_prune_stalled_workers_v1(%s)", [SILENT_S])
        outgoing = sweep_outgoing(at=timezone.now())
        files = sweep_files(before=timezone.now() - ABANDONED)
    finally:
        connection.close()
    swept = sweep_extracts(Path(settings.HOME), older_than_s=6 * 3600, now=timezone.now().timestamp())
    return {"tried_again": tried_again, "given_up": given_up, "outgoing": outgoing, "files": files, "folders": swept}


def _put_back(cursor: Any) -> tuple[int, int]:
    """Jobs are idempotent; one that has taken so many workers with it would take the next one, too."""
    again = given_up = 0
    with transaction.atomic():
        cursor.execute(STALLED, [f"{SILENT_S} seconds"])
        for number, attempts in cursor.fetchall():
            if attempts + 1 < MOST_TRIES and _waits_again(cursor, number):
                again += 1
            else:
                cursor.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [number])
                given_up += 1
    return again, given_up


def _waits_again(cursor: Any, number: int) -> bool:
    """False where the same was asked for since and waits already: of two alike only one may wait."""
    try:
        with transaction.atomic():
            cursor.execute("SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", [number])
    except IntegrityError:
        return False
    return True


# `doing` with a worker that is silent or gone.
STALLED = """
SELECT j.id, j.attempts FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
WHERE j.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - %s::interval)
ORDER BY j.id FOR UPDATE OF j SKIP LOCKED
"""
