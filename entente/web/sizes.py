"""What is too large is refused before anything reads it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

# A little more than Django itself reads of a form: this line only spares the work.
MOST_BYTES = 6 * 1024**2


class RefuseLargeBodies:
    """Only what takes files takes more, and weighs them itself. A body that does not say its size is refused, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_large(request) and not _weighs_itself(request.path):
            words = _("This is more than a page of Entente takes: at most %(most)d MB.")
            return HttpResponse(
                words % {"most": MOST_BYTES // 1024**2}, status=413, content_type="text/plain; charset=utf-8"
            )
        return self.get_response(request)


def _weighs_itself(path: str) -> bool:
    return path == reverse("import_new") or path.startswith(reverse("api:imports", args=["-"]).removesuffix("-"))


def _is_large(request: HttpRequest) -> bool:
    announced = request.META.get("CONTENT_LENGTH") or ""
    if not announced:
        return "HTTP_TRANSFER_ENCODING" in request.META
    is_number = announced.isascii() and announced.isdecimal() and len(announced) < 20
    return not is_number or int(announced) > MOST_BYTES
