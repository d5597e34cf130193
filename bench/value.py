"""What a firm's customers are worth: the laws of buying beside lifetimes and pymc-marketing, in one run.

    python bench/value.py [--customers 1000000] [--many 10000000] [--lines 10000000] [--no-pymc] [--no-peers] [--json]

1. BG/NBD: grouping, fit and scores of simulated customers (CDNOW's parameters) beside both peers, the log-likelihood of
   their parameters beside that of ours.
2. Every law fitted, compared on a hold-out, the winner fitted to all and scored, for --customers and, in a process of its own
   whose memory is told, for --many.
3. Hold-outs of public sets: the law that is chosen beside every law of lifetimes. Left out where ../shared/data is not there.
4. Order lines to purchases.

CPU seconds; compilation is not counted, neither ours nor pymc-marketing's. The peers live in an environment of their own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.made import peers
from bench.made.public import DATA
from entente.differentiate.pure import likelihoods
from entente.differentiate.pure.accuracy import accuracy
from entente.differentiate.pure.buying_fit import statistics_of
from entente.differentiate.pure.histories import BuyingHistories, from_customer_days
from entente.differentiate.pure.hold_out_choice import choose
from entente.differentiate.pure.lifetime_value import lifetime_value
from entente.differentiate.pure.netting import net_purchases
from entente.differentiate.pure.purchases import fit, purchases_of
from entente.differentiate.pure.spend import choose_spend_law

WEEKS = 39.0
LONGEST = 728
TRUTH = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SETS = {
    "CDNOW sample": ("cdnow_sample.parquet", "sample_id", "date", "1997-09-30", "1998-06-30"),
    "CDNOW": ("cdnow_master.parquet", "customer_id", "date", "1997-09-30", "1998-06-30"),
    "Grocery": ("grocery_elog.parquet", "cust", "date", "2006-12-31", "2007-12-30"),
    "Online Retail": ("online_retail.parquet", "CustomerID", "InvoiceDate", "2011-06-08", "2011-12-07"),
}
PUBLIC = "the public sets are not beside the project: the hold-outs are left out"


def simulated(n: int, seed: int = 1) -> tuple[BuyingHistories, np.ndarray]:
    """Customers of known truth watched for four weeks to two years, and what each buys in the 39 weeks after."""
    rng = np.random.default_rng(seed)
    age = rng.integers(28, LONGEST + 1, n)
    rate = rng.gamma(TRUTH["r"], 1.0 / TRUTH["alpha"], n)
    leaves_after = np.minimum(rng.geometric(np.clip(rng.beta(TRUTH["a"], TRUTH["b"], n), 1e-12, 1.0)), 10**6)
    would_buy = rng.poisson(rate * age / 7.0)
    bought = np.minimum(leaves_after, would_buy)
    place = rng.beta(np.maximum(bought, 1), np.maximum(would_buy - bought, 0) + 1)
    last = np.where(bought > 0, np.clip(np.rint(place * age), 1, age), 0).astype(np.int64)
    later = np.minimum(rng.poisson(rate * WEEKS), np.maximum(leaves_after - would_buy, 0))
    spend = rng.gamma(6.25 * (bought + 1)) / rng.gamma(3.74, 1 / 15.44, n) / (bought + 1)
    return BuyingHistories(bought, last, age, spend), later


def simulated_days(n: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same as customer-days, sorted: customer, day, amount. Between the first purchase and the last, days are uniform."""
    known, _ = simulated(n, seed)
    rng = np.random.default_rng(seed + 1)
    first = LONGEST - known.age_days
    between = np.repeat(np.arange(n), np.maximum(known.repeats - 1, 0))
    when = (
        first[between]
        + 1
        + (rng.random(len(between)) * np.maximum(known.recency_days[between] - 1, 1)).astype(np.int64)
    )
    again = np.flatnonzero(known.repeats > 0)
    customer = np.concatenate([np.arange(n), between, again])
    day = np.concatenate([first, when, first[again] + known.recency_days[again]])
    keys = np.sort(customer * 1_000 + day)
    keys = keys[np.append(True, keys[1:] != keys[:-1])]
    return keys // 1_000, keys % 1_000, known.spend_mean[keys // 1_000]


def timed(work):
    start = time.process_time()
    answer = work()
    return answer, round(time.process_time() - start, 4)


