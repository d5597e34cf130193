"""An import that is killed goes on where it was, and nothing is doubled."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from entente.ledger.mapping import from_json, load
from entente.ledger.models import DealingVersion, Delivery, Import, Party, PartyVersion, Payment
from entente.ledger.record import open_import, run_import
from entente.ledger.revert import revert_import
from tests.ledger.conftest import LINES, bring, ledger, mapping

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

CHILD = """
import os, signal, sys
import django
from django.conf import settings
settings.MEDIA_ROOT = {media!r}
django.setup()
from entente.ledger import record, recording
record.CHUNK_ROWS = 20
place, after = {place!r}, {after!r}
room = recording.Recorder if place == "_lines" else record
whole, calls = getattr(room, place), []
def dying(*args, **more):
    calls.append(1)
    if len(calls) == after and {before!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = whole(*args, **more)
    if len(calls) == after:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
setattr(room, place, dying)
record.run_import({import_id})
"""
POINTS = {
    "before the first chunk": ("_record_chunk", 1, True),
    "lines copied, not committed": ("_lines", 2, False),
    "refused rows written, not committed": ("record_refused", 3, False),
    "counted, not committed": ("_record_chunk", 4, False),
    "all read, not finished": ("_finish", 1, True),
}


def hundred_rows():
    rows = [f"{n // 3},2024-01-{1 + n // 30:02},c{n // 3 % 7},p{n % 5},{1 + n % 2},2.5\n" for n in range(100)]
    rows[10] = "x,2024-99-01,c,p,1,1\n"
    rows[60] = rows[61]
    return "order,date,customer,product,quantity,price\n" + "".join(rows) + rows[99]


def address():
    known = connection.settings_dict
    host = quote(known["HOST"], safe="")
    user, password = quote(known["USER"], safe=""), quote(known["PASSWORD"], safe="")
    return f"postgresql://{user}:{password}@/{known['NAME']}?host={host}" + (
        f"&port={known['PORT']}" if known["PORT"] else ""
    )


def kill(opened: Import, media: Path, place: str, after: int, *, before: bool) -> None:
    """Run the import in a process of its own that dies at the point."""
    child = CHILD.format(media=str(media), place=place, after=after, before=before, import_id=opened.pk)
    environment = {**os.environ, "DATABASE_URL": address(), "DJANGO_SETTINGS_MODULE": "entente.settings"}
    root = Path(__file__).resolve().parents[2]
    died = subprocess.run(
        [sys.executable, "-c", child], cwd=root, env=environment, capture_output=True, timeout=120, check=False
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    opened.refresh_from_db()


@pytest.mark.parametrize("point", POINTS)
def test_killed_and_resumed(write, settings, point, monkeypatch):
    place, after, before = POINTS[point]
    path, read = write(hundred_rows()), mapping(LINES)
    undisturbed = bring(path, read)
    expected = ledger()
    revert_import(undisturbed.pk, by=None, at=undisturbed.finished_at)
    assert ledger()["lines"] == []

    opened = open_import(path, mapping=read, source_name="shop", file_name="x", by=None)
    kill(opened, settings.MEDIA_ROOT, place, after, before=before)
    assert opened.state == Import.State.RUNNING
    assert opened.rows_read < 101 or place == "_finish"

    monkeypatch.setattr("entente.ledger.record.CHUNK_ROWS", 30)
    done = run_import(opened.pk)
    assert (done.state, done.rows_read, done.rows_recorded, done.rows_known) == ("done", 101, 100, 0)
    assert ledger() == expected


@pytest.mark.parametrize("point", ["refused rows written, not committed", "all read, not finished"])
def test_parties_killed_and_resumed(write, settings, point):
    place, after, before = POINTS[point]
    rows = [f"{n % 40},name {n},{n // 40}\n" for n in range(100)]
    rows[30] = ",nobody,\n"
    path = write("key,name,card\n" + "".join(rows))
    read = from_json({"kind": "parties", "columns": {"key": "key", "name": "name"}, "identifiers": {"card": "card"}})

    def said():
        versions = PartyVersion.objects.order_by("id").values_list("party__key", "line", "fields")
        return list(versions), sorted(Party.objects.values_list("key", "name", "identifiers__card"))

    undisturbed = bring(path, read)
    expected = said()
    revert_import(undisturbed.pk, by=None, at=undisturbed.finished_at)
    assert said() == ([], [])
    opened = open_import(path, mapping=read, source_name="shop", file_name="x", by=None)
    kill(opened, settings.MEDIA_ROOT, place, after, before=before)
    assert opened.state == Import.State.RUNNING
    done = run_import(opened.pk)
    assert (done.state, done.rows_read, done.rows_recorded, done.rows_refused) == ("done", 100, 99, 1)
    assert said() == expected


@pytest.mark.parametrize(
    "point", ["refused rows written, not committed", "counted, not committed", "all read, not finished"]
)
def test_dealings_killed_and_resumed(write, settings, point, monkeypatch):
    # As the process that dies has them: how many words of one thing a chunk holds shows in its versions.
    monkeypatch.setattr("entente.ledger.record.CHUNK_ROWS", 20)
    place, after, before = POINTS[point]
    rows = [f"D{n % 40},c{n % 7},2024-01-{1 + n // 40}\n" for n in range(100)]
    rows[30] = "D30,c,never\n"
    path = write("number,customer,shipped_on\n" + "".join(rows))
    read = load("deliveries").with_read(dates="y-m-d")

    def said():
        versions = DealingVersion.objects.order_by("id").values_list("line", "fields")
        return list(versions), sorted(Delivery.objects.values_list("number", "party__key", "shipped_on", "line"))

    resumed(path, read, settings, (place, after, before), said, recorded=99)


def test_payments_without_numbers_killed_and_resumed(write, settings):
    """What a row is called depends on the rows before it."""
    rows = [f"c{n % 3},2024-01-{1 + n % 5:02},5\n" for n in range(99)]
    path = write("customer,paid_on,amount\n" + "".join(rows) + "c,never,1\n")
    read = load("payments").with_read(dates="y-m-d", currency="EUR")
    resumed(
        path, read, settings, POINTS["counted, not committed"],
        lambda: (list(DealingVersion.objects.all()), sorted(Payment.objects.values_list("key", "line"))), recorded=99,
    )  # fmt: skip


def resumed(path, read, settings, point, said, *, recorded):
    place, after, before = point
    undisturbed = bring(path, read)
    expected = said()
    revert_import(undisturbed.pk, by=None, at=undisturbed.finished_at)
    assert said() == ([], [])
    opened = open_import(path, mapping=read, source_name="shop", file_name="x", by=None)
    kill(opened, settings.MEDIA_ROOT, place, after, before=before)
    assert opened.state == Import.State.RUNNING
    done = run_import(opened.pk)
    assert (done.state, done.rows_read, done.rows_recorded, done.rows_refused) == ("done", 100, recorded, 1)
    assert said() == expected
