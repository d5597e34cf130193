"""What must not stand in any file of the project."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, tracked_files

# Written in two pieces, so that this file is not found by its own search.
REGISTRIES = ("pypi" + ".org", "pypi" + ".python.org", "python" + "hosted.org", "npmjs" + ".org", "npmjs" + ".com")
MACHINE = re.compile(r"(?<![\w.$}*-])/(?:work|home|Users|mnt|tmp)" + r"/\w")
NO_TEXT = {".png", ".jpg", ".ico", ".woff2", ".gz", ".parquet", ".xlsx", ".mo"}
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def texts() -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8")) for path in tracked_files() if path.suffix not in NO_TEXT]


def found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(CHECKOUT)}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_no_address_of_a_package_registry():
    """A mirror has to work as well; and nothing of ours sends anybody anywhere."""
    assert found(re.compile("|".join(map(re.escape, REGISTRIES)), re.IGNORECASE)) == []


def test_no_path_of_a_machine():
    assert found(MACHINE) == []


@pytest.mark.parametrize("path", ["/work" + "/main/x", "open('/tmp" + "/x')", "see /home" + "/ada/x"])
def test_a_path_of_a_machine_would_be_noticed(path: str):
    assert MACHINE.search(path)


@pytest.mark.parametrize(
    "path", ["docs/work/x", "https://example.com/home" + "/ada", "$HOME/tmp" + "/x", "/var/lib/entente-1"]
)
def test_what_only_looks_like_one_is_let_be(path: str):
    assert not MACHINE.search(path)


def test_every_file_ends_as_it_should():
    """In UTF-8, with one line end at the end, without tabulators or spaces at the ends of lines."""
    wrong = [
        str(path.relative_to(CHECKOUT))
        for path, text in texts()
        if path.suffix in (".md", ".py", ".toml")
        and text
        and (not text.endswith("\n") or re.search(r"[ \t]$", text, re.MULTILINE))
    ]
    assert wrong == []


def test_the_licence_is_the_whole_apache_licence_word_for_word():
    assert hashlib.sha256((CHECKOUT / "LICENSE").read_bytes()).hexdigest() == APACHE_2
