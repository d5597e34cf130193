"""The sentences of `pure/reasons.py` in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: Mapping[str, Promise] = {
    "empty": _("Line {line}: {column} is empty."),
    "not_a_number": _("Line {line}: {column} is no number: {value}."),
    "ambiguous_number": _(
        "Line {line}: {column} can be read as two numbers: {value}. Say which mark the decimals have."
    ),
    "too_many_decimals": _("Line {line}: {column} has more than four decimals: {value}."),
    "too_large": _("Line {line}: {column} is too large to be meant: {value}."),
    "not_a_date": _("Line {line}: {column} is no date in the order of this file: {value}."),
    "year_not_meant": _("Line {line}: {column} has a year that cannot be meant: {value}."),
    "two_digit_year": _("Line {line}: {column} has a year of two digits: {value}. Write all four."),
    "in_the_future": _("Line {line}: {column} has not come yet: {value}."),
    "unknown_currency": _("Line {line}: {column} names no currency: {value}."),
    "two_currencies": _("Line {line}: {column} carries another currency than the line: {value}."),
    "too_few_fields": _("Line {line} has fewer fields than the heading."),
    "too_many_fields": _("Line {line} has more fields than the heading."),
    "too_long": _("Line {line}: {column} is too long."),
    "not_in_encoding": _("Line {line}: {column} holds bytes that the encoding does not know: {value}."),
    "nul_character": _("Line {line}: {column} holds a NUL character."),
    "stock_movement": _("Line {line}: a stock movement, not a sale."),
    "positive_return": _("Line {line}: a cancellation with a positive amount: {value}."),
    "order_of_another_customer": _("Line {line}: the order {value} belongs to another customer."),
    "unknown_word": _(
        "Line {line}: {column} holds a word that is not known: {value}. Say in the mapping, under words, what it means."
    ),
    "below_zero": _("Line {line}: {column} is less than nothing: {value}."),
    "unknown_party": _("Line {line}: {column} is nobody of this source: {value}. Import its orders or parties first."),
    "unknown_relation": _("Line {line}: {column} is no kind of relation: {value}."),
    "impossible_terms": _("Line {line}: {column} does not fit the other terms: {value}."),
    "relates_to_itself": _("Line {line}: {value} relates to itself."),
    "ends_before_it_begins": _("Line {line}: it ends before it begins: {value}."),
    "related_already": _("Line {line}: the same was said of these two before, of days that overlap."),
    "above_itself": _("Line {line}: somebody would stand above itself in a group or household."),
    "erased_person": _("Line {line} belongs to somebody who asked to be erased. Nothing of it is kept."),
}

NOTES: Mapping[str, Promise] = {
    "columns_left_out": _("Columns not taken: {columns}."),
    "same_name_twice": _("Several columns have the same name: {columns}. Each got its position behind its name."),
    "twins": _("{count} lines say the same as a line before them in the file. Each is counted."),
    "currency_of_the_firm": _("No currency is named: the firm's own was taken, {currency}."),
    "unknown_countries": _("{count} country names were not known and left empty, such as {examples}."),
    "cut": _("{count} texts were longer than they may be and were cut."),
    "decimal_from_elsewhere": _(
        "{column} can be read in two ways; the decimal mark of the other columns was taken: {mark}."
    ),
    "left_empty": _(
        "{column}: {count} values were not understood and left empty, such as {examples}. They are kept as written."
    ),
    "same_key_again": _(
        "{count} rows carry the number of an earlier row and say something else. The last one counts; all are kept."
    ),
    "waits_for_orders": _("{count} rows name an order that is not in the ledger yet. They are linked when it comes."),
    "waits_for_invoices": _(
        "{count} rows name an invoice that is not in the ledger yet. They are linked when it comes."
    ),
    "layout_changed": _("The file is laid out differently from the last one of this source. New: {new}. Gone: {gone}."),
    "blank_lines": _("{count} lines were blank."),
}


def refusal(code: str, *, line: int, column: str = "", value: str = "") -> str:
    """Why a row was refused, in one sentence."""
    return str(REASONS[code]).format(line=line, column=column or "–", value=value)


def note(data: Mapping[str, Any]) -> str:
    """What an import has to say about itself, in one sentence."""
    return str(NOTES[data["code"]]).format(**data)
