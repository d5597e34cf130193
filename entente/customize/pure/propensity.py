"""From posterior draws to the chance of each play, and the lot that chooses one.

Win shares are the share of posterior draws in which a play is the best thing to do (Thompson sampling; Russo et al.
2018, "A tutorial on Thompson sampling", section 3). The lot is drawn from the very shares that are logged, so the
logged propensity is exact and later evaluation needs no model of the logging policy (Bottou et al. 2013,
"Counterfactual reasoning and learning systems", section 4).
"""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOTHING = -1  # the choice of doing nothing, where a candidate's index would stand


def win_shares(
    offsets: Ints,
    cell: Ints,
    per_response: Floats,
    per_retention: Floats,
    price: Floats,
    response_draws: Floats,
    retention_draws: Floats,
    *,
    threads: int = 2,
) -> tuple[Floats, Floats]:
    """In which share of the draws is each candidate worth more than all others and than nothing?

    The value of candidate i in draw d is
    `per_response[i] * response_draws[cell[i], d] + per_retention[i] * retention_draws[cell[i], d] - price[i]`,
    nothing's is 0. All customers of a cell (play x segment) share its draws: they differ in money, not in what is
    believed of them.

    offsets: (n + 1,) the candidates of customer j are offsets[j]:offsets[j + 1].
    cell, per_response, per_retention, price: (k,) one row per candidate.
    response_draws, retention_draws: (cells, draws).
    threads: customers are dealt out in blocks; results do not depend on it.

    Returns (k,) shares of the candidates and (n,) of doing nothing; together they are 1 for each customer. Between
    equals the earlier candidate wins, and nothing wins against all of its equals.
    """
    # One layout and type, or numba compiles the passes anew for every way in which the columns may come.
    offsets, cell = (np.ascontiguousarray(column, np.int64) for column in (offsets, cell))
    per_response, per_retention, price, response_draws, retention_draws = (
        np.ascontiguousarray(column, np.float64)
        for column in (per_response, per_retention, price, response_draws, retention_draws)
    )
    customers, draws = len(offsets) - 1, response_draws.shape[1]
    shares, nothing = np.empty(len(cell)), np.ones(customers)
    if customers == 0:
        return shares, nothing
    # Sorted, one customer's single candidate with one kind of effect is a binary search instead of a pass over the
    # draws.
    sorted_response, sorted_retention = np.sort(response_draws, axis=1), np.sort(retention_draws, axis=1)

    def block(first: int, last: int) -> None:
        _win_shares(
            offsets, cell, per_response, per_retention, price, response_draws, retention_draws,
            sorted_response, sorted_retention, shares, nothing, first, last, draws,
        )  # fmt: skip

    step = max(1, min(65_536, -(-customers // threads)))
    starts = range(0, customers, step)
    if threads == 1 or len(starts) == 1:
        block(0, customers)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda first: block(first, min(first + step, customers)), starts))
    return shares, nothing


def mix(offsets: Ints, shares: Floats, nothing: Floats, epsilon: Floats) -> tuple[Floats, Floats]:
    """Keep a little curiosity: pi = (1 - epsilon) * w + epsilon / |A|, with A doing nothing and all that might be best.

    What was best in not one draw is not tried out: there is nothing to learn from a step that is known to lose.

    offsets: (n + 1,); shares: (k,); nothing: (n,); epsilon: (n,) in [0, 1].
    Returns (k,) and (n,) chances.
    """
    counts = np.diff(offsets)
    might = shares > 0.0
    before = np.concatenate([[0], np.cumsum(might)])
    even = epsilon / (before[offsets[1:]] - before[offsets[:-1]] + 1)
    return (
        np.repeat(1.0 - epsilon, counts) * shares + np.where(might, np.repeat(even, counts), 0.0),
        np.where(counts == 0, 1.0, (1.0 - epsilon) * nothing + even),
    )


def draw(offsets: Ints, chances: Floats, nothing: Floats, lot: Floats) -> tuple[Ints, Floats]:
    """Let each customer's lot fall on one choice.

    offsets: (n + 1,); chances: (k,); nothing: (n,); lot: (n,) in [0, 1).
    Returns (n,) index of the chosen candidate or NOTHING, and (n,) its chance, exactly as it was drawn.
    """
    chosen, chance = np.empty(len(nothing), np.int64), np.empty(len(nothing))
    _draw(offsets, chances, nothing, lot, chosen, chance)
    return chosen, chance


@numba.njit(nogil=True, cache=True, fastmath=False)
def _win_shares(  # type: ignore[no-untyped-def]
    offsets, cell, per_response, per_retention, price, response, retention,
    sorted_response, sorted_retention, shares, nothing, first, last, draws,
):  # fmt: skip
    best, winner = np.empty(draws), np.empty(draws, np.int32)
    for customer in range(first, last):
        start, stop = offsets[customer], offsets[customer + 1]
        if start == stop:
            continue
        if stop - start == 1:
            wins = _single(
                per_response[start], per_retention[start], price[start],
                response[cell[start]], retention[cell[start]],
                sorted_response[cell[start]], sorted_retention[cell[start]],
            )  # fmt: skip
            shares[start] = wins / draws
            nothing[customer] = (draws - wins) / draws
            continue
        best[:] = 0.0
        winner[:] = 0
        for i in range(start, stop):
            a, b, c, rank = per_response[i], per_retention[i], price[i], np.int32(i - start + 1)
            p, r = response[cell[i]], retention[cell[i]]
            for d in range(draws):
                value = a * p[d] + b * r[d] - c
                better = value > best[d]
                best[d] = value if better else best[d]
                winner[d] = rank if better else winner[d]
        for i in range(start, stop):
            rank = np.int32(i - start + 1)
            wins = 0
            for d in range(draws):
                wins += winner[d] == rank
            shares[i] = wins / draws
        idle = 0
        for d in range(draws):
            idle += winner[d] == 0
        nothing[customer] = idle / draws


@numba.njit(nogil=True, cache=True, inline="never")
def _single(a, b, c, response, retention, sorted_response, sorted_retention):  # type: ignore[no-untyped-def]
    """In how many draws is a * response + b * retention > c?"""
    draws = len(response)
    if a > 0.0 and b == 0.0:
        return _above(sorted_response, a, c)
    if a == 0.0 and b > 0.0:
        return _above(sorted_retention, b, c)
    wins = 0
    for d in range(draws):
        wins += a * response[d] + b * retention[d] - c > 0.0
    return wins


@numba.njit(nogil=True, cache=True)
def _above(ascending, factor, price):  # type: ignore[no-untyped-def]
    """How many of the ascending values times a positive factor exceed the price?"""
    low, high = 0, len(ascending)
    while low < high:
        middle = (low + high) // 2
        if factor * ascending[middle] - price > 0.0:
            high = middle
        else:
            low = middle + 1
    return len(ascending) - low


@numba.njit(nogil=True, cache=True)
def _draw(offsets, chances, nothing, lot, chosen, chance):  # type: ignore[no-untyped-def]
    for customer in range(len(nothing)):
        chosen[customer], chance[customer] = NOTHING, nothing[customer]
        reached = nothing[customer]
        if lot[customer] < reached:
            continue
        for i in range(offsets[customer], offsets[customer + 1]):
            # A sum of chances may end a rounding error short of 1: the last possible choice takes what is left.
            if chances[i] > 0.0:
                chosen[customer], chance[customer] = i, chances[i]
                reached += chances[i]
                if lot[customer] < reached:
                    break
