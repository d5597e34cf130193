"""Numbers as people write them, read exactly: ten-thousandths in 64-bit integers, never a binary fraction.

A decimal mark is '.', ',' or '' (the column did not say: a value that reads only one way is read, another refused).
"""

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.ledger.pure.currencies import take_currency
from entente.ledger.pure.reasons import NUMBER_OF

Scaled = NDArray[np.int64]
Wrong = NDArray[np.uint8]

SCALE = 10_000
LARGEST = 10**12  # one more is never meant, in rials neither

_DIGITS = str.maketrans(
    "۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩−–﹣٫٬", "01234567890123456789---\x01\x02", "\u200b\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"
)  # fmt: skip
_BETWEEN_THOUSANDS = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
_PLAIN = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,4})?", re.ASCII)
_GROUPED = r"(?:[0-9]+|[0-9]{{1,3}}(?:{g}[0-9]{{2,3}})*{g}[0-9]{{3}})"
_FORMS = {
    ".": re.compile("(" + _GROUPED.format(g=",") + r"|)(?:\.([0-9]*))?", re.ASCII),
    ",": re.compile("(" + _GROUPED.format(g=r"\.") + r"|)(?:,([0-9]*))?", re.ASCII),
}


def read_numbers(values: Sequence[Any], mark: str, *, largest: int = LARGEST) -> tuple[Scaled, Wrong, list[str]]:
    """(n,) ten-thousandths, (n,) what is wrong (0: nothing; an index into CODES), n currencies ('' where none stands).

    values: text, int, float, Decimal or None. Text may carry a currency sign, spaces, Persian or Arabic digits,
    a minus behind it, or brackets for a minus.
    """
    scaled, wrong, currencies = np.zeros(len(values), np.int64), np.zeros(len(values), np.uint8), [""] * len(values)
    for place, value in enumerate(values):
        if isinstance(value, str) and mark != "," and _PLAIN.fullmatch(value):
            whole, _, rest = value.partition(".")
            # Without a mark "1.234" may be a thousand and more.
            number: int | str = (
                int(whole + rest.ljust(4, "0")) if mark or len(rest) != 3 else _read_text(value, mark)[0]
            )
        elif isinstance(value, str):
            number, currencies[place] = _read_text(value, mark)
        else:
            number = _read_typed(value)
        if isinstance(number, str):
            wrong[place] = NUMBER_OF[number]
        elif abs(number) >= largest * SCALE:
            wrong[place] = NUMBER_OF["too_large"]
        else:
            scaled[place] = number
    return scaled, wrong, currencies


def possible_readings(value: Any) -> dict[str, int]:
    """Decimal mark -> ten-thousandths, for each mark that makes a number of the value."""
    if not isinstance(value, str):
        number = _read_typed(value)
        return {} if isinstance(number, str) else {".": number, ",": number}
    readings = {mark: _read_text(value, mark)[0] for mark in (".", ",")}
    return {mark: number for mark, number in readings.items() if not isinstance(number, str)}


def multiply(one: Scaled, other: Scaled) -> tuple[Scaled, NDArray[np.bool_]]:
    """(n,) products in ten-thousandths, halves away from zero; and which are too large (they are 0 then)."""
    too_large = np.abs(one.astype(np.float64)) * np.abs(other.astype(np.float64)) >= float(LARGEST) * SCALE * SCALE
    sign = np.sign(one) * np.sign(other)
    a, b = np.where(too_large, 0, np.abs(one)), np.where(too_large, 0, np.abs(other))
    # The larger factor is split, so that no partial product leaves 64 bits.
    a, b = np.minimum(a, b), np.maximum(a, b)
    (a_whole, a_rest), (b_whole, b_rest) = np.divmod(a, SCALE), np.divmod(b, SCALE)
    product = a_whole * b + a_rest * b_whole + (a_rest * b_rest + SCALE // 2) // SCALE
    return sign * product, too_large


def divide(one: Scaled, other: Scaled) -> Scaled:
    """(n,) quotients in ten-thousandths, rounded; 0 where `other` is 0."""
    safe = np.where(other == 0, 1, other)
    quotient = np.clip(np.rint(one / safe.astype(np.float64) * SCALE), -9e18, 9e18).astype(np.int64)
    return np.where(other == 0, 0, quotient)


def as_decimal(scaled: int) -> Decimal:
    return Decimal(int(scaled)).scaleb(-4)


def _read_typed(value: Any) -> int | str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "not_a_number"
    if isinstance(value, int):
        return value * SCALE if abs(value) < LARGEST else "too_large"
    if not isinstance(value, float | Decimal) or math.isnan(value):
        return "not_a_number"
    if value >= LARGEST or value <= -LARGEST:
        return "too_large"
    return _of_float(value) if isinstance(value, float) else _exactly(value)


def _of_float(value: float) -> int | str:
    """Binary noise (2.5500000000000003) is rounded away; a fifth decimal that was meant is refused."""
    nearest = round(value * SCALE)
    return nearest if abs(value - nearest / SCALE) <= 1e-9 + 1e-14 * abs(value) else "too_many_decimals"


def _exactly(value: Decimal) -> int | str:
    moved = value.scaleb(4)
    return int(moved) if moved == moved.to_integral_value() else "too_many_decimals"


def _read_text(value: str, mark: str) -> tuple[int | str, str]:
    body, currency = take_currency(value)
    body = _BETWEEN_THOUSANDS.sub("", body.translate(_DIGITS)).strip()
    if not body:
        return ("empty" if not currency else "not_a_number"), currency
    negative = False
    if body[0] == "(" and body[-1] == ")":
        body, negative = body[1:-1].strip(), True
    elif body[-1] in "+-":
        body, negative = body[:-1].rstrip(), body[-1] == "-"
    if body[:1] in ("+", "-"):
        body, negative = body[1:].lstrip(), negative != (body[0] == "-")
    number = _read_unsigned(body, mark)
    return (-number if negative and not isinstance(number, str) else number), currency


def _read_unsigned(body: str, mark: str) -> int | str:
    if "\x01" in body or "\x02" in body:
        # The Arabic marks cannot be mistaken for each other.
        body, mark = body.replace("\x02", "").replace("\x01", "."), "."
    if mark:
        return _under(body, mark)
    readings = {_under(body, each) for each in (".", ",")}
    numbers = {number for number in readings if not isinstance(number, str)}
    if len(numbers) == 1:
        return numbers.pop()
    if numbers:
        return "ambiguous_number"
    return "too_many_decimals" if "too_many_decimals" in readings else sorted(map(str, readings))[0]


def _under(body: str, mark: str) -> int | str:
    found = _FORMS[mark].fullmatch(body)
    if found is None or not (found[1] or found[2]):
        return _scientific(body, mark)
    whole, rest = re.sub(r"[.,]", "", found[1]), (found[2] or "").rstrip("0")
    if len(whole) > 30:
        return "too_large"
    if len(rest) > 4:
        # Sixteen digits and more are how programs write a binary fraction.
        return _of_float(float(f"{whole or 0}.{rest}")) if len(whole) + len(rest) >= 15 else "too_many_decimals"
    return int((whole or "0") + rest.ljust(4, "0"))


def _scientific(body: str, mark: str) -> int | str:
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]{1,3}", body, re.ASCII) and not ("," in body and mark == "."):
        value = Decimal(body.replace(",", "."))
        return "too_large" if abs(value) >= LARGEST else _exactly(value)
    return "too_large" if body.lower() in ("inf", "infinity", "∞") else "not_a_number"
