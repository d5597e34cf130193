"""What is each customer worth? Reads the facts of a day, calls the laws, writes the valuations of a cycle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from django.db import transaction

from entente.differentiate.activity_rates import serving_terms
from entente.differentiate.contract_settings import occasion_months
from entente.differentiate.costs import Serving, serving_of
from entente.differentiate.facts import Facts, day_number, spread, year_before
from entente.differentiate.models import Cycle, Level, PyramidCell
from entente.differentiate.movement import as_a_year_before, write_year
from entente.differentiate.needs import needs_of
from entente.differentiate.occasions_told import occasions_told
from entente.differentiate.partitions import write_partition
from entente.differentiate.profile import profiled
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.netting import CustomerDays
from entente.differentiate.pure.pyramid import CUT_OFFS, cells, levels
from entente.differentiate.pure.serving_terms import ServingTerms
from entente.differentiate.pure.stages import stages
from entente.differentiate.renewal_columns import Lasting, lasting_of, renewed_columns, with_renewals
from entente.differentiate.renewals import Renewals, renewals_of
from entente.differentiate.settings import Basis
from entente.differentiate.stage_changes import follow_stages, write_stage_changes
from entente.differentiate.worth import Worth, worth_of
from entente.lib.distinct import distinct

# How far a margin made from one assumed rate may be off.
MARGIN_SHARE = 0.2

Progress = Callable[[str, float, float | None], None]


def value_customers(
    cycle: Cycle,
    facts: Facts,
    *,
    cut_offs: tuple[float, float, float] = CUT_OFFS,
    basis: Basis = Basis.REVENUE,
    terms: ServingTerms | None = None,
    progress: Progress,
) -> dict[str, Any]:
    """Value every customer known at the cycle's date; write partition and pyramid. Returns totals and the laws.

    basis: by what active customers are ranked. terms: what serving them costs; without them those in force.
    Safe to run again: what an earlier, killed run left of this cycle is replaced.
    """
    progress("Reading order lines", 0, None)
    days = facts.purchases()
    money = facts.money()
    progress("Fitting the laws", 0, None)
    table, worth, serving, renewals = _valuations(days, money, facts, cut_offs, basis, terms or serving_terms())
    error = worth.spread_share if renewals is None else with_renewals(worth, renewals)
    progress("Finding needs", 0, None)
    needed = needs_of(cycle, facts, table)
    table |= needed.columns
    followed = follow_stages(cycle, facts, table)
    table |= followed.columns
    profile = profiled(facts, table)
    table |= profile.columns
    progress("Writing valuations", 0, None)
    with transaction.atomic():
        write_partition(cycle, table)
        _write_cells(cycle, table, error, serving)
        write_year(cycle, table, basis)
        changed = write_stage_changes(cycle, followed)
    anonymous = facts.anonymous_revenue()
    return {
        "customers": len(table["customer_id"]),
        "laws": worth.words if renewals is None else {**worth.words, "contracts": renewals.words},
        "notes": [*facts.notes, *worth.notes, *(renewals.notes if renewals else ())],
        "anonymous_revenue": anonymous,
        "basis": basis.value,
        "revenue": float(table["revenue_year"].sum()),
        "serving": serving.sums,
        "below_zero": _below_zero(table),
        "needs": needed.told,
        "profile": profile.told,
        "stage_changes": changed,
        "value": float(table["value"].sum()),
        "value_relative_error": error,
        "retention": _retention(worth, table),
        "unmatched_returns": days.unmatched,
        "cancelled_days": days.cancelled_days,
        **({"contracts": renewals.told} if renewals else {}),
        **occasions_told(facts, occasion_months()),
    }


def _valuations(
    days: CustomerDays,
    money: Mapping[str, Any],
    facts: Facts,
    cut_offs: tuple[float, float, float],
    basis: Basis,
    terms: ServingTerms,
) -> tuple[dict[str, Any], Worth, Serving, Renewals | None]:
    today = day_number(facts.as_of)
    buyers = distinct(days.customer)
    contacts = facts.contacts
    customers = distinct(np.concatenate([buyers, money["customer_id"], facts.known(), contacts["customer_id"]]))
    at = np.searchsorted(customers, buyers)

    revenue_year = spread(money["customer_id"], money["revenue_year"], customers, 0.0)
    margin_year = spread(money["customer_id"], money["margin_year"], customers, 0.0)
    serving = serving_of(facts, customers, buyers, days, terms)
    profit_year = margin_year - serving.year
    free = facts.free_purchases()
    if facts.has_contracts:
        free_buyers = distinct(free.customer)
        worth = worth_of(free, facts.free_money(), facts, serving.of(np.searchsorted(buyers, free_buyers)))
        renewals = renewals_of(facts, worth, buyers, serving.purchase.each)
        free_at = np.searchsorted(customers, free_buyers)
    else:
        worth, renewals, free_at = worth_of(days, money, facts, serving), None, at
    values = worth.values
    bought_often, first_ago, last_ago, gap_before_last = _bought(days, buyers, today)
    bought_lately = np.zeros(len(customers), bool)
    bought_lately[at] = last_ago < today - day_number(year_before(facts.as_of))
    bought = np.zeros(len(customers), bool)
    bought[at] = True
    in_dialogue = spread(contacts["customer_id"], contacts["in_dialogue"], customers, False)
    coming = facts.coming

    def of_buyers(column: Any) -> np.ndarray[Any, Any]:
        out = np.zeros(len(customers), np.asarray(column).dtype)
        out[at] = column
        return out

    def by_law(column: Any, default: float = 0.0) -> np.ndarray[Any, Any]:
        """Of those of whom the laws of buying say something."""
        out = np.full(len(customers), default, dtype=np.asarray(column).dtype)
        out[free_at] = column
        return out

    # Whose every order was cancelled never bought, but did speak to us.
    ordered = np.isin(customers, money["customer_id"])
    ranked_by = {Basis.REVENUE: revenue_year, Basis.MARGIN: margin_year, Basis.PROFIT: profit_year}[basis]
    level = levels(ranked_by, bought_lately, bought, in_dialogue | ordered, cut_offs)
    lasting = Lasting(
        by_law(worth.alive, 1.0), by_law(worth.alive_is_known), of_buyers(last_ago), of_buyers(gap_before_last)
    )
    if renewals is not None:
        lasting = lasting_of(lasting, customers, free_at, renewals)
    stage, why = stages(
        purchases=of_buyers(bought_often),
        first_days_ago=of_buyers(first_ago),
        last_days_ago=lasting.silent_days,
        gap_before_last_days=lasting.gap_days,
        alive=lasting.alive,
        alive_is_known=lasting.is_known,
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
        "stage_reason": why.astype(np.int16),
        "country": facts.countries(customers),
        "purchases": of_buyers(bought_often).astype(np.int32),
        "first_on": dates(today - first_ago),
        "last_on": dates(today - last_ago),
        "revenue_year": revenue_year,
        "revenue_all": spread(money["customer_id"], money["revenue_all"], customers, 0.0),
        "margin_year": margin_year,
        "margin_is_estimate": spread(money["customer_id"], money["is_estimate"], customers, False),
        "spend": by_law(values.spend if values else np.zeros(0)),
        "expected_year": by_law(values.first_year if values else np.zeros(0)),
        "alive": np.ma.masked_array(lasting.alive, ~lasting.is_known),
        "next_from_on": dates(_day(coming.from_days, coming.is_expected, today)),
        "next_on": dates(_day(coming.median_days, coming.is_expected, today)),
        "next_to_on": dates(_day(coming.until_days, coming.is_expected, today)),
        "value": by_law(values.expected if values else np.zeros(0)),
        "value_low": by_law(values.low if values else np.zeros(0)),
        "value_high": by_law(values.high if values else np.zeros(0)),
        "cost_year": serving.year,
        "profit_year": profit_year,
    }
    if renewals is not None:
        table |= renewed_columns(table, renewals)
    table |= as_a_year_before(facts, table, cut_offs, basis, terms)
    return table, worth, serving, renewals


def _retention(worth: Worth, table: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What one more point of retention is worth on each level, over the horizon of the lifetime values."""
    level = table["level"][np.searchsorted(table["customer_id"], worth.buyers)]
    return {str(one.level): {"rate": one.rate, "worth": one.worth} for one in worth.retention(level, len(Level))}


