"""The link that lets somebody in once."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from entente.staff.people import owner_of_link, use_sign_in_link
from entente.web.asked import way_back


@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at the link uses nothing up: programs that check mails open every link. Only the button enters."""
    at = timezone.now()
    if request.method != "POST":
        return _page(request, found=owner_of_link(token, at=at) is not None)
    user = use_sign_in_link(token, at=at)
    if user is None:
        return _page(request, found=False)
    # The second factor is still asked for: allauth goes through its stages.
    return perform_login(request, user, email_verification="none", redirect_url=way_back(request, reverse("today")))


def _page(request: HttpRequest, *, found: bool) -> HttpResponse:
    # The address is a key. SECURE_REFERRER_POLICY keeps it from travelling on to strangers; "no-referrer" would go too far: a browser
    # then sends the form with the origin "null", which the protection against forged requests refuses.
    return render(request, "account/enter.html", {"found": found}, status=200 if found else 410)
