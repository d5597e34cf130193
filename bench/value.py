"""Buying laws: fit and score beside plain NumPy and SciPy, in one run; then the rest of the value laws.

    python bench/value.py [--customers 100000 1000000] [--reference 100000] [--lines 10000000] [--json]

The customers are simulated from BG/NBD with CDNOW's parameters. The plain way writes the likelihood of Fader, Hardie &
Lee (2005) over all rows, lets L-BFGS-B climb with numeric slopes, scores with the textbook's hypergeometric function;
beyond `--reference` customers it only scores. CPU seconds of one thread, compilation not counted.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from entente.differentiate.pure.histories import BuyingHistories, from_customer_days, group
from entente.differentiate.pure.lifetime_value import lifetime_value
from entente.differentiate.pure.netting import net_purchases
from entente.differentiate.pure.purchases import expected_purchases, fit
from entente.differentiate.pure.spend import choose_spend_law

WEEKS = 39.0
TRUTH = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


def simulated(n: int, seed: int = 1) -> tuple[BuyingHistories, np.ndarray]:
    """Customers of known truth watched for four weeks to two years, and what each buys in the 39 weeks after."""
    rng = np.random.default_rng(seed)
    age = rng.integers(28, 729, n)
    rate = rng.gamma(TRUTH["r"], 1.0 / TRUTH["alpha"], n)
    leaves_after = np.minimum(rng.geometric(np.clip(rng.beta(TRUTH["a"], TRUTH["b"], n), 1e-12, 1.0)), 10**6)
    would_buy = rng.poisson(rate * age / 7.0)
    bought = np.minimum(leaves_after, would_buy)
    place = rng.beta(np.maximum(bought, 1), np.maximum(would_buy - bought, 0) + 1)
    last = np.where(bought > 0, np.clip(np.rint(place * age), 1, age), 0).astype(np.int64)
    later = np.minimum(rng.poisson(rate * WEEKS), np.maximum(leaves_after - would_buy, 0))
    spend = rng.gamma(6.25 * (bought + 1)) / rng.gamma(3.74, 1 / 15.44, n) / (bought + 1)
    return BuyingHistories(bought, last, age, spend), later


def plain_likelihood(logs: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray) -> float:
    r, alpha, a, b = np.exp(logs)
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    gone = betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + t)
    return float((rate + np.where(x > 0, np.logaddexp(alive, gone), alive)).sum())


def plain_fit(x: np.ndarray, t: np.ndarray, T: np.ndarray) -> tuple[np.ndarray, float]:
    found = minimize(
        lambda logs: -plain_likelihood(logs, x, t, T) / len(x), np.log([1.0, 10.0, 1.0, 1.0]), method="L-BFGS-B"
    )
    return np.exp(found.x), -float(found.fun) * len(x)


def plain_score(parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray) -> np.ndarray:
    r, alpha, a, b = parameters
    shrink = (alpha + T) / (alpha + T + WEEKS)
    lost = shrink ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, WEEKS / (alpha + T + WEEKS))
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + T) / (alpha + t)) ** (r + x), 0.0)
    return (a + b + x - 1) / (a - 1) * (1 - lost) / (1 + odds)


def timed(work):
    start = time.process_time()
    answer = work()
    return answer, round(time.process_time() - start, 4)


def customers_run(n: int, with_plain_fit: bool) -> dict:
    known, later = simulated(n)
    x, t, T = known.repeats.astype(float), known.recency, known.age
    grouped, group_s = timed(lambda: group(known))
    law, fit_s = timed(lambda: fit(known))
    forecast, score_s = timed(lambda: expected_purchases(law, known.repeats, t, T, WEEKS))
    spend, spend_s = timed(lambda: choose_spend_law(known.purchases, known.spend_mean).law)
    worth, value_s = timed(lambda: lifetime_value(law, spend, known, margin=0.3, rng=np.random.default_rng(0)))
    found = {
        "customers": n,
        "groups": len(grouped.repeats),
        "group_s": group_s,
        "fit_with_grouping_s": fit_s,
        "score_s": score_s,
        "spend_fit_s": spend_s,
        "lifetime_value_s": value_s,
        "log_likelihood": round(law.log_likelihood, 3),
        "parameters": {name: round(value, 4) for name, value in law.parameters.items()},
        "mae": round(float(np.abs(forecast - later).mean()), 4),
        "bias": round(float(forecast.sum() / later.sum() - 1), 4),
        "value_relative_error": round(worth.relative_error, 4),
    }
    parameters = law.vector()
    if with_plain_fit:
        (parameters, likelihood), found["plain_fit_s"] = timed(lambda: plain_fit(x, t, T))
        found["plain_log_likelihood"] = round(likelihood, 3)
        found["fit_times_faster"] = round(found["plain_fit_s"] / max(fit_s, 1e-4), 1)
    with np.errstate(all="ignore"):
        plain, found["plain_score_s"] = timed(lambda: plain_score(parameters, x, t, T))
    found["score_times_faster"] = round(found["plain_score_s"] / max(score_s, 1e-4), 1)
    found["plain_score_not_numbers"] = int((~np.isfinite(plain)).sum())
    return found


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
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def show(found: dict, out) -> None:
    columns = (
        "customers",
        "fit_with_grouping_s",
        "plain_fit_s",
        "fit_times_faster",
        "score_s",
        "plain_score_s",
        "score_times_faster",
    )
    columns += ("spend_fit_s", "lifetime_value_s", "mae", "bias")
    print("  ".join(f"{name:>{max(8, len(name))}}" for name in columns), file=out)
    for row in found["value"]:
        print("  ".join(f"{row.get(name, '-')!s:>{max(8, len(name))}}" for name in columns), file=out)
    net = found["netting"]
    print(
        f"netting {net['lines']:,} lines: {net['netting_s']} s to {net['customer_days']:,} customer-days, "
        f"{net['histories_s']} s to {net['customers']:,} histories; peak {net['peak_mib']} MiB",
        file=out,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    options.add_argument("--reference", type=int, default=100_000, help="most customers the plain way is fitted to")
    options.add_argument("--lines", type=int, default=10_000_000, help="order lines to net")
    options.add_argument("--json", action="store_true", help="JSON only")
    asked = options.parse_args()
    netting = netting_run(asked.lines)
    customers_run(1_000, with_plain_fit=False)  # compiles
    found = {"value": [customers_run(n, n <= asked.reference) for n in asked.customers], "netting": netting}
    if not asked.json:
        show(found, sys.stderr)
    print(json.dumps(found, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
