"""Who asks."""

from __future__ import annotations

from django.http import HttpRequest

from entente.staff.models import User


def person(request: HttpRequest) -> User:
    """The user behind a request. The table of permissions has let nobody else through."""
    assert isinstance(request.user, User)
    return request.user
