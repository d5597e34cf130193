"""The embedded PostgreSQL: there when it is needed, gone when nobody needs it.

    database = EmbeddedPostgres(home)
    database.ensure()      # starts it, or joins the one that runs, and returns when it answers
    ...
    database.stop()        # leaves it; it stops unless somebody else uses it

`ensure` takes a lease that ends with this process however it ends, and the server ends with its last lease: see
`postgres_keeper`. So the web app's supervisor and a one-off command treat the database alike, and no orphan is left.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from entente.lib import postgres_keeper
from entente.lib.environment import keep_secret, new_secret
from entente.lib.errors import EntenteError
from entente.lib.postgres_data import USER, DatabaseDown, is_made, make_data
from entente.lib.postgres_places import Places, programs, settle
from entente.lib.postgres_tuning import configuration

DATABASE = "entente"
OLDEST_VERSION = 15
# Seconds of waiting before the first word about it, and between two words.
QUIET = 3.0
LOG_TAIL = 4000

Report = Callable[[str], None]


class UnfitServer(EntenteError):
    """The server of DATABASE_URL cannot be reached, or cannot carry Entente."""


def report_on_stderr(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class EmbeddedPostgres:
    """The PostgreSQL of one home folder. Any number of processes may start it at once; one server runs."""

    def __init__(self, home: Path, *, durable: bool = True, report: Report = report_on_stderr) -> None:
        """With durable=False the server forgets what it likes in a power cut: for tests."""
        self.home = Path(home)
        self.durable = durable
        self.report = report
        self._places: Places | None = None
        self._lease: int | None = None

    @property
    def places(self) -> Places:
        if self._places is None:
            self._places = settle(self.home)
        return self._places

    def dsn(self, dbname: str = DATABASE) -> dict[str, Any]:
        """What psycopg.connect(**dsn) takes. Needs no running server."""
        password = self.places.password
        if not password.exists():
            if is_made(self.places):
                raise DatabaseDown(f"{password} is missing. Put it back from a backup: the database asks for it.")
            keep_secret(password, new_secret())
        secret = password.read_text(encoding="ascii").strip()
        return {"host": str(self.places.sockets), "user": USER, "password": secret, "dbname": dbname}

    def url(self, dbname: str = DATABASE) -> str:
        """The same as an address for DATABASE_URL."""
        dsn = self.dsn(dbname)
        return f"postgresql://{USER}:{quote(dsn['password'], safe='')}@/{dbname}?host={quote(dsn['host'], safe='')}"

    def django_database(self) -> dict[str, Any]:
        """An entry of Django's DATABASES. Needs no running server: `ensure` is for whoever connects."""
        dsn = self.dsn()
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": dsn["dbname"],
            "USER": dsn["user"],
            "PASSWORD": dsn["password"],
            "HOST": dsn["host"],
            "PORT": "",
            "OPTIONS": {},
        }

    def ensure(self) -> None:
        """Return once the database `entente` answers. Waits for a recovery as long as the server works at it.

        Raises DatabaseDown with the end of the server's log when it cannot be started.
        """
        if self._lease is not None and self._answer() is None:
            return
        with self._alone() as start_lock:
            if self._lease is None:
                self._lease = self._taken("users", fcntl.LOCK_SH, "Waiting for the database to finish stopping")
            if self._answer() is not None:
                self._start(start_lock)

    def is_running(self) -> bool:
        """Is there a keeper, which restarts the server when it dies? Cheap; says nothing of readiness."""
        with self._locked_now("keeper") as lock:
            return lock is None

    def answers(self) -> bool:
        """Does the server take a connection and answer, at this moment?"""
        return self._answer() is None

    def server_pid(self) -> int | None:
        try:
            return int((self.places.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0])
        except (OSError, ValueError):
            return None

    def stop(self) -> bool:
        """Give the lease back, and wait for the server to stop. False if others still use it."""
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None
        used = free = 0
        while not self._is_down():
            usage = self._usage()
            used = used + 1 if usage == "used" else 0
            free = free + 1 if usage == "free" else 0
            # Asked several times, for a lease that ends and a keeper that looks may each be met half-way.
            if used >= 5 or free >= 100:
                return False
            time.sleep(0.05)
        return True

    def _is_down(self) -> bool:
        with self._locked_now("server") as server, self._locked_now("keeper") as keeper:
            return server is not None and keeper is not None

    def _usage(self) -> str:
        """free: nobody holds a lease, though a backup may be connected; used: somebody does; stopping: too late."""
        with self._locked_now("users") as lease:
            if lease is not None:
                return "free"
        with self._locked_now("users", fcntl.LOCK_SH) as lease:
            return "stopping" if lease is None else "used"

    def _start(self, start_lock: int) -> None:
        secret = self.dsn()["password"]
        make_data(self.places, self._programs(), secret, durable=self.durable, pass_fds=(start_lock,))
        keeper = self._lock_file("keeper")
        try:
            if _try(keeper, fcntl.LOCK_EX):
                self._start_keeper(keeper)
        finally:
            os.close(keeper)
        self._wait_until_ready()

    def _start_keeper(self, lock: int) -> None:
        """The keeper inherits its lock held: at no moment does it run without it."""
        places = self.places
        order = {
            "folder": str(places.folder),
            "sockets": str(places.sockets),
            "password": self.dsn()["password"],
            "programs": str(self._programs()),
            "settings": configuration(places.sockets, places.cluster, durable=self.durable),
            "database_user": USER,
            "account": None if places.account is None else (places.account.uid, places.account.gid),
        }
        for name in ("users", "server"):
            os.close(self._lock_file(name))
        done = subprocess.run(
            [sys.executable, "-P", postgres_keeper.__file__], input=json.dumps(order).encode(), capture_output=True,
            pass_fds=(lock,), start_new_session=True, cwd="/", check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise DatabaseDown(
                f"The embedded PostgreSQL cannot be started: {done.stderr.decode('utf-8', 'replace').strip()}"
            )

    def _wait_until_ready(self) -> None:
        began = said = time.monotonic()
        while (answer := self._answer()) is not None:
            if not self.is_running():
                raise DatabaseDown(f"The embedded PostgreSQL does not start: {answer}\n{self._log_tail()}")
            if "password authentication failed" in answer:
                raise DatabaseDown(
                    f"The password in {self.places.password} is not the database's. Put the old one back."
                )
            now = time.monotonic()
            if now - said >= QUIET:
                said = now
                self.report(f"Waiting for the database ({now - began:.0f} s): {self._doing(answer)}")
            time.sleep(0.02 if now - began < 2 else 0.25 if now - began < 10 else 1)

    def _answer(self) -> str | None:
        """None when the database answers a query, otherwise why not. A process number would prove nothing."""
        try:
            with psycopg.connect(**self.dsn(), connect_timeout=5, autocommit=True) as connection:
                connection.execute("SELECT 1")
                return None
        except psycopg.OperationalError as error:
            text = str(error).strip()
        if f'database "{DATABASE}" does not exist' not in text:
            return text
        return self._create_database()

    def _create_database(self) -> str | None:
        try:
            with psycopg.connect(**self.dsn("postgres"), connect_timeout=5, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.errors.DuplicateDatabase:
            pass
        except psycopg.OperationalError as error:
            return str(error).strip()
        return None

    def _programs(self) -> Path:
        return programs(self.places.account, os.environ.get("ENTENTE_PG_BIN"))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[int]:
        """One starter at a time."""
        lock = self._taken("start", fcntl.LOCK_EX, "Waiting for another Entente to start the database")
        try:
            yield lock
        finally:
            os.close(lock)

    def _taken(self, name: str, kind: int, why: str) -> int:
        """The lock, waited for with a word now and then."""
        lock = self._lock_file(name)
        began = said = time.monotonic()
        try:
            while not _try(lock, kind):
                now = time.monotonic()
                if now - said >= QUIET:
                    said = now
                    self.report(f"{why} ({now - began:.0f} s)")
                time.sleep(0.05)
        except BaseException:
            os.close(lock)
            raise
        return lock

    @contextlib.contextmanager
    def _locked_now(self, name: str, kind: int = fcntl.LOCK_EX) -> Iterator[int | None]:
        """The lock if it is free at this moment, otherwise None."""
        lock = self._lock_file(name)
        try:
            yield lock if _try(lock, kind) else None
        finally:
            os.close(lock)

    def _lock_file(self, name: str) -> int:
        lock = os.open(self.places.lock(name), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if (account := self.places.account) is not None:
            os.fchown(lock, account.uid, account.gid)
        return lock

    def _doing(self, answer: str) -> str:
        """What the server is at, from its log: a recovery tells how far it is."""
        if "starting up" in answer or "not yet accepting" in answer:
            for line in reversed(self._log_tail().splitlines()):
                if "redo in progress" in line or "syncing data directory" in line:
                    return "recovering after a hard stop, " + line.partition("LOG:")[2].strip()
            return "recovering after a hard stop"
        return "starting" if "No such file" in answer or "refused" in answer else answer

    def _log_tail(self) -> str:
        try:
            with self.places.log.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - LOG_TAIL))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return f"There is no log at {self.places.log}."


def _try(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def require_server(dsn: Mapping[str, Any]) -> int:
    """The major version of a server of the user's own. Raises UnfitServer unless it answers and is 15 or newer."""
    try:
        with psycopg.connect(**{"connect_timeout": 10, **dsn}, autocommit=True) as connection:
            version = connection.info.server_version // 10000
            encoding = connection.execute("SHOW server_encoding").fetchone()
    except psycopg.OperationalError as error:
        raise UnfitServer(
            f"The server of DATABASE_URL does not answer: {str(error).strip()}. Start it, or check the address."
        ) from None
    require_version(version)
    if encoding is not None and encoding[0] != "UTF8":
        raise UnfitServer(f"The database of DATABASE_URL is encoded in {encoding[0]}. Create one with ENCODING 'UTF8'.")
    return version


def require_version(version: int) -> None:
    if version < OLDEST_VERSION:
        raise UnfitServer(
            f"The server of DATABASE_URL is PostgreSQL {version}; Entente needs {OLDEST_VERSION} or newer. "
            "Upgrade it, or unset DATABASE_URL to use the embedded one."
        )
