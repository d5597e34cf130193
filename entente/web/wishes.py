"""How a customer wishes to be contacted, and what they allow. Both are only ever added to; the latest word counts."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from entente.identify.find import parties_of, visible_customers
from entente.identify.models import Customer
from entente.interact.models import Channel, ConsentEvent, Preference, Purpose
from entente.interact.timeline import Wishes, wishes_of
from entente.web.person import person

SPOKEN = (Channel.PHONE, Channel.EMAIL, Channel.SMS, Channel.MESSENGER, Channel.LETTER, Channel.FAX, Channel.VISIT)
MOST_EVENTS = 100


class PreferencesForm(forms.Form):
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Only over"),
        help_text=gettext_lazy("None ticked: over any."),
        choices=[(channel.value, channel.label) for channel in SPOKEN],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Only on"),
        help_text=gettext_lazy("None ticked: on any day that is no day off there."),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    from_time = forms.TimeField(
        label=gettext_lazy("Not before"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    until_time = forms.TimeField(
        label=gettext_lazy("Not after"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    limit = forms.IntegerField(label=gettext_lazy("At most … contacts"), required=False, min_value=0, max_value=1000)
    days = forms.IntegerField(label=gettext_lazy("in … days"), required=False, min_value=1, max_value=366)
    paused_until = forms.DateField(
        label=gettext_lazy("No contact until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if (said.get("limit") is None) != (said.get("days") is None):
            self.add_error("days", _("Write both: so many contacts in so many days."))
        if (said.get("from_time") is None) != (said.get("until_time") is None):
            self.add_error("until_time", _("Write both the first and the last hour."))
        elif said.get("from_time") and said["from_time"] == said["until_time"]:
            self.add_error("until_time", _("These hours are empty. Leave both out to allow any hour."))
        return said

    def wishes(self) -> dict[str, Any]:
        """As a row keeps them; what was not said is not there."""
        said = self.cleaned_data
        hours = said["from_time"] is not None and {
            "from": f"{said['from_time']:%H:%M}",
            "until": f"{said['until_time']:%H:%M}",
        }
        wishes = {
            "channels": said["channels"],
            "weekdays": said["weekdays"],
            "hours": hours,
            "frequency": said["limit"] is not None and {"limit": said["limit"], "days": said["days"]},
            "paused_until": said["paused_until"] and said["paused_until"].isoformat(),
        }
        return {name: wish for name, wish in wishes.items() if wish}


class ConsentForm(forms.Form):
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=[(c.value, c.label) for c in SPOKEN])
    purpose = forms.ChoiceField(label=gettext_lazy("For"), choices=Purpose.choices, initial=Purpose.MARKETING)
    is_granted = forms.ChoiceField(
        label=gettext_lazy("The customer"),
        choices=[("yes", gettext_lazy("allowed it")), ("no", gettext_lazy("withdrew it"))],
    )
    at = forms.DateTimeField(
        label=gettext_lazy("When they said so"),
        required=False,
        help_text=gettext_lazy("Empty: now."),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    wording = forms.CharField(
        label=gettext_lazy("In which words"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )
    evidence = forms.CharField(label=gettext_lazy("Where it can be looked up"), required=False, max_length=250)

    def clean_at(self) -> Any:
        at = self.cleaned_data["at"]
        if at and at > timezone.now():
            raise forms.ValidationError(_("This is still to come. Write when it was said."))
        return at


def _found(request: HttpRequest, customer_id: int) -> tuple[Customer, list[int]]:
    customer = get_object_or_404(visible_customers(person(request)).select_related("looked_after_by"), pk=customer_id)
    return customer, parties_of(customer)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What the customer wishes."""
    customer, parties = _found(request, customer_id)
    now = wishes_of(parties)
    form = PreferencesForm(request.POST or None, initial=_initial(now))
    if request.method == "POST" and form.is_valid():
        if not parties:
            form.add_error(None, _("This customer has no record in any source that wishes could belong to."))
        else:
            Preference.objects.create(party_id=parties[0], wishes=form.wishes(), by=person(request))
            messages.success(request, _("Kept. From now on it counts for every contact."))
            return redirect("preferences", customer_id=customer.pk)
    return _page(request, customer, parties, now, wishes_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def consents(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What the customer allowed and withdrew, word for word."""
    customer, parties = _found(request, customer_id)
    form = ConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not parties:
            form.add_error(None, _("This customer has no record in any source that consent could belong to."))
        else:
            said = {**form.cleaned_data, "is_granted": form.cleaned_data["is_granted"] == "yes"}
            said["at"] = said["at"] or timezone.now()
            ConsentEvent.objects.create(party_id=parties[0], by=person(request), **said)
            messages.success(request, _("Kept, with its words and its hour."))
            return redirect("consents", customer_id=customer.pk)
    return _page(request, customer, parties, wishes_of(parties), consent_form=form)


def _initial(now: Wishes) -> dict[str, Any]:
    """What was wished so far, as the form shows it. Written by whoever: read with care."""
    wishes = now.preference.wishes if now.preference and isinstance(now.preference.wishes, dict) else {}
    hours, frequency = wishes.get("hours") or {}, wishes.get("frequency") or {}
    try:
        paused = date.fromisoformat(str(wishes.get("paused_until", ""))[:10])
    except ValueError:
        paused = None
    return {
        "channels": wishes.get("channels"),
        "weekdays": wishes.get("weekdays"),
        "from_time": hours.get("from") if isinstance(hours, dict) else None,
        "until_time": hours.get("until") if isinstance(hours, dict) else None,
        "limit": frequency.get("limit") if isinstance(frequency, dict) else None,
        "days": frequency.get("days") if isinstance(frequency, dict) else None,
        "paused_until": paused,
    }


def _page(
    request: HttpRequest,
    customer: Customer,
    parties: list[int],
    now: Wishes,
    *,
    wishes_form: PreferencesForm | None = None,
    consent_form: ConsentForm | None = None,
) -> HttpResponse:
    shown = wishes_form or consent_form
    events = ConsentEvent.objects.filter(party_id__in=parties).select_related("by").order_by("-at", "-id")
    return render(
        request,
        "customers/wishes.html",
        {
            "customer": customer,
            "wishes": now,
            "wishes_form": wishes_form or PreferencesForm(initial=_initial(now)),
            "consent_form": consent_form or ConsentForm(),
            "events": events[:MOST_EVENTS],
        },
        status=422 if shown and shown.errors else 200,
    )
