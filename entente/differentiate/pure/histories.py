"""How each customer has bought so far: the facts every buying law needs, and nothing else.

One purchase is one customer-day. `x` repeats after the first purchase, recency `t_x` (first to last purchase) and age
`T` (first purchase to the day of asking) are sufficient for BG/NBD and its relatives (Fader, Hardie & Lee 2005).
"""

from dataclasses import dataclass, field

import numpy as np

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


def group(histories: BuyingHistories) -> GroupedHistories:
    """Collapse customers to the distinct (x, t_x, T) with counts. One pass, no sort."""
    groups = distinct(histories.repeats, histories.recency_days, histories.age_days)
    return GroupedHistories(
        repeats=histories.repeats[groups.first],
        recency_days=histories.recency_days[groups.first],
        age_days=histories.age_days[groups.first],
        customers=groups.sizes,
        of_customer=groups.of_row,
    )


def from_customer_days(customer: Ints, day: Ints, amount: Floats, as_of_day: int) -> tuple[Ints, BuyingHistories]:
    """Histories as they stood at the end of `as_of_day`, from one row per customer and day.

    customer: (m,) customer numbers, sorted; within a customer the days rise (as `netting.net_purchases` returns them).
    day: (m,) day numbers of any calendar that counts days one by one; later days than `as_of_day` are left out.
    amount: (m,) what was bought that day.

    Returns the customer numbers (n,) and their histories, in the same order. Raises ImpossibleHistory when unsorted.
    """
    known = day <= as_of_day
    customer, day, amount = customer[known], day[known].astype(np.int64), amount[known]
    if not len(customer):
        none = np.zeros(0, np.int64)
        return none, BuyingHistories(none, none, none, np.zeros(0))
    same = customer[1:] == customer[:-1]
    if (customer[1:] < customer[:-1]).any() or (same & (day[1:] <= day[:-1])).any():
        raise ImpossibleHistory(
            "Customer-days must be sorted by customer and day, one row for each. Sort and add up first."
        )
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    ends = np.append(starts[1:], len(customer)) - 1
    bought = ends - starts + 1
    log_gap = np.zeros(len(customer))
    log_gap[1:][same] = np.log((day[1:] - day[:-1])[same] / DAYS_PER_WEEK)
    return customer[starts].astype(np.int64), BuyingHistories(
        repeats=bought - 1,
        recency_days=day[ends] - day[starts],
        age_days=as_of_day - day[starts],
        spend_mean=np.add.reduceat(amount.astype(np.float64), starts) / bought,
        log_gaps=np.add.reduceat(log_gap, starts),
    )
