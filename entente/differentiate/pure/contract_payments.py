"""Which contracts stand, made of payments: one customer and one product are one contract, each payment pays a period from its day.

A contract stands until its paid period and a grace are over; a payment after that begins a new one. A renewal counts for the law only once
the day is past by which it had to come: who renewed early is known before who did not, and counting only those would flatter.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit

from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.contracts import Tenures, from_customers
from entente.lib.errors import EntenteError

DAYS_PER_MONTH: Final = 365.25 / 12.0
LONGEST_GRACE: Final = 45
"""Days that a payment may be late: half a period, and never more than a month and a half. Longer, and who has left is counted as
standing for a season; shorter, and an invoice paid on its second reminder ends a contract that goes on."""
LAST_PAYMENTS: Final = 3
"""Of so many payments the mean is what the next is expected to bring."""
FAR_FROM_PERIOD: Final = 0.25
MOST_KEPT: Final = 101
"""Of how late renewals came so many even shares are kept."""

_SUPPLEMENT, _BEGINS, _RENEWS = 0, 1, 2


class ImpossiblePayments(EntenteError):
    """Payments that cannot be: not in order, or of a period that is none."""


@dataclass(frozen=True)
class Payments:
    """What was paid for contracts, after returns: all (m,), sorted by holding and day, one row for each.

    holding: which customer's which product, numbered from 0. product: its number. months: of its period.
    Raises ImpossiblePayments.
    """

    holding: Ints
    product: Ints
    months: Ints
    day: Ints
    amount: Floats
    margin: Floats

    def __post_init__(self) -> None:
        for name in ("holding", "product", "months", "day"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.int64))
        if len({len(column) for column in vars(self).values()}) != 1:
            raise ImpossiblePayments(
                "The columns of the payments differ in length: give one value per payment in each."
            )
        same = self.holding[1:] == self.holding[:-1]
        if (self.holding[1:] < self.holding[:-1]).any() or (same & (self.day[1:] <= self.day[:-1])).any():
            raise ImpossiblePayments("Payments must be sorted by contract and day, one row for each.")
        if (self.months < 1).any():
            raise ImpossiblePayments("A period lasts at least a month.")


@dataclass(frozen=True)
class Contracts:
    """One entry per contract (c,), in the order of `holding` and first day.

    holding: which customer's which product, as it was given. months: of a period. first_day, last_day: the first and the last
    period paid began. paid_until: the day on which the last period paid is over. periods: how many were paid.
    is_standing: not over yet. settled: renewals of which it is past doubt whether they would come.
    amount, margin: expected of the next payment. pending: of those who will renew, the share whose payment comes later than this one's
    has been awaited; 1 while nobody has paid so soon.
    """

    holding: Ints
    months: Ints
    first_day: Ints
    last_day: Ints
    paid_until: Ints
    periods: Ints
    is_standing: Bools
    settled: Ints
    amount: Floats
    margin: Floats
    pending: Floats

    @property
    def renewed(self) -> Ints:
        """How often each was renewed."""
        return self.periods - 1

    def tenures(self, months: int) -> Tenures:
        """Those of one length of period, as the law takes them."""
        of = self.months == months
        tenure = np.where(self.is_standing, self.settled, self.periods)[of]
        return from_customers(tenure, ~self.is_standing[of])


def grace(months: Ints) -> Ints:
    """Days for which a contract stands after its paid period is over: half a period, at most LONGEST_GRACE."""
    return np.minimum(np.floor(months * DAYS_PER_MONTH / 2.0), LONGEST_GRACE).astype(np.int64)


def months_later(day: Ints, months: Ints) -> Ints:
    """The same day of a later month, or its last day where it has no such day. day: numbers since 1970-01-01."""
    date = np.asarray(day, np.int64).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    of_month = (date - month.astype("datetime64[D]")).astype(np.int64)
    later = month + np.asarray(months, np.int64)
    longest = ((later + 1).astype("datetime64[D]") - later.astype("datetime64[D]")).astype(np.int64)
    return later.astype("datetime64[D]").astype(np.int64) + np.minimum(of_month, longest - 1)


def lateness_of(payments: Payments, as_of_day: int) -> dict[int, Ints]:
    """By length of period: how many days after the paid period was over renewals came (below nought: before), sorted, at most MOST_KEPT.

    Of renewals that are settled only, or who pays early would be seen sooner than who pays late. One that comes when the grace is over is
    added to them, so that few punctual renewals do not rule out a late one.
    """
    known, until, over, kind = _read(payments, as_of_day)
    day, months = payments.day[known], payments.months[known]
    starts = np.flatnonzero(kind != _SUPPLEMENT)
    renews = np.flatnonzero(kind[starts] == _RENEWS)
    after, before = starts[renews], starts[renews - 1]
    settled = over[before] < as_of_day
    late, length = (day[after] - until[before])[settled], months[after][settled]
    return {int(one): _even_shares(late[length == one], int(grace(one)) + 1) for one in np.unique(months)}


def pending_of(late: Ints, days: Ints) -> Floats:
    """(n,) share of renewals that come later than so many days after the paid period is over. late: as `lateness_of` has it."""
    return np.asarray(1.0 - np.searchsorted(late, days, side="right") / len(late))


def contracts_of(payments: Payments, as_of_day: int, late: Mapping[int, Ints] | None = None) -> Contracts:
    """Contracts as they stood at the end of `as_of_day`, from what was paid by then.

    A payment before half of the paid period is over is a supplement to it, not a renewal.
    late: how late renewals come, where more is known of it than these payments say; else as `lateness_of` reads it from them.
    """
    known, until, over, kind = _read(payments, as_of_day)
    holding, day, months = (column[known] for column in (payments.holding, payments.day, payments.months))
    amount, margin = payments.amount[known], payments.margin[known]
    starts = np.flatnonzero(kind != _SUPPLEMENT)
    first = np.flatnonzero(kind[starts] == _BEGINS)
    if not len(starts):
        none, nothing = np.zeros(0, np.int64), np.zeros(0)
        return Contracts(none, none, none, none, none, none, np.zeros(0, np.bool_), none, nothing, nothing, nothing)
    paid, earned = np.add.reduceat(amount, starts), np.add.reduceat(margin, starts)
    last = np.append(first[1:], len(starts)) - 1
    periods = last - first + 1
    standing = over[starts][last] >= as_of_day
    # Without the period before the last, whose renewal may have come before others had to.
    before = np.maximum(last - 1, first)
    early = (periods > 1) & (over[starts][before] >= as_of_day)
    begins, ends = starts[first], starts[last]
    return Contracts(
        holding=holding[begins],
        months=months[begins],
        first_day=day[begins],
        last_day=day[ends],
        paid_until=until[ends],
        periods=periods,
        is_standing=standing,
        settled=periods - 1 - early,
        amount=_mean_of_last(paid, first, last),
        margin=_mean_of_last(earned, first, last),
        pending=_pending(
            lateness_of(payments, as_of_day) if late is None else late, months[begins], as_of_day - until[ends]
        ),
    )


def usual_gaps(payments: Payments, fewest: int) -> tuple[Ints, Ints, Floats]:
    """By product with so many gaps or more between payments: its number, its months, and the middle of the gaps in days."""
    same = payments.holding[1:] == payments.holding[:-1]
    product, months, gap = (
        column[1:][same] for column in (payments.product, payments.months, np.diff(payments.day, prepend=0))
    )
    order = np.lexsort((gap, product))
    product, months, gap = product[order], months[order], gap[order].astype(np.float64)
    starts = np.flatnonzero(np.append(True, product[1:] != product[:-1])[: len(product)])
    sizes = np.diff(np.append(starts, len(product)))
    middle = 0.5 * (gap[starts + (sizes - 1) // 2] + gap[starts + sizes // 2]) if len(starts) else np.zeros(0)
    told = sizes >= fewest
    return product[starts][told], months[starts][told], middle[told]


def is_far_from(gap_days: Floats, months: Ints) -> Bools:
    """Whether payments come so much more often or seldom than the period says that the period must be wrong."""
    return np.abs(np.log(gap_days / (months * DAYS_PER_MONTH))) > np.log1p(FAR_FROM_PERIOD)


def _read(payments: Payments, as_of_day: int) -> tuple[Bools, Ints, Ints, Ints]:
    """Which payments are known; and of these, until when each pays, when its grace is over, and its kind."""
    known = payments.day <= as_of_day
    day, months = payments.day[known], payments.months[known]
    until = months_later(day, months)
    over = until + grace(months)
    return known, until, over, _kinds(payments.holding[known], day, until, over)


def _even_shares(late: Ints, last: int) -> Ints:
    late = np.append(np.sort(late), last)
    if len(late) <= MOST_KEPT:
        return late
    return late[np.rint(np.linspace(0.0, len(late) - 1.0, MOST_KEPT)).astype(np.int64)]


def _pending(late: Mapping[int, Ints], months: Ints, days: Ints) -> Floats:
    pending = np.ones(len(months))
    for length, column in late.items():
        of = months == length
        pending[of] = pending_of(column, days[of])
    return pending


def _mean_of_last(column: Floats, first: Ints, last: Ints) -> Floats:
    begin = np.maximum(first, last - LAST_PAYMENTS + 1)
    sums = np.concatenate([[0.0], np.cumsum(column)])
    return np.asarray((sums[last + 1] - sums[begin]) / (last + 1 - begin))


@njit(cache=True)
def _kinds(holding, day, until, over):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Of each payment: whether it begins a contract, renews it, or adds to the period that runs."""
    kind = np.zeros(day.size, np.int8)
    period = 0
    for i in range(day.size):
        if i == 0 or holding[i] != holding[period] or day[i] > over[period]:
            kind[i] = _BEGINS
            period = i
        elif 2 * (day[i] - day[period]) >= until[period] - day[period]:
            kind[i] = _RENEWS
            period = i
    return kind
