"""One name in many scripts: Latin letters for what is written otherwise, and a key of how a word sounds.

Not a transliteration to be read aloud or turned back. Latin, Cyrillic, Greek, Arabic and Persian letters are known; a letter
of another script becomes its code point, so that two values stay two. Sources: the tables of ISO 9, BGN/PCGN and passports
for Cyrillic, of ISO 233-3 and BGN/PCGN for Arabic and Persian, folded together where they disagree.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# A cell of a table: the letter and, joined to it, how it is written; alone it is not written at all.
_CYRILLIC = (
    "аa бb вv гg дd еe ёe жzh зz иi йy кk лl мm нn оo пp рr сs тt уu фf хkh цts чch шsh щshch ъ ыy ьэe юyu яya "
    "іi їi єye ґg ўu ђdj јj љl њn ћc џdzh әa ғg қk ңn өo ұu үu һh җj ѓg ќk ѕdz"
).replace("ьэe", "ь эe")
_GREEK = "αa βv γg δd εe ζz ηi θth ιi κk λl μm νn ξx οo πp ρr σs ςs τt υi φf χch ψps ωo"
_ARABIC = (
    "اa بb پp تt ثs جj چch حh خkh دd ذz رr زz ژzh سs شsh صs ضz طt ظz عa غgh فf قq کk گg لl مm نn وu هh ةh یi "
    "ؤu ئi ء ڤv ٹt ڈd ڑr ںn ۇu ۆu ۋv ڭng ـ"
)
_LATIN = "ßss æae œoe øo łl đd ðd þth ıi ħh ŋng ŧt ƒf ʼ ʻ ʹ ʿ ʾ ’ ‘ ` ´ ' əa"
_LETTERS = {cell[0]: cell[1:] for cell in f"{_CYRILLIC} {_GREEK} {_ARABIC} {_LATIN}".split()}
_MARKS = dict(zip("«»“”„‟‹›،؛؟‐‑‒–—―−٫٬・·", '"""""""",;?-------.,..', strict=True))
LONGEST_WORD = 60
_JOINERS = "\u200c\u200d\u00ad"  # zero-width non-joiner: علی‌رضا and علیرضا are one name


class _Written(dict[int, str]):
    """How every character is written, learned when first met; letters beyond the first plane are not kept."""

    def __init__(self, *, marks: bool) -> None:
        super().__init__()
        self._marks = marks

    def __missing__(self, code: int) -> str:
        character = chr(code).lower()
        written = _LETTERS.get(character)
        if written is None:
            written = "".join(self._one(piece) for piece in unicodedata.normalize("NFKD", character).lower())
        if code < 0x10000:
            self[code] = written
        return written

    def _one(self, piece: str) -> str:
        if piece in _LETTERS:
            return _LETTERS[piece]
        digit = unicodedata.decimal(piece, None)
        if digit is not None:
            return str(digit)
        if piece.isascii() and piece.isalpha():
            return piece
        if piece in _JOINERS or unicodedata.category(piece) in ("Mn", "Me", "Mc"):
            return ""
        if piece.isalpha():
            return f"u{ord(piece):x}"
        mark = _MARKS.get(piece, piece)
        return mark if self._marks and mark.isascii() and mark.isprintable() else " "


_WORDS_ONLY, _WITH_MARKS = _Written(marks=False), _Written(marks=True)

_HAS_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_SILENT = "ـ\u0670\u0654\u0655\u200c\u200d" + "".join(
    map(chr, range(0x64B, 0x653))
)  # stretching, and short vowels where they are written
_VARIANTS = str.maketrans("يىۍېےكڪۀەہھۂأإآٱٲٳ", "یییییک" + "کههههه" + "اااااا", _SILENT)
# What is spoken a and written with a final ya: Arabs mark the difference, Persians do not.
_STEMS = "لیل هد لم موس عیس مصطف یحی مرتض مجتب سلم من سلو نجو بشر ند کبر صغر ضح لبن"
_SPOKEN_A = frozenset(article + stem + "ی" for stem in _STEMS.split() for article in ("", "ال"))
_FINAL_YA = re.compile(r"\w+ی\b")
_SILENT_WAW = re.compile(r"خvا(?<!\wخvا)")
# Each begins with the letter it is about: that is what makes them quick.
_WAW = re.compile(r"و(?:(?=[اة]|ی(?![اوی]))|(?<=\bو)|(?<=او)|(?<=\bالو))")
_YA = re.compile(r"ی(?:(?=[اوv])|(?<=\bی)|(?<=\bالی))")
_THA = re.compile(r"ث(?<=\bالث)")
# s and h side by side are two sounds in Arabic script; a vowel keeps them from being read as one.
_APART = re.compile(r"[بپتثجچحخدذرزژسشصضطظغفقکگلمن](?=[هحة])(?<!\bال)|[تد](?=[سزصذضظشجژت])|چ(?=[رل])")
_HARD_SIGN = re.compile("ъ(?=[^еёюяіїє]|$)")


def _spoken_a(found: re.Match[str]) -> str:
    return found[0][:-1] + "ا" if found[0] in _SPOKEN_A else found[0]


def _spelled_out(text: str) -> str:
    """What letters alone do not tell: which ya and waw are consonants, where the Bulgarian ъ is a vowel."""
    text = unicodedata.normalize("NFKC", text)
    if _HAS_ARABIC.search(text):
        text = text.translate(_VARIANTS)
        if "ی" in text:
            text = _FINAL_YA.sub(_spoken_a, text)
            text = _YA.sub("y", _WAW.sub("v", text) if "و" in text else text)
        elif "و" in text:
            text = _WAW.sub("v", text)
        if "خvا" in text:
            text = _SILENT_WAW.sub("خا", text)
        text = _THA.sub("th", _APART.sub(r"\g<0>e", text))
    if "ъ" in text:
        text = _HARD_SIGN.sub("a", text)
    return text


def romanise(text: str) -> str:
    """The words of a text in a to z and 0 to 9, with single spaces between them.

    Apostrophes and soft signs join, all other punctuation parts. Applied twice it changes nothing.
    """
    if not text.isascii():
        text = _spelled_out(text)
    return " ".join(text.translate(_WORDS_ONLY).split())


def latin(text: str) -> str:
    """As `romanise`, with the punctuation of ASCII left where it stands: for those who still need dots, commas and brackets."""
    if not text.isascii():
        text = _spelled_out(text)
    return " ".join(text.translate(_WITH_MARKS).split())


def vocabulary(text: str) -> frozenset[str]:
    """The words of a list, each written in its own script and kept as `romanise` writes it."""
    return frozenset(romanise(word) for word in text.split())


# How words begin and end, where one sound has most spellings, by the first and by the last letter.
_BEGINNINGS = (
    (re.compile(r"[jy]e(?=[lgkvw]|rm|fi)|ye"), "e"),  # Jelena, Yelena, Elena
    (re.compile(r"y(?=v)"), "i"),  # Yvonne
    (re.compile(r"y|i(?=[aou])"), "j"),  # Yulia, Iuliia, Julia
)
_LONG_I = (re.compile(r"(?<=[eio])j$|(?<=la)j$|ee$|ie$"), "i")  # Sergej, Nikolaj, Rezaee
_V = (re.compile(r"(?<=[oe])(?:ff|w)(?=a?$)"), "v")  # Romanoff, Iwanow
_S = (re.compile(r"(?<=[lnr])t?[sz]e?$"), "s")  # Schulz, Schultz, Schulze
_ENDINGS = {
    "j": (_LONG_I,),
    "e": (_LONG_I, _S),
    "f": (_V,),
    "w": (_V,),
    "a": (_V, (re.compile(r"sk(?:a[yji])?a$"), "ski")),
    "c": ((re.compile(r"(?<=[vw])ic$"), "ich"),),
    "s": (_S,),
    "z": (_S,),
}
_SLAVIC_J = re.compile(
    r"j(?:(?<=[tfbkv]j)(?=[aeou])|(?<=lj)(?<!^[ae]lj)(?=[aeou])|(?<=nj)(?=a$)"
    r"|(?<=[aeiou]j)(?=[eo][vw](?:a?$|sk))|(?<=[ae]j)(?=[cz])|(?<=[^d]ij)(?=a$))"
)
_SOUND_OF = {
    **dict.fromkeys(("schtsch", "shch", "szcz", "chtch", "sch", "sh", "sz"), "X"),
    **dict.fromkeys(("tsch", "tch", "cz", "ch"), "C"),
    **dict.fromkeys(("dsch", "dzh", "dj", "zh"), "J"),
    **dict.fromkeys(("tz", "ts"), "S"),
    **dict.fromkeys(("dt", "th"), "T"),
    **dict(
        zip(
            ("chr", "chl", "chael", "kh", "gh", "ph", "ck", "wh", "x"),
            ("KR", "KL", "KL", "H", "G", "F", "K", "V", "KS"),
            strict=True,
        )
    ),
}
_SEVERAL = re.compile(
    "|".join(sorted(_SOUND_OF, key=len, reverse=True))
    + r"|c(?=[eiyv]|[oe][vw]a?$)|qu(?=[aeio])|w(?=[b-df-hj-np-tvxz])(?<=[aeou]w)(?!sk|n[ay]$)|h$"
)
_SOUND_OF |= {"c": "S", "qu": "K", "w": "", "h": ""}  # only where the pattern says so
_SINGLE = str.maketrans("bcdfghjklmnpqrstvwz", "BKDFGHJKLMNPGRSTVVZ", "aeiouy")
_TWICE = re.compile(r"(.)\1+")


def _sound(match: re.Match[str]) -> str:
    return _SOUND_OF[match[0]]


def skeleton(word: str) -> str:
    """The key under which one word meets its other spellings: its consonants by kind, for Arabic script leaves short vowels out.

    A stands for any vowel at the beginning, I for an i at the end (Karim is not Karimi), J for y and j, X for sh and
    shch, C for ch, H for h and kh, G for g, gh and q, V for v and w. Doubled sounds count once. Before three
    consonants the article al- falls away, written apart or not. Schmidt and Schmitt are one, Schmid is another;
    the Ukrainian h for г is not followed. Empty only where there is neither letter nor digit.
    """
    if not (word.isascii() and word.isalnum() and word.islower()):
        word = romanise(word).replace(" ", "")
    return _skeleton(word[:LONGEST_WORD]) if word else ""


# Most words come again in other names; what is kept is bounded, whatever is thrown at it.
@lru_cache(maxsize=1 << 16)
def _skeleton(word: str) -> str:
    if word[0] in "ijy":
        for beginning, instead in _BEGINNINGS:
            if found := beginning.match(word):
                word = instead + word[found.end() :]
                break
    elif word.startswith("abdur"):
        word = "abdul" + word[4:]
    for ending, instead in _ENDINGS.get(word[-1], ()):
        word = ending.sub(instead, word)
    if "j" in word:
        word = _SLAVIC_J.sub("", word)
    bare = _TWICE.sub(r"\1", _SEVERAL.sub(_sound, word).translate(_SINGLE))
    last = "I" if word[-1] in "iy" and len(word) > 1 else ""
    if word[0] not in "aeiou":
        # A word of mute letters alone still needs a key.
        return (bare or word[0].upper()) + last
    article = word[:2] in ("al", "el") and word[2:3] not in ("", "l", *"aeiou") and len(bare) > 3
    return (bare[1:] if article else "A" + bare) + last
