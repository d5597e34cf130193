"""Mail on its way out. Whoever decides it writes a row in his own transaction; a worker delivers afterwards.

States: queued -> sending -> sent | uncertain | failed. A message has one Message-ID for ever, so that a server that got it twice can
tell. Where nobody knows whether it arrived (the answer was lost, or the worker died while handing over) its text goes out once more
and no third time: `sent_at` of a message that still waits says when the text first went out unanswered.
"""

from __future__ import annotations

import smtplib
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from entente.identify.find import parties_of
from entente.identify.models import Customer
from entente.interact.allow import check_customer
from entente.interact.models import Channel, Interaction, Outgoing, Purpose
from entente.interact.record import log_interaction
from entente.interact.wording import sentence
from entente.lib.alone import alone
from entente.lib.errors import EntenteError
from entente.staff.models import User

# Whoever hands a message over holds a lock of the database on it, which goes when he goes, however he does. A connection that broke
# without a word may hold it for hours: a claim without an answer after so long is given up. Longer than EMAIL_TIMEOUT.
_CLAIM = 0x6D_61_69  # the first half of the lock
CLAIM_LASTS = timedelta(minutes=10)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=30)
# What no server has taken for so long nobody waits for any more.
GIVE_UP_AFTER = timedelta(hours=48)
# Refused for want of a login: the fault of the settings, not of the mail.
NO_LOGIN = frozenset({530, 534, 535, 538})
# What must arrive is sent whatever was wished.
OWED = frozenset({Purpose.EMERGENCY, Purpose.LEGAL})
# Reasons of the contact rules that are somebody's word, not the hour.
SAID_NO = frozenset(
    {"consent_withdrawn", "consent_missing", "channel_unwanted", "blocked", "blocked_until", "paused", "frequency"}
)


class NoAddress(EntenteError):
    """Nobody knows where to write to."""


class ImpossibleMail(EntenteError):
    """No server would take it as it is."""


class NoMailServer(EntenteError):
    """No server is set that would take a mail."""


class SentAlready(EntenteError):
    """The same form, filled in differently, went out before."""


class NotWelcome(EntenteError):
    """The customer said no, or has not said yes where a yes is needed."""


