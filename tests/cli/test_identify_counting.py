"""entente identify counting."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import date

import pytest

import entente.lib.start
from entente.__main__ import main
from entente.cli.identify_counting import CHOICES
from entente.identify.counted import Counting, counting
from entente.identify.match import match_new
from entente.identify.relations import relate
from tests.ledger_facts import Ledger, a_firm, committed, customer_of

__all__ = ["committed"]  # fixture
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _chain(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain, a branch that buys twice, a shop that retails for it, and somebody else."""
    monkeypatch.setattr(entente.lib.start, "with_database", lambda **_: nullcontext())
    a_firm()
    ledger = Ledger()
    head, branch, shop, _other = (ledger.party(key) for key in ("head", "branch", "shop", "other"))
    for party, amount in ((branch, 10), (branch, 20), (shop, 5)):
        ledger.buys(party, date(2026, 1, 5), amount)
    match_new()
    relate(customer_of(branch), "group", customer_of(head), by=None)
    relate(customer_of(shop), "retails_for", customer_of(head), by=None, from_on=date(2026, 2, 1))


def test_each_choice_is_told_and_the_firms_own_marked(capsys: pytest.CaptureFixture[str]):
    assert main(["identify", "counting", "--as-of", "2026-06-30"]) == 0
    words = capsys.readouterr().out
    assert [line.split()[0] for line in words.splitlines()[2:6]] == ["*", "group", "chain", "consumer"]
    assert main(["identify", "counting", "--as-of", "2026-06-30", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["chosen"] == "buyer"
    told = {who: (each["customers"], each["under"], each["moved"]) for who, each in said["choices"].items()}
    assert told == {"buyer": (4, 0, 0), "group": (3, 1, 2), "chain": (2, 2, 3), "consumer": (4, 0, 0)}


def test_relations_of_the_day_count(capsys: pytest.CaptureFixture[str]):
    assert main(["identify", "counting", "--as-of", "2026-01-31", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["choices"]["chain"]["customers"] == 3


def test_the_choice_is_switched_and_a_strange_one_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["identify", "counting", "--count", "group"]) == 0
    assert "next cycle" in capsys.readouterr().out
    assert counting() == Counting.GROUP
    with pytest.raises(SystemExit) as stopped:
        main(["identify", "counting", "--count", "everybody"])
    assert stopped.value.code == 2 and counting() == Counting.GROUP


def test_the_command_knows_every_choice():
    assert set(CHOICES) == set(Counting.values)
