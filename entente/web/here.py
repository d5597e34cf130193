"""Where the user is: language and zone for every page, and what the frame around each page shows."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from entente.customize.models import Decision
from entente.customize.standing import open_now
from entente.identify.review import waiting as questions
from entente.staff.models import Firm
from entente.web.permissions import allowed
from entente.web.person import person

MOST_COUNTED = 99


class LanguageAndZone:
    """A user's own language and zone; a stranger's language is what the browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if request.user.language in dict(settings.LANGUAGES):
                translation.activate(request.user.language)
                request.LANGUAGE_CODE = request.user.language
            timezone.activate(zone_or_utc(request.user.zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def zone_or_utc(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


@dataclass(frozen=True)
class Place:
    """One entry of the rail. `also` are routes that lie behind it. A route that is not there, or not for this role, is not shown."""

    route: str
    label: Any
    icon: str
    key: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tab:
    """One page of a place that has several. `also` are routes that lie behind it."""

    route: str
    label: Any
    also: tuple[str, ...] = ()


DIFFERENTIATE = (
    Tab("pyramid", _("Pyramid")),
    Tab("pyramid_movement", _("Who moved"), ("pyramid_moved",)),
    Tab("plans", _("Plans"), ("plan_new", "plans_beside", "plan", "plan_edit")),
    Tab("pyramid_potential", _("Potential")),
    Tab("pyramid_needs", _("Needs")),
    Tab("pyramid_profile", _("The best")),
    Tab("pyramid_laws", _("Forecasts")),
    Tab("pyramid_knowing", _("What we know")),
    Tab("pyramid_estimates", _("Own estimates")),
    Tab("pyramid_counting", _("Other counting")),
)


def _routes(tabs: tuple[Tab, ...]) -> tuple[str, ...]:
    return tuple(route for tab in tabs for route in (tab.route, *tab.also))


RAIL: tuple[tuple[Any, tuple[Place, ...]], ...] = (
    ("", (Place("today", _("Today"), "today", "t", ("decision_answers",)),)),
    (
        _("The dialogue"),
        (
            Place("pyramid", _("Differentiate"), "pyramid", "p", _routes(DIFFERENTIATE)),
            Place("decisions", _("Customize"), "decisions", "d", ("decision",)),
            Place("backtests", _("Learn"), "learn", "b", ("backtest", "backtest_new")),
        ),
    ),
    (
        _("Company"),
        (
            Place(
                "customers",
                _("Customers"),
                "customers",
                "c",
                (
                    "customer_new",
                    "customer",
                    "call_new",
                    "calls",
                    "mail_new",
                    "mails",
                    "note_new",
                    "notes",
                    "preferences",
                    "consents",
                    "customer_needs",
                    "need_new",
                    "customer_records",
                    "customer_relations",
                    "privacy",
                    "erasure",
                    "relation_new",
                    "order",
                ),
            ),
            Place("review", _("Review"), "same", "r", ("review_decided", "review_runs")),
            Place("imports", _("Imports"), "imports", "i", ("import", "import_new", "import_map", "import_reversal")),
            Place("users", _("Users"), "users", "u", ("user", "user_links")),
            Place(
                "settings",
                _("Settings"),
                "settings",
                "s",
                (
                    "settings_counting",
                    "settings_sources",
                    "settings_pyramid",
                    "settings_costs",
                    "settings_contracts",
                    "settings_knowing",
                    "settings_needs",
                    "settings_profile",
                    "settings_contact",
                    "settings_plays",
                    "settings_hold_out",
                ),
            ),
        ),
    ),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page is framed by. Asked from the database only where a template shows it."""
    right_to_left = translation.get_language_bidi()
    about = {"dir": "rtl" if right_to_left else "ltr", "lang": translation.get_language() or settings.LANGUAGE_CODE}
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"here": about}
    return {
        "here": about,
        "firm": SimpleLazyObject(lambda: Firm.objects.filter(pk=1).first() or Firm(name="Entente")),
        "rail": SimpleLazyObject(lambda: _rail(request)),
        "tabs": _tabs(request),
        "may_work": allowed("calls", "POST", user.role),
        "may_hand_over": allowed("privacy", "GET", user.role),
    }


def _rail(request: HttpRequest) -> list[dict[str, Any]]:
    now = request.resolver_match.view_name if request.resolver_match else ""
    waiting = _waiting()
    sections = []
    for heading, places in RAIL:
        shown = [_entry(place, now, waiting) for place in places if allowed(place.route, "GET", person(request).role)]
        if shown := [entry for entry in shown if entry]:
            sections.append({"heading": heading, "places": shown})
    return sections


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of the place the user is at, where it has several."""
    now = request.resolver_match.view_name if request.resolver_match else ""
    if now not in _routes(DIFFERENTIATE):
        return []
    found = []
    for tab in DIFFERENTIATE:
        with suppress(NoReverseMatch):
            if allowed(tab.route, "GET", person(request).role):
                is_here = now == tab.route or now in tab.also
                found.append({"url": reverse(tab.route), "label": tab.label, "is_here": is_here})
    return found


def _entry(place: Place, now: str, waiting: Counter[str]) -> dict[str, Any] | None:
    try:
        url = reverse(place.route)
    except NoReverseMatch:
        return None
    return {
        "route": place.route,
        "url": url,
        "label": place.label,
        "icon": place.icon,
        "key": place.key,
        "is_here": now == place.route or now in place.also,
        "count": counted(waiting[place.route]),
    }


def counted(many: int) -> int | str:
    """A number as it stands beside a place: nothing for none, and no more than is worth counting."""
    return f"{MOST_COUNTED}+" if many > MOST_COUNTED else many or ""


def _waiting() -> Counter[str]:
    """What waits for somebody, by the place where it does, each kind counted to one more than is shown: one question for all."""
    steps = Decision.objects.order_by().values_list(Value("today"), "id")
    # Each kind has an index of its own, which an OR would not use.
    is_open = steps.filter(open_now())[: MOST_COUNTED + 1]
    has_come_back = steps.filter(state="postponed", due_on__lte=timezone.localdate())[: MOST_COUNTED + 1]
    asked = questions().order_by().values_list(Value("review"), "id")[: MOST_COUNTED + 1]
    return Counter(route for route, _number in is_open.union(has_come_back, asked, all=True))
