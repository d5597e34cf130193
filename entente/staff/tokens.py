"""Keys of programs: making one, taking it back, and whose key it is."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from entente.lib.errors import EntenteError
from entente.staff.firm import firm_today
from entente.staff.models import Role, Scope, Token, User

# Whoever finds a key in a file knows by this what it opens.
PREFIX = "entente_"
LASTS = timedelta(days=365)
# Writing down each use would make every question of a program write.
USE_NOTED_EVERY = timedelta(minutes=1)
# A token opens what its user may do on the pages, and no more: it loses what its user loses.
ROLES_OF: Mapping[str, frozenset[str]] = {
    Scope.IMPORT: frozenset({Role.ADMIN, Role.MANAGER}),
    Scope.RESOLVE: frozenset({Role.ADMIN, Role.MANAGER, Role.AGENT}),
}


class ImpossibleToken(EntenteError):
    """A token cannot be made like this. `field`: what of it is wrong."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class NewToken:
    """`secret` is shown to its owner now and kept nowhere."""

    token: Token
    secret: str


def scopes_for(user: User) -> list[str]:
    """What a token of this user may open."""
    return [scope for scope in Scope.values if user.role in ROLES_OF[scope]]


def make_token(
    user: User, *, name: str, scopes: Sequence[str], expires_on: date | None, by: User | None, at: datetime
) -> NewToken:
    """Make a token; without a last day it lasts a year. Raises ImpossibleToken."""
    name = "".join(letter for letter in name if letter.isprintable()).strip()[:80]
    if not name:
        raise ImpossibleToken("name", _("Give it a name, such as that of the program it is for."))
    if not scopes or not set(scopes) <= set(scopes_for(user)):
        raise ImpossibleToken(
            "scopes", _("Choose what it opens: %(name)s may do no more on the pages.") % {"name": user.name}
        )
    today = firm_today(at)
    expires_on = expires_on or today + LASTS
    if expires_on < today:
        raise ImpossibleToken("expires_on", _("This day has passed. Choose today or a later one."))
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token.objects.create(
        user=user, name=name, scopes=sorted(set(scopes)), digest=_digest(secret), expires_on=expires_on, made_by=by
    )
    return NewToken(token, secret)


def revoke_token(token: Token, *, by: User | None, at: datetime) -> bool:
    """Take a token back, for ever. False where it was before."""
    return bool(Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at, revoked_by=by))


def tokens_of(user: User) -> QuerySet[Token]:
    """The newest first; also those that open nothing any more."""
    return Token.objects.filter(user=user).order_by("-id")


def token_behind(secret: str, *, at: datetime) -> Token | None:
    """Whose key is it, while it opens? None where it is unknown, revoked, expired, or its user may not sign in."""
    token = (
        Token.objects.filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    return token if token is not None and token.expires_on >= firm_today(at) else None


def opens(token: Token, scope: str) -> bool:
    """May this token do it? Its user has to be allowed it still."""
    return scope in token.scopes and token.user.role in ROLES_OF[scope]


def note_use(token: Token, *, at: datetime) -> None:
    """That it was used, to the minute."""
    seldom = Q(last_used_at=None) | Q(last_used_at__lt=at - USE_NOTED_EVERY)
    Token.objects.filter(seldom, pk=token.pk).update(last_used_at=at)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
