"""Take back what an import said of invoices, payments, deliveries or interactions."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from entente.ledger.dealing_tables import TABLES, statement
from entente.ledger.holding import let_go
from entente.ledger.models import Import, Payment

BATCH = 5_000
_TOUCHED = "SELECT id FROM reverted_dealing"


def remove_dealings(imported: Import) -> None:
    """Rows of which nobody else spoke go; on the others the newest word that is left holds. Whom it was about is in `reverted_party`."""
    _run("remember", imported)
    _run("remove_versions", imported)
    model = TABLES[imported.kind].model
    for batch in _unspoken(imported):
        if imported.kind == "invoices":
            _run("unlink_payments", imported, gone=batch)
        gone = let_go(model, batch, passed_over=(Payment,))
        _run("remove_dealings", imported, gone=gone)
    steps = ["restore", "remove_single_versions"]
    steps += ["relink"] if TABLES[imported.kind].links else []
    steps += ["pass_on_parties"] if imported.kind == "invoices" else []
    for step in steps:
        _run(step, imported)


def _unspoken(imported: Import) -> Iterator[list[int]]:
    after = 0
    while True:
        batch = [row[0] for row in _run("unspoken", imported, after=after, most=BATCH)]
        if not batch:
            return
        yield batch
        after = batch[-1]


def _run(query: str, imported: Import, **more: Any) -> Sequence[tuple[Any, ...]]:
    given = {"import": imported.pk, "source": imported.source_id, **more}
    with connection.cursor() as cursor:
        # Parameters go in one statement at a time.
        for text in statement(query, imported.kind, these=_TOUCHED).split(";\n"):
            cursor.execute(text, given)
        return cursor.fetchall() if cursor.description else []
