"""Writing a call, a mail or a note down; what a decision asked for is done with it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from entente.customize import answer
from entente.customize.models import Decision
from entente.differentiate.current import in_force
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.interact.allow import openings
from entente.interact.record import NobodyToRecordFor, log_interaction
from entente.interact.send import (
    ImpossibleMail,
    NoAddress,
    NoMailServer,
    NotWelcome,
    SentAlready,
    can_send,
    send_mail,
)
from entente.interact.timeline import OUTCOMES
from entente.ledger.models import Channel, Interaction, Purpose
from entente.web import advice
from entente.web.asked import number, strictly, way_back
from entente.web.card import facts_beside
from entente.web.person import person
from entente.web.relations import counted_beside

SPOKE_BOTH = frozenset({"reached", "bought", "promised", "question", "complained", "refused"})
LONGEST_BODY = 20_000
# What a person may choose a mail to be for; a decision may have another purpose.
PURPOSES = (Purpose.SERVICE, Purpose.RELATIONSHIP, Purpose.MARKETING, Purpose.TRANSACTIONAL)


class CallForm(forms.Form):
    outcome = forms.ChoiceField(
        label=gettext_lazy("What came of it"), choices=list(OUTCOMES.items()), initial="reached"
    )
    direction = forms.ChoiceField(
        label=gettext_lazy("Who called"),
        choices=[("out", gettext_lazy("we called")), ("in", gettext_lazy("they called"))],
        initial="out",
    )
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), required=False, min_value=0, max_value=1440)
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Empty: now."),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    body = forms.CharField(
        label=gettext_lazy("What was said"),
        required=False,
        max_length=LONGEST_BODY,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def clean_at(self) -> Any:
        at = self.cleaned_data["at"]
        if at and at > timezone.now():
            raise forms.ValidationError(_("This is still to come. Write when it was."))
        return at


class MailForm(forms.Form):
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    purpose = forms.ChoiceField(
        label=gettext_lazy("What it is for"),
        required=False,
        help_text=gettext_lazy("What carries an offer is marketing."),
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=250)
    body = forms.CharField(
        label=gettext_lazy("Text"), max_length=LONGEST_BODY, widget=forms.Textarea(attrs={"rows": 12})
    )

    def __init__(self, *args: Any, decision: Decision | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.purposes = list(dict.fromkeys([_purpose_of(decision), *PURPOSES]))
        field = self.fields["purpose"]
        field.initial = self.purposes[0].value
        cast(forms.ChoiceField, field).choices = [(each.value, str(each.label).capitalize()) for each in self.purposes]

    def clean_purpose(self) -> str:
        return self.cleaned_data["purpose"] or self.fields["purpose"].initial

    def clean_subject(self) -> str:
        # A line break in a subject would begin another heading of the mail.
        return " ".join(self.cleaned_data["subject"].split())


class NoteForm(forms.Form):
    body = forms.CharField(
        label=gettext_lazy("Note"), max_length=LONGEST_BODY, widget=forms.Textarea(attrs={"rows": 6})
    )


@require_safe
@strictly
def call_new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The form for a call."""
    return _blank(request, customer_id, CallForm(), "calls")


