"""Which encoding are these bytes in? Decided where only one reading makes sense, otherwise asked."""

import codecs
import re

from entente.ledger.pure.questions import Choice, Question

# What may be asked for by hand.
ENCODINGS = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "iso8859-1", "iso8859-5", "iso8859-15", "koi8-r", "cp437", "cp850", "cp866", "mac-roman", "mac-cyrillic",
)  # fmt: skip
_OFFERED = ("cp1252", "cp1251", "cp1250", "cp1254", "cp1256", "koi8-r", "cp866")
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_HIGH = re.compile(rb"[\x80-\xff]")


def encoding_of(head: bytes, high_lines: list[bytes], *, is_utf8: bool) -> str | Question:
    """The name of the encoding, or the question.

    head: the first bytes of the file.
    high_lines: some lines that hold bytes above 127, from anywhere in it.
    is_utf8: whether the whole file decodes as UTF-8.

    Evidence for the one-byte encodings: no language writes Latin and Cyrillic letters in one word. A word whose bytes
    are Cyrillic throughout speaks for cp1251; an accented letter between Latin ones (Müller) speaks for cp1252. Either
    wins only where the other has no voice, cp1251 only where it makes words: capitals where they belong (KOI8 has
    the cases the other way round) and vowels as often as Slavic languages have them.
    """
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return name
    if (wide := _utf16_without_mark(head)) is not None:
        return wide
    if is_utf8:
        return "utf-8"
    words = [word for line in high_lines for word in _WORD.findall(line) if _HIGH.search(word)]
    western = any(_is_western(word) for word in words)
    cyrillic = [text for word in words if (text := _cyrillic(word))]
    if western and not cyrillic:
        return "cp1252"
    if not western and _makes_sense(cyrillic):
        return "cp1251"
    return _question(high_lines)


def _utf16_without_mark(head: bytes) -> str | None:
    """ASCII in UTF-16 has a NUL in every other place: separators, digits and line ends are enough to see it."""
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.2 and even < 0.02:
        return "utf-16-le"
    if even > 0.2 and odd < 0.02:
        return "utf-16-be"
    return None


def _is_western(word: bytes) -> bool:
    """An accented letter or two among Latin ones."""
    text = _decoded(word, "cp1252")
    mixed = re.search(rb"[A-Za-z]", word) and not re.search(rb"[\x80-\xff]{3}", word)
    return bool(mixed and text is not None and text.isalpha())


def _cyrillic(word: bytes) -> str:
    text = _decoded(word, "cp1251")
    return text if text and len(text) >= 3 and all("\u0400" <= letter <= "\u04ff" for letter in text) else ""


def _makes_sense(words: list[str]) -> bool:
    unusual = [word for word in words if not (word.islower() or word.isupper() or word[1:].islower())]
    small = [word for word in words if word[1:].islower()]
    letters = "".join(words).lower()
    vowels = sum(letters.count(vowel) for vowel in "аеёиоуыэюяіїє")
    return bool(small) and len(unusual) <= len(words) // 20 and 0.3 <= vowels / len(letters) <= 0.65


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _question(high_lines: list[bytes]) -> Question:
    shown = [line.strip()[:80] for line in high_lines[:3]]
    choices = tuple(
        Choice(name, name, tuple((line.decode("ascii", "replace"), str(_decoded(line, name))) for line in shown))
        for name in _OFFERED
        if all(_decoded(line, name) is not None for line in high_lines)
    )
    return Question("encoding", "The file is not in Unicode, and its letters can be read in several ways.", choices)
