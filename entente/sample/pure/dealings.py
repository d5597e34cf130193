"""What follows from the orders: deliveries, invoices and credit notes, payments.

Days count from the sample's first; money is in ten-thousandths of each currency's unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.sample.pure.calendar import Span, days_off, next_open
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.customer_kinds import NAMES
from entente.sample.pure.orders import Lines, Returns

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEVER = -1
PARTS_OF_DEMANDING = 3
IN_TWO_PARTS = (0.25, 0.15, 0.04, 0.0)
LATE = 0.04
# Days a kind of customer has to pay; consumers pay when they order.
TERMS = (30, 30, 14, 0)
PAYS_LATE, NEVER_PAID = 0.06, 0.003
CONSUMER = NAMES.index("consumer")


@dataclass(frozen=True)
class Placed:
    """(m,) each, of the orders. kind: of the customer. cause: what a complaint will say of it, or "". worth: the sum of its lines.
    pieces: how many. person: whose it is."""

    person: Ints
    kind: Ints
    country: Ints
    day: Ints
    cause: npt.NDArray[np.str_]
    is_demanding: Bools
    worth: Ints
    pieces: Ints


@dataclass(frozen=True)
class Deliveries:
    """(k,) each, by order. part: 0 for the first of an order. shipped, delivered: NEVER where it has not happened by `as_of`."""

    order: Ints
    part: Ints
    promised: Ints
    shipped: Ints
    delivered: Ints
    pieces: Ints
    is_cancelled: Bools


@dataclass(frozen=True)
class Invoices:
    """(k,) each: invoices by order, then credit notes by what came back. returned: which return a credit note is for,
    NEVER for an invoice."""

    order: Ints
    returned: Ints
    issued: Ints
    due: Ints
    amount: Ints


@dataclass(frozen=True)
class Payments:
    """(k,) each. invoice: row of the invoices; of money paid back, that of the credit note."""

    invoice: Ints
    paid: Ints
    amount: Ints


@dataclass(frozen=True)
class Dealings:
    """pays_late: (persons,) whose payments come more than two weeks after they are due, as a rule."""

    deliveries: Deliveries
    invoices: Invoices
    payments: Payments
    pays_late: Bools


def dealings(
    placed: Placed, lines: Lines, returned: Returns, span: Span, persons: int, rng: np.random.Generator
) -> Dealings:
    """All that happened until `as_of`. persons: how many there are. `lines` and `returned` as the sample's orders have them."""
    open_from = np.array([next_open(days_off(country, span)) for country in COUNTRIES])
    cancelled = np.zeros(placed.day.size, dtype=bool)
    cancelled[returned.of_order[returned.cancelled]] = True
    sent = _deliveries(placed, cancelled, open_from, span.days - 1, rng)
    invoices = _invoices(placed, cancelled, returned, open_from, span.days - 1, rng)
    pays_late = rng.random(persons) < PAYS_LATE
    pays_late[placed.person[placed.is_demanding]] = True
    pays_late[placed.person[placed.kind == CONSUMER]] = False
    payments = _payments(placed, invoices, pays_late, open_from, span.days - 1, rng)
    return Dealings(sent, invoices, payments, pays_late)


def sums(of: Ints, amount: Ints, many: int) -> Ints:
    """(many,) exact sums of the amounts of each."""
    found = np.zeros(many, dtype=np.int64)
    np.add.at(found, of, amount)
    return found


def _until(day: Ints, last: int) -> Ints:
    """What lies after `last` has not happened."""
    return np.where(day <= last, day, NEVER)


