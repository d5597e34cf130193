"""How well a score finds those who are wanted: lift, area under the curve, calibration.

Those with the same score are taken for a mixture: of a part of them the same part is wanted. So the order of rows changes nothing.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from entente.differentiate.pure.arrays import Floats, Ints

Z_80 = 1.2815515655446004


@dataclass(frozen=True)
class Lift:
    """value: how many times as many wanted are among the first as among all; low, high: 80 % interval. found: share of the wanted."""

    value: float
    low: float
    high: float
    found: float


def lift_at(score: Floats, wanted: Floats, share: float) -> Lift:
    """Lift where the best `share` of all are looked at. score, wanted (0 or 1): (n,); at least one is wanted.

    The interval is Wilson's of the share found among the wanted; E. B. Wilson, JASA 22, 1927, eq. 5.
    """
    found = float(np.interp(share, *found_by(score, wanted)))
    many = float(wanted.sum())
    square = Z_80 * Z_80
    middle = (found + square / (2.0 * many)) / (1.0 + square / many)
    half = Z_80 / (1.0 + square / many) * np.sqrt(found * (1.0 - found) / many + square / (4.0 * many * many))
    return Lift(found / share, float(max(middle - half, 0.0)) / share, float(min(middle + half, 1.0)) / share, found)


def found_by(score: Floats, wanted: Floats) -> tuple[Floats, Floats]:
    """The curve of gains: shares looked at, from 0 to 1, and the share of the wanted found by then."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.cumsum(wanted[order])[ends]
    return np.append(0.0, (ends + 1) / len(score)), np.append(0.0, found / found[-1])


def area(score: Floats, wanted: Floats) -> float:
    """How often one who is wanted scores above one who is not; equal scores count half. 0.5 where all or none are."""
    many, others = float(wanted.sum()), float(len(wanted) - wanted.sum())
    if not many or not others:
        return 0.5
    ranks = rankdata(score)
    return float((ranks[wanted > 0].sum() - many * (many + 1) / 2) / (many * others))


@dataclass(frozen=True)
class Part:
    """A part of the customers by what was predicted: how many, and the mean of what was predicted and of what happened."""

    customers: int
    predicted: float
    happened: float


def calibration(chance: Floats, wanted: Floats, parts: int = 10) -> list[Part]:
    """Parts of about equal size, from the least probable; those of the same probability stay together."""
    order = np.argsort(chance, kind="stable")
    sorted_chance = chance[order]
    wanted_at = np.rint(np.arange(1, parts) * len(chance) / parts).astype(np.int64)
    cuts = np.unique(np.searchsorted(sorted_chance, sorted_chance[np.minimum(wanted_at, len(chance) - 1)]))
    return [
        Part(len(rows), float(chance[rows].mean()), float(wanted[rows].mean()))
        for rows in np.split(order, cuts)
        if len(rows)
    ]


def is_off(chance: Floats, wanted: Floats) -> bool:
    """Did more or fewer happen than chance allows, 19 times of 20, if the probabilities were right?"""
    doubt = float(np.sqrt((chance * (1.0 - chance)).sum()))
    return abs(float(wanted.sum() - chance.sum())) > 1.96 * max(doubt, 1e-12)


def cut_points(values: Floats, parts: int = 5) -> Floats:
    """Where numbers are cut into parts of about equal size: rising, none twice; fewer where many are equal."""
    return np.unique(np.quantile(values, np.arange(1, parts) / parts, method="inverted_cdf")) if len(values) else values


def part_of(values: Floats, points: Floats) -> Ints:
    """The part of each number, from 0: part k ends with points[k]."""
    return np.searchsorted(points, values, side="left").astype(np.int64)
