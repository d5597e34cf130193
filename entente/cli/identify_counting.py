"""entente identify counting: who is counted as a customer at each choice, and choosing."""

from __future__ import annotations

import argparse
from typing import Any

from entente.cli import terminal

CHOICES = ("buyer", "group", "chain", "consumer")


def register_counting(verbs: Any) -> None:
    parser = verbs.add_parser("counting", help="who is counted as a customer at each choice, and choosing")
    parser.add_argument("--count", choices=CHOICES, help="count so from the next cycle on")
    parser.add_argument("--as-of", type=terminal.day, metavar="DAY", help="by the relations of this day (today)")
    terminal.wants_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from entente.identify.counted import Counting, counting, set_counting, tallies
    from entente.staff.firm import firm_today

    if args.count:
        set_counting(args.count, by=None)
    chosen, found = counting(), tallies(args.as_of or firm_today())
    result = {"chosen": chosen.value, "choices": {who.value: vars(tally) for who, tally in found.items()}}

    def words() -> str:
        rows = [
            [
                "*" if who == chosen else "", who.value, str(Counting(who).label), f"{tally.customers:,}", f"{tally.under:,}",
                f"{tally.moved:,}",
            ]
            for who, tally in found.items()
        ]  # fmt: skip
        table = terminal.table(
            ["", "count", "", "customers", "under another", "orders moved"], rows, right=(3, 4, 5)
        )  # fmt: skip
        notes = sorted({note for tally in found.values() for note in tally.notes})
        how = "From the next cycle on it is counted so: entente cycle." if args.count else "Choose with --count."
        return "\n".join([table, *notes, f"* the firm's choice. {how}"])

    terminal.say(result, as_json=args.json, words=words)
    return 0
