"""Slips of the hand, on many values at once: each value is a row of letters, each slip an index."""

from __future__ import annotations

from typing import Any

import numpy as np

Texts = np.ndarray[Any, Any]
INSERT, DELETE, TRANSPOSE, SUBSTITUTE, OCR = range(5)
# Beside each other on the keyboard, and alike to a scanner.
KEYS = {
    "a": "qsz", "b": "vgn", "c": "xdv", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok", "j": "hku",
    "k": "jli", "l": "kop", "m": "njk", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf", "s": "adw", "t": "ryg",
    "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xas",
}  # fmt: skip
ALIKE = dict(zip("olisbegzuvcnhrmtfdq", "0115869vucehbnnlltg", strict=True)) | dict(
    zip("0158629", "OISBGZg", strict=True)
)
SPAN = 0x700
_near = np.zeros((SPAN, 3), np.uint32)
_alike = np.arange(SPAN, dtype=np.uint32)
for _letter, _keys in KEYS.items():
    for _number in range(3):
        _near[ord(_letter), _number] = ord(_keys[_number % len(_keys)])
        _near[ord(_letter.upper()), _number] = ord(_keys[_number % len(_keys)])
for _letter, _twin in ALIKE.items():
    _alike[ord(_letter)] = ord(_twin)
for _digit in range(48, 58):
    _near[_digit] = [(_digit - 48 + _step) % 10 + 48 for _step in (1, 9, 3)]


def mistyped(values: Texts, rng: np.random.Generator, *, digits: bool = False) -> Texts:
    """One slip in each value: a letter too many, one lost, two exchanged, a wrong one, one misread by a scanner.

    values: (n,) object array of `str`; those under two letters stay. digits: wrong letters only, digits for digits, as
    in telephone numbers. Returns (n,) objects.
    """
    if not values.size:
        return values
    text = values.astype(str)
    width = max(text.dtype.itemsize // 4, 2)
    letters = np.zeros((text.size, width + 1), np.uint32)
    letters[:, :width] = text.astype(f"U{width}").view(np.uint32).reshape(-1, width)
    length = (letters != 0).sum(1)
    slip = rng.choice(5, text.size, p=(0.0, 0.15, 0.35, 0.5, 0.0) if digits else (0.18, 0.26, 0.18, 0.26, 0.12))
    # Seldom the first letter; exchanging and misreading need a place of their own.
    first = np.where(digits, np.maximum(length - 8, 0), rng.random(text.size) > 0.08).astype(np.int64)
    at = first + (rng.random(text.size) * np.maximum(length - first - (slip == TRANSPOSE), 1)).astype(np.int64)
    at = np.minimum(at, np.maximum(length - 1, 0))
    row = np.arange(text.size)
    here = letters[row, at]
    near = _near[np.minimum(here, SPAN - 1), rng.integers(0, 3, text.size)]
    # In scripts without a keyboard above: another letter of the same value.
    another = letters[row, (rng.random(text.size) * length).astype(np.int64)]
    wrong = np.where(near > 0, near, another)
    column = np.arange(width + 1)
    inside = at[:, None]
    source = column + ((slip == DELETE)[:, None] & (column >= inside)) - ((slip == INSERT)[:, None] & (column > inside))
    crossed = (slip == TRANSPOSE) & (at + 1 < length)
    source[row[crossed], at[crossed]] = at[crossed] + 1
    source[row[crossed], at[crossed] + 1] = at[crossed]
    out = np.take_along_axis(letters, np.minimum(source, width), axis=1)
    put = (slip == INSERT) | (slip == SUBSTITUTE)
    out[row[put], at[put]] = wrong[put]
    read = slip == OCR
    out[row[read], at[read]] = _alike[np.minimum(here[read], SPAN - 1)]
    short = length < 2
    out[short] = letters[short]
    return np.ascontiguousarray(out).view(f"U{width + 1}").ravel().astype(object)
