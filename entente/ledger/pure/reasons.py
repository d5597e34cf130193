"""Why a row was refused, and what an import has to say about itself: codes and their English words.

Placeholders: line, column, value. `entente/ledger/words.py` holds the same sentences for translation.
"""

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    "empty": "Line {line}: {column} is empty.",
    "not_a_number": "Line {line}: {column} is no number: {value}.",
    "ambiguous_number": "Line {line}: {column} can be read as two numbers: {value}. Say which mark the decimals have.",
    "too_many_decimals": "Line {line}: {column} has more than four decimals: {value}.",
    "too_large": "Line {line}: {column} is too large to be meant: {value}.",
    "not_a_date": "Line {line}: {column} is no date in the order of this file: {value}.",
    "year_not_meant": "Line {line}: {column} has a year that cannot be meant: {value}.",
    "two_digit_year": "Line {line}: {column} has a year of two digits: {value}. Write all four.",
    "in_the_future": "Line {line}: {column} has not come yet: {value}.",
    "unknown_currency": "Line {line}: {column} names no currency: {value}.",
    "two_currencies": "Line {line}: {column} carries another currency than the line: {value}.",
    "too_few_fields": "Line {line} has fewer fields than the heading.",
    "too_many_fields": "Line {line} has more fields than the heading.",
    "too_long": "Line {line}: {column} is too long.",
    "not_in_encoding": "Line {line}: {column} holds bytes that the encoding does not know: {value}.",
    "nul_character": "Line {line}: {column} holds a NUL character.",
    "stock_movement": "Line {line}: a stock movement, not a sale.",
    "positive_return": "Line {line}: a cancellation with a positive amount: {value}.",
    "order_of_another_customer": "Line {line}: the order {value} belongs to another customer.",
    "unknown_word": "Line {line}: {column} holds a word that is not known: {value}. Say in the mapping, under words, what it means.",
    "below_zero": "Line {line}: {column} is less than nothing: {value}.",
    "unknown_party": "Line {line}: {column} is nobody of this source: {value}. Import its orders or parties first.",
    "unknown_relation": "Line {line}: {column} is no kind of relation: {value}.",
    "impossible_terms": "Line {line}: {column} does not fit the other terms: {value}.",
    "relates_to_itself": "Line {line}: {value} relates to itself.",
    "ends_before_it_begins": "Line {line}: it ends before it begins: {value}.",
    "related_already": "Line {line}: the same was said of these two before, of days that overlap.",
    "above_itself": "Line {line}: somebody would stand above itself in a group or household.",
    "erased_person": "Line {line} belongs to somebody who asked to be erased. Nothing of it is kept.",
}

NOTES: Mapping[str, str] = {
    "columns_left_out": "Columns not taken: {columns}.",
    "same_name_twice": "Several columns have the same name: {columns}. Each got its position behind its name.",
    "twins": "{count} lines say the same as a line before them in the file. Each is counted.",
    "currency_of_the_firm": "No currency is named: the firm's own was taken, {currency}.",
    "unknown_countries": "{count} country names were not known and left empty, such as {examples}.",
    "cut": "{count} texts were longer than they may be and were cut.",
    "decimal_from_elsewhere": "{column} can be read in two ways; the decimal mark of the other columns was taken: {mark}.",
    "left_empty": "{column}: {count} values were not understood and left empty, such as {examples}. They are kept as written.",
    "same_key_again": "{count} rows carry the number of an earlier row and say something else. The last one counts; all are kept.",
    "waits_for_orders": "{count} rows name an order that is not in the ledger yet. They are linked when it comes.",
    "waits_for_invoices": "{count} rows name an invoice that is not in the ledger yet. They are linked when it comes.",
    "layout_changed": "The file is laid out differently from the last one of this source. New: {new}. Gone: {gone}.",
    "blank_lines": "{count} lines were blank.",
}

# The laws mark rows by the position of a code; 0 is nothing wrong.
CODES: tuple[str, ...] = ("", *REASONS)
NUMBER_OF: Mapping[str, int] = {code: number for number, code in enumerate(CODES)}


def sentence(code: str, *, line: int, column: str = "", value: str = "") -> str:
    """One refused row in English. Raises KeyError for a code that is not in REASONS."""
    return REASONS[code].format(line=line, column=column or "a field", value=value)
