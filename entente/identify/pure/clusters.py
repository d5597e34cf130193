"""From pairs to customers: which records belong together, the surest pairs first.

Whoever a person said is not the same stays apart, and so does everything that would bring the two together by a detour. Whoever a person
said is the same comes together whatever the weights say.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

Ints = NDArray[np.int64]


def cluster(
    n: int, left: NDArray[np.integer], right: NDArray[np.integer], weight: NDArray[np.float64],
    *, same: Ints | None = None, apart: Ints | None = None, most: int = 200,
) -> Ints:  # fmt: skip
    """(n,) for each record the lowest record it belongs together with.

    left, right, weight: (pairs,) of the pairs that are sure enough. same, apart: (k, 2) pairs as people said they are; what was said
    to be apart wins. most: no more records are brought together by weights than so many.
    """
    same = np.zeros((0, 2), np.int64) if same is None else same
    apart = np.zeros((0, 2), np.int64) if apart is None else apart
    # Equal weights in a fixed order, or the same pairs could fall out differently.
    order = np.lexsort((right, left, -weight))
    a = np.concatenate([same[:, 0], np.asarray(left, np.int64)[order]])
    b = np.concatenate([same[:, 1], np.asarray(right, np.int64)[order]])
    of = np.concatenate([apart[:, 0], apart[:, 1]])
    other = np.concatenate([apart[:, 1], apart[:, 0]])
    by = np.argsort(of, kind="stable")
    parent = np.arange(n, dtype=np.int64)
    _join(parent, a, b, len(same), of[by], other[by], most)
    return parent


def ways_home(
    is_home: NDArray[np.bool_], left: NDArray[np.integer], right: NDArray[np.integer], weight: NDArray[np.float64]
) -> Ints:
    """(n,) for each record the pair by which it hangs on the others: the next step on its way home along the surest pairs, or -1.

    is_home: (n,) records that are where they belong already. Of records that hang together without one, the lowest is home. Taken
    together, these pairs hold together whatever all pairs do. Time: that of sorting the pairs.
    """
    n = len(is_home)
    found = np.full(n, -1, np.int64)
    if not len(left):
        return found
    a, b = np.minimum(left, right).astype(np.int64), np.maximum(left, right).astype(np.int64)
    order = np.lexsort((-weight, b, a))
    order = order[np.append(True, np.diff(a[order] * n + b[order]) != 0)]  # of the same pair twice the surer one
    a, b = a[order], b[order]
    _, whole = connected_components(coo_array((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False)
    has_home = np.zeros(n, np.bool_)
    has_home[whole[is_home]] = True
    _, lowest = np.unique(whole, return_index=True)
    hangs = np.zeros(n, np.bool_)
    hangs[a] = hangs[b] = True
    homes = np.flatnonzero(hangs & (is_home | ((np.arange(n) == lowest[whole]) & ~has_home[whole])))
    # One more record stands for home, and every way to it is shorter than any other.
    cost = np.concatenate([weight.max() - weight[order] + 1.0, np.full(len(homes), 0.5)])
    ends = np.concatenate([a, homes]), np.concatenate([b, np.full(len(homes), n)])
    tree = minimum_spanning_tree(coo_array((cost, ends), shape=(n + 1, n + 1)).tocsr())
    _, before = breadth_first_order(tree, n, directed=False)
    away = np.flatnonzero((before[:n] >= 0) & (before[:n] < n))
    step = before[away].astype(np.int64)
    key = np.minimum(away, step) * n + np.maximum(away, step)
    found[away] = order[np.searchsorted(a * n + b, key)]
    return found


@numba.njit(cache=True, nogil=True)
def _root(parent, record):  # type: ignore[no-untyped-def]
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record


@numba.njit(cache=True, nogil=True)
def _join(parent, a, b, by_hand, of, other, most):  # type: ignore[no-untyped-def]
    n = len(parent)
    size = np.ones(n, np.int64)
    following = np.full(n, -1, np.int64)  # the records of a cluster in a chain, beginning at its root
    last = np.arange(n)
    bound = np.zeros(n, np.bool_)  # somebody said of one of its records who it is not
    for k in range(len(of)):
        bound[of[k]] = True
    for k in range(len(a)):
        first, second = _root(parent, a[k]), _root(parent, b[k])
        if first == second or (k >= by_hand and size[first] + size[second] > most):
            continue
        if bound[first] and bound[second] and _are_apart(parent, first, second, following, of, other):
            continue
        if second < first:
            first, second = second, first
        parent[second] = first
        size[first] += size[second]
        bound[first] |= bound[second]
        following[last[first]] = second
        last[first] = last[second]
    for record in range(n):
        parent[record] = _root(parent, record)


@numba.njit(cache=True, nogil=True)
def _are_apart(parent, first, second, following, of, other):  # type: ignore[no-untyped-def]
    record = first
    while record != -1:
        for k in range(np.searchsorted(of, record), len(of)):
            if of[k] != record:
                break
            if _root(parent, other[k]) == second:
                return True
        record = following[record]
    return False
