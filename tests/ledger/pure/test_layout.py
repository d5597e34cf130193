"""Encodings, separators, headings, marks: decided on evidence, else asked."""

from datetime import date

import pytest

from entente.ledger.pure.encodings import encoding_of
from entente.ledger.pure.headings import propose
from entente.ledger.pure.questions import Question
from entente.ledger.pure.recognise import decimal_of, recognise
from entente.ledger.pure.separators import separator_of

ENGLISH = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]


def encoding(text, codec):
    data = text.encode(codec)
    try:
        data.decode()
        is_utf8 = True
    except UnicodeDecodeError:
        is_utf8 = False
    return encoding_of(data, [line for line in data.splitlines() if not line.isascii()], is_utf8=is_utf8)


@pytest.mark.parametrize(
    ("text", "codec", "found"),
    [
        ("name\nMüller\n", "utf-8", "utf-8"), ("name\nMüller\n", "utf-8-sig", "utf-8-sig"), ("name\nMüller\n", "utf-16", "utf-16"),
        ("name\nMüller\n", "utf-16-le", "utf-16-le"), ("name\nMüller\n", "utf-16-be", "utf-16-be"), ("name\nMuller\n", "ascii", "utf-8"),
        ("name\nMüller\nCafé René\n", "cp1252", "cp1252"), ("имя\nИван Петров\nООО Заря\n", "cp1251", "cp1251"),
    ],
)  # fmt: skip
def test_an_encoding_with_evidence_is_decided(text, codec, found):
    assert encoding(text, codec) == found


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("price\n£2.55\n", "cp1252"),  # one sign, no word
        ("имя\nИван Петров\n", "koi8-r"),  # Cyrillic in another order
        ("имя\nИван\nMüller\n".replace("ü", "ь"), "cp1251"),  # Latin and Cyrillic in one word
    ],
)
def test_an_encoding_without_evidence_is_asked_for(text, codec):
    question = encoding(text, codec)
    assert isinstance(question, Question)
    assert question.option == "--encoding"
    assert codec in {choice.value for choice in question.choices}


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark):
    assert (
        separator_of([mark.join(row) + "\r\n" for row in (["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"])]) == mark
    )


def test_commas_within_amounts_do_not_hide_the_semicolon():
    assert separator_of(["customer;date;amount\n", "1;2024-01-01;1,5\n", "2;2024-01-02;2,5\n"]) == ";"


def test_a_quoted_separator_separates_nothing():
    assert separator_of(["a,b\n", '"1;2",3\n', '"4;5",6\n']) == ","


def test_two_separators_are_asked_for():
    question = separator_of(["a;b,c;d\n", "1;2,3;4\n"])
    assert isinstance(question, Question)
    assert {choice.value for choice in question.choices} == {";", ","}


def test_the_decimal_mark_of_a_column():
    assert decimal_of("amount", ["1,5", "1.234,50"]) == ","
    assert decimal_of("amount", ["1.5", "1,234"]) == "."
    assert decimal_of("amount", ["12", "13"]) == ""
    assert decimal_of("amount", ["1,234", "2,345"]).option == "--decimal"
    assert decimal_of("amount", ["1,5", "1.5"]).asks == "decimal"


def test_a_doubtful_column_borrows_the_mark_of_another_and_says_so():
    columns = {"quantity": ["1.234"], "amount": ["1,5"]}
    found = recognise(columns, dict.fromkeys(columns, "number"), latest_on=date(2026, 1, 1))
    assert found.decimals == {"quantity": ",", "amount": ","}
    assert found.notes[0]["code"] == "decimal_from_elsewhere"
    assert not found.questions


def test_an_answer_ends_the_question():
    found = recognise({"amount": ["1,234"]}, {"amount": "number"}, latest_on=date(2026, 1, 1), decimal=",")
    assert found.decimals == {"amount": ","}
    assert not found.questions


@pytest.mark.parametrize(
    ("heading", "fields"),
    [
        (ENGLISH, ["order_number", "product_code", "product_name", "quantity", "ordered_at", "unit_price", "customer", "country"]),
        (["Kundennummer", "Bestelldatum", "Betrag"], ["customer", "ordered_at", "amount"]),
        (["Клиент", "Дата заказа", "Сумма"], ["customer", "ordered_at", "amount"]),
        (["مشتری", "تاریخ", "مبلغ"], ["customer", "ordered_at", "amount"]),
        (["customer_id", "date", "value"], ["customer", "ordered_at", "amount"]),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names(heading, fields):
    assert propose(heading) == ({field: place for place, field in enumerate(fields)} | {}, {})


def test_a_name_that_stands_twice_is_unclear():
    assert propose(["date", "Date", "amount", "customer"])[1] == {"ordered_at": (0, 1)}
