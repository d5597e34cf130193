"""Dates in the usual orders, Jalali ones, and where two orders are possible."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.ledger.pure.dates import day_of, possible_orders, read_dates, to_utc
from entente.ledger.pure.reasons import CODES
from entente.ledger.pure.recognise import order_of

TODAY = date(2026, 11, 21)


def read(value, order, **more):
    found = read_dates([value], order, latest_on=TODAY, **more)
    return CODES[found.wrong[0]] or day_of(found.days[0])


@pytest.mark.parametrize(
    ("written", "order", "meant"),
    [
        ("2011-12-09", "y-m-d", (2011, 12, 9)), ("2011/12/9", "y-m-d", (2011, 12, 9)), ("20111209", "y-m-d", (2011, 12, 9)),
        ("2011-12-09T08:26:00Z", "y-m-d", (2011, 12, 9)), ("2011-12-09 08:26:00.123456", "y-m-d", (2011, 12, 9)),
        ("09.12.2011", "d/m/y", (2011, 12, 9)), ("9/12/11", "d/m/y", (2011, 12, 9)), ("9-12-2011 8:26", "d/m/y", (2011, 12, 9)),
        ("12/9/2011 8:26 PM", "m/d/y", (2011, 12, 9)), ("12/9/2011, 8:26:00 am", "m/d/y", (2011, 12, 9)),
        ("31.12.1997", "d/m/y", (1997, 12, 31)),
        ("9 Dec 2011", "d/m/y", (2011, 12, 9)), ("Dec 9, 2011", "m/d/y", (2011, 12, 9)), ("9 декабря 2011 г.", "d/m/y", (2011, 12, 9)),
        ("9. Dezember 2011", "d/m/y", (2011, 12, 9)), ("1403/05/17", "jalali y/m/d", (2024, 8, 7)), ("۱۴۰۳/۰۵/۱۷",
        "jalali y/m/d", (2024, 8, 7)),
        ("17/05/1403", "jalali d/m/y", (2024, 8, 7)), ("۱۷ مرداد ۱۴۰۳", "jalali d/m/y", (2024, 8, 7)), ("1399/12/30",
        "jalali y/m/d", (2021, 3, 20)),
        (datetime(2011, 12, 9, 8, 26), "y-m-d", (2011, 12, 9)), (date(2011, 12, 9), "d/m/y", (2011, 12, 9)),
    ],
)  # fmt: skip
def test_reads(written, order, meant):
    assert read(written, order) == date(*meant)


@pytest.mark.parametrize(
    ("written", "order", "reason"),
    [
        ("20111-01-02", "y-m-d", "year_not_meant"), ("1753-01-02", "y-m-d", "year_not_meant"), ("2011-13-01", "y-m-d", "not_a_date"),
        ("2011-02-30", "y-m-d", "not_a_date"), ("31/12/2011", "m/d/y", "not_a_date"), ("12.31.2011", "m/d/y", "not_a_date"),
        ("1400/12/30", "jalali y/m/d", "not_a_date"), ("2030-01-01", "y-m-d", "in_the_future"), ("", "y-m-d", "empty"),
        ("yesterday", "y-m-d", "not_a_date"), ("2011-12-09 25:00", "y-m-d", "not_a_date"), ("12/9/2011 13:00 PM", "m/d/y", "not_a_date"),
        (40513, "y-m-d", "not_a_date"), ("40513", "y-m-d", "not_a_date"), (datetime(9999, 1, 1), "y-m-d", "year_not_meant"),
        ("2011-12-09 08:26+99:99", "y-m-d", "not_a_date"), (None, "y-m-d", "empty"), ("9 foo 2011", "d/m/y", "not_a_date"),
    ],
)  # fmt: skip
def test_refuses_with_the_reason(written, order, reason):
    assert read(written, order) == reason


def test_a_bare_number_in_a_workbook_is_a_day_as_excel_counts():
    assert read(40513, "y-m-d", serial_from=date(1899, 12, 30)) == date(2010, 12, 1)
    assert read(40513.35, "y-m-d", serial_from=date(1899, 12, 30)) == date(2010, 12, 1)


def test_wall_time_of_the_zone_becomes_utc():
    written = ["2011-06-08 09:00", "2011-12-08 09:00", "2011-12-08 23:30:00-05:00"]
    instants, days = to_utc(read_dates(written, "y-m-d", latest_on=TODAY), ZoneInfo("Europe/London"))
    assert [datetime.fromtimestamp(instant / 1e6, UTC) for instant in instants] == [
        datetime(2011, 6, 8, 8, tzinfo=UTC), datetime(2011, 12, 8, 9, tzinfo=UTC), datetime(2011, 12, 9, 4, 30, tzinfo=UTC)]  # fmt: skip
    # The day of an instant that says its offset is the day at the firm.
    assert [day_of(day) for day in days] == [date(2011, 6, 8), date(2011, 12, 8), date(2011, 12, 9)]


def test_the_hour_that_comes_twice_is_the_first_and_the_one_that_never_comes_counts_on():
    written = ["2011-10-30 01:30", "2011-03-27 01:30"]
    instants, _ = to_utc(read_dates(written, "y-m-d", latest_on=TODAY), ZoneInfo("Europe/London"))
    assert [datetime.fromtimestamp(instant / 1e6, UTC).hour for instant in instants] == [0, 1]


def test_one_value_may_have_two_days():
    assert set(possible_orders("03/04/2011", latest_on=TODAY)) == {"d/m/y", "m/d/y"}
    assert set(possible_orders("03.04.2011", latest_on=TODAY)) == {"d/m/y"}
    assert set(possible_orders("1403/05/17", latest_on=TODAY)) == {"jalali y/m/d"}


def test_a_lunar_year_is_no_jalali_one():
    """1446 of the Hijra is 2024; taken for Jalali it would be 2067."""
    assert possible_orders("1446/05/17", latest_on=TODAY) == {}


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["01/02/2011", "13/02/2011"], "d/m/y"), (["01/02/2011", "02/13/2011"], "m/d/y"), (["01.02.2011", "03.04.2011"], "d/m/y"),
        (["2011-01-02"], "y-m-d"), (["1403/05/17", "1403/06/31"], "jalali y/m/d"), (["1/1/2011", "2/2/2011"], "d/m/y"),
        (["13/02/2011", "rubbish"], "d/m/y"),
    ],
)  # fmt: skip
def test_the_order_of_a_column(values, order):
    assert order_of("date", values, latest_on=TODAY) == order


def test_two_possible_orders_are_asked_for_with_examples():
    question = order_of("date", ["01/02/2011", "03/04/2011"], latest_on=TODAY)
    assert question.option == "--dates"
    assert {choice.value: choice.preview[0] for choice in question.choices} == {
        "d/m/y": ("01/02/2011", "2011-02-01"),
        "m/d/y": ("01/02/2011", "2011-01-02"),
    }


def test_a_column_in_two_orders_is_asked_for():
    assert order_of("date", ["13/02/2011", "02/13/2011"], latest_on=TODAY).asks == "dates"


def test_two_digits_of_a_year_leave_many_orders():
    assert len(order_of("date", ["03/05/07"], latest_on=TODAY).choices) >= 3


@given(st.dates(date(1925, 1, 1), TODAY), st.sampled_from(["d/m/y", "m/d/y", "y-m-d"]))
def test_what_is_written_is_read_back(day, order):
    written = {"d/m/y": f"{day:%d/%m/%Y}", "m/d/y": f"{day:%m/%d/%Y}", "y-m-d": f"{day:%Y/%m/%d}"}[order]
    assert read(written, order) == day


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading(text):
    for order in ("y-m-d", "d/m/y", "jalali y/m/d"):
        read_dates([text], order, latest_on=TODAY)
