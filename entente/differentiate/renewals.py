"""What contracts will still bring: read what was paid for them, ask the law of renewal, hand it to the valuations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from entente.differentiate.facts import Facts, day_number, find, spread
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.contract_payments import Contracts, Payments, contracts_of, lateness_of
from entente.differentiate.pure.contracts import with_error
from entente.differentiate.pure.lifetime_value import HORIZON_MONTHS, INTERVAL, YEARLY_DISCOUNT
from entente.differentiate.pure.netting import net_purchases
from entente.differentiate.pure.newton import Matrix
from entente.differentiate.pure.renewal import (
    POINTS,
    Renewal,
    outcomes,
    ranks,
    renewal_of,
    residual,
    shares_of,
    shortest,
)
from entente.differentiate.renewal_words import notes_of, told_of, words_of
from entente.differentiate.worth import Worth
from entente.lib.distinct import distinct

HOLDERS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Renewals:
    """Of every customer who ever held a contract (h,), sorted.

    stands: one of theirs stands. value: what their standing contracts bring over the horizon, at its present value. low, high: interval of
    that and what they buy freely together. payments_year, paid_year: renewals expected in 12 months, and their revenue.
    error: standard error of the sum of `value`, in money. words, told, notes: to be kept with the cycle.
    """

    holders: Ints
    stands: Bools
    value: Floats
    low: Floats
    high: Floats
    payments_year: Floats
    paid_year: Floats
    error: float
    words: dict[str, Any]
    told: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Held:
    """Contracts with the row (c,) of each one's holder among `holders`, the payments they were made of, and how late renewals come."""

    contracts: Contracts
    holders: Ints
    row: Ints
    payments: Payments
    late: dict[int, Ints]


def renewals_of(facts: Facts, worth: Worth, buyers: Ints, cost_of_purchase: Floats) -> Renewals:
    """buyers: (n,) sorted, everybody who ever bought anything. cost_of_purchase: (n,) of serving them once more."""
    today = day_number(facts.as_of)
    held = _held(facts.contract_lines(), today)
    contracts, size = held.contracts, len(held.holders)
    laws = [renewal_of(contracts.tenures(int(months)), int(months)) for months in np.unique(contracts.months)]
    gain = contracts.margin - spread(buyers, cost_of_purchase, held.holders[held.row], 0.0)
    value, payments, paid = np.zeros(size), np.zeros(size), np.zeros(size)
    errors, told = [], []
    for renewal in laws:
        of = (contracts.months == renewal.months) & contracts.is_standing
        standing, row = _take(contracts, of), held.row[of]
        worth_of_all = 0.0
        if renewal.law is not None:
            brings = residual(renewal.law, standing, today, HORIZON_MONTHS, YEARLY_DISCOUNT).discounted * gain[of]
            year = residual(renewal.law, standing, today, 12.0, 0.0).payments
            value += np.bincount(row, brings, size)
            payments += np.bincount(row, year, size)
            paid += np.bincount(row, year * standing.amount, size)
            worth_of_all, error = _total(renewal, standing, gain[of], today)
            errors.append(error)
        told.append(told_of(renewal, contracts, standing, today, worth_of_all))
    low, high = _intervals(worth, held, laws, gain, value, today)
    stands = np.bincount(held.row, contracts.is_standing, size) > 0
    return Renewals(
        holders=held.holders,
        stands=stands,
        value=value,
        low=low,
        high=high,
        payments_year=payments,
        paid_year=paid,
        error=float(np.sqrt(np.sum(np.square(errors)))),
        words=words_of(laws, held.late),
        told={"lengths": told, "holders": int(stands.sum())},
        notes=tuple(notes_of(laws, held.payments)),
    )


def _held(lines: Mapping[str, Any], today: int) -> _Held:
    """Lines sorted by customer, product and day, made into contracts; what was paid back is taken off its payment."""
    customer, product, day = (np.asarray(lines[name], np.int64) for name in ("customer_id", "product_id", "day"))
    amount, margin, back = (np.ma.getdata(lines[name]) for name in ("amount", "margin", "is_return"))
    begins = np.append(True, (customer[1:] != customer[:-1]) | (product[1:] != product[:-1]))[: len(customer)]
    holding = np.cumsum(begins) - 1
    first = np.flatnonzero(begins)
    paid = net_purchases(holding, day, amount, np.zeros(len(day), np.int64), np.ma.getdata(lines["quantity"]), back)
    share = _margin_share(holding, day, amount, margin, back, paid.customer, paid.day)
    months = np.asarray(lines["months"], np.int64)
    payments = Payments(
        paid.customer, product[first][paid.customer], months[first][paid.customer], paid.day, paid.amount, paid.amount * share
    )  # fmt: skip
    late = lateness_of(payments, today)
    contracts = contracts_of(payments, today, late)
    of = customer[first][contracts.holding]
    holders = distinct(of)
    return _Held(contracts, holders, np.searchsorted(holders, of), payments, late)


