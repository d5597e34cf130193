"""Numbers as people write them."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.ledger.pure.numbers import as_decimal, divide, multiply, possible_readings, read_numbers
from entente.ledger.pure.reasons import CODES


def read(value, mark="."):
    scaled, wrong, currencies = read_numbers([value], mark)
    return CODES[wrong[0]] or as_decimal(scaled[0]), currencies[0]


@pytest.mark.parametrize(
    ("written", "mark", "meant"),
    [
        ("12", ".", "12"), ("1,234.50", ".", "1234.5"), ("1.234,50", ",", "1234.5"), ("1 234,50", ",", "1234.5"),
        ("1\u00a0234,5", ",", "1234.5"), ("1\u202f234 567", ",", "1234567"), ("1'234.50", ".", "1234.5"), ("1,00,000", ".", "100000"),
        ("-5", ".", "-5"), ("5-", ".", "-5"), ("(5.25)", ".", "-5.25"), ("−3,5", ",", "-3.5"), ("+7", ".", "7"), (".5", ".", "0.5"),
        ("۱۲٬۳۴۵٫۵", ".", "12345.5"), ("١٢٣", ",", "123"), ("£2.55", ".", "2.55"), ("-£2.55", ".", "-2.55"), ("2,55 €", ",", "2.55"),
        ("EUR 12", ".", "12"), ("12 руб.", ",", "12"), ("1.50000", ".", "1.5"), ("2.5500000000000003", ".", "2.55"), ("1e3", ".", "1000"),
        (2.5500000000000003, "", "2.55"), (0.1 + 0.2, "", "0.3"), (17850, "", "17850"), (Decimal("3.1000"), "", "3.1"),
        ("1,5", "", "1.5"), ("1.5", "", "1.5"), ("1,234.5", "", "1234.5"), ("1.234,5", "", "1234.5"), ("100", "", "100"),
    ],
)  # fmt: skip
def test_reads_exactly(written, mark, meant):
    assert read(written, mark)[0] == Decimal(meant)


@pytest.mark.parametrize(
    ("written", "mark", "reason"),
    [
        ("", ".", "empty"), ("  ", ".", "empty"), (None, ".", "empty"), ("abc", ".", "not_a_number"), ("1,5", ".", "not_a_number"),
        ("12 34", ".", "not_a_number"), ("1.2.3", ".", "not_a_number"), ("--5", ".", "not_a_number"), ("5%", ".", "not_a_number"),
        ("=1+1", ".", "not_a_number"), (True, ".", "not_a_number"), ("NaN", ".", "not_a_number"), (float("nan"), "", "not_a_number"),
        ("1.23456", ".", "too_many_decimals"), (1.23456, "", "too_many_decimals"), (Decimal("0.00001"), "", "too_many_decimals"),
        ("1e30", ".", "too_large"), (1e30, "", "too_large"), (float("-inf"), "", "too_large"), ("inf", ".", "too_large"),
        ("9" * 40, ".", "too_large"), (10**12, "", "too_large"), ("1000000000000", ".", "too_large"),
        ("1,234", "", "ambiguous_number"), ("1.234", "", "ambiguous_number"),
    ],
)  # fmt: skip
def test_refuses_with_the_reason(written, mark, reason):
    assert read(written, mark)[0] == reason


def test_a_sign_names_its_currency_unless_several_share_it():
    assert read("£2.55")[1] == "GBP"
    assert read("2.55 ₽")[1] == "RUB"
    assert read("$5")[1] == "$"


def test_a_value_that_shows_no_mark_has_two_equal_readings():
    assert possible_readings("12") == {".": 120_000, ",": 120_000}
    assert possible_readings("1,234") == {".": 12_340_000, ",": 12_340}
    assert possible_readings("1,23") == {",": 12_300}


@given(st.integers(-(10**15), 10**15))
def test_what_is_written_with_either_mark_is_read_back(scaled):
    exact = as_decimal(scaled)
    for mark, text in ((".", f"{exact:,.4f}"), (",", f"{exact:,.4f}".replace(",", " ").replace(".", ","))):
        assert read(text, mark)[0] == exact


@given(st.integers(-(10**11), 10**11), st.integers(-(10**11), 10**11))
def test_products_are_those_of_exact_arithmetic(one, other):
    product, too_large = multiply(np.array([one]), np.array([other]))
    exact = as_decimal(one) * as_decimal(other)
    if abs(exact) >= 10**12:
        assert too_large[0]
    else:
        assert abs(as_decimal(product[0]) - exact) <= Decimal("0.00005")


def test_a_product_beyond_meaning_is_marked():
    assert multiply(np.array([10**15]), np.array([10**9]))[1][0]


def test_nothing_divided_by_nothing_is_nothing():
    assert divide(np.array([50_000]), np.array([0]))[0] == 0
    assert divide(np.array([50_000]), np.array([20_000]))[0] == 25_000
