"""The contracts of one customer, for their card: the same reading of what they paid as a cycle's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from entente.differentiate.facts import EPOCH, day_number
from entente.differentiate.models import Cycle
from entente.differentiate.pure.contract_payments import Payments, contracts_of
from entente.differentiate.pure.netting import net_purchases
from entente.differentiate.renewal_words import chance_to_renew, late_of
from entente.ledger.models import LineKind, OrderLine, Product


@dataclass(frozen=True)
class HeldContract:
    """since: the day of its first payment. paid_until: the day on which the last period paid is over. chance: to be renewed the next time;
    None of an ended one, and where it cannot be told."""

    product: Product
    months: int
    since: date
    paid_until: date
    periods: int
    is_standing: bool
    chance: float | None


def contracts_held(parties: Sequence[int], cycle: Cycle) -> list[HeldContract]:
    """As they stood at the end of the cycle's day, by its laws, those that stand first; none where the cycle knew of no contracts.

    A product of which something else was said since is left out: what the cycle took it for is not known.
    """
    words = cycle.laws.get("contracts")
    if words is None:
        return []
    rows = list(
        OrderLine.objects.filter(
            order__party_id__in=parties,
            product__contract__made_at__lte=cycle.started_at or cycle.published_at,
            ordered_on__lte=cycle.as_of,
        ).values_list("product_id", "product__contract__months", "ordered_on", "amount", "quantity", "kind")
    )
    if not rows:
        return []
    product, months = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    day = np.array([day_number(row[2]) for row in rows], np.int64)
    amount, quantity = np.array([float(row[3]) for row in rows]), np.array([float(row[4]) for row in rows])
    back = np.array([row[5] == LineKind.RETURN for row in rows])
    numbers, first, holding = np.unique(product, return_index=True, return_inverse=True)
    paid = net_purchases(holding, day, amount, product, quantity, back)
    nothing = np.zeros(len(paid.day))
    payments = Payments(
        paid.customer, numbers[paid.customer], months[first][paid.customer], paid.day, paid.amount, nothing
    )
    found = contracts_of(payments, day_number(cycle.as_of), late_of(words))
    products = Product.objects.in_bulk(numbers.tolist())
    held = []
    for at in range(len(found.holding)):
        length, stands = int(found.months[at]), bool(found.is_standing[at])
        one = slice(at, at + 1)
        chance = chance_to_renew(words, length, found.periods[one], found.pending[one]) if stands else None
        held.append(
            HeldContract(
                product=products[int(numbers[found.holding[at]])],
                months=length,
                since=EPOCH + timedelta(days=int(found.first_day[at])),
                paid_until=EPOCH + timedelta(days=int(found.paid_until[at])),
                periods=int(found.periods[at]),
                is_standing=stands,
                chance=None if chance is None else float(chance[0]),
            )
        )
    return sorted(held, key=lambda one: (not one.is_standing, -day_number(one.paid_until)))
