"""New items in the next basket: item-item neighbours and EASE beside popularity; a million customers' recommendations.

Online Retail, history before 2011-11-09, target the first basket after it; recall@10 of items new to the customer, mean
over customers with at least one. Usage: bench/cross_sell.py [--customers 1000000] [--quality-only]
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import duckdb
import numpy as np
import scipy.sparse

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from entente.customize.pure.cross_sell import Neighbours, cosine_neighbours, ease_neighbours, recommend

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "online_retail.parquet"
SPLIT, LEAST_SOLD, AT = "2011-11-09", 5, 10
HALF_FORTNIGHTS = 0.9  # a fortnight's age keeps nine tenths of a purchase's weight

LINES = """
    SELECT DISTINCT CAST(CustomerID AS INTEGER) AS customer, upper(StockCode) AS item,
           date_diff('day', CAST(InvoiceDate AS DATE), DATE '{split}') - 1 AS age
    FROM '{data}'
    WHERE CustomerID IS NOT NULL AND Quantity > 0 AND UnitPrice > 0
      AND NOT starts_with(InvoiceNo, 'C') AND regexp_matches(StockCode, '^[0-9]{{5}}')
"""


def online_retail() -> tuple[dict[str, scipy.sparse.csr_array], np.ndarray, list[np.ndarray]]:
    """Histories (bought, faded), recent sales per item, and the new items of each customer's next basket."""
    columns = duckdb.sql(LINES.format(split=SPLIT, data=DATA)).fetchnumpy()
    customer, item, age = columns["customer"], columns["item"].astype(str), columns["age"].astype(np.int64)
    past = age >= 0
    names, sold = np.unique(item[past], return_counts=True)
    names = names[sold >= LEAST_SOLD]
    place = np.minimum(np.searchsorted(names, item), len(names) - 1)
    known = names[place] == item
    people = np.unique(customer[past & known])
    row = np.minimum(np.searchsorted(people, customer), len(people) - 1)
    ours = people[row] == customer
    rows, cols, days = row[past & known], place[past & known], age[past & known]
    shape = (len(people), len(names))
    faded = scipy.sparse.csr_array((HALF_FORTNIGHTS ** (days / 14), (rows, cols)), shape=shape)
    faded.sum_duplicates()
    bought = faded.copy()
    bought.data[:] = 1.0
    recent = np.bincount(cols[days < 28], minlength=len(names)).astype(np.float64)
    future = ~past & ours
    first = np.full(len(people), np.iinfo(np.int64).min)
    np.maximum.at(first, row[future], age[future])  # ages are negative: the nearest day is the largest
    basket = future & (age == first[row])
    targets: list[np.ndarray] = [np.empty(0, np.int64)] * len(people)
    basket &= known
    order = np.argsort(row[basket], kind="stable")
    who, starts = np.unique(row[basket][order], return_index=True)
    for customer_row, wanted in zip(who, np.split(place[basket][order], starts[1:]), strict=True):
        had = bought.indices[bought.indptr[customer_row] : bought.indptr[customer_row + 1]]
        targets[customer_row] = np.setdiff1d(wanted, had)
    return {"bought": bought, "faded": faded}, recent, targets


def recall(items: np.ndarray, targets: list[np.ndarray]) -> float:
    """Mean over customers with a new item of the share found among their ten."""
    found = [np.isin(wanted, items[who]).mean() for who, wanted in enumerate(targets) if len(wanted)]
    return float(np.mean(found))


def quality() -> dict[str, float]:
    histories, recent, targets = online_retail()
    n, items = histories["bought"].shape
    everyone = scipy.sparse.csr_array(np.ones((n, 1)))
    # Popularity through the same door: one imaginary neighbour that everyone has bought.
    popular = Neighbours(
        np.concatenate(([0, items], np.full(items, items))), np.arange(items, dtype=np.int32), recent.astype(np.float32)
    )
    one_more = scipy.sparse.hstack([everyone, histories["bought"]]).tocsr()
    popular = Neighbours(popular.offsets, popular.target + 1, popular.weight)
    results = {"customers": n, "items": items, "with_new_items": sum(len(wanted) > 0 for wanted in targets)}
    results["popularity"] = recall(recommend(one_more, popular, top=AT).item - 1, targets)
    liked = np.sqrt(recent / recent.sum() + 1e-6)
    makers = {
        "cosine": cosine_neighbours,
        "ease": lambda h: ease_neighbours(h, ridge=300.0 if h is histories["bought"] else 100.0, keep=200),
    }
    for maker, make in makers.items():
        for kind, history in histories.items():
            began = time.perf_counter()
            neighbours = make(history)
            results[f"{maker}_{kind}_seconds"] = time.perf_counter() - began
            results[f"{maker}_{kind}"] = recall(recommend(history, neighbours, top=AT).item, targets)
            again = recommend(history, neighbours, popularity=liked, top=AT)
            results[f"{maker}_{kind}_x_recent"] = recall(again.item, targets)
    return results


def million(customers: int, items: int, per_customer: float) -> dict[str, float]:
    """Seconds and memory for many customers with a long-tailed taste."""
    generator = np.random.default_rng(7)
    counts = np.maximum(1, generator.poisson(per_customer, customers))
    offsets = np.concatenate(([0], np.cumsum(counts)))
    chosen = (items * generator.random(offsets[-1], dtype=np.float32) ** 2).astype(np.int32)
    history = scipy.sparse.csr_array((np.ones(len(chosen), np.float32), chosen, offsets), shape=(customers, items))
    history.sum_duplicates()
    history.data[:] = 1.0
    began = time.perf_counter()
    neighbours = cosine_neighbours(history, keep=100)
    learned = time.perf_counter()
    best = recommend(history, neighbours, top=1)
    done = time.perf_counter()
    assert (best.item >= 0).mean() > 0.99
    return {"customers": customers, "items": items, "lines": int(history.nnz),
            "neighbours_seconds": learned - began, "recommend_seconds": done - learned}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--per-customer", type=float, default=10.0)
    parser.add_argument("--quality-only", action="store_true")
    options = parser.parse_args()
    results: dict[str, object] = {"online_retail": quality() if DATA.exists() else "no data"}
    if not options.quality_only:
        warm = million(1_000, 100, 5.0)
        assert warm["lines"]
        results["scale"] = [million(options.customers, items, options.per_customer) for items in (1_000, 5_000)]
        results["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(results, indent=2))
    if isinstance(results["online_retail"], dict):
        print(f"{'new items, recall@10':32s} here   wanted", file=sys.stderr)
        wanted = {
            "popularity": ".051",
            "cosine_bought": "≥ .047",
            "ease_bought": "≥ .066",
            "ease_faded_x_recent": "≥ .076",
        }
        for name, value in results["online_retail"].items():
            if isinstance(value, float) and not name.endswith("seconds"):
                print(f"{name:32s} {value:.4f} {wanted.get(name, '')}", file=sys.stderr)


if __name__ == "__main__":
    main()
