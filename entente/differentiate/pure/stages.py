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
Reasons = npt.NDArray[np.int8]


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


class Reason(IntEnum):
    """Which rule of the law holds. Codes are stored: never renumber."""

    COMPLAINT_OPEN = 1
    CAME_BACK = 2
    SILENT_TOO_LONG = 3
    FIRST_ORDER = 4
    PROBABLY_GONE = 5
    OVERDUE = 6
    FEW_ORDERS = 7
    BUYS_ON = 8
    TALKS_WITH_US = 9
    NO_DIALOGUE = 10


STAGE_OF = {
    Reason.COMPLAINT_OPEN: Stage.PROBLEM,
    Reason.CAME_BACK: Stage.WON_BACK,
    Reason.SILENT_TOO_LONG: Stage.LOST,
    Reason.FIRST_ORDER: Stage.WELCOME,
    Reason.PROBABLY_GONE: Stage.LEAVING,
    Reason.OVERDUE: Stage.LEAVING,
    Reason.FEW_ORDERS: Stage.GETTING_TO_KNOW,
    Reason.BUYS_ON: Stage.DEVELOPMENT,
    Reason.TALKS_WITH_US: Stage.ENQUIRY,
    Reason.NO_DIALOGUE: Stage.SUSPECT,
}


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
) -> tuple[Stages, Reasons]:
    """The stage of each customer, and which rule puts them there. All arrays (n,).

    purchases: customer-days with an order, 0 for those who never bought; then the three columns of days are not read.
    first_days_ago, last_days_ago: days since the first and the last purchase. gap_before_last_days: the gap before the last
    purchase, 0 where there was one purchase only.
    alive: probability of still being active; alive_is_known: where that is a finding.

    Returns (n,) int8 codes of Stage and of Reason. The first that holds: problem, won back, lost, welcome, leaving, getting to know,
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
    rules_in_turn = (
        (bought & complaint_open, Reason.COMPLAINT_OPEN),
        (bought & won_back, Reason.CAME_BACK),
        (bought & is_lost, Reason.SILENT_TOO_LONG),
        (bought & is_welcome, Reason.FIRST_ORDER),
        (bought & leaving_by_law, Reason.PROBABLY_GONE),
        (bought & leaving_by_rhythm, Reason.OVERDUE),
        (bought & is_new, Reason.FEW_ORDERS),
        (bought, Reason.BUYS_ON),
        (in_dialogue, Reason.TALKS_WITH_US),
    )
    holds, reasons = zip(*rules_in_turn, strict=True)
    why = np.select(list(holds), list(reasons), default=Reason.NO_DIALOGUE).astype(np.int8)
    return _STAGE_OF_CODE[why], why


_STAGE_OF_CODE = np.array([0, *(STAGE_OF[reason] for reason in Reason)], np.int8)
