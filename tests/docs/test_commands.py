"""Every command that a document shows can be given."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator

import pytest

from entente.__main__ import COMMANDS, parser
from tests.docs.pages import CHECKOUT, Block, all_blocks

# What a reader puts in by himself.
PLACEHOLDERS = {
    "FILE": "orders.csv",
    "DAY": "2026-11-20",
    "DATE": "2026-11-20",
    "NAME": "online-retail",
    "NUMBER": "1",
    "ID": "1",
    "N": "8520",
    "CC": "SA",
    "CUSTOMER": "1",
    "CHANNEL": "phone",
    "PURPOSE": "service",
    "INSTANT": "2026-11-20T10:00+03:00",
    "EMAIL": "ada@example.com",
}
# Words that only begin like a command: the personalisation of the hash behind the lots.
NO_COMMANDS = {"entente lots"}
SHELLS = ("sh", "bash", "console")
PROGRAMS = {path.name for path in (CHECKOUT / "bin").iterdir()}
STARTS = re.compile(r"^(?:bin/\w+|entente|\.ci/run)(?=\s|$)")


def shown() -> Iterator[tuple[Block, str]]:
    """(where, the command) for each command in the documents: a line of a shell's block, or inline code that begins like one."""
    for block in all_blocks():
        if block.language == "inline":
            if STARTS.match(block.text) and block.text not in NO_COMMANDS:
                yield block, block.text
        elif block.language in SHELLS:
            for line in block.text.replace("\\\n", " ").splitlines():
                line = line.strip().removeprefix("$ ")
                if STARTS.match(line):
                    yield block, line


SHOWN = list(shown())


def words_of(command: str) -> list[str]:
    """The program and its arguments: what a shell would add to them (pipes, files for its output, comments) taken away."""
    command = re.split(r"\s(?:\||>|2>|&&|;)", command)[0]
    words = shlex.split(command, comments=True)
    return [PLACEHOLDERS.get(word, word) for word in words]


def parses(arguments: list[str]) -> bool:
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        try:
            parser().parse_args(arguments)
        except SystemExit as end:
            return end.code == 0
    return True


def is_a_mention(arguments: list[str]) -> bool:
    """`entente import` in a sentence names a command that goes on; every word of it is one."""
    return all(re.fullmatch(r"[a-z]+", word) for word in arguments) and parses([*arguments, "--help"])


@pytest.mark.parametrize(("block", "command"), SHOWN, ids=[f"{block} {command}" for block, command in SHOWN])
def test_can_be_given(block: Block, command: str):
    program, *arguments = words_of(command)
    name = program.rpartition("/")[2]
    if program.startswith(("bin/", ".ci/")):
        assert os.access(CHECKOUT / program, os.X_OK), f"{block}: there is no {program}"
    if name == "demo":
        name, arguments = "entente", ["demo", *arguments]
    if name == "entente" and arguments:
        fits = parses(arguments) or (block.language == "inline" and is_a_mention(arguments))
        assert fits, f"{block}: entente does not understand {command!r}"
    elif name == "bench" and arguments and not arguments[0].startswith("-"):
        benchmark = CHECKOUT / "bench" / f"{arguments[0]}.py"
        assert benchmark.exists() or arguments[0] in PLACEHOLDERS.values(), f"{block}: there is no {benchmark.name}"
    elif name == "test":
        for word in arguments:
            if word.startswith("tests/"):
                assert (CHECKOUT / word).exists(), f"{block}: there is no {word}"
    elif name == "setup":
        assert arguments in ([], ["--dev"]), f"{block}: bin/setup knows --dev only"


CODE = re.compile(r"<code>((?:bin/)?entente [^<{]+)</code>")
TEMPLATES = sorted((CHECKOUT / "entente" / "web" / "templates").rglob("*.html"))
ON_PAGES = sorted({command for path in TEMPLATES for command in CODE.findall(path.read_text(encoding="utf-8"))})


@pytest.mark.parametrize("command", ON_PAGES)
def test_a_command_that_a_page_shows_can_be_given(command: str):
    assert parses(words_of(command)[1:])


def test_there_are_commands_to_be_tested():
    assert len(SHOWN) > 40
    assert ON_PAGES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_a_document(name: str):
    word = "import" if name == "import_facts" else name
    assert any(words_of(command)[1:2] == [word] for _, command in SHOWN if "entente" in command.split()[0])


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_every_program_stands_in_a_document(program: str):
    assert any(command.split()[0] == f"bin/{program}" for _, command in SHOWN)


@pytest.mark.parametrize(
    "wrong",
    [
        ["import", "order", "FILE"],
        ["cycle", "--until", "2026-11-20"],
        ["cycle", "--as-of", "yesterday"],
        ["contact", "check", "--channel", "phone"],
        ["backtest", "value"],
    ],
)
def test_a_wrong_command_would_be_noticed(wrong: list[str]):
    assert not parses(wrong)


def test_a_mention_of_no_command_would_be_noticed():
    assert is_a_mention(["import"])
    assert is_a_mention(["backtest", "value"])
    assert not is_a_mention(["export"])
    assert not is_a_mention(["import", "everything"])
