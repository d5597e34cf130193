"""How the sample's customers buy: a law of known parameters, so that what is estimated can be held against what is
true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Process:
    """(n,) each. Times are busy weeks.

    rate: purchases a week while active. regularity: stages k of the Erlang gap. dropout: after a purchase without a
    complaint.
    complains: probability that a purchase ends in a complaint. harm: what a complaint multiplies dropout by.
    """

    birth: Floats
    rate: Floats
    regularity: Ints
    dropout: Floats
    complains: Floats
    harm: float

    def mean_dropout(self) -> Floats:
        """(n,) probability that a purchase is the last, complaints or not."""
        harmed = np.minimum(1.0, self.dropout * self.harm)
        return (1 - self.complains) * self.dropout + self.complains * harmed


@dataclass(frozen=True)
class Purchases:
    """m purchases, by time. complained: (m,); left: (n,) time of the last purchase of who dropped out, infinite
    otherwise. `gap_before`, `gap_after`: (n,) the purchases around `now` of who is active then (nan otherwise)."""

    customer: Ints
    time: Floats
    complained: Bools
    left: Floats
    gap_before: Floats
    gap_after: Floats


def simulate(process: Process, now: float, until: float, rng: np.random.Generator) -> Purchases:
    """Purchases of everybody from birth until `until`.

    The first purchase is at `birth`; after every purchase, the first included, the customer drops out for good with the
    probability of `Process`; otherwise the gap to the next is Erlang(k) with mean 1 / rate.
    Source: Platzer & Reutterer (2016), the MBG/CNBD-k model of buying; complaints are ours.
    """
    n = process.birth.size
    who, time = np.arange(n), process.birth.copy()
    left = np.full(n, np.inf)
    before, after = np.full(n, np.nan), np.full(n, np.nan)
    rounds: list[tuple[Ints, Floats, Bools]] = []
    while who.size:
        complained = rng.random(who.size) < process.complains[who]
        odds = np.where(complained, np.minimum(1.0, process.dropout[who] * process.harm), process.dropout[who])
        leaves = rng.random(who.size) < odds
        rounds.append((who, time, complained))
        left[who[leaves]] = time[leaves]
        who, time = who[~leaves], time[~leaves]
        shape = process.regularity[who]
        following = time + rng.gamma(shape) / (shape * process.rate[who])
        spans_now = (time <= now) & (following > now)
        before[who[spans_now]], after[who[spans_now]] = time[spans_now], following[spans_now]
        goes_on = following <= until
        who, time = who[goes_on], following[goes_on]
    customer, times, complaints = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    order = np.lexsort((customer, times))
    return Purchases(customer[order], times[order], complaints[order], left, before, after)


def stages_passed(process: Process, purchases: Purchases, now: float | Floats, rng: np.random.Generator) -> Ints:
    """(n,) stages of the running gap that lie behind at `now`; 0 for who is not active.

    Given its ends, the k - 1 inner points of an Erlang gap are uniform on it.
    """
    length = purchases.gap_after - purchases.gap_before
    share = np.where(np.isnan(length), 0.0, (now - purchases.gap_before) / length)
    return rng.binomial(process.regularity - 1, np.nan_to_num(share)).astype(np.int64)


def expected_purchases(process: Process, active: Bools, stages: Ints, horizon: Floats) -> Floats:
    """(n,) purchases to expect in the next `horizon` (n,) weeks of each who is `active` with so many `stages` behind.

    Stages come at k times the rate, every k-th is a purchase, and the j-th purchase from now happens only if the j -
    1 before it
    were not the last: E = sum over N ~ Poisson(k rate h) of (1 - (1 - p)^n) / p with n = floor((stages + N) / k).
    """
    k, p = process.regularity, process.mean_dropout()
    mean = k * process.rate * horizon
    expected = np.zeros(active.size)
    weight = np.exp(-mean)
    last = int(mean.max(initial=0.0) + 12 * np.sqrt(mean.max(initial=0.0)) + 30)
    for arrivals in range(last + 1):
        n = (stages + arrivals) // k
        expected += weight * (1 - (1 - p) ** n) / p
        weight = weight * mean / (arrivals + 1)
    return np.where(active, expected, 0.0)


def expected_repeats(process: Process, horizon: Floats) -> Floats:
    """(n,) purchases to expect after the first, within `horizon` (n,) weeks of it: active with probability 1 - p at
    its start."""
    everybody = np.ones(process.birth.size, dtype=bool)
    fresh = np.zeros(process.birth.size, dtype=np.int64)
    return (1 - process.mean_dropout()) * expected_purchases(process, everybody, fresh, horizon)
