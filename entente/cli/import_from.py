"""entente import ... --from-database: what a file would be, asked from a database instead."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from entente.cli import terminal
from entente.lib.errors import EntenteError


class ImpossibleQuery(EntenteError):
    """What is asked, and from where, does not fit together."""


def database_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from-database", metavar="URL", help="instead of a file: postgresql://user@host/database or sqlite:///file.db"
    )
    query = parser.add_mutually_exclusive_group()
    query.add_argument("--query", metavar="SQL", help="what to ask the database; it can only read")
    query.add_argument("--query-file", metavar="FILE", type=Path, help="the same from a file")


@contextmanager
def file_to_import(args: argparse.Namespace, *, progress: Callable[..., None]) -> Iterator[None]:
    """args.file is there within: the one that was named, or what the database answers, thrown away afterwards.

    Where this very query was stopped on its way into the ledger, the rows it gave then are gone on with.
    Lines of JSON become a table as well. Raises ImpossibleQuery, and what `database_at`, `read_database` and `write_ndjson` raise.
    """
    if args.from_database is None:
        if args.file is None or args.query or args.query_file:
            raise ImpossibleQuery("Name a file, or a database with --from-database URL and --query SQL.")
        with _as_table(args):
            yield
        return
    from entente.ledger.arriving import workplace
    from entente.ledger.from_database import database_at, file_name_of, read_database, unfinished
    from entente.ledger.record import stored_file

    query = _query(args)
    database = database_at(args.from_database)
    with workplace() as folder:
        kept = unfinished(database, query, kind=args.verb, source_name=args.source)
        if kept is not None and not args.dry_run:
            args.file = folder / file_name_of(database, query)
            args.file.symlink_to(stored_file(kept).resolve())
            sys.stderr.write(
                f"Going on with the rows read on {kept.made_at:%Y-%m-%d %H:%M} UTC. To ask the database anew, first take "
                f"them back: entente import revert {kept.pk}\n"
            )
        else:
            try:
                args.file = read_database(
                    database, query, folder, progress=lambda rows: progress("Reading the database", rows, None)
                )
            except KeyboardInterrupt:
                raise terminal.Interrupted(
                    "Stopped while the database was read. Nothing was recorded; the same command begins anew."
                ) from None
        yield


@contextmanager
def _as_table(args: argparse.Namespace) -> Iterator[None]:
    """The file itself, or what its lines of JSON make, under the same name."""
    from entente.ledger.arriving import workplace
    from entente.ledger.ndjson import is_ndjson, write_ndjson

    if not is_ndjson(args.file):
        yield
        return
    with workplace() as folder:
        target = folder / args.file.name
        write_ndjson(args.file, target)
        args.file = target
        yield


def _query(args: argparse.Namespace) -> str:
    if args.file is not None:
        raise ImpossibleQuery("Name a file or a database, not both.")
    if not args.source:
        raise ImpossibleQuery("Name the system the rows come from: --source NAME.")
    try:
        query = args.query_file.read_text(encoding="utf-8-sig") if args.query_file else args.query or ""
    except UnicodeDecodeError:
        raise ImpossibleQuery(f"{args.query_file} is no text in UTF-8. Save it as such.") from None
    is_text = query.isascii() or query.encode("utf-8", "replace").decode() == query
    if not query.strip() or "\0" in query or not is_text:
        raise ImpossibleQuery("Say what to ask the database: --query SQL or --query-file FILE.")
    return str(query)
