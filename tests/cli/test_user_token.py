"""entente user token."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, date, datetime

import pytest

import entente.lib.start
from entente.__main__ import main
from entente.staff.models import Token
from entente.staff.tokens import token_behind
from tests import cast

pytestmark = pytest.mark.django_db
MAXIM = ("user", "token", "Maxim@example.com", "--name", "web shop")


@pytest.fixture(autouse=True)
def _firm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entente.lib.start, "with_database", lambda **_: nullcontext())
    cast.staff()


def test_a_key_is_printed_once(capsys: pytest.CaptureFixture[str]):
    assert main([*MAXIM, "--opens", "import", "resolve", "--until", "2099-01-01", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    token = Token.objects.get()
    assert token_behind(said["key"], at=datetime.now(UTC)) == token
    assert (token.user.email, token.scopes, token.expires_on) == (
        "maxim@example.com", ["import", "resolve"], date(2099, 1, 1)
    )  # fmt: skip
    assert main([*MAXIM, "--opens", "import"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("entente_")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("user", "token", "nobody@example.com", "--name", "x", "--opens", "import"), "user add"),
        (("user", "token", "charlie@example.com", "--name", "x", "--opens", "import"), "may sign in"),
        (("user", "token", "anna@example.com", "--name", "x", "--opens", "import"), "may do no more"),
        ((*MAXIM, "--opens", "import", "--until", "2020-01-01"), "has passed"),
    ],
)
def test_a_key_that_cannot_be_is_refused(arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]):
    assert main(arguments) == 1
    assert says in capsys.readouterr().err
    assert not Token.objects.exists()