def _deliveries(placed: Placed, cancelled: Bools, open_from: Ints, last: int, rng: np.random.Generator) -> Deliveries:
    n = placed.day.size
    parts = 1 + (rng.random(n) < np.array(IN_TWO_PARTS)[placed.kind]).astype(np.int64)
    parts[placed.is_demanding] = PARTS_OF_DEMANDING
    parts[placed.cause == "short"] = np.maximum(parts, 2)[placed.cause == "short"]
    parts = np.where(cancelled, 1, np.minimum(parts, np.maximum(placed.pieces, 1)))
    order = np.repeat(np.arange(n), parts)
    part = np.arange(order.size) - np.repeat(np.cumsum(parts) - parts, parts)
    country, is_late = placed.country[order], (placed.cause == "late")[order]
    # A late order was promised for the very next days, so that the complaint comes after them.
    wanted = placed.day[order] + np.where(is_late, 1, rng.integers(3, 7, order.size))
    asked_apart = (placed.cause != "short")[order]
    promised = open_from[country, wanted + np.where(asked_apart, part * rng.integers(3, 7, order.size), 0)]
    delay = np.where(is_late, rng.integers(12, 22, order.size), 0)
    delay += np.where(~is_late & (rng.random(order.size) < LATE), rng.integers(1, 5, order.size), 0)
    delay += np.where(asked_apart | (part == 0), 0, rng.integers(10, 18, order.size))
    delivered = open_from[country, promised + delay]
    shipped = np.maximum(delivered - rng.integers(1, 3, order.size), placed.day[order])
    each = placed.pieces[order] // parts[order]
    pieces = np.where(part == 0, placed.pieces[order] - each * (parts[order] - 1), each)
    off = cancelled[order]
    return Deliveries(
        order, part, promised, _until(np.where(off, NEVER, shipped), last), _until(np.where(off, NEVER, delivered), last),
        pieces, off,
    )  # fmt: skip


def _invoices(
    placed: Placed, cancelled: Bools, returned: Returns, open_from: Ints, last: int, rng: np.random.Generator
) -> Invoices:
    """An invoice for each order that was not cancelled, a credit note for what came back of it."""
    issued = open_from[placed.country, placed.day + rng.integers(1, 3, placed.day.size)]
    issued = np.where(placed.kind == CONSUMER, placed.day, issued)
    billed = np.flatnonzero(~cancelled & (issued <= last))
    due = issued + np.array(TERMS)[placed.kind]
    credited = np.flatnonzero(~returned.cancelled)
    of = returned.of_order[credited]
    noted = np.maximum(open_from[placed.country[of], returned.day[credited]], issued[of])
    credited, of, noted = credited[noted <= last], of[noted <= last], noted[noted <= last]
    worth = sums(returned.lines.order, returned.lines.amount, returned.of_order.size)
    return Invoices(
        np.concatenate([billed, of]),
        np.concatenate([np.full(billed.size, NEVER), credited]),
        np.concatenate([issued[billed], noted]),
        np.concatenate([due[billed], np.full(of.size, NEVER)]),
        np.concatenate([placed.worth[billed], worth[credited]]),
    )


def _payments(
    placed: Placed, invoices: Invoices, pays_late: Bools, open_from: Ints, last: int, rng: np.random.Generator
) -> Payments:
    """Firms pay about when it is due, some long after, a few never; less what had come back by then. Later credit is paid back."""
    is_credit = invoices.returned != NEVER
    bills, notes = np.flatnonzero(~is_credit), np.flatnonzero(is_credit)
    of = invoices.order[bills]
    usual = rng.normal(-3.0, 4.0, pays_late.size)
    usual[pays_late] = rng.uniform(18.0, 40.0, int(pays_late.sum()))
    delay = np.round(usual[placed.person[of]] + rng.normal(0.0, 3.0, bills.size)).astype(np.int64)
    wanted = np.clip(invoices.due[bills] + delay, invoices.issued[bills] + 1, open_from.shape[1] - 1)
    paid = np.where(placed.kind[of] == CONSUMER, placed.day[of], open_from[placed.country[of], wanted])
    paid[(placed.kind[of] != CONSUMER) & (rng.random(bills.size) < NEVER_PAID)] = last + 1
    paid_on = np.full(placed.day.size, last + 1)
    paid_on[of] = paid
    # What came back before the payment is taken off it.
    before = invoices.issued[notes] <= paid_on[invoices.order[notes]]
    taken_off = sums(invoices.order[notes[before]], invoices.amount[notes[before]], placed.day.size)
    amount = invoices.amount[bills] + taken_off[of]
    back = notes[~before]
    back_on = open_from[
        placed.country[invoices.order[back]], np.minimum(invoices.issued[back] + 3, open_from.shape[1] - 1)
    ]
    came, went = (paid <= last) & (amount > 0), back_on <= last
    return Payments(
        np.concatenate([bills[came], back[went]]),
        np.concatenate([paid[came], back_on[went]]),
        np.concatenate([amount[came], invoices.amount[back[went]]]),
    )
