"""Every setting stands in docs/running.md, and no document names one that is not there."""

from __future__ import annotations

import re

from entente.lib.environment import HANDED_ON, VARIABLES
from tests.docs.pages import CHECKOUT, pages, text_of

NAME = re.compile(r"\bENTENTE_[A-Z_]+\b|\bDATABASE_URL\b")


def test_the_table_holds_all_settings_and_no_other():
    rows = re.findall(r"^\| `([A-Z_]+)` \|", text_of(CHECKOUT / "docs" / "running.md"), re.MULTILINE)
    assert sorted(rows) == sorted(VARIABLES)


def test_documents_name_only_settings_that_exist():
    named = {(str(page.relative_to(CHECKOUT)), name) for page in pages() for name in NAME.findall(text_of(page))}
    assert named
    assert [(page, name) for page, name in sorted(named) if name not in VARIABLES and name not in HANDED_ON] == []


def test_programs_read_only_settings_that_exist():
    """The programs in bin/ are read before any Python could refuse a wrong name."""
    for program in (CHECKOUT / "bin").iterdir():
        assert set(NAME.findall(text_of(program))) <= set(VARIABLES), program.name
