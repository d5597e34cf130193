"""What sets a need segment apart, in figures a sentence can be made of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from entente.differentiate.pure.arrays import Ints
from entente.differentiate.pure.newton import Matrix

NAMED, TOLD = 2, 5
"""So many categories are in a name; so many in its words."""
MORE = 1.2
"""A category is told of a segment that buys at least so many times as much of it as others; a starting guess."""
WEIGHTY = 0.1
"""Least loading for that."""


@dataclass(frozen=True)
class Portrait:
    """One segment. categories: places of what it is told by, what weighs most first. share: of the segment's lines that are of these.
    lift: times the same share among all others; None where the others buy nothing of it. customers: how many."""

    categories: list[int]
    share: float
    lift: float | None
    customers: int


def portraits(times: csr_matrix, segment: Ints, loadings: Matrix) -> list[Portrait]:
    """One portrait for each row of `loadings`, of the customers who are in it. segment: (n,) row of `loadings`, -1 for none."""
    count, categories = len(loadings), times.shape[1]
    whose = np.repeat(segment, np.diff(times.indptr))
    is_any = whose >= 0
    lines = np.bincount(
        whose[is_any] * categories + times.indices[is_any], weights=times.data[is_any], minlength=count * categories
    ).reshape(count, categories)
    customers = np.bincount(segment[segment >= 0], minlength=count)
    every = lines.sum(axis=0)
    return [_portrait(lines[at], every - lines[at], loadings[at], int(customers[at])) for at in range(count)]


def name_of(names: Sequence[str]) -> str:
    """What a segment is called: by what weighs most."""
    return " + ".join(names[:NAMED])[:120]


def _portrait(own: Matrix, others: Matrix, loadings: Matrix, customers: int) -> Portrait:
    here, there = own / max(own.sum(), 1.0), others / max(others.sum(), 1.0)
    order = [int(at) for at in np.argsort(-loadings, kind="stable") if loadings[at] > 0]
    telling = [at for at in order if loadings[at] >= WEIGHTY and here[at] >= MORE * there[at]][:TOLD]
    telling = telling or order[:1]
    share, share_of_others = float(here[telling].sum()), float(there[telling].sum())
    return Portrait(telling, share, share / share_of_others if share_of_others > 0 else None, customers)
