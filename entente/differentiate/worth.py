"""The laws at work on a firm's buyers: which of them is used, what it says of everybody, and what of it is kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import hypot
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from entente.differentiate.costs import Serving
from entente.differentiate.facts import Facts, day_number, spread
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.buying_laws import BuyingLaw
from entente.differentiate.pure.histories import BuyingHistories
from entente.differentiate.pure.hold_out_choice import Chosen, Trial, choose
from entente.differentiate.pure.learned import Correction, correction
from entente.differentiate.pure.lifetime_value import (
    DRAWS,
    HORIZON_MONTHS,
    WEEKS_PER_YEAR,
    YEARLY_DISCOUNT,
    LifetimeValues,
    lifetime_value,
)
from entente.differentiate.pure.netting import CustomerDays
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.retention import RetentionWorth, retention_worth
from entente.differentiate.pure.spend import SpendChoice, SpendLaw, choose_spend_law
from entente.differentiate.pure.value_interval import outcome_cases

# A standard error in an interval of 80 %.
SPREAD_OF_80 = 1.2816
# How far values may be off where the data cannot tell who has left: a starting guess.
NO_CHURN_SHARE = 0.25
SEED = 20_050_101


@dataclass(frozen=True)
class Worth:
    """Of every buyer (n,), sorted: number, history, chance to be active and whether that is a finding, money.

    spread_share: how far the sum of all values may be off, four times of five, as a share of it.
    words: the laws, ready to be kept. notes: what a reader must know.
    """

    buyers: Ints
    histories: BuyingHistories
    alive: Floats
    alive_is_known: Bools
    values: LifetimeValues | None
    spread_share: float
    words: dict[str, Any]
    notes: tuple[str, ...]
    law: BuyingLaw | None = None
    spend_law: SpendLaw | None = None

    def cases(self, rows: Ints, shares: Floats) -> Matrix:
        """(rows, D) what some of the buyers bring over the horizon in the case at which a share (D,) of all cases brings less."""
        assert self.values is not None and self.law is not None and self.spend_law is not None
        alive, weeks = self.alive[rows], HORIZON_MONTHS / 12.0 * WEEKS_PER_YEAR
        some, rng = self.histories.take(rows), np.random.default_rng(SEED)
        cases = outcome_cases(self.law, self.spend_law, some, alive, weeks, shares, DRAWS, rng)
        if_active = (self.values.gain * self.values.discounted_purchases)[rows] / np.maximum(alive, 1e-12)
        return np.asarray(cases * if_active[:, None])

    def retention(self, level: Ints, levels: int) -> list[RetentionWorth]:
        """What one more point of retention is worth on each level. level: (n,) of the buyers."""
        if self.values is None:
            return []
        weeks = HORIZON_MONTHS / 12.0 * WEEKS_PER_YEAR
        return retention_worth(self.values, level, levels, weeks=weeks, yearly_discount=YEARLY_DISCOUNT)


def worth_of(days: CustomerDays, money: Mapping[str, Any], facts: Facts, serving: Serving) -> Worth:
    """days: purchases sorted by customer and day. money: as `Facts.money`. serving: of the same buyers."""
    today = day_number(facts.as_of)
    buyers, histories, chosen = choose(days.customer, days.day, days.amount, today)
    served = (*serving.served.notes, *serving.notes(facts.currency))
    if not len(buyers):
        words = {"serving": serving.words}
        nobody = (
            _("Nothing but contracts was bought until this day: lifetime values hold their renewals, and nothing else.")
            if len(facts.purchases().customer)
            else _("Nobody has bought until this day, so nothing can be valued.")
        )
        notes = (*serving.served.notes, nobody)
        return Worth(buyers, histories, np.zeros(0), np.zeros(0, np.bool_), None, 0.0, words, notes)
    spend_choice = choose_spend_law(histories.purchases, histories.spend_mean)
    learned = correction(days.customer, days.day, days.amount, today, chosen)
    values = lifetime_value(
        chosen.law,
        spend_choice.law,
        histories,
        margin=_margin_share(buyers, money, facts.margin_rate),
        cost_to_serve=serving.purchase.each,
        rng=np.random.default_rng(SEED + today),
        factor=learned.factor if learned.used else None,
    )
    # 80 % of the total; where leaving is not identified, the doubt about the law outweighs that about its parameters.
    of_law = max(SPREAD_OF_80 * values.relative_error, 0.0 if chosen.law.knows_churn else NO_CHURN_SHARE)
    return Worth(
        buyers,
        histories,
        values.alive,
        values.alive_is_known,
        values,
        hypot(of_law, _share_of_rates(values, serving)),
        {**words_of(chosen, spend_choice), "learned": learned_words(learned), "serving": serving.words},
        (*served, *chosen.law.notes, *spend_choice.law.notes),
        chosen.law,
        spend_choice.law,
    )


def words_of(chosen: Chosen, spend_choice: SpendChoice | None = None) -> dict[str, Any]:
    """What was chosen and why, as it is kept: the law, the trials, what was refused."""
    refused = [{"law": refusal.title, "reason": refusal.reason} for refusal in chosen.refusals]
    words: dict[str, Any] = {
        "buying": law_words(chosen.law),
        "reason": chosen.reason,
        "trials": [_trial_words(trial) for trial in chosen.trials],
        "origins": [asdict(origin) for origin in chosen.origins],
        "refused": refused,
    }
    if spend_choice is None:
        return words
    kept = ("name", "parameters", "customers", "mean", "correlation")
    words["spend"] = {name: value for name, value in asdict(spend_choice.law).items() if name in kept}
    if spend_choice.refusal:
        refused.append({"law": "Gamma-Gamma", "reason": spend_choice.refusal})
    return words


def learned_words(learned: Correction) -> dict[str, Any]:
    """Whether what was learned of an older cohort corrects the law, and why or why not."""
    return {"used": learned.used, "reason": learned.reason, "gain": learned.gain}


def law_words(law: BuyingLaw) -> dict[str, Any]:
    """A law as it is kept: of a committee, its members'."""
    return {
        "name": law.name,
        "title": law.title,
        "parameters": law.parameters,
        "log_likelihood": None if law.members else law.log_likelihood,
        "customers": law.customers,
        "knows_churn": law.knows_churn,
        "members": [law_words(member) for member in law.members],
    }


