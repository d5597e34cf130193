"""Dates as people write them, in a given order of day, month and year, and which orders a column allows.

Orders: y-m-d, d/m/y, m/d/y and their Jalali sisters, `jalali y/m/d` and `jalali d/m/y`. The marks between (-, /, . or a space)
are free, with one exception: nobody writes the month first before a full stop.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
from numpy.typing import NDArray
from persiantools.jdatetime import JalaliDate

from entente.ledger.pure.reasons import NUMBER_OF

ORDERS = {
    "y-m-d": "year, month, day",
    "d/m/y": "day, month, year",
    "m/d/y": "month, day, year",
    "jalali y/m/d": "Jalali year, month, day",
    "jalali d/m/y": "Jalali day, month, year",
}
EARLIEST, LATEST = 1900, 2099
JALALI_EARLIEST, JALALI_LATEST = 1300, 1478
SERIAL_EARLIEST, SERIAL_LATEST = 1, 73_050  # 1900-01-01 to 2099-12-31 as Excel counts days

DAY_US = 86_400_000_000
_QUARTER_US = 900_000_000
_EPOCH = date(1970, 1, 1).toordinal()
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789", "\u200b\u200e\u200f\u202a\u202b\u202c\ufeff")
_NUMERIC = re.compile(
    r"\s*(?:(\d{4})(\d{2})(\d{2})|(\d{1,5})\s*([-/. ])\s*(\d{1,2}|[^\W\d_]{3,12}\.?)\s*[-/. ,]\s*(\d{1,5})(?:\s?(?:г\.?|года))?"
    r"|([^\W\d_]{3,12})\.?\s+(\d{1,2}),?\s+(\d{4}))"
    r"(?:(?:\s*T|,?\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|[-+]\d{2}:?\d{2})?)?\s*"
)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)


def _month_names() -> dict[str, int]:
    names = (
        "jan january jän januar januari янв январь января|feb february februar фев февраль февраля|mar march märz mär мар март марта|"
        "apr april апр апрель апреля|may mai май мая|jun june juni июн июнь июня|jul july juli июл июль июля|aug august авг август августа|"
        "sep sept september сен сент сентябрь сентября|oct october okt oktober окт октябрь октября|nov november ноя нояб ноябрь ноября|"
        "dec december dez dezember дек декабрь декабря"
    )
    return {name: number for number, group in enumerate(names.split("|"), 1) for name in group.split()}


def _jalali_month_names() -> dict[str, int]:
    names = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند"
    return {name: number for number, name in enumerate(names.split(), 1)}


MONTHS, JALALI_MONTHS = _month_names(), _jalali_month_names()


class ReadDates:
    """days: (n,) days since 1970-01-01 as written. wall: (n,) microseconds since then, as written.
    shift: (n,) microseconds to take from `wall` to reach UTC, where the value said so itself, else -1.
    wrong: (n,) 0 or an index into CODES."""

    def __init__(self, count: int) -> None:
        self.days = np.zeros(count, np.int32)
        self.wall = np.zeros(count, np.int64)
        self.shift = np.full(count, _UNSAID, np.int64)
        self.wrong = np.zeros(count, np.uint8)

    @property
    def written(self) -> NDArray[np.int64]:
        """(n,) microseconds as written: in UTC where the value said how far from it, else of its wall clock."""
        return np.where(self.shift != _UNSAID, self.wall - np.where(self.shift != _UNSAID, self.shift, 0), self.wall)


_UNSAID = np.iinfo(np.int64).min


def read_dates(values: Sequence[Any], order: str, *, latest_on: date, serial_from: date | None = None) -> ReadDates:
    """Read n values: text in the given order, or typed dates and instants.

    latest_on: the last day that can have come, where the value was written.
    serial_from: day 0 of bare numbers, as a workbook counts; without it a bare number is no date.
    """
    read = ReadDates(len(values))
    limit = latest_on.toordinal() - _EPOCH
    for place, value in enumerate(values):
        found = _read(value, order, serial_from)
        if isinstance(found, str):
            read.wrong[place] = NUMBER_OF[found]
            continue
        day, time_us, shift = found
        read.days[place], read.wall[place], read.shift[place] = day, day * DAY_US + time_us, shift
        if day > limit:
            read.wrong[place] = NUMBER_OF["in_the_future"]
    return read


def possible_orders(value: Any, *, latest_on: date, serial_from: date | None = None) -> dict[str, int]:
    """Order -> day since 1970, for each order that makes a day of the value that may have come."""
    limit = latest_on.toordinal() - _EPOCH
    readings = {order: _read(value, order, serial_from) for order in ORDERS}
    return {order: found[0] for order, found in readings.items() if not isinstance(found, str) and found[0] <= limit}


def to_utc(read: ReadDates, zone: tzinfo) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """(n,) microseconds since 1970 in UTC and (n,) days in the zone.

    Wall times are the zone's. An hour that comes twice is the first; an hour that never comes counts on from the one before.
    """
    said = read.shift != _UNSAID
    instants = np.where(
        said, read.wall - np.where(said, read.shift, 0), read.wall - _offsets(read.wall, zone, utc=False)
    )
    days = read.days.copy()
    if said.any():
        local = instants[said] + _offsets(instants[said], zone, utc=True)
        days[said] = (local // DAY_US).astype(np.int32)
    return instants, days


def _offsets(moments: NDArray[np.int64], zone: tzinfo, *, utc: bool) -> NDArray[np.int64]:
    """(n,) microseconds the zone is ahead of UTC. Clocks are changed on the quarter of an hour, so one look-up for each."""
    quarters, places = np.unique(moments // _QUARTER_US, return_inverse=True)
    offsets = np.empty(len(quarters), np.int64)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    for place, quarter in enumerate(quarters.tolist()):
        moment = start + timedelta(microseconds=quarter * _QUARTER_US)
        moment = moment.astimezone(zone) if utc else moment.replace(tzinfo=zone)
        offsets[place] = (moment.utcoffset() or timedelta()) // timedelta(microseconds=1)
    return offsets[places]


def day_of(number: int) -> date:
    return date.fromordinal(int(number) + _EPOCH)


def _read(value: Any, order: str, serial_from: date | None) -> tuple[int, int, int] | str:
    """Day since 1970, microseconds into it, shift from UTC; or what is wrong."""
    if isinstance(value, str):
        return _read_text(value, order)
    if value is None:
        return "empty"
    if isinstance(value, datetime):
        shift = value.utcoffset()
        time_us = ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
        return _checked(value.date(), time_us, _UNSAID if shift is None else shift // timedelta(microseconds=1))
    if isinstance(value, date):
        return _checked(value, 0, _UNSAID)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and serial_from is not None and SERIAL_EARLIEST <= value <= SERIAL_LATEST:
        seconds = round((value - int(value)) * 86_400)
        return _checked(serial_from + timedelta(days=int(value)), min(seconds, 86_399) * 1_000_000, _UNSAID)
    return "not_a_date"


def _checked(day: date, time_us: int, shift: int) -> tuple[int, int, int] | str:
    if not EARLIEST <= day.year <= LATEST:
        return "year_not_meant"
    return day.toordinal() - _EPOCH, time_us, shift


def _read_text(value: str, order: str) -> tuple[int, int, int] | str:
    if order == "y-m-d" and (quick := _ISO.fullmatch(value)):
        year, month, day, hour, minute, second = (int(part or 0) for part in quick.groups())
        if hour > 23 or minute > 59 or second > 59:
            return "not_a_date"
        return _made(year, month, day, ((hour * 60 + minute) * 60 + second) * 1_000_000, _UNSAID, jalali=False)
    found = _NUMERIC.fullmatch(value.translate(_DIGITS))
    if found is None:
        return "not_a_date" if value.strip() else "empty"
    time = _time_of(found)
    if time is None:
        return "not_a_date"
    parts = _ordered(found, order)
    if isinstance(parts, str):
        return parts
    return _made(*parts, *time, jalali=order.startswith("jalali"))


def _ordered(found: re.Match[str], order: str) -> tuple[int, int, int] | str:
    """Year, month, day by the order; or what is wrong."""
    jalali = order.startswith("jalali")
    if found[8]:  # December 1, 2010
        month = MONTHS.get(found[8].lower())
        return (int(found[10]), month, int(found[9])) if month and not jalali else "not_a_date"
    if found[1]:
        return (int(found[1]), int(found[2]), int(found[3])) if order.endswith(("y-m-d", "y/m/d")) else "not_a_date"
    first, mark, middle, last = found[4], found[5], found[6], found[7]
    if not middle.isdecimal():
        named = (JALALI_MONTHS if jalali else MONTHS).get(middle.rstrip(".").lower())
        if named is None:
            return "not_a_date"
        # With the month in letters there is no order of month and day to ask for.
        year, day = (first, last) if len(first) >= 4 else (last, first)
        return _year_of(year, jalali), named, int(day)
    if order.endswith(("y-m-d", "y/m/d")):
        year, day = first, last
    elif order == "m/d/y":
        if mark == ".":
            return "not_a_date"
        year, middle, day, first = last, first, middle, ""
    else:
        year, day = last, first
    if len(day) > 2 or len(year) in (1, 3):
        return "not_a_date"
    return _year_of(year, jalali), int(middle), int(day)


def _year_of(text: str, jalali: bool) -> int:
    """Two digits: 69-99 are of the old century, as POSIX has it (Jalali: 50-99)."""
    year = int(text)
    if len(text) > 2:
        return year
    if jalali:
        return year + (1300 if year >= 50 else 1400)
    return year + (1900 if year >= 69 else 2000)


def _time_of(found: re.Match[str]) -> tuple[int, int] | None:
    """Microseconds into the day, and the shift from UTC."""
    if found[11] is None:
        return 0, _UNSAID
    hour, minute, second = int(found[11]), int(found[12]), int(found[13] or 0)
    if found[15]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[15][0] in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    micro = int((found[14] or "").ljust(6, "0")[:6])
    shift = _UNSAID
    if found[16]:
        shift = 0
        if found[16][0] in "+-":
            digits = found[16][1:].replace(":", "")
            hours, minutes = int(digits[:2]), int(digits[2:])
            if hours > 15 or minutes > 59:
                return None
            shift = (hours * 60 + minutes) * 60_000_000 * (-1 if found[16][0] == "-" else 1)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro, shift


def _made(year: int, month: int, day: int, time_us: int, shift: int, *, jalali: bool) -> tuple[int, int, int] | str:
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        return "not_a_date"
    try:
        if jalali:
            if not JALALI_EARLIEST <= year <= JALALI_LATEST:
                return "year_not_meant"
            gregorian: date = JalaliDate(year, month, day).to_gregorian()  # type: ignore[no-untyped-call]
            return _checked(gregorian, time_us, shift)
        if not EARLIEST <= year <= LATEST:
            return "year_not_meant"
        return date(year, month, day).toordinal() - _EPOCH, time_us, shift
    except ValueError:
        return "not_a_date"
