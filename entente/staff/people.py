"""Making users, and the links that let one of them in once."""

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from entente.lib.errors import EntenteError
from entente.staff.models import Role, SignInLink, User

LINK_LASTS = timedelta(hours=12)


class ImpossibleUser(EntenteError):
    """A user cannot be made like this."""


def make_user(
    email: str,
    name: str,
    role: str,
    *,
    password: str | None = None,
    language: str = "en",
    zone: str = "UTC",
) -> User:
    """Make a user. Without a password the only way in is a sign-in link.

    Raises ImpossibleUser where the address is not one, is taken, or the role is unknown.
    """
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise ImpossibleUser(
            _("“%(email)s” is not an e-mail address. Write one such as anna@example.com.") % {"email": email}
        ) from None
    if role not in Role.values:
        raise ImpossibleUser(
            _("There is no role “%(role)s”. Choose one of %(roles)s.") % {"role": role, "roles": ", ".join(Role.values)}
        )
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, name=name.strip() or email, role=role, language=language, zone=zone
            )
            # Nobody signs up here: who made the user vouches for the address. A second factor needs one that is vouched for.
            EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
            return user
    except IntegrityError:
        raise ImpossibleUser(
            _("Somebody signs in as %(email)s already. Change that user instead, or use another address.")
            % {"email": email}
        ) from None


@transaction.atomic
def keep_user(user: User) -> None:
    """Write a user's name, role and access down.

    Raises ImpossibleUser where no administrator would be left: two who take the role from each other come one after the other.
    """
    ruling = User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
    admins = set(ruling.values_list("pk", flat=True))
    if admins == {user.pk} and not (user.role == Role.ADMIN and user.is_active):
        raise ImpossibleUser(_("Nobody else is an administrator. Make another user one first."))
    user.save(update_fields=["name", "role", "is_active"])


def make_sign_in_link(user: User, *, at: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """A token that signs this user in once. Only its hash is kept; whoever loses it asks for another."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, token_hash=_hash(token), expires_at=at + lasts)
    return token


def owner_of_link(token: str, *, at: datetime) -> User | None:
    """Whose link is it, while it still opens? Uses nothing up."""
    link = _open_links(at).filter(token_hash=_hash(token)).select_related("user").first()
    return link.user if link else None


def use_sign_in_link(token: str, *, at: datetime) -> User | None:
    """Use a link up. None where it is unknown, expired, used, or its user may not sign in; of two who try, one gets in."""
    with transaction.atomic():
        used = _open_links(at).filter(token_hash=_hash(token)).update(used_at=at)
        if used != 1:
            return None
        return SignInLink.objects.select_related("user").get(token_hash=_hash(token)).user


def _open_links(at: datetime) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(used_at=None, expires_at__gt=at, user__is_active=True)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
