"""How fast do payments come into the ledger, beside the row-by-row way of libraries that import through the ORM?

    .venv/bin/python bench/import_dealings.py [--rows 200000] [--slice 2000]

The payments are made here: half of them name an invoice that is in the ledger, each has a customer and a number of its own. They are
imported once, and once more when all are known; a slice of them goes row by row through the ORM. Each way has a process of its own.
Prints JSON, and a table to standard error. A machine that is busy otherwise gives other numbers: compare the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.made.databases import a_database

ROOT = Path(__file__).resolve().parents[1]
WAYS = ("row by row through the ORM", "import, all new", "import, all known")
CUSTOMERS = 5_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=200_000)
    options.add_argument("--slice", type=int, default=2_000, help="rows for the row-by-row peer")
    options.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.child:
        sys.stdout.write(json.dumps(_child(*args.child, args.slice)) + "\n")
        return
    with a_database("entente_bench_dealings") as url, tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ, "DATABASE_URL": url, "ENTENTE_HOME": home, "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "entente.settings",
        }  # fmt: skip
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=environment, check=True)
        _write(Path(home), args.rows)
        results = {}
        for way in WAYS:
            command = [sys.executable, __file__, "--slice", str(args.slice), "--child", way, home]
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            results[way] = json.loads(done.stdout.splitlines()[-1])
    sys.stdout.write(json.dumps({"results": results}, indent=2) + "\n")
    for way, found in results.items():
        sys.stderr.write(f"{way:<28}{found['rows']:>10,} rows {found['seconds']:>8.1f} s ")
        sys.stderr.write(f"{found['rows_per_s']:>9,.0f} rows/s {found['peak_mb']:>6.0f} MB\n")
    ratio = results[WAYS[1]]["rows_per_s"] / results[WAYS[0]]["rows_per_s"]
    sys.stderr.write(f"{ratio:,.0f} times the row-by-row way\n")


def _write(folder: Path, rows: int) -> None:
    """invoices.csv: half as many as payments. payments.csv."""
    with (folder / "invoices.csv").open("w") as file:
        file.write("number,customer,issued_on,amount,currency\n")
        file.writelines(
            f"R{n},C{n % CUSTOMERS},2026-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 900}.50,EUR\n" for n in range(rows // 2)
        )
    with (folder / "payments.csv").open("w") as file:
        file.write("key,customer,invoice_number,paid_on,amount,currency,method\n")
        file.writelines(
            f"P{n},C{n % CUSTOMERS},R{n},2026-{n % 10 + 1:02}-{n % 28 + 1:02},{n % 900}.25,EUR,card\n"
            for n in range(rows)
        )


def _child(way: str, home: str, slice_: int) -> dict[str, Any]:
    import django

    django.setup()
    folder = Path(home)
    ways: dict[str, Callable[[], int]] = {
        WAYS[0]: lambda: _by_orm(folder / "payments.csv", slice_),
        WAYS[1]: lambda: _by_import(folder / "payments.csv"),
        WAYS[2]: lambda: _by_import(_under_another_name(folder / "payments.csv")),
    }
    if way != WAYS[2]:
        _by_import(folder / "invoices.csv", "invoices")
    started = time.perf_counter()
    rows = ways[way]()
    seconds = time.perf_counter() - started
    if way == WAYS[0]:
        _empty()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": rows, "seconds": round(seconds, 2), "rows_per_s": round(rows / seconds), "peak_mb": round(peak)}


def _by_import(path: Path, kind: str = "payments") -> int:
    from entente.ledger.mapping import load
    from entente.ledger.record import open_import, run_import

    mapping = load(kind).with_read(dates="y-m-d", decimal=".")
    return run_import(
        open_import(path, mapping=mapping, source_name="bench", file_name=path.name, by=None).pk
    ).rows_read


def _under_another_name(path: Path) -> Path:
    """The same rows, and one line end more: another file, in which nothing is new."""
    other = path.with_name("again.csv")
    other.write_bytes(path.read_bytes() + b"\n")
    return other


def _by_orm(path: Path, rows: int) -> int:
    """As libraries that import through the ORM do: look up, save, row by row, in one transaction."""
    import csv
    from itertools import islice

    from django.db import transaction

    from entente.ledger.models import Import, Invoice, Party, Payment, Source

    source = Source.objects.get(name="bench")
    run = Import.objects.create(source=source, file_name="orm")
    with transaction.atomic(), path.open() as file:
        for number, row in enumerate(islice(csv.DictReader(file), rows), 2):
            party, _ = Party.objects.get_or_create(source=source, key=row["customer"])
            invoice = next(iter(Invoice.objects.filter(source=source, number=row["invoice_number"])), None)
            Payment.objects.update_or_create(
                source=source, key=row["key"],
                defaults={
                    "party": party, "customer_key": row["customer"], "invoice": invoice, "invoice_number": row["invoice_number"],
                    "paid_on": row["paid_on"], "amount": row["amount"], "currency": row["currency"], "method": row["method"],
                    "import_run": run, "line": number,
                },
            )  # fmt: skip
    return rows


def _empty() -> None:
    from django.db import connection

    from entente.ledger.models import Payment, Source

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {Payment._meta.db_table}, {Source._meta.db_table} CASCADE")


if __name__ == "__main__":
    main()
