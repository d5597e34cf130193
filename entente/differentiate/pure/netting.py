"""From order lines to purchases: one per customer and day, what came back taken off the purchase it belongs to.

A return is matched first with the latest earlier purchase (the same day included) of the same product by the same
customer, as far as its quantity and money go; what is left of it comes off the customer's latest earlier days. A day
of which nothing is left never happened. What finds no earlier purchase (bought before the data begin) is reported,
never forced.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numba import njit

from entente.differentiate.pure.arrays import Bools, Floats, Indexes, Ints
from entente.differentiate.pure.grouping import slot_of
from entente.lib.errors import EntenteError

Count = Literal["net", "gross"]

NOTHING_LEFT: Final = 1e-9
"""Share of a day's purchases below which what is left of them is rounding, not money."""


class ImpossibleLines(EntenteError):
    """Order lines whose columns do not belong together or hold values that are no numbers."""


@dataclass(frozen=True)
class CustomerDays:
    """Purchases, sorted by customer and day. Arrays (m,).

    amount: money left after returns, above zero. returned: money that came back from it later or the same day.
    cancelled_days: customer-days of which nothing was left. unmatched: money returned that found no earlier purchase.
    Always: sum of purchases' lines - sum of returns' lines = sum(amount) - unmatched. With count="gross" nothing is
    matched: returned is 0, and the money of all returns is in `unmatched`.
    """

    customer: Ints
    day: Ints
    amount: Floats
    returned: Floats
    cancelled_days: int
    unmatched: float


def net_purchases(
    customer: Ints,
    day: Ints,
    amount: Floats,
    product: Ints,
    quantity: Floats,
    is_return: Bools,
    count: Count = "net",
) -> CustomerDays:
    """Add lines up to customer-days, returns taken off. All columns (n,), in any order.

    customer, day, product: whole numbers (a product without a number: any one number, -1 say). day: consecutive days.
    amount: money of the line; quantity: units. Signs are not trusted: of a return both count as what went back. A line
    with an amount below zero is a return even where `is_return` says no (a credit note).
    count: "net" as told above; "gross": a customer-day with a line above zero is a purchase whatever came back later.

    Leave anonymous lines out before. Ten million lines take a few seconds, sorted by customer and day half of that.
    Raises ImpossibleLines for columns of unequal length or values that are no numbers.
    """
    if len({len(customer), len(day), len(amount), len(product), len(quantity), len(is_return)}) != 1:
        raise ImpossibleLines("The columns of the order lines differ in length: give one value per line in each.")
    amount = np.ascontiguousarray(amount, np.float64)
    quantity = np.ascontiguousarray(quantity, np.float64)
    if not (np.isfinite(amount).all() and np.isfinite(quantity).all()):
        raise ImpossibleLines("An amount or quantity is missing or no number: refuse such lines before adding up.")
    back = np.asarray(is_return, np.bool_) | (amount < 0.0)
    customer, day, product = (np.ascontiguousarray(column, np.int64) for column in (customer, day, product))

    first, day_of_line = _customer_days(customer, day)
    customers, dates = customer[first], day[first]
    bought = np.bincount(day_of_line, weights=np.where(back, 0.0, amount), minlength=len(first)).astype(np.float64)
    if count == "gross" or not back.any():
        taken, unmatched = np.zeros(len(first)), float(np.abs(amount[back]).sum())
    else:
        taken, open_returns = _match_products(customer, day, product, quantity, amount, back, day_of_line, len(first))
        unmatched = float(_match_days(customers, bought, taken, open_returns))
    return _kept(customers, dates, bought, taken, unmatched)


def _customer_days(customer: Ints, day: Ints) -> tuple[Ints, Indexes]:
    """A line of each customer-day, by customer and day, and the customer-day of each line. Sorted lines are quicker."""
    if not len(customer):
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    later = customer[1:] > customer[:-1]
    same = customer[1:] == customer[:-1]
    if (later | (same & (day[1:] >= day[:-1]))).all():
        starts = np.concatenate(([True], later | (day[1:] != day[:-1])))
        return np.flatnonzero(starts), np.cumsum(starts, dtype=np.int32) - np.int32(1)
    order = _by_customer_and_day(customer, day)
    customer, day = customer[order], day[order]
    starts = np.concatenate(([True], (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])))
    of_line = np.empty(len(order), np.int32)
    of_line[order] = np.cumsum(starts, dtype=np.int32) - np.int32(1)
    return order[starts], of_line


