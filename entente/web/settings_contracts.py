"""Which products are contracts, and how long one paid period is, set on one page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from entente.differentiate.contract_models import LONGEST_MONTHS
from entente.differentiate.contract_settings import (
    ImpossibleContract,
    contract_products,
    end_contract,
    make_contract,
    occasion_months,
    search_products,
    set_occasion_months,
)
from entente.web.asked import number, strictly, text
from entente.web.person import person
from entente.web.settings_pages import page_of, posted

USUAL_MONTHS = 12


@require_safe
@strictly
def settings_contracts(request: HttpRequest) -> HttpResponse:
    """The products that are contracts, and a search for another."""
    return _show(request, text(request, "q"), {}, {})


@require_POST
@strictly
def settings_contract_new(request: HttpRequest) -> HttpResponse:
    """Say that a product is a contract, or that its period is another."""
    given = posted(request)
    try:
        made = make_contract(number(request, "product", request.POST), given.get("months", ""), by=person(request))
    except ImpossibleContract as error:
        return _show(request, given.get("q", ""), error.errors, given)
    messages.success(request, _("%(product)s is a contract from the next cycle on.") % {"product": made.product})
    return redirect("settings_contracts")


@require_POST
def settings_contract_end(request: HttpRequest, product_id: int) -> HttpResponse:
    """Say that a product is no contract."""
    ended = end_contract(product_id, by=person(request))
    if ended is not None:
        messages.success(request, _("%(product)s is no contract from the next cycle on.") % {"product": ended})
    return redirect("settings_contracts")


@require_POST
def settings_occasions(request: HttpRequest) -> HttpResponse:
    """Say whether customers buy at fixed occasions, and how far these are apart."""
    given = posted(request)
    try:
        set_occasion_months(given.get("occasions", ""), by=person(request))
    except ImpossibleContract as error:
        return _show(request, "", error.errors, given)
    messages.success(request, _("Kept. It counts from the next cycle on."))
    return redirect("settings_contracts")


def _show(request: HttpRequest, wanted: str, errors: dict[str, str], given: dict[str, str]) -> HttpResponse:
    """given: what was typed of which product, where it could not be kept."""
    page = contract_products(text(request, "after", longest=2001))
    found, are_more = search_products(wanted)

    def months(product_id: int, otherwise: int) -> dict[str, str]:
        is_wrong = given.get("product") == str(product_id)
        return {
            "value": given.get("months", "") if is_wrong else str(otherwise),
            "error": errors.get("months", "") if is_wrong else "",
        }

    more = {
        "q": wanted,
        "rows": [{"contract": row, "months": months(row.product_id, row.months)} for row in page.rows],
        "more": page.more,
        "found": [{"product": one, "months": months(one.pk, USUAL_MONTHS)} for one in found],
        "are_more": are_more,
        "longest": LONGEST_MONTHS,
        "errors": errors,
        "missing": errors.get("product", ""),
        "occasions": given.get("occasions", str(occasion_months() or "")),
    }
    return page_of(request, "settings_contracts", more)
