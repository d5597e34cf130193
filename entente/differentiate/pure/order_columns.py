"""Orders as a notebook has them, brought into the form the laws take: one row per customer and day."""

from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.conventions import UnusableColumns, check_lengths, names_in, numbers, pick, refuse
from entente.differentiate.pure.histories import BuyingHistories, from_customer_days

Labels = npt.NDArray[Any]


def customer_days(orders: Any) -> tuple[Labels, Ints, Ints, Floats]:
    """Orders added up by customer and day.

    orders: a data frame or a dict of arrays with the columns customer (numbers or texts), day (dates, instants, texts like 2026-03-31, or
    whole numbers of days) and amount (money; what is below zero comes off its day).
    Returns the customers (n,), and (m,) of each customer's place among them, day and amount, sorted by customer and day.
    Days on which nothing above zero is left are left out. Raises UnusableColumns, naming row and column.
    """
    there = names_in(orders)
    if there is None:
        raise UnusableColumns(
            "Orders need names for their columns: give a data frame or a dict with customer, day, amount."
        )
    columns = {name: np.asarray(orders[name]) for name in pick(there, ("customer", "day", "amount"))}
    check_lengths(columns)
    refuse(_is_missing(columns["customer"]), "customer", columns["customer"], "Leave out orders without a customer.")
    amount = numbers("amount", columns["amount"])
    day = _days(columns["day"])
    try:
        labels, who = np.unique(columns["customer"], return_inverse=True)
    except TypeError:
        raise UnusableColumns("The column customer mixes numbers and texts. Make them all texts.") from None
    order = np.lexsort((day, who))
    who, day, amount = who[order], day[order], amount[order]
    starts = (
        np.flatnonzero(np.r_[True, (np.diff(who) != 0) | (np.diff(day) != 0)]) if len(who) else np.zeros(0, np.int64)
    )
    who, day, amount = who[starts], day[starts], np.add.reduceat(amount, starts) if len(starts) else amount
    kept = amount > 0.0
    return labels, who[kept].astype(np.int64), day[kept], amount[kept]


def day_number(as_of: Any) -> int:
    """A day as its number: a date, an instant, a text like 2026-03-31, or the number itself."""
    return int(_days(np.atleast_1d(np.asarray(as_of)))[0])


def summaries(orders: Any, as_of: Any = None) -> dict[str, Any]:
    """What the laws look at, from orders: a dict of columns (n,), one entry per customer, which any data frame takes.

    orders: as in `customer_days`. as_of: the day at whose end this is asked; the last day in the orders if not given. What came
    later is left out.
    Columns: customer; repeats, recency and age in weeks; spend_mean per purchase; log_gaps, which tell how regularly they buy.
    """
    labels, who, day, amount = customer_days(orders)
    until = last_day(day, as_of)
    numbers, histories = from_customer_days(who, day, amount, until)
    return {"customer": labels[numbers], **columns_of_histories(histories)}


def last_day(day: Ints, as_of: Any) -> int:
    if as_of is not None:
        return day_number(as_of)
    return int(day.max()) if len(day) else 0


def columns_of_histories(histories: BuyingHistories) -> dict[str, Any]:
    """What `summaries` returns, but for the customer."""
    gaps = histories.log_gaps
    return {
        "repeats": histories.repeats,
        "recency": histories.recency,
        "age": histories.age,
        "spend_mean": histories.spend_mean,
        **({} if gaps is None else {"log_gaps": gaps}),
    }


def _days(column: Labels) -> Ints:
    if column.dtype.kind in "iu":
        return column.astype(np.int64)
    if column.dtype.kind == "f":
        refuse(
            ~np.isfinite(column) | (column != np.floor(column)), "day", column, "Give whole numbers of days, or dates."
        )
        return column.astype(np.int64)
    if column.dtype.kind == "O":
        column = np.array([_plain(value) for value in column], dtype=object)
    try:
        days = column.astype("datetime64[us]").astype("datetime64[D]")
    except (TypeError, ValueError):
        refuse(~np.array([_is_date(value) for value in column]), "day", column, "Write days as 2026-03-31.")
        raise
    refuse(np.isnat(days), "day", column, "Give a date for every order.")
    return days.astype(np.int64)


def _plain(value: Any) -> Any:
    """A date without its time zone: the day is the one that its clock showed."""
    if _is_none(value):
        return None
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def _is_date(value: Any) -> bool:
    try:
        np.datetime64(value, "us")
    except (TypeError, ValueError):
        return False
    return True


def _is_missing(column: Labels) -> Bools:
    if column.dtype.kind == "f":
        return np.isnan(column)
    if column.dtype.kind == "O":
        return np.array([_is_none(value) for value in column], np.bool_)
    return np.zeros(len(column), np.bool_)


def _is_none(value: Any) -> bool:
    """None, or what is not itself, as data frames write it: their NaN and NaT are not, their NA will not say."""
    same = value is not None and value == value
    return not (isinstance(same, bool | np.bool_) and same)
