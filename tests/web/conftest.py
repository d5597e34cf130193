"""A signed-in browser for each of the cast."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client

from entente.staff.models import User
from tests import cast


@pytest.fixture(autouse=True)
def _ready(db: None) -> None:
    """Files are served from their sources; the folder for collected ones must be there all the same. Rate limits start at nought."""
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    cache.clear()


@pytest.fixture
def company() -> cast.Company:
    return cast.company()


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def anna(company: cast.Company, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(company.staff.anna)
