"""entente person: everything about one person as a file; erase one; how long the law wants what."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils import timezone

from entente.cli import terminal

KINDS = ("orders", "invoices", "payments", "deliveries")


def register(commands: Any) -> None:
    command = commands.add_parser("person", help="hand over everything about one person, or erase them")
    what = command.add_subparsers(dest="what", required=True, metavar="WHAT")
    export = what.add_parser("export", help="everything about a customer: a page to read, and the same for machines")
    export.add_argument("customer", type=int, metavar="CUSTOMER", help="the number of the customer")
    export.add_argument("--to", type=Path, required=True, metavar="FILE.zip", help="a file that is not there yet")
    terminal.wants_json(export)
    export.set_defaults(run=run_export)
    erase = what.add_parser(
        "erase", help="say what erasing a customer would do; with --yes, do it",
        description="What law obliges the firm to keep stays without the person. They do not come back with the next import.",
    )  # fmt: skip
    erase.add_argument("customer", type=int, nargs="?", metavar="CUSTOMER", help="the number of the customer")
    erase.add_argument("--because", default="", metavar="TEXT", help="why; it is kept, so do not name the person")
    erase.add_argument("--yes", action="store_true", help="do it; it cannot be taken back")
    erase.add_argument("--again", action="store_true", help="replay all erasures, as after a backup was restored")
    erase.add_argument("--list", type=Path, metavar="FILE", help="with --again: a list of erasures kept elsewhere")
    terminal.wants_json(erase)
    erase.set_defaults(run=run_erase)
    keep = what.add_parser("retention", help="for how many years facts are kept when a person is erased")
    for kind in KINDS:
        keep.add_argument(
            f"--{kind}", type=int, metavar="YEARS", help=f"keep {kind} so long; 0: they go with the person"
        )
    terminal.wants_json(keep)
    keep.set_defaults(run=run_retention)


def run_export(args: argparse.Namespace) -> int:
    from entente.customize.archive import write_archive
    from entente.lib.errors import EntenteError
    from entente.staff.firm import firm_today

    try:
        # It holds everything about somebody: for the eyes of whoever asked, and over nothing that is there.
        file = os.fdopen(os.open(args.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise EntenteError(f"{args.to}: {error.strerror or error}. Give a file that is not there yet.") from None
    try:
        with file:
            made = write_archive(args.customer, file, by=None, at=timezone.now(), today=firm_today())
    except BaseException:
        args.to.unlink(missing_ok=True)
        raise
    result = {"customer": args.customer, "file": str(args.to), "rows": made.rows}
    words = (
        f"{sum(made.rows.values()):,} rows of {len(made.rows)} tables about customer {args.customer} are in {args.to}."
    )
    terminal.say(result, as_json=args.json, words=lambda: words)
    return 0


def run_erase(args: argparse.Namespace) -> int:
    from entente.lib.errors import EntenteError

    if args.again:
        return _again(args)
    if args.customer is None:
        raise EntenteError("Give the number of a customer, or --again.")
    if not args.yes:
        return _plan(args)
    from entente.customize.erase import erase
    from entente.staff.firm import firm_today

    done = erase(args.customer, because=args.because, by=None, today=firm_today(), at=timezone.now())
    result = {
        "customer": done.customer,
        "erased": done.erased,
        "kept": done.kept,
        "files": len(done.files),
        "at": done.at,
    }

    def words() -> str:
        lines = [f"Customer {done.customer} is erased."]
        lines += [
            f"Kept without the person: {count} {kind} until {until}." for kind, (count, until) in done.kept.items()
        ]
        return "\n".join(lines)

    terminal.say(result, as_json=args.json, words=words)
    return 0


def _plan(args: argparse.Namespace) -> int:
    from entente.customize.erase import plan_erasure
    from entente.staff.firm import firm_today

    plan = plan_erasure(args.customer, today=firm_today(), at=timezone.now())
    rows = [(str(held.title), count, held.fate) for held, count in plan.rows]
    result = {
        "customer": args.customer,
        "is_erased": plan.is_erased,
        "tables": [{"table": held.model._meta.db_table, "rows": count, "fate": held.fate} for held, count in plan.rows],
        "kept": {kind: {"rows": count, "until": until} for kind, (count, until) in plan.kept.items()},
        "files": len(plan.files),
        "alike": [asdict(other) for other in plan.alike],
        "mixed": plan.mixed,
    }

    def words() -> str:
        if plan.is_erased:
            return f"Customer {args.customer} is erased already."
        lines = [terminal.table(["What", "Rows", "Would be"], [[a, str(b), c] for a, b, c in rows], right=[1]), ""]
        lines += [
            f"Kept by law, without the person: {n} {kind} until {until}." for kind, (n, until) in plan.kept.items()
        ]
        if plan.files:
            lines.append(f"Files of imports that wait or failed, and hold them: {len(plan.files)}. They go.")
        for other in plan.alike:
            asked = [] if other.probability is None else [f"an open question, {other.probability:.0%}"]
            lines.append(f"May be the same person: customer {other.customer} ({', '.join([*other.shares, *asked])}).")
        if plan.alike:
            lines.append("These stay, and what they share keeps nobody out: say first whether they are the same.")
        if plan.mixed:
            numbers = ", ".join(map(str, plan.mixed))
            lines.append(
                f"Held records of others, too; what was decided for them stays, without words that name them: customers {numbers}."
            )
        return "\n".join(
            [*lines, f"Nothing was changed. To do it: entente person erase {args.customer} --because WHY --yes"]
        )

    terminal.say(result, as_json=args.json, words=words)
    return 0


def _again(args: argparse.Namespace) -> int:
    from entente.customize.erase import erase_again
    from entente.lib.errors import EntenteError
    from entente.staff.firm import firm_today

    if args.list is not None and not args.list.is_file():
        raise EntenteError(f"{args.list} is not there. Give the list of erasures that you kept: erasures.jsonl.")
    done = erase_again(today=firm_today(), at=timezone.now(), path=args.list)
    words = (
        f"{done['taken_up']} erasures taken up from the list, {done['finished']} finished, {done['erased']} records erased again, "
        f"{done['past']} facts past their time gone."
    )
    terminal.say(done, as_json=args.json, words=lambda: words)
    return 0


def run_retention(args: argparse.Namespace) -> int:
    from entente.ledger.retention import retention, set_retention

    wanted = {kind: getattr(args, kind) for kind in KINDS if getattr(args, kind) is not None}
    years = set_retention(wanted, by=None) if wanted else retention()
    terminal.say(
        years, as_json=args.json, words=lambda: "\n".join(f"{kind}: {count} years" for kind, count in years.items())
    )
    return 0
