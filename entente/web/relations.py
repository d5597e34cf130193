"""How a customer relates to others: the picture on the card, and saying, ending and taking back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle
from entente.identify import relations as said
from entente.identify.counted import Counting, head_shown
from entente.identify.find import search, visible_customers
from entente.identify.models import Customer
from entente.identify.relations_around import around, deals_of, relations_of
from entente.identify.relations_models import BACKWARD, MUTUAL, Deal, Relation
from entente.lib.norm import LONGEST_QUERY
from entente.staff.firm import firm_today
from entente.staff.models import User
from entente.web.asked import number, strictly, text
from entente.web.person import person
from entente.web.relation_picture import picture_of

ON_THE_LIST = 8
LAST_ON = "last_on"
# As they are said of the customer whose card it is: the other way round is marked.
BACK = ":back"
DIRECTED = [
    *((kind.value, kind.label) for kind in Relation.Kind),
    *((kind.value + BACK, words) for kind, words in BACKWARD.items() if kind not in MUTUAL),
]


def _date_field(label: Any, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=False, widget=widget)


def _words_field(label: Any, longest: int, help_text: Any = "") -> forms.CharField:
    return forms.CharField(label=label, max_length=longest, help_text=help_text, required=False)


class TermsForm(forms.Form):
    """From when, to when, and on what terms."""

    from_on = _date_field(gettext_lazy("From"))
    to_on = _date_field(gettext_lazy("To"), gettext_lazy("The last day. Empty: it has no end that is known."))
    amount = forms.DecimalField(
        label=gettext_lazy("Amount"), required=False, min_value=0, max_digits=18, decimal_places=4
    )
    currency = _words_field(gettext_lazy("Currency"), 3)
    percent = forms.DecimalField(
        label=gettext_lazy("or per cent"), required=False, min_value=0, max_value=100, max_digits=7, decimal_places=4
    )
    share_of = _words_field(gettext_lazy("For what, or of what"), 120)
    due = _words_field(gettext_lazy("When it is due"), 120)
    decided_by = _words_field(gettext_lazy("Who decides"), 250)
    told = _words_field(gettext_lazy("Who is told"), 250)
    review_on = _date_field(gettext_lazy("Looked at again on"))
    contract = _words_field(gettext_lazy("Number of the contract"), 80)
    notice = _words_field(gettext_lazy("How notice is given"), 120)
    notes = forms.CharField(
        label=gettext_lazy("Notes"), required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3})
    )
    evidence = _words_field(gettext_lazy("Where it can be looked up"), 250)

    PAY = ("amount", "currency", "percent", "share_of", "due")
    GOVERNANCE = ("decided_by", "told", "review_on", "contract", "notice")

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def days(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("from_on", "to_on")}

    def terms(self) -> said.Terms:
        given = self.cleaned_data
        names = ("amount", "currency", "share_of", "due", "decided_by", "told", "review_on", "contract", "notice")
        share = None if given["percent"] is None else given["percent"] / Decimal(100)
        return said.Terms(
            share=share, **{name: given[name] for name in names}, notes=given["notes"], evidence=given["evidence"]
        )

    def pay_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.PAY]

    def governance_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.GOVERNANCE]


class RelationForm(TermsForm):
    kind = forms.ChoiceField(label=gettext_lazy("How they relate"), choices=DIRECTED)

    FIRST = ("kind",)

    def say(self, customer: Customer, other: Customer, by: User) -> None:
        kind = self.cleaned_data["kind"]
        first, second = (other, customer) if kind.endswith(BACK) else (customer, other)
        said.relate(first, kind.removesuffix(BACK), second, by=by, terms=self.terms(), **self.days())


class DealForm(TermsForm):
    name = forms.CharField(label=gettext_lazy("Name of the deal"), max_length=200)
    role = forms.CharField(label=gettext_lazy("Their role"), max_length=120)
    other_role = forms.CharField(label=gettext_lazy("Role of the other"), max_length=120)

    FIRST = ("name", "role", "other_role")

    def say(self, customer: Customer, other: Customer, by: User) -> None:
        given = self.cleaned_data
        parts = [(customer, given["role"]), (other, given["other_role"])]
        said.strike_deal(given["name"], parts, by=by, terms=self.terms(), **self.days())


class JoinForm(forms.Form):
    role = forms.CharField(label=gettext_lazy("In which role"), max_length=120)

    FIRST = ("role",)


@require_safe
def relations(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The picture and the list, as they stand on the card."""
    return _section(request, _customer(request, customer_id))


