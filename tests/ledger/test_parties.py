"""Parties from a file: every row a version or a refused row, the newest word on the party, and the way back."""

import json
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.identify.match import match_new, refresh
from entente.identify.models import Customer
from entente.ledger import record
from entente.ledger.dry_run import dry_run
from entente.ledger.mapping import WrongMapping, from_json, load
from entente.ledger.models import Import, Interaction, Party, PartyVersion, RefusedRow, Source
from entente.ledger.prepare import OpenQuestions, propose_mapping
from entente.ledger.record import open_import, run_import
from entente.ledger.revert import revert_import
from tests.ledger.conftest import LOG, bring, mapping

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2024, 6, 1, tzinfo=UTC)
HEADING = "no,who,mail,town\n"
TWO = HEADING + "1,Ada,ada@example.com,Ulm\n2,Bob,,Bonn\n"


def people(**more: Any) -> Any:
    columns = {"key": "no", "name": "who", "email": "mail", "city": "town"}
    return from_json({"kind": "parties", **more, "columns": {**columns, **more.get("columns", {})}})


def standing() -> dict[str, tuple[Any, ...]]:
    """Everything on the parties that an import writes."""
    fields = [each.name for each in Party._meta.concrete_fields if each.name not in ("id", "recorded_at", "import_run")]
    return {party.key: tuple(getattr(party, name) for name in fields) for party in Party.objects.all()}


def back(imported: Import) -> None:
    revert_import(imported.pk, by=None, at=NOW)


def test_every_field_finds_its_place(write):
    text = (
        "key,kind,given_name,family_name,segment,email,phone,address,house_number,postcode,city,subdivision,country,language,zone,"
        "birth_date,tax_id,known_on\n"
        "7,Privatkunde,Jürgen,Müller,trade,J@Example.COM,030 901820,Lindenstr.,12a,10115,Berlin,DE-BE,Deutschland,German,europe/berlin,"
        "1970-02-28,DE 123,2020-05-01\n"
    )
    done = bring(write(text), load("parties"))
    assert (done.kind, done.state, done.rows_recorded, done.notes) == ("parties", "done", 1, [])
    party = Party.objects.get()
    assert (party.kind, party.name, party.given_name, party.family_name) == (
        "person",
        "Jürgen Müller",
        "Jürgen",
        "Müller",
    )
    assert (party.email, party.phone, party.phone_e164) == ("j@example.com", "030 901820", "+4930901820")
    assert (party.address, party.house_number, party.postcode, party.city) == ("Lindenstr.", "12a", "10115", "Berlin")
    assert (party.subdivision, party.country, party.language, party.zone) == ("BE", "DE", "de", "Europe/Berlin")
    assert (party.born_on, party.known_on, party.tax_id) == (date(1970, 2, 28), date(2020, 5, 1), "DE 123")
    version = PartyVersion.objects.get()
    assert version.fields["born_on"] == "1970-02-28"
    assert version.written["country"] == "Deutschland"
    assert version.written["email"] == "J@Example.COM"
    assert "city" not in version.written


def test_further_numbers_constants_and_columns_that_are_only_kept(write):
    read = people(
        identifiers={"card": "Card", "old no": "Old"}, attributes=["*"], constants={"country": "DE", "kind": "person"}
    )
    bring(write('no,who,mail,town,Card,Old,Hobby,Note\n1,Ada,,,C7,,"chess, ""fast"" \\ slow",\n'), read)
    party = Party.objects.get()
    assert party.identifiers == {"card": "C7"}
    assert party.attributes == {"Hobby": 'chess, "fast" \\ slow'}
    assert (party.country, party.kind) == ("DE", "person")
    assert PartyVersion.objects.get().fields["identifiers"] == {"card": "C7", "old no": None}


def test_an_update_shows_and_every_version_stays(write):
    first = bring(write(TWO), people())
    later = bring(write(TWO.replace("Ulm", "Rom"), "later.csv"), people())
    assert (later.rows_recorded, later.rows_known) == (1, 1)
    ada = Party.objects.get(key="1")
    assert (ada.city, ada.import_run_id) == ("Rom", first.pk)
    cities = list(ada.versions.order_by("id").values_list("import_run", "fields__city"))
    assert cities == [(first.pk, "Ulm"), (later.pk, "Rom")]


