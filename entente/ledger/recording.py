"""One chunk of facts into the ledger: parties, products, orders, lines, set by set."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray
from psycopg.errors import UniqueViolation

from entente.ledger.dealing_recording import link_to_orders
from entente.ledger.facts import RETURN, Facts
from entente.ledger.models import RefusedRow
from entente.ledger.phones import e164
from entente.ledger.places import country_code
from entente.ledger.pure import dates
from entente.ledger.pure.numbers import as_decimal
from entente.ledger.pure.party_kinds import kind_of
from entente.ledger.readers.table import BadRow
from entente.ledger.reading import Texts
from entente.ledger.staging import LINE_TABLE, copy_lines, copy_texts, queries
from entente.lib.distinct import distinct

MOST_MET = 20_000
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Recorded:
    """What became of one chunk."""

    recorded: int
    known: int
    bad: list[BadRow]
    values: list[str]


@dataclass
class Recorder:
    """Writes the chunks of one import, each in the transaction of its caller."""

    source: int
    import_id: int
    countries: Mapping[str, str]
    column_names: Mapping[str, str]
    names_from_priced_lines: bool = False
    # Once something was known, the rest is likely to be: an export that overlaps the last one.
    overlaps: bool = False
    unknown_countries: Counter[str] = field(default_factory=Counter)
    _met: dict[tuple[str | None, ...], int] = field(default_factory=dict)
    _country_of: dict[str, str | None] = field(default_factory=dict)
    _phone_of: dict[tuple[str, str], str] = field(default_factory=dict)

    def record(self, facts: Facts, keys: NDArray[np.void], written: Callable[[int], list[str]]) -> Recorded:
        """Facts that are new become rows; those that are known are counted; orders of two customers are refused.

        written: the row of the chunk at a place, as it stands in the file.
        """
        with connection.cursor() as django_cursor:
            cursor = django_cursor.cursor
            cursor.execute(queries("record")["make_staging"])
            facts, keys, bad, values = self._without_foreign_lines(cursor, facts, keys, written)
            if not len(facts.rows):
                return Recorded(0, 0, bad, values)
            ids = {
                "party_id": self._parties(cursor, facts),
                "product_id": self._products(cursor, facts),
            }
            ids["order_id"] = self._orders(cursor, facts, ids["party_id"])
            recorded = self._lines(cursor, facts, keys, ids)
        return Recorded(recorded, len(facts.rows) - recorded, bad, values)

    def _without_foreign_lines(
        self, cursor: Any, facts: Facts, keys: NDArray[np.void], written: Callable[[int], list[str]]
    ) -> tuple[Facts, NDArray[np.void], list[BadRow], list[str]]:
        """An order has one customer: the ledger's, or else that of its first line."""
        numbers, first = np.unique(facts.order, return_index=True)
        owner = np.full(len(facts.orders), -1, np.int64)
        owner[numbers] = facts.party[first]
        copy_texts(cursor, "incoming_order (ref, number)", ((str(ref), facts.orders[ref]) for ref in numbers.tolist()))
        places = {key: place for place, key in enumerate(facts.customers)} | {"": -1}
        for ref, _, key in self._fetch(cursor, "known_orders"):
            owner[ref] = places.get(key, -2)
        foreign = owner[facts.order] != facts.party
        if not foreign.any():
            return facts, keys, [], []
        name = self.column_names.get("order_number", "order_number")
        lost = facts.only(foreign)
        values = [facts.orders[ref] for ref in lost.order.tolist()]
        bad = [
            BadRow(line, "order_of_another_customer", written(place), name)
            for line, place in zip(lost.lines.tolist(), lost.rows.tolist(), strict=True)
        ]
        return facts.only(~foreign), keys[~foreign], bad, values

    def _parties(self, cursor: Any, facts: Facts) -> NDArray[np.int64]:
        refs = distinct(facts.party[facts.party >= 0])
        about = {name: self._first(facts.about.get(name), facts.party, len(facts.customers)) for name in (
            "customer_name", "segment", "email", "phone", "country", "postcode", "city", "address", "kind")}  # fmt: skip
        rows = []
        for ref in refs.tolist():
            said = {name: texts[ref] for name, texts in about.items()}
            country, phone = self._country(said["country"]), said["phone"]
            kind = kind_of(said["kind"])
            rows.append((
                str(ref), facts.customers[ref], kind, said["customer_name"], said["segment"], said["email"], phone,
                self._phone(phone, country), country, said["postcode"], said["city"], said["address"],
            ))  # fmt: skip
        return self._settled(
            cursor, ("incoming_party", "insert_parties", "complete_parties", "party_ids"), rows, len(facts.customers)
        )

    def _products(self, cursor: Any, facts: Facts) -> NDArray[np.int64]:
        count = len(facts.products)
        named = facts.about.get("product_name")
        if named is not None and self.names_from_priced_lines:
            named = Texts(named.values, np.where(facts.unit_price == 0, -1, named.codes).astype(np.int32))
        names, categories = (
            self._first(named, facts.product, count),
            self._first(facts.about.get("category"), facts.product, count),
        )
        costs: list[str | None] = [None] * count
        money = [""] * count
        priced = np.flatnonzero(facts.cost_known & (facts.product >= 0))
        products, first = np.unique(facts.product[priced], return_index=True)
        for product, row in zip(products.tolist(), priced[first].tolist(), strict=True):
            costs[product] = str(as_decimal(facts.unit_cost[row]))
            money[product] = facts.currency.values[facts.currency.codes[row]]
        rows = [
            (
                str(ref),
                facts.products[ref],
                names[ref],
                categories[ref],
                str(bool(facts.is_charge[ref])),
                costs[ref],
                money[ref],
            )
            for ref in distinct(facts.product[facts.product >= 0]).tolist()
        ]
        return self._settled(
            cursor, ("incoming_product", "insert_products", "complete_products", "product_ids"), rows, count
        )

    def _settled(
        self, cursor: Any, steps: tuple[str, str, str, str], rows: Sequence[tuple[str | None, ...]], count: int
    ) -> NDArray[np.int64]:
        """The ids of parties or products, made or completed where need be. Who was met with the same words before is skipped."""
        table, *inserts, fetch = steps
        ids = np.zeros(count + 1, np.int64)
        new = []
        for row in rows:
            if (known := self._met.get((table, *row[1:]))) is not None:
                ids[int(row[0] or 0)] = known
            else:
                new.append(row)
        if new:
            copy_texts(cursor, table, new)
            for query in inserts:
                self._run(cursor, query)
            found = self._ids(cursor, fetch, count)
            ids = np.where(found, found, ids)
            if len(self._met) + len(new) > MOST_MET:
                self._met.clear()
            self._met.update(((table, *row[1:]), int(found[int(row[0] or 0)])) for row in new)
        return ids

    def _orders(self, cursor: Any, facts: Facts, party_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """An order is as old as its first line in the file."""
        numbers, first = np.unique(facts.order, return_index=True)
        rows = []
        for ref, row in zip(numbers.tolist(), first.tolist(), strict=True):
            party = facts.party[row]
            rows.append((
                str(ref), facts.orders[ref], str(party_ids[party]) if party >= 0 else None,
                (_START + timedelta(microseconds=int(facts.instant[row]))).isoformat(), dates.day_of(facts.day[row]).isoformat(),
                str(bool(facts.kind[row] == RETURN)),
            ))  # fmt: skip
        cursor.execute("TRUNCATE incoming_order")
        copy_texts(cursor, "incoming_order", rows)
        self._run(cursor, "insert_orders")
        link_to_orders(cursor, self.source)
        return self._ids(cursor, "order_ids", len(facts.orders))

    def _lines(self, cursor: Any, facts: Facts, keys: NDArray[np.void], ids: Mapping[str, NDArray[np.int64]]) -> int:
        """Straight into the table where nothing is known; otherwise beside it, and over what is new."""
        count = len(facts.rows)
        money = np.array([code.encode() for code in facts.currency.values], "S3")
        columns: dict[str, NDArray[Any]] = {
            "order_id": ids["order_id"][facts.order], "party_id": ids["party_id"][facts.party],
            "product_id": ids["product_id"][facts.product], "kind": facts.kind, "ordered_on": facts.day,
            "quantity": facts.quantity, "unit_price": facts.unit_price, "amount": facts.amount, "cost": facts.cost,
            "currency": money[facts.currency.codes], "import_run_id": np.full(count, self.import_id), "line": facts.lines,
            "fact_key": keys,
        }  # fmt: skip
        nulls = {"party_id": facts.party < 0, "product_id": facts.product < 0, "cost": ~facts.cost_known}
        if not self.overlaps:
            try:
                with transaction.atomic():
                    copy_lines(cursor, LINE_TABLE, columns, nulls)
                return count
            except UniqueViolation:
                self.overlaps = True
        copy_lines(cursor, "incoming_line", columns, nulls)
        self._run(cursor, "insert_lines")
        return int(cursor.rowcount)

    def _first(self, texts: Texts | None, owner: NDArray[np.int32], count: int) -> list[str]:
        """For each of `count` owners the first text that a row of his holds."""
        found = [""] * (count + 1)
        if texts is not None:
            rows = np.flatnonzero((texts.codes >= 0) & (owner >= 0))
            owners, first = np.unique(owner[rows], return_index=True)
            for place, code in zip(owners.tolist(), texts.codes[rows[first]].tolist(), strict=True):
                found[place] = texts.values[code]
        return found

    def phone_in(self, phone: str, country: str) -> str:
        """The number in E.164 of a phone and a country as written; '' where that cannot be said."""
        return self._phone(phone, country_code(country, self.countries) or "" if country else "")

    def _country(self, name: str) -> str:
        if name not in self._country_of:
            if len(self._country_of) > 10_000:
                self._country_of.clear()
            self._country_of[name] = country_code(name, self.countries) if name else ""
        code = self._country_of[name]
        if code is None and len(self.unknown_countries) < 1000:
            self.unknown_countries[name] += 1
        return code or ""

    def _phone(self, phone: str, country: str) -> str:
        if not phone:
            return ""
        if (phone, country) not in self._phone_of:
            if len(self._phone_of) > 10_000:
                self._phone_of.clear()
            self._phone_of[phone, country] = e164(phone, country)
        return self._phone_of[phone, country]

    def _run(self, cursor: Any, query: str) -> None:
        cursor.execute(queries("record")[query], {"source": self.source, "import": self.import_id})

    def _fetch(self, cursor: Any, query: str) -> Iterable[tuple[Any, ...]]:
        self._run(cursor, query)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def _ids(self, cursor: Any, query: str, count: int) -> NDArray[np.int64]:
        """(count + 1,) the id of each place; the last stands for none."""
        ids = np.zeros(count + 1, np.int64)
        rows = np.array(self._fetch(cursor, query), np.int64).reshape(-1, 2)
        ids[rows[:, 0]] = rows[:, 1]
        return ids


def record_refused(import_id: int, bad: list[BadRow], values: list[str]) -> None:
    if not bad:
        return
    table = RefusedRow._meta.db_table
    columns = ("import_run_id", "line", '"column"', "value", "reason", "row")
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
    ):
        for row, value in zip(bad, values, strict=True):
            written = [cell.replace("\x00", "␀")[:1000] for cell in row.row]
            copy.write_row((import_id, row.line, row.column[:200], value[:200], row.reason, json.dumps(written)))
