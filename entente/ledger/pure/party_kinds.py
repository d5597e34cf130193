"""Person or organisation, in the words that sources have for it."""

PERSON, ORGANISATION, UNKNOWN = "person", "organisation", "unknown"
_WORDS: dict[str, tuple[str, ...]] = {
    PERSON: (
        "person", "individual", "private", "consumer", "b2c", "privat", "privatperson", "privatkunde", "natürliche person",
        "физлицо", "физическое лицо", "частное лицо", "شخص", "فرد", "حقیقی", "شخص حقیقی",
    ),
    ORGANISATION: (
        "organisation", "organization", "company", "business", "b2b", "firma", "unternehmen", "geschäftskunde", "juristische person",
        "организация", "компания", "фирма", "юрлицо", "юридическое лицо", "شرکت", "سازمان", "حقوقی", "شخص حقوقی",
    ),
}  # fmt: skip
_KIND_OF = {word: kind for kind, words in _WORDS.items() for word in words}


def kind_of(word: str) -> str:
    """`person`, `organisation`, or `unknown` where the word says neither."""
    return _KIND_OF.get(" ".join(word.casefold().split()), UNKNOWN)
