"""How people sign in: allauth, closed to strangers, with second-factor secrets kept encrypted."""

import base64
import hashlib

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Users are made by an administrator; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth keeps TOTP secrets in clear; here a copy of the database alone opens nothing."""

    def _box(self) -> Fernet:
        key = hashlib.sha256(b"second factor\0" + settings.SECRET_KEY.encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, text: str) -> str:
        return self._box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return self._box().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            # The secret key was changed: no code can match, and the user is told to use a recovery link.
            return ""
