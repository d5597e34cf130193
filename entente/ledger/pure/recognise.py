"""What the values of a sample say about how their columns are written: readings where one is possible, questions where two are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from entente.ledger.pure import currencies, dates, numbers
from entente.ledger.pure.questions import Choice, Question

SHOWN = 5


@dataclass
class Recognised:
    """decimals: column -> mark ('' where nothing told); dates: column -> order; currencies: signs and codes beside amounts."""

    decimals: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)
    questions: list[Question] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)


def recognise(
    columns: Mapping[str, Sequence[Any]],
    kinds: Mapping[str, str],
    *,
    latest_on: date,
    serial_from: date | None = None,
    decimal: str = "",
    order: str = "",
    ahead: Collection[str] = (),
) -> Recognised:
    """Readings of all columns.

    columns: name -> its values in the sample, as text or typed.
    kinds: name -> 'number' or 'date'; others are passed over.
    latest_on: no date lies after it, but in the columns `ahead`.
    serial_from: day 0 of bare numbers, where the file is a workbook.
    decimal, order: what somebody has answered already.
    """
    found = Recognised()
    unsure: dict[str, Question] = {}
    for name, values in columns.items():
        distinct = [value for value in dict.fromkeys(values) if value is not None and value != ""]
        if kinds.get(name) == "number":
            answer = decimal or decimal_of(name, distinct)
            found.currencies |= _currencies(distinct)
            if isinstance(answer, Question):
                unsure[name] = answer
            else:
                found.decimals[name] = answer
        elif kinds.get(name) == "date":
            limit = date.max if name in ahead else latest_on
            order_or_question = order or order_of(name, distinct, latest_on=limit, serial_from=serial_from)
            if isinstance(order_or_question, Question):
                found.questions.append(order_or_question)
            else:
                found.dates[name] = order_or_question
    _lend_marks(found, unsure)
    return found


def decimal_of(column: str, values: Sequence[Any]) -> str | Question:
    """The decimal mark of one column; '' where no value shows one."""
    only: dict[str, list[str]] = {".": [], ",": []}
    both: list[str] = []
    for value in values:
        readings = numbers.possible_readings(value)
        if len(readings) == 1:
            only[next(iter(readings))].append(str(value))
        elif len(set(readings.values())) == 2:
            both.append(str(value))
    if only["."] and only[","]:
        text = f"{column} is written in two ways: {only['.'][0]} and {only[','][0]}. Which mark do the decimals have?"
        return _which_mark(column, text, [*only["."][:2], *only[","][:2], *both])
    if only["."] or only[","]:
        return "." if only["."] else ","
    if both:
        return _which_mark(
            column, f"{column} can be read in two ways, such as {both[0]}. Which mark do the decimals have?", both
        )
    return ""


def order_of(column: str, values: Sequence[Any], *, latest_on: date, serial_from: date | None = None) -> str | Question:
    """The order of day, month and year in one column. Values that are no date in any order are passed over."""
    readings = [
        (value, found)
        for value in values
        if (found := dates.possible_orders(value, latest_on=latest_on, serial_from=serial_from))
    ]
    if not readings:
        examples = ", ".join(str(value) for value in values[:3]) or "nothing"
        text = f"{column} holds no dates that are known here, but {examples}."
        return Question("dates", text, tuple(Choice(order, words) for order, words in dates.ORDERS.items()), column)
    fitting = [order for order in dates.ORDERS if all(order in found for _, found in readings)]
    # Orders that agree on every value are one reading.
    distinct: dict[tuple[int, ...], str] = {}
    for order in fitting:
        distinct.setdefault(tuple(found[order] for _, found in readings), order)
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    if distinct:
        text = f"{column} can be read in several orders, such as {readings[0][0]}."
        candidates = list(distinct.values())
    else:
        text = f"No one order fits all of {column}."
        candidates = [order for order in dates.ORDERS if any(order in found for _, found in readings)]
    differing = [
        pair for pair in readings if len(set(pair[1].values())) != 1 or len(pair[1]) < len(candidates)
    ] or readings
    return Question("dates", text, tuple(_date_choice(order, differing) for order in candidates), column)


def _date_choice(order: str, readings: Sequence[tuple[Any, Mapping[str, int]]]) -> Choice:
    shown = tuple(
        (str(value), dates.day_of(found[order]).isoformat() if order in found else "no date")
        for value, found in readings[:SHOWN]
    )
    return Choice(order, dates.ORDERS[order], shown)


def _which_mark(column: str, text: str, values: Sequence[str]) -> Question:
    choices = []
    for mark, words in ((".", "a point"), (",", "a comma")):
        shown = []
        for value in values[:SHOWN]:
            number = numbers.possible_readings(value).get(mark)
            shown.append((value, "no number" if number is None else f"{numbers.as_decimal(number).normalize():f}"))
        choices.append(Choice(mark, words, tuple(shown)))
    return Question("decimal", text, tuple(choices), column)


def _lend_marks(found: Recognised, unsure: Mapping[str, Question]) -> None:
    """A file is written in one place: what another of its columns shows beyond doubt holds for a doubtful one, and is said."""
    shown = {mark for mark in found.decimals.values() if mark}
    for name, question in unsure.items():
        if len(shown) == 1 and "two ways:" not in question.text:
            found.decimals[name] = next(iter(shown))
            found.notes.append({"code": "decimal_from_elsewhere", "column": name, "mark": found.decimals[name]})
        else:
            found.questions.append(question)


def _currencies(values: Sequence[Any]) -> set[str]:
    return {code for value in values if isinstance(value, str) and (code := currencies.take_currency(value)[1])}
