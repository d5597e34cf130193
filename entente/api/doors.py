"""The API as it is hung into the addresses: its routes, its errors, and its description for programs."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.security import HttpBearer

from entente.api import imports, proofs, resolve
from entente.api.permissions import NAMESPACE, token_of
from entente.api.problems import answer_problems
from entente.staff.models import Token


class ByToken(HttpBearer):
    """For the description, and a second lock: nothing opens that the table of permissions has not let through."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        return token_of(request)


# Its pages of documentation need scripts in the page, which the security policy forbids: docs/howto/api.md instead.
api = NinjaAPI(
    title="Entente", version="1", urls_namespace=NAMESPACE, openapi_url="/openapi.json", docs_url=None, auth=ByToken()
)
api.add_router("", imports.router)
api.add_router("", resolve.router)
api.add_router("", proofs.router)
answer_problems(api)