def test_an_empty_cell_takes_away_and_a_column_that_is_not_there_does_not(write):
    bring(write(TWO), people())
    bring(write("no,mail\n1,\n", "less.csv"), from_json({"kind": "parties", "columns": {"key": "no", "email": "mail"}}))
    ada = Party.objects.get(key="1")
    assert (ada.email, ada.name, ada.city) == ("", "Ada", "Ulm")


def test_the_same_file_twice_changes_nothing(write):
    path = write(TWO)
    first = bring(path, people())
    before = standing()
    assert bring(path, people()).pk == first.pk
    packed = bring(write(TWO, "again.csv.gz"), people())
    assert (packed.rows_recorded, packed.rows_known) == (0, 2)
    assert standing() == before
    assert PartyVersion.objects.count() == 2


def test_what_changed_and_changed_back_is_said_three_times(write):
    path = write(TWO)
    bring(path, people())
    bring(write(TWO.replace("Ulm", "Rom"), "later.csv"), people())
    third = bring(path, people())
    assert (third.rows_recorded, third.rows_known) == (1, 1)
    assert Party.objects.get(key="1").city == "Ulm"
    assert PartyVersion.objects.filter(party__key="1").count() == 3


def test_several_rows_about_one_party_are_versions_in_their_order(write, monkeypatch):
    text = HEADING + "1,Ada,,Ulm\n1,Ada,,Rom\n2,Bob,,\n1,Ada,,Rom\n1,Ada,,Oslo\n"
    done = bring(write(text), people())
    assert (done.rows_recorded, done.rows_known) == (4, 1)
    assert Party.objects.get(key="1").city == "Oslo"
    assert {"code": "same_key_again", "count": 2} in done.notes
    again = bring(write(text, "again.csv.gz"), people())
    assert (again.rows_recorded, again.rows_known) == (0, 5)
    back(done)
    monkeypatch.setattr(record, "CHUNK_ROWS", 2)
    small = bring(write(text, "small.csv"), people())
    assert list(
        PartyVersion.objects.filter(import_run=small, party__key="1").order_by("id").values_list("line", flat=True)
    ) == [2, 3, 6]


def test_refused_rows_say_line_column_and_reason(write):
    text = (
        "no,who,born,card\n"
        ",Ada,1970-01-01,\n"
        f"{'k' * 121},Ada,1970-01-01,\n"
        "3,Ada,1970-02-30,\n"
        "4,Ada,2099-01-01,\n"
        "5,A\x00da,1970-01-01,\n"
        f"6,Ada,1970-01-01,{'c' * 121}\n"
        "7,Ada\n"
        "8,Ada,,x\n"
        "9,Ada,1970-01-01,x,y\n"
    )
    read = from_json(
        {
            "kind": "parties",
            "columns": {"key": "no", "name": "who", "birth_date": "born"},
            "identifiers": {"card": "card"},
        }
    )
    done = bring(write(text), read)
    assert list(RefusedRow.objects.order_by("line").values_list("line", "column", "reason")) == [
        (2, "no", "empty"), (3, "no", "too_long"), (4, "born", "not_a_date"), (5, "born", "in_the_future"), (6, "who", "nul_character"),
        (7, "card", "too_long"), (8, "", "too_few_fields"), (10, "", "too_many_fields"),
    ]  # fmt: skip
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (9, 1, 8)
    assert Party.objects.get().key == "8"


def test_dates_are_asked_about_and_a_year_of_two_digits_is_never_completed(write):
    read = {"kind": "parties", "columns": {"key": "no", "birth_date": "born"}}
    path = write("no,born\n1,03/04/1970\n2,05/06/1971\n")
    with pytest.raises(OpenQuestions) as asked:
        bring(path, from_json(read))
    assert [question.option for question in asked.value.questions] == ["--dates"]
    bring(path, from_json({**read, "read": {"dates": "d/m/y"}}))
    assert Party.objects.get(key="1").born_on == date(1970, 4, 3)
    bring(write("no,born\n3,13/04/15\n4,۱۳۴۹/۱/۱\n", "short.csv"), from_json({**read, "read": {"dates": "d/m/y"}}))
    assert list(RefusedRow.objects.values_list("line", "reason")) == [(2, "two_digit_year"), (3, "not_a_date")]


