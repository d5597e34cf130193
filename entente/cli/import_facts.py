"""entente import: orders, parties and dealings from files into the ledger, and what became of earlier ones."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from entente.cli import terminal
from entente.cli.import_from import database_options, file_to_import

if TYPE_CHECKING:
    from entente.ledger.dry_run import DryRun
    from entente.ledger.mapping import Mapping
    from entente.ledger.models import Import
    from entente.ledger.record import Progress

ASKED = 2
OF_MONEY = {"invoices": "invoices and credit notes", "payments": "payments"}
# Of each kind but orders and parties: what a file of it holds.
FURTHER = {
    **OF_MONEY,
    "deliveries": "deliveries",
    "interactions": "calls, mails, visits, complaints",
    "relations": "how customers relate",
}
WITH_CURRENCY = (*OF_MONEY, "relations")
FORMS = "CSV, CSV.gz, Parquet, XLSX or lines of JSON"


def register(subparsers: Any) -> None:
    parser = subparsers.add_parser(
        "import", help="bring orders, parties, invoices and more into the ledger, list imports, take one back"
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")
    orders = verbs.add_parser("orders", help=f"import {FORMS} of orders")
    reading_options(orders)
    parties = verbs.add_parser("parties", help=f"import {FORMS} of people and organisations")
    _reading_options(parties, ready="parties")
    further = [_further_parser(verbs, kind) for kind in FURTHER]
    for each in (orders, parties, *further):
        each.add_argument("file", metavar="FILE", type=Path, nargs="?")
        database_options(each)
        each.add_argument("--source", default="", type=_name, metavar="NAME", help="the system the file comes from")
        each.add_argument(
            "--rank",
            type=_number,
            metavar="N",
            help="where the source is new: the lower, the more it is believed (100)",
        )
        each.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
    listed = verbs.add_parser("list", help="the latest imports")
    listed.add_argument("--most", type=_number, default=20, metavar="N")
    revert = verbs.add_parser("revert", help="take an import back")
    revert.add_argument("import_id", metavar="ID", type=int)
    refused = verbs.add_parser("refused", help="the refused rows of an import as CSV")
    refused.add_argument("import_id", metavar="ID", type=int)
    refused.add_argument("--out", metavar="FILE", type=Path)
    for each in (orders, parties, *further, listed, revert, refused):
        terminal.wants_json(each)
        each.set_defaults(run=run)


def reading_options(orders: argparse.ArgumentParser) -> None:
    """How a file of orders is to be read, where it does not tell by itself."""
    _reading_options(orders, ready="online-retail, purchase-log")
    _number_options(orders, has_money=True)


def _further_parser(verbs: Any, kind: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(kind, help=f"import {FORMS} of {FURTHER[kind]}")
    _reading_options(parser, ready=kind)
    _number_options(parser, has_money=kind in WITH_CURRENCY)
    return parser


def _number_options(parser: argparse.ArgumentParser, *, has_money: bool) -> None:
    parser.add_argument("--decimal", default="", help="the decimal mark: . or ,")
    if has_money:
        parser.add_argument("--currency", default="", help="the currency where the file says none, such as EUR")


def _reading_options(parser: argparse.ArgumentParser, *, ready: str) -> None:
    parser.add_argument(
        "--map",
        metavar="NAME|FILE|ID",
        help=f"which column is what: {ready}, a JSON file, or as import ID was read; without it by their names",
    )
    parser.add_argument("--encoding", default="", help="such as utf-8, cp1251, cp1252, utf-16")
    parser.add_argument("--separator", default="", help="the character between fields; tab for a tabulator")
    parser.add_argument(
        "--dates", default="", help="the order of dates: d/m/y, m/d/y, y-m-d, 'jalali y/m/d', 'jalali d/m/y'"
    )
    parser.add_argument("--zone", default="", help="the time zone of the file's times; the firm's without it")
    parser.add_argument("--sheet", default="", help="the sheet of a workbook; the first without it")
    heading = parser.add_mutually_exclusive_group()
    heading.add_argument("--header", action="store_true", default=None, help="the first line names the columns")
    heading.add_argument(
        "--no-header", action="store_false", dest="header", help="the first line is a row as the others"
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > 32_767:
        raise argparse.ArgumentTypeError("has to be a number from 0 to 32767")
    return int(text)


def _name(text: str) -> str:
    if not text.isprintable():
        raise argparse.ArgumentTypeError("has to be a text of printable characters")
    return text.strip()


def run(args: argparse.Namespace) -> int:
    """The exit code: 0, or 2 where something has to be answered first."""
    from entente.ledger.models import Import
    from entente.ledger.prepare import OpenQuestions
    from entente.lib.errors import EntenteError

    verbs = {"list": _list, "revert": _revert, "refused": _refused}
    try:
        return verbs.get(args.verb, _import)(args)
    except OpenQuestions as error:
        return ask([question.as_json() for question in error.questions], args)
    except Import.DoesNotExist:
        raise EntenteError(f"There is no import {args.import_id}. See `entente import list`.") from None
    except OSError as error:
        raise EntenteError(f"{error.filename or 'A file'}: {error.strerror or error}.") from None


def import_file(args: argparse.Namespace, *, progress: Callable[..., None]) -> tuple[Import, bool]:
    """Import args.file, read as `reading_options` say, and recognise whom it brought. For other commands, too.

    Returns the import, and whether this file had been brought in before.

    Raises OpenQuestions where the file can be read in several ways, and what `run_import` raises.
    """
    from entente.customize.erase import after_import
    from entente.identify.bring_in import bring_in
    from entente.ledger.models import Import
    from entente.ledger.record import open_import

    opened = open_import(
        args.file, mapping=_mapping(args), source_name=args.source, file_name=args.file.name, by=None,
        rank=getattr(args, "rank", None),
    )  # fmt: skip
    was_known = opened.state == Import.State.DONE
    imported = bring_in(opened.pk, progress=_shown_by(progress, opened.kind), matching=progress)
    after_import(at=timezone.now())
    return imported, was_known


def _import(args: argparse.Namespace) -> int:
    from entente.identify.bring_in import dry_run

    progress = terminal.Progress()
    try:
        with file_to_import(args, progress=progress):
            if args.dry_run:
                found = dry_run(
                    args.file, _mapping(args), source_name=args.source, progress=_shown_by(progress, args.verb)
                )
                progress.close()
                return _show_dry_run(found, args)
            imported, was_known = import_file(args, progress=progress)
    except KeyboardInterrupt:
        raise terminal.Interrupted("Stopped. What was read is kept; the same command goes on from there.") from None
    finally:
        progress.close()
    terminal.say(
        _imported_json(imported, known_before=was_known),
        as_json=args.json,
        words=lambda: _imported_words(imported, was_known),
    )
    return 0


def _shown_by(progress: Callable[..., None], kind: str) -> Callable[[Progress], None]:
    return lambda at: progress(f"Importing {kind}", at.rows_read, max(at.rows_total or 0, at.rows_read) or None)


def _mapping(args: argparse.Namespace) -> Mapping:
    from entente.ledger.draft import map_of
    from entente.ledger.mapping import WrongMapping, load
    from entente.ledger.prepare import OpenQuestions, propose_mapping
    from entente.ledger.survey import Wishes

    kind = getattr(args, "verb", "orders")
    separator = "\t" if args.separator in ("tab", "\\t") else args.separator
    read = {"encoding": args.encoding, "separator": separator, "dates": args.dates, "zone": args.zone, "sheet": args.sheet,
            "header": args.header}  # fmt: skip
    read |= {"decimal": getattr(args, "decimal", ""), "currency": getattr(args, "currency", "").upper()}
    if args.map:
        mapping = map_of(args.map, kind) if args.map.isdecimal() else load(args.map)
        if mapping.kind != kind:
            raise WrongMapping(
                f"The mapping {args.map} is for {mapping.kind}. Import with: entente import {mapping.kind} FILE"
            )
        return mapping.with_read(**read)
    proposal = propose_mapping(args.file, Wishes(args.encoding, separator, args.header, args.sheet), kind)
    if proposal.questions:
        raise OpenQuestions(proposal.questions)
    mapping = proposal.as_mapping(**read)
    sys.stderr.write(
        "Columns taken: " + ", ".join(f"{name} = {column}" for name, column in proposal.columns.items()) + ".\n"
    )
    return mapping


def _list(args: argparse.Namespace) -> int:
    from entente.ledger.models import Import

    imports = list(Import.objects.select_related("source").order_by("-id")[: args.most])
    words = [
        f"{each.pk:>5}  {each.get_state_display():<10} {each.made_at:%Y-%m-%d %H:%M}  {each.rows_recorded:>10,} recorded  "
        f"{each.rows_refused:>8,} refused  {each.kind:<12} {each.source.name}: {each.file_name}"
        for each in imports
    ]
    result = {"imports": [_imported_json(each) for each in imports]}
    terminal.say(result, as_json=args.json, words=lambda: "\n".join(words) or "No imports yet.")
    return 0


def _revert(args: argparse.Namespace) -> int:
    from entente.customize.forget import take_back

    imported = take_back(args.import_id, by=None, at=timezone.now())
    words = f"Import {imported.pk} ({imported.file_name}) was taken back."
    terminal.say(_imported_json(imported), as_json=args.json, words=lambda: words)
    return 0


def _refused(args: argparse.Namespace) -> int:
    from entente.ledger.models import Import
    from entente.ledger.refused import refused_rows_csv

    lines = refused_rows_csv(args.import_id)
    if args.json:
        rows = Import.objects.get(id=args.import_id).refused.order_by("line", "id")
        result = {"refused": list(rows.values("line", "column", "value", "reason", "row"))}
        terminal.say(result, as_json=True, words=str)
    elif args.out:
        with args.out.open("w", encoding="utf-8-sig", newline="") as file:
            file.writelines(lines)
    else:
        sys.stdout.writelines(lines)
    return 0


def _show_dry_run(found: DryRun, args: argparse.Namespace) -> int:
    from entente.ledger.words import note, refusal

    if found.questions:
        return ask([question.as_json() for question in found.questions], args)
    data = {name: value for name, value in vars(found).items() if name not in ("questions", "mapping")}
    words = [
        *_counted(found.counts, args.verb),
        *(f"Sum: {total:,} {code}" for code, total in found.totals.items()),
        *(note(each) for each in found.notes),
        *(
            refusal(row["reason"], line=row["line"], column=row["column"], value=row["value"])
            for row in found.refused[:10]
        ),
    ]
    if found.days:
        words.insert(2, f"From {found.days[0]} to {found.days[1]}.")
    terminal.say(data, as_json=args.json, words=lambda: "\n".join(words))
    return 0


def _counted(counts: dict[str, int], kind: str) -> list[str]:
    rows = (
        f"{counts['rows']:,} rows: {counts['facts']:,} would be recorded, {counts['known']:,} are known, "
        f"{counts['refused']:,} refused."
    )
    if "new" in counts:
        return [rows, f"{counts['new']:,} new {kind}, {counts['changed']:,} changed."]
    return [
        rows,
        f"{counts['orders']:,} orders of {counts['customers']:,} customers, {counts['products']:,} products; "
        f"{counts['anonymous']:,} lines without a customer.",
    ]


def _imported_json(imported: Import, *, known_before: bool = False) -> dict[str, Any]:
    from entente.ledger.words import note

    return {
        "id": imported.pk, "kind": imported.kind, "source": imported.source.name, "file_name": imported.file_name, "state": imported.state,
        "rows_read": imported.rows_read, "rows_recorded": imported.rows_recorded, "rows_known": imported.rows_known,
        "rows_refused": imported.rows_refused, "notes": [note(each) for each in imported.notes], "error": imported.error,
        "nothing_to_do": known_before,
    }  # fmt: skip


def _imported_words(imported: Import, known_before: bool) -> str:
    from entente.ledger.words import note

    if known_before:
        return f"The same file was imported before, as import {imported.pk}. Nothing to do."
    words = [
        f"Import {imported.pk}: {imported.rows_read:,} rows read, {imported.rows_recorded:,} recorded, "
        f"{imported.rows_known:,} known before, {imported.rows_refused:,} refused.",
        *(note(each) for each in imported.notes),
    ]
    if imported.rows_refused:
        words.append(f"See why with: entente import refused {imported.pk}")
    return "\n".join(words)


def ask(questions: list[dict[str, Any]], args: argparse.Namespace) -> int:
    words = []
    for question in questions:
        words.append(question["text"])
        for choice in question["choices"]:
            shown = "; ".join(f"{written} is {read}" for written, read in choice["preview"][:3])
            option = question["option"]
            if question["asks"] == "header":
                answer = "--header" if choice["value"] == "yes" else "--no-header"
            else:
                answer = f"{option} {choice['value']!r}"
            words.append(f"  {answer}   {choice['meaning']}{': ' + shown if shown else ''}")
        if not question["choices"]:
            words.append(f"  answer with {question['option']}")
    text = json.dumps({"questions": questions}, ensure_ascii=False, default=str) if args.json else "\n".join(words)
    (sys.stdout if args.json else sys.stderr).write(text + "\n")
    return ASKED
