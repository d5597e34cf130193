"""What last year's movers tell of the next ones: how far they went, how much of that lasts, how much to believe a single cell.

Averages of levels overstate. Who stands high has, in part, had a good year (regression to the mean: Galton 1886), and who moves from one
level to the next comes from near its edge and lands near the edge of the other. Both are measured on the movement of the firm's own last
year; where that is not there, a starting guess stands for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

from entente.differentiate.pure.movement import NOT_THERE, Moved
from entente.differentiate.pure.pyramid import ACTIVE

LASTING: Final = 0.5
LASTING_ERROR: Final = 0.2
"""How much of a difference between levels lasts where no year before is known, and how far that may be off: starting guesses."""

STEP: Final = 1.0
DOUBT: Final = 0.3
"""How far movers go of the difference between two levels where nobody has moved, and how far single pairs of levels may differ from that,
as a share of what both levels bring: starting guesses."""

LEAST_DOUBT: Final = 0.03
FEWEST_CELLS: Final = 3
COIN: Final = 0.01  # levels that bring less than this together say nothing of how far movers go
MOST_WEIGHT: Final = 30


@dataclass(frozen=True)
class Mean:
    """One customer of a cell, on average. sd: of one customer's change; None where a single one, or none, tells nothing of it."""

    customers: int
    before: float
    after: float
    sd: float | None

    @property
    def change(self) -> float:
        return self.after - self.before


NOBODY: Final = Mean(0, 0.0, 0.0, None)
Means = Mapping[tuple[int, int], Mean]


@dataclass(frozen=True)
class Lasting:
    """Of a difference between two active levels, the share that is still there a year later; its standard error."""

    share: float
    error: float
    is_assumed: bool


@dataclass(frozen=True)
class Step:
    """Of the difference between two levels, the share that movers make on average; doubt: how far single pairs of levels differ from
    that, as a share of what both bring together; own_sd: the same for a single mover."""

    share: float
    doubt: float
    own_sd: float
    is_assumed: bool


@dataclass(frozen=True)
class Pair:
    """A pair of levels and those who went from one to the other. difference: of the averages of the levels; size: what both bring."""

    difference: float
    size: float
    customers: int
    change: float
    sd: float | None


def profit_means(cells: Iterable[Moved]) -> dict[tuple[int, int], Mean]:
    """Profit of twelve months before and after, a customer."""
    return {
        (cell.before, cell.after): Mean(
            cell.customers,
            cell.profit_before / cell.customers,
            cell.profit_after / cell.customers,
            cell.change_sd if cell.customers > 1 else None,
        )
        for cell in cells
        if cell.customers
    }


def value_means(cells: Iterable[Moved]) -> dict[tuple[int, int], Mean]:
    """Lifetime value, a customer; `before` is that of those who stayed where these came from: nobody knows their own of a year ago.

    How single movers differ in it is not known; they are taken to differ as they do in profit.
    """
    found = list(cells)
    stayed = {
        cell.before: cell.value_after / cell.customers for cell in found if cell.before == cell.after and cell.customers
    }
    return {
        (cell.before, cell.after): Mean(
            cell.customers, stayed.get(cell.before, 0.0), cell.value_after / cell.customers, None
        )
        for cell in found
        if cell.customers and (cell.before in stayed or cell.before == NOT_THERE)
    }


def pooled(means: Means, pairs: Iterable[tuple[int, int]]) -> Mean:
    """Several cells as one; their spread as if all changes were around one mean."""
    some = [means[pair] for pair in pairs if pair in means]
    customers = sum(one.customers for one in some)
    if not customers:
        return NOBODY
    before = sum(one.before * one.customers for one in some) / customers
    after = sum(one.after * one.customers for one in some) / customers
    known = [one for one in some if one.sd is not None]
    if not known:
        return Mean(customers, before, after, None)
    around = sum(((one.sd or 0.0) ** 2 + (one.change - (after - before)) ** 2) * one.customers for one in known)
    return Mean(customers, before, after, sqrt(around / sum(one.customers for one in known)))


def lasting(means: Means) -> Lasting:
    """How much of a difference between active levels is still there a year later: the slope of what the customers of a level brought
    afterwards on what they had brought, over the levels, among those who bought in both years.

    All by chance: 0. All for good: 1. The error is that of the slope, from how single customers' changes differ.
    """
    rows = []
    for level in ACTIVE:
        row = pooled(means, [(int(level), int(other)) for other in ACTIVE])
        if row.customers > 1:
            rows.append(row)
    total = sum(row.customers for row in rows)
    if len(rows) < 2:
        return Lasting(LASTING, LASTING_ERROR, is_assumed=True)
    middle = sum(row.before * row.customers for row in rows) / total
    across = sum(row.customers * (row.before - middle) ** 2 for row in rows)
    if across <= 0.0:
        return Lasting(LASTING, LASTING_ERROR, is_assumed=True)
    slope = sum(row.customers * (row.before - middle) * row.after for row in rows) / across
    noise = sum(row.customers * ((row.before - middle) * (row.sd or 0.0)) ** 2 for row in rows)
    return Lasting(min(max(slope, 0.0), 1.0), sqrt(noise) / across, is_assumed=False)


def step(pairs: Sequence[Pair]) -> Step:
    """How far movers go of the difference between their levels, over all pairs of levels; and how far single pairs are from that.

    Least squares through nought, each pair by its customers and against its size. The doubt is what is left of the pairs' distances after
    what chance alone explains (moments: DerSimonian & Laird 1986), never less than LEAST_DOUBT.
    """
    known = [pair for pair in pairs if pair.customers and pair.size > COIN]
    own = [pair for pair in known if pair.sd is not None]
    own_sd = DOUBT
    if own:
        people = sum(pair.customers for pair in own)
        own_sd = sqrt(sum(pair.customers * ((pair.sd or 0.0) / pair.size) ** 2 for pair in own) / people)
    across = sum(pair.customers * (pair.difference / pair.size) ** 2 for pair in known)
    if across <= 0.0:
        return Step(STEP, DOUBT, own_sd, is_assumed=True)
    share = sum(pair.customers * pair.change * pair.difference / pair.size**2 for pair in known) / across
    share = min(max(share, 0.0), 2.0)
    if len(known) < FEWEST_CELLS:
        return Step(share, DOUBT, own_sd, is_assumed=False)
    weights = [min(pair.customers, MOST_WEIGHT) for pair in known]
    beyond = sum(
        weight * (((pair.change - share * pair.difference) / pair.size) ** 2 - _variance(pair, own_sd))
        for weight, pair in zip(weights, known, strict=True)
    )
    return Step(share, max(sqrt(max(beyond / sum(weights), 0.0)), LEAST_DOUBT), own_sd, is_assumed=False)


def believed(pair: Pair, law: Step) -> tuple[float, float]:
    """How much weight a pair's own movers have beside what all pairs say (0 without any), and the standard error of both together.

    The weight is the doubt about the pair against the chance in its mean: empirical Bayes with normal errors.
    """
    if not pair.customers or pair.size <= COIN:
        return 0.0, law.doubt * pair.size
    chance, doubt = _variance(pair, law.own_sd), law.doubt**2
    weight = doubt / (doubt + chance)
    return weight, sqrt(weight * chance) * pair.size


def _variance(pair: Pair, own_sd: float) -> float:
    """Of the mean change of a pair's movers, by its size."""
    sd = own_sd if pair.sd is None else pair.sd / pair.size
    return sd * sd / pair.customers
