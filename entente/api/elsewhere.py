"""What is answered beside the routes of the API is for programs as well: no page, but a problem."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from entente.api.problems import PROBLEM, problem

PREFIX = "/api/"
# status: title, detail, where.
WORDS = {
    400: ("The request is not understood", "Look at its address, its headers and its body again.", ""),
    404: (
        "There is nothing here", "Look at the address again. What there is stands in /api/v1/openapi.json.", "path",
    ),
    413: ("The body is too large", "Send less at a time.", "body"),
    500: ("Something is broken here", "It is written down in the log. Send the same again later, with the same key.", ""),
    503: ("The database is away", "Send the same again in a moment, with the same key.", ""),
}  # fmt: skip
KEPT = ("Allow", "Retry-After", "WWW-Authenticate", "Cache-Control")


class ProblemsOnly:
    """Outermost: whoever answered, before a route was found or instead of one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        is_ours = answer.status_code < 400 or answer.headers.get("Content-Type") == PROBLEM
        if is_ours or not request.path.startswith(PREFIX):
            return answer
        made = problem(answer.status_code, *WORDS.get(answer.status_code, WORDS[400]))
        for name in KEPT:
            if name in answer.headers:
                made[name] = answer.headers[name]
        return made
