"""The outbox, against a real mail server."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from itertools import pairwise
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from entente.identify.match import match_new
from entente.identify.models import Customer
from entente.interact import send
from entente.interact.models import Interaction, Outgoing
from entente.interact.send import ImpossibleMail, NoAddress, NoMailServer, deliver, send_mail, sweep_outgoing
from entente.staff.models import User
from tests.ledger_facts import Ledger, a_user, committed, customer_of

__all__ = ["committed"]  # fixture
pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 7, 1, 9, tzinfo=UTC)


class Server:
    """Takes mail and keeps it; answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def server(settings: LazySettings) -> Iterator[Server]:
    handler = Server()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.MAIL = "set"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 5
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "Colours of Kent <sales@colours.example>"
    yield handler
    controller.stop()


@pytest.fixture
def ann(committed: None) -> Customer:
    party = Ledger().party("ann", email="ann@example.com")
    match_new()
    return customer_of(party)


@pytest.fixture
def anna(committed: None) -> User:
    return a_user()


def written(ann: Customer, anna: User, **fields: Any) -> Outgoing:
    given = {"subject": "Your order", "body": "Dear Ann,\n.\nнет · بله", "purpose": "service", "key": "k1", **fields}
    return send_mail(customer=ann, by=anna, at=AT, **given).outgoing


def jobs() -> list[tuple[dict[str, Any], bool]]:
    """(arguments, whether it waits for a time) of the jobs to deliver."""
    rows = ProcrastinateJob.objects.filter(task_name="deliver", status="todo").order_by("id")
    return [(row.args, row.scheduled_at is not None) for row in rows]


def test_a_message_goes_out_once(server, ann, anna):
    row = written(ann, anna)
    assert (row.state, jobs()) == ("queued", [({"outgoing_id": row.pk}, False)])
    assert deliver(row.pk) == "sent"
    assert deliver(row.pk) == "not ours"
    row.refresh_from_db()
    assert (row.state, row.tries, row.error) == ("sent", 1, "") and row.sent_at
    (mail,) = server.taken
    assert mail["Message-ID"] == row.message_id and row.message_id.endswith("@colours.example>")
    assert (mail["To"], mail["Subject"]) == ("ann@example.com", "Your order")
    assert mail.get_content().splitlines() == ["Dear Ann,", ".", "нет · بله"]
    told = Interaction.objects.get()
    assert (told.kind, told.is_outgoing, told.by, told.at) == ("mail", True, anna, AT)


def test_the_same_wish_twice_is_one_message(server, ann, anna):
    assert written(ann, anna) == written(ann, anna)
    assert (Outgoing.objects.count(), Interaction.objects.count(), len(jobs())) == (1, 1, 1)
    assert written(ann, anna, key="k2").pk != written(ann, anna).pk


