"""entente import relations: how the customers of a source relate."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django.utils import timezone

from entente.cli import terminal


def register_relations(verbs: Any) -> None:
    parser = verbs.add_parser("relations", help="import a CSV, CSV.gz, Parquet or XLSX file of how customers relate")
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.add_argument("--source", required=True, metavar="NAME", help="the system whose numbers the file names")
    terminal.wants_json(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from entente.identify.match import match_new
    from entente.identify.relations_import import import_relations
    from entente.lib.errors import EntenteError

    match_new()
    try:
        imported = import_relations(
            args.file, source_name=args.source, file_name=args.file.name, by=None, at=timezone.now()
        )
    except OSError as error:
        raise EntenteError(f"{error.filename or 'A file'}: {error.strerror or error}.") from None
    counts = {
        "id": imported.pk, "rows_read": imported.rows_read, "rows_recorded": imported.rows_recorded, "rows_known": imported.rows_known,
        "rows_refused": imported.rows_refused,
    }  # fmt: skip
    words = (
        f"Import {imported.pk}: {imported.rows_read:,} rows read, {imported.rows_recorded:,} recorded, "
        f"{imported.rows_known:,} known before, {imported.rows_refused:,} refused."
    )
    if imported.rows_refused:
        words += f"\nSee why with: entente import refused {imported.pk}"
    terminal.say(counts, as_json=args.json, words=lambda: words)
    return 0