def test_unreadable_days_may_be_left_empty_where_the_mapping_says_so(write):
    read = {"kind": "parties", "columns": {"key": "no", "birth_date": "born"}, "lenient": ["birth_date"]}
    done = bring(write("no,born\n1,19450917\n2,19451399\n"), from_json(read))
    assert (done.rows_recorded, done.rows_refused) == (2, 0)
    assert {party.key: party.born_on for party in Party.objects.all()} == {"1": date(1945, 9, 17), "2": None}
    assert PartyVersion.objects.get(party__key="2").written == {"birth_date": "19451399"}
    assert {"code": "left_empty", "column": "born", "count": 1, "examples": "19451399"} in done.notes


def test_words_that_are_not_understood_are_left_empty_and_told_of(write):
    text = "no,land,tongue,zone,kind,part\n1,Atlantis,Dothrakisch,Mars/North,robot,Neufundland\n2,,,,,\n"
    columns = {
        "key": "no",
        "country": "land",
        "language": "tongue",
        "zone": "zone",
        "kind": "kind",
        "subdivision": "part",
    }
    done = bring(write(text), from_json({"kind": "parties", "columns": columns}))
    party = Party.objects.get(key="1")
    assert (party.country, party.language, party.zone, party.kind, party.subdivision) == ("", "", "", "unknown", "")
    assert {note["column"] for note in done.notes if note["code"] == "left_empty"} == {
        "land",
        "tongue",
        "zone",
        "kind",
        "part",
    }
    again = bring(
        write(text.replace("Atlantis", "Avalon"), "other.csv"), from_json({"kind": "parties", "columns": columns})
    )
    assert again.rows_recorded == 1


def test_parquet_and_workbooks(tmp_path):
    rows = [(1001, "Ada", datetime(1970, 2, 28)), (1002, None, None)]
    pq.write_table(
        pa.table(
            {
                "no": [row[0] for row in rows],
                "who": [row[1] for row in rows],
                "born": pa.array([row[2] for row in rows], pa.timestamp("ns")),
            }
        ),
        tmp_path / "people.parquet",
    )
    book = openpyxl.Workbook()
    for row in (("no", "who", "born"), *rows):
        book.active.append(row)
    book.save(tmp_path / "people.xlsx")
    read = from_json({"kind": "parties", "columns": {"key": "no", "name": "who", "birth_date": "born"}})
    for name in ("people.parquet", "people.xlsx"):
        bring(tmp_path / name, read, name)
        assert list(Party.objects.filter(source__name=name).order_by("key").values_list("key", "name", "born_on")) == [
            ("1001", "Ada", date(1970, 2, 28)), ("1002", "", None)
        ]  # fmt: skip


def test_a_changed_layout_is_explained(write):
    bring(write(TWO), people())
    with pytest.raises(WrongMapping) as raised:
        bring(write("no,who,E-Mail,town\n1,Ada,a@example.com,Ulm\n", "new.csv"), people())
    assert "columns.email is 'mail'" in str(raised.value)
    assert "does not know: E-Mail" in str(raised.value)
    assert "write its new name into the mapping" in str(raised.value)
    more = bring(write("no,who,mail,town,card\n1,Ada,a@example.com,Ulm,7\n", "more.csv"), people())
    assert {"code": "layout_changed", "new": "card", "gone": "–"} in more.notes
    assert {"code": "columns_left_out", "columns": "card"} in more.notes


def test_taken_back_the_version_before_it_holds_again(write):
    cards = {"identifiers": {"card": "card"}, "attributes": ["hobby"]}
    first = bring(write("no,who,mail,town,card,hobby\n1,Ada,a@example.com,Ulm,C1,chess\n", "1.csv"), people(**cards))
    before = standing()
    second = bring(write("no,who,mail,town,card,hobby\n1,Ada L,,Rom,,go\n2,Bob,,,C2,\n", "2.csv"), people(**cards))
    third = bring(write("no,who,mail,town,card,hobby\n1,Ada L,,Oslo,,go\n", "3.csv"), people(**cards))
    back(second)
    assert standing().keys() == {"1"}
    assert Party.objects.get().city == "Oslo"
    back(third)
    assert standing() == before
    assert PartyVersion.objects.count() == 1
    back(first)
    assert not Party.objects.exists()
    assert not PartyVersion.objects.exists()


