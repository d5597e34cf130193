"""While the database is away or recovering, a page that says so and looks again by itself, without asking the database."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

log = logging.getLogger(__name__)

# Connection refused, lost, shut down, starting up, too many: all pass. A cancelled or a wrong statement does not.
_AWAY = ("08", "57P", "53300")
LOOK_AGAIN_SECONDS = 3


class WhileTheDatabaseRecovers:
    """Looks for the database before anything else does; the connection it makes is the one the request then uses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/healthz":
            try:
                with connection.cursor():
                    pass
            except (OperationalError, InterfaceError) as error:
                if is_away(error):
                    return please_wait(request)
                raise
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return please_wait(request) if is_away(error) else None


def is_away(error: BaseException | None) -> bool:
    """Is this the database being away, rather than refusing what was asked?"""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(_AWAY)


def please_wait(request: HttpRequest) -> HttpResponse:
    log.warning("The database is away: a request has to wait.")
    headers = {"Retry-After": str(LOOK_AGAIN_SECONDS), "Cache-Control": "no-store"}
    if request.method in ("GET", "HEAD") and not request.headers.get("HX-Request"):
        headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    return HttpResponse(render_to_string("503.html", {"repeat": "Refresh" in headers}), status=503, headers=headers)


def broken(request: HttpRequest) -> HttpResponse:
    """The answer to a surprise. Middleware that met the database gone ends here, too."""
    if is_away(sys.exc_info()[1]):
        return please_wait(request)
    return HttpResponse(render_to_string("500.html"), status=500)


def healthz(request: HttpRequest) -> JsonResponse:
    """Is the database answering? For whoever watches the process; says nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (OperationalError, InterfaceError):
        return JsonResponse({"database": "away"}, status=503, headers={"Cache-Control": "no-store"})
    return JsonResponse({"database": "ok"}, headers={"Cache-Control": "no-store"})
