"""entente worker: does the jobs that wait in the database."""

from __future__ import annotations

import argparse
from typing import Any

# Two at least: one long job must not hold up the short ones.
CONCURRENCY = 3


def register(commands: Any) -> None:
    command = commands.add_parser("worker", help="do the jobs that wait; `entente serve` runs one already")
    command.add_argument(
        "--concurrency", type=int, default=CONCURRENCY, metavar="N", help=f"jobs at once ({CONCURRENCY})"
    )
    command.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from procrastinate.contrib.django import app

    with app.replace_connector(app.connector.get_worker_connector()):  # type: ignore[attr-defined]
        app.run_worker(concurrency=max(2, args.concurrency), wait=True, install_signal_handlers=True, name="entente")
    return 0
