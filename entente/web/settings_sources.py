"""How far each source is believed, set on one page; also of one that has sent nothing yet."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from entente.identify.shown import FIELD_NAMES
from entente.identify.trust import ImpossibleTrust, add_source, set_trust, trusted
from entente.web.deferred import showing_later
from entente.web.person import person
from entente.web.settings_pages import page_of, posted


@require_http_methods(["GET", "HEAD", "POST"])
def settings_sources(request: HttpRequest) -> HttpResponse:
    """Rank, rank on single fields, and whether anybody may write there who they are."""
    errors: dict[str, str] = {}
    given: dict[str, str] | None = None
    if request.method == "POST":
        given = posted(request)
        try:
            ranks_changed = set_trust(given, by=person(request))
        except ImpossibleTrust as error:
            errors = error.errors
        else:
            told = _("Kept.")
            if ranks_changed:
                showing_later()
                told = _("Kept. Customers of several records are shown anew in a moment.")
            messages.success(request, told)
            return redirect("settings_sources")
    return _show(request, given, errors, {})


@require_POST
def settings_source_new(request: HttpRequest) -> HttpResponse:
    """Name a source before its first file."""
    added = posted(request)
    try:
        add_source(added.get("name", ""), is_claimed="claimed" in added, by=person(request))
    except ImpossibleTrust as error:
        return _show(request, None, error.errors, added)
    messages.success(request, _("Kept. Name it so when you import."))
    return redirect("settings_sources")


def _show(
    request: HttpRequest, given: dict[str, str] | None, errors: dict[str, str], added: dict[str, str]
) -> HttpResponse:
    """given, added: what was typed into either form."""
    rows = []
    for one in trusted():
        number = one.source.pk
        on_fields = [
            _field(f"rank.{number}.{name}", label, one.ranks.get(name, ""), given, errors)
            for name, label in FIELD_NAMES.items()
        ]
        rows.append(
            {
                "source": one.source,
                "rank": _field(f"rank.{number}", "", one.source.rank, given, errors),
                "claimed": f"claimed.{number}",
                "is_claimed": one.is_claimed if given is None else f"claimed.{number}" in given,
                "fields": on_fields,
                "is_open": any(field["value"] or field["error"] for field in on_fields),
            }
        )
    return page_of(request, "settings_sources", {"rows": rows, "errors": errors, "added": added})


def _field(name: str, label: Any, value: Any, given: dict[str, str] | None, errors: dict[str, str]) -> dict[str, Any]:
    """With what was typed, where something was, and what is wrong with it."""
    shown = str(value) if given is None else given.get(name, "")
    return {"name": name, "label": label, "value": shown, "error": errors.get(name, "")}
