"""What the firm has set: itself, the pyramid's cuts, the contact rules, the plays, the hold-out. Each with who set it last."""

from __future__ import annotations

from typing import Any

from babel import Locale
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from entente.customize.settings import ImpossiblePlays, play_settings, set_contact_rules, set_plays
from entente.differentiate.models import Level
from entente.differentiate.settings import NAMES, Basis, ImpossibleCutOffs, basis, cut_offs, set_cut_offs
from entente.identify.counted import Counting, UnknownCounting, counting, set_counting
from entente.interact.settings import ImpossibleRules, rules
from entente.learn.settings import ImpossibleHoldOut, hold_out_share, set_hold_out_share
from entente.staff.firm import FIELDS, ImpossibleFirm, last_set, set_firm, the_firm, zones
from entente.staff.settings import newest
from entente.web.person import person

# Route, name of the setting, words.
PAGES = (
    ("settings", "firm", gettext_lazy("The firm")),
    ("settings_counting", "counting", gettext_lazy("Who is a customer")),
    ("settings_sources", "sources", gettext_lazy("Sources")),
    ("settings_pyramid", "pyramid", gettext_lazy("Pyramid")),
    ("settings_costs", "activity_rates", gettext_lazy("Cost to serve")),
    ("settings_contracts", "contracts", gettext_lazy("Contracts")),
    ("settings_knowing", "knowing", gettext_lazy("Questions")),
    ("settings_needs", "potential", gettext_lazy("Needs and potential")),
    ("settings_profile", "profile", gettext_lazy("Profile of the best")),
    ("settings_contact", "contact_policy", gettext_lazy("Contact rules")),
    ("settings_plays", "plays", gettext_lazy("Plays")),
    ("settings_hold_out", "hold_out", gettext_lazy("Hold-out")),
)
LONGEST_VALUE = 300
# What each way to count customers means.
COUNTED = {
    Counting.BUYER: gettext_lazy("Every order counts for the customer who ordered."),
    Counting.GROUP: gettext_lazy(
        "Branches count under the head of their group, members of a household under its head."
    ),
    Counting.CHAIN: gettext_lazy(
        "As the group, and shops under their chain. Orders count for whom they were delivered to."
    ),
    Counting.CONSUMER: gettext_lazy(
        "Orders count for whom they were delivered to, members of a household under its head."
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    """The firm itself."""
    firm = the_firm()
    values: dict[str, Any] = {name: getattr(firm, name) for name in FIELDS}
    errors: dict[str, str] = {}
    if request.method == "POST":
        values = posted(request)
        try:
            set_firm(values, by=person(request))
        except ImpossibleFirm as error:
            errors = error.errors
        else:
            return _kept(request, "settings")
    countries = sorted(
        (
            (code, name)
            for code, name in Locale.parse(get_language() or "en").territories.items()
            if len(code) == 2 and code.isalpha()
        ),
        key=lambda pair: pair[1],
    )
    return page_of(request, "settings", {"values": values, "errors": errors, "zones": zones(), "countries": countries})


@require_http_methods(["GET", "HEAD", "POST"])
def settings_counting(request: HttpRequest) -> HttpResponse:
    """Who is counted as a customer."""
    value, errors = counting().value, {}
    if request.method == "POST":
        value = posted(request).get("who", "")
        try:
            set_counting(value, by=person(request))
        except UnknownCounting as error:
            errors = {"who": str(error)}
        else:
            return _kept(request, "settings_counting")
    choices = [(one.value, one.label, COUNTED[one]) for one in Counting]
    return page_of(
        request,
        "settings_counting",
        {"value": value, "choices": choices, "errors": errors, "error": errors.get("who", "")},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def settings_pyramid(request: HttpRequest) -> HttpResponse:
    """By what customers are ranked, and where the levels are cut."""
    values = {name: f"{share:.6g}" for name, share in zip(NAMES, cut_offs(), strict=True)}
    ranked_by = basis().value
    errors: dict[str, str] = {}
    if request.method == "POST":
        values = posted(request)
        ranked_by = values.get("basis", ranked_by)
        try:
            set_cut_offs([values.get(name, "") for name in NAMES], ranked_by=ranked_by, by=person(request))
        except ImpossibleCutOffs as error:
            errors = error.errors
        else:
            return _kept(request, "settings_pyramid")
    rows = [
        {"name": name, "level": level.value, "value": values.get(name, ""), "error": errors.get(name, "")}
        for name, level in zip(NAMES, (Level.TOP, Level.BIG, Level.MEDIUM), strict=True)
    ]
    more = {"rows": rows, "bases": Basis.choices, "ranked_by": ranked_by}
    wrong = {"errors": errors, "together": errors.get("", ""), "wrong_basis": errors.get("basis", "")}
    return page_of(request, "settings_pyramid", {**more, **wrong})


@require_http_methods(["GET", "HEAD", "POST"])
def settings_contact(request: HttpRequest) -> HttpResponse:
    """When and how often customers may be contacted."""
    errors: dict[str, str] = {}
    given: dict[str, str] = {}
    if request.method == "POST":
        given = posted(request)
        try:
            set_contact_rules(given, by=person(request))
        except ImpossibleRules as error:
            errors = error.errors
        else:
            return _kept(request, "settings_contact")
    now = rules()
    hours = [
        {
            "channel": row.channel,
            "cells": [_field(name, words, value, given, errors) for name, words, value in row.cells],
        }
        for row in now.hours
    ]
    caps = [
        {
            "cap": cap,
            "limit": _field(f"caps.{cap.place}.limit", "", str(cap.limit), given, errors),
            "days": _field(f"caps.{cap.place}.days", "", str(cap.days), given, errors)
            if cap.days is not None
            else None,
        }
        for cap in now.caps
    ]
    silence = [
        {"level": Level[level.upper()].value, **_field(f"silence.{level}", "", str(days), given, errors)}
        for level, days in now.silence
    ]
    more = {
        "rules": now,
        "hours": hours,
        "caps": caps,
        "silence": silence,
        "errors": errors,
        "elsewhere": _elsewhere(errors),
    }
    return page_of(request, "settings_contact", more)


@require_http_methods(["GET", "HEAD", "POST"])
def settings_plays(request: HttpRequest) -> HttpResponse:
    """Which plays are played, and what is guessed of each."""
    errors: dict[str, str] = {}
    given: dict[str, str] | None = None
    if request.method == "POST":
        given = posted(request)
        try:
            set_plays(given, by=person(request))
        except ImpossiblePlays as error:
            errors = error.errors
        else:
            return _kept(request, "settings_plays")
    rows = [
        {
            "play": play,
            "on": play.on if given is None else play.switch in given,
            "error": errors.get(play.switch, ""),
            "groups": [
                [{"figure": one, **_field(one.name, one.label, one.written, given or {}, errors)} for one in group]
                for group in (play.guesses, play.conditions)
            ],
        }
        for play in play_settings()
    ]
    return page_of(request, "settings_plays", {"rows": rows, "errors": errors, "currency": the_firm().currency})


@require_http_methods(["GET", "HEAD", "POST"])
def settings_hold_out(request: HttpRequest) -> HttpResponse:
    """How many customers are left alone, so that the effect on the others can be proved."""
    value, errors = f"{hold_out_share():.6g}", {}
    if request.method == "POST":
        value = posted(request).get("share", "")
        try:
            set_hold_out_share(value, by=person(request))
        except ImpossibleHoldOut as error:
            errors = {"share": str(error)}
        else:
            return _kept(request, "settings_hold_out")
    return page_of(request, "settings_hold_out", {"value": value, "errors": errors, "error": errors.get("share", "")})


def _field(name: str, label: str, value: str, given: dict[str, str], errors: dict[str, str]) -> dict[str, str]:
    """A field with what was typed, where something was, and what is wrong with it."""
    return {"name": name, "label": label, "value": given.get(name, value), "error": errors.get(name, "")}


def _elsewhere(errors: dict[str, str]) -> list[str]:
    """What is wrong beside any field shown."""
    return [
        f"{name}: {words}" for name, words in errors.items() if not name.startswith(("hours.", "caps.", "silence."))
    ]


def posted(request: HttpRequest) -> dict[str, str]:
    return {name: str(value)[:LONGEST_VALUE] for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}


def _kept(request: HttpRequest, route: str) -> HttpResponse:
    messages.success(request, _("Kept. It counts from the next cycle on."))
    return redirect(route)


def page_of(request: HttpRequest, route: str, more: dict[str, Any]) -> HttpResponse:
    """One page of settings, with the way to the others and who set this one last."""
    own = next(name for one, name, _words in PAGES if one == route)
    found = last_set([own])
    page = {"pages": [(one, words) for one, _name, words in PAGES], "route": route, "last": found.get(own), **more}
    return render(request, f"settings/{route}.html", page, status=422 if more["errors"] else 200)


def overtaken(request: HttpRequest, route: str, *names: str) -> HttpResponse | None:
    """Somebody else has set one of these since the form was opened: their word stands, and whoever comes second is told. None else."""
    if request.POST.get("stands", "") in ("", str(newest(*names))):
        return None
    messages.warning(
        request,
        _("Nothing was kept: somebody else has changed this meanwhile. Look at what stands now, and set it again."),
    )
    return redirect(route)
