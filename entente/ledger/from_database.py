"""Facts from a database: a query that only reads; its result becomes a file, which is imported like any other.

That nothing is written is the database's own doing, never a reading of the query: PostgreSQL runs it as one cursor in a transaction
that may only read, SQLite opens the file for reading and refuses everything but reading while the query is prepared.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from entente.ledger.models import Import
from entente.ledger.record import stored_file
from entente.ledger.table_file import BATCH_ROWS, write_table
from entente.lib.errors import EntenteError

CONNECT_S = 15
# So long a database may be silent before it gives the next rows.
SILENT_S = 600
HOW_TO_WRITE_IT = "Write postgresql://user@host:5432/database or sqlite:///folder/file.db, special characters percent-encoded (%40 for @)."


class ImpossibleAddress(EntenteError):
    """The address of a database cannot be meant, or is that of a kind that is not read here."""


class UnreadableDatabase(EntenteError):
    """The database is not there, refuses, or does not understand the query."""


@dataclass(frozen=True)
class Database:
    """Where to ask. `name` is all that is ever kept or said of it; `parameters` hold the password."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)
    file: Path | None = None


def database_at(url: str) -> Database:
    """Read an address. Raises ImpossibleAddress, whose text never repeats it: a part of it may be a password."""
    if url.startswith("sqlite:"):
        return _sqlite_at(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ImpossibleAddress(f"The address of the database cannot be read. {HOW_TO_WRITE_IT}") from None
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImpossibleAddress(
            "Only PostgreSQL and SQLite are read directly. From another database write the query's result as CSV or Parquet, "
            f"and import that file. {HOW_TO_WRITE_IT}"
        )
    # What follows an @, / or # that is not encoded would be taken for the host, and said aloud.
    is_odd = parts.netloc.count("@") > 1 or "@" in parts.path + parts.query or "#" in url or parts.path.count("/") != 1
    try:
        found = {} if is_odd else conninfo_to_dict(url)
        _port = parts.port
    except (psycopg.Error, ValueError):
        found = {}
    if not found.get("dbname"):
        raise ImpossibleAddress(f"The address of the database cannot be read. {HOW_TO_WRITE_IT}")
    host = str(found.get("host") or found.get("hostaddr") or "")
    where = "this machine" if not host or host.startswith(("/", "@")) else host
    return Database(_one_line(f"{found['dbname']} on {where}"), found)


def _sqlite_at(url: str) -> Database:
    path = Path(unquote(url.removeprefix("sqlite:///"))).expanduser()
    if not url.startswith("sqlite:///") or not path.name:
        raise ImpossibleAddress(f"The address of the SQLite file cannot be read. {HOW_TO_WRITE_IT}")
    if not path.is_file():
        raise ImpossibleAddress(f"There is no SQLite file {path}.")
    return Database(_one_line(path.name), file=path)


def _one_line(text: str) -> str:
    return "".join("_" if letter in "/\\" or not letter.isprintable() else letter for letter in text)[:150]


def file_name_of(database: Database, query: str) -> str:
    """What an import of this query is called: enough to know it again, and nothing of the query itself."""
    return f"{database.name}, query {hashlib.sha256(query.strip().encode()).hexdigest()[:12]}.parquet"


def unfinished(database: Database, query: str, *, kind: str, source_name: str) -> Import | None:
    """The latest import of this very query that was stopped and whose rows are still kept."""
    latest = (
        Import.objects.filter(kind=kind, source__name=source_name[:80], file_name=file_name_of(database, query))
        .exclude(state__in=(Import.State.DRAFT, Import.State.REVERTED))
        .order_by("-id")
        .first()
    )
    return (
        latest if latest is not None and latest.state != Import.State.DONE and stored_file(latest).is_file() else None
    )


def read_database(
    database: Database, query: str, folder: Path, *, progress: Callable[[int], None] = lambda _rows: None
) -> Path:
    """Ask the query and write its rows into a Parquet file in `folder`, in constant memory.

    Raises UnreadableDatabase.
    """
    target = folder / file_name_of(database, query)
    reading = _reading_sqlite if database.file else _reading_postgresql
    with reading(database, query) as (names, batches):
        write_table(target, names, batches, progress)
    return target


Reading = tuple[list[str], Callable[[], Iterator[list[Any]]]]


@contextmanager
def _reading_postgresql(database: Database, query: str) -> Iterator[Reading]:
    """All in one snapshot. A cursor takes one statement, and only one that gives rows; the transaction keeps that from writing."""
    try:
        with closing(psycopg.connect(**{"connect_timeout": CONNECT_S, **database.parameters})) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.execute(
                "SELECT set_config('statement_timeout', %s, true), set_config('TimeZone', 'UTC', true)",
                [str(1000 * _silent_s())],
            )

            def batches() -> Iterator[list[Any]]:
                with connection.cursor("entente", scrollable=False) as cursor:
                    cursor.execute(query)
                    while rows := cursor.fetchmany(BATCH_ROWS):
                        yield rows

            with connection.cursor("entente_columns", scrollable=False) as cursor:
                cursor.execute(query)
                names = [column.name for column in cursor.description or ()]
            yield _named(names), batches
            connection.rollback()
    except psycopg.errors.ReadOnlySqlTransaction:
        raise UnreadableDatabase(
            "The query would change the database. Only reading is done here; nothing was changed."
        ) from None
    except psycopg.errors.QueryCanceled:
        raise UnreadableDatabase(_too_slow()) from None
    except psycopg.errors.SyntaxError as error:
        more = " Only one statement that reads can be asked, such as SELECT."
        raise UnreadableDatabase(_what_it_said(error, database) + more) from None
    except (psycopg.Error, ValueError) as error:
        raise UnreadableDatabase(_what_it_said(error, database)) from None


@contextmanager
def _reading_sqlite(database: Database, query: str) -> Iterator[Reading]:
    assert database.file is not None
    deadline = _Deadline()
    try:
        address = f"file:{quote(str(database.file.resolve()))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=CONNECT_S, isolation_level=None)) as connection:
            # Texts in another encoding are refused row by row, not all at once.
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.execute("BEGIN")
            connection.set_authorizer(_only_reading)
            connection.set_progress_handler(deadline.has_passed, 100_000)

            asked = [connection.execute(query)]
            names = [column[0] for column in asked[0].description or ()]

            def batches() -> Iterator[list[Any]]:
                cursor = asked.pop() if asked else connection.execute(query)
                while rows := cursor.fetchmany(BATCH_ROWS):
                    yield rows
                    deadline.start()

            yield _named(names), batches
    except (sqlite3.Error, sqlite3.Warning) as error:
        if "not authorized" in str(error) or "prohibited" in str(error):
            raise UnreadableDatabase(
                "The query would do more than read. Only reading is done here; nothing was changed."
            ) from None
        raise UnreadableDatabase(
            _too_slow() if deadline.passed else f"The SQLite file cannot be read like this: {str(error).rstrip('.')}."
        ) from None


def _only_reading(action: int, *_names: str | None) -> int:
    reading = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in reading else sqlite3.SQLITE_DENY


class _Deadline:
    def __init__(self) -> None:
        self.passed = False
        self.start()

    def start(self) -> None:
        self._ends = time.monotonic() + _silent_s()

    def has_passed(self) -> bool:
        self.passed = time.monotonic() > self._ends
        return self.passed


def _silent_s() -> int:
    return int(getattr(settings, "IMPORT_QUERY_SILENT_S", SILENT_S))


def _too_slow() -> str:
    return f"The database gave no rows for {_silent_s()} seconds. Ask for less, or raise IMPORT_QUERY_SILENT_S."


def _named(names: list[str]) -> list[str]:
    if not names:
        raise UnreadableDatabase("The query gives no columns. Write one that begins with SELECT.")
    return names


def _what_it_said(error: Exception, database: Database) -> str:
    """The database's own words, without the password should it repeat that."""
    said = " ".join(str(error).split()) or type(error).__name__
    password = str(database.parameters.get("password") or "")
    for secret in filter(None, (password, quote(password, safe=""))):
        said = said.replace(secret, "…")
    return f"The database {database.name} cannot be read like this: {said[:1000].rstrip('.')}."
