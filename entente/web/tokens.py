"""Keys of programs: one's own, and those of others for an administrator."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from entente.staff.firm import firm_today
from entente.staff.models import Scope, Token, User
from entente.staff.tokens import ImpossibleToken, make_token, revoke_token, scopes_for, tokens_of
from entente.web.person import person

MOST_SHOWN = 50


class TokenForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it opens"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("A year from now where none is chosen."),
    )

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        # Another form stands on the same page.
        super().__init__(data, auto_id="token_%s")
        allowed = scopes_for(user)
        self.fields["scopes"].choices = [one for one in Scope.choices if one[0] in allowed]  # type: ignore[attr-defined]


def tokens_page(user: User) -> dict[str, Any]:
    """What the card of a user's tokens shows."""
    today = firm_today()
    shown = list(tokens_of(user)[:MOST_SHOWN])
    return {
        "tokens": [(token, token.revoked_at is None and token.expires_on >= today) for token in shown],
        "token_form": TokenForm(user=user),
        "may_have_tokens": user.is_active and bool(scopes_for(user)),
        "tokens_user": user,
    }


@require_POST
@never_cache
def own_tokens(request: HttpRequest) -> HttpResponse:
    """Make a token for oneself; it is shown once."""
    return _make(request, person(request))


@require_POST
@never_cache
def user_tokens(request: HttpRequest, user_id: int) -> HttpResponse:
    """Make a token for somebody else, such as a user who is a program; it is shown once."""
    return _make(request, get_object_or_404(User, pk=user_id, is_active=True))


@require_POST
def own_token_revocation(request: HttpRequest, token_id: int) -> HttpResponse:
    """Take a token of one's own back."""
    _revoke(request, get_object_or_404(Token, pk=token_id, user=person(request)))
    return redirect("me")


@require_POST
def user_token_revocation(request: HttpRequest, user_id: int, token_id: int) -> HttpResponse:
    """Take a token of somebody else back."""
    _revoke(request, get_object_or_404(Token, pk=token_id, user_id=user_id))
    return redirect("user", user_id=user_id)


@sensitive_variables("made")
def _make(request: HttpRequest, user: User) -> HttpResponse:
    form = TokenForm(request.POST, user=user)
    if form.is_valid():
        try:
            made = make_token(user, **form.cleaned_data, by=person(request), at=timezone.now())
        except ImpossibleToken as error:
            form.add_error(error.field, str(error))
        else:
            return render(request, "account/token.html", {"token": made.token, "secret": made.secret})
    return render(request, "account/token.html", {**tokens_page(user), "token_form": form}, status=422)


def _revoke(request: HttpRequest, token: Token) -> None:
    if revoke_token(token, by=person(request), at=timezone.now()):
        messages.success(request, _("Revoked: %(name)s opens nothing any more.") % {"name": token.name})
