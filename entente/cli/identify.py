"""entente identify: link the records of all sources, say why, and measure how well."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from entente.cli import terminal
from entente.cli.identify_counting import register_counting
from entente.lib.errors import EntenteError

if TYPE_CHECKING:
    from entente.identify.explained import Explained


def register(commands: Any) -> None:
    command = commands.add_parser(
        "identify", help="which records are one customer: link them, say why, measure how well"
    )
    command.add_argument(
        "--explain", type=int, metavar="CUSTOMER", help="why are the records of this customer one customer?"
    )
    terminal.wants_json(command)
    verbs = command.add_subparsers(dest="verb", metavar="WHAT")
    run_all = verbs.add_parser("run", help="compare all records with all others and link them anew")
    run_all.add_argument("--new", action="store_true", help="only those that came, or changed, since the last run")
    score = verbs.add_parser("evaluate", help="compare the links in force with a file that says who is who")
    score.add_argument(
        "--truth", type=Path, required=True, metavar="FILE",
        help="CSV with a heading: the number of a record, its true group, and a column source where numbers repeat",
    )  # fmt: skip
    score.add_argument("--source", default="", metavar="NAME", help="the source that numbers the records so")
    register_counting(verbs)
    for each in (run_all, score):
        terminal.wants_json(each)
    command.set_defaults(run=run, parser=command)


def run(args: argparse.Namespace) -> int:
    if args.explain is not None:
        return _explain(args)
    if args.verb == "run":
        return _run(args)
    if args.verb == "evaluate":
        return _evaluate(args)
    args.parser.error("say what: run, evaluate, counting, or --explain CUSTOMER")
    return 2


def _run(args: argparse.Namespace) -> int:
    from entente.differentiate.current import in_force
    from entente.differentiate.stakes import write_stakes
    from entente.identify.link import link_all
    from entente.identify.newcomers import link_new

    progress = terminal.Progress()
    try:
        linkage = link_new(progress=progress) if args.new else link_all(progress=progress)
        write_stakes(in_force())
    except KeyboardInterrupt:
        raise terminal.Interrupted(
            "Interrupted. The last whole result stays in force; the same command begins again."
        ) from None
    finally:
        progress.close()
    if linkage is None:
        terminal.say({"records": 0}, as_json=args.json, words=lambda: "No record came or changed since the last run.")
        return 0
    counts, finished_at = linkage.counts, linkage.finished_at or linkage.started_at
    result = {
        **counts, "linkage": linkage.pk, "sure": linkage.sure, "doubtful": linkage.doubtful, "ignored": linkage.ignored,
        "crowded": linkage.crowded, "seconds": (finished_at - linkage.started_at).total_seconds(),
    }  # fmt: skip

    def words() -> str:
        lines = [
            f"{counts['records']:,} records are {counts['customers']:,} customers.",
            f"{counts['moved']:,} went to another customer in this run; of {counts['asked']:,} pairs somebody has to be asked.",
        ]
        lines += [
            f"Ignored as held by too many: {field} {value!r}, {held:,} records."
            for _kind, field, value, held in linkage.ignored[:10]
        ]
        lines += [
            f"Only neighbours compared: {keys:,} keys of {rule} share {held:,} records."
            for _kind, rule, keys, held in linkage.crowded[:10]
        ]
        return "\n".join(lines)

    terminal.say(result, as_json=args.json, words=words)
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    from entente.identify.evaluate import evaluate_links

    progress = terminal.Progress()
    try:
        found = evaluate_links(args.truth, source=args.source, progress=progress)
    finally:
        progress.close()
    result = found.as_dict()

    def words() -> str:
        score = found.score
        rows = [
            ["pairwise", f"{score.precision:.4f}", f"{score.recall:.4f}", f"{score.f1:.4f}"],
            ["B-cubed", f"{score.b_cubed_precision:.4f}", f"{score.b_cubed_recall:.4f}", f"{score.b_cubed_f1:.4f}"],
        ]
        lost = f"{found.blocking_lost:,} of {score.true_pairs:,} true pairs were never compared ({found.blocking_recall:.4f} were)."
        unknown = f" {found.unknown:,} records of the file are not in the ledger." if found.unknown else ""
        head = ["", "precision", "recall", "F1"]
        return f"{found.records:,} records.{unknown}\n{terminal.table(head, rows, right=(1, 2, 3))}\n{lost}"

    terminal.say(result, as_json=args.json, words=words)
    return 0


def _explain(args: argparse.Namespace) -> int:
    from entente.identify.explained import explain_customer
    from entente.identify.models import Customer

    customer = Customer.objects.filter(pk=args.explain).first()
    if customer is None:
        raise EntenteError(f"There is no customer number {args.explain}.")
    found = explain_customer(customer)
    result = {
        "customer": customer.pk,
        "name": customer.name,
        "records": [
            {
                "source": each.party.source.name, "key": each.party.key, "name": each.party.name, "law": each.law, "weight": each.weight,
                "like": each.other and f"{each.other.source.name} {each.other.key}", "likeness": each.likeness, "since": each.since,
            }
            for each in found.records
        ],
        "said": [{"same": each.is_same, "by": each.by and str(each.by), "at": each.made_at} for each in found.said],
        "asked": [
            {"left": each.left.key, "right": each.right.key, "probability": each.probability} for each in found.asked
        ],
    }  # fmt: skip
    terminal.say(result, as_json=args.json, words=lambda: _words(customer.name, found))
    return 0


def _words(name: str, found: Explained) -> str:
    if not found.records:
        return f"{name} has no record now: its records are other customers'."
    lines = [f"{name}: {len(found.records)} records"]
    for each in found.records:
        lines += ["", f"{each.party.source.name} {each.party.key}  {each.party.name}"]
        if each.verdict is not None:
            said = "said to be the same" if each.verdict.is_same else "taken out of another customer"
            day = timezone.localtime(each.verdict.made_at).date()
            lines.append(f"  {said} by {each.verdict.by or 'somebody'} on {day}")
        elif each.other is not None:
            lines.append(f"  most like {each.other.source.name} {each.other.key}, {each.weight:.1%} the same customer")
            rows = [[field, how, f"{bits:+.1f}"] for field, (how, bits) in each.likeness.items()]
            lines += [
                "  " + line for line in terminal.table(["field", "likeness", "bits"], rows, right=(2,)).split("\n")
            ]
        else:
            lines.append("  the record this customer began with" if each.is_first else f"  by {each.law}")
    lines += [
        f"\nNot sure: {each.left.source.name} {each.left.key} and {each.right.source.name} {each.right.key}, {each.probability:.1%}"
        for each in found.asked
    ]
    return "\n".join(lines)
