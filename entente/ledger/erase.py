"""Erase one person from the ledger: facts of money stay as long as the law wants them, on records that say nobody's name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Max, Q

from entente.ledger.dealings import Delivery, Invoice, Payment
from entente.ledger.held_out import order_of_day
from entente.ledger.models import Import, Interaction, Order, OrderLine, Party, RefusedRow
from entente.ledger.person import HELD, Person, keys_of, words_of
from entente.ledger.pure.dealing_words import OUTCOMES
from entente.ledger.record import stored_file
from entente.ledger.retention import kept_from, kept_until
from entente.ledger.survey import Wishes, chunks, survey
from entente.ledger.tombstones import digits_spelling, erased_name
from entente.lib.errors import EntenteError

AT_ONCE = 50_000
# An import that has not been heard of for so long was killed, and nobody took it up again.
LEFT_FOR_DEAD = timedelta(days=1)
ENDS = (Import.State.DONE, Import.State.REVERTED)

# A cell that is one of the words, a number of the source, or a telephone in any spelling.
_TELLS = f"""
FROM {Import._meta.db_table} run
WHERE run.id = refused.import_run_id AND refused."row" <> '[]' AND EXISTS (
    SELECT FROM jsonb_array_elements_text(refused."row") cell
    WHERE lower(btrim(cell)) = ANY(%(words)s)
       OR (run.source_id, btrim(cell)) IN (SELECT * FROM unnest(%(sources)s::bigint[], %(keys)s::text[]))
       OR EXISTS (
           SELECT FROM unnest(%(digits)s::text[]) phone
           WHERE right(regexp_replace(cell, '[^0-9]', '', 'g'), length(phone)) = phone
       )
)
"""


def erase_ledger(
    person: Person,
    numbers: Mapping[int, str],
    words: Collection[str],
    *,
    years: Mapping[str, int],
    today: date,
    at: datetime,
) -> dict[str, int]:
    """Take the person out of the tables of the ledger that are not just deleted, in the caller's transaction. Returns table -> rows.

    numbers: as of `numbers_of`. words: as of `words_of`, before anything went.
    """
    gone = forget_past_retention(person, years=years, today=today)
    gone[RefusedRow._meta.db_table] = _empty_refused_rows(words, keys_of(person))
    _empty_imports(words)
    gone[Interaction._meta.db_table] = _empty_contacts(person)
    _renumber(person, numbers)
    gone[Party._meta.db_table] = _empty_parties(numbers, at)
    return gone


def kept_by_law(person: Person, *, years: Mapping[str, int], today: date) -> dict[str, tuple[int, date]]:
    """What of theirs the law obliges the firm to keep: kind -> rows, and the last day of the latest of them."""
    found = {}
    for held in HELD:
        if held.keeps is None or held.model is OrderLine:
            continue
        kind, day = held.keeps
        assert held.of is not None
        rows = held.of(person).filter(_has_to_stay(day, kept_from(years[kind], today))).order_by()
        count, latest = rows.aggregate(count=Count("pk"), latest=Max(day)).values()
        if count:
            found[kind] = (count, kept_until(latest or today, years[kind]))
    return found


def _has_to_stay(day: str, first: date) -> Q:
    """Without a day nobody can say that it is past: it counts from today, unless nothing is kept at all."""
    return Q(**{f"{day}__gte": first}) | (Q(**{day: None}) if first != date.max else Q(pk__in=()))


def forget_past_retention(person: Person, *, years: Mapping[str, int], today: date) -> dict[str, int]:
    """Facts of money that nobody is obliged to keep any more go whole. Returns table -> rows."""
    gone = {}

    def past(model: Any, kind: str, day: str) -> list[int]:
        rows = model.objects.filter(party__in=person.parties).exclude(_has_to_stay(day, kept_from(years[kind], today)))
        found = list(rows.values_list("pk", flat=True))
        gone[model._meta.db_table] = len(found)
        return found

    invoices = past(Invoice, "invoices", "issued_on")
    Payment.objects.filter(invoice__in=invoices).update(invoice=None)
    orders = past(Order, "orders", "ordered_on")
    for model in (Invoice, Delivery):
        model.objects.filter(order__in=orders).update(order=None)
    OrderLine.objects.filter(order__in=orders).delete()
    for each, numbers in (
        (Payment, past(Payment, "payments", "paid_on")),
        (Delivery, past(Delivery, "deliveries", "newest_on")),
        (Invoice, invoices),
        (Order, orders),
    ):
        each.objects.filter(pk__in=numbers).delete()
    return gone


def _empty_refused_rows(words: Collection[str], keys: Sequence[tuple[int, str]]) -> int:
    """Refused rows that name them stay refused, without what was written."""
    phones = {digits_spelling(word) for word in words if word.lstrip("+(0").replace(" ", "")[:1].isdecimal()} - {""}
    table = RefusedRow._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} refused SET \"row\" = '[]', value = '' {_TELLS}",
            {
                "words": list(words), "digits": list(phones), "sources": [source for source, _key in keys],
                "keys": [key for _source, key in keys],
            },
        )  # fmt: skip
        return int(cursor.rowcount)


def _empty_imports(words: Collection[str]) -> None:
    """What an import has to say of its file may quote it."""
    for run in Import.objects.filter(Q(error__gt="") | ~Q(notes=[]) | Q(file_name__gt="")).iterator():
        changed = []
        if _holds(run.file_name, words):
            run.file_name, changed = "file", ["file_name"]
        if _holds(run.error, words):
            run.error, changed = "", [*changed, "error"]
        if any(_holds(str(note.get("examples", "")), words) for note in run.notes):
            run.notes = [{**note, "examples": "…"} if "examples" in note else note for note in run.notes]
            changed.append("notes")
        if changed:
            run.save(update_fields=changed)


def _holds(text: str, words: Collection[str]) -> bool:
    small = text.lower()
    return any(word in small for word in words)


def _empty_contacts(person: Person) -> int:
    own = Interaction.objects.filter(party__in=person.parties)
    # An outcome that is none of ours is somebody's own words.
    own.exclude(outcome__in=OUTCOMES).update(outcome="")
    return own.update(subject="", body="", key="")


def _renumber(person: Person, numbers: Mapping[int, str]) -> None:
    """The number that a source had for them stands in what is kept, too: the one of the erased record takes its place."""
    records = dict(Party.objects.filter(pk__in=person.parties, erased_at=None).values_list("pk", "key"))
    for party in records:
        new = numbers[party]
        for model in (Invoice, Payment, Delivery):
            model.objects.filter(party=party).exclude(customer_key="").update(customer_key=new)
        Payment.objects.filter(party=party).update(method="")
        for order in Order.objects.filter(party=party, number__startswith=f"{records[party]}/"):
            if order.number == order_of_day(records[party], order.ordered_on):
                Order.objects.filter(pk=order.pk).update(number=order_of_day(new, order.ordered_on))


def numbers_of(person: Person) -> dict[int, str]:
    """Under which number each of their records stands when they are erased: the same, whenever it is asked."""
    name = erased_name(person.customer)
    records = (
        Party.objects.filter(pk__in=person.parties).order_by("pk").values_list("pk", "source_id", "key", "erased_at")
    )
    taken = set(
        Party.objects.filter(key__startswith=name).exclude(pk__in=person.parties).values_list("source_id", "key")
    )
    found: dict[int, str] = {}
    for party, source, key, erased_at in records:
        number, place = name, 1
        while (source, number) in taken:
            place += 1
            number = f"{name}-{place}"
        found[party] = key if erased_at else number
        taken.add((source, found[party]))
    return found


def _empty_parties(numbers: Mapping[int, str], at: datetime) -> int:
    empty: dict[str, Any] = {
        field.name: "" for field in Party._meta.concrete_fields
        if field.get_internal_type() == "CharField" and field.name != "key"
    } | {"kind": Party.Kind.UNKNOWN, "known_on": None, "born_on": None, "identifiers": {}, "attributes": {}}  # fmt: skip
    count = 0
    for party, number in numbers.items():
        count += Party.objects.filter(pk=party, erased_at=None).update(key=number, erased_at=at, **empty)
    return count


def files_with(person: Person, *, at: datetime) -> list[str]:
    """Copies of files on their way into the ledger, or left by an import that failed, in which they stand; below the files folder.

    One that cannot be read counts as well. One that is being imported now goes by itself when that is done.
    """
    words, keys = words_of(person), keys_of(person)
    found = []
    is_alive = Q(state=Import.State.RUNNING, heartbeat_at__gte=at - LEFT_FOR_DEAD)
    for run in Import.objects.exclude(state__in=ENDS).exclude(stored_as="").exclude(is_alive):
        path = stored_file(run)
        own = {key.lower() for source, key in keys if source == run.source_id}
        if path.is_file() and _stands_in(path, words | own):
            found.append(run.stored_as)
    return found


def _stands_in(path: Path, words: Collection[str]) -> bool:
    try:
        layout = survey(path, Wishes(has_heading=True)).layout
        if layout is None:
            return True
        if any(_tells(name, words) for name in layout.heading):
            return True
        places = list(range(len(layout.heading)))
        for chunk in chunks(path, layout, places, AT_ONCE):
            if any(_tells(str(value), words) for cells in chunk.cells.values() for value in cells.values):
                return True
            if any(_tells(cell, words) for row in chunk.bad for cell in row.row):
                return True
    except (EntenteError, OSError):
        return True
    return False


def _tells(cell: str, words: Collection[str]) -> bool:
    return cell.strip().lower() in words


def left_on_disk(files: Sequence[str]) -> list[str]:
    """Those of the files that are still there."""
    return [name for name in files if (Path(settings.MEDIA_ROOT) / name).exists()]