@require_POST
@strictly
def calls(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Write a call down."""
    form = CallForm(request.POST)
    if not form.is_valid():
        return _again(request, customer_id, form, "calls")
    said = form.cleaned_data
    return _record(
        request,
        customer_id,
        form,
        "calls",
        log_interaction,
        kind=Interaction.Kind.CALL,
        channel=Channel.PHONE,
        is_outgoing=said["direction"] == "out",
        is_two_way=said["outcome"] in SPOKE_BOTH,
        at=said["at"] or timezone.now(),
        minutes=said["minutes"],
        outcome=said["outcome"],
        body=said["body"],
    )


@require_safe
@strictly
def mail_new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The form for a mail."""
    customer = _customer(request, customer_id)
    decision = _decision(request, customer, request.GET)
    return _show(request, customer, MailForm(decision=decision), "mails", decision)


@require_POST
@strictly
def mails(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Write a mail down."""
    customer = _customer(request, customer_id)
    decision = _decision(request, customer, request.POST)
    form = MailForm(request.POST, decision=decision)
    if not form.is_valid():
        return _show(request, customer, form, "mails", decision, status=422)
    said = form.cleaned_data
    if request.POST.get("how") == "send":
        return _record(
            request,
            customer_id,
            form,
            "mails",
            send_mail,
            purpose=said["purpose"],
            subject=said["subject"],
            body=said["body"],
            key=f"form-{said['key']}",
        )
    return _record(
        request,
        customer_id,
        form,
        "mails",
        log_interaction,
        kind=Interaction.Kind.MAIL,
        channel=Channel.EMAIL,
        purpose=said["purpose"],
        is_outgoing=True,
        is_two_way=False,
        subject=said["subject"],
        body=said["body"],
    )


@require_safe
@strictly
def note_new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The form for a note."""
    return _blank(request, customer_id, NoteForm(), "notes")


@require_POST
@strictly
def notes(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Write a note down. It is no contact: nobody outside hears of it."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _again(request, customer_id, form, "notes")
    return _record(
        request,
        customer_id,
        form,
        "notes",
        log_interaction,
        kind=Interaction.Kind.NOTE,
        channel=Channel.PORTAL,
        is_outgoing=False,
        is_two_way=False,
        body=form.cleaned_data["body"],
    )


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    return get_object_or_404(visible_customers(person(request)).select_related("looked_after_by"), pk=customer_id)


def _decision(request: HttpRequest, customer: Customer, values: Any) -> Decision | None:
    """The decision a form belongs to; one of another customer is as good as none."""
    asked = number(request, "decision", values)
    return get_object_or_404(Decision, pk=asked, customer=customer) if asked else None


def _purpose_of(decision: Decision | None) -> Purpose:
    return Purpose(decision.purpose) if decision and decision.purpose else Purpose.SERVICE


def _blank(request: HttpRequest, customer_id: int, form: forms.Form, route: str) -> HttpResponse:
    customer = _customer(request, customer_id)
    return _show(request, customer, form, route, _decision(request, customer, request.GET))


def _again(request: HttpRequest, customer_id: int, form: forms.Form, route: str) -> HttpResponse:
    customer = _customer(request, customer_id)
    return _show(request, customer, form, route, _decision(request, customer, request.POST), status=422)


def _show(
    request: HttpRequest, customer: Customer, form: forms.Form, route: str, decision: Decision | None, status: int = 200
) -> HttpResponse:
    at, cycle = timezone.now(), in_force()
    if decision is not None:
        decision.customer = customer
    return render(
        request,
        f"customers/{route}_new.html",
        {
            **facts_beside(customer, cycle),
            **counted_beside(customer, cycle, person(request)),
            "form": form,
            "step": advice.steps([decision], at)[0] if decision else None,
            "action": reverse(route, args=[customer.pk]),
            "next": way_back(request, ""),
            "welcome": _welcome(customer, form, at) if isinstance(form, MailForm) and customer.email else [],
            "can_send": bool(route == "mails" and customer.email and can_send()),
        },
        status=status,
    )


def _welcome(customer: Customer, form: MailForm, at: datetime) -> list[dict[str, Any]]:
    """Whether a mail is welcome now, for each purpose one may choose."""
    found = openings([(customer, Channel.EMAIL, each) for each in form.purposes], at)
    return [
        {
            "purpose": purpose.label,
            "opening": opening,
            "hour_there": f"{at.astimezone(ZoneInfo(opening.zone)):%H:%M}",
        }
        for purpose, opening in zip(form.purposes, found, strict=True)
        if opening is not None
    ]


def _record(
    request: HttpRequest,
    customer_id: int,
    form: forms.Form,
    route: str,
    write: Callable[..., Interaction],
    **said: Any,
) -> HttpResponse:
    """Write down, or send, what the form says; the decision behind it is done in the same breath."""
    customer = _customer(request, customer_id)
    decision = _decision(request, customer, request.POST)
    said.setdefault("purpose", _purpose_of(decision))
    said.setdefault("at", timezone.now())
    try:
        with transaction.atomic():
            interaction = write(
                customer=customer,
                by=person(request),
                decision_id=decision.pk if decision else None,
                **said,
            )
            _close(request, decision, interaction)
    except NotWelcome as error:
        form.add_error("purpose", str(error))
        return _show(request, customer, form, route, decision, status=422)
    except (NobodyToRecordFor, NoAddress, NoMailServer, ImpossibleMail, SentAlready) as error:
        form.add_error(None, str(error))
        return _show(request, customer, form, route, decision, status=422)
    messages.success(request, _("On its way.") if write is send_mail else _("Written down."))
    return redirect(way_back(request, reverse("customer", args=[customer.pk])))


def _close(request: HttpRequest, decision: Decision | None, interaction: Interaction) -> None:
    """What was said was said, even where somebody else answered the decision meanwhile."""
    if decision is None:
        return
    try:
        with transaction.atomic():
            answer.do(decision, by=person(request), at=timezone.now(), interaction=interaction)
    except answer.AlreadyAnswered as error:
        messages.warning(request, str(error))
