"""The glossary is whole: three languages, each in its own script."""

from __future__ import annotations

import re
import unicodedata

import pytest

from entente.differentiate.pure.stages import Stage
from entente.interact.pure.purposes import Purpose
from tests.docs.pages import CHECKOUT, text_of

GLOSSARY = CHECKOUT / "docs" / "glossary.md"
HEAD = ["English", "Russian", "Persian", "Meaning"]
# What the code and the pages say most.
NEEDED = (
    "party", "customer", "membership", "fact", "opinion", "cycle", "valuation", "purchase", "lifetime value", "level", "customer pyramid",
    "stage", "play", "decision", "propensity", "hold-out", "contact rules", "purpose", "channel", "consent", "wishes", "silence", "import",
    "refused row", "source", "precision", "exact", "estimate", "guess", "movement", "share of wallet", "supplier",
)  # fmt: skip


def rows() -> list[list[str]]:
    """The terms; the rows in bold only part the table."""
    table = [line for line in text_of(GLOSSARY).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert cells[0] == HEAD
    return [row for row in cells[2:] if not row[0].startswith("**")]


ROWS = rows()


def scripts(text: str) -> set[str]:
    return {unicodedata.name(letter).split()[0] for letter in text if letter.isalpha()}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_term_is_whole(row: list[str]):
    assert len(row) == len(HEAD)
    english, russian, persian, meaning = row
    assert all(row)
    assert scripts(english) == {"LATIN"}
    assert scripts(re.sub(r"\([A-Z]+\)", "", russian)) == {"CYRILLIC"}
    assert scripts(persian) == {"ARABIC"}
    assert meaning


def test_persian_is_written_with_persian_letters():
    """Arabic yeh and kaf look alike, sort otherwise and are not found."""
    assert not re.search("[يكىة]", "".join(row[2] for row in ROWS))


def test_each_term_stands_once():
    for column in (0, 1, 2):
        words = [row[column] for row in ROWS]
        assert {word for word in words if words.count(word) > 1} == set()


@pytest.mark.parametrize("term", NEEDED)
def test_has_the_word(term: str):
    assert term in [row[0] for row in ROWS]


def test_has_every_stage_and_purpose_of_the_laws():
    terms, meanings = {row[0] for row in ROWS}, " ".join(row[3] for row in ROWS)
    assert {stage.name.lower().replace("_", " ") for stage in Stage} <= terms
    assert all(purpose.value in meanings for purpose in Purpose)


def test_has_every_level():
    assert {"top", "big", "medium", "small", "inactive", "prospect", "suspect"} <= {row[0] for row in ROWS}
