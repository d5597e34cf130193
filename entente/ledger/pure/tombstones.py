"""Marks of people who asked to be erased: salted hashes, and a sieve so that a million rows need hardly any of them.

A mark is HMAC-SHA256 (RFC 2104) of one spelling of a value under a salt that the database does not hold. A hash a row would cost more
than the import. So each mark also keeps a bucket: CRC-32 of the value modulo 2^16, sent through a permutation drawn from the salt.
Without the salt a bucket says only that two values may be equal; with it, a row that falls into no bucket is nobody's, and of n
marks about n of 65,536 rows are hashed in vain.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

KEY, EMAIL, PHONE, DIGITS, BARE, TAX_ID, BIRTH = "key", "email", "phone", "digits", "bare", "tax_id", "birth"
HANDLE = "handle"
BUCKETS = 1 << 16
SHORTEST_PHONE, SHORTEST_TAX_ID, SHORTEST_HANDLE = 7, 4, 4
_NO_DIGIT = re.compile(r"\D+")
APART = "\x1f"
_MARKS = str.maketrans("", "", " \u00a0\u202f\t.,:;/\\|_+*#'\"()[]-\u2010\u2011\u2012\u2013\u2014")


def email_spelling(text: str) -> str:
    """A mail address in small letters; '' for what is none."""
    text = text.strip().lower()
    return text if "@" in text[1:-1] else ""


def tail_of(phone: str) -> str:
    """The last digits of a telephone number, in ASCII: those that no country code, prefix or punctuation changes."""
    digits = _NO_DIGIT.sub("", phone)[-SHORTEST_PHONE:]
    return digits if digits.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in digits)


def bare_number(text: str) -> str:
    """A number without spaces and marks, in capitals."""
    return text.upper() if text.isalnum() else text.translate(_MARKS).upper()


def tax_spelling(text: str) -> str:
    """A tax number, bare; '' where it is too short to be one, or has no digit."""
    found = bare_number(text)
    return found if len(found) >= SHORTEST_TAX_ID and any(map(str.isdigit, found)) else ""


def handle_spelling(name: str, value: str) -> str:
    """A further number or name that somebody is known by, and how that is called, for another system may count alike; '' where it is too
    short to be one person's. Capitals, spaces and a leading @ make no difference."""
    plain = "".join(value.casefold().split()).lstrip("@#")
    return f"{name.casefold()}{APART}{plain}" if len(plain) >= SHORTEST_HANDLE else ""


def key_spelling(source: str, key: str) -> str:
    """How a source of that name numbers somebody."""
    return f"{source}{APART}{key}" if key else ""


def digest(salt: bytes, kind: str, spelling: str) -> str:
    """The mark of a spelling, 64 hexadecimal signs; another for another kind."""
    return hmac.digest(salt, f"{kind}{APART}{spelling}".encode(), hashlib.sha256).hex()


def mark_of(salt: bytes) -> str:
    """Which salt it is, without saying so."""
    return digest(salt, "salt", "")[:16]


@lru_cache(maxsize=2)
def permutation(salt: bytes) -> NDArray[np.int64]:
    """(BUCKETS,) every number below BUCKETS once, in an order drawn from the salt."""
    drawn = np.frombuffer(hashlib.shake_256(b"buckets" + salt).digest(8 * BUCKETS), ">u8")
    return np.argsort(drawn, kind="stable").astype(np.int64)


def residues(values: Iterable[str], count: int) -> NDArray[np.uint32]:
    """(count,) CRC-32 of each value modulo BUCKETS."""
    return np.fromiter(map(crc32, map(str.encode, values)), np.uint32, count) & np.uint32(BUCKETS - 1)


def sieve(salt: bytes, buckets: Sequence[int]) -> NDArray[np.bool_]:
    """(BUCKETS,) which residues fall into one of these buckets."""
    taken = np.zeros(BUCKETS, np.bool_)
    taken[np.asarray(buckets, np.int64)] = True
    return taken[permutation(salt)]
