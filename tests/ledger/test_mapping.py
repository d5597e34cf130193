"""Mappings say where they are wrong."""

import json

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.ledger import phones, words
from entente.ledger.mapping import FIELDS, WrongMapping, from_json, load, ready_names
from entente.ledger.phones import e164
from entente.ledger.places import country_code, language_code, subdivision_code, zone_name
from entente.ledger.pure.party_kinds import kind_of
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


_FORMS = (
    "+{code}{number}",
    "+{code} {number}",
    "+{code} (0){number}",
    "{prefix}{number}",
    "{number}",
    "00{code}{number}",
    "{code}{number}",
)


@given(
    region=st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)),
    other=st.sampled_from(["", "GB", "DE", "US", "IT"]),
    form=st.sampled_from(_FORMS),
    changed=st.lists(st.tuples(st.integers(0, 5), st.sampled_from("0123456789")), max_size=4),
    kind=st.sampled_from(["fixed_line", "mobile", "toll_free"]),
)
@settings(max_examples=300, deadline=None)
def test_the_quick_way_to_a_number_says_what_the_library_says(region, other, form, changed, kind):
    plan = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
    digits = list(getattr(getattr(plan, kind), "example_number", None) or "12345678")
    for place, digit in changed:
        digits[-1 - place % len(digits)] = digit
    written = form.format(code=plan.country_code, number="".join(digits), prefix=plan.national_prefix or "")
    for country in (region, other):
        assert phones._quickly(written, country) in (None, phones._thoroughly(written, country))


def test_plain_numbers_are_read_quickly():
    assert phones._quickly("030 901820", "DE") == phones._quickly("+49 30 901820", "") == "+4930901820"


@pytest.mark.parametrize(
    ("name", "code"),
    [("de", "de"), ("en-gb", "en-GB"), ("zh_hant", "zh-Hant"), ("German", "de"), ("فارسی", "fa"), ("xx", None), ("?", None)]
)  # fmt: skip
def test_languages(name, code):
    assert language_code(name) == code


def test_parts_of_countries_and_zones():
    assert [subdivision_code(name) for name in ("by", "DE-BY", "New South Wales")] == ["BY", "BY", None]
    assert [zone_name(name) for name in ("europe/berlin", "America/New York", "../etc")] == [
        "Europe/Berlin",
        "America/New_York",
        None,
    ]


@pytest.mark.parametrize(
    ("word", "kind"), [("Firma", "organisation"), ("физическое  лицо", "person"), ("", "unknown"), ("robot", "unknown")]
)
def test_kinds(word, kind):
    assert kind_of(word) == kind


def test_the_queries_have_names():
    assert {"make_staging", "insert_lines", "party_ids"} <= set(queries("record"))
