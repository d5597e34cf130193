"""Customers to test the value laws with: histories by hand, from public data, and simulated with known truth."""

from pathlib import Path

import numpy as np
import pytest

from entente.differentiate.pure.histories import BuyingHistories, from_customer_days

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"


def public(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the public data set {name} is not beside the project")
    return path


def day_number(text):
    return int(np.datetime64(text, "D").astype(np.int64))


def days_of(column):
    return column.to_numpy().astype("datetime64[D]").astype(np.int64)


def added_up(customer, day, amount):
    """One row per customer and day, by brute force: what the netting law is compared with."""
    keys, which = np.unique(customer * 100_000 + day, return_inverse=True)
    return keys // 100_000, keys % 100_000, np.bincount(which, weights=amount)


def histories(repeats, recency_days, age_days, spend=None):
    repeats = np.asarray(repeats)
    return BuyingHistories(repeats, recency_days, age_days, np.full(len(repeats), 10.0) if spend is None else spend)


def split(customer, day, amount, first, second):
    """Histories at the end of `first` of those who first bought before it, and their purchases up to `second`."""
    ids, known = from_customer_days(customer, day, amount, first)
    seen = known.age_days > 0
    ids = ids[seen]
    known = known.take(seen)
    later = customer[(day > first) & (day <= second)]
    later = later[np.isin(later, ids)]
    return known, np.bincount(np.searchsorted(ids, later), minlength=len(ids))


def simulated(n, seed, r=0.243, alpha=4.414, a=0.793, b=2.426, longest=728, ahead=39.0):
    """BG/NBD customers of known truth: histories, and what each really buys in the `ahead` weeks after."""
    rng = np.random.default_rng(seed)
    age = rng.integers(28, longest + 1, n)
    rate = rng.gamma(r, 1.0 / alpha, n)
    leaves_after = np.minimum(rng.geometric(np.clip(rng.beta(a, b, n), 1e-12, 1.0)), 10**6)
    would_buy = rng.poisson(rate * age / 7.0)
    bought = np.minimum(leaves_after, would_buy)
    place = rng.beta(np.maximum(bought, 1), np.maximum(would_buy - bought, 0) + 1)
    last = np.where(bought > 0, np.clip(np.rint(place * age), 1, age), 0).astype(np.int64)
    later = np.minimum(rng.poisson(rate * ahead), np.maximum(leaves_after - would_buy, 0))
    return histories(bought, last, age), later


def spending(n, seed, ahead):
    """The same with what each spent a purchase so far, and the money each really brings in the `ahead` weeks after (margin 1)."""
    known, later = simulated(n, seed, ahead=ahead)
    rng = np.random.default_rng(seed + 1)
    dearness = rng.gamma(3.74, 1 / 15.44, len(known))
    spent = rng.gamma(6.25 * known.purchases) / dearness / known.purchases
    known = histories(known.repeats, known.recency_days, known.age_days, spent)
    return known, rng.gamma(np.maximum(6.25 * later, 1e-9)) / dearness * (later > 0), rng


def renewing(n, seed, stages=1, r=1.0, alpha=4.0, a=0.6, b=1.5, leaving=True, longest=600):
    """MBG/CNBD-k customers of known truth, one purchase a day at most: histories with their gaps."""
    rng = np.random.default_rng(seed)
    age = rng.integers(100, longest + 1, n)
    rate = np.maximum(rng.gamma(r, 1.0 / alpha, n), 1e-9)
    chance = rng.beta(a, b, n) if leaving else np.zeros(n)
    customer, day = np.arange(n), np.zeros(n, np.int64)
    rows, when, there = [customer], [day], rng.random(n) >= chance
    clock = np.zeros(n)
    while there.any():
        clock = clock + rng.standard_gamma(stages, n) / rate * 7.0
        there &= clock < age
        rows.append(customer[there])
        when.append(np.floor(clock[there]).astype(np.int64))
        there &= rng.random(n) >= chance
    who, at = np.concatenate(rows), np.concatenate(when)
    keys = np.unique(who * 10_000 + at)
    who, at = keys // 10_000, keys % 10_000
    # Everybody began on another day and is looked at on the same.
    at = at + (longest - age)[who]
    return from_customer_days(who, at, np.full(len(who), 10.0), longest)[1]
