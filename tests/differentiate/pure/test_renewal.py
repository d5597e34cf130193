"""What contracts will still bring, on customers of known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from entente.differentiate.pure.buying_laws import BG_NBD
from entente.differentiate.pure.contract_payments import DAYS_PER_MONTH, Contracts, Payments, contracts_of, months_later
from entente.differentiate.pure.contracts import ContractLaw, Tenures, expected_life, from_customers, retention
from entente.differentiate.pure.lifetime_value import WEEKS_PER_YEAR, lifetime_value
from entente.differentiate.pure.purchases import fit
from entente.differentiate.pure.renewal import (
    MOST_RANKS,
    POINTS,
    observed_survival,
    one_rate,
    outcomes,
    payments_variance,
    ranks,
    renewal_of,
    residual,
    shares_of,
    shortest,
)
from entente.differentiate.pure.spend import choose_spend_law
from entente.differentiate.pure.value_interval import outcome_cases
from tests.differentiate.pure.buyers import spending

TODAY = 20_000
LAW = ContractLaw(0.8, 3.0, 0.0, np.zeros((2, 2)), 1000.0)


def standing(renewed: list[int], due_in: int = 0, months: int = 12, pending: float = 1.0) -> Contracts:
    """Contracts that stand, the next payment of each due in so many days; of those who renew, a share has not yet paid."""
    n = len(renewed)
    many = np.array(renewed, np.int64)
    day = np.full(n, TODAY)
    return Contracts(
        np.arange(n), np.full(n, months), day, day, day + due_in, many + 1, np.ones(n, np.bool_), many, np.ones(n), np.ones(n),
        np.full(n, pending),
    )  # fmt: skip


def firm(
    rng: np.random.Generator, customers: int, alpha: float, beta: float, months: int = 12
) -> tuple[Payments, np.ndarray]:
    """Ten years of a firm: who renews pays within a month of the due day, some of them early. With each customer's chance to leave."""
    period = round(months * DAYS_PER_MONTH)
    chance = rng.beta(alpha, beta, customers)
    rows = []
    for who in range(customers):
        day = int(rng.integers(TODAY - 3650, TODAY))
        while day <= TODAY:
            rows.append((who, day))
            if rng.random() < chance[who]:
                break
            day += period + int(rng.integers(-20, 10))
    who, day = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    n = len(who)
    return Payments(who, who, np.full(n, months), day, np.ones(n), np.ones(n)), chance


def test_the_law_is_found_in_payments_of_known_truth():
    payments, _ = firm(np.random.default_rng(4), 6000, 0.8, 3.0)
    found = renewal_of(contracts_of(payments, TODAY).tenures(12), 12)
    assert found.law is not None and not found.is_one_rate and not found.refusal
    errors = np.sqrt(np.diag(found.law.covariance))
    off = (np.log([found.law.alpha, found.law.beta]) - np.log([0.8, 3.0])) / errors
    assert (np.abs(off) < 2.5).all(), off


def test_who_renews_early_does_not_flatter_the_rate():
    """A fifth leaves at every renewal. Of those whose first year ends about today only who renewed has been seen to decide."""
    rng = np.random.default_rng(2)
    begun = rng.integers(TODAY - 430, TODAY - 340, 20_000)
    renews = rng.random(20_000) < 0.8
    who = np.arange(20_000)
    holding, day = (
        np.concatenate([who, who[renews]]),
        np.concatenate([begun, begun[renews] + 365 + rng.integers(-30, 10, renews.sum())]),
    )
    order = np.lexsort((day, holding))
    holding, day = holding[order], day[order]
    n = len(holding)
    payments = Payments(holding, holding, np.full(n, 12), day, np.ones(n), np.ones(n))
    contracts = contracts_of(payments, TODAY)
    found = renewal_of(contracts.tenures(12), 12)
    assert 1.0 - found.left / found.due == pytest.approx(0.8, abs=0.02)
    too_early = contracts.renewed.sum() / (contracts.renewed.sum() + (~contracts.is_standing).sum())
    assert too_early > 0.84


def test_nobody_left_promises_no_contract_for_ever_and_everybody_alike_gives_one_rate():
    loyal = renewal_of(from_customers(np.full(40, 3), np.zeros(40, np.bool_)), 12)
    assert loyal.is_one_rate and loyal.law is not None and "at least" in loyal.refusal
    assert retention(loyal.law, np.array([1, 20])) == pytest.approx(121 / 122, abs=1e-4)
    alike = one_rate(800.0, 200.0, 500.0)
    assert retention(alike, np.array([1, 9])) == pytest.approx(801 / 1002, abs=1e-4)
    assert expected_life(alike, 0, 5) == pytest.approx(sum((801 / 1002) ** k for k in range(1, 6)), rel=1e-4)