def _margin_share(holding: Ints, day: Ints, amount: Floats, margin: Floats, back: Bools, of: Ints, on: Ints) -> Floats:
    """Margin of what was paid for holdings `of` on days `on`, as a share of it."""
    sold = ~back & (amount > 0.0)
    holding, day, amount, margin = holding[sold], day[sold], amount[sold], margin[sold]
    starts = np.flatnonzero(np.append(True, (holding[1:] != holding[:-1]) | (day[1:] != day[:-1]))[: len(day)])
    if not len(starts):
        return np.zeros(len(of))
    first = int(day.min())
    span = int(day.max()) - first + 1
    at, _ = find(holding[starts] * span + day[starts] - first, of * span + on - first)
    return np.asarray(np.add.reduceat(margin, starts)[at] / np.add.reduceat(amount, starts)[at])


def _take(contracts: Contracts, rows: Bools | Ints) -> Contracts:
    return replace(contracts, **{name: column[rows] for name, column in vars(contracts).items()})


def _total(renewal: Renewal, standing: Contracts, gain: Floats, today: int) -> tuple[float, float]:
    """What all standing contracts of one length bring, and its standard error from the doubt about the law."""
    assert renewal.law is not None
    value, error = with_error(
        renewal.law,
        lambda law: np.asarray(residual(law, standing, today, HORIZON_MONTHS, YEARLY_DISCOUNT).discounted @ gain),
    )
    return float(value), float(error)


def _intervals(
    worth: Worth, held: _Held, laws: list[Renewal], gain: Floats, value: Floats, today: int
) -> tuple[Floats, Floats]:
    """The interval of what each holder brings, contracts and free purchases together, taken as independent.

    Worked out anew for holders of whose standing contracts a law speaks; of the others the interval of what they buy freely stands.
    """
    at, buys = find(worth.buyers, held.holders)
    expected, low, high = value.copy(), np.zeros(len(value)), np.zeros(len(value))
    if worth.values:
        for out, column in ((expected, worth.values.expected), (low, worth.values.low), (high, worth.values.high)):
            out += np.where(buys, column[at], 0.0)
    known = np.isin(held.contracts.months, [one.months for one in laws if one.law]) & held.contracts.is_standing
    of_known, rank = np.flatnonzero(known), ranks(held.row)
    holders = distinct(held.row[of_known])
    place = np.searchsorted(holders, held.row[of_known])
    for start in range(0, len(holders), HOLDERS_AT_ONCE):
        rows = holders[start : start + HOLDERS_AT_ONCE]
        cases: Matrix = np.zeros((len(rows), POINTS))
        if worth.values and buys[rows].any():
            cases[buys[rows]] = worth.cases(at[rows][buys[rows]], shares_of(0))
        part = slice(*np.searchsorted(place, [start, start + HOLDERS_AT_ONCE]))
        _add_contracts(cases, of_known[part], place[part] - start, rank, held.contracts, laws, gain, today)
        low[rows], high[rows] = shortest(cases, INTERVAL)
    return np.minimum(low, expected), np.maximum(high, expected)


def _add_contracts(
    cases: Matrix, of: Ints, row: Ints, rank: Ints, contracts: Contracts, laws: list[Renewal], gain: Floats, today: int
) -> None:
    """Add to the cases what the contracts `of` bring in each. row: of each one's holder among the cases."""
    for renewal in laws:
        of_law = contracts.months[of] == renewal.months
        for one in np.unique(rank[of[of_law]]):
            mine = of_law & (rank[of] == one)
            assert renewal.law is not None
            some = _take(contracts, of[mine])
            found = outcomes(renewal.law, some, today, HORIZON_MONTHS, YEARLY_DISCOUNT, shares_of(int(one)))
            # A holder of very many contracts has some of the same rank.
            np.add.at(cases, row[mine], found * gain[of[mine]][:, None])
