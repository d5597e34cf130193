"""Which scope of a token opens which route, by which method. What is not in this table is closed.

As entente/web/permissions.py does for the pages, this stands before the view, so that a refusal writes nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from entente.api.problems import problem
from entente.staff.models import Scope, Token
from entente.staff.tokens import note_use, opens, token_behind

log = logging.getLogger(__name__)

NAMESPACE = "api"
# Needs no token.
OPEN = "open"
# Of one token, in one web process.
MOST_A_MINUTE = 600
ROUTES: dict[str, Mapping[str, str]] = {
    "api:imports": {"POST": Scope.IMPORT},
    "api:import": {"GET": Scope.IMPORT},
    "api:import-reversal": {"POST": Scope.IMPORT},
    "api:resolve": {"POST": Scope.RESOLVE},
    # A proof is a fact. Who only looks people up, as a switchboard does, must not make what is claimed believed.
    "api:proofs": {"POST": Scope.IMPORT},
    "api:proofs-withdrawal": {"POST": Scope.IMPORT},
    "api:openapi-json": {"GET": OPEN},
    "api:api-root": {"GET": OPEN},
}


class TokenScopes:
    """Closes every route of the API that the table does not open to the token. A session opens nothing here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pace = Pace()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or NAMESPACE not in match.namespaces:
            return None
        request.user = AnonymousUser()
        methods = ROUTES.get(match.view_name)
        if methods is None:
            log.error("The route %r of %s stands in no table of permissions: refused.", match.view_name, request.path)
            return problem(403, "This is closed", "Nobody may use this address.", "path")
        wanted = methods.get("GET" if request.method == "HEAD" else str(request.method))
        if wanted is None:
            answer = problem(405, "Not by this method", f"Use {' or '.join(sorted(methods))}.", "method")
            answer["Allow"] = ", ".join(sorted(methods))
            return answer
        return None if wanted == OPEN else self._by_token(request, wanted)

    def _by_token(self, request: HttpRequest, scope: str) -> HttpResponse | None:
        now = timezone.now()
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        token = token_behind(secret.strip(), at=now) if kind.lower() == "bearer" and secret.strip() else None
        if token is None:
            answer = problem(
                401, "A key is needed",
                "Send the header “Authorization: Bearer KEY” with a key that is neither revoked nor expired. Keys are made on the page "
                "of a user.", "header.Authorization",
            )  # fmt: skip
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        if not opens(token, scope):
            return problem(
                403, "This key does not open this",
                f"It needs a key for “{scope}” of a user who may do the same on the pages.", "header.Authorization",
            )  # fmt: skip
        if wait_s := self.pace.wait_s(token.pk, time.monotonic()):
            answer = problem(429, "Too many requests", f"Come again in {wait_s} seconds.", "header.Authorization")
            answer["Retry-After"] = str(wait_s)
            return answer
        note_use(token, at=now)
        request.user = token.user
        request.token = token  # type: ignore[attr-defined]
        return None


class Pace:
    """Counts what each token asks within a minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = 0
        self._asked: dict[int, int] = {}

    def wait_s(self, token_id: int, now_s: float) -> int:
        """Seconds to wait; 0 where it may go on."""
        most = int(getattr(settings, "API_MOST_A_MINUTE", MOST_A_MINUTE))
        minute, second = divmod(int(now_s), 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._asked = minute, {}
            asked = self._asked[token_id] = self._asked.get(token_id, 0) + 1
        return 0 if asked <= most else 60 - second


def token_of(request: HttpRequest) -> Token | None:
    """The token that the table has let through."""
    return getattr(request, "token", None)
