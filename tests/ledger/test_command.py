"""entente import, as an operator meets it."""

import argparse
import json

import pytest

from entente.cli import import_orders
from entente.ledger.models import Import, OrderLine
from entente.lib.errors import EntenteError

pytestmark = pytest.mark.django_db(transaction=True)

LOG = "customer,date,amount\na,2024-01-01,10\nb,2024-01-02,oops\n"


@pytest.fixture
def entente(capsys):
    parser = argparse.ArgumentParser()
    import_orders.register(parser.add_subparsers())

    def entente(*arguments):
        code = import_orders.run(parser.parse_args(["import", *map(str, arguments)]))
        said = capsys.readouterr()
        return code, said.out, said.err

    return entente


def test_import_and_what_became_of_it(entente, write, tmp_path):
    path = write(LOG)
    code, said, _ = entente("orders", path, "--currency", "EUR", "--json")
    answer = json.loads(said)
    assert (code, answer["rows_recorded"], answer["rows_refused"], answer["nothing_to_do"]) == (0, 1, 1, False)
    assert "Nothing to do" in entente("orders", path, "--currency", "EUR")[1]
    assert json.loads(entente("list", "--json")[1])["imports"][0]["id"] == answer["id"]
    assert "oops" in entente("refused", answer["id"])[1]
    assert entente("refused", answer["id"], "--out", tmp_path / "refused.csv")[0] == 0
    assert "oops" in (tmp_path / "refused.csv").read_text("utf-8-sig")
    assert json.loads(entente("revert", answer["id"], "--json")[1])["state"] == "reverted"
    assert not OrderLine.objects.exists()


def test_a_dry_run_writes_nothing(entente, write):
    code, said, _ = entente("orders", write(LOG), "--currency", "EUR", "--dry-run")
    assert code == 0
    assert "1 would be recorded" in said
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("text", "option", "answer"),
    [
        ("customer,date,amount\na,01/02/2024,1\n", "--dates", "d/m/y"),
        ("customer;date;amount\na;2024-01-01;1,234\n", "--decimal", ","),
        ("customer,date,amount\na,2024-01-01,$1\n", "--currency", "USD"),
        ("a;b,customer,date,amount;c\n1;2,a,2024-01-01,1;3\n", "--separator", ","),
    ],
)
def test_a_question_comes_with_the_option_that_answers_it(entente, write, text, option, answer):
    path = write(text)
    currency = () if option == "--currency" else ("--currency", "EUR")
    code, said, complained = entente("orders", path, *currency)
    assert (code, said) == (2, "")
    assert f"{option} {answer!r}" in complained
    assert json.loads(entente("orders", path, "--json", *currency)[1])["questions"][0]["option"] == option
    if option != "--separator":
        assert entente("orders", path, option, answer, *currency)[0] == 0


def test_a_file_that_is_not_there(entente, tmp_path):
    with pytest.raises(EntenteError, match="No such file"):
        entente("orders", tmp_path / "nothing.csv")
    with pytest.raises(EntenteError, match="entente import list"):
        entente("revert", 12345)


def test_stopped_by_hand_it_can_be_resumed(entente, write, monkeypatch):
    from entente.cli.terminal import Interrupted
    from entente.ledger import record

    def stop(*_):
        raise KeyboardInterrupt

    path = write(LOG)
    with monkeypatch.context() as patched:
        patched.setattr(record, "_record_chunk", stop)
        with pytest.raises(Interrupted, match="goes on from there"):
            entente("orders", path, "--currency", "EUR")
    assert Import.objects.get().state == "waiting"
    assert entente("orders", path, "--currency", "EUR")[0] == 0
    assert Import.objects.get().state == "done"
