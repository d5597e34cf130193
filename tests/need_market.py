"""A market of known needs, and a cycle over it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from entente.differentiate.facts import Facts
from entente.differentiate.models import Cycle, Valuation
from entente.differentiate.partitions import attach_partition, indexing
from entente.differentiate.value import value_customers
from entente.identify.match import match_new
from entente.ledger.models import Party
from entente.warehouse.extract import extract
from tests.ledger_facts import Ledger

AS_OF = date(2026, 6, 30)
TODAY = date(2026, 6, 30)
NEEDS = {
    "wood": ("Stain", "Oil", "Brushes"),
    "metal": ("Primer", "Enamel", "Rust"),
    "floor": ("Epoxy", "Sand", "Sealer"),
}


def run(as_of: date = AS_OF) -> Cycle:
    """Recognise and value; published."""
    match_new()
    cycle = Cycle.objects.create(as_of=as_of, currency="GBP")
    with extract() as columns:
        facts = Facts(columns, as_of, currency="GBP", margin_rate=0.4)
        found = value_customers(cycle, facts, progress=lambda *_: None)
    with indexing(cycle) as indexed:
        indexed()
    attach_partition(cycle)
    cycle.totals, cycle.notes = found, found["notes"]
    cycle.published_at = datetime(2026, 7, 1, tzinfo=UTC)
    cycle.save()
    return cycle


def rows(cycle: Cycle) -> dict[str, Valuation]:
    owner = dict(Party.objects.values_list("memberships__customer_id", "key"))
    return {owner[row.customer_id]: row for row in Valuation.objects.filter(cycle_id=cycle.pk)}


def a_market(ledger: Ledger, buyers: int = 120, seed: int = 3) -> dict[str, list[Party]]:
    """Customers with one of three needs, who buy of it most, for two years."""
    rng = np.random.default_rng(seed)
    products = {name: ledger.product(name, category=name) for names in NEEDS.values() for name in names}
    people = ledger.parties(buyers)
    wanted: list[tuple[Party | None, date, float | str, dict[str, Any]]] = []
    needing: dict[str, list[Party]] = {need: [] for need in NEEDS}
    for place, party in enumerate(people):
        need = list(NEEDS)[place % 3]
        needing[need].append(party)
        for _ in range(int(rng.integers(4, 12))):
            of = NEEDS[need] if rng.random() < 0.9 else list(products)
            name = of[int(rng.integers(len(of)))]
            day = AS_OF - timedelta(days=int(rng.integers(0, 700)))
            wanted.append((party, day, round(float(rng.gamma(4, 25)) + 1, 2), {"product": products[name]}))
        wanted.append((party, AS_OF - timedelta(days=720), 50, {"product": products[NEEDS[need][0]]}))
    ledger.all_buy(wanted)
    return needing
