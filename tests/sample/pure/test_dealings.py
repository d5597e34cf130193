"""What follows from the sample's orders: whole, in time, and never more paid than owed."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from entente.sample.pure.calendar import days_off
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.dealings import NEVER, sums
from entente.sample.pure.firm import SEED, SampleFirm, sample_firm

AS_OF = dt.date(2026, 11, 20)


@pytest.fixture(scope="module")
def firm() -> SampleFirm:
    return sample_firm(np.random.default_rng(SEED), as_of=AS_OF, customers=2000)


def test_every_order_is_sent_once_and_whole(firm):
    sent, orders = firm.dealings.deliveries, firm.orders.day.size
    assert set(sent.order.tolist()) == set(range(orders))
    assert len(set(zip(sent.order.tolist(), sent.part.tolist(), strict=True))) == sent.order.size
    sold = sums(firm.lines.order, firm.lines.quantity * (firm.lines.kind == 1), orders)
    assert (sums(sent.order, sent.pieces, orders) == sold).all() and (sent.pieces > 0).all()


def test_nothing_is_sent_before_it_is_ordered_or_after_as_of(firm):
    sent, last = firm.dealings.deliveries, firm.span.days - 1
    ordered = firm.orders.day[sent.order]
    shipped, delivered = sent.shipped != NEVER, sent.delivered != NEVER
    assert (sent.shipped[shipped] >= ordered[shipped]).all() and (sent.promised > ordered).all()
    assert (sent.delivered[delivered] >= sent.shipped[delivered]).all() and shipped[delivered].all()
    assert max(sent.shipped.max(), sent.delivered.max()) <= last
    assert (~shipped & ~sent.is_cancelled).any() and not shipped[sent.is_cancelled].any()


def test_goods_arrive_on_working_days(firm):
    sent = firm.dealings.deliveries
    countries = np.array([record.country for record in firm.parties])[firm.orders.party[sent.order]]
    for country in COUNTRIES:
        here = (countries == country.code) & (sent.delivered != NEVER)
        assert not days_off(country, firm.span)[sent.delivered[here]].any()


def test_who_complains_of_a_late_delivery_got_it_late(firm):
    late = {
        number
        for said in firm.interactions
        if said.kind == "complaint" and said.outcome == "late"
        for number in firm.orders.number
        if number in said.subject
    }
    assert late
    sent = firm.dealings.deliveries
    for place, number in enumerate(firm.orders.number):
        first = np.searchsorted(sent.order, place)
        if number in late and not sent.is_cancelled[first] and sent.delivered[first] != NEVER:
            assert sent.delivered[first] > sent.promised[first]


def test_an_invoice_is_the_sum_of_its_order(firm):
    invoices, returned = firm.dealings.invoices, firm.returned
    worth = sums(firm.lines.order, firm.lines.amount, firm.orders.day.size)
    back = sums(returned.lines.order, returned.lines.amount, returned.of_order.size)
    is_credit = invoices.returned != NEVER
    assert (invoices.amount[~is_credit] == worth[invoices.order[~is_credit]]).all()
    assert (invoices.amount[is_credit] == back[invoices.returned[is_credit]]).all() and is_credit.any()
    assert np.unique(invoices.order[~is_credit]).size == (~is_credit).sum()
    cancelled = set(returned.of_order[returned.cancelled].tolist())
    assert cancelled and not cancelled & set(invoices.order.tolist())
    assert (invoices.issued <= firm.span.days - 1).all()
    assert (invoices.due[~is_credit] >= invoices.issued[~is_credit]).all() and (invoices.due[is_credit] == NEVER).all()


def test_nobody_pays_more_than_they_owe(firm):
    """Together with what is paid back, who has paid has paid what is owed less what they sent back."""
    invoices, payments = firm.dealings.invoices, firm.dealings.payments
    order = invoices.order[payments.invoice]
    paid = sums(order, payments.amount, firm.orders.day.size)
    owed = sums(invoices.order, invoices.amount, firm.orders.day.size)
    has_paid = np.unique(order[payments.amount > 0])
    # Money of a credit note of the last days is not yet paid back.
    assert (paid[has_paid] == owed[has_paid]).mean() > 0.995 and (paid[has_paid] >= owed[has_paid]).all()
    assert (payments.paid >= invoices.issued[payments.invoice]).all() and (payments.paid <= firm.span.days - 1).all()
    assert (payments.amount < 0).any()


def test_who_pays_late_is_reminded_and_hardly_anybody_else(firm):
    invoices, payments, truth = firm.dealings.invoices, firm.dealings.payments, firm.truth
    paid = np.full(invoices.order.size, firm.span.days)
    paid[payments.invoice] = payments.paid
    old = np.flatnonzero((invoices.due != NEVER) & (invoices.due + 14 < firm.span.days))
    reminded = paid[old] > invoices.due[old] + 14
    late = truth.pays_late[firm.orders.person[invoices.order[old]]]
    assert reminded[late].mean() > 0.85 and reminded[~late].mean() < 0.03


def test_a_few_cost_more_than_they_bring(firm):
    truth = firm.truth
    few = np.flatnonzero(truth.demanding)
    assert 4 <= few.size <= 12 and {truth.kind[person] for person in few} == {"trade"} and truth.pays_late[few].all()
    visits = sums(
        np.array([firm.parties[said.party].person for said in firm.interactions]),
        np.array(
            [said.kind == "visit" and said.at // 1440 > firm.span.days - 366 for said in firm.interactions]
        ).astype(int),
        len(truth.kind),
    )
    assert (visits[few] >= 12).all()
    sent = np.bincount(firm.orders.person[firm.dealings.deliveries.order], minlength=len(truth.kind))
    assert sent[few].sum() > 2 * truth.purchases[few].sum()


def test_facts_of_needs_are_told_in_contacts_that_took_place(firm):
    stated = [fact for fact in firm.facts if fact.is_stated]
    assert len(stated) > 200
    for fact in stated:
        said = firm.interactions[fact.said_in]
        assert said.party == fact.party and said.at // 1440 == fact.said and said.is_two_way
    believed = [fact for fact in firm.facts if not fact.is_stated]
    assert believed and all(fact.said_in is None and fact.confidence < 0.8 and fact.evidence for fact in believed)
    last = firm.span.days - 1
    assert all(fact.said <= last for fact in firm.facts)
    assert any(fact.expires < last for fact in firm.facts) and any(fact.expires > last for fact in firm.facts)


def test_stated_shares_are_near_the_truth_but_for_who_flatters(firm):
    newest: dict[int, float] = {}
    for fact in firm.facts:
        if fact.predicate == "share_of_wallet" and fact.is_stated and fact.said + 730 >= firm.span.days:
            newest[fact.party] = fact.number / 10_000
    off = np.array([abs(share - firm.truth.wallet[party]) for party, share in newest.items()])
    assert off.size > 20 and 0.6 < (off <= 0.051).mean() < 1.0
    assert not firm.truth.wallet[2000:].any() and (firm.truth.wallet[:2000] > 0).all()


def test_each_case_in_which_stimulation_pays_is_there(firm):
    holding = [fact for fact in firm.facts if fact.expires >= firm.span.days - 1 and fact.is_stated]
    suppliers: dict[int, set[str]] = {}
    for fact in holding:
        if fact.predicate == "other_supplier":
            suppliers.setdefault(fact.party, set()).add(fact.value)
    assert sum(len(names) >= 2 for names in suppliers.values()) >= 10
    assert sum(fact.predicate == "buys_through" for fact in holding) >= 10
    low = [fact for fact in holding if fact.predicate == "share_of_wallet" and fact.number < 3333]
    assert len(low) >= 3
