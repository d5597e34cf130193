"""Embedded databases for tests, copied from one that is made once: initdb takes a second, a copy a tenth."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg
import pytest

from entente.lib.postgres import EmbeddedPostgres

CHECKOUT = Path(__file__).resolve().parents[1]


def open_folder() -> Path:
    """In memory where there is room. tmp_path is closed to the database's own user where the tests run as root."""
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    folder = Path(tempfile.mkdtemp(prefix="entente-test-", dir=memory if has_room else None))
    folder.chmod(0o711)
    return folder


def clear(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.stop()
    for folder in (server.places.sockets, server.places.folder, home):
        shutil.rmtree(folder, ignore_errors=True)


def partitions() -> list[str]:
    """Tables of valuations, whether attached or not."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^differentiate_valuation_[0-9]+$'"
        )
        return sorted(name for (name,) in cursor.fetchall())


def were_written(tables: Iterable[str]) -> bool:
    """Whether anything was written to them since they were emptied, kept or not: a table that was emptied has no size."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) AND relkind = 'r'"
            " AND pg_relation_size(oid) > 0)",
            [list(tables)],
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture(scope="session")
def made_home() -> Iterator[Path]:
    """A home whose database is made and stopped."""
    home = open_folder()
    server = EmbeddedPostgres(home, durable=False)
    server.ensure()
    assert server.stop()
    yield home
    clear(home)


@pytest.fixture
def empty_home() -> Iterator[Path]:
    home = open_folder()
    yield home
    clear(home)


@pytest.fixture
def home(made_home: Path, empty_home: Path) -> Path:
    """A copy of the home that is made, which nobody else uses."""
    subprocess.run(["cp", "-a", f"{made_home}/.", str(empty_home)], check=True)
    return empty_home


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home, durable=False)
    yield server
    server.stop()


def query(server: EmbeddedPostgres, sql: str) -> object:
    with psycopg.connect(**server.dsn(), autocommit=True) as connection:
        answer = connection.execute(sql)
        return answer.fetchone()[0] if answer.description else None


def python(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a Python program of its own that knows Entente: it may read its input, and what it prints can be read."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def wait_until(true: Callable[[], object], seconds: float = 30) -> bool:
    """Long patience costs nothing where the thing happens, and keeps slow machines from failing."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False
