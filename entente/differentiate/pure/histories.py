"""How each customer has bought so far: the facts every buying law needs, and nothing else.

One purchase is one customer-day. `x` repeats after the first purchase, recency `t_x` (first to last purchase) and age
`T` (first purchase to the day of asking) are sufficient for BG/NBD and its relatives (Fader, Hardie & Lee 2005).
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from entente.differentiate.pure.arrays import Bools, Floats, Indexes, Ints
from entente.differentiate.pure.grouping import distinct
from entente.lib.errors import EntenteError

DAYS_PER_WEEK = 7.0


class ImpossibleHistory(EntenteError):
    """A history that cannot have happened: the rows it came from must be looked at."""


@dataclass(frozen=True)
class BuyingHistories:
    """One entry per customer, all arrays (n,).

    repeats: purchases after the first, 0 or more.
    recency_days: days from the first purchase to the last; 0 without a repeat.
    age_days: days from the first purchase to the day of asking.
    spend_mean: mean amount per purchase, the first one included, in the firm's currency.
    log_gaps: sum of ln(weeks between two purchases that follow each other), 0 without a repeat. Tells how regularly customers
    buy; where it is not given, laws of regular buying cannot be told from those of random buying.

    Raises ImpossibleHistory unless 0 <= repeats, 0 <= recency <= age, recency is 0 exactly where there is no repeat (a
    repeat is another day), and all spend is finite.
    """

    repeats: Ints
    recency_days: Ints
    age_days: Ints
    spend_mean: Floats
    log_gaps: Floats | None = field(default=None)

    def __post_init__(self) -> None:
        for name in ("repeats", "recency_days", "age_days"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.int64))
        object.__setattr__(self, "spend_mean", np.ascontiguousarray(self.spend_mean, dtype=np.float64))
        if len({len(column) for column in self._columns() if column is not None}) != 1:
            raise ImpossibleHistory(
                "Every customer needs repeats, recency, age and spend: the columns differ in length."
            )
        wrong = (self.repeats < 0) | (self.recency_days < 0) | (self.recency_days > self.age_days)
        wrong |= (self.repeats == 0) != (self.recency_days == 0)
        wrong |= ~np.isfinite(self.spend_mean)
        if self.log_gaps is not None:
            wrong |= ~np.isfinite(self.log_gaps)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise ImpossibleHistory(
                f"Customer number {at} has {self.repeats[at]} repeats, the last {self.recency_days[at]} days after the "
                f"first, seen for {self.age_days[at]} days, mean spend {self.spend_mean[at]}: that cannot be. "
                "Check the order dates and amounts this history was made from."
            )

    def __len__(self) -> int:
        return len(self.repeats)

    def _columns(self) -> tuple[Ints, Ints, Ints, Floats, Floats | None]:
        return self.repeats, self.recency_days, self.age_days, self.spend_mean, self.log_gaps

    def take(self, rows: Ints | Bools | slice) -> "BuyingHistories":
        """Some of the customers: their numbers in line, a mask, or a slice."""
        return BuyingHistories(*(None if column is None else column[rows] for column in self._columns()))  # type: ignore[arg-type]

    @cached_property
    def grouped(self) -> "GroupedHistories":
        """The distinct (x, t_x, T) with counts. One pass, no sort, made once."""
        groups = distinct(self.repeats, self.recency_days, self.age_days)
        return GroupedHistories(
            repeats=self.repeats[groups.first],
            recency_days=self.recency_days[groups.first],
            age_days=self.age_days[groups.first],
            customers=groups.sizes,
            of_customer=groups.of_row,
        )

    @property
    def purchases(self) -> Ints:
        """All purchases, the first included: x + 1."""
        return self.repeats + 1

    @property
    def recency(self) -> Floats:
        """Weeks from the first purchase to the last."""
        return self.recency_days / DAYS_PER_WEEK

    @property
    def age(self) -> Floats:
        """Weeks since the first purchase."""
        return self.age_days / DAYS_PER_WEEK


@dataclass(frozen=True)
class GroupedHistories:
    """The distinct (x, t_x, T), each (g,), with the number of customers who share it.

    of_customer: (n,) the group of each customer, so that what is computed per group is handed out by indexing.
    """

    repeats: Ints
    recency_days: Ints
    age_days: Ints
    customers: Ints
    of_customer: Indexes


def from_customer_days(customer: Ints, day: Ints, amount: Floats, as_of_day: int) -> tuple[Ints, BuyingHistories]:
    """Histories as they stood at the end of `as_of_day`, from one row per customer and day.

    customer: (m,) customer numbers, sorted; within a customer the days rise (as `netting.net_purchases` returns them).
    day: (m,) day numbers of any calendar that counts days one by one; later days than `as_of_day` are left out.
    amount: (m,) what was bought that day.

    Returns the customer numbers (n,) and their histories, in the same order. Raises ImpossibleHistory when unsorted.
    """
    customer, day, amount = _plain(customer, np.int64), _plain(day, np.int64), _plain(amount, np.float64)
    ids, *columns, is_sorted = _histories(customer, day, amount, as_of_day)
    if not is_sorted:
        raise ImpossibleHistory(
            "Customer-days must be sorted by customer and day, one row for each. Sort and add up first."
        )
    return ids, BuyingHistories(*columns)


def _plain(column: npt.NDArray[Any], kind: type[np.generic]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(column, dtype=kind)


@njit(cache=True)
def _histories(customer, day, amount, as_of_day):  # type: ignore[no-untyped-def]  # pragma: no cover
    """The columns of the histories, and whether the rows known by then were sorted."""
    n = 0
    before = -1
    for i in range(customer.size):
        if day[i] <= as_of_day:
            n += before < 0 or customer[i] != customer[before]
            before = i
    ids = np.empty(n, np.int64)
    repeats = np.zeros(n, np.int64)
    first = np.empty(n, np.int64)
    last = np.empty(n, np.int64)
    spend = np.zeros(n, np.float64)
    log_gaps = np.zeros(n, np.float64)
    is_sorted = True
    at = -1
    for i in range(customer.size):
        if day[i] > as_of_day:
            continue
        if at < 0 or customer[i] != ids[at]:
            if at >= 0 and customer[i] < ids[at]:
                is_sorted = False
                break
            at += 1
            ids[at] = customer[i]
            first[at] = day[i]
        else:
            if day[i] <= last[at]:
                is_sorted = False
                break
            repeats[at] += 1
            log_gaps[at] += np.log((day[i] - last[at]) / DAYS_PER_WEEK)
        last[at] = day[i]
        spend[at] += amount[i]
    return ids, repeats, last - first, as_of_day - first, spend / (repeats + 1), log_gaps, is_sorted
