"""How what is said of a dealing stands in its table: the pieces that the statements of sql/dealings.sql are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import models

from entente.ledger.models import Delivery, Interaction, Invoice, Order, Party, Payment
from entente.ledger.pure.dealings import DEALINGS, Field
from entente.ledger.staging import queries

_TYPES = {
    "money": "numeric(18, 4)", "number": "numeric(18, 4)", "count": "smallint", "day": "date", "moment": "timestamptz",
}  # fmt: skip
_DEFAULTS = {"purpose": "service"}
_PARTY = Party._meta.db_table
# OFFSET keeps each a look-up in the index, whatever the planner believes of tables that were small a moment ago.
_JOINS = {
    what: f"LEFT JOIN LATERAL (SELECT * FROM {table} WHERE said.{field} <> '' AND source_id = %(source)s AND {number} = said.{field} "
    f"OFFSET 0) {what} ON true"
    for what, table, number, field in (
        ("parties", Party._meta.db_table, "key", "customer_key"),
        ("orders", Order._meta.db_table, "number", "order_number"),
        ("invoices", Invoice._meta.db_table, "number", "invoice_number"),
    )
}


@dataclass(frozen=True)
class Kept:
    """A field that stands in its column in another way. read: its value of `known`. written: what the column gets of {value}."""

    column: str
    read: str
    written: str


@dataclass(frozen=True)
class Table:
    """links: column -> what it follows from, given the joins of all that the kind refers to. has_line: it keeps the line of the file."""

    model: type[models.Model]
    links: dict[str, str] = field(default_factory=dict)
    kept: Mapping[str, Kept] = field(default_factory=dict)
    has_line: bool = True


_OF_ORDER = {"order_id": "orders.id", "party_id": "COALESCE(parties.id, orders.party_id)"}
TABLES: Mapping[str, Table] = {
    "invoices": Table(Invoice, _OF_ORDER),
    "payments": Table(Payment, {"invoice_id": "invoices.id", "party_id": "COALESCE(parties.id, invoices.party_id)"}),
    "deliveries": Table(Delivery, _OF_ORDER),
    "interactions": Table(
        Interaction,
        kept={
            # A contact keeps the party, not the number that the source has for it.
            "customer": Kept(
                "party_id",
                f"(SELECT key FROM {_PARTY} party WHERE party.id = known.party_id)",
                f"(SELECT id FROM {_PARTY} party WHERE party.source_id = %(source)s AND party.key = {{value}})",
            ),
            "direction": Kept(
                "is_outgoing", "CASE WHEN known.is_outgoing THEN 'outgoing' ELSE 'incoming' END", "{value} = 'outgoing'"
            ),
            "two_way": Kept("is_two_way", "CASE WHEN known.is_two_way THEN 'yes' ELSE 'no' END", "{value} = 'yes'"),
        },
        has_line=False,
    ),
}


def statement(query: str, kind: str, fields: Sequence[str] = (), these: str = "") -> str:
    """A query of sql/dealings.sql for one kind. fields: what the file speaks of. these: the numbers of the rows meant, as a query."""
    table, declared = TABLES[kind], DEALINGS[kind]
    every = [each for each in declared.fields if each.name != declared.number]
    spoken = [each for each in every if each.name in fields]
    values = {_target(table, each): _written(table, each, f"said.{staged(each)}") for each in every} | table.links
    values |= {"line": "said.line"} if table.has_line else {}
    refers = ["parties", *declared.refers.values()] if table.links else []
    pieces = {
        "kind": kind,
        "table": table.model._meta.db_table,
        "number": declared.number,
        "staged": ", ".join(_staged_as(each) for each in declared.fields),
        "line": "known.line" if table.has_line else "NULL::bigint",
        "joins": "\n".join(_JOINS[each] for each in refers),
        "targets": ", ".join(values),
        "values": ", ".join(values.values()),
        "said": ", ".join(["1", *(f"said.{staged(each)}" for each in spoken)]),
        "known": ", ".join(["1", *(_read(table, each) for each in spoken)]),
        "said_pairs": ", ".join(f"'{each.name}', {_or_null(each, f'said.{staged(each)}')}" for each in spoken),
        "known_pairs": ", ".join(f"'{each.name}', {_or_null(each, _read(table, each))}" for each in every),
        "updates": ", ".join(f"{_target(table, each)} = {_written(table, each, f'said.{staged(each)}')}" for each in spoken),
        "relinks": ", ".join(f"{column} = linked.{column}" for column in table.links),
        "links": ", ".join(f"{made} AS {column}" for column, made in table.links.items()),
        "restored": ", ".join(
            [*(f"{_target(table, each)} = {_restored(table, each)}" for each in every), *(["line = said.line"] * table.has_line)]
        ),
        "customer": "customer_key" if table.links else "customer",
        "these": these,
    }  # fmt: skip
    text = queries("dealings")[query]
    for name, piece in pieces.items():
        text = text.replace(f"[{name}]", piece)
    return text


def staged(each: Field) -> str:
    """What the column of the staging table is called."""
    return each.column or each.name


def _staged_as(each: Field) -> str:
    kind = _TYPES.get(each.reads)
    return f"{staged(each)} {kind}" if kind else f"{staged(each)} text DEFAULT '{_DEFAULTS.get(each.name, '')}'"


def _target(table: Table, each: Field) -> str:
    return table.kept[each.name].column if each.name in table.kept else staged(each)


def _read(table: Table, each: Field) -> str:
    return table.kept[each.name].read if each.name in table.kept else f"known.{staged(each)}"


def _written(table: Table, each: Field, value: str) -> str:
    return table.kept[each.name].written.format(value=value) if each.name in table.kept else value


def _or_null(each: Field, value: str) -> str:
    return value if each.reads in _TYPES else f"NULLIF({value}, '')"


def _restored(table: Table, each: Field) -> str:
    said = f"(said.words ->> '{each.name}')"
    if each.reads in _TYPES:
        return f"{said}::{_TYPES[each.reads]}"
    return _written(table, each, f"COALESCE({said}, '{_DEFAULTS.get(each.name, '')}')")
