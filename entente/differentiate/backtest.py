"""As if today were an earlier day: predict until a later one, and compare with what really happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from entente.differentiate.facts import Facts, day_number, spread
from entente.differentiate.models import Backtest
from entente.differentiate.pure.accuracy import accuracy
from entente.differentiate.pure.histories import DAYS_PER_WEEK
from entente.differentiate.pure.hold_out_choice import choose, past_rate, past_rate_unless_silent
from entente.differentiate.pure.learned import correction
from entente.differentiate.pure.netting import Count
from entente.differentiate.pure.purchases import purchases_of
from entente.differentiate.worth import law_words, learned_words
from entente.identify.counted import counting
from entente.lib.errors import EntenteError
from entente.staff.models import Firm, User
from entente.warehouse.extract import extract

Progress = Callable[[str, float, float | None], None]


class ImpossibleSpan(EntenteError):
    """Two days between which nothing can be compared."""


def backtest_value(
    from_on: date,
    to_on: date,
    *,
    today: date,
    count: Count = "net",
    by: User | None = None,
    progress: Progress = lambda *_: None,
) -> Backtest:
    """Predict purchases in (from_on, to_on] from what was known at the end of from_on. Keeps and returns the result.

    count: "net" takes returns off the purchase they belong to, as far as known on either day; "gross" counts a customer-day with a
    positive line whatever was cancelled later. Customers are those whose first purchase lies before from_on.
    Raises ImpossibleSpan.
    """
    if to_on <= from_on:
        raise ImpossibleSpan(_("The second day must come after the first."))
    if to_on > today:
        raise ImpossibleSpan(_("%(day)s lies ahead: nothing can be compared yet.") % {"day": to_on})
    firm = Firm.objects.filter(pk=1).first()
    with extract() as columns:
        progress("Reading order lines", 0, None)
        facts = Facts(
            columns, from_on, until=to_on, currency=firm.currency if firm else "EUR",
            margin_rate=float(firm.margin_rate) if firm else 0.0, counting=counting(),
        )  # fmt: skip
        known = facts.free_purchases(count=count, until=from_on)
        happened = facts.free_purchases(count=count, until=to_on)
    progress("Fitting the laws", 0, None)
    customers, histories, chosen = choose(known.customer, known.day, known.amount, day_number(from_on))
    watched = histories.age_days > 0
    learned = correction(known.customer, known.day, known.amount, day_number(from_on), chosen)
    customers, histories, factor = customers[watched], histories.take(watched), learned.factor[watched]
    if len(customers) == 0:
        raise ImpossibleSpan(_("Nobody had bought before %(day)s. Give a later first day.") % {"day": from_on})
    later = (happened.day > day_number(from_on)) & (happened.day <= day_number(to_on))
    buyers, times = np.unique(happened.customer[later], return_counts=True)
    observed = spread(buyers, times.astype(np.float64), customers, 0.0)

    weeks = (to_on - from_on).days / DAYS_PER_WEEK
    predicted = purchases_of(chosen.law, histories, weeks) * factor
    plain, hiatus = past_rate(histories, weeks), past_rate_unless_silent(histories, weeks)
    result: dict[str, Any] = {
        **asdict(accuracy(predicted, observed)),
        "predicted_total": float(predicted.sum()),
        "observed_total": float(observed.sum()),
        "past_rate": {k: v for k, v in asdict(accuracy(plain, observed)).items() if k != "calibration"},
        "hiatus": {k: v for k, v in asdict(accuracy(hiatus, observed)).items() if k != "calibration"},
        "law": law_words(chosen.law),
        "reason": chosen.reason,
        "learned": learned_words(learned),
        "refused": [{"law": refusal.title, "reason": refusal.reason} for refusal in chosen.refusals],
        "notes": [*facts.notes, *chosen.law.notes],
    }
    return Backtest.objects.create(
        from_on=from_on, to_on=to_on, count=count, law=chosen.law.title[:60], result=result, by=by
    )