def test_too_few_renewals_say_nothing():
    few = renewal_of(from_customers(np.array([1, 1, 2]), np.array([True, False, False])), 12)
    assert few.law is None and few.refusal and few.due == 4
    gone = renewal_of(from_customers(np.ones(30, np.int64), np.ones(30, np.bool_)), 12)
    assert gone.is_one_rate and gone.law is not None and retention(gone.law, 1) == pytest.approx(1 / 32, rel=1e-3)


def test_survival_as_it_was_seen_counts_who_is_still_there_only_as_long_as_they_were():
    seen, at_risk = observed_survival(Tenures(np.array([0.0, 2.0, 1.0]), np.array([0.0, 3.0, 4.0])))
    assert at_risk.tolist() == [10.0, 10.0, 5.0]
    assert seen == pytest.approx([1.0, 0.8, 0.8 * 0.8])


def test_value_is_the_sum_over_the_payments_to_come():
    contracts = standing([0, 2], due_in=100)
    found = residual(LAW, contracts, TODAY, 36.0, 0.10)
    due = 100 / DAYS_PER_MONTH
    for place, k in enumerate((0, 2)):
        stays = np.cumprod([retention(LAW, k + j) for j in (1, 2, 3)])
        fades = 1.10 ** (-(due + 12.0 * np.arange(3)) / 12.0)
        assert found.payments[place] == pytest.approx(stays.sum())
        assert found.discounted[place] == pytest.approx(stays @ fades)
    assert found.next == pytest.approx(retention(LAW, np.array([1, 3])))


def test_who_is_overdue_is_the_less_expected_the_fewer_ever_pay_so_late():
    """A share r renews and a tenth of these has not paid yet: of all who have not, r / 10 of 1 - r + r / 10 will."""
    r = float(retention(LAW, 3))
    found = residual(LAW, standing([2], pending=0.1), TODAY, 24.0, 0.0)
    chance = 0.1 * r / (0.1 * r + 1.0 - r)
    assert found.next == pytest.approx([chance])
    assert found.payments == pytest.approx([chance * (1.0 + float(retention(LAW, 4)))])
    cases = outcomes(LAW, standing([2], pending=0.1), TODAY, 24.0, 0.0, shares_of(1))
    assert cases.mean() == pytest.approx(found.payments[0], abs=0.02)
    mixed = residual(LAW, replace(standing([2, 2, 0]), pending=np.array([0.1, 1.0, 1.0])), TODAY, 24.0, 0.0)
    assert mixed.next == pytest.approx([chance, r, float(retention(LAW, 1))])


def test_renewals_of_the_next_year_are_as_many_as_foreseen_though_some_who_left_still_stand():
    """Paid by the quarter, up to ten days late. Who left within the grace still stands: counted like others they were 6 % too many."""
    rng = np.random.default_rng(5)
    rows = []
    for who, chance in enumerate(rng.beta(1.0, 4.0, 4000)):
        begun = TODAY - int(rng.integers(0, 6 * 365))
        for k in range(int(rng.geometric(chance))):
            day = int(months_later(np.array([begun]), np.array([3 * k]))[0]) + (int(rng.integers(0, 11)) if k else 0)
            if day > TODAY + 365:
                break
            rows.append((who, day))
    who, day = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    n = len(who)
    contracts = contracts_of(Payments(who, who, np.full(n, 3), day, np.ones(n), np.ones(n)), TODAY)
    law = renewal_of(contracts.tenures(3), 3).law
    assert law is not None
    stand = replace(contracts, **{name: column[contracts.is_standing] for name, column in vars(contracts).items()})
    foreseen = residual(law, stand, TODAY, 12.0, 0.0).payments.sum()
    came = int(((day > TODAY) & (day <= TODAY + 365) & np.isin(who, stand.holding)).sum())
    assert abs(came - foreseen) < 2.0 * np.sqrt(payments_variance(law, stand, TODAY, 12.0).sum()), (came, foreseen)
    assert (stand.pending[stand.paid_until + 10 < TODAY] < 0.02).all()
    counted_alike = residual(law, replace(stand, pending=np.ones(len(stand.pending))), TODAY, 12.0, 0.0).payments.sum()
    assert counted_alike > 1.04 * came


def test_a_payment_on_the_last_day_of_the_horizon_is_beyond_it_and_none_is_none():
    assert residual(one_rate(1e9, 0.0, 1.0), standing([0]), TODAY, 36.0, 0.0).payments == pytest.approx([3.0])
    assert residual(LAW, standing([0], due_in=800), TODAY, 24.0, 0.0).payments.tolist() == [0.0]
    assert len(residual(LAW, standing([]), TODAY, 36.0, 0.1).payments) == 0


