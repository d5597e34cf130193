"""Which customers buy the same things together: non-negative factors of what each buys by category.

Lee & Seung, Nature 401 (1999), for the factors; Cichocki & Phan, IEICE Trans. E92-A (2009), for the updates (HALS); Boutsidis &
Gallopoulos, Pattern Recognition 41 (2008), for where they start; Salton & Buckley, Inf. Process. Manag. 24 (1988), for the weights. How
many: no more than stand out from chance (Horn, Psychometrika 30, 1965, against baskets dealt out anew), and so many only that two halves
of the customers find the same (Lange, Roth, Braun & Buhmann, Neural Computation 16, 2004; agreement as Hubert & Arabie, J. Classif. 2,
1985).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.newton import Matrix
from entente.lib.errors import EntenteError

FEWEST_CUSTOMERS, FEWEST_CATEGORIES, FEWEST_LINES = 60, 4, 2
"""Below these there is nothing to find. Lines: of a customer, to be one of those the factors are found on."""
MOST_SEGMENTS, SAMPLE, SHUFFLES = 8, 4_000, 5
STABLE: Final = 0.6
"""Least agreement of two halves (adjusted Rand); a starting guess."""
AS_GOOD: Final = 0.05
"""Of two numbers of segments that agree as well as that, the larger says more; a starting guess."""
ALIKE: Final = 0.5
"""Least cosine of two cycles' loadings for a segment to be the same; a starting guess."""
# Stopped earlier, two halves differ in how far they came rather than in what they hold.
_ROUNDS, _STILL, _ROUNDS_OF_SHARES, _SPLITS = 100, 1e-3, 8, 3
_MOST_TIMES = 20
_ROWS = 20_000
_TINY = 1e-12


class ImpossibleBaskets(EntenteError):
    """No counts of what customers bought."""


@dataclass(frozen=True)
class Segments:
    """loadings: (segments, categories), each row of length 1; without rows where there are none, and `reason` says why: a code with
    figures. stability: how far two halves of the customers agreed. standing_out: how many there might be by chance's measure."""

    loadings: Matrix
    weights: Floats
    stability: float = 0.0
    standing_out: int = 1
    customers: int = 0
    reason: tuple[str, float, float] = ("", 0.0, 0.0)


def find_segments(times: csr_matrix, rng: np.random.Generator) -> Segments:
    """Find the segments of customers who buy alike.

    times: (customers, categories) how often each was bought, sparse, not negative. Found on a sample of SAMPLE customers with FEWEST_LINES
    lines; `shares` assigns everybody. The same counts and generator give the same segments.
    """
    if times.nnz and times.data.min() < 0:
        raise ImpossibleBaskets("A category was bought less than never: take returns off first.")
    lines = np.asarray(times.sum(axis=1)).ravel()
    rows = np.flatnonzero(lines >= FEWEST_LINES)
    weights = inverse_frequencies(times)
    nothing = np.zeros((0, times.shape[1]))
    if len(rows) < FEWEST_CUSTOMERS:
        return Segments(nothing, weights, reason=("few customers", len(rows), FEWEST_CUSTOMERS))
    bought = int((np.bincount(times.indices, minlength=times.shape[1]) > 0).sum())
    if bought < FEWEST_CATEGORIES:
        return Segments(nothing, weights, reason=("few categories", bought, FEWEST_CATEGORIES))
    if len(rows) > SAMPLE:
        rows = np.sort(rng.choice(rows, SAMPLE, replace=False))
    sample = times[rows]
    plain = weighted(sample, weights)
    standing_out = _standing_out(sample, plain, weights, rng)
    if standing_out < 2:
        return Segments(nothing, weights, 0.0, standing_out, len(rows), ("chance", standing_out, 2.0))
    orders = [rng.permutation(len(rows)) for _ in range(_SPLITS)]
    agreed = _agreements(plain, range(2, min(standing_out, MOST_SEGMENTS) + 1), orders)
    best = max(agreed.values())
    if best < STABLE:
        return Segments(nothing, weights, best, standing_out, len(rows), ("not stable", best, STABLE))
    count = max(count for count, agreement in agreed.items() if agreement >= max(STABLE, best - AS_GOOD))
    return Segments(factors(plain, count), weights, agreed[count], standing_out, len(rows))


