"""The index: what it holds, that live and batch weigh alike, and that it follows the records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pytest
from django.db import connection

from bench.made.people import people
from entente.identify.index import mark_crowded, not_indexed, read_digests, update_index, write_index
from entente.identify.index_models import HeldByMany, Reading
from entente.identify.lookup import COUNTED, NAMES, Row, ask, held_by, weigh, weigh_one
from entente.identify.pure.coded import Coded, coded
from entente.identify.pure.comparisons import with_addresses
from entente.identify.pure.linkage import link
from entente.identify.pure.live import value_keys, values_of_one
from entente.identify.pure.weights import evidence
from entente.identify.records import Records
from entente.ledger.holding import let_go
from entente.ledger.models import Party
from tests.ledger_facts import Ledger

pytestmark = pytest.mark.django_db


def made(count: int, seed: int = 3) -> list[Party]:
    """Made-up people, as one source wrote them."""
    rows = people(count, seed=seed)
    source = Ledger("made up").source
    return Party.objects.bulk_create(
        Party(
            source=source, key=f"M{k}", kind="person", given_name=rows["given_name"][k], family_name=rows["family_name"][k],
            name=f"{rows['given_name'][k]} {rows['family_name'][k]}".strip(), born_on=rows["birth_date"][k] or None,
            address=rows["street"][k], house_number=rows["house_number"][k], postcode=rows["postcode"][k], city=rows["city"][k],
            country=rows["country"][k], email=rows["email"][k], phone=rows["phone"][k],
        )
        for k in range(count)
    )  # fmt: skip


def written(parties: list[Party]) -> dict[str, Records]:
    """The index of all of them, written whole."""
    records = update_index([party.pk for party in parties])
    Reading.objects.all().delete()
    write_index(records)
    return records


def texts_of(columns: Mapping[str, Coded], row: int) -> tuple[str, ...]:
    """What was read of one record, as in NAMES."""
    found = (columns.get(name) for name in NAMES)
    return tuple("" if column is None or column.code[row] < 0 else column.values[column.code[row]] for column in found)


def test_a_pair_weighs_live_what_it_weighs_among_all():
    records = written(made(1500))["person"]
    found = link(records.readings.columns, records.fields, records.rules, np.random.default_rng(0))
    some = np.linspace(0, len(found.blocked.left) - 1, 400).astype(int)
    left, right = found.blocked.left[some], found.blocked.right[some]
    assert len(np.unique(found.levels[some], axis=0)) > 50
    texts = [texts_of(records.readings.columns, row) for row in range(len(records))]
    live = weigh("person", found.weights, texts, left, right)
    assert np.array_equal(live.levels, found.levels[some])
    assert live.judged.weight == pytest.approx(found.judged.weight[some], abs=1e-9)


def test_a_question_about_one_weighs_it_as_among_all():
    parties = made(900)
    records = written(parties)["person"]
    columns = records.readings.columns
    found = link(columns, records.fields, records.rules, np.random.default_rng(0))
    left, right = found.blocked.left, found.blocked.right
    asked = np.unique(right)[::12].tolist()
    assert len(asked) > 40
    for one in asked:
        said = dict(zip(NAMES, texts_of(columns, one), strict=True))
        values = values_of_one("person", COUNTED["person"], said)
        known = dict.fromkeys(values.values(), 0) | held_by(values.values())
        pairs = np.flatnonzero(right == one)
        rows = [Row(0, "person", texts_of(columns, row)) for row in left[pairs].tolist()]
        levels, weight, bits = weigh_one("person", found.weights, said, rows, values, known)
        assert np.array_equal(levels, found.levels[pairs])
        assert weight == pytest.approx(found.judged.weight[pairs], abs=1e-9)
        with_places = with_addresses(columns)
        assert bits == pytest.approx(evidence(found.weights, with_places, levels, left[pairs]), abs=1e-9)


def test_what_the_keys_of_all_bring_together_the_index_finds_one_by_one():
    parties = made(800)
    records = written(parties)["person"]
    found = link(records.readings.columns, records.fields, records.rules, np.random.default_rng(0))
    likely = np.flatnonzero(found.judged.same > 0.5)
    assert len(likely) > 50
    for pair in likely.tolist():
        mine, other = (int(records.parties[side[pair]]) for side in (found.blocked.left, found.blocked.right))
        keys = Reading.objects.get(pk=mine).keys
        assert other in {row.party for row in ask(keys, []).rows}


def test_a_row_goes_with_its_party():
    parties = made(20)
    written(parties)
    assert Reading.objects.count() == 20
    assert let_go(Party, [parties[0].pk]) == [parties[0].pk]
    parties[1].delete()
    assert Reading.objects.count() == 18


def test_the_table_is_as_the_migrations_made_it_however_often_it_is_written():
    def shape() -> list[tuple[str, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN "
                "('identify_reading'::regclass, 'identify_heldbymany'::regclass) AND contype IN ('p', 'f') UNION "
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('identify_reading', 'identify_heldbymany') ORDER BY 1"
            )
            return cursor.fetchall()

    before = shape()
    parties = made(5)
    written(parties)
    written(parties)
    assert shape() == before
    assert len(before) >= 5


def test_who_came_and_who_changed_is_known():
    parties = made(10)
    digests = read_digests()
    Party.objects.filter(pk=parties[3].pk).update(city="Elsewhere")
    write_index(update_index([party.pk for party in parties]), digests)
    assert not_indexed(100) == [parties[3].pk]
    update_index([parties[3].pk])
    assert not_indexed(100) == []
    assert Reading.objects.get(pk=parties[3].pk).city == "elsewhere"
    newer = Ledger("other").party("new")
    assert not_indexed(100) == [newer.pk]


def test_who_was_erased_is_not_read_and_not_waited_for():
    parties = made(3)
    written(parties)
    Party.objects.filter(pk=parties[0].pk).update(erased_at=datetime(2026, 11, 20, tzinfo=UTC), name="", email="")
    assert not_indexed(100) == []
    assert update_index([parties[0].pk, parties[1].pk])["person"].parties.tolist() == [parties[1].pk]
    assert not Reading.objects.filter(pk=parties[0].pk).exists()


def test_of_whom_nothing_was_written_the_number_is_none():
    parties = made(2)
    digests = read_digests()
    asked = np.array([0, parties[1].pk, parties[1].pk + 1, parties[0].pk], np.int64)
    found = digests.of(asked)
    assert (found != 0).tolist() == [False, True, False, True]
    assert read_digests([parties[1].pk]).numbers.tolist() == [found[1]]
    assert read_digests([]).of(asked).tolist() == [0, 0, 0, 0]


def test_a_value_of_too_many_is_struck_out_and_counted():
    source = Ledger("shop").source
    many = Party.objects.bulk_create(
        Party(source=source, key=str(k), kind="person", name=f"Person Number{k}", phone="0711 4465500")
        for k in range(30)
    )
    records = update_index([party.pk for party in many])
    assert [ignored[:2] for ignored in records["person"].readings.ignored] == [("phone", "114465500")]
    Reading.objects.all().delete()
    write_index(records)
    key = int(value_keys("person", "phone", {"phone": coded(["114465500"])})[0])
    assert held_by([key]) == {key: 30}
    # Who comes next with this number is not known by it either.
    late = Ledger("late").party("x", kind="person", name="Somebody Else", phone="0711 4465500")
    update_index([late.pk])
    assert Reading.objects.get(pk=late.pk).phone == ""


def test_a_key_of_too_many_finds_nobody_and_costs_nothing():
    source = Ledger("shop").source
    some = Party.objects.bulk_create(
        Party(source=source, key=str(k), kind="person", name="Anna Schmidt", city="Berlin") for k in range(120)
    )
    write_index(update_index([party.pk for party in some]))
    assert not any(Reading.objects.values_list("keys", flat=True))
    # Their keys are left out of the next as well.
    late = Ledger("late").party("x", kind="person", name="Anna Schmidt", city="Berlin")
    update_index([late.pk])
    assert Reading.objects.get(pk=late.pk).keys == []


def test_a_key_that_became_crowded_is_asked_no_more():
    first = Ledger("shop").party("1", kind="person", name="Anna Schmidt")
    update_index([first.pk])
    keys = Reading.objects.get(pk=first.pk).keys
    assert [row.party for row in ask(keys, []).rows] == [first.pk]
    mark_crowded(dict.fromkeys(keys, 51))
    mark_crowded(dict.fromkeys(keys, 52))
    assert ask(keys, []).rows == []
    assert HeldByMany.objects.count() == len(keys)


def test_hostile_texts_are_texts():
    odd = Ledger("shop").party("1", kind="person", name="Ta\tb \\N '; DROP--", email="a'b@ex.example", city="\\.\nx")
    update_index([odd.pk])
    assert Reading.objects.get(pk=odd.pk).city == "x"
    assert update_index([]) == {}
