"""What every command does the same way: results to standard output, progress and complaints to standard error."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any


class Interrupted(Exception):
    """Somebody pressed Ctrl-C where the work can go on later; the text says how."""


def wants_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print the result for machines")


def day(text: str) -> date:
    """An argument that is a day: 2026-11-20."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day; write it as 2026-11-20") from None


def say(result: Mapping[str, Any], *, as_json: bool, words: Callable[[], str]) -> None:
    """Print a result: the mapping for machines, the words for people."""
    if as_json:
        sys.stdout.write(json.dumps(result, default=_plain, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write(words().rstrip("\n") + "\n")
    sys.stdout.flush()


def fail(text: str, *, error: str, wants_json: bool, code: int = 1) -> int:
    sys.stderr.write((json.dumps({"error": error, "text": text}, ensure_ascii=False) if wants_json else text) + "\n")
    return code


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Columns in line, the numbers of the columns in `right` to the right."""
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    lines = [
        "  ".join(
            cell.rjust(w) if k in right else cell.ljust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in [head, *rows]
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


class Progress:
    """Where a long run stands, on standard error: one line rewritten on a terminal, a line every few seconds in a log."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr.isatty()
        self.last = 0.0
        self.width = 0
        self.step = ""

    def __call__(self, step: str, done: float = 0, total: float | None = None) -> None:
        now = time.monotonic()
        is_new = step != self.step
        is_whole = total is not None and done >= total
        if not is_new and not is_whole and now - self.last < (0.1 if self.is_terminal else 5):
            return
        self.step, self.last = step, now
        text = step
        if total:
            text += f"  {done:,.0f} of {total:,.0f} ({100 * done / total:.0f} %)"
        elif done:
            text += f"  {done:,.0f}"
        if self.is_terminal:
            sys.stderr.write("\r" + text.ljust(self.width))
            self.width = len(text)
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self.is_terminal and self.width:
            sys.stderr.write("\r" + " " * self.width + "\r")
            sys.stderr.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
