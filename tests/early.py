"""Loaded before Django (pytest -p tests.early): a home and a database of their own for the tests.

The server is only named here; it starts with the first test that asks for it. The workers of xdist inherit the names
and share the server; each has a home of its own.
"""

import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

from entente.lib.environment import VARIABLES
from entente.lib.postgres import EmbeddedPostgres

MARK = "TESTS_OF_ENTENTE"
KEPT = ("ENTENTE_PG_BIN", "ENTENTE_PYTHON", "ENTENTE_TEST_DATABASE_URL", "ENTENTE_VENV")


def prepare() -> EmbeddedPostgres | None:
    """Answers the server of the tests; None where ENTENTE_TEST_DATABASE_URL names another."""
    theirs = os.environ.get("ENTENTE_TEST_DATABASE_URL")
    if MARK in os.environ:
        if worker := os.environ.get("PYTEST_XDIST_WORKER"):
            # A home for each, or one would sweep up what the other works in.
            own = Path(os.environ[MARK]) / worker
            own.mkdir(mode=0o711, exist_ok=True)
            os.environ["ENTENTE_HOME"] = str(own)
        return None if theirs else EmbeddedPostgres(Path(os.environ[MARK]), durable=False)
    for name in VARIABLES:
        if name not in KEPT:
            os.environ.pop(name, None)
    home = Path(tempfile.mkdtemp(prefix="entente-tests-"))
    home.chmod(0o711)  # the database's own user passes through, where the tests run as root
    os.environ.update({MARK: str(home), "ENTENTE_HOME": str(home), "ENTENTE_SECRET_KEY": secrets.token_urlsafe(48)})
    if theirs:
        os.environ["DATABASE_URL"] = theirs
        return None
    server = EmbeddedPostgres(home, durable=False)
    os.environ["DATABASE_URL"] = server.url()
    return server


def remove(server: EmbeddedPostgres | None) -> None:
    """Leave nothing behind. The workers may take a moment to end."""
    if server is not None:
        deadline = time.monotonic() + 15
        while not server.stop() and time.monotonic() < deadline:
            time.sleep(0.1)
        for folder in (server.places.sockets, server.places.folder):
            shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(os.environ[MARK], ignore_errors=True)


SERVER = prepare()