def _trial_words(trial: Trial) -> dict[str, Any]:
    """Of a trial everything but the calibration, which is kept at the first origin only."""
    scored = [asdict(one) for one in trial.scored]
    calibration = scored[0]["calibration"] if scored else []
    figures = [{name: value for name, value in one.items() if name != "calibration"} for one in scored]
    return {
        "names": list(trial.names), "title": trial.title, "score": trial.score, "scored": figures, "calibration": calibration,
    }  # fmt: skip


def _share_of_rates(values: LifetimeValues, serving: Serving) -> float:
    """How far the sum of all values may be off because the rates of serving are, as a share of it."""
    whole = abs(float(values.expected.sum()))
    ahead = float(values.discounted_purchases @ serving.purchase.each)
    return serving.total.share * ahead / whole if whole else 0.0


def _margin_share(buyers: Ints, money: Mapping[str, Any], rate: float) -> Floats:
    """Each customer's own margin share over all time, drawn to the firm's rate where little money stands behind it."""
    revenue = spread(money["customer_id"], money["revenue_all"], buyers, 0.0)
    margin = spread(money["customer_id"], money["margin_all"], buyers, 0.0)
    total = float(revenue[revenue > 0].sum())
    usual = float(margin[revenue > 0].sum()) / total if total > 0 else rate
    behind = max(total / max(int((revenue > 0).sum()), 1), 1e-9)
    share = (margin + usual * behind) / (np.maximum(revenue, 0.0) + behind)
    return np.clip(np.where(revenue > 0, share, usual), -1.0, 1.0)