def bg_nbd_run(n: int, with_peers: bool, with_pymc: bool) -> dict:
    known, later = simulated(n)
    grouped, group_s = timed(lambda: known.grouped)
    known = known.take(slice(None))  # not grouped yet: the fit has to pay for it
    law, fit_s = timed(lambda: fit(known))
    said, score_s = timed(lambda: purchases_of(law, known, WEEKS))
    found = {
        "customers": n,
        "groups": len(grouped.repeats),
        "grouping_s": group_s,
        "fit_with_grouping_s": fit_s,
        "score_s": score_s,
        "log_likelihood": law.log_likelihood,
        "parameters": law.parameters,
        "bias": round(float(said.sum() / later.sum() - 1), 4),
    }
    if with_peers:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "histories.npz"
            np.savez(path, repeats=known.repeats, recency=known.recency, age=known.age)
            words = [str(path), str(WEEKS), *([] if with_pymc else ["--no-pymc"])]
            try:
                told = peers.ask(peers.BTYD, *words)
            except peers.PeerUnavailable as error:
                return found | {"peers": str(error)}
        stats = statistics_of(known)
        for peer in ("lifetimes", "pymc_marketing"):
            if peer in told:
                theirs = told[peer]
                at = np.log([theirs["parameters"][name] for name in ("r", "alpha", "a", "b")])
                value = likelihoods.bg_nbd(stats, at)[0]
                theirs["log_likelihood_of_its_parameters"] = value
                theirs["short_of_ours"] = (law.log_likelihood - value) / abs(law.log_likelihood)
                theirs["times_slower"] = round((theirs["fit_s"] + theirs["score_s"]) / (fit_s + score_s), 1)
                found[peer] = theirs
    return found


