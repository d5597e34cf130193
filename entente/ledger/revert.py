"""Take an import back: its lines, then what nobody else needs."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from entente.ledger.models import Import, Order, OrderLine, Party
from entente.ledger.record import ImportIsOver, forget_file, sole
from entente.ledger.staging import queries

BATCH = 5_000


def revert_import(import_id: int, *, by: Any, at: datetime) -> Import:
    """Remove the import's lines, its orders without lines, and its parties and products that nothing else speaks of.

    A party stays where somebody has talked with it, consented for it or ordered for it since. What a line has
    filled in on a party that stays, stays. The file may be imported again afterwards.
    Raises SourceIsBusy, ImportIsOver.
    """
    imported = Import.objects.select_related("source").get(id=import_id)
    with sole(imported.source), transaction.atomic():
        imported = Import.objects.select_for_update(of=("self",)).select_related("source").get(id=import_id)
        if imported.state == Import.State.REVERTED:
            raise ImportIsOver(f"Import {import_id} was taken back already.")
        _remove(import_id)
        imported.state, imported.reverted_at, imported.reverted_by = Import.State.REVERTED, at, by
        imported.refused.all().delete()
        imported.save(update_fields=["state", "reverted_at", "reverted_by"])
    forget_file(imported)
    return imported


def _remove(import_id: int) -> None:
    query = queries("revert")
    with connection.cursor() as cursor:
        for name in ("remember", "remove_lines", "remove_orders", "remove_products"):
            # Parameters go in one statement at a time.
            for statement in query[name].split(";\n"):
                cursor.execute(statement, {"import": import_id})
    for batch in _lonely_parties():
        found = Party.objects.filter(id__in=batch)
        for relation in _what_holds_a_party():
            found = found.exclude(id__in=relation.related_model.objects.filter(
                **{f"{relation.field.name}__in": batch}).values(relation.field.name))  # fmt: skip
        found.delete()


def _lonely_parties() -> Iterator[list[int]]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(queries("revert")["lonely_parties"], {"after": after, "most": BATCH})
            batch = [row[0] for row in cursor.fetchall()]
        if not batch:
            return
        yield batch
        after = batch[-1]


def _what_holds_a_party() -> list[Any]:
    """Relations of rooms above that forbid to delete: interactions, consents. Memberships go with their party."""
    return [
        relation
        for relation in Party._meta.related_objects
        if relation.on_delete is models.PROTECT and relation.related_model not in (Order, OrderLine)
    ]
