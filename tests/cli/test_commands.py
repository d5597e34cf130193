"""The command line: what it prints where, and how it ends."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

import entente.lib.start
from entente import __main__ as command_line
from entente.__main__ import main
from tests.ledger_facts import Ledger, a_firm, a_trade, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is there already and stays."""
    from contextlib import nullcontext

    monkeypatch.setattr(entente.lib.start, "with_database", lambda **_: nullcontext())


def said(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    told = capsys.readouterr()
    return code, told.out, told.err


CHECK = ("contact", "check", "--channel", "phone", "--purpose", "marketing")


def test_britain_at_six_in_the_morning(capsys):
    code, out, err = said(capsys, *CHECK, "--country", "gb", "--at", "2026-11-18T06:00+00:00")
    assert code == 3 and err == ""
    assert out.startswith("Not now.") and "Opens" in out and "Wednesday" in out


def test_saudi_arabia_on_a_friday_for_machines(capsys):
    code, out, _ = said(capsys, *CHECK, "--country", "SA", "--at", "2026-11-20T10:00+03:00", "--json")
    found = json.loads(out)
    assert code == 3 and found["allowed"] is False and found["verdict"] == "SEND_AT"
    assert found["reasons"][0]["code"] == "weekend" and found["opens_at"].startswith("2026-11-22")
    assert found["at"] == "2026-11-20T10:00:00+03:00"


def test_allowed_is_zero(capsys):
    code, out, _ = said(capsys, *CHECK, "--country", "GB", "--at", "2026-11-18T10:00+00:00")
    assert (code, out.splitlines()[0]) == (0, "Yes, now.")


def test_a_customer_nobody_knows(capsys):
    code, out, err = said(capsys, *CHECK, "--customer", "77")
    assert (code, out) == (1, "") and "no customer number 77" in err
    code, out, err = said(capsys, *CHECK, "--customer", "77", "--json")
    assert (code, out) == (1, "") and "77" in json.loads(err)["text"]


@pytest.mark.parametrize(
    "arguments",
    [
        (*CHECK, "--country", "GB", "--at", "tomorrow"),
        (*CHECK, "--country", "GB", "--at", "2026-11-18T10:00"),
        ("cycle", "--as-of", "yesterday"),
        ("cycle", "--as-of", "2026-02-30"),
        ("backtest", "value", "--from", "2026-01-01"),
        ("nonsense",),
    ],
)
def test_what_is_not_understood_is_two(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    told = capsys.readouterr()
    assert stopped.value.code == 2 and told.out == "" and told.err


def test_the_cycle_for_people_and_for_machines(capsys):
    a_firm()
    a_trade(Ledger(), buyers=60, until=date(2026, 6, 30), email="b@example.com")
    code, out, err = said(capsys, "cycle", "--as-of", "2026-06-30", "--steps", "3")
    assert code == 0 and "Customer pyramid at the end of 2026-06-30" in out and "Best next steps" in out
    assert "Writing valuations" in err and "Writing valuations" not in out
    code, out, _ = said(capsys, "cycle", "--as-of", "2026-06-30", "--steps", "3", "--json")
    found = json.loads(out)
    assert {"as_of", "currency", "laws", "notes", "totals", "decided", "pyramid", "next_steps"} <= set(found)
    assert (found["as_of"], found["currency"], len(found["pyramid"])) == ("2026-06-30", "GBP", 7)
    assert sum(level["customers"]["amount"] for level in found["pyramid"]) == 60
    for step in found["next_steps"]:
        assert {"customer", "play", "score", "propensity", "why", "when"} <= set(step)
    assert len(found["next_steps"]) <= 3


def test_the_backtest_for_people_and_for_machines(capsys):
    a_firm()
    a_trade(Ledger(), buyers=60, until=date(2026, 6, 30))
    asked = ("backtest", "value", "--from", "2025-12-31", "--to", "2026-06-30")
    code, out, _ = said(capsys, *asked, "--json", "--count", "gross")
    found = json.loads(out)
    assert code == 0 and {"customers", "mae", "rmse", "correlation", "bias", "calibration", "law"} <= set(found)
    assert (found["from"], found["to"], found["count"]) == ("2025-12-31", "2026-06-30", "gross")
    code, out, _ = said(capsys, *asked)
    assert code == 0 and "MAE" in out and "counted net" in out
    code, out, err = said(capsys, "backtest", "value", "--from", "2026-06-30", "--to", "2025-12-31", "--json")
    assert (code, out) == (1, "") and json.loads(err.splitlines()[-1])["error"] == "ImpossibleSpan"


def test_without_orders_it_says_so(capsys):
    code, out, err = said(capsys, "cycle", "--as-of", "2026-06-30")
    assert (code, out) == (1, "") and "Import orders" in err


def test_a_day_ahead(capsys):
    code, out, err = said(capsys, "cycle", "--as-of", "2999-01-01", "--json")
    assert (code, out) == (1, "") and json.loads(err.splitlines()[-1])["error"] == "ImpossibleDay"


def test_ctrl_c(capsys, monkeypatch):
    import entente.cycle

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(entente.cycle, "run_cycle", stopped)
    code, out, err = said(capsys, "cycle")
    assert (code, out) == (130, "") and "the same command goes on" in err
    monkeypatch.setattr("entente.differentiate.backtest.backtest_value", stopped)
    code, _, err = said(capsys, "backtest", "value", "--from", "2026-01-01", "--to", "2026-02-01")
    assert code == 130 and err.startswith("Interrupted.")


def test_users(capsys):
    code, out, _ = said(capsys, "user", "add", "Ann@Example.com", "--role", "manager", "--json")
    found = json.loads(out)
    assert (
        code == 0
        and (found["email"], found["role"]) == ("ann@example.com", "manager")
        and found["link"].startswith("http")
    )
    code, out, err = said(capsys, "user", "add", "ann@example.com")
    assert (code, out) == (1, "") and "user link" in err
    code, out, _ = said(capsys, "user", "link", "ann@example.com")
    assert code == 0 and "signs in once" in out
    code, _, err = said(capsys, "user", "link", "bob@example.com")
    assert code == 1 and "user add" in err
    code, out, _ = said(capsys, "user", "add", "not an address")
    assert code == 1
    code, out, _ = said(capsys, "user", "list", "--json")
    assert [user["email"] for user in json.loads(out)["users"]] == ["ann@example.com"]


def test_every_command_explains_itself(capsys):
    for name in command_line.COMMANDS:
        word = {"import_facts": "import"}.get(name, name)
        with pytest.raises(SystemExit) as stopped:
            main([word, "--help"])
        assert stopped.value.code == 0 and "usage" in capsys.readouterr().out
