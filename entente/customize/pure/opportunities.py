"""Whom each play fits, and the money in it. One law per play, in the order of PLAYS.

Each answers for all customers at once. `fits` is the play's own condition only; complaints, contact rules, rest and
hold-out are asked later. `unknown` marks those for whom the condition could not be told. `margin` is what a response
brings, `clv` what a change in retention applies to; the guesses of response, retention and cost are in the settings.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from entente.customize.pure.facts import INACTIVE, MEDIUM, NO_PRODUCT, SMALL, TOP, Bools, Facts, Floats
from entente.customize.pure.plays import Settings

STILL_HERE_AT_LEAST = 0.2  # below it, dividing lifetime value by P(alive) would invent fortunes


@dataclass(frozen=True, slots=True)
class Opportunity:
    """(n,) columns: fits, unknown, margin and clv in money."""

    fits: Bools
    unknown: Bools
    margin: Floats
    clv: Floats


def welcome(facts: Facts, settings: Settings) -> Opportunity:
    """The first order was at most `within_days` ago."""
    fits = (facts.purchases == 1) & (facts.first_order_days_ago <= settings.welcome.within_days)
    return Opportunity(fits, _nobody(facts), facts.margin, facts.clv)


def reorder_due(facts: Facts, settings: Settings) -> Opportunity:
    """An active customer's window of the next order is open, or its middle has passed by at most `late_days`."""
    active = (facts.purchases >= 2) & (facts.level < INACTIVE)
    known = np.isfinite(facts.next_from_days + facts.next_median_days + facts.next_until_days)
    due = (facts.next_from_days <= 0) & (facts.next_median_days >= -settings.reorder_due.late_days)
    return Opportunity(active & known & due, active & ~known, facts.margin, facts.clv)


def cross_sell(facts: Facts, settings: Settings) -> Opportunity:
    """A product scores above `min_score` for who bought within `within_days`.

    It brings `margin_share` of a usual purchase.
    """
    own = settings.cross_sell
    fits = (facts.product != NO_PRODUCT) & (facts.product_score > own.min_score)
    fits &= facts.last_order_days_ago <= own.within_days
    return Opportunity(fits, _nobody(facts), own.margin_share * facts.margin, facts.clv)


def thank_top(facts: Facts, settings: Settings) -> Opportunity:
    """A top customer. How often is left to `rest_days`."""
    return Opportunity(facts.level == TOP, _nobody(facts), facts.margin, facts.clv)


def quietly_leaving(facts: Facts, settings: Settings) -> Opportunity:
    """A customer of medium level or above who is fading, and can still be kept.

    Fading: P(alive), where it means something, is at most `alive_until`; or the silence is at least `overdue` usual
    gaps. Can be kept: P(alive), where it means something, is at least `alive_from`; the last order was within
    `within_days`. A change in P(alive) applies to the lifetime value of a customer who is surely here, clv / P(alive).
    """
    own = settings.quietly_leaving
    valuable = (facts.level <= MEDIUM) & (facts.purchases >= 3)
    rhythm = np.isfinite(facts.usual_gap_days) & (facts.usual_gap_days > 0)
    overdue = rhythm & (facts.last_order_days_ago >= own.overdue * facts.usual_gap_days)
    faded = facts.alive_meaningful & (facts.alive <= own.alive_until)
    kept = (~facts.alive_meaningful | (facts.alive >= own.alive_from)) & (facts.last_order_days_ago <= own.within_days)
    unknown = valuable & ~rhythm & ~facts.alive_meaningful
    here = np.where(facts.alive_meaningful, np.maximum(facts.alive, STILL_HERE_AT_LEAST), 1.0)
    return Opportunity(valuable & (overdue | faded) & kept, unknown, facts.margin, facts.clv / here)


def win_back(facts: Facts, settings: Settings) -> Opportunity:
    """Bought at least twice and for `min_past_margin` in all, and nothing between `after_days` and `within_days`.

    What is left of the lifetime value after so long a silence is kept as it is: retention applies to little, a
    response to a purchase.
    """
    own = settings.win_back
    silent = (facts.last_order_days_ago > own.after_days) & (facts.last_order_days_ago <= own.within_days)
    worth_it = (facts.purchases >= 2) & (facts.purchases * facts.margin >= own.min_past_margin)
    return Opportunity(silent & worth_it, _nobody(facts), facts.margin, facts.clv)


def silence(facts: Facts, settings: Settings) -> Opportunity:
    """Both sides last spoke longer ago than the level allows; who never spoke is silent since the first order."""
    limit = longest_silence(facts, settings)
    customer = (facts.level <= SMALL) & (facts.purchases > 0)
    return Opportunity(customer & (silent_days(facts) > limit), _nobody(facts), facts.margin, facts.clv)


def longest_silence(facts: Facts, settings: Settings) -> Floats:
    """(n,) days a customer of this level may be left alone; endless below small."""
    limits = np.array([*settings.longest_silence_days, np.inf, np.inf, np.inf])
    found: Floats = limits[facts.level]
    return found


def silent_days(facts: Facts) -> Floats:
    """(n,) days since both sides spoke, else since the first order, else NaN."""
    return np.where(np.isnan(facts.last_two_way_days), facts.first_order_days_ago, facts.last_two_way_days)


def _nobody(facts: Facts) -> Bools:
    return np.zeros(len(facts), np.bool_)


LAWS: tuple[Callable[[Facts, Settings], Opportunity], ...] = (
    welcome, reorder_due, cross_sell, thank_top, quietly_leaving, win_back, silence,
)  # fmt: skip
