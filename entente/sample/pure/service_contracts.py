"""Service contracts for tinting machines: a fee each quarter, until the customer lets it end. Days count from the sample's first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.differentiate.pure.contract_payments import months_later
from entente.sample.pure.calendar import Span, days_off, next_open
from entente.sample.pure.catalogue import CONTRACT_CODE, CONTRACT_MONTHS, Catalogue
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.exchange import ExchangeRates
from entente.sample.pure.orders import SALE, Lines, priced
from entente.sample.pure.population import Population

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# By kind, of those in the ERP: who takes a contract, and for how many machines beside the first.
TAKES_ONE, MORE_MACHINES = (0.45, 0.5, 0.15, 0.0), (1.5, 0.6, 0.1, 0.0)
# Beta: the chance to leave at the end of a quarter, which differs between contracts.
CHURN = (0.8, 6.0)
# Days after the fee is due: mean, spread, and no more than these.
LATENESS, EARLIEST, LATEST = (1.5, 4.0), -7, 15


@dataclass(frozen=True)
class ServiceContracts:
    """person, begin: (c,) of each contract. churn: its chance to leave at the end of each quarter. stays: quarters it lasts in all.
    ended: whether it has been left by `as_of`. machines: how many the fee is for.
    of, day: (m,) each fee, of the days after `as_of` too: its contract, when it was paid."""

    person: Ints
    begin: Ints
    churn: Floats
    stays: Ints
    ended: Bools
    machines: Ints
    of: Ints
    day: Ints


def service_contracts(
    people: Population, may: Bools, first: Ints, span: Span, rng: np.random.Generator
) -> ServiceContracts:
    """Who has one, since when, and what they pay until the end of the sample.

    may: (buyers,) who could have one. first: (buyers,) day of the first purchase; a contract begins on any working day from then on.
    """
    n = people.buyers
    kind = people.group[:n]
    person = np.flatnonzero(may & (rng.random(n) < np.array(TAKES_ONE)[kind]))
    open_from = np.array([next_open(days_off(country, span)) for country in COUNTRIES])
    wished = first[person] + (rng.random(person.size) * (span.days - first[person])).astype(np.int64)
    begin = open_from[people.country[person], wished]
    # Whose first working day comes after `as_of` has not begun.
    person, begin = person[begin < span.days], begin[begin < span.days]
    country = people.country[person]
    churn = np.clip(rng.beta(*CHURN, person.size), 1e-6, 1.0)
    stays = rng.geometric(churn)
    machines = 1 + rng.poisson(np.array(MORE_MACHINES)[kind[person]])
    end = span.days + span.ahead
    # One more than fit, so that what is due then lies behind the sample.
    quarter = np.arange(end // (28 * CONTRACT_MONTHS) + 1)
    start = np.datetime64(span.first_on, "D").astype(np.int64)
    due = months_later(start + begin[:, None], CONTRACT_MONTHS * quarter[None, :]) - start
    drawn = np.clip(np.round(rng.normal(*LATENESS, due.shape)), EARLIEST, LATEST).astype(np.int64)
    wanted = due + np.where(quarter > 0, drawn, 0)
    is_paid = (quarter < stays[:, None]) & (wanted < end)
    of, which = np.nonzero(is_paid)
    day = open_from[country[of], wanted[of, which]]
    over = due[np.arange(person.size), np.minimum(stays, quarter.size - 1)]
    return ServiceContracts(person, begin, churn, stays, over < span.days, machines, of, day)


def fee_lines(
    held: ServiceContracts, paid: Ints, people: Population, goods: Catalogue, rates: ExchangeRates, span: Span
) -> Lines:
    """A line for each of these fees, each an order of its own: the day's list price for every machine. paid: rows of the fees."""
    of = held.of[paid]
    product = np.full(paid.size, goods.number(CONTRACT_CODE))
    return priced(
        np.arange(paid.size), product, np.full(paid.size, SALE), held.machines[of], np.ones(paid.size),
        people, held.person[of], held.day[paid], goods, rates, span,
    )  # fmt: skip
