"""Nothing reads what is too large."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from entente.web.sizes import MOST_BYTES, RefuseLargeBodies

LARGE = str(MOST_BYTES + 1)


def answered(path: str, **announced: str) -> int:
    request = RequestFactory().post(path)
    request.META.pop("CONTENT_LENGTH", None)
    request.META.update(announced)

    def reached(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("reached")

    return RefuseLargeBodies(reached)(request).status_code


@pytest.mark.parametrize(
    ("path", "announced", "status"),
    [
        ("/customers/1/notes", {"CONTENT_LENGTH": str(MOST_BYTES)}, 200),
        ("/customers/1/notes", {"CONTENT_LENGTH": LARGE}, 413),
        ("/account/login/", {"CONTENT_LENGTH": LARGE}, 413),
        ("/account/login/", {"CONTENT_LENGTH": "9" * 5000}, 413),
        ("/account/login/", {"CONTENT_LENGTH": "-1"}, 413),
        ("/account/login/", {"HTTP_TRANSFER_ENCODING": "chunked"}, 413),
        ("/account/login/", {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}, 413),
        ("/account/login/", {"CONTENT_LENGTH": ""}, 200),
        ("/account/login/", {}, 200),
        ("/imports/new", {"CONTENT_LENGTH": LARGE}, 200),
        ("/imports/new/", {"CONTENT_LENGTH": LARGE}, 413),
        ("/imports/1/columns", {"CONTENT_LENGTH": LARGE}, 413),
    ],
)
def test_only_files_may_be_large(path: str, announced: dict[str, str], status: int):
    assert answered(path, **announced) == status
