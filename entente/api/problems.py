"""What went wrong, as programs read it: RFC 9457, application/problem+json."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from entente.api.asking import KeyIsTaken
from entente.ledger.draft import TooLarge
from entente.ledger.prepare import OpenQuestions
from entente.lib.errors import EntenteError

PROBLEM = "application/problem+json"
REFUSALS = frozenset({400, 401, 403, 404, 405, 409, 411, 413, 415, 422, 429})


class Problem(Schema):
    """title: what. where: in which part of the request. detail: why, and what to do next."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    where: str = ""
    questions: list[dict[str, Any]] = []


class Refused(EntenteError):
    """A request that cannot be answered; carries what its sender is told."""

    def __init__(self, status: int, title: str, detail: str, where: str = "") -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.where = status, title, detail, where


def problem(status: int, title: str, detail: str, where: str = "", **more: Any) -> JsonResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "where": where, **more}
    return JsonResponse(body, status=status, content_type=PROBLEM)


def answer_problems(api: NinjaAPI) -> None:
    """Every expected error of a route becomes a problem; surprises stay Django's."""

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, error: Refused) -> JsonResponse:
        return problem(error.status, error.title, error.detail, error.where)

    @api.exception_handler(OpenQuestions)
    def open_questions(request: HttpRequest, error: OpenQuestions) -> JsonResponse:
        asked = [question.as_json() for question in error.questions]
        detail = f"{error} Answer with a parameter of the query named after what is asked, or name a mapping."
        return problem(422, "The rows can be read in several ways", detail, "body", questions=asked)

    @api.exception_handler(KeyIsTaken)
    def key_is_taken(request: HttpRequest, error: KeyIsTaken) -> JsonResponse:
        return problem(422, "This key was used before", str(error), "header.Idempotency-Key")

    @api.exception_handler(TooLarge)
    def too_large(request: HttpRequest, error: TooLarge) -> JsonResponse:
        return problem(413, "The body is too large", str(error), "body")

    @api.exception_handler(EntenteError)
    def impossible(request: HttpRequest, error: EntenteError) -> JsonResponse:
        return problem(422, "This cannot be done", str(error), "body")

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> JsonResponse:
        faults = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors]
        detail = " ".join(f"{where}: {said}." for where, said in faults)
        return problem(422, "The request is not understood", f"{detail} See /api/v1/openapi.json.", faults[0][0])

    @api.exception_handler(Http404)
    def not_found(request: HttpRequest, error: Http404) -> JsonResponse:
        return problem(404, "There is nothing here", "Look at the number and the address again.", "path")

    @api.exception_handler(HttpError)
    def http_error(request: HttpRequest, error: HttpError) -> JsonResponse:
        return problem(error.status_code, "The request is not understood", f"{error}. See /api/v1/openapi.json.")

    @api.exception_handler(RequestDataTooBig)
    def too_big(request: HttpRequest, error: RequestDataTooBig) -> JsonResponse:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2
        return problem(413, "The body is too large", f"Send at most {most} MB.", "body")

    @api.exception_handler(UnreadablePostError)
    def broken_off(request: HttpRequest, error: UnreadablePostError) -> JsonResponse:
        return problem(400, "The body broke off", "Send the same again, with the same key.", "body")
