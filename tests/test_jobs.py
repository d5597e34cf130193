"""What waits is done, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
from datetime import date

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from entente import jobs
from entente.differentiate.current import in_force
from entente.differentiate.models import Backtest, Cycle
from entente.ledger.models import Import, OrderLine, Source
from tests.databases import wait_until
from tests.ledger_facts import Ledger, a_firm, a_trade, committed, other_connection, worker

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

AS_OF = date(2026, 6, 30)


def states() -> list[tuple[str, str]]:
    return list(ProcrastinateJob.objects.order_by("id").values_list("task_name", "status"))


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
        assert wait_until(lambda: jobs.sweep()["tried_again"] == 1)
        assert all_are("todo")
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
    from entente.ledger import record

    source = Source.objects.create(name="shop")
    row = Import.objects.create(source=source, file_name="a.csv")

    def busy(_: int) -> None:
        raise record.SourceIsBusy("Another import from shop is running.")

    monkeypatch.setattr(record, "run_import", busy)
    jobs.import_file(row.pk)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.status) == ("import_file", {"import_id": row.pk}, "todo")
    assert job.scheduled_at is not None


def test_nightly_runs_for_the_day_that_has_ended():
    from django.utils import timezone

    jobs.nightly(0)
    assert not Cycle.objects.exists(), "nothing to do before there is a firm"
    trade()
    jobs.nightly(0)
    assert in_force().as_of == timezone.localdate() - timezone.timedelta(days=1)
