"""The records of a customer: why each is there, what of it is proved, which field is shown from which, and taking one out again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from entente.identify.explained import Record, explain_customer
from entente.identify.find import visible_customers
from entente.identify.models import Chosen, Customer, Membership, Verified
from entente.identify.proofs import ImpossibleProof, Provable, provable, unverify, verify
from entente.identify.shown import FIELD_NAMES, FIELDS, NotItsRecord, Said, choose, said_of
from entente.identify.verdicts import AlreadyDecided, NothingToDecide, take_out
from entente.ledger.models import Party
from entente.web.asked import ImpossibleQuestion, number, strictly
from entente.web.likeness import Likeness, likeness
from entente.web.person import person
from entente.web.templatetags.words import percent

LONGEST_LIST = 50
# Why a record is believed before the next one, as identify/shown.py has it.
WHY = {
    "chosen": gettext_lazy("somebody chose it"),
    "a whole address": gettext_lazy("the others hardly give an address"),
    "rank": gettext_lazy("its source is believed more"),
    "newest": gettext_lazy("it was said last"),
    "fuller": gettext_lazy("it says more here"),
    "says more": gettext_lazy("the record says more in all"),
    "older": gettext_lazy("the record is older"),
}


@dataclass(frozen=True)
class Shown:
    """One record on the card. by_law: nobody said it, the law found it; then `weight` is how sure it was."""

    party: Party
    why: str
    alike: list[Likeness]
    weight: float
    by_law: bool
    since: datetime
    provable: list[Provable]


@dataclass(frozen=True)
class Field:
    """One field of the customer. are_one: all records that speak of it say the same."""

    name: str
    label: str
    said: list[Said]
    why: str
    are_one: bool
    chosen: int | None

    @property
    def shown(self) -> Said:
        return self.said[0]


@require_safe
def records(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The section of the card: a fragment that the card fetches when it stands, and a page around it otherwise."""
    customer = _customer(request, customer_id)
    found = explain_customer(customer)
    several = len(found.records) > 1
    listed = found.records[:LONGEST_LIST]
    of_each = provable([one.party for one in listed])
    page = {
        "customer": customer,
        "records": [_shown(one, of_each[one.party.pk]) for one in listed],
        "ways": Verified.How.choices,
        "count": len(found.records),
        "more": max(len(found.records) - LONGEST_LIST, 0),
        "fields": _fields(customer) if several else [],
        "said": [verdict for verdict in found.said if verdict.together_with_id is None][:LONGEST_LIST],
        "question": found.asked[0] if found.asked else None,
        "questions": len(found.asked),
    }
    in_place = bool(request.headers.get("HX-Request"))
    return render(request, "customers/_records.html" if in_place else "customers/records.html", page)


@require_POST
def record_departure(request: HttpRequest, customer_id: int, party_id: int) -> HttpResponse:
    """This record is somebody else."""
    customer = _customer(request, customer_id)
    _check_stands_here(customer, party_id)
    try:
        take_out(party_id, by=person(request))
    except (AlreadyDecided, NothingToDecide) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The record is a customer of its own now. Under Records it can be taken back."))
    return redirect("customer", customer_id=customer.pk)


@require_POST
@strictly
def record_choices(request: HttpRequest, customer_id: int) -> HttpResponse:
    """From which record a field is shown; without one, as the rules have it."""
    customer = _customer(request, customer_id)
    field, party = request.POST.get("field", ""), number(request, "party", request.POST)
    if field not in FIELDS:
        raise ImpossibleQuestion(_("Say which field."))
    try:
        choose(customer, field, party, by=person(request))
    except NotItsRecord as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Shown from the record you chose.") if party else _("Shown as the rules have it."))
    return redirect("customer", customer_id=customer.pk)


@require_POST
def record_proofs(request: HttpRequest, customer_id: int, party_id: int) -> HttpResponse:
    """The mailbox or the telephone of this record is proved to be theirs: the one that was seen, not one that came since."""
    customer = _customer(request, customer_id)
    _check_stands_here(customer, party_id)
    field, how, value = (request.POST.get(name, "") for name in ("field", "how", "value"))
    try:
        verify(party_id, field, how=how, value=value, by=person(request))
    except ImpossibleProof as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("Kept. The next comparison looks at the record again."))
    return redirect("customer", customer_id=customer.pk)


@require_POST
def record_proofs_withdrawal(request: HttpRequest, customer_id: int, party_id: int) -> HttpResponse:
    """It is not proved after all."""
    customer = _customer(request, customer_id)
    _check_stands_here(customer, party_id)
    field, value = request.POST.get("field", ""), request.POST.get("value", "").replace("\0", "")
    try:
        unverify(party_id, field, value=value, by=person(request))
    except ImpossibleProof as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("It is only claimed now."))
    return redirect("customer", customer_id=customer.pk)


def _check_stands_here(customer: Customer, party_id: int) -> None:
    """Only what stands on this card is changed from it: the record may have gone elsewhere since."""
    get_object_or_404(Membership, customer=customer, party=party_id, ended_at=None)


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    return get_object_or_404(visible_customers(person(request)).select_related("looked_after_by"), pk=customer_id)


def _shown(record: Record, of_it: list[Provable]) -> Shown:
    return Shown(
        record.party,
        _why(record),
        list(likeness(record.likeness).values()),
        record.weight,
        by_law=record.other is not None,
        since=record.since,
        provable=of_it,
    )


def _why(record: Record) -> str:
    verdict = record.verdict
    if verdict is not None:
        words = (
            _("%(who)s said that it is the same.") if verdict.is_same else _("%(who)s took it out of another customer.")
        )
        return words % {"who": verdict.by or _("Somebody")}
    if record.other is not None:
        return _("%(sure)s sure to be who %(source)s %(key)s is.") % {
            "sure": percent(record.weight),
            "source": record.other.source.name,
            "key": record.other.key,
        }
    if record.is_first:
        return _("The customer began with it.")
    return _("Somebody put it here.") if record.is_by_hand else _("It is like the others.")


def _fields(customer: Customer) -> list[Field]:
    chosen = dict(Chosen.objects.filter(customer=customer).values_list("field", "party_id"))
    return [
        Field(
            name,
            str(FIELD_NAMES[name]),
            said,
            str(WHY.get(said[0].why, "")),
            _are_one(said),
            chosen.get(name),
        )
        for name, said in said_of(customer).items()
        if said
    ]


def _are_one(said: Iterable[Said]) -> bool:
    return len({one.value.casefold() for one in said}) == 1