def test_what_orders_had_said_comes_back(write):
    columns = {"customer_name": "name", "city": "city"}
    orders = bring(
        write("customer,date,amount,name,city\n1,2024-01-01,5,Ada,Ulm\n", "orders.csv"), mapping(LOG, columns)
    )
    before = standing()
    said = bring(write(HEADING + "1,,ada@example.com,Rom\n2,Bob,,\n"), people())
    assert (Party.objects.get(key="1").name, Party.objects.get(key="1").city) == ("", "Rom")
    back(said)
    assert standing() == before
    assert not PartyVersion.objects.exists()
    said = bring(write(HEADING + "1,,ada@example.com,Rom\n2,Bob,,\n"), people())
    back(orders)
    assert Party.objects.get(key="1").city == "Rom"
    back(said)
    assert not Party.objects.exists()


def test_a_party_that_was_ordered_for_or_talked_with_stays_without_what_was_said(write):
    said = bring(write(TWO), people())
    bring(write("customer,date,amount\n1,2024-01-01,5\n", "orders.csv"), mapping(LOG))
    bob = Party.objects.get(key="2")
    Interaction.objects.create(party=bob, kind="call", channel="phone", is_outgoing=False, at=NOW)
    back(said)
    assert {party.key: (party.name, party.city, party.email) for party in Party.objects.all()} == {
        "1": ("", "", ""),
        "2": ("", "", ""),
    }


def test_what_stood_there_by_hand_is_not_taken_along(write):
    source = Source.objects.create(name="shop")
    Party.objects.create(source=source, key="1", name="Ada", attributes={"since": 1999}, identifiers={"card": "C1"})
    before = standing()
    back(bring(write(TWO), people()))
    assert standing() == before


def test_customers_follow(write):
    first = bring(write(TWO), people())
    match_new()
    later = bring(write(TWO.replace("Ada", "Ada L"), "later.csv"), people())
    assert match_new() == 0
    assert set(Customer.objects.values_list("name", flat=True)) == {"Ada L", "Bob"}
    back(later)
    refresh()
    assert set(Customer.objects.values_list("name", flat=True)) == {"Ada", "Bob"}
    back(first)
    assert not Party.objects.exists()


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_an_interrupted_import_goes_on_and_doubles_nothing(write, monkeypatch, fails_at):
    text = HEADING + "".join(f"{n % 7},N{n},,Town\n" for n in range(11)) + ",x,,\n"
    undisturbed = bring(write(text), people())
    expected, versions = standing(), list(PartyVersion.objects.order_by("id").values_list("line", "fields"))
    back(undisturbed)
    monkeypatch.setattr(record, "CHUNK_ROWS", 4)
    opened = open_import(write(text), mapping=people(), source_name="shop", file_name="x", by=None)
    whole, calls = record.record_refused, []

    def fails_once(*args):
        calls.append(1)
        if len(calls) == fails_at:
            raise RuntimeError("disk full")
        whole(*args)

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(record, "record_refused", fails_once)
        run_import(opened.pk)
    done = run_import(opened.pk)
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (12, 11, 1)
    assert standing() == expected
    assert list(PartyVersion.objects.order_by("id").values_list("line", "fields")) == versions


def test_a_dry_run_says_what_would_happen_and_writes_nothing(write):
    bring(write(TWO), people())
    text = HEADING + "1,Ada,ada@example.com,Rom\n2,Bob,,Bonn\n3,Eve,,\n,x,,\n"
    found = dry_run(write(text, "next.csv"), people(), source_name="shop")
    assert found.counts == {"rows": 4, "facts": 2, "known": 1, "refused": 1, "new": 1, "changed": 1}
    assert (found.first[0]["key"], found.first[0]["city"]) == ("1", "Rom")
    assert (found.refused[0]["line"], found.refused[0]["reason"]) == (5, "empty")
    assert (Party.objects.count(), PartyVersion.objects.count(), Import.objects.count()) == (2, 2, 1)
    assert dry_run(write(text, "next.csv"), people(), source_name="elsewhere").counts["new"] == 3
    assert not Source.objects.filter(name="elsewhere").exists()


