"""What is assumed when a question to a customer is valued, set on one page."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from entente.differentiate.knowing_terms import ImpossibleAssumptions, assumptions, set_terms
from entente.differentiate.known import HOW, QUESTIONS
from entente.staff.firm import the_firm
from entente.web.person import person
from entente.web.settings_pages import page_of, posted

HEADINGS = {
    "": gettext_lazy("For every question"),
    "half_life": gettext_lazy("Days until half of them have changed"),
    "moves": gettext_lazy("Share of the lifetime value that an answer may move"),
    **{way: gettext_lazy("Asked %(how)s") for way in HOW},
}
LABELS = {
    "speaking": gettext_lazy("share of the lifetime value that hangs on being able to speak with them"),
    "off": gettext_lazy("how far all of this may be off, as a share"),
    "cost": gettext_lazy("cost of one question"),
    "answer": gettext_lazy("chance of an answer"),
    **QUESTIONS,
}


@require_http_methods(["GET", "HEAD", "POST"])
def settings_knowing(request: HttpRequest) -> HttpResponse:
    """Starting guesses, each with what it is by default."""
    errors: dict[str, str] = {}
    given: dict[str, str] = {}
    if request.method == "POST":
        given = posted(request)
        try:
            set_terms(given, by=person(request))
        except ImpossibleAssumptions as error:
            errors = error.errors
        else:
            messages.success(request, _("Kept. It counts from the next cycle on."))
            return redirect("settings_knowing")
    groups: list[dict[str, Any]] = []
    for key, figures in assumptions().items():
        heading = HEADINGS[key] % {"how": HOW[key]} if key in HOW else HEADINGS[key]
        fields = [
            {
                "name": one.name,
                "label": LABELS[one.about],
                "is_money": one.about == "cost",
                "value": given.get(one.name, one.written),
                "default": one.default if one.is_own else "",
                "error": errors.get(one.name, ""),
            }
            for one in figures
        ]
        groups.append({"key": key or "all", "heading": heading, "fields": fields})
    return page_of(
        request, "settings_knowing", {"groups": groups, "errors": errors, "currency": the_firm().currency}
    )  # fmt: skip
