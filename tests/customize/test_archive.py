"""Everything about one person, to read and for machines; on the command line as on the page."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from entente.__main__ import main
from entente.customize.archive import write_archive
from entente.customize.person import TABLES
from entente.interact.allow import check_customer
from entente.ledger.models import Archive, Erasure, Import, Party
from entente.ledger.retention import ImpossibleRetention, kept_until, retention, set_retention
from entente.ledger.revert import revert_import
from tests.erasure_facts import CANARIES, NOW, TODAY, Tale, found_in_database, tell
from tests.ledger_facts import committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_home")]


@pytest.fixture
def tale(committed: None, tmp_path: Path) -> Tale:
    return tell(tmp_path)


def run(*arguments: str) -> int:
    """The command line, on the database of the tests."""
    from entente.__main__ import parser

    args = parser().parse_args(arguments)
    return int(args.run(args) or 0)


def test_all_that_is_known_of_her_is_in_it_and_nothing_of_him(tale: Tale):
    file = io.BytesIO()
    write_archive(tale.khalida.pk, file, by=tale.anna, at=NOW, today=TODAY)
    archive = zipfile.ZipFile(file)
    page, data = archive.read("index.html").decode(), archive.read("data.json").decode()
    for word in set(CANARIES) - {"1958-03-27"}:
        assert word in data, word
        assert word in page, word
    assert "1958-03-27" in data and "March 27, 1958" in page
    for word in ("Norbert", "nn-1", "norbert@nachbar.example"):
        assert word not in data and word not in page
    tables = json.loads(data)
    assert set(tables) == {held.model._meta.db_table for held in TABLES if held.of is not None}
    assert all(tables.values())


def test_the_page_needs_nothing_but_itself(tale: Tale):
    file = io.BytesIO()
    write_archive(tale.khalida.pk, file, by=None, at=NOW, today=TODAY)
    page = zipfile.ZipFile(file).read("index.html").decode()
    assert not re.search(r"(src|href)=|<script|@import|url\(", page)
    assert "until Dec. 31, 2036" in page


def test_who_took_it_out_is_on_record_and_stays(tale: Tale, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    target = tmp_path / "khalida.zip"
    assert run("person", "export", str(tale.khalida.pk), "--to", str(target)) == 0
    assert Archive.objects.get().rows["ledger_party"] == 2 and target.stat().st_mode & 0o77 == 0
    assert run("person", "erase", str(tale.khalida.pk), "--because", "She asked.", "--yes", "--json") == 0
    said = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    assert said["kept"]["invoices"] == [1, "2036-12-31"]
    assert Archive.objects.count() == 1 and found_in_database(CANARIES) == {}
    assert found_in_database(("She asked.",)) == {"She asked.": ["ledger_erasure"]}


def test_an_archive_never_takes_the_place_of_a_file(tale: Tale, tmp_path: Path):
    target = tmp_path / "khalida.zip"
    target.write_text("mine")
    with pytest.raises(Exception, match="not there yet"):
        run("person", "export", str(tale.khalida.pk), "--to", str(target))
    assert target.read_text() == "mine"
    gone = tmp_path / "nobody.zip"
    with pytest.raises(Exception, match="no customer number"):
        run("person", "export", "999999999", "--to", str(gone))
    assert not gone.exists() and not Archive.objects.exists()


def test_without_yes_it_says_what_would_happen(tale: Tale, capsys: pytest.CaptureFixture[str]):
    assert run("person", "erase", str(tale.khalida.pk)) == 0
    said = capsys.readouterr().out
    assert "Nothing was changed" in said and "Kept by law, without the person: 2 orders until 2036-12-31" in said
    assert not Erasure.objects.exists()


def test_the_command_knows_its_arguments():
    with pytest.raises(SystemExit):
        main(["person", "export", "1"])


def test_nobody_contacts_who_was_erased(tale: Tale):
    run("person", "erase", str(tale.khalida.pk), "--because", "She asked.", "--yes")
    tale.khalida.refresh_from_db()
    for purpose in ("marketing", "relationship", "service"):
        answer = check_customer(tale.khalida, channel="phone", purpose=purpose, at=NOW)
        assert not answer.allowed_now and answer.verdict == "DROP"


def test_an_import_taken_back_does_not_bring_old_words_back(tale: Tale):
    run("person", "erase", str(tale.khalida.pk), "--because", "She asked.", "--yes")
    for imported in Import.objects.order_by("-id"):
        revert_import(imported.pk, by=None, at=NOW)
    assert found_in_database(CANARIES) == {}
    assert not Party.objects.exclude(name="").filter(erased_at__isnull=False).exists()


def test_years_of_retention_are_the_firms(tale: Tale):
    assert set(retention().values()) == {10} and kept_until(TODAY, 6).isoformat() == "2032-12-31"
    set_retention({"orders": 0, "invoices": 6}, by=None)
    run("person", "erase", str(tale.khalida.pk), "--because", "She asked.", "--yes")
    kept = Erasure.objects.get().kept
    assert "orders" not in kept and kept["invoices"] == [1, "2032-12-31"]
    for wrong in ({"orders": -1}, {"contacts": 3}, {"orders": 1000}):
        with pytest.raises(ImpossibleRetention):
            set_retention(wrong, by=None)
