"""A database for one benchmark, thrown away afterwards: on the server that DATABASE_URL names, else on one started for it."""

from __future__ import annotations

import os
import tempfile
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict


@contextmanager
def a_database(name: str) -> Iterator[str]:
    """Yields the address of an empty database. Whoever runs the benchmark must be allowed to make databases there."""
    with _a_server() as server:
        with psycopg.connect(**conninfo_to_dict(server), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
        try:
            parts = urllib.parse.urlsplit(server)
            yield urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            with psycopg.connect(**conninfo_to_dict(server), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def _a_server() -> Iterator[str]:
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    from entente.lib.postgres import EmbeddedPostgres

    with tempfile.TemporaryDirectory(prefix="entente-bench-", ignore_cleanup_errors=True) as folder:
        own = EmbeddedPostgres(Path(folder))
        own.ensure()
        try:
            yield own.url()
        finally:
            own.stop()
