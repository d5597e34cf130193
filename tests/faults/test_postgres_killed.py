"""The embedded database is killed, half made, impersonated and kept waiting."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from entente.lib import postgres
from entente.lib.postgres import EmbeddedPostgres
from entente.lib.postgres_data import DatabaseDown
from tests.databases import empty_home, home, made_home, python, query, server, wait_until

__all__ = ["empty_home", "home", "made_home", "server"]  # fixtures
pytestmark = pytest.mark.faults

HOLDER = """
import sys
from pathlib import Path
from entente.lib.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=len(sys.argv) > 2)
server.ensure()
print(server.server_pid(), flush=True)
sys.stdin.read()
"""


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def holder(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Another process that uses the database, and the server's process number."""
    process = python(HOLDER, home)
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def test_a_killed_server_comes_back_with_every_acknowledged_commit(home: Path):
    server = EmbeddedPostgres(home)
    server.ensure()
    query(server, "CREATE TABLE ledger (number int)")
    acknowledged = 0
    try:
        for _ in range(3):
            killed = server.server_pid()
            timer = threading.Timer(0.3, os.kill, (killed, signal.SIGKILL))
            timer.start()
            with suppress(psycopg.OperationalError), psycopg.connect(**server.dsn(), autocommit=True) as connection:
                while True:
                    connection.execute("INSERT INTO ledger VALUES (%s)", (acknowledged + 1,))
                    acknowledged += 1
            timer.join()
            assert wait_until(server.answers), "the keeper starts it again, unasked"
            assert server.server_pid() != killed
        kept = query(server, "SELECT count(DISTINCT number) FROM ledger")
    finally:
        server.stop()
    assert acknowledged > 0
    # The last row before each kill may be there without having been acknowledged.
    assert acknowledged <= kept <= acknowledged + 3


def test_nothing_is_left_when_its_only_user_is_killed(home: Path):
    with holder(home) as (process, server_pid):
        keeper = psutil.Process(server_pid).ppid()
        process.kill()
        assert wait_until(lambda: is_gone(server_pid))
        assert wait_until(lambda: is_gone(keeper))


def test_the_server_outlives_the_one_who_started_it_while_others_use_it(server: EmbeddedPostgres):
    with holder(server.home) as (process, server_pid):
        server.ensure()
        process.kill()
        process.wait()
        query(server, "SELECT pg_sleep(1)")
        assert server.server_pid() == server_pid
    assert server.stop()


def test_a_backup_without_a_lease_is_let_finish(server: EmbeddedPostgres):
    with holder(server.home) as (process, server_pid):
        with psycopg.connect(**server.dsn(), autocommit=True) as backup:
            process.kill()
            backup.execute("SELECT pg_sleep(1.5)")
            backup.execute("SELECT 1")
        assert wait_until(lambda: is_gone(server_pid))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_killed_keeper_takes_the_server_along_and_both_come_back(server: EmbeddedPostgres):
    server.ensure()
    query(server, "CREATE TABLE note AS SELECT 'kept' AS word")
    server_pid = server.server_pid()
    os.kill(psutil.Process(server_pid).ppid(), signal.SIGKILL)
    assert wait_until(lambda: is_gone(server_pid))
    server.ensure()
    assert query(server, "SELECT word FROM note") == "kept"


