"""Relations from a file: recorded once, refused with line and reason, ended by a later file, gone with their import."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from entente.__main__ import parser
from entente.customize.forget import forget_reverted
from entente.identify import relations_import
from entente.identify.bring_in import bring_in, dry_run
from entente.identify.match import match_new
from entente.identify.relations_import import NotRelations
from entente.identify.relations_models import Relation
from entente.ledger import record
from entente.ledger.mapping import WrongMapping, load
from entente.ledger.models import Import, Party
from entente.ledger.prepare import propose_mapping
from entente.ledger.pure.relations import RELATIONS
from entente.ledger.record import open_import
from entente.ledger.revert import revert_import
from entente.ledger.words import refusal
from tests.ledger_facts import Ledger, a_user, committed

__all__ = ["committed"]  # fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("committed")]

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HEAD = "Party,kind,other,from,to,amount,currency,percent,share_of\n"


@pytest.fixture
def ledger(committed: None) -> Ledger:
    made = Ledger()
    for key in ("D1", "R1", "R2", "R3", "P1"):
        made.party(key)
    match_new()
    return made


def brought(path: Path, *rows: str, head: str = HEAD, dates: str = "y-m-d") -> Import:
    path.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    mapping = propose_mapping(path, kind="relations").as_mapping(dates=dates)
    opened = open_import(path, mapping=mapping, source_name="shop", file_name=path.name, by=None)
    return bring_in(opened.pk)


@pytest.fixture
def file(tmp_path: Path, ledger: Ledger) -> Path:
    return tmp_path / "relations.csv"


def test_recorded_with_days_terms_and_where_from(file: Path):
    done = brought(file, "D1,distributes_to,R1,2024-01-01,,,,8,net revenue", "R1,group,R2,,,12.50,eur,,a month")
    assert (done.state, done.rows_read, done.rows_recorded, done.rows_refused) == ("done", 2, 2, 0)
    supply, group = Relation.objects.order_by("id")
    assert (supply.party.key, supply.other.key, supply.from_on, supply.to_on) == ("D1", "R1", date(2024, 1, 1), None)
    assert (str(supply.share), supply.share_of, supply.source.name) == ("0.080000", "net revenue", "shop")
    assert (str(group.amount), group.currency, group.import_run) == ("12.5000", "EUR", done)


def test_again_nothing_is_new_and_a_last_day_ends_it(file: Path):
    brought(file, "D1,distributes_to,R1,2024-01-01,,,,,", "R1,partner,R2,,,,,,")
    again = brought(file, "D1,distributes_to,R1,2024-01-01,2025-12-31,,,,", "R2,partner,R1,,,,,,")
    assert (again.rows_recorded, again.rows_known, again.rows_refused) == (1, 1, 0)
    assert Relation.objects.get(kind="distributes_to").to_on == date(2025, 12, 31)
    assert brought(file, "D1,distributes_to,R1,2026-01-01,,,,,").rows_recorded == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("D1,,R1,,,,,,", "empty"),
        ("D9,group,R1,,,,,,", "unknown_party"),
        ("D1,owns,R1,,,,,,", "unknown_relation"),
        ("D1,group,D1,,,,,,", "relates_to_itself"),
        ("D1,group,R3,31/13/2024,,,,,", "not_a_date"),
        ("D1,group,R3,2025-01-01,2024-01-01,,,,", "ends_before_it_begins"),
        ("D1,group,R3,,,five,EUR,,", "not_a_number"),
        ("D1,group,R3,,,NaN,EUR,,", "not_a_number"),
        ("D1,group,R3,,,1e30,EUR,,", "too_large"),
        ("D1,group,R3,,,-1,EUR,,", "below_zero"),
        ("D1,group,R3,,,5,,,", "impossible_terms"),
        ("D1,group,R3,,,,,101,", "impossible_terms"),
        (f"D1,group,R3,,,,,,{'x' * 121}", "too_long"),
        ("R2,group,R1,,,,,,", "above_itself"),
        ("R1,group,R2,2020-01-01,,,,,", "related_already"),
        ("D1,group,R3,,,5,12345,,", "unknown_currency"),
        ("D1,group", "too_few_fields"),
    ],
)
def test_what_cannot_be_is_refused_and_the_rest_recorded(file: Path, row: str, reason: str):
    done = brought(file, "R1,group,R2,,,,,,", row, "P1,household,R3,,,,,,")
    assert (done.rows_recorded, done.rows_refused, Relation.objects.count()) == (2, 1, 2)
    refused = done.refused.get()
    assert (refused.reason, refused.line) == (reason, 3)
    assert refusal(refused.reason, line=3, column=refused.column, value=refused.value).startswith("Line 3")


def test_a_circle_within_the_file_is_seen_and_one_of_other_days_is_none(file: Path):
    rows = (
        "R1,group,R2,2020-01-01,2020-12-31,,,,",
        "R2,household,R3,,,,,,",
        "R3,group,R1,2020-06-01,,,,,",
        "R3,group,R1,2021-01-01,,,,,",
    )
    done = brought(file, *rows)
    assert [row.line for row in done.refused.all()] == [4] and done.rows_recorded == 3


def test_tables_that_are_none_of_relations(file: Path):
    with pytest.raises(WrongMapping, match="lacks kind"):
        brought(file, "D1,R1", head="party,other\n")
    file.write_text(HEAD + "D1,group,R1,,,,,,\n")
    opened = open_import(file, mapping=load("relations"), source_name="elsewhere", file_name="x", by=None)
    with pytest.raises(NotRelations, match="elsewhere knows nobody"):
        bring_in(opened.pk)
    with pytest.raises(NotRelations, match="no source 'nowhere'"):
        dry_run(file, load("relations"), source_name="nowhere")
    assert not Relation.objects.exists()


def test_kinds_in_words_of_four_languages_and_columns_by_their_names(file: Path):
    rows = ("D1,beliefert,R1,31.01.2024,5", "R1,филиал,R2,,", "R2,معرفی شده توسط,R3,,")
    done = brought(file, *rows, head="Kundennummer,Beziehung,Anderer,Seit,Prozent\n", dates="")
    assert (done.rows_recorded, done.rows_refused) == (3, 0)
    assert sorted(Relation.objects.values_list("kind", flat=True)) == ["distributes_to", "group", "referred_by"]
    assert Relation.objects.get(kind="distributes_to").from_on == date(2024, 1, 31)


def test_a_dry_run_says_what_would_be_and_writes_nothing(file: Path):
    brought(file, "D1,distributes_to,R1,2024-01-01,,,,,", "R1,partner,R2,,,,,,")
    rows = (
        "D1,distributes_to,R1,2024-01-01,2025-12-31,,,,",
        "R2,partner,R1,,,,,,",
        "R1,group,R3,,,,,,",
        "R9,group,R3,,,,,,",
    )
    file.write_text(HEAD + "\n".join(rows) + "\n")
    found = dry_run(file, load("relations"), source_name="shop")
    assert found.counts == {"rows": 4, "facts": 2, "known": 1, "refused": 1, "new": 1, "changed": 1}
    assert found.reasons == {"unknown_party": 1} and found.first[0]["to"] == date(2025, 12, 31)
    assert (Relation.objects.count(), Relation.objects.filter(to_on__isnull=False).count()) == (2, 0)


def test_a_killed_import_goes_on_and_doubles_nothing(file: Path, monkeypatch: Any):
    monkeypatch.setattr(record, "CHUNK_ROWS", 1)
    whole, calls = relations_import.weigh, []

    def dying(*args: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(*args, **named)

    monkeypatch.setattr(relations_import, "weigh", dying)
    rows = ("R1,group,R2,,,,,,", "R2,group,R3,,,,,,", "R3,group,R1,,,,,,")
    with pytest.raises(KeyboardInterrupt):
        brought(file, *rows)
    done = brought(file, *rows)
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (3, 2, 1)
    assert done.refused.get().reason == "above_itself" and Relation.objects.count() == 2


def test_every_kind_of_relation_can_be_said():
    assert set(RELATIONS.of_name["kind"].words) == set(Relation.Kind.values)


def test_taken_back_they_are_gone_and_can_come_again(file: Path):
    row = "D1,distributes_to,R1,,,,,,"
    done = brought(file, row)
    revert_import(done.pk, by=a_user(), at=NOW)
    forget_reverted()
    assert not Relation.objects.exists() and Party.objects.count() == 5
    assert brought(file, row).rows_recorded == 1


def test_the_command(file: Path, capsys: pytest.CaptureFixture[str]):
    file.write_text(HEAD + "D1,employs,P1,,,,,,\n", encoding="utf-8")
    args = parser().parse_args(["import", "relations", str(file), "--source", "shop"])
    assert args.run(args) == 0 and "1 rows read, 1 recorded" in capsys.readouterr().out
