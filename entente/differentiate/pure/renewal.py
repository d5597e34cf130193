"""What standing contracts will still bring: the law of renewal for each length of period, or one rate for all where it is refused.

A month's and a year's chance to leave have nothing to do with each other, so each length of period has a law of its own.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from scipy.stats import qmc

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.contract_payments import DAYS_PER_MONTH, Contracts
from entente.differentiate.pure.contracts import ContractLaw, ContractsRefused, Tenures, fit, retention, survival
from entente.differentiate.pure.newton import Matrix

FEWEST_DECIDED: Final = 5
"""So many renewals must have been due for even one rate to be said."""
# Of two parameters in the share of the one rate: beyond this the law of differing customers is that of one rate.
ALIKE: Final = 1e7
MOST_RANKS: Final = 31
"""More contracts of one customer than these share their cases."""
POINTS: Final = 128
"""At how many pairs of shares the outcomes of one customer are read off."""


@dataclass(frozen=True)
class Renewal:
    """months: of a period. tenures: what is known. law: what is used; None where nothing can be foreseen. is_one_rate: everybody is
    taken to renew at the same rate. refusal: why the law of differing customers is not used, in plain words; empty where it is."""

    months: int
    tenures: Tenures
    law: ContractLaw | None
    is_one_rate: bool
    refusal: str

    @property
    def due(self) -> float:
        """How many renewals were due."""
        return due_of(self.tenures)

    @property
    def left(self) -> float:
        return float(self.tenures.left.sum())


def due_of(tenures: Tenures) -> float:
    t = np.arange(len(tenures.left))
    return float(t @ (tenures.left + tenures.kept))


def renewal_of(tenures: Tenures, months: int) -> Renewal:
    """The law for contracts of one length of period; always answers."""
    try:
        return Renewal(months, tenures, fit(tenures), False, "")
    except ContractsRefused as refused:
        reason = str(refused)
    due, left = due_of(tenures), float(tenures.left.sum())
    if due < FEWEST_DECIDED:
        return Renewal(months, tenures, None, False, reason)
    return Renewal(months, tenures, one_rate(due - left, left, tenures.customers), True, reason)


def one_rate(renewed: float, left: float, customers: float) -> ContractLaw:
    """Everybody renews at the same rate, as the limit of the law in which customers do not differ.

    The rate is Laplace's (renewed + 1) / (due + 2), so that a firm whom nobody has left is not promised contracts for ever.
    """
    due = renewed + left
    q = (renewed + 1.0) / (due + 2.0)
    variance = q * (1.0 - q) / (due + 3.0)
    slopes = np.array([-1.0 / (1.0 - q), 1.0 / q])
    likelihood = renewed * np.log(q) + left * np.log1p(-q)
    return ContractLaw((1.0 - q) * ALIKE, q * ALIKE, float(likelihood), variance * np.outer(slopes, slopes), customers)


def observed_survival(tenures: Tenures) -> tuple[Floats, Floats]:
    """Share still there after 0, 1, ... renewals as it was seen (Kaplan & Meier 1958), and how many stood before each; both (t,)."""
    gone, seen = tenures.left, tenures.left + tenures.kept
    at_risk = np.cumsum(seen[::-1])[::-1]
    rate = np.divide(gone, at_risk, out=np.zeros(len(gone)), where=at_risk > 0.0)
    return np.asarray(np.cumprod(1.0 - rate)), np.asarray(at_risk)


@dataclass(frozen=True)
class Residual:
    """What standing contracts of one length of period bring over a horizon, all (c,).

    payments: expected. discounted: the same, each at its present value. next: chance of the next renewal, no payment having come yet.
    """

    payments: Floats
    discounted: Floats
    next: Floats


def chance_of_next(law: ContractLaw, periods: Ints, pending: Floats) -> Floats:
    """(n,) chance that the next payment comes, which has not yet come: of those who renew a share `pending` has not paid yet, of those who
    leave nobody has (Bayes). periods: how many were paid."""
    renews = retention(law, periods)
    return np.asarray(renews * pending / (renews * pending + 1.0 - renews))


def residual(law: ContractLaw, contracts: Contracts, as_of_day: int, months: float, yearly_discount: float) -> Residual:
    """contracts: of the law's length of period. months: the horizon. A payment that is due already counts as of today."""
    ahead = _Ahead(law, contracts, as_of_day, months, yearly_discount)
    return Residual(
        payments=ahead.of_table(np.cumsum(ahead.stays, axis=1)),
        discounted=ahead.of_table(np.cumsum(ahead.stays * ahead.fades, axis=1)) * ahead.first_fades,
        next=chance_of_next(law, contracts.periods, contracts.pending),
    )


