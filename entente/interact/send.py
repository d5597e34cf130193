"""Mail on its way out. Whoever decides it writes a row in his own transaction; a worker delivers afterwards.

States: queued -> sending -> sent | uncertain | failed. A message has one Message-ID for ever, so that a server that got it twice can
tell. Where nobody knows whether it arrived (the worker died while handing over) it is tried again; the same Message-ID goes out.
"""

from __future__ import annotations

import smtplib
import socket
from datetime import datetime, timedelta
from email.utils import make_msgid

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from entente.identify.models import Customer
from entente.interact.models import Channel, Interaction, Outgoing
from entente.interact.record import log_interaction
from entente.lib.errors import EntenteError
from entente.staff.models import User

# A worker that claimed a message and has not said how it went after so long is gone.
CLAIM_LASTS = timedelta(seconds=60)
MOST_TRIES = 8
FIRST_WAIT = timedelta(seconds=30)


class NoAddress(EntenteError):
    """Nobody knows where to write to."""


class ImpossibleMail(EntenteError):
    """No server would take it as it is."""


class NoMailServer(EntenteError):
    """No server is set that would take a mail."""


def can_send() -> bool:
    return settings.MAIL is not None


def send_mail(
    *,
    customer: Customer,
    subject: str,
    body: str,
    purpose: str,
    by: User,
    at: datetime,
    key: str,
    decision_id: int | None = None,
) -> Interaction:
    """Write a mail to a customer: the contact on record, the message in the outbox and its job, all or nothing.

    key: the same wish twice (a form sent again) is one message; then the first one is returned.
    """
    if not customer.email:
        raise NoAddress(_("No mail address of %(name)s is known. Ask for it, or call.") % {"name": customer.name})
    if not can_send():
        raise NoMailServer(_("No mail server is set. Set ENTENTE_SMTP_URL, or send it yourself and note it down."))
    if "\n" in subject + customer.email or "\r" in subject + customer.email:
        raise ImpossibleMail(_("A subject and an address are one line each. Take the line break out."))
    known = _known(key)
    if known is not None:
        return known
    try:
        return _write_down(
            customer=customer,
            subject=subject,
            body=body,
            purpose=purpose,
            by=by,
            at=at,
            key=key,
            decision_id=decision_id,
        )
    except IntegrityError:
        # The same form came twice at the same moment; the other one is through.
        known = _known(key)
        if known is None:
            raise
        return known


def _known(key: str) -> Interaction | None:
    row = Outgoing.objects.filter(key=key).select_related("interaction").first()
    return None if row is None else row.interaction


def _write_down(
    *,
    customer: Customer,
    subject: str,
    body: str,
    purpose: str,
    by: User,
    at: datetime,
    key: str,
    decision_id: int | None,
) -> Interaction:
    with transaction.atomic():
        interaction = log_interaction(
            customer=customer, kind=Interaction.Kind.MAIL, channel=Channel.EMAIL, purpose=purpose, is_outgoing=True,
            is_two_way=False, at=at, subject=subject, body=body, by=by, decision_id=decision_id,
        )  # fmt: skip
        message_id = make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> "))
        row = Outgoing.objects.create(interaction=interaction, key=key, message_id=message_id, recipient=customer.email)
        defer_delivery(row.pk)
    return interaction


def defer_delivery(outgoing_id: int, *, wait: timedelta | None = None) -> None:
    job = app.configure_task("deliver", schedule_in={"seconds": int(wait.total_seconds())} if wait else None)
    job.defer(outgoing_id=outgoing_id)


def deliver(outgoing_id: int) -> str:
    """Hand one message to the mail server. Returns its state; one that somebody else delivers is left alone."""
    now = timezone.now()
    mine = Outgoing.objects.filter(pk=outgoing_id, state=Outgoing.State.QUEUED)
    if mine.update(state=Outgoing.State.SENDING, claimed_at=now) != 1:
        return "not ours"
    row = Outgoing.objects.select_related("interaction").get(pk=outgoing_id)
    row.claimed_at = now
    try:
        _hand_over(row)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        # Refused for good (5xx), or asked to come again (4xx).
        return _went_wrong(row, error, for_good=all(code >= 500 for code in _codes(error)))
    except ValueError as error:
        # No mail can be made of it (a line break in a heading, an address that is none), today or tomorrow.
        return _went_wrong(row, error, for_good=True)
    except (smtplib.SMTPException, OSError) as error:
        # Once the text is out and the answer is lost, nobody knows; before that, nothing has happened.
        is_uncertain = isinstance(error, smtplib.SMTPServerDisconnected | socket.timeout)
        return _went_wrong(row, error, for_good=False, is_uncertain=is_uncertain)
    Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.SENDING, claimed_at=now).update(
        state=Outgoing.State.SENT, sent_at=timezone.now(), tries=row.tries + 1, error=""
    )
    return Outgoing.State.SENT


def _hand_over(row: Outgoing) -> None:
    with get_connection() as server:
        EmailMessage(
            subject=row.interaction.subject, body=row.interaction.body, to=[row.recipient], connection=server,
            headers={"Message-ID": row.message_id},
        ).send()  # fmt: skip


def _codes(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _text in error.recipients.values()]
    return [error.smtp_code]


def _went_wrong(row: Outgoing, error: Exception, *, for_good: bool, is_uncertain: bool = False) -> str:
    tries = row.tries + 1
    for_good = for_good or tries >= MOST_TRIES
    state = Outgoing.State.FAILED if for_good else Outgoing.State.QUEUED
    if for_good and is_uncertain:
        state = Outgoing.State.UNCERTAIN
    with transaction.atomic():
        ours = Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.SENDING, claimed_at=row.claimed_at)
        if ours.update(state=state, tries=tries, error=str(error)[:500], claimed_at=None) != 1:
            return "not ours"
        if state == Outgoing.State.QUEUED:
            defer_delivery(row.pk, wait=FIRST_WAIT * 2 ** (tries - 1))
    return state


def sweep_outgoing(*, at: datetime) -> int:
    """Put messages back whose worker is gone. Returns how many."""
    lost = list(
        Outgoing.objects.filter(state=Outgoing.State.SENDING, claimed_at__lt=at - CLAIM_LASTS).values_list(
            "pk", flat=True
        )[:1000]
    )
    swept = 0
    for number in lost:
        with transaction.atomic():
            rows = Outgoing.objects.filter(pk=number, state=Outgoing.State.SENDING, claimed_at__lt=at - CLAIM_LASTS)
            if rows.update(state=Outgoing.State.QUEUED, claimed_at=None) == 1:
                defer_delivery(number)
                swept += 1
    return swept
