"""Which protected attributes the profile of the best may use after all, and which come of dealing with the firm."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from entente.differentiate.profile_terms import SETTING, ImpossibleProfile, profile_terms, set_profile_terms
from entente.staff.settings import newest
from entente.web.person import person
from entente.web.settings_pages import overtaken, page_of

LONGEST_LIST = 6_000


@require_http_methods(["GET", "HEAD", "POST"])
def settings_profile(request: HttpRequest) -> HttpResponse:
    """Two lists, a name a line. Who switched something on, and when, stays on record."""
    errors: dict[str, str] = {}
    terms = profile_terms()
    lists = {name: "\n".join(getattr(terms, name)) for name in ("switched_on", "dealings")}
    if request.method == "POST":
        if late := overtaken(request, "settings_profile", SETTING):
            return late
        lists = {name: request.POST.get(name, "").replace("\0", "")[:LONGEST_LIST] for name in lists}
        try:
            set_profile_terms(*(lists[name].splitlines() for name in lists), by=person(request))
        except ImpossibleProfile as error:
            errors = error.errors
        else:
            messages.success(request, _("Kept. It counts from the next cycle on."))
            return redirect("settings_profile")
    return page_of(request, "settings_profile", {"lists": lists, "errors": errors, "stands": newest(SETTING)})
