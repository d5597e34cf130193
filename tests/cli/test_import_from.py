"""entente import ... --from-database, as an operator meets it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection

import entente.lib.start
from entente.__main__ import main
from entente.ledger import record, table_file
from entente.ledger.arriving import PREFIX
from entente.ledger.from_database import database_at, unfinished
from entente.ledger.models import Import, OrderLine
from tests.databases import CHECKOUT
from tests.other_databases import NAMED, PASSWORD, address, erp, shop

__all__ = ["erp", "shop"]  # fixtures

COMMAND = ["import", "orders", "--source", "erp", "--currency", "EUR"]
DYING = """
import os, signal, sys
import django; django.setup()
from entente import __main__
from entente.ledger import record, table_file
record.CHUNK_ROWS = 10
whole, calls = record._record_chunk, []
def dying(*args):
    whole(*args)
    calls.append(1)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
record._record_chunk = dying
sys.exit(__main__.main(sys.argv[1:]))
"""


@pytest.fixture
def home(tmp_path: Path, transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command keeps its files; the database is there already and stays."""
    monkeypatch.setattr(entente.lib.start, "with_database", lambda **_: nullcontext())
    settings.MEDIA_ROOT = tmp_path / "home" / "files"
    return tmp_path / "home"


@pytest.fixture
def say(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Give the command: its exit code, what it answers, what it tells."""

    def say(*arguments: Any) -> tuple[int, str, str]:
        code = main([*COMMAND, *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return say


def test_a_killed_import_goes_on_without_asking_again(erp: str, say: Any, home: Path):
    asked = ["--from-database", erp, "--query", NAMED]
    known = {"DATABASE_URL": address(connection.settings_dict["NAME"]), "ENTENTE_HOME": str(home)}
    killed = subprocess.run(
        [sys.executable, "-c", DYING, *COMMAND, *asked],
        env={**os.environ, **known, "DJANGO_SETTINGS_MODULE": "entente.settings"},
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    stopped = Import.objects.get()
    assert (stopped.state, stopped.rows_recorded) == ("running", 10)
    assert unfinished(database_at(erp), NAMED, kind="orders", source_name="erp") == stopped
    # The table is away: whoever asked again would fail.
    with psycopg.connect(erp, autocommit=True) as clerk:
        clerk.execute("ALTER TABLE orders RENAME TO orders_away")
        code, _said, told = say(*asked)
        clerk.execute("ALTER TABLE orders_away RENAME TO orders")
    assert code == 0, told
    assert "Going on with the rows read on" in told
    done = Import.objects.get()
    assert (done.state, done.rows_recorded, done.rows_known, OrderLine.objects.count()) == ("done", 30, 0, 30)
    # Done: the next time the database is asked, and has nothing new.
    assert unfinished(database_at(erp), NAMED, kind="orders", source_name="erp") is None
    assert "imported before" in say(*asked)[1]
    # What the killed process left lies there until it is a day old; what the others had, is gone.
    assert len(list((home / "files" / "imports").glob(f"{PREFIX}*"))) == 1


def test_what_was_stopped_is_left_alone_by_another_query_and_by_a_dry_run(erp: str, say: Any, monkeypatch: Any):
    def interrupted(*_all: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(record, "_record_chunk", interrupted)
        assert say("--from-database", erp, "--query", NAMED)[0] == 130
    assert Import.objects.get().state == "waiting"
    told = say("--from-database", erp, "--query", NAMED, "--dry-run")[2]
    assert "Going on" not in told
    code, _said, told = say("--from-database", erp, "--query", NAMED.replace("ORDER BY id", "WHERE id < 5"))
    assert (code, "Going on" in told) == (0, False)
    assert sorted(Import.objects.values_list("state", "rows_recorded")) == [("done", 4), ("waiting", 0)]


def test_the_password_is_kept_and_said_nowhere(erp: str, say: Any, home: Path, caplog: pytest.LogCaptureFixture):
    said = []
    nowhere = urlunsplit(urlsplit(erp)._replace(path="/no-such-database"))
    for url, query in ((erp, NAMED), (erp, "SELECT no FROM orders"), (erp, "DELETE FROM orders"), (nowhere, NAMED)):
        for dry in ([], ["--dry-run"]):
            said += say("--from-database", url, "--query", query, *dry)[1:]
    assert "does not exist" in "".join(said)
    assert Import.objects.get().rows_recorded == 30
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [text for (text,) in cursor.fetchall()]
    assert len(rows) > 100
    files = [path.read_bytes().decode("latin-1") for path in home.rglob("*") if path.is_file()]
    for secret in (PASSWORD, quote(PASSWORD, safe=""), PASSWORD[:11], quote(PASSWORD, safe="")[:13]):
        assert not [text for text in (*said, *rows, *files, caplog.text) if secret in text]


def test_from_a_file_with_the_query_and_only_with_what_is_needed(shop: str, say: Any, tmp_path: Path):
    (tmp_path / "bytes.sql").write_bytes(b"SELECT '\xff'")
    assert "UTF-8" in say("--from-database", shop, "--query-file", tmp_path / "bytes.sql")[2]
    query = tmp_path / "orders.sql"
    query.write_text(NAMED)
    tried = say("--from-database", shop, "--query-file", query, "--dry-run", "--json")
    assert '"facts": 28' in tried[1], tried[2]
    assert not Import.objects.exists()
    database, asked = ["--from-database", shop], ["--query", NAMED]
    for wrong in (
        [], database, asked, ["x.csv", *database, *asked], ["x.csv", *asked], [*database, *asked, "--source", ""],
        [*database, "--query-file", "gone.sql"], [*database, "--query", "a\0"],
    ):  # fmt: skip
        code, _said, told = say(*wrong)
        assert code == 1
        assert told.startswith(("Name a ", "Name the ", "Say what", "gone.sql")), told


def test_a_stop_while_the_database_is_read_says_that_nothing_was_recorded(
    shop: str, say: Any, monkeypatch: Any, home: Path
):
    def stopped(*_all: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(table_file, "_array", stopped)
    code, _said, told = say("--from-database", shop, "--query", NAMED)
    assert (code, Import.objects.exists()) == (130, False)
    assert "begins anew" in told
    assert list((home / "files" / "imports").iterdir()) == []
