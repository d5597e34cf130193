"""Where each relationship stands: the life cycle of a customer as a function of facts.

Stone & Woodcock, Relationship Marketing (1995): enquiry, welcome, getting to know, development, problem, win-back. Suspect stands
before it, leaving and lost between problem and win-back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.arrays import Bools, Floats, Ints

Stages = npt.NDArray[np.int8]


class Stage(IntEnum):
    """Codes are stored: never renumber."""

    SUSPECT = 1
    ENQUIRY = 2
    WELCOME = 3
    GETTING_TO_KNOW = 4
    DEVELOPMENT = 5
    PROBLEM = 6
    LEAVING = 7
    LOST = 8
    WON_BACK = 9


@dataclass(frozen=True)
class StageRules:
    """Starting guesses, replaced by measurement. Days unless said."""

    welcome_days: int = 60
    """A first order is welcomed for so long."""
    getting_to_know_days: int = 180
    """Counted from the first order, with up to `getting_to_know_purchases`."""
    getting_to_know_purchases: int = 3
    lost_days: int = 365
    """So long without an order."""
    leaving_alive: float = 0.5
    """Below this probability of being active somebody is leaving, where the law can tell."""
    leaving_gaps: float = 3.0
    """Silent for so many of the customer's own mean gaps, where the law cannot tell."""
    won_back_days: int = 180
    """After a silence of `lost_days` that ended, for so long."""


def stages(
    *,
    purchases: Ints,
    first_days_ago: Ints,
    last_days_ago: Ints,
    gap_before_last_days: Ints,
    alive: Floats,
    alive_is_known: Bools,
    complaint_open: Bools,
    in_dialogue: Bools,
    rules: StageRules | None = None,
) -> Stages:
    """The stage of each customer. All arrays (n,).

    purchases: customer-days with an order, 0 for those who never bought; then the three columns of days are not read.
    first_days_ago, last_days_ago: days since the first and the last purchase. gap_before_last_days: the gap before the last
    purchase, 0 where there was one purchase only.
    alive: probability of still being active; alive_is_known: where that is a finding.

    Returns (n,) int8 codes of Stage. The first that holds: problem, won back, lost, welcome, leaving, getting to know,
    development; without a purchase enquiry (in dialogue) or suspect.
    """
    r = rules or StageRules()
    bought = purchases > 0
    lost_after = r.lost_days
    mean_gap = np.where(purchases > 1, (first_days_ago - last_days_ago) / np.maximum(purchases - 1, 1), np.inf)
    is_lost = last_days_ago > lost_after
    is_welcome = (purchases == 1) & (first_days_ago <= r.welcome_days)
    leaving_by_law = alive_is_known & (alive < r.leaving_alive)
    leaving_by_rhythm = ~alive_is_known & (last_days_ago > r.leaving_gaps * mean_gap)
    is_new = (purchases <= r.getting_to_know_purchases) & (first_days_ago <= r.getting_to_know_days)
    won_back = (gap_before_last_days > lost_after) & (last_days_ago <= r.won_back_days)
    found = np.select(
        [
            bought & complaint_open,
            bought & won_back,
            bought & is_lost,
            bought & is_welcome,
            bought & (leaving_by_law | leaving_by_rhythm),
            bought & is_new,
            bought,
            in_dialogue,
        ],
        [
            Stage.PROBLEM,
            Stage.WON_BACK,
            Stage.LOST,
            Stage.WELCOME,
            Stage.LEAVING,
            Stage.GETTING_TO_KNOW,
            Stage.DEVELOPMENT,
            Stage.ENQUIRY,
        ],
        default=Stage.SUSPECT,
    )
    return found.astype(np.int8)
