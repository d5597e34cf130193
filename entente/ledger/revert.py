"""Take an import back: its lines and what it said of parties and dealings, then what nobody else needs."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from entente.ledger.dealing_revert import remove_dealings
from entente.ledger.holding import let_go
from entente.ledger.models import Import, Order, OrderLine, Party, PartyVersion
from entente.ledger.party_recording import DAYS, OBJECTS
from entente.ledger.party_rows import COLUMNS
from entente.ledger.pure.dealings import DEALINGS
from entente.ledger.record import ImportIsOver, forget_file, sole
from entente.ledger.staging import queries
from entente.ledger.tombstones import hold_off_erasure

BATCH = 5_000


def revert_import(
    import_id: int, *, by: Any, at: datetime, within: AbstractContextManager[object] | None = None
) -> Import:
    """Remove the import's lines, its orders without lines, and its parties, products and dealings that nothing else speaks of.

    A party stays where somebody has talked with it, consented for it or ordered for it since, or where another import spoke of it.
    Of what the import said about it, or about a dealing, the newest word that is left holds again. What a line of an order has
    filled in on a party that stays, stays. The file may be imported again afterwards.

    within: what a room above does in the same transaction, before anything goes and after.
    Raises SourceIsBusy, ImportIsOver.
    """
    imported = Import.objects.select_related("source").get(id=import_id)
    with sole(imported.source), transaction.atomic():
        hold_off_erasure()
        with within or nullcontext():
            imported = Import.objects.select_for_update(of=("self",)).select_related("source").get(id=import_id)
            if imported.state == Import.State.REVERTED:
                raise ImportIsOver(_("Import %(number)d was taken back already.") % {"number": import_id})
            _remove(imported)
        imported.state, imported.reverted_at, imported.reverted_by = Import.State.REVERTED, at, by
        imported.refused.all().delete()
        imported.save(update_fields=["state", "reverted_at", "reverted_by"])
    forget_file(imported)
    return imported


def _remove(imported: Import) -> None:
    of_parties = imported.kind == "parties"
    if imported.kind in DEALINGS:
        remove_dealings(imported)
    else:
        _run("remember", imported)
    if imported.kind == "orders":
        for step in ("remove_lines", "remove_orders", "unlink_invoices", "unlink_deliveries", "remove_products"):
            _run(step, imported)
    elif of_parties:
        _run("take_versions", imported)
    for batch in _lonely_parties(imported):
        _remove_parties(batch)
    if of_parties:
        for step in ("find_words", "restore_parties", "restore_identifiers", "restore_attributes", "remove_bases"):
            _run(step, imported)


def _run(step: str, imported: Import) -> None:
    with connection.cursor() as cursor:
        # Parameters go in one statement at a time.
        for statement in queries("revert")[step].replace("[words]", _RESTORED).split(";\n"):
            cursor.execute(statement, {"import": imported.pk})


def _remove_parties(batch: list[int]) -> None:
    gone = let_go(Party, batch, passed_over=(Order, OrderLine, PartyVersion))
    with connection.cursor() as cursor:
        for statement in queries("revert")["remove_parties"].split(";\n"):
            cursor.execute(statement, {"parties": gone})


def _restored(name: str) -> str:
    """A field as the newest word left has it, where the import had spoken of it; otherwise as it stands."""
    if name in DAYS:
        return f"{name} = CASE WHEN said.words ? '{name}' THEN (said.words ->> '{name}')::date ELSE party.{name} END"
    blank = "unknown" if name == "kind" else ""
    return (
        f"{name} = CASE WHEN said.words ? '{name}' THEN COALESCE(said.words ->> '{name}', '{blank}') "
        f"ELSE party.{name} END"
    )


_RESTORED = ",\n".join(_restored(name) for name in COLUMNS if name not in ("key", *OBJECTS))


def _lonely_parties(imported: Import) -> Iterator[list[int]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                queries("revert")["lonely_parties"],
                {"after": after, "most": BATCH, "import": imported.pk, "kind": imported.kind},
            )
            batch = [row[0] for row in cursor.fetchall()]
        if not batch:
            return
        yield batch
        after = batch[-1]
