"""What the law of renewal found, as it is kept with a cycle and shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.contract_payments import Contracts, Payments, is_far_from, usual_gaps
from entente.differentiate.pure.contracts import ContractLaw, retention, survival, with_error
from entente.differentiate.pure.renewal import Renewal, chance_of_next, observed_survival, payments_variance, residual
from entente.ledger.models import Product

# Years ahead of which the remaining life is told: without an end it may have no mean at all.
LOOKED_AHEAD_YEARS = 10
MONTHS_AHEAD = 24
MOST_POINTS = 60
# Before fewer contracts than this a share that is still there is chance.
FEWEST_AT_RISK = 5
FEWEST_GAPS = 5
MOST_NAMED = 3


def words_of(laws: Iterable[Renewal], late: Mapping[int, Ints]) -> dict[str, Any]:
    """months: the law, with what it takes to ask it again. late: how late renewals come, by months."""
    return {
        str(one.months): {
            "alpha": one.law.alpha if one.law else None,
            "beta": one.law.beta if one.law else None,
            "is_one_rate": one.is_one_rate,
            "refusal": one.refusal,
            "contracts": one.tenures.customers,
            "late": late[one.months].tolist(),
        }
        for one in laws
    }


def late_of(words: Mapping[str, Any]) -> dict[int, Ints]:
    """How late renewals come, by months, as it was kept with a cycle."""
    return {int(months): np.array(kept["late"], np.int64) for months, kept in words.items() if kept.get("late")}


def chance_to_renew(words: Mapping[str, Any], months: int, periods: Ints, pending: Floats) -> Floats | None:
    """(n,) of contracts of which so many periods were paid, by the law kept with a cycle; None where it knows none."""
    kept = words.get(str(months)) or {}
    if kept.get("alpha") is None:
        return None
    law = ContractLaw(kept["alpha"], kept["beta"], 0.0, np.zeros((2, 2)), kept["contracts"])
    return chance_of_next(law, periods, pending)


def told_of(renewal: Renewal, contracts: Contracts, standing: Contracts, today: int, value: float) -> dict[str, Any]:
    """What a page shows of the contracts of one length of period."""
    of = contracts.months == renewal.months
    told: dict[str, Any] = {
        "months": renewal.months,
        "standing": int((of & contracts.is_standing).sum()),
        "ended": int((of & ~contracts.is_standing).sum()),
        "due": renewal.due,
        "left": renewal.left,
        "is_one_rate": renewal.is_one_rate,
        "has_law": renewal.law is not None,
        "refusal": renewal.refusal,
        "curve": _curve(renewal),
        "value": value,
    }
    if renewal.law is None:
        return told
    law = renewal.law
    year, error = with_error(law, lambda one: np.asarray(residual(one, standing, today, 12.0, 0.0).payments.sum()))
    chance = float(payments_variance(law, standing, today, 12.0).sum())
    expected = residual(law, standing, today, 12.0, 0.0).payments
    life = residual(law, standing, today, 12.0 * LOOKED_AHEAD_YEARS, 0.0).payments
    return told | {
        "first_rate": float(retention(law, 1)),
        "rate": float(chance_of_next(law, standing.periods, standing.pending).mean())
        if len(standing.periods)
        else None,
        "renewals_year": float(year),
        "renewals_error": float(np.hypot(float(error), np.sqrt(chance))),
        "paid_year": float(expected @ standing.amount),
        "life_years": float(life.mean()) * renewal.months / 12.0 if len(life) else None,
    }


def _curve(renewal: Renewal) -> list[dict[str, Any]]:
    """Share still there after 0, 1, ... renewals: as seen, as long as enough stood; and as the law has it, two years further."""
    seen, at_risk = observed_survival(renewal.tenures)
    known = int((at_risk >= FEWEST_AT_RISK).sum())
    points = min(max(known, 2) + -(-MONTHS_AHEAD // renewal.months), MOST_POINTS)
    foreseen = error = None
    if renewal.law is not None:
        foreseen, error = with_error(renewal.law, lambda one: survival(one, np.arange(points)))
    return [
        {
            "renewals": place,
            "seen": float(seen[place]) if place < known else None,
            "at_risk": float(at_risk[place]) if place < len(at_risk) else 0.0,
            "foreseen": None if foreseen is None else float(foreseen[place]),
            "error": None if error is None else float(error[place]),
        }
        for place in range(points if renewal.law is not None else min(known, MOST_POINTS))
    ]


def notes_of(laws: Iterable[Renewal], payments: Payments) -> Iterable[str]:
    """What a reader must know: of which contracts nothing can be foreseen, and which products look as if their period were wrong."""
    for one in laws:
        if one.law is None:
            said = ngettext(
                "Contracts of %(n)d month: too little is known to foresee their renewals, so lifetime values hold none of them.",
                "Contracts of %(n)d months: too little is known to foresee their renewals, so lifetime values hold none of them.",
                one.months,
            )
            yield said % {"n": one.months}
    products, months, gaps = usual_gaps(payments, FEWEST_GAPS)
    wrong = is_far_from(gaps, months).nonzero()[0][:MOST_NAMED]
    names = Product.objects.in_bulk(products[wrong].tolist())
    for at in wrong:
        yield _(
            "%(product)s is a contract with a period of %(months)d months, but payments for it usually come %(days)d days after the one "
            "before: check its period in the settings."
        ) % {"product": names[int(products[at])], "months": months[at], "days": round(float(gaps[at]))}
