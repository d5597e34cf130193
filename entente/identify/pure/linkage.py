"""The whole law in one call: from readings to pairs with their probability, and to customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entente.identify.pure.blocking import Blocked, Rule, pairs
from entente.identify.pure.clusters import cluster
from entente.identify.pure.coded import Coded
from entente.identify.pure.comparisons import Field, Levels, compare
from entente.identify.pure.weights import RANDOM_PAIRS, Judged, Weights, judge, learn

# From here on two records are put together without asking; from here down nobody is asked.
SURE, DOUBTFUL = 0.95, 0.5

Ints = NDArray[np.int64]
Progress = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Linked:
    """blocked: the pairs compared; levels: (pairs, fields); judged: how probable each is; weights: what was learned."""

    blocked: Blocked
    levels: Levels
    judged: Judged
    weights: Weights

    def together(self, n: int, *, sure: float = SURE, same: Ints | None = None, apart: Ints | None = None) -> Ints:
        """(n,) for each record the lowest record it belongs together with."""
        rows = np.flatnonzero(self.judged.same >= sure)
        return cluster(
            n, self.blocked.left[rows], self.blocked.right[rows], self.judged.weight[rows], same=same, apart=apart
        )


def link(
    columns: Mapping[str, Coded],
    fields: Sequence[Field],
    rules: Sequence[Rule],
    rng: np.random.Generator,
    *,
    weights: Weights | None = None,
    progress: Progress = lambda _: None,
) -> Linked:
    """Bring together, compare, learn and judge. weights: learned before; then nothing is learned."""
    n = len(next(iter(columns.values())))
    progress("Bringing records together")
    blocked = pairs(rules, columns)
    progress("Comparing")
    levels = compare(fields, columns, blocked.left, blocked.right)
    if weights is None:
        progress("Learning weights")
        a, b = (rng.integers(0, max(n, 1), RANDOM_PAIRS if n > 1 else 0).astype(np.int32) for _ in range(2))
        by_chance = compare(fields, columns, a[a != b], b[a != b])
        weights = learn(fields, columns, levels, by_chance, records=n)
    progress("Judging")
    return Linked(blocked, levels, judge(weights, columns, levels, blocked.left, blocked.right), weights)