def _bought(days: CustomerDays, buyers: Ints, today: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Of each buyer how often they bought, days since the first and the last purchase, and the gap before it (0 after a first one)."""
    ends = np.searchsorted(days.customer, buyers, side="right") - 1
    starts = np.append(0, ends[:-1] + 1)[: len(ends)]
    last = days.day[ends]
    before = np.maximum(ends - 1, 0)
    gap = np.where(ends > starts, last - days.day[before], 0)
    return ends - starts + 1, today - days.day[starts], today - last, gap


def _day(days_ahead: Floats, is_expected: Bools, today: int) -> np.ndarray[Any, Any]:
    """The day so many days ahead; NaT where no order is expected."""
    whole = np.rint(np.where(is_expected, days_ahead, 0.0)).astype(np.int64)
    return np.where(is_expected, (today + whole).astype("datetime64[D]"), np.datetime64("NaT", "D"))


def _below_zero(table: Mapping[str, Any]) -> dict[str, Any]:
    """How many who ever bought brought less than serving them cost, by level too, and how much less."""
    at_a_loss = (table["profit_year"] < 0) & (table["level"] <= Level.INACTIVE)
    of_level = np.bincount(table["level"][at_a_loss], minlength=len(Level) + 1)
    return {
        "customers": int(at_a_loss.sum()), "loss": float(-table["profit_year"][at_a_loss].sum()),
        "levels": {str(int(one)): int(of_level[one]) for one in Level},
    }  # fmt: skip


def _write_cells(cycle: Cycle, table: Mapping[str, Any], relative_error: float, serving: Serving) -> None:
    found = cells(
        table["level"],
        table["revenue_year"],
        table["margin_year"],
        ~table["margin_is_estimate"],
        table["value"],
        margin_share=MARGIN_SHARE,
        lifetime_value_share=relative_error,
        costs=serving.by_level(table["level"]),
    )
    PyramidCell.objects.filter(cycle=cycle).delete()
    rows = []
    for cell in found:
        rows.append(
            PyramidCell(
                cycle=cycle, level=int(cell.level or 0), measure="customers", amount=cell.customers, precision="exact"
            )
        )
        for measure, figure in (
            ("revenue", cell.revenue), ("margin", cell.margin), ("cost", cell.cost), ("profit", cell.profit),
            ("value", cell.lifetime_value),
        ):  # fmt: skip
            rows.append(
                PyramidCell(
                    cycle=cycle, level=int(cell.level or 0), measure=measure, amount=figure.value,
                    precision=figure.precision.value, spread=figure.share,
                )
            )  # fmt: skip
    PyramidCell.objects.bulk_create(rows)
