"""entente prepare: bring the tables up to date and collect the web app's files."""

from __future__ import annotations

import argparse
from typing import Any

from entente.cli import terminal


def register(commands: Any) -> None:
    command = commands.add_parser("prepare", help="bring the tables up to date; every other command does so, too")
    terminal.wants_json(command)
    command.set_defaults(run=run, migrates=False)


def run(args: argparse.Namespace) -> int:
    from entente.lib.start import bring_up_to_date, collect_files

    applied = bring_up_to_date()
    result = {"migrations": applied, "files": collect_files()}
    words = f"{len(applied)} migrations applied." if applied else "The tables are up to date."
    terminal.say(result, as_json=args.json, words=lambda: words)
    return 0
