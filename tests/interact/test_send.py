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
from entente.interact.models import ConsentEvent, Interaction, Outgoing, Preference
from entente.interact.send import (
    ImpossibleMail,
    NoAddress,
    NoMailServer,
    NotWelcome,
    SentAlready,
    deliver,
    send_mail,
    sweep_outgoing,
)
from entente.staff.models import User
from tests.ledger_facts import Ledger, a_user, committed, customer_of, other_connection

__all__ = ["committed"]  # fixture
pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 7, 1, 9, tzinfo=UTC)


class Server:
    """Takes mail and keeps it; answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers: dict[str, str] = {}
        self.hangs_up = False

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hangs_up:
            server.transport.close()
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


def older(row: Outgoing, by: timedelta) -> None:
    Outgoing.objects.filter(pk=row.pk).update(queued_at=timezone.now() - by)


def test_with_the_server_down_it_waits_longer_each_time_up_to_a_limit(server, ann, anna, settings):
    row = written(ann, anna)
    settings.EMAIL_PORT = 1
    waits = []
    for _ in range(12):
        before = timezone.now()
        assert deliver(row.pk) == "queued"
        last = ProcrastinateJob.objects.filter(task_name="deliver").latest("id")
        waits.append((last.scheduled_at - before).total_seconds())
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits[:6]))
    assert max(waits) < 1.1 * send.LONGEST_WAIT.total_seconds()


@pytest.mark.parametrize("why", ["no server", "no login", "busy"])
def test_days_without_a_server_lose_no_mail_and_then_it_has_failed(server, ann, anna, settings, why):
    row = written(ann, anna)
    if why == "no server":
        settings.EMAIL_PORT = 1
    elif why == "no login":
        server.answers["RCPT"] = "530 5.7.0 authentication required"
    else:
        server.answers["DATA"] = "451 busy"
    Outgoing.objects.update(tries=200)
    older(row, timedelta(hours=47))
    assert deliver(row.pk) == "queued"
    older(row, timedelta(hours=49))
    assert deliver(row.pk) == "failed"
    row.refresh_from_db()
    assert row.tries == 202 and row.error and row.sent_at is None


def test_a_lost_answer_makes_one_copy_at_most(server, ann, anna):
    row = written(ann, anna)
    server.hangs_up = True
    assert [deliver(row.pk), deliver(row.pk), deliver(row.pk)] == ["queued", "uncertain", "not ours"]
    assert [mail["Message-ID"] for mail in server.taken] == [row.message_id] * 2
    assert len(jobs()) == 2, "the first and one more"
    row.refresh_from_db()
    assert (row.state, row.tries, row.claimed_at) == ("uncertain", 2, None)


def test_between_two_lost_answers_a_busy_server_is_no_copy(server, ann, anna):
    row = written(ann, anna)
    server.hangs_up = True
    assert deliver(row.pk) == "queued"
    server.answers["RCPT"] = "451 come again"
    assert [deliver(row.pk), deliver(row.pk)] == ["queued", "queued"]
    del server.answers["RCPT"]
    assert deliver(row.pk) == "uncertain"
    assert len(server.taken) == 2


def test_after_a_lost_answer_a_refusal_does_not_say_that_nothing_came(server, ann, anna):
    row = written(ann, anna)
    server.hangs_up = True
    assert deliver(row.pk) == "queued"
    server.answers["RCPT"] = "550 no more"
    assert deliver(row.pk) == "uncertain"


def test_taken_is_taken_though_the_goodbye_fails(server, ann, anna, monkeypatch):
    def dies(wire: smtplib.SMTP) -> None:
        wire.close()
        raise TimeoutError("no goodbye")

    row = written(ann, anna)
    monkeypatch.setattr(smtplib.SMTP, "quit", dies)
    assert deliver(row.pk) == "sent"


def test_a_mail_that_takes_its_workers_with_it_is_given_up(server, ann, anna):
    row = written(ann, anna)
    after = timezone.now() + send.CLAIM_LASTS * 2
    for tries, state in [(1, "queued"), (2, "uncertain")]:
        Outgoing.objects.update(state="sending", claimed_at=timezone.now())
        assert sweep_outgoing(at=after) == 1
        row.refresh_from_db()
        assert (row.tries, row.state, row.claimed_at) == (tries, state, None) and "lost" in row.error
    assert len(jobs()) == 2 and sweep_outgoing(at=after) == 0


def test_who_waits_for_a_slow_server_is_not_taken_for_dead():
    from entente import settings as kept

    assert timedelta(seconds=kept.EMAIL_TIMEOUT) >= timedelta(minutes=5)
    assert timedelta(seconds=kept.EMAIL_TIMEOUT) < send.CLAIM_LASTS


@pytest.mark.parametrize(
    "other", [{"subject": "Another"}, {"body": "Other words"}, {"purpose": "transactional"}, {"decision_id": 7}]
)
def test_one_form_is_not_two_messages(server, ann, anna, other):
    written(ann, anna)
    with pytest.raises(SentAlready, match="open a new one"):
        written(ann, anna, **other)
    assert (Outgoing.objects.count(), Interaction.objects.count(), len(jobs())) == (1, 1, 1)


def test_one_form_is_not_for_two_customers(server, ann, anna):
    bob = Ledger("other").party("bob", email="bob@example.com")
    match_new()
    written(ann, anna)
    with pytest.raises(SentAlready):
        written(customer_of(bob), anna)
    assert (Outgoing.objects.count(), Interaction.objects.count()) == (1, 1)


def consents(ann: Customer, *, purpose: str, is_granted: bool) -> None:
    party = ann.memberships.get().party
    ConsentEvent.objects.create(
        party=party, channel="email", purpose=purpose, is_granted=is_granted, at=AT - timedelta(days=1)
    )


def test_marketing_without_a_yes_is_not_sent_and_says_so(server, ann, anna):
    with pytest.raises(NotWelcome, match=r"Marketing by e-mail needs consent.* not sent"):
        written(ann, anna, purpose="marketing")
    assert not Interaction.objects.exists() and jobs() == []
    consents(ann, purpose="marketing", is_granted=True)
    assert written(ann, anna, purpose="marketing").state == "queued"


def test_a_withdrawal_is_kept_but_what_must_arrive_arrives(server, ann, anna):
    for purpose in ("service", "legal", "emergency"):
        consents(ann, purpose=purpose, is_granted=False)
    with pytest.raises(NotWelcome, match="withdrawn"):
        written(ann, anna)
    for purpose in ("legal", "emergency"):
        assert written(ann, anna, purpose=purpose, key=purpose).state == "queued"


def test_who_wishes_no_mail_gets_none(server, ann, anna):
    Preference.objects.create(party=ann.memberships.get().party, wishes={"channels": ["phone"]})
    Preference.objects.update(at=AT - timedelta(days=1))
    with pytest.raises(NotWelcome, match="does not wish"):
        written(ann, anna)
    assert written(ann, anna, purpose="transactional").state == "queued"


def test_a_closed_hour_alone_is_for_a_person_to_judge(server, ann, anna):
    at_night = datetime(2026, 7, 1, 1, tzinfo=UTC)
    told = send_mail(
        customer=ann, by=anna, at=at_night, subject="Hello", body="Dear Ann", purpose="relationship", key="k"
    )
    assert told.outgoing.state == "queued"


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
    assert sweep_outgoing(at=timezone.now()) == 1
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


def test_who_comes_while_it_is_being_put_back_comes_again(server, ann, anna):
    """Else it would wait for nobody: its job is done, and what waits is swept by nobody."""
    row = written(ann, anna)
    before = len(jobs())
    with other_connection() as sweeping:
        sweeping.execute("SELECT pg_advisory_lock(%s, %s)", [send._CLAIM, row.pk])
        assert deliver(row.pk) == "not ours"
    assert len(jobs()) == before + 1 and jobs()[-1] == ({"outgoing_id": row.pk}, True)
    assert deliver(row.pk) == "sent"
    assert deliver(row.pk) == "not ours" and len(jobs()) == before + 1
