"""The command line: `python -m entente COMMAND`, or bin/entente. One command a file in entente/cli/."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from entente.cli.terminal import Interrupted, fail
from entente.lib.errors import EntenteError

COMMANDS = (
    "demo",
    "serve",
    "worker",
    "prepare",
    "import_facts",
    "cycle",
    "backtest",
    "identify",
    "differentiate",
    "contact",
    "person",
    "user",
    "lint",
)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="entente", description="A CRM that listens and learns.")
    top.add_argument("--version", action="version", version="entente 0.1.0")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"entente.cli.{name}").register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 refused with a word of what to do, 2 not understood or a question to be answered, 130 interrupted."""
    args = parser().parse_args(arguments)
    wants_json = bool(getattr(args, "json", False))
    try:
        if getattr(args, "needs_database", True):
            from entente.lib.start import with_database

            with with_database(migrate=getattr(args, "migrates", True)):
                return int(args.run(args) or 0)
        return int(args.run(args) or 0)
    except EntenteError as error:
        return fail(str(error), error=type(error).__name__, wants_json=wants_json)
    except Interrupted as stop:
        return fail(str(stop), error="Interrupted", wants_json=wants_json, code=130)
    except KeyboardInterrupt:
        return fail(
            "Interrupted. Run the same command again to go on.", error="Interrupted", wants_json=wants_json, code=130
        )
    except BrokenPipeError:
        # Whoever read our output has seen enough: `entente ... | head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
