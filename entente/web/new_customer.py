"""Writing a new customer down, and being told while typing whom it may be."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from entente.identify.add import add_customer
from entente.identify.resolve import Candidate, NothingToGoBy, resolve
from entente.ledger.by_hand import Nameless
from entente.ledger.tombstones import AskedToBeErased, SaltIsLost
from entente.web.person import person

KINDS = [("person", gettext_lazy("a person")), ("organisation", gettext_lazy("an organisation"))]
MOST_ALIKE = 3
CAME_BACK = "came_back"
WORTH_TELLING = 0.01  # less probable ones are chance likenesses
FIELDS = {
    "name": gettext_lazy("Name"), "given_name": gettext_lazy("Given name"), "family_name": gettext_lazy("Family name"),
    "born_on": gettext_lazy("Date of birth"), "email": gettext_lazy("E-mail address"), "phone": gettext_lazy("Phone"),
    "place": gettext_lazy("Address"), "tax_id": gettext_lazy("Tax number"),
}  # fmt: skip
LIKENESSES = {
    "different": gettext_lazy("different"), "alike": gettext_lazy("alike"), "close": gettext_lazy("close"),
    "same": gettext_lazy("the same"),
    "two parts of three": gettext_lazy("two parts of three"), "one slip": gettext_lazy("one slip"),
    "same town": gettext_lazy("the same town"), "same postcode": gettext_lazy("the same postcode"),
    "same street": gettext_lazy("the same street"), "same address": gettext_lazy("the same address"),
}  # fmt: skip


class CustomerForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=KINDS, initial="person")
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=250,
        required=False,
        help_text=gettext_lazy("As it is written, in any script."),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "dir": "ltr"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"dir": "ltr"}),
    )
    address = forms.CharField(label=gettext_lazy("Street and number"), max_length=250, required=False)
    postcode = forms.CharField(label=gettext_lazy("Postcode"), max_length=16, required=False)
    city = forms.CharField(label=gettext_lazy("Town"), max_length=100, required=False)
    country = forms.RegexField(
        r"^[A-Za-z]{2}$", label=gettext_lazy("Country"), required=False, strip=True,
        help_text=gettext_lazy("Two letters, as in GB. It says how the phone number is read."),
    )  # fmt: skip
    tax_id = forms.CharField(label=gettext_lazy("Tax number"), max_length=40, required=False)

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()


@require_http_methods(["GET", "POST"])
def customer_new(request: HttpRequest) -> HttpResponse:
    """The form, or a customer made of it."""
    form = CustomerForm(request.POST if request.method == "POST" else None)
    if request.method == "GET" or not form.is_valid():
        return _show(request, form)
    returned_by = person(request) if request.POST.get(CAME_BACK) else None
    try:
        number = add_customer(form.cleaned_data, returned_by=returned_by)
    except Nameless as error:
        form.add_error("name", str(error))
        return _show(request, form)
    except SaltIsLost as error:
        form.add_error(None, str(error))
        return _show(request, form)
    except AskedToBeErased as error:
        form.add_error(None, str(error))
        form.fields[CAME_BACK] = forms.BooleanField(label=_("They came back of their own wish."), required=False)
        return _show(request, form)
    messages.success(request, _("Written down."))
    return redirect("customer", number)


@require_POST
def customers_alike(request: HttpRequest) -> HttpResponse:
    """Whom the form, as far as it is filled in, may mean. Asked by POST: what is typed belongs into no address and no log."""
    return render(request, "customers/_alike.html", {"alike": _alike(request)})


def _show(request: HttpRequest, form: CustomerForm) -> HttpResponse:
    alike = _alike(request) if form.is_bound else []
    return render(request, "customers/new.html", {"form": form, "alike": alike}, status=422 if form.is_bound else 200)


def _alike(request: HttpRequest) -> list[tuple[Candidate, list[str]]]:
    """Customers it may be, and what speaks for each."""
    asked = {name: request.POST.get(name, "") for name in CustomerForm.base_fields}
    asked["street"] = asked.pop("address")
    try:
        found = resolve(asked, user=person(request), limit=MOST_ALIKE)
    except NothingToGoBy:
        return []
    return [(each, _reasons(each)) for each in found if each.probability >= WORTH_TELLING]


def _reasons(candidate: Candidate) -> list[str]:
    return [
        _("%(field)s: %(likeness)s")
        % {"field": FIELDS.get(each.field, each.field), "likeness": LIKENESSES.get(each.likeness, each.likeness)}
        for each in candidate.explanation
        if each.bits > 0
    ]
