"""entente import, as an operator meets it."""

import argparse
import json

import pytest

from entente.cli import import_facts
from entente.ledger.models import Import, OrderLine
from entente.lib.errors import EntenteError

pytestmark = pytest.mark.django_db(transaction=True)

LOG = "customer,date,amount\na,2024-01-01,10\nb,2024-01-02,oops\n"


@pytest.fixture
def entente(capsys):
    parser = argparse.ArgumentParser()
    import_facts.register(parser.add_subparsers())

    def entente(*arguments):
        code = import_facts.run(parser.parse_args(["import", *map(str, arguments)]))
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


def test_parties_and_what_became_of_them(entente, write):
    from entente.identify.models import Customer
    from entente.ledger.models import Party, Source

    path = write("key,name,birth_date\n1,Ada,1970-02-28\n2,Bob,never\n")
    code, said, _ = entente("parties", path, "--map", "parties", "--source", "erp", "--rank", "7", "--dry-run")
    assert (code, Import.objects.count()) == (0, 0)
    assert "1 new parties, 0 changed." in said
    assert "birth_date is no date" in said
    code, said, _ = entente("parties", path, "--map", "parties", "--source", "erp", "--rank", "7", "--json")
    answer = json.loads(said)
    assert (code, answer["kind"], answer["rows_recorded"], answer["rows_refused"]) == (0, "parties", 1, 1)
    assert (Source.objects.get().name, Source.objects.get().rank) == ("erp", 7)
    assert [customer.name for customer in Customer.objects.all()] == ["Ada"]
    assert "Nothing to do" in entente("parties", path, "--map", "parties", "--source", "erp")[1]
    later = write("key,name\n1,Ada L\n", "later.csv")
    number = json.loads(entente("parties", later, "--source", "erp", "--json")[1])["id"]
    assert [customer.name for customer in Customer.objects.all()] == ["Ada L"]
    assert "erp: later.csv" in entente("list")[1]
    assert entente("revert", number)[0] == 0
    assert [customer.name for customer in Customer.objects.all()] == ["Ada"]
    assert entente("revert", answer["id"])[0] == 0
    assert not Party.objects.exists()
    assert not Customer.objects.exists()


def test_parties_with_the_mapping_of_orders(entente, write):
    with pytest.raises(EntenteError, match="entente import orders FILE"):
        entente("parties", write(LOG), "--map", "purchase-log")
    with pytest.raises(EntenteError, match="lacks key"):
        entente("parties", write("a,b\n1,2\n"))


def test_what_parties_leave_open_is_asked(entente, write):
    path = write("key,birth date\n1,03/04/1970\n")
    code, said, complained = entente("parties", path)
    assert (code, said) == (2, "")
    assert "--dates 'd/m/y'" in complained
    assert entente("parties", path, "--dates", "d/m/y")[0] == 0


@pytest.mark.parametrize(
    ("kind", "text", "options"),
    [
        ("invoices", "number,issued_on,amount\nR1,2024-01-10,5\nR2,never,5\n", ["--currency", "EUR"]),
        ("payments", "paid_on,amount\n2024-01-10,5\nnever,5\n", ["--currency", "EUR"]),
        ("deliveries", "number,shipped_on\nD1,2024-01-10\nD2,never\n", []),
        ("interactions", "customer,at,kind,direction\na,2024-01-10 10:00,call,in\na,never,call,in\n", []),
    ],
)
def test_dealings_tried_imported_listed_and_taken_back(entente, write, kind, text, options):
    path = write(text)
    code, said, _ = entente(kind, path, *options, "--dates", "y-m-d", "--dry-run")
    assert (code, f"1 new {kind}, 0 changed." in said, Import.objects.exists()) == (0, True, False)
    answer = json.loads(entente(kind, path, *options, "--dates", "y-m-d", "--map", kind, "--json")[1])
    assert (answer["kind"], answer["rows_recorded"], answer["rows_refused"]) == (kind, 1, 1)
    assert kind in entente("list")[1]
    more = write(text.replace("R1", "R3").replace("2024-01-10", "2024-01-12"), "more.csv")
    assert json.loads(entente(kind, more, "--map", answer["id"], "--json")[1])["rows_recorded"] == 1
    assert json.loads(entente("revert", answer["id"], "--json")[1])["state"] == "reverted"


def test_the_way_of_another_kind_is_not_taken(entente, write):
    answer = json.loads(entente("orders", write(LOG), "--currency", "EUR", "--json")[1])
    with pytest.raises(EntenteError, match="no such map"):
        entente("payments", write("paid_on,amount\n2024-01-10,5\n", "p.csv"), "--map", answer["id"])
