"""What is each customer worth? Reads the facts of a day, calls the laws, writes the valuations of a cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from entente.differentiate.facts import Facts, day_number, spread, year_before
from entente.differentiate.models import Cycle, PyramidCell
from entente.differentiate.partitions import write_partition
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.buying_fit import choose_law
from entente.differentiate.pure.buying_laws import BuyingLaw
from entente.differentiate.pure.histories import BuyingHistories, from_customer_days
from entente.differentiate.pure.lifetime_value import WEEKS_PER_YEAR, LifetimeValues, lifetime_value
from entente.differentiate.pure.netting import CustomerDays
from entente.differentiate.pure.purchases import (
    alive_is_meaningful,
    expected_purchases,
    probability_alive,
)
from entente.differentiate.pure.pyramid import CUT_OFFS, cells, levels
from entente.differentiate.pure.spend import choose_spend_law
from entente.differentiate.pure.stages import stages
from entente.lib.distinct import distinct

# How far a margin made from one assumed rate may be off.
MARGIN_SHARE = 0.2
# A standard error in an interval of 80 %.
SPREAD_OF_80 = 1.2816
# How far values may be off where the data cannot tell who has left: a starting guess.
NO_CHURN_SHARE = 0.25
SEED = 20_050_101

Progress = Callable[[str, float, float | None], None]


@dataclass(frozen=True)
class Laws:
    """The laws behind a set of valuations, ready to be kept and shown."""

    words: dict[str, Any]
    notes: tuple[str, ...]


def value_customers(
    cycle: Cycle, facts: Facts, *, cut_offs: tuple[float, float, float] = CUT_OFFS, progress: Progress
) -> dict[str, Any]:
    """Value every customer known at the cycle's date; write partition and pyramid. Returns totals and the laws.

    Safe to run again: what an earlier, killed run left of this cycle is replaced.
    """
    progress("Reading order lines", 0, None)
    days = facts.purchases()
    money = facts.money()
    progress("Fitting the laws", 0, None)
    table, laws, relative_error = _valuations(days, money, facts, cut_offs)
    progress("Writing valuations", 0, None)
    with transaction.atomic():
        write_partition(cycle, table)
        _write_cells(cycle, table, relative_error)
    anonymous = facts.anonymous_revenue()
    return {
        "customers": len(table["customer_id"]),
        "laws": laws.words,
        "notes": [*facts.notes, *laws.notes],
        "anonymous_revenue": anonymous,
        "revenue": float(table["revenue_year"].sum()),
        "value": float(table["value"].sum()),
        "value_relative_error": relative_error,
        "unmatched_returns": days.unmatched,
        "cancelled_days": days.cancelled_days,
    }


def _valuations(
    days: CustomerDays, money: Mapping[str, Any], facts: Facts, cut_offs: tuple[float, float, float]
) -> tuple[dict[str, Any], Laws, float]:
    today = day_number(facts.as_of)
    buyers, histories = from_customer_days(days.customer, days.day, days.amount, today)
    contacts = facts.contacts
    customers = distinct(np.concatenate([buyers, money["customer_id"], facts.known(), contacts["customer_id"]]))
    at = np.searchsorted(customers, buyers)

    revenue_year = spread(money["customer_id"], money["revenue_year"], customers, 0.0)
    margin_year = spread(money["customer_id"], money["margin_year"], customers, 0.0)
    worth, laws, relative_error = _worth(buyers, histories, money, facts)
    last_ago, gap_before_last = _last_and_gap(days, buyers, today)
    bought_lately = np.zeros(len(customers), bool)
    bought_lately[at] = last_ago < today - day_number(year_before(facts.as_of))
    bought = np.zeros(len(customers), bool)
    bought[at] = True
    in_dialogue = spread(contacts["customer_id"], contacts["in_dialogue"], customers, False)
    coming = facts.coming

    def of_buyers(column: Any, default: float = 0.0) -> np.ndarray[Any, Any]:
        out = np.full(len(customers), default, dtype=np.asarray(column).dtype)
        out[at] = column
        return out

    # Whose every order was cancelled never bought, but did speak to us.
    ordered = np.isin(customers, money["customer_id"])
    level = levels(revenue_year, bought_lately, bought, in_dialogue | ordered, cut_offs)
    stage = stages(
        purchases=of_buyers(histories.purchases),
        first_days_ago=of_buyers(histories.age_days),
        last_days_ago=of_buyers(last_ago),
        gap_before_last_days=of_buyers(gap_before_last),
        alive=of_buyers(worth["alive"], 1.0),
        alive_is_known=of_buyers(worth["alive_is_known"]).astype(bool),
        complaint_open=spread(contacts["customer_id"], contacts["complaint_open"], customers, False),
        in_dialogue=in_dialogue | ordered,
    )
    never = np.datetime64("NaT", "D")

    def dates(column: Any) -> np.ndarray[Any, Any]:
        out = np.full(len(customers), never)
        out[at] = column.astype("datetime64[D]")
        return out

    table: dict[str, Any] = {
        "customer_id": customers,
        "level": level.astype(np.int16),
        "stage": stage.astype(np.int16),
        "country": facts.countries(customers),
        "purchases": of_buyers(histories.purchases).astype(np.int32),
        "first_on": dates(today - histories.age_days),
        "last_on": dates(today - last_ago),
        "revenue_year": revenue_year,
        "revenue_all": spread(money["customer_id"], money["revenue_all"], customers, 0.0),
        "margin_year": margin_year,
        "margin_is_estimate": spread(money["customer_id"], money["is_estimate"], customers, False),
        "spend": of_buyers(worth["spend"]),
        "expected_year": of_buyers(worth["expected_year"]),
        "alive": np.ma.masked_array(of_buyers(worth["alive"]), ~of_buyers(worth["alive_is_known"]).astype(bool)),
        "next_from_on": dates(_day(coming.from_days, coming.is_expected, today)),
        "next_on": dates(_day(coming.median_days, coming.is_expected, today)),
        "next_to_on": dates(_day(coming.until_days, coming.is_expected, today)),
        "value": of_buyers(worth["value"]),
        "value_low": of_buyers(worth["value_low"]),
        "value_high": of_buyers(worth["value_high"]),
    }
    return table, laws, relative_error


def _worth(
    buyers: Ints, histories: BuyingHistories, money: Mapping[str, Any], facts: Facts
) -> tuple[dict[str, Any], Laws, float]:
    if not len(buyers):
        empty = np.zeros(0)
        names = ("alive", "alive_is_known", "spend", "expected_year")
        return (
            dict.fromkeys((*names, "value", "value_low", "value_high"), empty),
            Laws({}, (_("Nobody has bought until this day, so nothing can be valued."),)),
            0.0,
        )
    choice = choose_law(histories)
    spend_choice = choose_spend_law(histories.purchases, histories.spend_mean)
    law = choice.law
    x, recency, age = histories.repeats, histories.recency, histories.age
    values: LifetimeValues = lifetime_value(
        law,
        spend_choice.law,
        histories,
        margin=_margin_share(buyers, money, facts.margin_rate),
        rng=np.random.default_rng(SEED + day_number(facts.as_of)),
    )
    worth = {
        "alive": probability_alive(law, x, recency, age),
        "alive_is_known": alive_is_meaningful(law, x),
        "spend": values.spend,
        "expected_year": expected_purchases(law, x, recency, age, WEEKS_PER_YEAR),
        "value": values.expected,
        "value_low": values.low,
        "value_high": values.high,
    }
    words = {
        "buying": _law_words(law),
        "spend": {
            k: v
            for k, v in asdict(spend_choice.law).items()
            if k in ("name", "parameters", "customers", "mean", "correlation")
        },
        "refused": [{"law": refusal.title, "reason": refusal.reason} for refusal in choice.refusals]
        + ([{"law": "Gamma-Gamma", "reason": spend_choice.refusal}] if spend_choice.refusal else []),
    }
    # 80 % of the total; where leaving is not identified, the doubt about the law outweighs that about its parameters.
    spread_share = max(SPREAD_OF_80 * values.relative_error, 0.0 if law.knows_churn else NO_CHURN_SHARE)
    return worth, Laws(words, (*law.notes, *spend_choice.law.notes)), spread_share


def _law_words(law: BuyingLaw) -> dict[str, Any]:
    return {
        "name": law.name,
        "title": law.title,
        "parameters": law.parameters,
        "log_likelihood": law.log_likelihood,
        "customers": law.customers,
        "knows_churn": law.knows_churn,
    }


def _margin_share(buyers: Ints, money: Mapping[str, Any], rate: float) -> Floats:
    """Each customer's own margin share over all time, drawn to the firm's rate where little money stands behind it."""
    revenue = spread(money["customer_id"], money["revenue_all"], buyers, 0.0)
    margin = spread(money["customer_id"], money["margin_all"], buyers, 0.0)
    total = float(revenue[revenue > 0].sum())
    usual = float(margin[revenue > 0].sum()) / total if total > 0 else rate
    behind = max(total / max(int((revenue > 0).sum()), 1), 1e-9)
    share = (margin + usual * behind) / (np.maximum(revenue, 0.0) + behind)
    return np.clip(np.where(revenue > 0, share, usual), -1.0, 1.0)


def _last_and_gap(days: CustomerDays, buyers: Ints, today: int) -> tuple[Ints, Ints]:
    """Days since the last purchase, and the gap before it (0 after a first purchase)."""
    ends = np.searchsorted(days.customer, buyers, side="right") - 1
    last = days.day[ends]
    before = np.maximum(ends - 1, 0)
    has_before = (ends > 0) & (days.customer[before] == buyers)
    return today - last, np.where(has_before, last - days.day[before], 0)


def _day(days_ahead: Floats, is_expected: Bools, today: int) -> np.ndarray[Any, Any]:
    """The day so many days ahead; NaT where no order is expected."""
    whole = np.rint(np.where(is_expected, days_ahead, 0.0)).astype(np.int64)
    return np.where(is_expected, (today + whole).astype("datetime64[D]"), np.datetime64("NaT", "D"))


def _write_cells(cycle: Cycle, table: Mapping[str, Any], relative_error: float) -> None:
    found = cells(
        table["level"],
        table["revenue_year"],
        table["margin_year"],
        ~table["margin_is_estimate"],
        table["value"],
        margin_share=MARGIN_SHARE,
        lifetime_value_share=relative_error,
    )
    PyramidCell.objects.filter(cycle=cycle).delete()
    rows = []
    for cell in found:
        rows.append(
            PyramidCell(
                cycle=cycle, level=int(cell.level or 0), measure="customers", amount=cell.customers, precision="exact"
            )
        )
        for measure, figure in (("revenue", cell.revenue), ("margin", cell.margin), ("value", cell.lifetime_value)):
            rows.append(
                PyramidCell(
                    cycle=cycle, level=int(cell.level or 0), measure=measure, amount=figure.value,
                    precision=figure.precision.value, spread=figure.share,
                )
            )  # fmt: skip
    PyramidCell.objects.bulk_create(rows)
