"""Which role may use which route, by which method. What is not in this table is closed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from entente.staff.models import Role

log = logging.getLogger(__name__)

Roles = frozenset[str]
STRANGER = "stranger"
# Routes with a table and a keeper of their own: entente/api/permissions.py.
API_ROUTES = "api:"
ALL: Roles = frozenset(Role.values)
ANYBODY: Roles = ALL | {STRANGER}
WORKING: Roles = frozenset({Role.ADMIN, Role.MANAGER, Role.AGENT})
STEERING: Roles = frozenset({Role.ADMIN, Role.MANAGER})
RULING: Roles = frozenset({Role.ADMIN})


def _look(roles: Roles = ALL) -> Mapping[str, Roles]:
    return {"GET": roles}


def _write(roles: Roles = WORKING) -> Mapping[str, Roles]:
    return {"POST": roles}


def _form(roles: Roles = WORKING) -> Mapping[str, Roles]:
    return {"GET": roles, "POST": roles}


# Route: method: roles. A viewer only looks; an agent works with customers and decisions; a manager also imports and sets plays
# and rules; an administrator makes users.
ROUTES: dict[str, Mapping[str, Roles]] = {
    "today": _look(),
    "search": _look(),
    "customers": _look(),
    "customer_new": _form(),
    "customers_alike": _write(),
    "customer": _look(),
    "customer_timeline": _look(),
    "customer_week": _look(),
    "customer_cost": _look(),
    "customer_stages": _look(),
    "customer_needs": _look(),
    "need_new": _form(),
    "need_withdrawal": _write(),
    "customer_records": _look(),
    "record_departure": _write(),
    "record_choices": _write(),
    "record_proofs": _write(),
    "record_proofs_withdrawal": _write(),
    "review": _look(),
    "review_verdicts": _write(),
    "review_decided": _look(),
    "review_runs": _look(),
    "verdict_withdrawal": _write(),
    "customer_relations": _look(),
    "privacy": _look(STEERING),
    "privacy_archive": _write(STEERING),
    "erasure": _write(RULING),
    "relation_new": _form(),
    "relation_end": _write(),
    "relation_withdrawal": _write(),
    "deal_end": _write(),
    "deal_withdrawal": _write(),
    "order": _look(),
    "call_new": _look(WORKING),
    "calls": _write(),
    "mail_new": _look(WORKING),
    "mails": _write(),
    "note_new": _look(WORKING),
    "notes": _write(),
    "preferences": {"GET": ALL, "POST": WORKING},
    "consents": {"GET": ALL, "POST": WORKING},
    "decision_answers": _write(),
    "imports": _look(),
    "import": _look(),
    "import_new": _form(STEERING),
    "import_map": _form(STEERING),
    "import_discard": _write(STEERING),
    "import_refused": _look(STEERING),
    "import_reversal": _form(STEERING),
    "import_runs": _write(STEERING),
    "pyramid": _look(),
    "pyramid_counting": {"GET": ALL, "POST": STEERING},
    "pyramid_knowing": _look(),
    "pyramid_laws": _look(),
    "pyramid_estimates": {"GET": ALL, "POST": STEERING},
    "estimate_withdrawal": _write(STEERING),
    "pyramid_movement": {"GET": ALL, "POST": STEERING},
    "pyramid_moved": _look(),
    "plans": _look(),
    "plan_new": {"GET": ALL, "POST": STEERING},
    "plans_beside": _look(),
    "plan": _look(),
    "plan_edit": _form(STEERING),
    "plan_target": _write(STEERING),
    "plan_closing": _write(STEERING),
    "pyramid_file": _look(),
    "movement_file": _look(),
    "plan_file": _look(),
    "pyramid_potential": _look(),
    "pyramid_needs": _look(),
    "pyramid_profile": _look(),
    "cycles": _write(STEERING),
    "decisions": _look(),
    "decision": _look(),
    "backtests": {"GET": ALL, "POST": STEERING},
    "backtest": _look(),
    "settings": _form(STEERING),
    "settings_counting": _form(STEERING),
    "settings_sources": _form(STEERING),
    "settings_source_new": _write(STEERING),
    "settings_pyramid": _form(STEERING),
    "settings_costs": _form(STEERING),
    "settings_contracts": _look(STEERING),
    "settings_contract_new": _write(STEERING),
    "settings_contract_end": _write(STEERING),
    "settings_occasions": _write(STEERING),
    "settings_knowing": _form(STEERING),
    "settings_needs": _form(STEERING),
    "settings_profile": _form(STEERING),
    "settings_contact": _form(STEERING),
    "settings_plays": _form(STEERING),
    "settings_hold_out": _form(STEERING),
    "users": _form(RULING),
    "user": _form(RULING),
    "user_links": _write(RULING),
    "user_tokens": _write(RULING),
    "user_token_revocation": _write(RULING),
    # One's own account.
    "me": _form(ALL),
    "account_tokens": _write(WORKING),
    "account_token_revocation": _write(ALL),
    "account_logout": _form(ALL),
    "account_change_password": _form(ALL),
    "account_set_password": _form(ALL),
    "account_reauthenticate": _form(ALL),
    "mfa_index": _look(),
    "mfa_reauthenticate": _form(ALL),
    "mfa_activate_totp": _form(ALL),
    "mfa_deactivate_totp": _form(ALL),
    "mfa_view_recovery_codes": _look(),
    "mfa_generate_recovery_codes": _form(ALL),
    "mfa_download_recovery_codes": _look(),
    # The door.
    "account_login": _form(ANYBODY),
    "account_inactive": _look(ANYBODY),
    "mfa_authenticate": _form(ANYBODY),
    "enter": _form(ANYBODY),
    "healthz": _look(ANYBODY),
}


def allowed(route: str | None, method: str, role: str) -> bool:
    """May this role use the route by this method? HEAD is GET without its body."""
    return role in ROUTES.get(route or "", {}).get("GET" if method == "HEAD" else method, frozenset())


class RouteRoles:
    """Closes every route that the table does not open to this user. Stands before the view, so that nothing is written."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        route = request.resolver_match.view_name if request.resolver_match else None
        if route and route.startswith(API_ROUTES):
            return None
        methods = ROUTES.get(route or "")
        if methods is None:
            log.error("The route %r of %s stands in no table of permissions: refused.", route, request.path)
            return refuse(request)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method in methods and STRANGER in methods[method]:
            return None
        if not request.user.is_authenticated:
            return _to_the_door(request)
        if method not in methods:
            return HttpResponseNotAllowed(sorted(methods))
        if request.user.role not in methods[method]:
            return refuse(request)
        return None


def refuse(request: HttpRequest) -> HttpResponse:
    """Not for this user. Says so without saying what is behind."""
    return render(request, "403.html", {"why": _("Your role does not allow this.")}, status=403)


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """A browser on its way to a page is led to the sign-in page and back; everything else is told plainly."""
    if request.headers.get("HX-Request"):
        # A fragment must not become the sign-in page: the whole window goes there.
        return HttpResponse(status=401, headers={"HX-Redirect": reverse(settings.LOGIN_URL)})
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    return HttpResponse(_("Sign in first."), status=401, content_type="text/plain; charset=utf-8")
