"""A made-up firm of any size, straight into an empty PostgreSQL: customers, orders and their lines by COPY, the rest
set by set.

    DATABASE_URL=postgresql://... python -m bench.made.population --customers 1000000 --lines 10000000

Customers buy as BG/NBD says: a gamma rate each, a beta chance of leaving after every repeat purchase. Rows arrive in
the order of time, as they would from a firm's daily imports. The same seed makes the same rows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.made.bulk_load import NUMERIC, bare, copy_rows, copy_statement, numeric, serial

YEARS = 3
PRODUCTS = 1000
PEOPLE_AT_ONCE, ORDERS_AT_ONCE = 100_000, 100_000
# Purchases a week; leaving after a repeat purchase.
RATE_SHAPE, RATE_MEAN, LEAVING = 0.55, 0.055, (0.8, 3.2)
RETURNED = 0.02
COUNTRIES = ("GB", "DE", "SA", "IR", "RU")
SHARES = (0.30, 0.27, 0.14, 0.13, 0.16)
CURRENCIES = ("GBP", "EUR", "SAR", "IRR", "RUB")
IN_EUR = (1.15, 1.0, 0.245, 0.0000015, 0.0098)
PG_EPOCH = np.datetime64("2000-01-01", "D")
GIVEN = "Anna,Oliver,Jürgen,Käthe,محمد,نورة,رضا,مینا,Иван,Мария,Grace,Björn,Фёдор,سارا,Priya,Lukas"
FAMILY = (
    "Hartwell,Müller,Schröder,الحارثي,القحطاني,فراهانی,رضایی,Орлов,Соколова,Pemberton,Lindemann,Wickham,Großmann,کریمی,"
    "الغامدي,Журавлёва,Kirkbride,Feldkamp,Marsden,Böhm,Rushworth,Jäger,Воронцов"
)

Progress = Callable[[str], None]
Params = str | Mapping[str, Any]


class NotEmpty(Exception):
    """The database holds parties already."""


def fill(
    connection_params: Params,
    customers: int,
    lines: int,
    seed: int,
    as_of: dt.date,
    interactions: int = 0,
    *,
    names: bool = False,
    progress: Progress = lambda _: None,
) -> dict[str, int]:
    """Write exactly so many customers, order lines and interactions; Django must be set up and the tables be there.

    connection_params: what psycopg.connect takes. names: parties have names, mail addresses and telephone numbers to
    be searched for, not only keys. Returns rows by table. Raises NotEmpty.
    """
    from entente.identify.models import Customer, Membership
    from entente.ledger.models import Interaction, Order, OrderLine, Party

    rng = np.random.default_rng(seed)
    with _connect(connection_params) as connection:
        if connection.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_table(Party))).fetchone() != (False,):
            raise NotEmpty("The database holds parties already: give the address of an empty one in DATABASE_URL.")
        with connection.transaction():
            connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            connection.execute("SET LOCAL synchronous_commit = off")
            # Deferred checks would stand in the way of taking constraints off.
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            source, run = _frame(connection, as_of)
            with bare(connection, [Party, Order, OrderLine, Interaction, Customer, Membership], progress):
                country = rng.choice(len(COUNTRIES), customers, p=SHARES).astype(np.int16)
                progress(f"{customers:,} parties and customers")
                _people(connection, country, source, run, as_of, names)
                party, minute = _purchases(customers, rng, progress)
                order_count = min(party.size, lines)
                party, minute = _only(party, minute, order_count, rng)
                _orders(connection, party, minute, lines, country, source, run, as_of, rng, progress)
                if interactions:
                    progress(f"{interactions:,} interactions")
                    _interactions(connection, customers, interactions, as_of)
        progress("statistics")
        connection.execute("VACUUM ANALYZE")
    return {"customers": customers, "orders": order_count, "lines": lines, "interactions": interactions}


def _connect(params: Params) -> psycopg.Connection[Any]:
    if isinstance(params, str):
        return psycopg.connect(params, autocommit=True)
    return psycopg.connect(**params, autocommit=True)


def _table(model: Any) -> sql.Identifier:
    return sql.Identifier(model._meta.db_table)


def _frame(connection: psycopg.Connection[Any], as_of: dt.date) -> tuple[int, int]:
    """The firm, the source, the import that stands witness, the products and the exchange rates."""
    from entente.ledger.models import ExchangeRate, Import, Product, Source
    from entente.staff.models import Firm

    def run(statement: str, model: Any, *values: Any) -> Any:
        return connection.execute(sql.SQL(statement).format(_table(model)), values)

    run(
        "INSERT INTO {} (id, name, currency, country, zone, language, margin_rate, is_sample) "
        "VALUES (1, 'Population', 'EUR', 'DE', 'Europe/Berlin', 'en', 0.35, true) ON CONFLICT (id) DO NOTHING",
        Firm,
    )
    (source,) = run("INSERT INTO {} (name, rank) VALUES ('population', 100) RETURNING id", Source).fetchone()
    (witness,) = run(
        "INSERT INTO {} (source_id, kind, file_name, stored_as, sha256, mapping, state, rows_read, rows_recorded, "
        "rows_known, rows_refused, notes, error, made_at) "
        "VALUES (%s, 'population', 'population', '', '', '{{}}', 'done', 0, 0, 0, 0, '[]', '', now()) RETURNING id",
        Import,
        source,
    ).fetchone()
    run(
        "INSERT INTO {} (id, source_id, code, name, category, is_charge, unit_cost, currency) "
        "SELECT g, %s, 'P' || lpad(g::text, 4, '0'), 'Product ' || g, 'Category ' || g %% 12, false, "
        "5 + g %% 97, 'EUR' FROM generate_series(1, %s) g",
        Product,
        source,
        PRODUCTS,
    )
    _move_sequence(connection, Product, PRODUCTS)
    for currency, rate in zip(CURRENCIES, IN_EUR, strict=True):
        if currency != "EUR":
            first = as_of - dt.timedelta(days=366 * YEARS + 1)
            run("INSERT INTO {} (currency, from_on, rate) VALUES (%s, %s, %s)", ExchangeRate, currency, first, rate)
    return int(source), int(witness)


def _move_sequence(connection: psycopg.Connection[Any], model: Any, last: int) -> None:
    connection.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, last])


def _people(
    connection: psycopg.Connection[Any],
    country: np.ndarray[Any, Any],
    source: int,
    run: int,
    as_of: dt.date,
    names: bool,
) -> None:
    """Parties 1..n, and for each the customer and the membership of the same number."""
    from entente.identify.models import Customer, Membership
    from entente.ledger.models import Party

    connection.execute("CREATE TEMP TABLE people (id bigint, country smallint) ON COMMIT DROP")
    ids = np.arange(1, country.size + 1)
    copy_rows(connection, "COPY people FROM STDIN (FORMAT BINARY)", [(">i8", ids), (">i2", country)])
    hashed = "(hashint8(p.id * 7 + {}) & 2147483647)"
    given = f"(%(given)s::text[])[1 + {hashed.format(1)} %% {GIVEN.count(',') + 1}]"
    family = f"(%(family)s::text[])[1 + {hashed.format(2)} %% {FAMILY.count(',') + 1}]"
    name = f"{given} || ' ' || {family} || ' ' || p.id" if names else "''"
    mail = "'c' || p.id || '@mail.example.com'" if names else "''"
    phone = "'+4420' || lpad((79460000 + p.id)::text, 8, '0')" if names else "''"
    values = {
        "source": source, "run": run, "at": dt.datetime.combine(as_of, dt.time(), dt.UTC), "given": GIVEN.split(","),
        "family": FAMILY.split(","), "codes": list(COUNTRIES), "width": len(str(country.size)),
    }  # fmt: skip
    connection.execute(
        sql.SQL(
            f"""
            INSERT INTO {{}} (id, source_id, key, kind, name, segment, email, phone, phone_e164, country,
                subdivision, postcode, city, address, language, zone, attributes, import_run_id, recorded_at)
            SELECT p.id, %(source)s, 'c' || lpad(p.id::text, %(width)s, '0'), 'person', {name}, '', {mail},
                {phone}, {phone}, (%(codes)s::text[])[1 + p.country], '', '', '', '', '', '', '{{{{}}}}',
                %(run)s, %(at)s
            FROM people p ORDER BY p.id
            """
        ).format(_table(Party)),
        values,
    )
    connection.execute(
        sql.SQL(
            """
            INSERT INTO {} (id, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, city,
                language, zone, search, made_at)
            SELECT id, kind, coalesce(nullif(name, ''), key), '', email, phone, phone_e164, country, '', '', '', '', '',
                CASE WHEN name = '' THEN '' ELSE concat_ws(' ', lower(key), lower(name), email, phone) END, recorded_at
            FROM {} ORDER BY id
            """
        ).format(_table(Customer), _table(Party))
    )
    connection.execute(
        sql.SQL(
            "INSERT INTO {} (party_id, customer_id, weight, explanation, law, made_at) "
            "SELECT id, id, 1, '{{}}', 'one to one', recorded_at FROM {} ORDER BY id"
        ).format(_table(Membership), _table(Party))
    )
    for model in (Party, Customer):
        _move_sequence(connection, model, country.size)


def _purchases(
    customers: int, rng: np.random.Generator, progress: Progress
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Party number and minute since the beginning of every purchase, by time. The first is uniform over the years."""
    days = 365 * YEARS
    weeks = days / 7
    parties, minutes = [], []
    for start in range(0, customers, PEOPLE_AT_ONCE):
        n = min(PEOPLE_AT_ONCE, customers - start)
        rate = np.maximum(rng.gamma(RATE_SHAPE, RATE_MEAN / RATE_SHAPE, n), 1e-9)
        leaving = rng.beta(*LEAVING, n)
        who, time_ = np.arange(n), rng.random(n) * weeks
        while who.size:
            day = (time_ * 7).astype(np.int32)
            minutes.append(day * 1440 + rng.integers(8 * 60, 18 * 60, who.size, dtype=np.int32))
            parties.append((who + start + 1).astype(np.int32))
            following = time_ + rng.exponential(1.0, who.size) / rate[who]
            here = following < weeks
            who, time_ = who[here], following[here]
            # This purchase is a repeat: it happens, and may be the last.
            stays = rng.random(who.size) >= leaving[who]
            gone = ~stays
            if gone.any():
                parties.append((who[gone] + start + 1).astype(np.int32))
                last = (time_[gone] * 7).astype(np.int32)
                minutes.append(last * 1440 + rng.integers(8 * 60, 18 * 60, last.size, dtype=np.int32))
            who, time_ = who[stays], time_[stays]
        progress(f"purchases of {start + n:,} customers")
    party, minute = np.concatenate(parties), np.concatenate(minutes)
    order = np.argsort(minute, kind="stable")
    return party[order], minute[order]


