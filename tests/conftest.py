"""What every test may ask for. The home and the address of the database are made by tests/early.py."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import early


def _point_settings_at_the_server() -> None:
    """Without -p tests.early the settings were read before we came: then at least the database is changed in place."""
    from django.conf import settings

    if settings.configured and early.SERVER is not None:
        settings.DATABASES["default"].update(early.SERVER.django_database())


def _flush_only_what_was_written() -> None:
    """Django empties all tables after each test that commits, which takes longer than most of these tests; those that `committed` has
    emptied already need not be. Numbers begin anew, as they do there. What Django itself wrote when the tables were made stays."""
    import django.db  # noqa: F401 - what follows cannot be imported before it
    from django.db.backends.postgresql.operations import DatabaseOperations

    from tests.databases import partitions, were_written

    all_of_it = DatabaseOperations.sql_flush

    def flush(self: Any, style: Any, tables: Any, **how: Any) -> list[str]:
        mine = [name for name in tables if name not in ("django_content_type", "auth_permission")]
        if not were_written(mine):
            return []
        # Cycles are numbered anew: the partitions of the old numbers must be gone.
        gone = [f"DROP TABLE {name};" for name in partitions()]
        return [*gone, *all_of_it(self, style, tables, **{**how, "reset_sequences": True})]

    DatabaseOperations.sql_flush = flush  # type: ignore[method-assign]


_point_settings_at_the_server()
_flush_only_what_was_written()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        early.remove(early.SERVER)


@pytest.fixture
def own_home(settings: Any, tmp_path: Path) -> None:
    """A home, and a folder for files, of this test alone: what is kept beside the database is made anew."""
    settings.HOME = tmp_path / "home"
    settings.MEDIA_ROOT = settings.HOME / "files"
    settings.MEDIA_ROOT.mkdir(parents=True)


@pytest.fixture(scope="session")
def database_server() -> Iterator[dict[str, Any]]:
    """The running server of the tests, as a Django DATABASES entry."""
    from entente.lib.environment import database_of

    if early.SERVER is not None:
        early.SERVER.ensure()
    yield database_of(os.environ["DATABASE_URL"])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    database_server: dict[str, Any], django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Start the server before pytest-django makes its databases, one for each worker."""
