import os
import stat
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest

from entente.lib.environment import ImpossibleSetting, database_of
from entente.lib.errors import EntenteError
from entente.lib.postgres import EmbeddedPostgres, UnfitServer, require_server, require_version
from entente.lib.postgres_data import DatabaseDown
from entente.lib.postgres_places import Account, DamagedNote, UnsafeFolder, make_private, programs, reachable
from entente.lib.postgres_tuning import MEBIBYTE, configuration, shared_buffers
from tests.databases import clear, empty_home, home, made_home, open_folder, python, query, server, wait_until

__all__ = ["empty_home", "home", "made_home", "server"]  # fixtures


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_starts_answers_stops_and_keeps_what_was_written(server: EmbeddedPostgres):
    server.ensure()
    query(server, "CREATE TABLE note AS SELECT 'kept' AS word")
    assert server.stop()
    assert not server.answers()
    server.ensure()
    assert query(server, "SELECT word FROM note") == "kept"


def test_a_second_start_joins_the_first(server: EmbeddedPostgres):
    server.ensure()
    first = server.server_pid()
    other = EmbeddedPostgres(server.home, durable=False)
    other.ensure()
    server.ensure()
    assert server.server_pid() == other.server_pid() == first
    assert not other.stop(), "one still uses it"
    assert server.answers()


def test_six_starters_at_once_make_one_database(empty_home: Path):
    """From nothing at all, initdb included."""
    program = """
import sys
from pathlib import Path
from entente.lib.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.ensure()
print(server.server_pid(), flush=True)
sys.stdin.read()
"""
    starters = [python(program, empty_home) for _ in range(6)]
    pids = [starter.stdout.readline().strip() for starter in starters]
    for starter in starters:
        starter.communicate("")
    assert [starter.returncode for starter in starters] == [0] * 6
    assert len(set(pids)) == 1
    assert wait_until(lambda: not psutil.pid_exists(int(pids[0]))), "the last one out ends the server"


def test_is_closed_to_everybody_else(server: EmbeddedPostgres):
    server.ensure()
    places = server.places
    assert mode(places.folder) == mode(places.sockets) == 0o700
    assert mode(places.password) == 0o600
    assert mode(places.log) == 0o600
    assert query(server, "SHOW listen_addresses") == ""
    assert psutil.Process(server.server_pid()).net_connections("tcp") == []
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**{**server.dsn(), "password": "guessed"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try as somebody else")
def test_another_user_cannot_even_reach_the_socket(server: EmbeddedPostgres):
    server.ensure()
    psql = programs(server.places.account, None) / "psql"
    dsn = server.dsn()
    command = [str(psql), "-w", "-h", dsn["host"], "-U", dsn["user"], "-d", dsn["dbname"], "-c", "SELECT 1"]
    environ = {"PGPASSWORD": dsn["password"]}
    tried = subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, user="nobody", check=False)
    assert tried.returncode != 0
    assert "Permission denied" in tried.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_does_not_run_as_root_and_opens_no_folder_above(made_home: Path):
    closed = open_folder()
    closed.chmod(0o700)
    try:
        server = EmbeddedPostgres(closed / "home", durable=False)
        server.ensure()
        assert mode(closed) == 0o700
        assert psutil.Process(server.server_pid()).uids().real != 0
        assert closed not in server.places.folder.parents
        assert EmbeddedPostgres(closed / "home").places == server.places, "found again at the next start"
        query(server, "CREATE TABLE note AS SELECT 'kept' AS word")
        server.stop()
        (closed / "home").rename(closed / "moved")
        moved = EmbeddedPostgres(closed / "moved", durable=False)
        moved.ensure()
        assert query(moved, "SELECT word FROM note") == "kept"
    finally:
        clear(closed / "moved")
        closed.rmdir()


def test_a_home_with_a_long_path_or_odd_letters_works(made_home: Path, empty_home: Path):
    deep = empty_home / ("deep" * 30) / 'it\'s, "here"'
    deep.parent.mkdir()
    deep.parent.chmod(0o711)
    subprocess.run(["cp", "-a", str(made_home), str(deep)], check=True)
    server = EmbeddedPostgres(deep, durable=False)
    try:
        server.ensure()
        assert query(server, "SELECT 1") == 1
        assert mode(server.places.sockets) == 0o700
        assert psycopg.connect(server.url()).close() is None
    finally:
        clear(deep)


def test_its_address_is_one_for_the_environment(server: EmbeddedPostgres):
    assert database_of(server.url()) == server.django_database()
    server.ensure()
    assert require_server(server.dsn()) >= 15


def test_a_database_that_cannot_start_says_why(server: EmbeddedPostgres):
    server.ensure()
    server.stop()
    with (server.places.data / "postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(DatabaseDown, match="no_such_setting"):
        server.ensure()


def test_a_lost_password_file_is_not_replaced_by_a_wrong_one(server: EmbeddedPostgres):
    server.places.password.unlink()
    with pytest.raises(DatabaseDown, match="Put it back"):
        server.ensure()


def test_a_damaged_note_says_what_to_do(server: EmbeddedPostgres):
    (server.home / "postgres.json").write_text("{")
    with pytest.raises(DamagedNote, match="Remove it"):
        server.ensure()
    (server.home / "postgres.json").unlink()
    server.ensure()


def test_settings_are_written_anew_at_each_start(server: EmbeddedPostgres):
    server.ensure()
    for name, value in {"jit": "off", "wal_level": "minimal", "max_wal_size": "4GB", "fsync": "off"}.items():
        assert query(server, f"SHOW {name}") == value
    server.stop()
    durable = EmbeddedPostgres(server.home)
    durable.ensure()
    try:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert query(durable, f"SHOW {name}") == "on"
    finally:
        durable.stop()


def test_programs_that_are_none_are_refused(tmp_path: Path):
    with pytest.raises(ImpossibleSetting, match="ENTENTE_PG_BIN"):
        programs(None, str(tmp_path))


def test_somebody_elses_folder_is_refused(tmp_path: Path):
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(UnsafeFolder, match="ENTENTE_HOME"):
        make_private(tmp_path / "link", None)


def test_reachable_looks_at_every_folder_on_the_way(tmp_path: Path):
    stranger = Account(uid=64321, gid=64321)
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner, *inner.parents):
        if folder.owner() == tmp_path.owner() and folder.is_relative_to(tmp_path.parent.parent.parent):
            folder.chmod(0o711)
    ours = [folder for folder in (inner, *inner.parents) if folder.is_relative_to(tmp_path)]
    above = all(folder.stat().st_mode & 0o001 for folder in tmp_path.parents)
    assert reachable(inner, stranger) == above
    ours[1].chmod(0o710)
    assert not reachable(inner, stranger)


@pytest.mark.parametrize(("memory", "megabytes"), [(256, 64), (4096, 256), (24000, 512)])
def test_buffers_grow_with_the_machine_within_bounds(memory: int, megabytes: int):
    assert shared_buffers(memory * MEBIBYTE) == megabytes


def test_durable_by_default_in_words():
    text = configuration(Path("/s"), "entente-x", durable=True)
    assert "fsync = on" in text
    assert "fsync = on" not in configuration(Path("/s"), "entente-x", durable=False)


def test_an_old_server_is_refused_with_a_word():
    with pytest.raises(UnfitServer, match=r"PostgreSQL 14; Entente needs 15"):
        require_version(14)
    require_version(15)


def test_a_server_that_is_not_there_is_refused_with_a_word(tmp_path: Path):
    with pytest.raises(EntenteError, match="does not answer"):
        require_server({"host": str(tmp_path), "user": "x", "dbname": "x", "password": "hidden"})