def _only(
    party: np.ndarray[Any, Any], minute: np.ndarray[Any, Any], many: int, rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Where there would be more orders than lines, a random part of them."""
    if party.size <= many:
        return party, minute
    kept = np.sort(rng.choice(party.size, many, replace=False))
    return party[kept], minute[kept]


def _lines_of(orders: int, lines: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """(orders,) how many lines each has: at least one, exponential above, exactly `lines` together."""
    share = rng.exponential(1.0, orders)
    extra = np.floor(share * ((lines - orders) / share.sum())).astype(np.int32)
    rest = lines - orders - int(extra.sum())
    extra[rng.choice(orders, rest, replace=False)] += 1
    return 1 + extra


def _orders(
    connection: psycopg.Connection[Any], party: np.ndarray[Any, Any], minute: np.ndarray[Any, Any], lines: int,
    country: np.ndarray[Any, Any], source: int, run: int, as_of: dt.date, rng: np.random.Generator, progress: Progress,
) -> None:  # fmt: skip
    """Orders and their lines in the order of time, a slice at a time."""
    from entente.ledger.models import Order, OrderLine

    first_on = np.datetime64(as_of, "D") - (365 * YEARS - 1)
    offset = int((first_on - PG_EPOCH).astype(int))
    count = _lines_of(party.size, lines, rng)
    seen = np.zeros(country.size + 1, dtype=bool)
    popularity = np.cumsum(1.0 / np.arange(1, PRODUCTS + 1) ** 0.9)
    price = np.round(np.exp(rng.normal(2.6, 0.9, PRODUCTS)), 2)
    size = np.exp(rng.normal(0.0, 0.9, country.size))
    order_copy = copy_statement(Order, "id source_id number party_id ordered_at ordered_on is_return import_run_id")
    line_copy = copy_statement(
        OrderLine,
        "id order_id party_id product_id kind ordered_on quantity unit_price amount cost currency import_run_id line "
        "fact_key",
    )
    written = 0
    for start in range(0, party.size, ORDERS_AT_ONCE):
        part = slice(start, min(start + ORDERS_AT_ONCE, party.size))
        who, when, many = party[part], minute[part], count[part]
        number = np.arange(part.start + 1, part.stop + 1)
        on = when // 1440 + offset
        # Nobody's first order is a return.
        first_here = np.zeros(who.size, dtype=bool)
        first_here[np.unique(who, return_index=True)[1]] = True
        back = (seen[who] | ~first_here) & (rng.random(who.size) < RETURNED)
        seen[who] = True
        at = (on.astype(np.int64) * 1440 + when % 1440) * 60_000_000
        copy_rows(connection, order_copy, [
            (">i8", number), (">i8", source), ("S10", serial(number, b"O")), (">i8", who), (">i8", at), (">i4", on),
            ("u1", back), (">i8", run),
        ])  # fmt: skip
        row = np.repeat(np.arange(who.size), many)
        n = row.size
        product = np.searchsorted(popularity, rng.random(n) * popularity[-1])
        quantity = np.maximum(1, rng.exponential(2.5, n) * size[who[row] - 1]).astype(np.int64)
        quantity = np.where(back[row], -quantity, quantity)
        place = country[who[row] - 1]
        unit = np.round(price[product] / np.array(IN_EUR)[place] * 100).astype(np.int64) * 100
        amount = unit * quantity
        line = np.arange(written + 1, written + n + 1)
        copy_rows(connection, line_copy, [
            (">i8", line), (">i8", number[row]), (">i8", who[row]), (">i8", product + 1),
            (">i2", np.where(back[row], 2, 1)), (">i4", on[row]), (NUMERIC, numeric(quantity * 10_000)),
            (NUMERIC, numeric(unit)), (NUMERIC, numeric(amount)), (NUMERIC, numeric(amount * 62 // 100)),
            ("S3", np.array(CURRENCIES, "S3")[place]), (">i8", run), (">i8", line),
            ("V16", np.frombuffer(rng.bytes(16 * n), "V16")),
        ])  # fmt: skip
        written += n
        if start // ORDERS_AT_ONCE % 5 == 0 or part.stop == party.size:
            progress(f"{part.stop:,} orders, {written:,} lines")
    _move_sequence(connection, Order, party.size)
    _move_sequence(connection, OrderLine, written)


def _interactions(connection: psycopg.Connection[Any], customers: int, many: int, as_of: dt.date) -> None:
    """Calls and mails over the last two years; few customers have many of them."""
    from entente.ledger.models import Interaction

    connection.execute(
        sql.SQL(
            """
            INSERT INTO {} (party_id, kind, channel, purpose, is_outgoing, is_two_way, at, subject, body, outcome,
                recorded_at)
            SELECT 1 + floor(%(customers)s * power(u, 2.5))::bigint, CASE WHEN g %% 2 = 0 THEN 'call' ELSE 'mail' END,
                CASE WHEN g %% 2 = 0 THEN 'phone' ELSE 'email' END, 'service', g %% 3 = 0, g %% 2 = 0,
                %(until)s - interval '1 minute' * (g::float8 / %(many)s * 1051200), 'Contact ' || g,
                'About delivery ' || g %% 997 || ' and order ' || g %% 4999,
                CASE WHEN g %% 2 = 0 THEN 'reached' ELSE '' END,
                %(until)s
            FROM (SELECT g, (hashint8(g) & 2147483647) / 2147483648.0 AS u FROM generate_series(1, %(many)s) g) s
            ORDER BY g DESC
            """
        ).format(_table(Interaction)),
        {"customers": customers, "many": many, "until": dt.datetime.combine(as_of, dt.time(17), dt.UTC)},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--interactions", type=int, default=0)
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--as-of", type=dt.date.fromisoformat, default=dt.date(2026, 11, 20))
    parser.add_argument(
        "--names", action="store_true", help="names, mail addresses and telephone numbers, for searching"
    )
    wish = parser.parse_args()
    if not os.environ.get("DATABASE_URL"):
        parser.error("DATABASE_URL is not set: give the address of an empty database.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entente.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)
    began = time.perf_counter()

    def progress(words: str) -> None:
        print(f"{time.perf_counter() - began:7.1f} s  {words}", file=sys.stderr, flush=True)

    try:
        made = fill(
            os.environ["DATABASE_URL"],
            wish.customers,
            wish.lines,
            wish.seed,
            wish.as_of,
            wish.interactions,
            names=wish.names,
            progress=progress,
        )
    except NotEmpty as error:
        sys.exit(str(error))
    print(", ".join(f"{count:,} {table}" for table, count in made.items()), f"in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
