"""What goes with what this customer has bought: item-item neighbours from real baskets.

Two ways to learn who is a neighbour of whom, one form of the answer: at most `keep` neighbours for each item, so
that recommending costs the same for both and nothing of items x items is kept.

Cosine: Deshpande & Karypis (2004), "Item-based top-N recommendation algorithms", section 4.2: histories brought to
one length, the balance their alpha; shrinkage as in Bell & Koren (2007). EASE:
Steck (2019), "Embarrassingly shallow autoencoders for sparse data", eq. (8).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.linalg import lapack

from entente.lib.errors import EntenteError

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Items = NDArray[np.int32]
EASE_ITEMS_AT_MOST = 5_000
NO_ITEM = -1


class ImpossibleHistory(EntenteError):
    """A history of purchases cannot be read, or does not fit the neighbours."""


class TooManyItems(EntenteError):
    """EASE would need a matrix of all items by all items that does not fit."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The neighbours of item i are target[offsets[i]:offsets[i + 1]], rising, with their weights."""

    offsets: NDArray[np.int64]
    target: Items
    weight: Singles

    @property
    def items(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Recommendations:
    """(n, top) items best first, NO_ITEM where too few; scores, 0 there; the bought item that spoke most for each."""

    item: Items
    score: Singles
    because: Items


def cosine_neighbours(
    history: scipy.sparse.csr_array,
    *,
    keep: int = 100,
    balance: float = 0.7,
    shrink: float = 2.0,
    threads: int = 2,
) -> Neighbours:
    """Neighbours by a balanced cosine: `c(i, j) / (c(i, i)^(1 - balance) c(j, j)^balance + shrink)`.

    c(i, j) sums the customers' weights of i times those of j, each customer's divided by the size of the whole
    history: who buys everything says little about what goes together. At balance 0.5 it is the cosine; above,
        popular neighbours count less.

    history: (n, items), 0 or a positive weight of each customer x item (1, or less for what was bought long ago).
    keep: neighbours for each item. shrink: doubt, worth as much as so many average customers. Memory: one row of
        items per thread.
    """
    rows = _checked(history)
    columns = rows.tocsc()
    n, n_items = rows.shape
    sizes = np.asarray(rows.sum(axis=1), np.float64).ravel()
    share = np.divide(1.0, sizes, out=np.zeros(n), where=sizes > 0).astype(np.float32)
    buyer = np.repeat(share.astype(np.float64), np.diff(rows.indptr))
    norms = np.bincount(rows.indices, weights=rows.data.astype(np.float64) ** 2 * buyer, minlength=n_items)
    doubt = shrink * float(buyer.mean()) if len(buyer) else shrink
    keep = max(1, min(keep, n_items))
    target, weight = np.full((n_items, keep), NO_ITEM, np.int32), np.zeros((n_items, keep), np.float32)

    def block(first: int, last: int) -> None:
        _cosine(
            rows.indptr, rows.indices, rows.data, columns.indptr, columns.indices, columns.data,
            share, norms ** (1.0 - balance), norms**balance, doubt, target, weight, first, last,
        )  # fmt: skip

    _in_blocks(block, n_items, threads, at_most=256)
    return _packed(target, weight)


def ease_neighbours(history: scipy.sparse.csr_array, *, ridge: float = 300.0, keep: int = 200) -> Neighbours:
    """Neighbours by EASE: `B = I - P / diag(P)` with `P = (X'X + ridge I)^-1`, the `keep` largest of each item by size.

    history: as for cosine_neighbours. Negative weights are kept: they say "instead of", where a neighbour says "with".
    Memory: 8 bytes x items^2. Raises TooManyItems beyond EASE_ITEMS_AT_MOST.
    """
    rows = _checked(history)
    n_items = rows.shape[1]
    if n_items > EASE_ITEMS_AT_MOST:
        raise TooManyItems(
            f"{n_items} items are too many for EASE, which takes {EASE_ITEMS_AT_MOST}; "
            "use cosine_neighbours, or leave rare items out."
        )
    if not ridge > 0:
        raise ImpossibleHistory(f"The ridge is {ridge}; give a number above 0, such as 300.")
    gram = np.asfortranarray((rows.T @ rows).toarray(), np.float64)
    gram[np.diag_indices(n_items)] += ridge
    factor, failed = lapack.dpotrf(gram, lower=1, overwrite_a=1)
    inverse, failed_too = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if failed or failed_too:
        raise ImpossibleHistory("The items' common purchases cannot be inverted; give a larger ridge.")
    keep = max(1, min(keep, n_items))
    target, weight = np.full((n_items, keep), NO_ITEM, np.int32), np.zeros((n_items, keep), np.float32)
    diagonal = np.diag(inverse).copy()
    for item in range(n_items):
        # The lower triangle holds it all: the row up to the diagonal, the column from it.
        row = np.concatenate((inverse[item, :item], inverse[item:, item])) / -diagonal
        row[item] = 0.0
        best = np.argpartition(-np.abs(row), keep - 1)[:keep]
        best = np.sort(best[row[best] != 0.0])
        target[item, : len(best)], weight[item, : len(best)] = best, row[best]
    return _packed(target, weight)


def recommend(
    history: scipy.sparse.csr_array,
    neighbours: Neighbours,
    *,
    popularity: Floats | None = None,
    exclude_bought: bool = True,
    top: int = 3,
    threads: int = 2,
) -> Recommendations:
    """The best items for each customer, and the bought item that speaks most for each.

    history: (n, items) weights, recent purchases heavier if so wished.
    popularity: (items,) at least 0; scores are multiplied by it. The square root of recent sales serves well.
    exclude_bought: only items new to the customer; otherwise bought ones may come again.
    Only scores above 0 count. Memory: one row of items per thread beside the answer.
    """
    rows = _checked(history)
    n, n_items = rows.shape
    if neighbours.items != n_items:
        raise ImpossibleHistory(
            f"The history has {n_items} items, the neighbours {neighbours.items}; learn both from the same list."
        )
    if top < 1:
        raise ImpossibleHistory(f"top is {top}; ask for at least one item.")
    liked = np.ones(n_items, np.float32) if popularity is None else np.asarray(popularity, np.float32)
    if liked.shape != (n_items,) or not (np.isfinite(liked) & (liked >= 0)).all():
        raise ImpossibleHistory(f"Popularity must be {n_items} numbers of at least 0, one for each item.")
    item, score = np.full((n, top), NO_ITEM, np.int32), np.zeros((n, top), np.float32)
    because = np.full((n, top), NO_ITEM, np.int32)

    def block(first: int, last: int) -> None:
        _recommend(
            rows.indptr, rows.indices, rows.data, neighbours.offsets, neighbours.target, neighbours.weight,
            liked, exclude_bought, item, score, because, first, last,
        )  # fmt: skip

    _in_blocks(block, n, threads, at_most=32_768)
    return Recommendations(item, score, because)


def _checked(history: scipy.sparse.csr_array) -> scipy.sparse.csr_array:
    rows = scipy.sparse.csr_array(history)
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    wrong = ~(np.isfinite(rows.data) & (rows.data >= 0))
    if wrong.any():
        entry = int(np.argmax(wrong))
        customer = int(np.searchsorted(rows.indptr, entry, side="right")) - 1
        raise ImpossibleHistory(
            f"Customer row {customer}, item {rows.indices[entry]}: the weight is {rows.data[entry]}; "
            "a weight is a number of at least 0."
        )
    if rows.data.dtype != np.float32:
        rows = rows.astype(np.float32)
    return rows


def _packed(target: Items, weight: Singles) -> Neighbours:
    real = target != NO_ITEM
    offsets = np.zeros(len(target) + 1, np.int64)
    np.cumsum(real.sum(axis=1), out=offsets[1:])
    return Neighbours(offsets, target[real], weight[real])


def _in_blocks(block: Callable[[int, int], None], total: int, threads: int, *, at_most: int) -> None:
    step = max(1, min(at_most, -(-total // max(threads, 1))))
    if threads <= 1 or total <= step:
        block(0, total)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda first: block(first, min(first + step, total)), range(0, total, step)))


@numba.njit(nogil=True, cache=True)
def _cosine(  # type: ignore[no-untyped-def]
    row_at, row_item, row_weight, column_at, column_customer, column_weight,
    share, norms, other_norms, doubt, target, weight, first, last,
):  # fmt: skip
    n_items, keep = len(norms), target.shape[1]
    common, touched = np.zeros(n_items, np.float32), np.empty(n_items, np.int32)
    best, kept = np.empty(keep, np.float32), np.empty(keep, np.int32)
    for item in range(first, last):
        seen = 0
        for c in range(column_at[item], column_at[item + 1]):
            customer = column_customer[c]
            own = column_weight[c] * share[customer]
            for r in range(row_at[customer], row_at[customer + 1]):
                other = row_item[r]
                if common[other] == 0.0:
                    touched[seen] = other
                    seen += 1
                common[other] += own * row_weight[r] + np.float32(
                    1e-30
                )  # so that a touched item is never touched twice
        held = 0
        for t in range(seen):
            other = touched[t]
            value = np.float32(common[other] / (norms[item] * other_norms[other] + doubt))
            common[other] = 0.0
            if other != item and value > 1e-20:
                held = _hold(best, kept, held, value, other)
        order = np.argsort(kept[:held])
        for place in range(held):
            target[item, place], weight[item, place] = kept[order[place]], best[order[place]]


@numba.njit(nogil=True, cache=True)
def _hold(best, kept, held, value, item):  # type: ignore[no-untyped-def]
    """Keep the largest values in a heap whose root is the smallest; of equals the lower item. How many are held?"""
    size = len(best)
    if held < size:
        at = held
        while at > 0:
            up = (at - 1) // 2
            if best[up] < value or (best[up] == value and kept[up] > item):
                break
            best[at], kept[at] = best[up], kept[up]
            at = up
        best[at], kept[at] = value, item
        return held + 1
    if best[0] > value or (best[0] == value and kept[0] < item):
        return held
    at = 0
    while True:
        down = 2 * at + 1
        if down >= size:
            break
        right = down + 1
        if right < size and (best[right] < best[down] or (best[right] == best[down] and kept[right] > kept[down])):
            down = right
        if best[down] > value or (best[down] == value and kept[down] < item):
            break
        best[at], kept[at] = best[down], kept[down]
        at = down
    best[at], kept[at] = value, item
    return held


@numba.njit(nogil=True, cache=True)
def _recommend(  # type: ignore[no-untyped-def]
    row_at, row_item, row_weight, offsets, target, weight, liked, exclude_bought, item, score, because, first, last
):
    n_items, top = len(liked), item.shape[1]
    sums, stamp, touched = np.zeros(n_items, np.float32), np.full(n_items, -1, np.int64), np.empty(n_items, np.int32)
    best, kept = np.empty(top, np.float32), np.empty(top, np.int32)
    for customer in range(first, last):
        work = 0
        for r in range(row_at[customer], row_at[customer + 1]):
            work += offsets[row_item[r] + 1] - offsets[row_item[r]]
        # Where much of the row will be touched, clearing and reading all of it is quicker than keeping a list.
        dense = 2 * work >= n_items
        seen = n_items if dense else 0
        if dense:
            sums[:] = 0.0
        for r in range(row_at[customer], row_at[customer + 1]):
            bought, own = row_item[r], row_weight[r]
            if dense:
                for at in range(offsets[bought], offsets[bought + 1]):
                    sums[target[at]] += own * weight[at]
            else:
                for at in range(offsets[bought], offsets[bought + 1]):
                    other = target[at]
                    if stamp[other] != customer:
                        stamp[other] = customer
                        sums[other] = 0.0
                        touched[seen] = other
                        seen += 1
                    sums[other] += own * weight[at]
        if exclude_bought:
            for r in range(row_at[customer], row_at[customer + 1]):
                sums[row_item[r]] = 0.0
        held = 0
        for t in range(seen):
            other = np.int32(t) if dense else touched[t]
            value = sums[other] * liked[other]
            if value > 0.0 and (held < top or value >= best[0]):
                held = _hold(best, kept, held, value, other)
        for place in range(held):
            pick = place
            for rest in range(place + 1, held):
                if best[rest] > best[pick] or (best[rest] == best[pick] and kept[rest] < kept[pick]):
                    pick = rest
            best[place], best[pick] = best[pick], best[place]
            kept[place], kept[pick] = kept[pick], kept[place]
            item[customer, place], score[customer, place] = kept[place], best[place]
            because[customer, place] = _spoke_most(
                row_item[row_at[customer] : row_at[customer + 1]], row_weight[row_at[customer] : row_at[customer + 1]],
                offsets, target, weight, kept[place],
            )  # fmt: skip


@numba.njit(nogil=True, cache=True)
def _spoke_most(bought, own, offsets, target, weight, item):  # type: ignore[no-untyped-def]
    """Which bought item added most to the score of this one? Neighbours rise, so each is found by halving."""
    found, most = NO_ITEM, np.float32(0.0)
    for b in range(len(bought)):
        low, high = offsets[bought[b]], offsets[bought[b] + 1]
        while low < high:
            middle = (low + high) // 2
            if target[middle] < item:
                low = middle + 1
            else:
                high = middle
        if low < offsets[bought[b] + 1] and target[low] == item and own[b] * weight[low] > most:
            found, most = bought[b], own[b] * weight[low]
    return found