@require_http_methods(["GET", "HEAD", "POST"])
@strictly
def relation_new(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Say how a customer relates to another: first whom, then how."""
    customer = _customer(request, customer_id)
    deal = _deal_asked(request, customer)
    asked = number(request, "with")
    if asked is None:
        return _whom(request, customer, deal)
    other = _customer(request, asked)
    form_of: type[Any] = JoinForm if deal else DealForm if request.GET.get("as") == "deal" else RelationForm
    form = form_of(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            if deal:
                said.join_deal(deal, other, form.cleaned_data["role"], by=person(request))
            else:
                form.say(customer, other, person(request))
        except said.ImpossibleRelation as error:
            for name, words in error.errors.items():
                name = "percent" if name == "share" else name
                form.add_error(name if name in form.fields else None, words)
        except (said.AlreadyRelated, said.WouldCircle) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Written down."))
            return redirect("customer", customer_id=customer.pk)
    page = {
        "customer": customer,
        "other": other,
        "form": form,
        "first": [form[name] for name in form.FIRST],
        "deal": deal,
        "is_deal": form_of is DealForm,
    }
    return render(request, "customers/relation_new.html", page, status=422 if form.errors else 200)


@require_POST
def ending(request: HttpRequest, customer_id: int, said_id: int, what: type[Relation | Deal]) -> HttpResponse:
    """Give a relation or a deal its last day."""
    form = forms.Form(request.POST)
    form.fields[LAST_ON] = forms.DateField()
    words = _("Give the last day.")

    def write(statement: Relation | Deal) -> None:
        if not form.is_valid():
            raise said.ImpossibleRelation({LAST_ON: words})
        said.end(statement, last_on=form.cleaned_data[LAST_ON], by=person(request), at=timezone.now())

    return _change(request, customer_id, what, said_id, write)


@require_POST
def withdrawal(request: HttpRequest, customer_id: int, said_id: int, what: type[Relation | Deal]) -> HttpResponse:
    """Take back what was said in error."""
    return _change(
        request,
        customer_id,
        what,
        said_id,
        lambda statement: said.withdraw(statement, by=person(request), at=timezone.now()),
    )


def _section_of(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """What the section of the card shows: a fragment that the card fetches when it stands."""
    user, today = person(request), firm_today()
    return {
        "told": relations_of(customer, user),
        "deals": deals_of(customer, user),
        "picture": picture_of(around(customer, today, user=user)),
        "firm_today": today,
        **counted_beside(customer, in_force(), user),
    }


def counted_beside(customer: Customer, cycle: Cycle | None, user: User) -> dict[str, Any]:
    """Under whom a customer was counted in the cycle in force, if under another."""
    if cycle is None:
        return {}
    who = Counting(cycle.totals.get("counting", Counting.BUYER))
    is_under, head = head_shown(customer, cycle.as_of, who=who, user=user)
    return {"is_counted_under": is_under, "head": head}


def _section(request: HttpRequest, customer: Customer, word: str = "", status: int = 200) -> HttpResponse:
    """The section alone where the page asks for it, and a page around it otherwise."""
    template = "customers/_relations.html" if request.headers.get("HX-Request") else "customers/relations.html"
    page = {"customer": customer, "word": word, **_section_of(request, customer)}
    return render(request, template, page, status=status)


def _change(
    request: HttpRequest,
    customer_id: int,
    what: type[Relation | Deal],
    said_id: int,
    write: Callable[[Relation | Deal], None],
) -> HttpResponse:
    customer = _customer(request, customer_id)
    # Only what this person sees on the card can be changed from it.
    seen: list[Relation | Deal]
    if what is Relation:
        seen = [one.relation for one in relations_of(customer, person(request))]
    else:
        seen = [one.deal for one in deals_of(customer, person(request))]
    statement = next((one for one in seen if one.pk == said_id), None)
    if statement is None:
        return render(request, "404.html", status=404)
    in_place = bool(request.headers.get("HX-Request"))
    try:
        write(statement)
    except (said.ImpossibleRelation, said.RelationIsOver) as error:
        # In place it is an answer like any other: what is refused would not be swapped in.
        return _section(request, customer, str(error), status=200 if in_place else 422)
    return _section(request, customer) if in_place else redirect("customer", customer_id=customer.pk)


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    return get_object_or_404(visible_customers(person(request)).select_related("looked_after_by"), pk=customer_id)


def _deal_asked(request: HttpRequest, customer: Customer) -> Deal | None:
    asked = number(request, "deal")
    if asked is None:
        return None
    theirs = {one.deal.pk for one in deals_of(customer, person(request))}
    return get_object_or_404(Deal, pk=asked if asked in theirs else None)


def _whom(request: HttpRequest, customer: Customer, deal: Deal | None) -> HttpResponse:
    """A search for the other customer; its results alone while somebody types."""
    wanted = text(request, "q", LONGEST_QUERY)
    found = search(wanted, user=person(request), limit=ON_THE_LIST + 1).customers if wanted else []
    others = [other for other in found if other.pk != customer.pk][:ON_THE_LIST]
    in_place = bool(request.headers.get("HX-Request"))
    return render(
        request,
        "customers/_others.html" if in_place else "customers/relation_with.html",
        {"customer": customer, "wanted": wanted, "others": others, "deal": deal},
    )
