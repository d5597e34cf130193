"""A worker dies in the middle of handing a mail over."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from entente import jobs
from entente.identify.match import match_new
from entente.interact import send
from entente.interact.models import Outgoing
from entente.interact.send import send_mail
from tests.databases import wait_until
from tests.ledger_facts import Ledger, a_user, committed, customer_of, worker

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Slow:
    """Takes every mail; answers only when it is let."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers = False

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        while not self.answers:
            await asyncio.sleep(0.05)
        return "250 OK"


@pytest.fixture
def slow() -> Iterator[tuple[Slow, int]]:
    handler = Slow()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    handler.answers = True
    controller.stop()


def test_it_goes_out_again_under_the_same_name(committed, slow, settings, monkeypatch):
    server, port = slow
    settings.MAIL = "set"
    monkeypatch.setattr(jobs, "SILENT_S", 1)
    party = Ledger().party("ann", email="ann@example.com")
    match_new()
    send_mail(
        customer=customer_of(party), subject="Hello", body="Dear Ann", purpose="service", by=a_user(), key="k",
        at=datetime(2026, 7, 1, tzinfo=UTC),
    )  # fmt: skip
    row = Outgoing.objects.get()
    with worker(ENTENTE_SMTP_URL=f"smtp://127.0.0.1:{port}") as program:
        assert wait_until(lambda: server.taken)
        assert jobs.sweep()["outgoing"] == 0, "it is alive and waits for an answer"
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
    server.answers = True
    row.refresh_from_db()
    assert row.state == "sending"
    # The lock goes with who held it: nobody waits for a claim to grow old.
    assert wait_until(lambda: jobs.sweep()["outgoing"] == 1)
    row.refresh_from_db()
    assert row.state == "queued"
    with worker(ENTENTE_SMTP_URL=f"smtp://127.0.0.1:{port}"):
        assert wait_until(lambda: Outgoing.objects.get().state == "sent", 60)
    assert [mail["Message-ID"] for mail in server.taken] == [row.message_id] * 2


def test_two_killed_workers_are_two_copies_and_no_third(committed, slow, settings, monkeypatch):
    server, port = slow
    settings.MAIL = "set"
    monkeypatch.setattr(jobs, "SILENT_S", 1)
    party = Ledger().party("ann", email="ann@example.com")
    match_new()
    send_mail(
        customer=customer_of(party), subject="Hello", body="Dear Ann", purpose="service", by=a_user(), key="k",
        at=datetime(2026, 7, 1, tzinfo=UTC),
    )  # fmt: skip
    for copies, state in [(1, "queued"), (2, "uncertain")]:
        with worker(ENTENTE_SMTP_URL=f"smtp://127.0.0.1:{port}") as program:
            assert wait_until(lambda copies=copies: len(server.taken) == copies, 60)
            os.kill(program.pid, signal.SIGKILL)
            program.wait()
        assert wait_until(lambda: jobs.sweep()["outgoing"] == 1)
        assert Outgoing.objects.get().state == state
    assert send.deliver(Outgoing.objects.get().pk) == "not ours"
    assert len(server.taken) == 2
