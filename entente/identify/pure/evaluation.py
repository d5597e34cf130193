"""How well were records put together? Against the truth, by pairs and record by record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """precision, recall, f1: of pairs. b_cubed_...: Bagga & Baldwin (1998), the mean over records of how pure and how whole each one's
    cluster is."""

    precision: float
    recall: float
    f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    true_pairs: int
    found_pairs: int

    def as_dict(self) -> Mapping[str, float]:
        return asdict(self)


def evaluate(found: Ints, truth: Ints) -> Score:
    """found, truth: (n,) the cluster of each record, as numbers of any kind. Nobody in: all is well."""
    size_found, place_found = _sizes(found)
    size_truth, place_truth = _sizes(truth)
    both = place_found.astype(np.int64) * (len(size_truth) + 1) + place_truth
    size_both, place_both = _sizes(both)
    right, said, wanted = (int((size * (size - 1) // 2).sum()) for size in (size_both, size_found, size_truth))
    shared = size_both[place_both]
    n = max(len(found), 1)
    pure = float((shared / size_found[place_found]).sum() / n) if len(found) else 1.0
    whole = float((shared / size_truth[place_truth]).sum() / n) if len(found) else 1.0
    precision, recall = right / said if said else 1.0, right / wanted if wanted else 1.0
    return Score(precision, recall, _f1(precision, recall), pure, whole, _f1(pure, whole), wanted, said)


def blocking_recall(left: NDArray[np.integer], right: NDArray[np.integer], truth: Ints) -> float:
    """Share of the true pairs that blocking brought together: what comes after cannot find more."""
    size, _ = _sizes(truth)
    wanted = int((size * (size - 1) // 2).sum())
    return float((truth[left] == truth[right]).sum() / wanted) if wanted else 1.0


def _sizes(groups: Ints) -> tuple[Ints, Ints]:
    _, place, size = np.unique(groups, return_inverse=True, return_counts=True)
    return size.astype(np.int64), place


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