def test_a_busy_backend_of_a_killed_server_does_not_block_the_next(server: EmbeddedPostgres):
    """It computes on, unaware, and holds the shared memory the next server asks for."""
    server.ensure()

    def compute() -> None:
        with suppress(psycopg.OperationalError):
            query(server, "SELECT count(*) FROM generate_series(1, 100000000000)")

    busy = threading.Thread(target=compute)
    busy.start()
    active = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%generate_series(1, 1%' AND state = 'active'"
    assert wait_until(lambda: query(server, active))
    os.kill(server.server_pid(), signal.SIGKILL)
    assert wait_until(server.answers)
    busy.join()


def test_killed_while_it_is_made(empty_home: Path):
    """Whatever the killed starter left, the next one finishes."""
    server = EmbeddedPostgres(empty_home, durable=False)
    process = python(HOLDER, empty_home)
    assert wait_until((server.places.folder / "data.draft" / "base").exists)
    process.kill()
    process.communicate()
    assert not server.places.data.exists()
    server.ensure()
    assert query(server, "SELECT 1") == 1


def test_a_half_made_draft_is_made_anew(server: EmbeddedPostgres):
    shutil.rmtree(server.places.data)
    draft = server.places.folder / "data.draft"
    (draft / "base").mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    server.ensure()
    assert query(server, "SELECT 1") == 1
    assert not draft.exists()


def test_data_without_a_version_are_not_thrown_away(server: EmbeddedPostgres):
    (server.places.data / "PG_VERSION").unlink()
    with pytest.raises(DatabaseDown, match="restore it from a backup"):
        server.ensure()
    assert (server.places.data / "base").is_dir()


@pytest.mark.parametrize("impostor", ["a zombie", "another program", "nobody", "rubbish"])
def test_a_stale_pid_file_does_not_block(server: EmbeddedPostgres, impostor: str):
    commands = {"a zombie": ["true"], "another program": ["sleep", "60"], "nobody": ["true"], "rubbish": ["true"]}
    process = subprocess.Popen(commands[impostor])
    if impostor == "a zombie":
        assert wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE)
    elif impostor == "nobody":
        process.wait()
    data, sockets = server.places.data, server.places.sockets
    number = "rubbish" if impostor == "rubbish" else str(process.pid)
    (data / "postmaster.pid").write_text(f"{number}\n{data}\n1700000000\n5432\n{sockets}\n\n  1 1\nready   \n")
    (sockets / ".s.PGSQL.5432.lock").write_text(f"{number}\n")
    try:
        server.ensure()
        assert query(server, "SELECT 1") == 1
    finally:
        process.kill()
        process.wait()


def test_a_server_somebody_else_started_on_our_data_is_respected(server: EmbeddedPostgres):
    """Two servers on one data folder would ruin it."""
    server.ensure()
    server.stop()
    account = server.places.account
    elsewhere = server.places.folder / "elsewhere"
    elsewhere.mkdir()
    server.places.own(elsewhere)
    theirs = subprocess.Popen(
        [str(server._programs() / "postgres"), "-D", str(server.places.data), "-k", str(elsewhere)],
        stderr=subprocess.DEVNULL,
        cwd="/",
        **({} if account is None else account.popen()),
    )
    try:
        assert wait_until((server.places.data / "postmaster.pid").exists)
        with pytest.raises(DatabaseDown, match="another server"):
            server.ensure()
        assert theirs.poll() is None
        assert server.server_pid() == theirs.pid
    finally:
        theirs.send_signal(signal.SIGINT)
        theirs.wait()


@pytest.mark.slow
def test_a_long_recovery_is_waited_out_with_a_word(server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch):
    """A recovery that asks an archive for its log, which takes its time to say no."""
    server.ensure()
    query(server, "ALTER SYSTEM SET wal_level = 'replica'")
    query(server, "ALTER SYSTEM SET hot_standby = off")
    query(server, "ALTER SYSTEM SET restore_command = 'sleep 1; exit 1'")
    for _ in range(2):  # the write-ahead log is complete enough for an archive only after one start with these
        server.stop()
        server.ensure()
    server.stop()
    (server.places.data / "recovery.signal").touch()
    server.places.own(server.places.data / "recovery.signal")
    words: list[str] = []
    monkeypatch.setattr(postgres, "QUIET", 0.5)
    patient = EmbeddedPostgres(server.home, durable=False, report=words.append)
    patient.ensure()
    try:
        assert query(patient, "SELECT pg_is_in_recovery()") is False
    finally:
        patient.stop()
    assert any("recovering" in word for word in words)