def _by_customer_and_day(customer: Ints, day: Ints) -> Ints:
    first_customer, first_day = int(customer.min()), int(day.min())
    span = int(day.max()) - first_day + 1
    if (int(customer.max()) - first_customer + 1) * span < 2**63:
        return np.argsort((customer - first_customer) * span + (day - first_day))
    return np.lexsort((day, customer))


def _kept(customers: Ints, dates: Ints, bought: Floats, taken: Floats, unmatched: float) -> CustomerDays:
    left = bought - taken
    kept = left > NOTHING_LEFT * bought
    return CustomerDays(
        customer=customers[kept],
        day=dates[kept],
        amount=left[kept],
        returned=taken[kept],
        cancelled_days=int(((bought > 0.0) & ~kept).sum()),
        unmatched=unmatched,
    )


def _match_products(
    customer: Ints,
    day: Ints,
    product: Ints,
    quantity: Floats,
    amount: Floats,
    back: Bools,
    day_of_line: Indexes,
    days: int,
) -> tuple[Floats, Floats]:
    """Returns against purchases of the same product.

    Per customer-day (d,): money taken off it, and money returned on it that found no purchase of its product.
    """
    lines = _lines_of_returned_products(customer, product, back, np.flatnonzero(back).astype(np.int32))
    lines = lines[np.lexsort((back[lines], day[lines], product[lines], customer[lines]))]
    taken, left_open = _last_in_first_out(
        customer[lines],
        product[lines],
        np.abs(quantity[lines]),
        np.abs(amount[lines]),
        back[lines],
        day_of_line[lines],
        days,
    )
    return taken, left_open


@njit(cache=True)
def _lines_of_returned_products(customer, product, back, returns):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The lines of every (customer, product) that has a return: the few that need sorting."""
    size = 16
    while size < 2 * returns.size:
        size *= 2
    mask = size - 1
    table = np.full(size, -1, np.int32)
    for i in returns:
        s = slot_of(customer[i], product[i], 0, mask)
        while table[s] >= 0 and not (customer[table[s]] == customer[i] and product[table[s]] == product[i]):
            s = (s + 1) & mask
        table[s] = i
    found = np.zeros(customer.size, np.bool_)
    for i in range(customer.size):
        s = slot_of(customer[i], product[i], 0, mask)
        while table[s] >= 0:
            if customer[table[s]] == customer[i] and product[table[s]] == product[i]:
                found[i] = True
                break
            s = (s + 1) & mask
    return np.flatnonzero(found)


@njit(cache=True)
def _last_in_first_out(customer, product, quantity, amount, back, day_of_line, days):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Lines sorted by customer, product, day, returns last: each return empties the latest purchases still open."""
    taken = np.zeros(days)
    left_open = np.zeros(days)
    stack = np.empty(customer.size, np.int64)
    units = quantity.copy()
    money = amount.copy()
    height = 0
    for i in range(customer.size):
        if i > 0 and (customer[i] != customer[i - 1] or product[i] != product[i - 1]):
            height = 0
        if not back[i]:
            if amount[i] > 0.0:
                stack[height] = i
                height += 1
            continue
        while height > 0 and units[i] > 0.0 and money[i] > 0.0:
            p = stack[height - 1]
            moved = min(units[i], units[p])
            # Units go back at what was paid for them; what a dearer refund has left is matched by day.
            worth = money[p] if moved == units[p] else money[p] * (moved / units[p])
            paid_back = min(money[i], worth)
            units[i] -= moved
            units[p] -= moved
            money[i] -= paid_back
            money[p] -= paid_back
            taken[day_of_line[p]] += paid_back
            if units[p] <= 0.0 or money[p] <= 0.0:
                height -= 1
        left_open[day_of_line[i]] += money[i]
    return taken, left_open


@njit(cache=True)
def _match_days(customers, bought, taken, open_returns):  # type: ignore[no-untyped-def]  # pragma: no cover
    """What is left of the returns comes off the customer's latest days. Adds to `taken`; answers what found none."""
    stack = np.empty(customers.size, np.int64)
    height = 0
    unmatched = 0.0
    for d in range(customers.size):
        if d > 0 and customers[d] != customers[d - 1]:
            height = 0
        if bought[d] - taken[d] > 0.0:
            stack[height] = d
            height += 1
        need = open_returns[d]
        while need > 0.0 and height > 0:
            top = stack[height - 1]
            given = min(need, bought[top] - taken[top])
            taken[top] += given
            need -= given
            if bought[top] - taken[top] <= 0.0:
                height -= 1
            elif need > 0.0:
                # Rounding can leave a crumb that would never empty.
                taken[top] = bought[top]
                height -= 1
        unmatched += need
    return unmatched
