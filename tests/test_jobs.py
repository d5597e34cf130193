"""What waits is done, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from entente import jobs
from entente.differentiate.current import in_force
from entente.differentiate.models import Backtest, Cycle
from entente.ledger.models import Import, OrderLine, Source
from entente.staff.firm import firm_now
from entente.staff.models import Firm
from tests.databases import wait_until
from tests.ledger_facts import Ledger, a_firm, a_trade, committed, other_connection, worker

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)


def states() -> list[tuple[str, str]]:
    """But for the job that every worker asks for itself, some minutes of each hour."""
    jobs_asked_for = ProcrastinateJob.objects.exclude(task_name="nightly")
    return list(jobs_asked_for.order_by("id").values_list("task_name", "status"))


def all_are(status: str) -> bool:
    return bool(states()) and {state for _, state in states()} == {status}


def trade() -> None:
    a_firm()
    a_trade(Ledger(), buyers=40, until=AS_OF, email="buyer@example.com")


@pytest.mark.slow
@pytest.mark.faults
def test_a_worker_does_what_waits_and_outlives_its_connections(tmp_path):
    from entente.ledger.mapping import load
    from entente.ledger.record import open_import

    trade()
    before = OrderLine.objects.count()
    log = tmp_path / "log.csv"
    log.write_text("customer,date,amount\nZelda,2026-05-05,12.50\nZelda,2026-05-07,20\n")
    imported = open_import(log, mapping=load("purchase-log"), source_name="", file_name="log.csv", by=None)
    jobs.defer_import(imported.pk)
    jobs.defer_backtest(date(2026, 1, 1), AS_OF, "gross", None)
    assert jobs.defer_cycle(AS_OF, None)
    assert not jobs.defer_cycle(AS_OF, None), "one is waiting already"
    with worker() as program:
        assert wait_until(lambda: all_are("succeeded"), 60), states()
        imported.refresh_from_db()
        assert imported.state == Import.State.DONE and OrderLine.objects.count() == before + 2
        assert Backtest.objects.get().count == "gross"
        assert in_force().as_of == AS_OF
        # The database goes away under it, as in a restart, and comes back.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        for _ in range(4):
            jobs.defer_cycle(date(2026, 6, 29), None)
            assert wait_until(lambda: all_are("succeeded") or program.poll() is not None, 60), states()
        assert program.poll() is None and all_are("succeeded"), states()


@pytest.mark.slow
@pytest.mark.faults
def test_what_a_killed_worker_held_is_done_by_the_next(monkeypatch):
    monkeypatch.setattr(jobs, "SILENT_S", 1)
    trade()
    jobs.defer_cycle(AS_OF, None)
    with other_connection() as other:
        other.execute("BEGIN")
        other.execute("SELECT pg_advisory_xact_lock(hashtext('entente match'))")
        with worker() as program:
            assert wait_until(lambda: all_are("doing"))
            assert jobs.sweep()["tried_again"] == 0, "it is alive"
            os.kill(program.pid, signal.SIGKILL)
            program.wait()
        assert all_are("doing")
        assert wait_until(lambda: jobs.sweep()["tried_again"] >= 1 and all_are("todo"))
        other.execute("ROLLBACK")
    with worker():
        assert wait_until(lambda: all_are("succeeded"), 60), states()
    assert Cycle.objects.get().state == Cycle.State.DONE


def held_by_nobody() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE status = 'todo'")


def test_a_job_that_kills_its_workers_is_given_up():
    jobs.defer_backtest(date(2026, 1, 1), AS_OF, "net", None)
    for attempt in range(jobs.MOST_TRIES):
        held_by_nobody()
        swept = jobs.sweep()
        assert (swept["tried_again"], swept["given_up"]) == ((0, 1) if attempt == jobs.MOST_TRIES - 1 else (1, 0))
    assert all_are("failed")
    assert jobs.sweep()["given_up"] == 0


def test_a_held_job_does_not_stand_in_the_way_of_the_same_that_waits():
    """While a cycle was run by a worker that died, another was asked for; of two alike one may wait."""
    jobs.defer_cycle(AS_OF, None)
    held_by_nobody()
    jobs.defer_cycle(AS_OF, None)
    jobs.defer_backtest(date(2026, 1, 1), AS_OF, "net", None)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name = 'backtest'")
    swept = jobs.sweep()
    assert swept["tried_again"] == 1, "the backtest"
    assert states() == [("cycle", "failed"), ("cycle", "todo"), ("backtest", "todo")]


def test_an_import_waits_for_the_one_before_it(monkeypatch):
    from entente.identify import bring_in
    from entente.ledger import record

    source = Source.objects.create(name="shop")
    row = Import.objects.create(source=source, file_name="a.csv")

    def busy(_: int, **_how: object) -> None:
        raise record.SourceIsBusy("Another import from shop is running.")

    monkeypatch.setattr(bring_in, "run_import", busy)
    jobs.import_file(row.pk)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.status) == ("import_file", {"import_id": row.pk}, "todo")
    assert job.scheduled_at is not None


def test_cycles_of_two_days_wait_side_by_side():
    assert jobs.defer_cycle(AS_OF, None)
    assert jobs.defer_cycle(date(2026, 6, 29), None)
    assert not jobs.defer_cycle(AS_OF, None)


def test_abandoned_files_are_swept(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    source, folder = Source.objects.create(name="shop"), tmp_path / "imports"
    folder.mkdir()
    long_ago = timezone.now() - jobs.ABANDONED - timedelta(hours=1)
    made = {}
    for state in ("draft", "failed", "waiting"):
        for age, at in (("old", long_ago), ("new", timezone.now())):
            name = f"{state} {age}"
            (folder / name).write_text("x")
            made[name] = Import.objects.create(source=source, file_name=name, state=state, stored_as=f"imports/{name}")
            Import.objects.filter(pk=made[name].pk).update(made_at=at)
    assert jobs.sweep()["files"] == 2
    assert {path.name for path in folder.iterdir()} == {"draft new", "failed new", "waiting old", "waiting new"}
    assert set(made) - set(Import.objects.values_list("file_name", flat=True)) == {"draft old"}
    assert jobs.sweep()["files"] == 0


def hours_worked(monkeypatch, zone: str, day: date) -> list[tuple[str, str]]:
    """When nightly works in the two days around a day, as (UTC, as_of)."""
    Firm.objects.update(zone=zone)
    worked: list[tuple[str, str]] = []
    first = datetime(day.year, day.month, day.day, 0, 5, tzinfo=UTC) - timedelta(hours=24)
    for hour in range(48):
        at = first + timedelta(hours=hour)
        monkeypatch.setattr(jobs, "cycle", lambda as_of, at=at: worked.append((f"{at:%d %H}", as_of)))
        jobs.nightly(int(at.timestamp()))
    return worked


def test_nightly_runs_for_the_day_that_has_ended_at_the_firm(monkeypatch):
    assert hours_worked(monkeypatch, "UTC", AS_OF) == [], "nothing to do before there is a firm"
    a_firm()
    assert hours_worked(monkeypatch, "Asia/Tehran", AS_OF) == [("29 00", "2026-06-28"), ("30 00", "2026-06-29")]
    assert hours_worked(monkeypatch, "America/Los_Angeles", AS_OF) == [("29 10", "2026-06-28"), ("30 10", "2026-06-29")]
    # There 03:00 is left out on the 29th of March, and comes twice on the 25th of October.
    assert hours_worked(monkeypatch, "Europe/Helsinki", date(2026, 3, 29)) == [
        ("28 01", "2026-03-27"),
        ("29 01", "2026-03-28"),
    ]
    assert hours_worked(monkeypatch, "Europe/Helsinki", date(2026, 10, 25)) == [
        ("24 00", "2026-10-23"),
        ("25 00", "2026-10-24"),
    ]


def test_a_night_ends_with_a_pyramid():
    trade()
    jobs.nightly(int(datetime(2026, 6, 30, 3, 5, tzinfo=firm_now().tzinfo).timestamp()))
    assert in_force().as_of == date(2026, 6, 29)
