"""What a customer needs and what more they could buy: on the card, as a fragment; and writing a fact of it down."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entente.differentiate.current import in_force, valuation_of
from entente.differentiate.models import Cycle, NeedSegment
from entente.differentiate.need_card import need_story
from entente.differentiate.need_facts import ImpossibleFact, facts_about, say, vocabulary, withdraw
from entente.differentiate.profile_shown import likeness_story
from entente.identify.find import parties_of, visible_customers
from entente.identify.models import Customer
from entente.ledger.models import Interaction
from entente.staff.firm import firm_today, the_firm
from entente.web.person import person
from entente.web.profile import because

CASES = {
    1: gettext_lazy("Buys little of it here"),
    2: gettext_lazy("Plays suppliers off"),
    4: gettext_lazy("Buys through others"),
}
HELP = {
    "money": gettext_lazy("an amount a year"),
    "share": gettext_lazy("from 0 to 1, or of a hundred, such as 30 %"),
    "day": gettext_lazy("a day such as 2026-12-31"),
    "text": gettext_lazy("in a few words"),
    "segment": gettext_lazy("one of the segments"),
}
MOST_CONTACTS = 20


class FactForm(forms.Form):
    predicate = forms.ChoiceField(label=gettext_lazy("What it is about"))
    value = forms.CharField(label=gettext_lazy("What it is"), required=False, max_length=250)
    segment = forms.ChoiceField(label=gettext_lazy("Which segment"), required=False)
    currency = forms.CharField(label=gettext_lazy("Currency"), required=False, min_length=3, max_length=3)
    is_stated = forms.ChoiceField(
        label=gettext_lazy("Who says so"),
        choices=[("yes", gettext_lazy("the customer said it")), ("no", gettext_lazy("we believe it"))],
    )
    said_on = forms.DateField(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Empty: today."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    confidence = forms.ChoiceField(
        label=gettext_lazy("How sure is it"),
        choices=[("1", gettext_lazy("sure")), ("0.8", gettext_lazy("rather sure")), ("0.4", gettext_lazy("a rumour"))],
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Holds until"),
        required=False,
        help_text=gettext_lazy("Empty: as long as such facts hold by the settings."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    interaction = forms.ChoiceField(label=gettext_lazy("Said in which contact"), required=False)
    evidence = forms.CharField(label=gettext_lazy("Where it can be looked up"), required=False, max_length=250)

    def __init__(
        self, *args: Any, contacts: list[tuple[str, str]], segments: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        words = [word for word in vocabulary().values() if segments or word.predicate.kind != "segment"]
        said = [
            (one.name, f"{one.label[:1].upper()}{one.label[1:]} ({HELP[one.predicate.kind.value]})") for one in words
        ]
        self._offer("predicate", said)
        for name, choices in (("interaction", contacts), ("segment", segments)):
            self._offer(name, [("", "–"), *choices])
            if not choices:
                del self.fields[name]

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def said(self) -> dict[str, Any]:
        given = self.cleaned_data
        is_segment = given["predicate"] == "segment"
        return {
            "value": given.get("segment", "") if is_segment else given["value"],
            "currency": given["currency"].upper(),
            "is_stated": given["is_stated"] == "yes",
            "confidence": float(given["confidence"]),
            "expires_on": given["expires_on"],
            "evidence": given["evidence"],
        }


@require_safe
def customer_needs(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The section of the card: a fragment that the card fetches when it stands, and a page around it otherwise."""
    customer = _customer(request, customer_id)
    cycle = in_force()
    worth = valuation_of(customer.pk, cycle)
    story = need_story(customer.pk, parties_of(customer), cycle, worth, firm_today())
    page = {
        "customer": customer,
        "cycle": cycle,
        "worth": worth,
        "story": story,
        "cases": [(case, CASES[case]) for case in story.cases],
        "standing": [one for one in story.facts if one.holds],
        "gone": [(one, WHY[one.why]) for one in story.facts if not one.holds],
        "reasons": WHY,
        "profile": because(likeness_story(customer, parties_of(customer), cycle, worth)),
    }
    is_fragment = bool(request.headers.get("HX-Request"))
    return render(request, "customers/_needs.html" if is_fragment else "customers/needs.html", page)


WHY = {
    "withdrawn": gettext_lazy("taken back"),
    "expired": gettext_lazy("past its day"),
    "to come": gettext_lazy("to come"),
    "superseded": gettext_lazy("something else was said since, or by them"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def need_new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Write down what a customer needs, has or spends elsewhere."""
    customer = _customer(request, customer_id)
    parties = parties_of(customer)
    contacts = _contacts(parties)
    choices = {"contacts": [(str(one.pk), _words_of(one)) for one in contacts], "segments": _segments(in_force())}
    form = FactForm(
        request.POST or None,
        initial={"currency": the_firm().currency, "predicate": request.GET.get("about", "")},
        **choices,
    )
    if request.method == "POST" and form.is_valid():
        today = firm_today()
        if not parties:
            form.add_error(None, _("This customer has no record in any source that a fact could belong to."))
        elif _kept(form, parties[0], contacts, today, request):
            messages.success(request, _("Kept. The next cycle counts with it."))
            return redirect("customer", customer_id=customer.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "customers/need_new.html", {"customer": customer, "form": form}, status=status)


def _kept(form: FactForm, party: int, contacts: list[Interaction], today: date, request: HttpRequest) -> bool:
    given = form.cleaned_data
    heard = next((one for one in contacts if str(one.pk) == given.get("interaction")), None)
    # East of the firm it is tomorrow already.
    said_on = given["said_on"] or (min(timezone.localdate(heard.at), today) if heard else today)
    try:
        say(
            heard.party_id if heard else party, given["predicate"], said_on=said_on, today=today, interaction=heard,
            by=person(request), **form.said(),
        )  # fmt: skip
    except ImpossibleFact as error:
        for name, words in error.errors.items():
            is_segment = name == "value" and given["predicate"] == "segment"
            form.add_error("segment" if is_segment else name or None, words)
        return False
    return True


@require_POST
def need_withdrawal(request: HttpRequest, customer_id: int, fact_id: int) -> HttpResponse:
    """Take a fact back: it was said in error."""
    customer = _customer(request, customer_id)
    fact = get_object_or_404(facts_about(parties_of(customer)), pk=fact_id)
    if withdraw(fact, by=person(request), at=timezone.now()):
        messages.success(request, _("Taken back. It stays to be read, and counts no more."))
    else:
        messages.info(request, _("It was taken back before."))
    return redirect("customer", customer_id=customer.pk)


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    return get_object_or_404(visible_customers(person(request)).select_related("looked_after_by"), pk=customer_id)


def _contacts(parties: list[int]) -> list[Interaction]:
    return list(Interaction.objects.filter(party__in=parties).order_by("-at", "-id").defer("body")[:MOST_CONTACTS])


def _words_of(contact: Interaction) -> str:
    day = timezone.localdate(contact.at).isoformat()
    return " · ".join(part for part in (day, str(contact.get_kind_display()), contact.subject[:60]) if part)


def _segments(cycle: Cycle | None) -> list[tuple[str, str]]:
    found = NeedSegment.objects.filter(cycle=cycle).order_by("number") if cycle else ()
    return [(str(one.number), one.name) for one in found]