def test_columns_are_known_by_their_names(write):
    text = "Kunden-Nr,Vorname,Nachname,Geburtsdatum,PLZ,Ort,Telefon,Farbe\n1,Ada,L,1970-01-01,89073,Ulm,0731 1,rot\n"
    proposal = propose_mapping(write(text), kind="parties")
    assert proposal.columns == {
        "key": "Kunden-Nr", "given_name": "Vorname", "family_name": "Nachname", "birth_date": "Geburtsdatum", "postcode": "PLZ",
        "city": "Ort", "phone": "Telefon",
    }  # fmt: skip
    assert bring(write(text), proposal.as_mapping()).rows_recorded == 1
    assert propose_mapping(write("a,b\n1,2\n"), kind="parties").missing == ["key"]


def test_a_new_source_takes_its_rank_and_keeps_it(write):
    for rank in (10, 50):
        opened = open_import(write(TWO), mapping=people(), source_name="erp", file_name="x", by=None, rank=rank)
    assert opened.source.rank == 10


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"columns": {"name": "who"}}, "lacks key"), ({"columns": {"key": "no", "amount": "a"}}, r"columns\.amount is not a field"),
        ({"kind": "people"}, "kind has to be one of"), ({"identifiers": ["card"]}, "identifiers has to be an object"),
        ({"identifiers": {"card": 0}}, r"identifiers\.card"), ({"attributes": "*"}, "attributes has to be a list"),
        ({"optional": ["nme"]}, "optional holds 'nme'"), ({"lenient": ["email"]}, "lenient holds 'email'"),
        ({"constants": {"key": "1"}}, r"constants\.key"), ({"constants": {"country": 1}}, r"constants\.country"),
    ],
)  # fmt: skip
def test_a_mapping_says_where_it_is_wrong(change, where):
    with pytest.raises(WrongMapping, match=where):
        from_json({"kind": "parties", "columns": {"key": "no"}, **change})


def test_orders_have_no_further_numbers():
    with pytest.raises(WrongMapping, match="for parties only"):
        from_json({**LOG, "identifiers": {"card": "card"}})


def test_a_mapping_survives_being_written():
    read = people(
        identifiers={"card": "C"},
        attributes=["x", 7],
        constants={"kind": "person"},
        optional=["name", "identifiers.card"],
        lenient=["birth_date"],
    )
    assert from_json(json.loads(json.dumps(read.as_json()))) == read


WORDS = st.sampled_from(["", "a", "B", "ب\u200c", "a\u2028b", "=x", "\\N", "\\", "a\tb", '"', "{}", "\x1f", "null"])


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["1", "2", "\\N", ""]), WORDS, WORDS, st.sampled_from(["1970-01-01", "", "x"])),
        max_size=10,
    )
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_a_version_or_known_or_refused_and_a_second_time_nothing_is_new(tmp_path, rows):
    """Whatever the rows are; the second file is the same table packed otherwise."""
    PartyVersion.objects.all().delete()
    Party.objects.all().delete()
    RefusedRow.objects.all().delete()
    read = from_json(
        {
            "kind": "parties",
            "columns": {"key": "no", "name": "who", "birth_date": "born"},
            "attributes": ["note"],
            "read": {"dates": "y-m-d"},
        }
    )
    table = pa.table(
        {
            name: pa.array([row[at] for row in rows], pa.string())
            for at, name in enumerate(("no", "who", "note", "born"))
        }
    )
    path = tmp_path / "people.parquet"
    results = []
    for packed in ("snappy", "none"):
        pq.write_table(table, path, compression=packed)
        Import.objects.all().update(sha256="")
        results.append(bring(path, read))
    first, second = results
    for done in results:
        assert done.rows_read == done.rows_recorded + done.rows_known + done.rows_refused == len(rows)
    assert first.rows_recorded == PartyVersion.objects.count()
    assert (second.rows_recorded, second.rows_known) == (0, first.rows_recorded + first.rows_known)
