"""Parties come and go while a run comes into force: nobody is told of a deadlock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from entente.customize.forget import take_back
from entente.identify import link as link_module
from entente.identify.add import add_customer
from entente.identify.index import update_index
from entente.identify.index_models import Reading
from entente.identify.link import link_all
from entente.identify.match import match_new
from entente.identify.models import Customer, Linkage
from entente.ledger.models import Import, Party
from tests.erasure_facts import NOW, PARTIES, bring
from tests.identify.test_index import made
from tests.identify.test_link import ANNA, party

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_home")]


@pytest.fixture
def crowd() -> list[Party]:
    """People to learn weights from."""
    return made(150)


def somebody_waits() -> bool:
    """For a lock, in this database."""
    with connection.cursor() as cursor:
        # Within a transaction, who waits is remembered as it was when first asked.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


class Meanwhile:
    """Somebody else's work, in a connection of their own, begun when the records have moved and the index is to be written."""

    def __init__(self, work: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
        self.work, self.result, self.error = work, None, None
        self._thread = threading.Thread(target=self._run)
        self._write_index = link_module.write_index
        monkeypatch.setattr(link_module, "write_index", self._begun)

    def _run(self) -> None:
        try:
            self.result = self.work()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    def _begun(self, *arguments: Any) -> None:
        self._thread.start()
        until = time.monotonic() + 60
        while self._thread.is_alive() and not somebody_waits():
            assert time.monotonic() < until, "the other one neither waits nor ends"
            time.sleep(0.02)
        self._write_index(*arguments)

    def ended(self) -> Any:
        self._thread.join()
        if self.error is not None:
            raise self.error
        return self.result


def test_a_customer_is_written_down_while_a_run_comes_into_force(crowd: list[Party], monkeypatch: pytest.MonkeyPatch):
    meanwhile = Meanwhile(lambda: add_customer({"name": "Paul New", "kind": "person"}), monkeypatch)
    assert link_all().state == Linkage.State.DONE
    added = Customer.objects.get(pk=meanwhile.ended())
    assert added.name == "Paul New" and Reading.objects.count() == len(crowd) + 1


def test_an_import_is_taken_back_while_a_run_comes_into_force(
    crowd: list[Party], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    party("1")
    row = f"k1,{ANNA['name']},{ANNA['email']},{ANNA['phone']},DE,{ANNA['address']},50674,Köln,,{ANNA['born_on']},"
    brought = bring(tmp_path, "parties", PARTIES.split("\n")[0] + f"\n{row}\n")
    match_new()
    update_index(list(Party.objects.values_list("id", flat=True)))
    meanwhile = Meanwhile(lambda: take_back(brought.pk, by=None, at=NOW), monkeypatch)
    run = link_all()
    meanwhile.ended()
    assert run.state == Linkage.State.DONE and run.counts["moved"] > 0
    assert Import.objects.get(pk=brought.pk).state == Import.State.REVERTED
    assert not Party.objects.filter(key="k1").exists() and Reading.objects.count() == len(crowd) + 1


def test_a_record_that_went_while_a_run_compared_it_is_not_read_again(crowd: list[Party], tmp_path: Path):
    brought = bring(tmp_path, "parties", PARTIES)
    match_new()

    def gone(step: str, *_: Any) -> None:
        if step == "Putting into force":
            take_back(brought.pk, by=None, at=NOW)

    assert link_all(progress=gone).state == Linkage.State.DONE
    assert Reading.objects.count() == len(crowd)
