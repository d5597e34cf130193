"""Everything about one person in one file: a page that anybody can read, offline, and the same for machines."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from entente.customize.erase import person_of
from entente.customize.explain import sentence
from entente.customize.models import Decision
from entente.customize.person import TABLES
from entente.identify.models import Customer
from entente.ledger.erase import kept_by_law
from entente.ledger.models import Archive, Erasure, Party
from entente.ledger.person import Held, Person
from entente.ledger.retention import retention
from entente.staff.firm import the_firm
from entente.staff.models import User

PAGE, DATA = "index.html", "data.json"
# A page of more rows is no page; all of them are in the data.
MOST_ROWS = 2_000


@dataclass(frozen=True)
class Section:
    """One table, for reading. rows: of what is filled in, (name, text). are_more: only the first ones are shown."""

    title: str
    count: int
    rows: list[list[tuple[str, str]]]
    are_more: bool


def kinds_of_facts() -> dict[str, str]:
    return {"orders": _("orders"), "invoices": _("invoices"), "payments": _("payments"), "deliveries": _("deliveries")}


def write_archive(customer: int, file: IO[bytes], *, by: User | None, at: datetime, today: date) -> Archive:
    """Write everything about a customer into a file as a zip, and that it was handed over into the log. Raises NoCustomer."""
    with transaction.atomic():
        person = person_of(customer)
        tables = [held for held in TABLES if held.of is not None]
        data = {held.model._meta.db_table: list(_rows(held, person)) for held in tables}
        page = _page(person, [(held, data[held.model._meta.db_table]) for held in tables], at, today)
        counts = {table: len(rows) for table, rows in data.items() if rows}
        written = Archive.objects.create(customer=customer, by=by, at=at, rows=counts)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PAGE, page)
        archive.writestr(DATA, json.dumps(data, default=_plain, ensure_ascii=False, indent=1))
    return written


def log_of(customer: int) -> list[dict[str, Any]]:
    """Who took an archive out and who erased, the newest first: what, when, who, why."""
    taken = Archive.objects.filter(customer=customer).select_related("by")
    erased = Erasure.objects.filter(customer=customer).select_related("by")
    rows = [{"what": _("handed over"), "at": one.at, "by": one.by, "because": ""} for one in taken]
    rows += [{"what": _("erased"), "at": one.at, "by": one.by, "because": one.because} for one in erased]
    return sorted(rows, key=lambda row: row["at"], reverse=True)


def _rows(held: Held, person: Person) -> Iterator[dict[str, Any]]:
    """The rows of a table, column by column; what a number refers to stands beside it where a reader needs it."""
    assert held.of is not None
    fields = [field for field in held.model._meta.concrete_fields if field.name not in held.hidden]
    links = [field.name for field in fields if isinstance(field, models.ForeignKey) and field.name in _NAMED]
    found = held.of(person).select_related(*links) if links else held.of(person)
    for row in found.iterator(chunk_size=2_000):
        told: dict[str, Any] = {}
        for field in fields:
            told[field.attname] = getattr(row, field.attname)
            if field.name in links and (other := getattr(row, field.name)) is not None:
                told[field.name] = _called(other)
        if isinstance(row, Decision):
            told["why"] = sentence(row)
        yield told


_NAMED = {"source", "by", "product", "order", "invoice", "made_by", "ended_by", "withdrawn_by", "looked_after_by"}


def _called(other: models.Model) -> str:
    return other.name if isinstance(other, User) else str(other)


def _page(person: Person, tables: list[tuple[Held, list[dict[str, Any]]]], at: datetime, today: date) -> str:
    kinds = kinds_of_facts()
    kept = kept_by_law(person, years=retention(), today=today)
    return render_to_string(
        "customers/archive.html",
        {
            "customer": Customer.objects.get(pk=person.customer),
            "firm": the_firm(),
            "at": at,
            "records": Party.objects.filter(pk__in=person.parties).select_related("source").order_by("pk"),
            "sections": [_section(held, rows) for held, rows in tables if rows],
            "mixed": person.mixed,
            "nothing": [str(held.title) for held, rows in tables if not rows],
            "kept": [(kinds[kind], count, until) for kind, (count, until) in kept.items()],
            "fates": [(str(held.title), str(held.why)) for held in TABLES if held.why],
            "log": log_of(person.customer),
        },
    )


def _section(held: Held, rows: list[dict[str, Any]]) -> Section:
    names = {field.attname: field for field in held.model._meta.concrete_fields if hasattr(field, "attname")}

    def told(row: dict[str, Any]) -> list[tuple[str, str]]:
        found = []
        for name, value in row.items():
            # Numbers of rows mean something to machines only.
            is_number = name == "id" or (name.endswith("_id") and name in names)
            if is_number or value in (None, "", [], {}):
                continue
            field = names.get(name)
            words = dict(field.flatchoices).get(value) if field is not None and field.choices else None
            found.append((capfirst(name.replace("_", " ")), str(words) if words is not None else _shown(value)))
        return found

    return Section(str(held.title), len(rows), [told(row) for row in rows[:MOST_ROWS]], len(rows) > MOST_ROWS)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_shown(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, Decimal | float):
        return str(localize(round(value, 4)))
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)