def inverse_frequencies(times: csr_matrix) -> Floats:
    """(categories,) the rarer a category, the more it says: ln((1 + n) / (1 + buyers)) + 1."""
    buyers = np.bincount(times.indices, minlength=times.shape[1])
    return np.asarray(np.log((1.0 + times.shape[0]) / (1.0 + buyers)) + 1.0, np.float64)


def weighted(times: csr_matrix, weights: Floats) -> csr_matrix:
    """TF-IDF: (1 + ln times) by the weight of the category; each customer's row of length 1, or empty."""
    found = times.astype(np.float64)
    found.data = (1.0 + np.log(np.maximum(found.data, 1.0))) * weights[found.indices]
    length = np.sqrt(np.asarray(found.multiply(found).sum(axis=1)).ravel())
    found.data /= np.repeat(np.maximum(length, _TINY), np.diff(found.indptr))
    return found


def factors(rows: csr_matrix, count: int, leading: Matrix | None = None) -> Matrix:
    """(count, categories) loadings of the best non-negative factors, each of length 1, the one that explains most first.

    leading: `leading_directions` of the rows, where they are known already.
    """
    left, right = _start(rows, count, leading_directions(rows) if leading is None else leading)
    columns = rows.T.tocsr()
    for _ in range(_ROUNDS):
        before = right.copy()
        _improve(left, (rows @ right.T).T, _products(right))
        _improve(right, (columns @ left.T).T, _products(left))
        if np.abs(right - before).max() < _STILL * np.abs(right).max():
            break
    length = np.linalg.norm(right, axis=1)
    explains = left.sum(axis=1) * length
    order = np.argsort(-explains, kind="stable")
    return np.asarray(right[order] / np.maximum(length[order], _TINY)[:, None], np.float64)


def shares(times: csr_matrix, segments: Segments) -> tuple[Ints, Floats]:
    """(n,) the segment of each customer, -1 for none, and how much of what stands for them it is, from 0 to 1.

    What a customer bought is written as a sum of the segments, none taken away; the largest part is theirs.
    """
    n = times.shape[0]
    chosen, part = np.full(n, -1, np.int64), np.zeros(n)
    if not len(segments.loadings):
        return chosen, part
    both = _products(segments.loadings)
    for first in range(0, n, _ROWS):
        some = slice(first, min(first + _ROWS, n))
        left = _parts((weighted(times[some], segments.weights) @ segments.loadings.T).T, both)
        largest, sum_of_all = left.max(axis=0), left.sum(axis=0)
        is_any = largest > _TINY
        chosen[some] = np.where(is_any, left.argmax(axis=0), -1)
        part[some] = np.divide(largest, sum_of_all, out=np.zeros(len(largest)), where=is_any)
    return chosen, part


def carry_numbers(now: Matrix, before: Matrix, numbers: Sequence[int], next_free: int) -> tuple[list[int], list[bool]]:
    """The number of each segment: that of the segment before it is most like, else a new one; and whether it was carried over.

    now, before: loadings over the same categories, rows of length 1. numbers: of the rows of `before`.
    """
    found, is_carried = [0] * len(now), [False] * len(now)
    if len(now) and len(before):
        alike = now @ before.T
        for row, column in zip(*linear_sum_assignment(-alike), strict=True):
            if alike[row, column] >= ALIKE:
                found[row], is_carried[row] = int(numbers[column]), True
    for row in range(len(now)):
        if not is_carried[row]:
            found[row], next_free = next_free, next_free + 1
    return found, is_carried


def agreement_of(one: Ints, other: Ints) -> float:
    """Adjusted Rand index of two ways to part the same customers: 1 the same, about 0 by chance."""
    _, one = np.unique(one, return_inverse=True)
    _, other = np.unique(other, return_inverse=True)
    table = np.zeros((int(one.max(initial=0)) + 1, int(other.max(initial=0)) + 1))
    np.add.at(table, (one, other), 1.0)

    def pairs(count: Any) -> float:
        return float((count * (count - 1.0) / 2.0).sum())

    rows, columns, every = pairs(table.sum(axis=1)), pairs(table.sum(axis=0)), pairs(np.array([float(len(one))]))
    by_chance = rows * columns / max(every, 1.0)
    most = (rows + columns) / 2.0
    return 1.0 if most == by_chance else (pairs(table) - by_chance) / (most - by_chance)


