"""Service contracts of the sample: paid when due, left by known chances, and no part of buying."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from entente.differentiate.pure.contract_payments import Contracts, Payments, contracts_of
from entente.differentiate.pure.contracts import fit, retention, with_error
from entente.sample.pure.calendar import days_off
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.firm import SEED, SampleFirm, sample_firm

AS_OF = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def firm() -> SampleFirm:
    return sample_firm(np.random.default_rng(SEED), as_of=AS_OF)


def as_the_product_sees_them(firm: SampleFirm) -> Contracts:
    held, start = firm.contracts, int(np.datetime64(firm.span.first_on, "D").astype(int))
    order = np.lexsort((held.day, held.of))
    same = np.ones(order.size)
    payments = Payments(held.of[order], same, 3 * same, start + held.day[order], same, same)
    return contracts_of(payments, start + firm.span.days - 1)


def test_some_three_hundred_firms_have_one_and_a_part_of_them_has_left(firm):
    held, kinds = firm.contracts, np.array(firm.truth.kind)
    assert 250 < held.person.size < 370 and np.unique(held.person).size == held.person.size
    assert set(kinds[held.person]) == {"distributor", "retailer", "trade"}
    assert {firm.parties[person].source for person in held.person} == {"erp"}
    assert not firm.truth.demanding[held.person].any()
    assert 0.15 < held.ended.mean() < 0.5


def test_a_contract_begins_after_the_first_purchase_and_ends_with_its_last_quarter(firm):
    held, truth = firm.contracts, firm.truth
    begun = np.datetime64(firm.span.first_on) + held.begin
    assert (begun >= truth.birth_on[held.person]).all() and (held.begin < firm.span.days).all()
    first = np.full(held.person.size, firm.span.days + firm.span.ahead)
    np.minimum.at(first, held.of, held.day)
    assert (first == held.begin).all()
    assert (np.bincount(held.of) <= held.stays).all()
    fees = truth.contract_fees[held.person]
    assert (fees[held.ended] == held.stays[held.ended]).all() and not truth.contract_future[held.person][
        held.ended
    ].any()


def test_fees_are_paid_a_few_days_early_or_late_on_working_days(firm):
    held = firm.contracts
    same = held.of[1:] == held.of[:-1]
    gaps = np.diff(held.day)[same]
    assert 60 < gaps.min() < 86 and 95 < gaps.max() < 130 and abs(np.median(gaps) - 91) <= 1
    country = np.array([record.country for record in firm.parties])[firm.fees.party]
    for place in COUNTRIES:
        assert not days_off(place, firm.span)[firm.fees.day[country == place.code]].any()


def test_the_product_sees_the_contracts_that_there_are(firm):
    """Nobody pays so late that a contract breaks in two, nor so early that a fee is a supplement; the rest is the grace."""
    held, truth = firm.contracts, firm.truth
    seen = as_the_product_sees_them(firm)
    assert (seen.holding == np.arange(held.person.size)).all()
    assert (seen.periods == truth.contract_fees[held.person]).all()
    assert not (~seen.is_standing & ~held.ended).any() and (seen.is_standing == ~held.ended).mean() > 0.9


@pytest.mark.parametrize("seed", [1, 2])
def test_the_law_finds_the_chances_that_were_planted(seed):
    firm = sample_firm(np.random.default_rng(seed), as_of=AS_OF)
    law = fit(as_the_product_sees_them(firm).tenures(3))
    found, error = with_error(law, lambda law: retention(law, np.array([1.0])))
    assert abs(found[0] - (1 - 0.8 / 6.8)) < 3 * error[0] and error[0] < 0.04
    assert retention(law, 8) > retention(law, 1), "who stays has stayed for a reason"


def test_fees_have_orders_of_their_own_and_are_no_purchases(firm):
    fees, lines, truth = firm.fees, firm.fee_lines, firm.truth
    assert (lines.order == np.arange(fees.day.size)).all() and (np.diff(fees.at) >= np.timedelta64(0)).all()
    assert (lines.unit_price > 0).all() and (lines.cost > 0).all() and (lines.cost < lines.amount).all()
    assert fees.at.max() < np.datetime64(AS_OF) + 1 and not set(fees.number) & set(firm.orders.number)
    assert (np.bincount(fees.person, minlength=len(truth.kind)) == truth.contract_fees).all()
    assert (np.bincount(firm.orders.person, minlength=len(truth.kind)) == truth.purchases).all()
    assert not (firm.lines.product == len(firm.goods.codes) - 1).any()
    assert ((truth.contract_churn > 0) == (truth.contract_fees > 0)).all()