def test_variance_and_cases_agree_with_what_such_contracts_do():
    rng = np.random.default_rng(7)
    contracts = standing([3] * 2, due_in=40, months=1)
    chance = rng.beta(LAW.alpha, LAW.beta + 3, 200_000)
    made = np.minimum(rng.geometric(chance) - 1, 35)
    assert payments_variance(LAW, contracts, TODAY, 36.0)[0] == pytest.approx(made.var(), rel=0.02)
    cases = outcomes(LAW, contracts, TODAY, 36.0, 0.0, shares_of(0))
    assert cases.shape == (2, POINTS)
    assert np.quantile(cases[0], [0.1, 0.3, 0.5]) == pytest.approx(np.quantile(made, [0.1, 0.3, 0.5]), abs=1.0)
    assert cases[0].mean() == pytest.approx(made.mean(), rel=0.02)


def test_shares_of_two_contracts_say_nothing_about_each_other():
    for one in range(8):
        assert np.sort(shares_of(one)) == pytest.approx((np.arange(POINTS) + 0.5) / POINTS)
        for other in range(one):
            assert abs(np.corrcoef(shares_of(one), shares_of(other))[0, 1]) < 0.1
    assert ranks(np.array([4, 4, 9, 9, 9])).tolist() == [1, 2, 1, 2, 3]
    assert ranks(np.zeros(MOST_RANKS + 1, np.int64)).max() == MOST_RANKS


def test_eight_of_ten_outcomes_lie_in_the_interval_of_several_contracts_and_free_purchases():
    """Monthly contracts of three kinds and a gamma of free purchases a customer: what happened lay inside for 75 to 85 of a hundred."""
    rng = np.random.default_rng(11)
    n, shares = 4000, shares_of(0)
    bought = np.sort(rng.gamma(1.2, 10.0, 200_000))
    cases = np.quantile(bought, shares)[None, :] * np.ones((n, 1))
    happened = rng.choice(bought, n)
    for rank, (k, gain) in enumerate(((0, 1.0), (5, 2.0), (20, 0.5)), start=1):
        contracts = standing([k] * n, due_in=10, months=1)
        cases += gain * outcomes(LAW, contracts, TODAY, 36.0, 0.0, shares_of(rank))
        left = rng.geometric(rng.beta(LAW.alpha, LAW.beta + k, n)) - 1
        happened += gain * np.minimum(left, 36)
    low, high = shortest(cases, 0.8)
    inside = ((happened >= low) & (happened <= high)).mean()
    assert 0.75 <= inside <= 0.85, inside


def test_the_shortest_interval_of_a_skewed_row_begins_at_its_peak():
    row = np.concatenate([np.zeros(70), np.linspace(1.0, 30.0, 30)])
    low, high = shortest(row[None, ::-1], 0.8)
    assert low[0] == 0.0 and high[0] == pytest.approx(row[79])


def test_eight_of_ten_customers_with_contracts_bring_what_the_interval_of_both_says():
    """Free buyers of known truth, each with a contract paid monthly that is worth as much: the cases of either, added, hold both."""
    known, money, rng = spending(4000, seed=21, ahead=3 * WEEKS_PER_YEAR)
    law, spend = fit(known, BG_NBD), choose_spend_law(known.purchases, known.spend_mean).law
    found = lifetime_value(law, spend, known, margin=1.0, yearly_discount=0.0, rng=np.random.default_rng(1))
    cases = outcome_cases(
        law, spend, known, found.alive, 3 * WEEKS_PER_YEAR, shares_of(0), 200, np.random.default_rng(1)
    )
    cases *= (found.expected / found.alive)[:, None]
    low, high = shortest(cases, 0.8)
    assert ((money >= low) & (money <= high)).mean() == pytest.approx(0.8, abs=0.05), "free purchases alone"

    n, k = len(known), 2
    paid = float(found.expected.mean()) / 20.0
    cases += paid * outcomes(LAW, standing([k] * n, due_in=10, months=1), TODAY, 36.0, 0.0, shares_of(1))
    money = money + paid * np.minimum(rng.geometric(rng.beta(LAW.alpha, LAW.beta + k, n)) - 1, 36)
    low, high = shortest(cases, 0.8)
    inside = (money >= low - 1e-9) & (money <= high + 1e-9)
    assert 0.75 <= inside.mean() <= 0.85
    likely = found.expected > 0.3 * found.expected.mean()
    assert inside[likely].mean() == pytest.approx(0.8, abs=0.05)