def _standing_out(sample: csr_matrix, rows: csr_matrix, weights: Floats, rng: np.random.Generator) -> int:
    """One more than the directions in which customers differ by more than if every line had been dealt out anew."""
    spread = _eigenvalues(rows.toarray())
    limited = sample.astype(np.int64)
    limited.data = np.minimum(limited.data, _MOST_TIMES)
    who = np.repeat(np.repeat(np.arange(sample.shape[0]), np.diff(limited.indptr)), limited.data)
    what = np.repeat(limited.indices, limited.data)
    by_chance = np.zeros(len(spread))
    for _ in range(SHUFFLES):
        dealt = csr_matrix((np.ones(len(who)), (who, rng.permutation(what))), shape=sample.shape)
        by_chance = np.maximum(by_chance, _eigenvalues(weighted(dealt, weights).toarray()))
    beyond = spread <= by_chance
    return 1 + (int(np.argmax(beyond)) if beyond.any() else len(spread))


def _eigenvalues(rows: Matrix) -> Floats:
    """How far the rows spread in each direction but that of the usual basket: small baskets lie far from it, whatever is in them."""
    usual = rows.mean(axis=0)
    usual /= max(float(np.linalg.norm(usual)), _TINY)
    beside = rows - np.outer(rows @ usual, usual)
    return np.asarray(np.linalg.eigvalsh(beside.T @ beside / len(rows))[::-1], np.float64)


def _agreements(rows: csr_matrix, counts: Sequence[int], orders: Sequence[Ints]) -> dict[int, float]:
    """For each number of segments: two halves each find theirs, and both part all of the customers; how far they agree, the mean over
    ways to halve them."""
    half = rows.shape[0] // 2
    found: dict[int, list[float]] = {count: [] for count in counts}
    for order in orders:
        halves = [(some, leading_directions(some)) for some in (rows[order[:half]], rows[order[half:]])]
        for count in counts:
            loadings = [factors(some, count, leading) for some, leading in halves]
            one, other = (_parts((rows @ each.T).T, _products(each)).argmax(axis=0) for each in loadings)
            found[count].append(agreement_of(one, other))
    return {count: float(np.mean(agreed)) for count, agreed in found.items()}


def leading_directions(rows: csr_matrix) -> Matrix:
    """(categories, MOST_SEGMENTS at most) the directions in which most of the rows lies, the first first."""
    _values, vectors = np.linalg.eigh((rows.T @ rows).toarray())
    return np.asarray(vectors[:, ::-1][:, :MOST_SEGMENTS], np.float64)


def _start(rows: csr_matrix, count: int, leading: Matrix) -> tuple[Matrix, Matrix]:
    """Where the factors start: the positive or the negative part of each singular pair, whichever is larger; nothing is drawn."""
    right = np.zeros((count, rows.shape[1]))
    left = np.zeros((count, rows.shape[0]))
    for at in range(count):
        scores = rows @ leading[:, at]
        halves = [(np.maximum(sign * scores, 0.0), np.maximum(sign * leading[:, at], 0.0)) for sign in (1.0, -1.0)]
        u, v = max(halves, key=lambda pair: float(np.linalg.norm(pair[0]) * np.linalg.norm(pair[1])))
        norm = max(float(np.linalg.norm(v)), _TINY)
        left[at], right[at] = u * norm, v / norm
    # What starts at nothing stays there: everything starts a little above.
    return left + rows.mean() / 100.0, right + rows.mean() / 100.0


def _parts(toward: Matrix, both: Matrix) -> Matrix:
    """(segments, n) how much of each segment stands for each customer. toward: loadings times rows. both: loadings times loadings."""
    left = np.array(toward, order="C")
    for _ in range(_ROUNDS_OF_SHARES):
        _improve(left, toward, both)
    return left


def _products(left: Matrix) -> Matrix:
    """Each row times each. Like all that is done in rounds without the threads of a matrix library: there is too little of it to share
    out, and they wait for each other."""
    return np.asarray(np.einsum("in,jn->ij", left, left), np.float64)


def _improve(left: Matrix, toward: Matrix, both: Matrix) -> None:
    """One round of HALS, in place: each row the best it can be while the others stand."""
    for at in range(len(left)):
        step = (toward[at] - np.einsum("k,kn->n", both[at], left)) / max(float(both[at, at]), _TINY)
        np.maximum(left[at] + step, 0.0, out=left[at])
