"""Mappings say where they are wrong."""

import json

import pytest

from entente.ledger import words
from entente.ledger.mapping import FIELDS, WrongMapping, from_json, load, ready_names
from entente.ledger.places import country_code, e164
from entente.ledger.pure.reasons import NOTES, REASONS
from entente.ledger.staging import queries

GOOD = {"columns": {"customer": "c", "ordered_at": "d", "amount": "a"}}


@pytest.mark.parametrize("name", ready_names())
def test_ready_mappings_load_and_survive_being_written(name):
    found = load(name)
    assert from_json(json.loads(json.dumps(found.as_json()))) == found


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"columns": {}}, "columns"), ({"columns": {**GOOD["columns"], "price": "x"}}, r"columns\.price"),
        ({"columns": {"customer": "c", "amount": "a"}}, "lacks ordered_at"), ({"columns": {"customer": "c",
        "ordered_at": "d"}}, "lacks amount"),
        ({"columns": {**GOOD["columns"], "city": 0}}, r"columns\.city"), ({"read": {"dates": "d/y/m"}}, r"read\.dates"),
        ({"read": {"decimal": ";"}}, r"read\.decimal"), ({"read": {"currency": "EURO"}}, r"read\.currency"),
        ({"read": {"zone": "../etc"}}, r"read\.zone"), ({"read": {"colour": "x"}}, r"read\.colour"), ({"colour": 1}, "colour"),
        ({"charges": "POST"}, "charges"), ({"countries": {"EIRE": "Ireland"}}, r"countries\.EIRE"),
        ({"read": {"separator": ",,"}}, r"read\.separator"),
        ({"refuse_stock_movements": "yes"}, "refuse_stock_movements"),
    ],
)  # fmt: skip
def test_the_error_says_where(change, where):
    with pytest.raises(WrongMapping, match=where):
        from_json({**GOOD, **change})


def test_a_broken_mapping_file_names_line_and_column(tmp_path):
    path = tmp_path / "map.json"
    path.write_text('{\n "columns": {,}\n}')
    with pytest.raises(WrongMapping, match="line 2, column 14"):
        load(path)
    with pytest.raises(WrongMapping, match="online-retail"):
        load("nowhere")


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(WrongMapping, match=r"columns\.amount is 'a', but the file's columns are: c, d, total"):
        from_json(GOOD).places(["c", "d", "total"])


def test_names_of_columns_are_compared_without_case_and_marks():
    assert from_json(GOOD | {"columns": {"customer": "Customer_ID", "ordered_at": "d", "amount": "a"}}).places(["a",
    "CustomerID", "D"]) == {
        "customer": 1, "ordered_at": 2, "amount": 0}  # fmt: skip


def test_every_reason_has_its_sentence_for_translation():
    assert {code: str(sentence) for code, sentence in words.REASONS.items()} == dict(REASONS)
    assert {code: str(sentence) for code, sentence in words.NOTES.items()} == dict(NOTES)


def test_every_field_may_be_mapped():
    assert set(from_json({"columns": {name: name for name in FIELDS}}).places(FIELDS)) == set(FIELDS)


@pytest.mark.parametrize(
    ("name", "code"),
    [("Germany", "DE"), ("Deutschland", "DE"), ("Россия", "RU"), ("ایران", "IR"), ("gb", "GB"), ("USA", "US"), ("U.K.", "GB"),
     ("United Kingdom", "GB"), ("Czech Republic", "CZ"), ("Hong Kong", "HK"), ("Atlantis", None), ("DEU", "DE")],
)  # fmt: skip
def test_countries(name, code):
    assert country_code(name, {}) == code


def test_a_source_may_call_countries_as_it_likes():
    assert country_code("EIRE", {"EIRE": "IE"}) == "IE"
    assert country_code("Unspecified", {"Unspecified": ""}) == ""


def test_telephone_numbers():
    assert e164("030 901820", "DE") == "+4930901820"
    assert e164("+44 20 7946 0018", "") == "+442079460018"
    assert e164("901820", "") == ""
    assert e164("'; drop table", "GB") == ""


def test_the_queries_have_names():
    assert {"make_staging", "insert_lines", "party_ids"} <= set(queries("record"))
