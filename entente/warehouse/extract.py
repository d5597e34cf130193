"""Columns out: the tables of PostgreSQL read by DuckDB, which joins, groups and spills to disk on its own.

An extract is a DuckDB database of its own run. It is filled once a run and asked many times, so that ten million lines
cross the wire once; what does not fit in `memory` goes to disk.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from django.conf import settings
from django.db import connection

from entente.lib.errors import EntenteError

Columns = dict[str, np.ndarray[Any, Any]]


class NoScanner(EntenteError):
    """The extension that lets DuckDB read PostgreSQL is not where the wheel puts it."""

    def __init__(self) -> None:
        super().__init__("DuckDB's PostgreSQL scanner is missing. Run bin/setup to make the environment whole.")


class CannotRead(EntenteError):
    """The engine could not read the database. The text holds no password: errors are shown and kept."""


class Extract:
    """A DuckDB database beside PostgreSQL. `pg` names PostgreSQL's tables in its SQL."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self.engine = engine

    def run(self, sql: str, values: Mapping[str, Any] | None = None) -> None:
        self.engine.execute(sql, dict(values or {}))

    def columns(self, sql: str, values: Mapping[str, Any] | None = None) -> Columns:
        """One array a column. Texts come as objects, dates as datetime64[D], NULLs as a masked array's mask."""
        result = self.engine.execute(sql, dict(values or {})).fetchnumpy()
        return {name: _days(column) for name, column in result.items()}

    def table(self, sql: str, values: Mapping[str, Any] | None = None) -> Any:
        """An Arrow table: texts stay bytes until somebody asks for one."""
        return self.engine.execute(sql, dict(values or {})).to_arrow_table()

    def see_new_tables(self) -> None:
        """The scanner remembers which tables there are; call this after making one."""
        self.engine.execute("CALL pg_clear_cache()")

    def value(self, sql: str, values: Mapping[str, Any] | None = None) -> Any:
        # To the end: a result half read keeps its transaction, and with it the locks of the tables it reads.
        rows = self.engine.execute(sql, dict(values or {})).fetchall()
        return rows[0][0] if rows else None


@contextmanager
def extract(*, memory: str = "1GB", threads: int = 2) -> Iterator[Extract]:
    """Open an extract and throw it away afterwards, whatever happened in between."""
    settings.HOME.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="extract-", dir=settings.HOME))
    engine = None
    try:
        engine = duckdb.connect(
            # In memory, as long as it fits; the rest spills into the folder.
            ":memory:",
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": str(folder / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        engine.execute("LOAD " + _quoted(str(_scanner())))
        engine.execute(f"ATTACH {_quoted(_libpq())} AS pg (TYPE postgres, READ_ONLY)")
        yield Extract(engine)
    except duckdb.Error as error:
        # DuckDB names the whole connection, password included, when it is refused or lost.
        raise CannotRead(_without_secrets(str(error))) from None
    finally:
        if engine is not None:
            engine.close()
        shutil.rmtree(folder, ignore_errors=True)


def _without_secrets(text: str) -> str:
    secret = str(connection.settings_dict.get("PASSWORD") or "")
    if secret:
        text = text.replace(secret, "…")
    return re.sub(r"password=('[^']*'|\S+)", "password=…", text)


def sweep_extracts(home: Path, *, older_than_s: float, now: float) -> int:
    """Remove the folders of killed runs. A living run's folder is younger than the longest run."""
    swept = 0
    for folder in home.glob("extract-*"):
        if now - folder.stat().st_mtime > older_than_s:
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
    return swept


def _days(column: Any) -> Any:
    """DuckDB hands dates over as microseconds."""
    if column.dtype.kind == "M":
        return column.astype("datetime64[D]")
    return column


def _scanner() -> Path:
    spec = find_spec("duckdb_extension_postgres_scanner")
    for place in spec.submodule_search_locations or [] if spec else []:
        for path in Path(place).rglob("postgres_scanner.duckdb_extension"):
            return path
    raise NoScanner


def _libpq() -> str:
    """The connection in libpq's own words, from Django's: the extract sees the same database, a test's too."""
    given = connection.settings_dict
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    words = {name: str(given[key]) for name, key in names.items() if given.get(key)}
    words |= {k: str(v) for k, v in given.get("OPTIONS", {}).items() if k.startswith("ssl")}
    return " ".join(f"{k}='" + v.replace("\\", "\\\\").replace("'", "\\'") + "'" for k, v in words.items())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
