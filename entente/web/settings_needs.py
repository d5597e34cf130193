"""What is assumed where a potential is estimated, and the firm's own words for facts of needs, set on one page."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from entente.differentiate.need_facts import TERMS, WORDS, ImpossibleFact, figures, own_words, set_figures, set_words
from entente.staff.settings import newest
from entente.web.person import person
from entente.web.settings_pages import overtaken, page_of, posted

LABELS = {
    "quantile": gettext_lazy("Of their like, who does not exceed it: a share"),
    "low_share": gettext_lazy("Share of wallet below which stimulating pays"),
    "suppliers": gettext_lazy("Other suppliers with whom somebody plays suppliers off"),
    "peers": gettext_lazy("Fewest customers to compare with"),
    "confidence": gettext_lazy("Least sureness of a fact that counts for figures"),
    "lasts": gettext_lazy("Days a fact holds where nobody said how long"),
}
LONGEST_LIST = 4_000


@require_http_methods(["GET", "HEAD", "POST"])
def settings_needs(request: HttpRequest) -> HttpResponse:
    """Figures as a form holds them; the words a line each: name, colon, what it is about."""
    errors: dict[str, str] = {}
    given: dict[str, str] = {}
    words = "\n".join(f"{name}: {label}" for name, label in own_words().items())
    if request.method == "POST":
        if late := overtaken(request, "settings_needs", WORDS, TERMS):
            return late
        given = posted(request)
        words = request.POST.get("words", "").replace("\0", "")[:LONGEST_LIST]
        try:
            with transaction.atomic():
                set_words(_read(words), by=person(request))
                set_figures(given, by=person(request))
        except ImpossibleFact as error:
            errors = {name if name in LABELS else "words": text for name, text in error.errors.items()}
        else:
            messages.success(request, _("Kept. It counts from the next cycle on."))
            return redirect("settings_needs")
    fields = [
        {
            "name": one.name, "label": LABELS[one.name], "value": given.get(one.name, one.written),
            "default": one.default if one.written != one.default else "", "error": errors.get(one.name, ""),
        }
        for one in figures()
    ]  # fmt: skip
    more = {"fields": fields, "words": words, "wrong_words": errors.get("words", "")}
    return page_of(request, "settings_needs", {**more, "errors": errors, "stands": newest(WORDS, TERMS)})


def _read(text: str) -> dict[str, str]:
    lines = [line.partition(":") for line in text.splitlines() if line.strip()]
    return {name.strip(): label.strip() for name, _colon, label in lines}
