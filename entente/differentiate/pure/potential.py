"""What each customer may spend in a year on all that the firm sells, wherever they buy it, and how much of that is spent here.

Curry & Curry, The Customer Marketing Method (2000): share of customer, and where stimulation pays. Du, Kamakura & Mela, Size and Share of
Customer Wallet, J. Marketing 71 (2), 2007: what is spent elsewhere is not seen, and is judged from customers alike. Spend is
skewed, and most of the peers buy elsewhere as well; hence an upper quantile of theirs, not their mean.

Size has to be known without looking at what is spent here in a year, or everybody would be found to spend what they may. It is the size of
one order: who buys elsewhere as well comes less often, but a large workshop orders more at a time than a household.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.need_terms import NeedTerms
from entente.lib.errors import EntenteError

LOW_SHARE, PLAYS_OFF, BUYS_THROUGH = 1, 2, 4
"""The three cases, stored as their sum: never renumber."""
LOW, HIGH = 0.5, 0.9
"""Quantiles of the peers between which a potential is said to lie."""


class ImpossibleSpending(EntenteError):
    """Columns that differ in length or hold no numbers."""


@dataclass(frozen=True)
class Spending:
    """One entry per customer. revenue: of the last 12 months, money. order_size: expected of one purchase, money; 0 without one.
    is_peer: bought in the last 12 months, and before them: only these are compared, and judged by comparison. kinds: codes (n,) from what
    matters most: what they are, what they need, where they are."""

    revenue: Floats
    order_size: Floats
    is_peer: Bools
    kinds: Sequence[Ints]

    def __post_init__(self) -> None:
        n = len(self.revenue)
        if {len(self.order_size), len(self.is_peer), *map(len, self.kinds)} - {n}:
            raise ImpossibleSpending("The columns differ in length: give one entry per customer in each.")
        if not np.isfinite(self.revenue).all() or not np.isfinite(self.order_size).all():
            raise ImpossibleSpending("A revenue or order size is no number: value all customers first.")


@dataclass(frozen=True)
class Said:
    """What facts say, NaN where none does: spent elsewhere in a year, share of wallet from 0 to 1, budget of a year; each
    beside it, whether the customer said it."""

    elsewhere: Floats
    share: Floats
    budget: Floats
    elsewhere_is_stated: Bools
    share_is_stated: Bools
    budget_is_stated: Bools


@dataclass(frozen=True)
class Potentials:
    """(n,) each. potential: money a year, NaN where it cannot be told; low, high: between which it may lie. share: of wallet, NaN likewise.
    is_stated: the customer said it; is_told: a fact says it, whoever said so. peers: of how many alike, 0 where a fact says it."""

    potential: Floats
    low: Floats
    high: Floats
    share: Floats
    is_stated: Bools
    is_told: Bools
    peers: Ints


def potentials(spending: Spending, said: Said, terms: NeedTerms) -> Potentials:
    """Judge everybody: by what they said; else by what we believe; else by their like.

    A potential estimated lies between the median of the peers, or what they spend themselves, and as far above it as the highest quantile
    of the peers is above theirs. Of what is told, spending elsewhere counts before a share, and a share before a budget. Nobody's
    potential is below what they spend.
    """
    own = np.maximum(spending.revenue, 0.0)
    low, middle, high, peers = peer_quantiles(spending, (LOW, terms.quantile, HIGH), int(terms.peers))
    # Who spends more than the quantile is no surer for that: above, the range is as wide as that of the peers.
    beyond = np.divide(high, middle, out=np.ones(len(own)), where=middle > 0.0)
    middle = np.where(np.isnan(middle), np.nan, np.maximum(middle, own))
    low = np.minimum(np.maximum(low, own), middle)
    high = middle * np.maximum(beyond, 1.0)
    share = np.divide(own, middle, out=np.full(len(own), np.nan), where=middle > 0.0)
    found = Potentials(middle, low, high, share, np.zeros(len(own), bool), np.zeros(len(own), bool), peers)
    for is_stated in (True, False):
        for potential, share, is_said in _told(own, said, is_stated=is_stated):
            take = is_said & ~found.is_told
            found.share[take] = share[take]
            found.is_told[take], found.is_stated[take] = True, is_stated
            is_known = take & np.isfinite(potential)
            for column in (found.potential, found.low, found.high):
                column[is_known] = potential[is_known]
            found.peers[is_known] = 0
    return found


def _told(own: Floats, said: Said, *, is_stated: bool) -> list[tuple[Floats, Floats, Bools]]:
    """(potential, share, is said) by each predicate in turn, of what was stated or of what is believed."""
    elsewhere = own + said.elsewhere
    budget = np.maximum(own, said.budget)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_share = np.where((said.share > 0) & (own > 0), own / said.share, np.nan)
        ways = (
            (elsewhere, own / elsewhere, np.isfinite(said.elsewhere) & (elsewhere > 0), said.elsewhere_is_stated),
            (by_share, said.share, np.isfinite(said.share), said.share_is_stated),
            (budget, own / budget, np.isfinite(said.budget) & (budget > 0), said.budget_is_stated),
        )
    return [(potential, share, is_said & (whose == is_stated)) for potential, share, is_said, whose in ways]


def peer_quantiles(spending: Spending, quantiles: Sequence[float], fewest: int) -> tuple[Floats, Floats, Floats, Ints]:
    """Three quantiles of what the peers of each peer spend, and how many these are; NaN and 0 of others.

    Peers order as much at a time, within a factor of two or so, and are of the same kinds; where fewer than `fewest` are, the
    last kind is given up, then the one before; the size of an order never is, and who has too few alike in it is not judged.
    """
    n = len(spending.revenue)
    out = [np.full(n, np.nan) for _ in quantiles]
    many = np.zeros(n, np.int64)
    rows = np.flatnonzero(spending.is_peer & (spending.order_size > 0.0))
    if len(rows) < fewest:
        return out[0], out[1], out[2], many
    revenue = np.maximum(spending.revenue[rows], 0.0)
    size = order_classes(spending.order_size[rows], fewest)
    kinds = [np.asarray(codes)[rows] for codes in spending.kinds]
    left = np.ones(len(rows), bool)
    for used in range(len(kinds), -1, -1):
        group, count = _groups([size, *kinds[:used]])
        is_enough = left & (count[group] >= fewest)
        if is_enough.any():
            for column, values in zip(out, _group_quantiles(group, count, revenue, quantiles), strict=True):
                column[rows[is_enough]] = values[group[is_enough]]
            many[rows[is_enough]] = count[group[is_enough]]
            left &= ~is_enough
    return out[0], out[1], out[2], many


def order_classes(order_size: Floats, fewest: int) -> Ints:
    """(n,) classes of order sizes, each twice the one before; those at either end reach so far that `fewest` are in them."""
    exponent = np.rint(np.log2(order_size)).astype(np.int64)
    exponent -= exponent.min()
    count = np.bincount(exponent)
    reach = min(fewest, int(count.sum()))
    lowest = int(np.searchsorted(np.cumsum(count), reach))
    highest = len(count) - 1 - int(np.searchsorted(np.cumsum(count[::-1]), reach))
    return np.asarray(np.clip(exponent, min(lowest, highest), max(lowest, highest)), np.int64)


def cases(judged: Potentials, suppliers: Ints, buys_through: Bools, terms: NeedTerms) -> Ints:
    """(n,) sum of the cases in which stimulation pays. suppliers: other suppliers known. buys_through: an intermediary is known."""
    with np.errstate(invalid="ignore"):
        low = judged.share < terms.low_share
    found = (
        (LOW_SHARE, low),
        (PLAYS_OFF, np.asarray(suppliers) >= terms.suppliers),
        (BUYS_THROUGH, np.asarray(buys_through)),
    )
    return np.sum([case * is_so.astype(np.int64) for case, is_so in found], axis=0, dtype=np.int64)


def growth(found: Potentials, revenue: Floats, margin_share: Floats) -> Floats:
    """(n,) margin a year of what they may spend beyond what they do, at least 0; 0 where it cannot be told."""
    more = np.nan_to_num(found.potential) - np.maximum(revenue, 0.0)
    return np.maximum(more, 0.0) * np.maximum(margin_share, 0.0)


def _groups(columns: Sequence[Ints]) -> tuple[Ints, Ints]:
    """(n,) group of each row, and how many rows each group has: rows alike in all columns are one."""
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        _, part = np.unique(column, return_inverse=True)
        # Made dense after every column: codes never grow beyond rows times rows.
        _, code = np.unique(code * (int(part.max(initial=0)) + 1) + part, return_inverse=True)
    return code, np.bincount(code)


def _group_quantiles(group: Ints, count: Ints, values: Floats, quantiles: Sequence[float]) -> list[Floats]:
    """For each quantile (groups,) values, linear between the two nearest (Hyndman & Fan's seventh)."""
    ordered = values[np.lexsort((values, group))]
    start = np.concatenate(([0], np.cumsum(count)[:-1]))
    found = []
    for quantile in quantiles:
        place = start + quantile * (count - 1)
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, start + count - 1)
        found.append(ordered[below] + (place - below) * (ordered[above] - ordered[below]))
    return found
