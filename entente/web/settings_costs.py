"""What serving a customer is taken to cost, activity by activity, set on one page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from entente.differentiate.activity_rates import NAME, WORDS, Figure, ImpossibleRates, rate_figures, set_rates
from entente.differentiate.models import PyramidCell
from entente.staff.firm import the_firm
from entente.staff.settings import newest
from entente.web.person import person
from entente.web.settings_pages import overtaken, page_of, posted

# What is counted as one of each.
COUNTED = {
    "order": gettext_lazy("an order with anything sold"),
    "delivery": gettext_lazy("a delivery that left the house"),
    "return": gettext_lazy("an order of which anything came back"),
    "call_minute": gettext_lazy("a minute on the phone, whoever called"),
    "visit": gettext_lazy("a visit, travel included"),
    "mail": gettext_lazy("an e-mail or message, written or read"),
    "letter": gettext_lazy("a letter or fax, written or read"),
    "complaint": gettext_lazy("a complaint, over whatever channel"),
    "payment_reminder": gettext_lazy("an invoice that was not paid in time"),
}
REST = {
    "call_minutes": gettext_lazy("minutes of a call of which nobody noted the length"),
    "reminder_days": gettext_lazy("days after the due day until an unpaid invoice counts as one reminder"),
}


@require_http_methods(["GET", "HEAD", "POST"])
def settings_costs(request: HttpRequest) -> HttpResponse:
    """Starting guesses until the firm says what is so; each with how sure it is."""
    errors: dict[str, str] = {}
    given: dict[str, str] = {}
    if request.method == "POST":
        if late := overtaken(request, "settings_costs", NAME):
            return late
        given = posted(request)
        try:
            set_rates(given, by=person(request))
        except ImpossibleRates as error:
            errors = error.errors
        else:
            messages.success(request, _("Kept. It counts from the next cycle on."))
            return redirect("settings_costs")

    def field(one: Figure) -> dict[str, str]:
        return {
            "name": one.name, "value": given.get(one.name, one.written), "error": errors.get(one.name, ""),
            "default": one.default if one.is_own else "",
        }  # fmt: skip

    figures = rate_figures()
    rows = [
        {"words": words, "counted": COUNTED[name], **{one.name.partition(".")[2]: field(one) for one in figures[name]}}
        for name, words in WORDS.items()
    ]
    rest = [{"label": REST[one.name], **field(one)} for one in figures[""]]
    more = {"rows": rows, "rest": rest, "precisions": PyramidCell.Precision.choices, "currency": the_firm().currency}
    return page_of(request, "settings_costs", {**more, "errors": errors, "stands": newest(NAME)})