def choice_run(customer: np.ndarray, day: np.ndarray, amount: np.ndarray) -> dict:
    """From customer-days to a law that was chosen, fitted to all, and scored; lifetime values after that."""
    (_, known, chosen), choose_s = timed(lambda: choose(customer, day, amount, LONGEST))
    said, score_s = timed(lambda: purchases_of(chosen.law, known, WEEKS))
    spend, spend_s = timed(lambda: choose_spend_law(known.purchases, known.spend_mean).law)
    worth, value_s = timed(lambda: lifetime_value(chosen.law, spend, known, margin=0.3, rng=np.random.default_rng(0)))
    return {
        "customers": len(known),
        "purchases": len(day),
        "chosen": chosen.law.title,
        "fit_and_compare_s": choose_s,
        "score_s": score_s,
        "together_s": round(choose_s + score_s, 2),
        "spend_fit_s": spend_s,
        "lifetime_value_s": value_s,
        "expected": round(float(said.sum())),
        "value_relative_error": round(worth.relative_error, 4),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def many_run(n: int) -> dict:
    """The same for many customers, in a process of its own that has done nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        for name, column in zip(("customer", "day", "amount"), simulated_days(n), strict=True):
            np.save(Path(folder) / f"{name}.npy", column)
        command = [sys.executable, __file__, "--from", folder]
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout) | {"elapsed_s_with_start": round(time.perf_counter() - start, 1)}


def hold_out_run(with_peers: bool) -> dict:
    found = {}
    for title, (file, who, when, first, second) in SETS.items():
        path = DATA / file
        if not path.exists():
            return {"left_out": PUBLIC}
        table = pyarrow.parquet.read_table(path)
        if file == "online_retail.parquet":
            table = table.filter(pc.is_valid(table[who]))
            table = table.filter(pc.and_(pc.greater(table["Quantity"], 0), pc.greater(table["UnitPrice"], 0)))
        customer = table[who].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
        day = np.array(table[when].to_pylist(), "datetime64[D]").astype(np.int64)
        keys = np.unique(customer * 100_000 + day)
        customer, day = keys // 100_000, keys % 100_000
        cut, end = (int(np.datetime64(text, "D").astype(np.int64)) for text in (first, second))
        _, known, chosen = choose(customer, day, np.ones(len(day)), cut)
        watched = known.age_days > 0
        customers = np.unique(customer[day <= cut])[watched]
        known = known.take(watched)
        after = customer[(day > cut) & (day <= end)]
        after = after[np.isin(after, customers)]
        later = np.bincount(np.searchsorted(customers, after), minlength=len(customers))
        weeks = (end - cut) / 7.0
        did = accuracy(purchases_of(chosen.law, known, weeks), later)
        ours = {name: getattr(did, name) for name in ("mae", "rmse", "correlation", "bias")}
        found[title] = {"customers": len(known), "chosen": chosen.law.title, "ours": ours}
        if with_peers:
            found[title]["lifetimes"] = _laws_of_lifetimes(known, later, weeks)
    return found


def _laws_of_lifetimes(known: BuyingHistories, later: np.ndarray, weeks: float) -> dict | str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "histories.npz"
        np.savez(path, repeats=known.repeats, recency=known.recency, age=known.age, later=later)
        try:
            return peers.ask(peers.BTYD, str(path), str(weeks), "--laws")["laws"]
        except peers.PeerUnavailable as error:
            return str(error)


def netting_run(lines: int) -> dict:
    """A tenth as many customers as lines, two of a hundred lines returned; sorted as a database gives them."""
    rng = np.random.default_rng(1)
    customer = np.sort(rng.integers(0, max(1, lines // 10), lines, dtype=np.int32)).astype(np.int64)
    visit = np.sort(customer * 1000 + rng.integers(0, 5, lines) * 200)
    day, customer = visit % 1000, visit // 1000
    product = np.minimum(rng.pareto(1.0, lines) * 10, 5000).astype(np.int64)
    back = rng.random(lines) < 0.02
    quantity = rng.integers(1, 10, lines).astype(np.float64)
    amount = np.where(back, -quantity, quantity) * (1 + product % 50)
    net_purchases(customer[:9], day[:9], amount[:9], product[:9], quantity[:9], np.arange(9) > 7)
    days, netting_s = timed(lambda: net_purchases(customer, day, amount, product, quantity, back))
    (_, known), histories_s = timed(lambda: from_customer_days(days.customer, days.day, days.amount, 999))
    return {
        "lines": lines,
        "netting_s": netting_s,
        "customer_days": len(days.day),
        "histories_s": histories_s,
        "customers": len(known),
    }


def show(found: dict, out) -> None:
    one = found["bg_nbd"]
    print(f"BG/NBD, {one['customers']:,} customers in {one['groups']:,} groups, CPU seconds:", file=out)
    print(f"  ours            fit {one['fit_with_grouping_s']}, score {one['score_s']}", file=out)
    for peer in ("lifetimes", "pymc_marketing"):
        if peer in one:
            theirs = one[peer]
            print(
                f"  {peer:15} fit {theirs['fit_s']}, score {theirs['score_s']}: {theirs['times_slower']} times slower; its likelihood "
                f"falls short of ours by {theirs['short_of_ours']:.1e} of it",
                file=out,
            )
    for run in found["choice"]:
        print(
            f"{run['customers']:,} customers: {run['chosen']}; all laws fitted and compared {run['fit_and_compare_s']} s, scored "
            f"{run['score_s']} s, lifetime values {run['lifetime_value_s']} s; peak {run['peak_mib']} MiB",
            file=out,
        )
    for title, row in found["hold_out"].items():
        if isinstance(row, str):
            print(row, file=out)
            continue
        print(f"{title} ({row['customers']:,}): {row['chosen']}", file=out)
        laws = row.get("lifetimes")
        rows = {"ours": row["ours"], **(laws if isinstance(laws, dict) else {})}
        for name, did in rows.items():
            told = "  ".join(f"{key} {did[key]:.4f}" for key in ("mae", "rmse", "correlation", "bias") if key in did)
            print(f"  {name:22} {told or did}", file=out)
    net = found["netting"]
    print(
        f"netting {net['lines']:,} lines: {net['netting_s']} s; {net['histories_s']} s to {net['customers']:,} histories",
        file=out,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--many", type=int, default=10_000_000, help="0: leave the run of many customers out")
    options.add_argument("--lines", type=int, default=10_000_000, help="order lines to net")
    options.add_argument("--no-pymc", action="store_true", help="leave pymc-marketing out, which takes minutes")
    options.add_argument("--no-peers", action="store_true")
    options.add_argument("--json", action="store_true", help="JSON only")
    options.add_argument("--from", dest="folder", help=argparse.SUPPRESS)
    asked = options.parse_args()
    choice_run(*simulated_days(3_000))  # compiles
    if asked.folder:
        columns = [np.load(Path(asked.folder) / f"{name}.npy") for name in ("customer", "day", "amount")]
        print(json.dumps(choice_run(*columns)))
        return
    bg_nbd_run(1_000, with_peers=False, with_pymc=False)
    found = {
        "bg_nbd": bg_nbd_run(asked.customers, not asked.no_peers, not asked.no_pymc),
        "choice": [choice_run(*simulated_days(asked.customers)), *([many_run(asked.many)] if asked.many else [])],
        "hold_out": hold_out_run(not asked.no_peers),
        "netting": netting_run(asked.lines),
    }
    if not asked.json:
        show(found, sys.stderr)
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