class AnswerLost(Exception):
    """The text is with the server, perhaps; its answer never came."""


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

    Raises NotWelcome where the contact rules drop it for what the customer said; where only the hour is not open, a person may send.
    """
    if not customer.email:
        raise NoAddress(_("No mail address of %(name)s is known. Ask for it, or call.") % {"name": customer.name})
    if not can_send():
        raise NoMailServer(_("No mail server is set. Set ENTENTE_SMTP_URL, or send it yourself and note it down."))
    if "\n" in subject + customer.email or "\r" in subject + customer.email:
        raise ImpossibleMail(_("A subject and an address are one line each. Take the line break out."))
    said: dict[str, Any] = {"subject": subject, "body": body, "purpose": purpose, "decision_id": decision_id}
    known = _known(key, customer, said)
    if known is not None:
        return known
    _ask_the_rules(customer, purpose, at)
    try:
        return _write_down(customer=customer, by=by, at=at, key=key, **said)
    except IntegrityError:
        # The same form came twice at the same moment; the other one is through.
        known = _known(key, customer, said)
        if known is None:
            raise
        return known


def _known(key: str, customer: Customer, said: dict[str, Any]) -> Interaction | None:
    """What this form wrote before; None if nothing. Raises SentAlready where it said something else, or to somebody else."""
    row = Outgoing.objects.filter(key=key).select_related("interaction").first()
    if row is None:
        return None
    first = row.interaction
    is_same = all(getattr(first, name) == value for name, value in said.items())
    if not is_same or first.party_id not in parties_of(customer):
        raise SentAlready(_("This form was sent already; open a new one."))
    return first


def _ask_the_rules(customer: Customer, purpose: str, at: datetime) -> None:
    if purpose in OWED:
        return
    answer = check_customer(customer, channel=Channel.EMAIL, purpose=purpose, at=at)
    if answer.verdict == "DROP" and any(reason.code in SAID_NO for reason in answer.reasons):
        raise NotWelcome(
            _("%(why)s It was not sent. Note a new consent or wish down first, if there is one.")
            % {"why": " ".join(sentence(reason) for reason in answer.reasons)}
        )


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
    with alone(_CLAIM, outgoing_id % 2**31) as is_ours:
        if is_ours:
            return _deliver(outgoing_id)
    if Outgoing.objects.filter(pk=outgoing_id, state=Outgoing.State.QUEUED).exists():
        # Who holds it has just put it back: this job must not be the last that was told of it.
        defer_delivery(outgoing_id, wait=FIRST_WAIT)
    return "not ours"


def _deliver(outgoing_id: int) -> str:
    now = timezone.now()
    mine = Outgoing.objects.filter(pk=outgoing_id, state=Outgoing.State.QUEUED)
    if mine.update(state=Outgoing.State.SENDING, claimed_at=now) != 1:
        return "not ours"
    row = Outgoing.objects.select_related("interaction").get(pk=outgoing_id)
    row.claimed_at = now
    try:
        _hand_over(row)
    except AnswerLost as error:
        return _went_wrong(row, error, is_uncertain=True)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        # Refused for good (5xx), or asked to come again (4xx).
        return _went_wrong(row, error, for_good=all(code >= 500 and code not in NO_LOGIN for code in _codes(error)))
    except ValueError as error:
        # No mail can be made of it (a line break in a heading, an address that is none), today or tomorrow.
        return _went_wrong(row, error, for_good=True)
    except OSError as error:
        # No server, no login, a connection broken before the text: nothing has happened.
        return _went_wrong(row, error)
    Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.SENDING, claimed_at=now).update(
        state=Outgoing.State.SENT, sent_at=timezone.now(), tries=row.tries + 1, error=""
    )
    return Outgoing.State.SENT


def _hand_over(row: Outgoing) -> None:
    """Raises AnswerLost once the text is on its way and the server has said neither yes nor no."""
    server = get_connection()
    server.open()
    begun = _watch_text(server)
    try:
        EmailMessage(
            subject=row.interaction.subject, body=row.interaction.body, to=[row.recipient], connection=server,
            headers={"Message-ID": row.message_id},
        ).send()  # fmt: skip
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
        raise
    except OSError as error:
        if begun:
            raise AnswerLost(str(error)) from error
        raise
    finally:
        # Taken is taken, whatever becomes of the goodbye.
        with suppress(OSError):
            server.close()


def _watch_text(server: Any) -> list[bool]:
    """A list that is empty until the text begins to go over the wire. A server that is no SMTP server has no wire."""
    begun: list[bool] = []
    wire = getattr(server, "connection", None)
    if wire is not None:
        data = wire.data

        def watched(text: Any) -> Any:
            begun.append(True)
            return data(text)

        wire.data = watched
    return begun


def _codes(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPResponseException) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _text in error.recipients.values()]
    return [error.smtp_code]


def _went_wrong(row: Outgoing, error: Exception, *, for_good: bool = False, is_uncertain: bool = False) -> str:
    now = timezone.now()
    was_out = row.sent_at is not None
    over = for_good or (is_uncertain and was_out) or now - row.queued_at >= GIVE_UP_AFTER
    state = Outgoing.State.QUEUED
    if over:
        state = Outgoing.State.UNCERTAIN if is_uncertain or was_out else Outgoing.State.FAILED
    with transaction.atomic():
        ours = Outgoing.objects.filter(pk=row.pk, state=Outgoing.State.SENDING, claimed_at=row.claimed_at)
        changed = ours.update(
            state=state, tries=row.tries + 1, error=str(error)[:500], claimed_at=None,
            sent_at=row.sent_at or (row.claimed_at if is_uncertain else None),
        )  # fmt: skip
        if changed != 1:
            return "not ours"
        if not over:
            # The exponent is bounded: a span too long to hold is no wait.
            defer_delivery(row.pk, wait=min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(row.tries, 10)))
    return state


def sweep_outgoing(*, at: datetime) -> int:
    """Put messages back whose worker is gone, once; a message that took two workers with it is given up. Returns how many."""
    claimed = Outgoing.objects.filter(state=Outgoing.State.SENDING).order_by("claimed_at")
    swept = 0
    for number, out_at, claimed_at in list(claimed.values_list("pk", "sent_at", "claimed_at")[:1000]):
        state = Outgoing.State.QUEUED if out_at is None else Outgoing.State.UNCERTAIN
        with alone(_CLAIM, number % 2**31) as is_free, transaction.atomic():
            if claimed_at is None or (not is_free and claimed_at >= at - CLAIM_LASTS):
                continue
            rows = Outgoing.objects.filter(
                pk=number, sent_at=out_at, state=Outgoing.State.SENDING, claimed_at=claimed_at
            )
            changed = rows.update(
                state=state, tries=F("tries") + 1, sent_at=out_at or F("claimed_at"), claimed_at=None,
                error=_("The worker was lost while handing it over."),
            )  # fmt: skip
            if changed == 1:
                swept += 1
                if state == Outgoing.State.QUEUED:
                    defer_delivery(number)
    return swept
