"""A database that answers, Django on top of it, and the tables as this version wants them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict

from entente.lib import environment
from entente.lib.postgres import EmbeddedPostgres, require_server

# Any number; the same for everyone who migrates.
MIGRATING = 7_203_001


@contextmanager
def with_database(*, migrate: bool = True) -> Iterator[None]:
    """Start or join the embedded PostgreSQL unless DATABASE_URL names one, and make Django ready.

    What is started from here finds the same database: its address stands in DATABASE_URL from now on.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entente.settings")
    here = environment.read(os.environ)
    own = None
    if here.database_url is None:
        own = EmbeddedPostgres(here.home)
        own.ensure()
        os.environ["DATABASE_URL"] = own.url()
        os.environ["ENTENTE_EMBEDDED"] = "yes"
    elif os.environ.get("ENTENTE_EMBEDDED") != "yes":
        require_server(conninfo_to_dict(here.database_url))
    try:
        import django

        django.setup()
        if migrate:
            bring_up_to_date()
        yield
    finally:
        from django.db import connections

        connections.close_all()
        if own is not None:
            own.stop()
            os.environ.pop("DATABASE_URL", None)
            os.environ.pop("ENTENTE_EMBEDDED", None)


def bring_up_to_date() -> list[str]:
    """Apply the migrations that are missing; answers with their names. Of two who come at once one waits."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages = warning")
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
    try:
        executor = MigrationExecutor(connection)
        missing = [f"{m.app_label}.{m.name}" for m, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
        if missing:
            call_command("migrate", interactive=False, verbosity=0)
        # Each time: a first start that was killed between the two must not leave sign-in without its counters.
        call_command("createcachetable", verbosity=0)
        return missing
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])


def collect_files() -> int:
    """Copy the web app's files to where the server takes them from, each under a name that changes with what is in it."""
    from django.core.management import call_command
    from django.test.utils import override_settings

    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    from django.conf import settings

    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": manifest}):
        call_command("collectstatic", interactive=False, verbosity=0)
    return sum(1 for path in settings.STATIC_ROOT.rglob("*") if path.is_file())
