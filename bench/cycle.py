"""The whole circle for 1,000,000 customers with 10,000,000 order lines, and for a tenth of that.

    bin/bench cycle                     # 100,000 customers
    bin/bench cycle --customers 1000000

Fills a database of its own with made-up customers (bench/made/population.py), runs `entente cycle` in a process of its own and prints
seconds by step, customers a second, and the largest memory of that process. Beside it, as the peer, the same value for a slice of
customers done as row-by-row CRM code does it: one query and one save a customer through the ORM.
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
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SLICE = 500


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--customers", type=int, default=100_000)
    arguments.add_argument("--lines", type=int, help="ten a customer")
    arguments.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 11, 20))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument(
        "--home", type=Path, help="keep the database here, and use it again when it is filled already"
    )
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="entente-bench-", ignore_cleanup_errors=True) as folder:
        return run(given, given.home or Path(folder))


def run(given: argparse.Namespace, home: Path) -> int:
    os.environ["ENTENTE_HOME"] = str(home)
    os.environ.pop("DATABASE_URL", None)
    from entente.lib.start import with_database

    with with_database():
        from entente.ledger.models import Party

        began = time.perf_counter()
        if not Party.objects.exists():
            fill(given)
        filled = time.perf_counter() - began
        result = {
            "customers": given.customers,
            "lines": given.lines or 10 * given.customers,
            "fill_s": round(filled, 1),
        }
        result |= circle(given.as_of)
        result["row_by_row_customers_a_second"] = round(row_by_row(given.as_of), 1)
        result["ratio"] = round(result["customers_a_second"] / result["row_by_row_customers_a_second"], 1)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    for name in ("wall_s", "peak_mb", "customers_a_second", "row_by_row_customers_a_second", "ratio"):
        sys.stderr.write(f"{name:32} {result[name]:>12,}\n")
    return 0


def fill(given: argparse.Namespace) -> None:
    from django.db import connection

    from bench.made.population import fill as fill_population

    connection.close()
    words = connection.get_connection_params()
    params = {key: words[key] for key in ("host", "port", "user", "password", "dbname") if words.get(key)}
    fill_population(
        params, given.customers, given.lines or 10 * given.customers, given.seed, given.as_of,
        progress=lambda words: sys.stderr.write(words + "\n"),
    )  # fmt: skip


def circle(as_of: date) -> dict[str, float]:
    from entente.customize.models import Decision
    from entente.differentiate.models import Cycle
    from entente.differentiate.partitions import drop_partition

    for cycle in Cycle.objects.all():
        Decision.objects.filter(cycle=cycle).delete()
        drop_partition(cycle)
        cycle.delete()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "entente", "cycle", "--as-of", as_of.isoformat(), "--json"], cwd=ROOT, check=True,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    wall = time.perf_counter() - began
    peak = max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    told = json.loads(done.stdout)
    return {
        "wall_s": round(wall, 1),
        "peak_mb": round(peak / 1024),
        "customers_a_second": round(told["totals"]["customers"] / wall),
        "decisions": told["decided"]["decisions"],
        "steps": told["decided"]["steps"],
    }


def row_by_row(as_of: date) -> float:
    """Customers a second when each is read, summed and saved on its own, as CRM code on an ORM does; value laws not included."""
    from django.db import transaction
    from django.db.models import Sum

    from entente.identify.models import Customer, Membership
    from entente.ledger.models import OrderLine

    began = time.perf_counter()
    numbers = list(Customer.objects.order_by("id").values_list("id", flat=True)[:SLICE])
    with transaction.atomic():
        for number in numbers:
            parties = list(
                Membership.objects.filter(customer_id=number, ended_at=None).values_list("party_id", flat=True)
            )
            orders = OrderLine.objects.filter(order__party_id__in=parties, ordered_on__lte=as_of)
            list(orders.values("ordered_on").annotate(amount=Sum("amount")))
            customer = Customer.objects.get(pk=number)
            customer.save(update_fields=["segment"])
        transaction.set_rollback(True)
    return len(numbers) / (time.perf_counter() - began)


if __name__ == "__main__":
    sys.exit(main())
