"""An erasure is killed at every point, and meets imports and links at the same moment: it wins, and is whole or has not happened."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from entente.customize.erase import erase, erase_again
from entente.identify.models import Customer
from entente.identify.moves import one_at_a_time
from entente.identify.shown import show
from entente.ledger import kinds, record
from entente.ledger.erasures import list_path, read_list
from entente.ledger.models import Erasure, Party, Tombstone
from entente.ledger.record import stored_file
from tests import erasure_facts as facts
from tests.databases import CHECKOUT
from tests.erasure_facts import CANARIES, NOW, TODAY, Tale, bring, found_in_database, found_on_disk, tell
from tests.ledger_facts import committed, environment

__all__ = ["committed"]  # fixture
pytestmark = [
    pytest.mark.faults,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_home"),
]

# A child that erases and is killed when a function has been called: after its work, or before it.
CHILD = """
import importlib, os, signal, sys
from datetime import UTC, date, datetime
import django
django.setup()
from entente.customize import erase

when, place, name = sys.argv[1].split(":")
module = importlib.import_module(place)
real = getattr(module, name)

def killed(*arguments, **named):
    if when == "after":
        real(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, name, killed)
erase.erase(int(sys.argv[2]), because="She asked.", by=None, today=date(2026, 11, 22), at=datetime(2026, 11, 22, 9, tzinfo=UTC))
"""


@pytest.fixture
def tale(committed: None, tmp_path: Path) -> Tale:
    return tell(tmp_path)


def kill(tale: Tale, point: str, home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, point, str(tale.khalida.pk)],
        cwd=CHECKOUT,
        env={**environment(), "ENTENTE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "entente.settings"},
        check=False,
    )
    assert done.returncode == -9


@pytest.mark.parametrize("point", ["raise_tombstones", "erase_dialogue", "erase_ledger", "_erase"])
def test_killed_before_the_end_it_has_not_happened(tale: Tale, settings: Any, point: str):
    kill(tale, f"after:entente.customize.erase:{point}", settings.HOME)
    assert set(found_in_database(CANARIES)) == set(CANARIES)
    assert not Erasure.objects.exists() and not Tombstone.objects.exists() and not list_path().exists()


@pytest.mark.parametrize(
    "point",
    [
        "before:entente.customize.erase:finish",
        "after:entente.ledger.erasures:write_list",
        "after:entente.ledger.erasures:forget_file",
    ],
)
@pytest.mark.parametrize("finished_by", ["the same command", "the replay"])
def test_killed_between_database_and_files_the_next_one_finishes_it(
    tale: Tale, settings: Any, tmp_path: Path, point: str, finished_by: str
):
    waiting = bring(tmp_path, "parties", facts.PARTIES.replace("Berlin", "Bonn"), run=False)
    kill(tale, point, settings.HOME)
    assert found_in_database(CANARIES) == {}
    erasure = Erasure.objects.get()
    assert erasure.files == [waiting.stored_as] and erasure.finished_at is None
    if finished_by == "the replay":
        assert erase_again(today=TODAY, at=NOW)["finished"] == 1
    else:
        erase(tale.khalida.pk, because="She asked.", by=None, today=TODAY, at=NOW)
    assert not stored_file(waiting).exists() and found_on_disk(CANARIES) == []
    assert list(read_list(list_path())) == [str(erasure.token)]
    assert Erasure.objects.get().finished_at is not None


def test_an_import_under_way_meets_the_tombstones_from_the_next_chunk_on(
    tale: Tale, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(record, "CHUNK_ROWS", 1)
    heading, hers, _his, _end = facts.PARTIES.split("\n")
    rows = [hers.replace("Rosenheckenweg 1", f"Rosenheckenweg {number}") for number in (3, 4)]
    racing: list[threading.Thread] = []
    real = kinds.PartyWork.record

    def records(self: Any, ready: Any) -> Any:
        done = real(self, ready)
        if not racing:
            # Recorded and not committed: whoever erases now has to wait.
            racing.append(at_the_same_time(lambda: erasing(tale)))
        return done

    monkeypatch.setattr(kinds.PartyWork, "record", records)
    run = bring(tmp_path, "parties", "\n".join([heading, *rows, ""]))
    racing[0].join(60)
    assert found_in_database(CANARIES) == {}
    assert (run.rows_recorded, [one.reason for one in run.refused.all()]) == (1, ["erased_person"])
    assert not Party.objects.filter(key="kd-4711").exists()


def test_whoever_links_at_the_same_moment_comes_before_it(tale: Tale):
    with transaction.atomic():
        one_at_a_time()
        Customer.objects.filter(pk=tale.khalida.pk).update(email="")
        racing = at_the_same_time(lambda: erasing(tale))
        show([tale.khalida.pk])
    racing.join(60)
    assert found_in_database(CANARIES) == {}
    assert Customer.objects.get(pk=tale.khalida.pk).name == f"Erased customer {tale.khalida.pk}"


def test_two_at_once_erase_once(tale: Tale):
    with transaction.atomic():
        one_at_a_time()
        both = [at_the_same_time(lambda: erasing(tale)) for _ in range(2)]
    for each in both:
        each.join(60)
    assert Erasure.objects.count() == 1 and found_in_database(CANARIES) == {}


def erasing(tale: Tale) -> None:
    erase(tale.khalida.pk, because="She asked.", by=None, today=TODAY, at=NOW)


def at_the_same_time(work: Callable[[], object]) -> threading.Thread:
    """Somebody else at it, who waits for a lock of ours when this returns."""

    def alone() -> None:
        try:
            work()
        finally:
            connection.close()

    before = _waiting()
    thread = threading.Thread(target=alone)
    thread.start()
    deadline = time.monotonic() + 30
    while _waiting() <= before:
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.02)
    return thread


def _waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])
