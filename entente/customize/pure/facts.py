"""What the plays look at: one column per fact, one row per customer, all as of one day."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from entente.differentiate.pure.stages import Stage
from entente.lib.errors import EntenteError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.integer]

# The pyramid from the top down.
TOP, BIG, MEDIUM, SMALL, INACTIVE, PROSPECT, SUSPECT = range(7)
LEVELS = 7
NO_PRODUCT = -1


class ImpossibleFact(EntenteError):
    """A customer's facts cannot be true together, or one is missing that may not be."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Columns of n customers; days are counted from `as_of`, NaN means never happened or not known.

    as_of: the day all counts start from.
    level: (n,) TOP to SUSPECT.
    stage: (n,) of the life cycle, codes of differentiate.pure.stages.Stage.
    purchases: (n,) customer-days with an order, ever.
    first_order_days_ago, last_order_days_ago: (n,) NaN for who never ordered.
    usual_gap_days: (n,) the customer's usual days between orders; NaN when one cannot be told.
    next_from_days, next_median_days, next_until_days: (n,) window of the next order, days from as_of, negative when
        past; NaN unknown.
    alive: (n,) chance of still being a customer, in [0, 1].
    alive_meaningful: (n,) False where the law in use cannot tell leaving from waiting.
    margin: (n,) margin of a usual purchase, in the firm's currency.
    clv: (n,) expected lifetime value.
    last_two_way_days: (n,) days since both sides last spoke.
    complaint_open: (n,) bool. detractor_days: (n,) days since a bad rating, NaN none.
    product, product_score, because: (n,) recommended product's index or NO_PRODUCT, its score, the bought product
        that speaks for it.
    last_done_days: (n, plays) days since each play was last done, NaN never.
    not_before_days: (n, plays) days until a postponed or refused play may come back, NaN or <= 0 for now.
    """

    as_of: np.datetime64
    level: Codes
    stage: Codes
    purchases: Codes
    first_order_days_ago: Floats
    last_order_days_ago: Floats
    usual_gap_days: Floats
    next_from_days: Floats
    next_median_days: Floats
    next_until_days: Floats
    alive: Floats
    alive_meaningful: Bools
    margin: Floats
    clv: Floats
    last_two_way_days: Floats
    complaint_open: Bools
    detractor_days: Floats
    product: Codes
    product_score: Floats
    because: Codes
    last_done_days: Floats
    not_before_days: Floats

    def __len__(self) -> int:
        return len(self.level)


def check(facts: Facts, plays: int) -> None:
    """Refuse facts that would slip through as silent NaN or index someone else's row.

    Raises ImpossibleFact, naming the row and the column.
    """
    n = len(facts)
    for field in fields(facts):
        if field.name == "as_of":
            continue
        wanted = (n, plays) if field.name in ("last_done_days", "not_before_days") else (n,)
        shape = getattr(facts, field.name).shape
        if shape != wanted:
            raise ImpossibleFact(
                f"The column {field.name} has the shape {shape}; {wanted} is wanted for {n} customers."
            )
    for name in ("margin", "clv", "alive"):
        values = getattr(facts, name)
        _refuse(name, values, ~np.isfinite(values), "give a number, 0 where there is none")
    for name in (
        "first_order_days_ago",
        "last_order_days_ago",
        "last_two_way_days",
        "detractor_days",
        "usual_gap_days",
    ):
        values = getattr(facts, name)
        _refuse(name, values, np.isinf(values) | (values < 0), "a day ago is 0 or more, NaN for never")
    for name in ("next_from_days", "next_median_days", "next_until_days"):
        values = getattr(facts, name)
        _refuse(name, values, np.isinf(values), "a day is a number, NaN for unknown")
    _refuse("alive", facts.alive, (facts.alive < 0) | (facts.alive > 1), "a chance is from 0 to 1")
    _refuse(
        "level", facts.level, (facts.level < TOP) | (facts.level > SUSPECT), "a level is from 0 (top) to 6 (suspect)"
    )
    _refuse("stage", facts.stage, ~np.isin(facts.stage, list(Stage)), "a stage is one of the nine of the life cycle")
    _refuse("purchases", facts.purchases, facts.purchases < 0, "nobody buys less than never")
    bought = facts.purchases > 0
    for name in ("first_order_days_ago", "last_order_days_ago"):
        values = getattr(facts, name)
        _refuse(name, values, bought & np.isnan(values), "who has bought has a day of it")
    _refuse(
        "last_order_days_ago",
        facts.last_order_days_ago,
        facts.last_order_days_ago > facts.first_order_days_ago,
        "the last order is not before the first",
    )
    recommended = facts.product != NO_PRODUCT
    _refuse(
        "product_score",
        facts.product_score,
        recommended & ~np.isfinite(facts.product_score),
        "a recommended product has a score",
    )


def _refuse(name: str, values: NDArray[np.generic], wrong: Bools, why: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ImpossibleFact(f"Customer row {row}: {name} is {values[row]}; {why}.")
