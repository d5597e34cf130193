"""What is held of one customer: hand it over, or erase them. What law obliges the firm to keep is said before."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from entente.customize.archive import kinds_of_facts, log_of, write_archive
from entente.customize.erase import NoReason, erase, plan_erasure
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.ledger.tombstones import SaltIsLost
from entente.staff.firm import firm_today
from entente.web.permissions import allowed
from entente.web.person import person


class ErasureForm(forms.Form):
    because = forms.CharField(
        label=gettext_lazy("Why"), max_length=1000,
        help_text=gettext_lazy("It is kept for good: do not name the person."),
    )  # fmt: skip
    number = forms.CharField(
        label=gettext_lazy("The number of the customer"), max_length=20,
        help_text=gettext_lazy("Type it, as it stands above. This cannot be taken back."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "dir": "ltr"}),
    )  # fmt: skip

    def __init__(self, data: Any, customer: Customer) -> None:
        super().__init__(data)
        self._number = str(customer.pk)

    def clean_number(self) -> str:
        if self.cleaned_data["number"].strip() != self._number:
            raise forms.ValidationError(_("This is not the number of this customer."))
        return self._number


@require_safe
@never_cache
def privacy(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What is held, what would stay, and who has taken it out before."""
    return _show(request, _customer(request, customer_id))


@require_POST
def privacy_archive(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Everything about the customer, as a file. That it was taken out is put on record."""
    found = _customer(request, customer_id)
    file = io.BytesIO()
    write_archive(found.pk, file, by=person(request), at=timezone.now(), today=firm_today())
    name = f'attachment; filename="customer-{found.pk}.zip"'
    return HttpResponse(file.getvalue(), content_type="application/zip", headers={"Content-Disposition": name})


@require_POST
def erasure(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Erase the customer, once their number has been typed."""
    found = _customer(request, customer_id)
    form = ErasureForm(request.POST, found)
    if not form.is_valid():
        return _show(request, found, form, status=422)
    try:
        erase(found.pk, because=form.cleaned_data["because"], by=person(request), today=firm_today(), at=timezone.now())
    except (NoReason, SaltIsLost) as error:
        form.add_error("because" if isinstance(error, NoReason) else None, str(error))
        return _show(request, found, form, status=422)
    messages.success(request, _("Erased. What the law obliges the firm to keep stands without a name."))
    return redirect("privacy", found.pk)


def _customer(request: HttpRequest, customer_id: int) -> Customer:
    return get_object_or_404(visible_customers(person(request)), pk=customer_id)


def _show(request: HttpRequest, customer: Customer, form: ErasureForm | None = None, status: int = 200) -> HttpResponse:
    plan = plan_erasure(customer.pk, today=firm_today(), at=timezone.now(), with_files=False)
    kinds = kinds_of_facts()
    page = {
        "customer": customer,
        "plan": plan,
        "kept": [(kinds[kind], count, until) for kind, (count, until) in plan.kept.items()],
        "log": log_of(customer.pk),
        "form": form or ErasureForm(None, customer),
        "may_erase": allowed("erasure", "POST", person(request).role),
    }
    return render(request, "customers/privacy.html", page, status=status)
