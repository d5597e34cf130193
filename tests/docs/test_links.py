"""Every link leads somewhere, every file named is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, all_blocks, anchors, blocks, pages, prose, text_of

LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
# Pictures are made last, from the whole thing.
MADE_LAST = {CHECKOUT / "docs" / "pictures" / name for name in ("today.png", "pyramid.png")}
# A file or folder of the checkout in inline code. `…/` and `*` may stand for what varies.
PATH = re.compile(r"^(?:entente|tests|bench|docs|bin|\.ci)/[\w./*…-]*$|^[\w-]+\.(?:md|toml|in|lock)$")
IDS = [str(page.relative_to(CHECKOUT)) for page in pages()]


def outside(target: str) -> bool:
    return target.startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize("page", pages(), ids=IDS)
def test_links_lead_somewhere(page: Path):
    for target in LINK.findall(prose(text_of(page))):
        if outside(target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        assert found.exists() or found in MADE_LAST, f"{page.name}: {target} leads nowhere"
        assert found.is_relative_to(CHECKOUT), f"{page.name}: {target} leads out of the checkout"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{page.name}: {target}: no such heading"


@pytest.mark.parametrize("page", pages(), ids=IDS)
def test_files_named_are_there(page: Path):
    for block in blocks(page):
        if block.language != "inline" or not PATH.match(block.text):
            continue
        pattern = block.text.rstrip("/").replace("…", "*")
        here = (CHECKOUT, page.parent)
        assert any(any(root.glob(pattern)) for root in here), f"{block}: there is no {block.text}"


def test_the_documents_the_readme_promises():
    linked = {
        (CHECKOUT / target.partition("#")[0]).resolve() for target in LINK.findall(text_of(CHECKOUT / "README.md"))
    }
    for name in ("LICENSE", "CONTRIBUTING.md", "STYLE.md", "CHANGELOG.md", "docs/house.md", "docs/glossary.md", "docs/running.md",
                 "docs/laws/README.md", "docs/decisions/README.md", "docs/howto/first-day.md"):  # fmt: skip
        assert CHECKOUT / name in linked, name


def test_the_readme_is_short():
    assert len(text_of(CHECKOUT / "README.md").splitlines()) <= 70


@pytest.mark.parametrize("folder", ["laws", "decisions"])
def test_the_index_lists_every_page(folder: str):
    index = CHECKOUT / "docs" / folder / "README.md"
    listed = {target for target in LINK.findall(text_of(index)) if "/" not in target}
    assert listed == {page.name for page in index.parent.glob("*.md") if page.name != "README.md"}


@pytest.mark.parametrize("page", sorted((CHECKOUT / "docs" / "decisions").glob("0*.md")), ids=lambda page: page.name)
def test_a_decision_says_what_it_has_to(page: Path):
    text = text_of(page)
    assert text.startswith(f"# {page.name[:4]} ")
    for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**We would notice**"):
        assert text.count(part) == 1, part


def test_decisions_are_numbered_without_gaps():
    numbers = sorted(int(page.name[:4]) for page in (CHECKOUT / "docs" / "decisions").glob("0*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def defined(module: Path) -> set[str]:
    """Functions, classes and constants of a module, and what its classes hold."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text_of(module))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def test_functions_of_laws_that_pages_name_exist():
    """`purchases.expected_purchases` in a page about laws is a function of a module in some pure/."""
    modules = {path.stem: path for path in (CHECKOUT / "entente").glob("*/pure/*.py")}
    named = 0
    for block in all_blocks():
        found = re.match(r"^(\w+)\.(\w+)(?:\(.*\))?$", block.text) if block.page.parent.name == "laws" else None
        if found and found[1] in modules and found[2] != "py":
            named += 1
            assert found[2] in defined(modules[found[1]]), f"{block}: there is no {block.text}"
    assert named >= 5