def test_the_same_wish_at_the_same_moment_is_one_message(server, ann, anna):
    both, found, errors = threading.Barrier(2), [], []

    def click() -> None:
        try:
            both.wait()
            found.append(written(ann, anna).pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(set(found)) == 1
    assert (Outgoing.objects.count(), Interaction.objects.count(), len(jobs())) == (1, 1, 1)


def test_what_is_rolled_back_was_never_said(server, ann, anna):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        written(ann, anna)
        raise ZeroDivisionError
    assert (Outgoing.objects.count(), Interaction.objects.count(), jobs()) == (0, 0, [])


@pytest.mark.parametrize("hostile", ["Hello\r\nBcc: all@example.com", "Hello\nBcc: all@example.com", "Hello\rX: y"])
def test_no_heading_is_smuggled_in(server, ann, anna, hostile):
    with pytest.raises(ImpossibleMail, match="line break"):
        written(ann, anna, subject=hostile)
    assert not Interaction.objects.exists()
    # Written by whoever, it does not go out either, and is not tried for ever.
    row = written(ann, anna)
    Interaction.objects.update(subject=hostile)
    assert deliver(row.pk) == "failed"
    assert server.taken == []
    assert sweep_outgoing(at=timezone.now() + timedelta(days=1)) == 0


def test_no_address_and_no_server_are_said_at_once(server, ann, anna, settings):
    ann.email = ""
    with pytest.raises(NoAddress, match="Ask for it"):
        written(ann, anna)
    ann.email, settings.MAIL = "ann@example.com", None
    with pytest.raises(NoMailServer, match="ENTENTE_SMTP_URL"):
        written(ann, anna)
    assert not Interaction.objects.exists()


@pytest.mark.parametrize("where", ["RCPT", "DATA"])
def test_asked_to_come_again_it_comes_again(server, ann, anna, where):
    row = written(ann, anna)
    server.answers[where] = "451 busy, come again"
    assert deliver(row.pk) == "queued"
    row.refresh_from_db()
    assert (row.tries, row.claimed_at) == (1, None) and "busy" in row.error
    assert jobs()[-1] == ({"outgoing_id": row.pk}, True)
    del server.answers[where]
    assert deliver(row.pk) == "sent"
    row.refresh_from_db()
    assert (row.tries, row.error) == (2, "") and len(server.taken) == 1


@pytest.mark.parametrize("where", ["RCPT", "DATA"])
def test_refused_for_good_it_has_failed(server, ann, anna, where):
    row = written(ann, anna)
    server.answers[where] = "550 nobody of that name"
    assert deliver(row.pk) == "failed"
    row.refresh_from_db()
    assert "nobody of that name" in row.error and len(jobs()) == 1


def test_with_the_server_down_it_waits_longer_each_time(server, ann, anna, settings):
    row = written(ann, anna)
    settings.EMAIL_PORT = 1
    waits = []
    for _ in range(send.MOST_TRIES - 1):
        before = timezone.now()
        assert deliver(row.pk) == "queued"
        last = ProcrastinateJob.objects.filter(task_name="deliver").latest("id")
        waits.append((last.scheduled_at - before).total_seconds())
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits))
    assert deliver(row.pk) == "failed"
    row.refresh_from_db()
    assert row.tries == send.MOST_TRIES and row.error


def test_a_lost_answer_leaves_it_uncertain_in_the_end(server, ann, anna, monkeypatch):
    row = written(ann, anna)

    def hangs_up(_: Outgoing) -> None:
        raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(send, "_hand_over", hangs_up)
    monkeypatch.setattr(send, "MOST_TRIES", 2)
    assert [deliver(row.pk), deliver(row.pk)] == ["queued", "uncertain"]


def test_what_a_killed_worker_was_sending_goes_out_under_the_same_name(server, ann, anna, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(_: Outgoing) -> None:
        raise Killed

    row = written(ann, anna)
    with monkeypatch.context() as patch:
        patch.setattr(send, "_hand_over", killed)
        with pytest.raises(Killed):
            deliver(row.pk)
    row.refresh_from_db()
    assert row.state == "sending"
    assert sweep_outgoing(at=timezone.now()) == 0, "it may still be alive"
    assert sweep_outgoing(at=timezone.now() + send.CLAIM_LASTS * 2) == 1
    assert len(jobs()) == 2
    assert deliver(row.pk) == "sent"
    assert server.taken[0]["Message-ID"] == row.message_id


def test_who_was_taken_for_dead_does_not_overrule_the_next(server, ann, anna, monkeypatch):
    row = written(ann, anna)

    def slow(row: Outgoing) -> None:
        sweep_outgoing(at=timezone.now() + send.CLAIM_LASTS * 2)
        monkeypatch.undo()
        assert deliver(row.pk) == "sent"
        raise smtplib.SMTPServerDisconnected("too late")

    monkeypatch.setattr(send, "_hand_over", slow)
    assert deliver(row.pk) == "not ours"
    row.refresh_from_db()
    assert row.state == "sent" and len(server.taken) == 1
