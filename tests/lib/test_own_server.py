"""The tests never touch the database or the files of whoever runs them."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from entente.lib.environment import CHECKOUT
from tests import early


@pytest.mark.django_db
def test_the_database_is_one_of_the_tests():
    assert connection.settings_dict["NAME"].startswith("test_")
    if early.SERVER is not None:
        assert connection.settings_dict["HOST"] == early.SERVER.dsn()["host"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        assert cursor.fetchone()[0].startswith("test_")


def test_the_home_is_one_of_the_tests():
    assert settings.HOME.is_relative_to(Path(os.environ[early.MARK]).resolve())
    assert not settings.HOME.is_relative_to(CHECKOUT)
