"""What an address asks for, read by an allow-list: anything else is answered with a clear word, never with a broken page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from entente.lib.errors import EntenteError
from entente.lib.keyset import LARGEST_ID, ImpossiblePlace

LONGEST_NUMBER = len(str(LARGEST_ID))


class ImpossibleQuestion(EntenteError):
    """The address asks for something that does not exist."""


def choice(request: HttpRequest, name: str, choices: Iterable[Any]) -> str:
    """One of the choices, or an empty text where nothing is asked."""
    value = request.GET.get(name, "")
    if value and value not in {str(option) for option in choices}:
        raise ImpossibleQuestion(
            _("“%(value)s” is not something “%(name)s” can be. Go back to the list and choose there.")
            % {"value": value[:60], "name": name}
        )
    return value


def number(request: HttpRequest, name: str, values: Any = None) -> int | None:
    """A positive whole number, or None where nothing is asked."""
    value = (request.GET if values is None else values).get(name, "")
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and len(value) <= LONGEST_NUMBER and int(value) <= LARGEST_ID):
        raise ImpossibleQuestion(
            _("“%(name)s” has to be a number. Go back and follow the link again.") % {"name": name}
        )
    return int(value)


def text(request: HttpRequest, name: str, longest: int = 200) -> str:
    """What somebody typed, without the sign no database keeps."""
    return request.GET.get(name, "").replace("\0", "")[:longest].strip()


def strictly(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer an impossible address with 400 and a page that says so."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (ImpossibleQuestion, ImpossiblePlace) as error:
            return render(request, "400.html", {"why": str(error)}, status=400)

    return answered


def way_back(request: HttpRequest, otherwise: str) -> str:
    """Where to go afterwards: an address of our own that the form carries, or `otherwise`."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else otherwise