def payments_variance(law: ContractLaw, contracts: Contracts, as_of_day: int, months: float) -> Floats:
    """(c,) of how many payments each contract brings over a horizon, the law taken as sure."""
    ahead = _Ahead(law, contracts, as_of_day, months, 0.0)
    mean = ahead.of_table(np.cumsum(ahead.stays, axis=1))
    steps = 2.0 * np.arange(1, ahead.stays.shape[1] + 1) - 1.0
    return np.maximum(ahead.of_table(np.cumsum(ahead.stays * steps, axis=1)) - mean**2, 0.0)


def outcomes(
    law: ContractLaw, contracts: Contracts, as_of_day: int, months: float, yearly_discount: float, shares: Floats
) -> Matrix:
    """(c, D) present value of the payments, each of 1, in the case at which a share (D,) of all cases brings less or as much."""
    ahead = _Ahead(law, contracts, as_of_day, months, yearly_discount)
    # As many payments as there are renewals that more than 1 - share of such contracts live through.
    lived = (ahead.stays[:, :, None] > 1.0 - shares).sum(axis=1)
    made = np.minimum(lived[ahead.row], ahead.number[:, None])
    money = np.concatenate([[0.0], np.cumsum(ahead.fades)])
    return np.asarray(money[made] * ahead.first_fades[:, None])


class _Ahead:
    """The payments that standing contracts can still make within a horizon. They share a table (k, payments) by the renewals made and
    by how long the next one has been awaited."""

    def __init__(
        self, law: ContractLaw, contracts: Contracts, as_of_day: int, months: float, yearly_discount: float
    ) -> None:
        period = float(contracts.months[0]) if len(contracts.months) else 1.0
        due = np.maximum(contracts.paid_until - as_of_day, 0) / DAYS_PER_MONTH
        self.number = np.maximum(np.ceil((months - due) / period - 1e-9), 0.0).astype(np.int64)
        # A share is at most 1, so that halves of it keep the numbers of renewals apart.
        _alike, first, self.row = np.unique(
            contracts.renewed + 0.5 * contracts.pending, return_index=True, return_inverse=True
        )
        periods, pending = contracts.periods[first], contracts.pending[first]
        payments = np.arange(1, int(self.number.max(initial=0)) + 1)
        doubted = chance_of_next(law, periods, pending) / retention(law, periods)
        self.stays = survival(law, payments[None, :], periods[:, None] - 1) * doubted[:, None]
        fade = -np.log1p(yearly_discount) / 12.0
        self.fades = np.exp(fade * period * (payments - 1.0))
        self.first_fades = np.exp(fade * due)

    def of_table(self, sums: Matrix) -> Floats:
        """(c,) of running sums (k, payments), up to the last payment of each."""
        if not sums.shape[1]:
            return np.zeros(len(self.number))
        found = sums[self.row, np.maximum(self.number - 1, 0)]
        return np.where(self.number > 0, found, 0.0)


@cache
def _even() -> Matrix:
    points = qmc.Sobol(d=MOST_RANKS + 1, scramble=False).random_base2(int(np.log2(POINTS)))
    return np.asarray(points + 0.5 / POINTS)


def shares_of(rank: int) -> Floats:
    """(POINTS,) shares for the outcome of the contract of this rank beside others: 0 for what is bought freely, then 1, 2, ...

    Each set is even between 0 and 1, and together they fill the space evenly (Sobol 1967): what happens to one says nothing about the
    others, and the same question has the same answer.
    """
    return np.asarray(_even()[:, rank])


def shortest(cases: Matrix, share: float) -> tuple[Floats, Floats]:
    """The shortest interval of each row (n, D) of cases, equally likely, that holds a share of them."""
    cases = np.sort(cases, axis=1)
    held = int(np.ceil(share * cases.shape[1]))
    wide = cases[:, held - 1 :] - cases[:, : cases.shape[1] - held + 1]
    at = np.argmin(wide, axis=1)
    rows = np.arange(len(cases))
    return cases[rows, at], cases[rows, at + held - 1]


def ranks(holder: Ints) -> Ints:
    """(c,) 1, 2, ... of the contracts of each holder, from 1 again after MOST_RANKS. holder: sorted."""
    starts = np.flatnonzero(np.concatenate([[True], holder[1:] != holder[:-1]])) if len(holder) else np.zeros(0, int)
    sizes = np.diff(np.append(starts, len(holder)))
    return ((np.arange(len(holder)) - np.repeat(starts, sizes)) % MOST_RANKS + 1).astype(np.int64)
