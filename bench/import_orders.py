"""How fast do orders come into the ledger, and does memory grow with the file?

    .venv/bin/python bench/import_orders.py [--rows-times 1,4] [--slice 2000]

Imports ../shared/data/online_retail.parquet, then the same year several times over (each time under other invoice
numbers), each in a process of its own, and beside it, in the same run, a slice of it row by row through the ORM as import
libraries do it. Prints JSON, and a table to standard error. A machine that is busy otherwise gives other numbers: compare the ratios.
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
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.made.databases import a_database

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "online_retail.parquet"
WANTED_ROWS_PER_S = 40_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows-times", default="1,4", help="lengths of the file, as multiples of the year")
    options.add_argument("--slice", type=int, default=2000, help="rows for the row-by-row peer")
    options.add_argument("--child", help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.child:
        sys.stdout.write(json.dumps(_child(args.child, args.slice)) + "\n")
        return
    if not DATA.exists():
        sys.exit(f"The public data set {DATA.name} is not here.")
    with a_database("entente_bench_import") as url:
        os.environ["DATABASE_URL"] = url
        subprocess.run([sys.executable, "-m", "django", "migrate", "-v0"], env=_environment(), check=True)
        measure(args)


def measure(args: argparse.Namespace) -> None:
    results = {"row by row through the ORM": _in_a_process("orm", args.slice)}
    with tempfile.TemporaryDirectory() as folder:
        for times in (int(each) for each in args.rows_times.split(",")):
            path = DATA if times == 1 else _longer(times, Path(folder))
            results[f"import, {times} x the year"] = _in_a_process(str(path), args.slice)
    first = results.get("import, 1 x the year")
    sys.stdout.write(json.dumps({"wanted_rows_per_s": WANTED_ROWS_PER_S, "results": results}, indent=2) + "\n")
    for name, found in results.items():
        sys.stderr.write(
            f"{name:<28}{found['rows']:>10,} rows {found['seconds']:>8.1f} s {found['rows_per_s']:>9,.0f} rows/s "
        )
        sys.stderr.write(f"{found['peak_mb']:>6.0f} MB\n")
    if first:
        ratio = first["rows_per_s"] / results["row by row through the ORM"]["rows_per_s"]
        sys.stderr.write(f"{ratio:,.0f} times the row-by-row way; wanted {WANTED_ROWS_PER_S:,} rows/s\n")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "entente.settings"}


def _in_a_process(what: str, rows: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", what, "--slice", str(rows)]
    done = subprocess.run(command, env=_environment(), check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _child(what: str, rows: int) -> dict[str, Any]:
    import django

    django.setup()
    _empty()
    started = time.perf_counter()
    count = _by_orm(rows) if what == "orm" else _by_import(Path(what))
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": count, "seconds": round(seconds, 2), "rows_per_s": round(count / seconds), "peak_mb": round(peak)}


def _empty() -> None:
    from django.db import connection

    from entente.ledger.models import OrderLine, Source

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {OrderLine._meta.db_table}, {Source._meta.db_table} CASCADE")


def _by_import(path: Path) -> int:
    from entente.ledger.mapping import load
    from entente.ledger.record import open_import, run_import

    opened = open_import(path, mapping=load("online-retail"), source_name="bench", file_name=path.name, by=None)
    done = run_import(opened.pk)
    return done.rows_read


def _by_orm(rows: int) -> int:
    """As libraries that import through the ORM do: look up, save, row by row, in one transaction."""
    import uuid
    from decimal import Decimal

    import pyarrow.parquet as pq
    from django.db import transaction
    from django.utils import timezone

    from entente.ledger.models import Import, Order, OrderLine, Party, Product, Source

    source = Source.objects.create(name="bench")
    run = Import.objects.create(source=source, file_name="orm")
    with transaction.atomic():
        for number, row in enumerate(next(pq.ParquetFile(DATA).iter_batches(rows)).to_pylist(), 2):
            party = None
            if row["CustomerID"]:
                party, _ = Party.objects.get_or_create(source=source, key=str(row["CustomerID"]))
            product, _ = Product.objects.get_or_create(
                source=source, code=row["StockCode"], defaults={"name": row["Description"] or ""}
            )
            at = row["InvoiceDate"].replace(tzinfo=timezone.get_default_timezone())
            order, _ = Order.objects.get_or_create(
                source=source, number=row["InvoiceNo"],
                defaults={"party": party, "ordered_at": at, "ordered_on": at.date(), "import_run": run},
            )  # fmt: skip
            price = round(Decimal(row["UnitPrice"]), 4)
            OrderLine.objects.create(
                order=order, party=party, product=product, ordered_on=at.date(), quantity=row["Quantity"], unit_price=price,
                amount=price * row["Quantity"], currency="GBP", import_run=run, line=number, fact_key=uuid.uuid4(),
            )  # fmt: skip
    return rows


def _longer(times: int, folder: Path) -> Path:
    """The year several times over, under other invoice numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    year = pq.read_table(DATA)
    number = year.schema.get_field_index("InvoiceNo")
    path = folder / f"{times}.parquet"
    with pq.ParquetWriter(path, year.schema) as writer:
        for copy in range(times):
            numbers = pc.binary_join_element_wise(
                year["InvoiceNo"], pa.scalar(str(copy), pa.large_string()), pa.scalar("/", pa.large_string())
            )
            writer.write_table(year.set_column(number, year.schema.field(number), numbers))
    return path


if __name__ == "__main__":
    main()
