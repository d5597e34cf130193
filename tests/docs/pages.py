"""The documents of the checkout, and what stands in them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


@dataclass(frozen=True)
class Block:
    """One piece of code in a document. language: empty where none is named, `inline` within a sentence."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


@cache
def tracked_files() -> tuple[Path, ...]:
    """What belongs to the project: what git knows or would add. Without git, all that is not hidden."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=CHECKOUT, capture_output=True, check=True,
        ).stdout.decode()  # fmt: skip
        names = [name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        everything = (path.relative_to(CHECKOUT) for path in CHECKOUT.rglob("*"))
        names = [
            str(path) for path in everything if not any(part[0] == "." or part == "__pycache__" for part in path.parts)
        ]
    return tuple(sorted(CHECKOUT / name for name in set(names) if (CHECKOUT / name).is_file()))


def pages() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """The page without its blocks of code, each line where it was."""
    return FENCE.sub(lambda found: "\n" * found.group().count("\n"), text)


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, then its inline code."""
    text = text_of(page)
    for found in FENCE.finditer(text):
        yield Block(page, text.count("\n", 0, found.start()) + 1, found.group(1), found.group(2))
    plain = prose(text)
    for found in INLINE.finditer(plain):
        yield Block(page, plain.count("\n", 0, found.start()) + 1, "inline", found.group(1).strip())


def anchors(page: Path) -> set[str]:
    """What a link may point at within a page: its headings, as forges write them."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", prose(text_of(page)), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


def all_blocks() -> list[Block]:
    return [block for page in pages() for block in blocks(page)]
