"""How customers moved in the pyramid: a year back with every cycle, or between any two days when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from entente.differentiate.activity_rates import serving_terms
from entente.differentiate.costs import costs_of
from entente.differentiate.current import in_force
from entente.differentiate.facts import Facts, day_number, find, spread, year_before
from entente.differentiate.models import Cycle, Movement, MovementCell, MovementMember
from entente.differentiate.partitions import partition_of
from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.movement import NOT_THERE, movement
from entente.differentiate.pure.pyramid import Levels, levels
from entente.differentiate.pure.serving_terms import ServingTerms
from entente.differentiate.settings import Basis, basis, cut_offs
from entente.identify.counted import counting
from entente.ledger.models import Interaction
from entente.lib.distinct import distinct
from entente.lib.errors import EntenteError
from entente.staff.firm import the_firm
from entente.staff.models import User
from entente.warehouse.copy_in import copy_columns
from entente.warehouse.extract import Columns, extract

# Movements that were asked for; with each goes a row for every customer.
KEPT = 12
NEVER = -1_000_000  # before any day
EARLIEST = date(1900, 1, 1)


class ImpossibleSpan(EntenteError):
    """Two days between which nothing can have moved, or nothing is known yet."""


@dataclass(frozen=True)
class Standing:
    """Who was known on a day, in the order of their numbers: level, and revenue and profit of the twelve months before."""

    customers: Ints
    level: Levels
    revenue: Floats
    profit: Floats


def standing(
    facts: Facts, on: date, shares: tuple[float, float, float], ranked_by: Basis, terms: ServingTerms
) -> Standing:
    """The pyramid of a day not after `facts.as_of`, by the same law, from the facts as they are known now."""
    last, start = day_number(on), day_number(year_before(on))
    money, contacts = _money(facts, start, last), _contacts(facts, start, last)
    bought_on: Any = _last_purchases(facts, money, last)
    known = facts.known(on)
    customers = distinct(np.concatenate([money["customer_id"], known, contacts["customer_id"]]))
    revenue = spread(money["customer_id"], money["revenue"], customers, 0.0)
    margin = spread(money["customer_id"], money["margin"], customers, 0.0)
    bought = spread(money["customer_id"], bought_on, customers, NEVER)
    ordered = find(money["customer_id"], customers)[1]
    profit = margin - costs_of(facts, customers, start, last, terms)
    level = levels(
        {Basis.REVENUE: revenue, Basis.MARGIN: margin, Basis.PROFIT: profit}[ranked_by],
        bought > start,
        bought > NEVER,
        spread(contacts["customer_id"], contacts["in_dialogue"], customers, False) | ordered,
        shares,
    )
    return Standing(customers, level, revenue, profit)


def as_a_year_before(
    facts: Facts, table: Mapping[str, Any], shares: tuple[float, float, float], ranked_by: Basis, terms: ServingTerms
) -> dict[str, Any]:
    """Where each customer of the table stood a year earlier, and what they brought in the year before that day.

    Columns of the valuations: level_before (masked: nobody knew them), revenue_before, profit_before.
    """
    then = standing(facts, year_before(facts.as_of), shares, ranked_by, terms)
    at, was_there = find(then.customers, table["customer_id"])

    def of_then(column: Any) -> np.ndarray[Any, Any]:
        found = np.zeros(len(was_there), column.dtype)
        found[was_there] = column[at[was_there]]
        return found

    return {
        "level_before": np.ma.masked_array(of_then(then.level).astype(np.int16), ~was_there),
        "revenue_before": of_then(then.revenue),
        "profit_before": of_then(then.profit),
    }


def write_year(cycle: Cycle, table: Mapping[str, Any], ranked_by: Basis) -> None:
    """The movement of the cycle's year, from its valuations. Part of their transaction; again for the same cycle: anew."""
    Movement.objects.filter(cycle=cycle).delete()
    made = Movement.objects.create(
        cycle=cycle,
        from_on=year_before(cycle.as_of),
        to_on=cycle.as_of,
        currency=cycle.currency,
        basis=ranked_by,
        by=cycle.by,
    )
    before = np.ma.filled(table["level_before"], NOT_THERE)
    now = {"revenue_after": "revenue_year", "profit_after": "profit_year", "value_after": "value"}
    _write_cells(made, before, table["level"], {**table, **{name: table[column] for name, column in now.items()}})


def check_span(from_on: date, to_on: date, *, today: date) -> None:
    """Raises ImpossibleSpan."""
    if to_on > today:
        raise ImpossibleSpan(
            _("%(day)s lies ahead. Give a day up to today, %(today)s.") % {"day": to_on, "today": today}
        )
    if from_on < EARLIEST:
        raise ImpossibleSpan(_("Give a first day from %(day)s on.") % {"day": EARLIEST})
    if from_on >= to_on:
        raise ImpossibleSpan(_("The second day must come after the first."))


def work_out(from_on: date, to_on: date, *, today: date, by: User | None) -> Movement:
    """The movement between two days, from the facts as they are now, with who is in each cell. Raises ImpossibleSpan."""
    check_span(from_on, to_on, today=today)
    firm, ranked_by, shares, terms = the_firm(), basis(), cut_offs(), serving_terms()
    with extract() as columns:
        facts = Facts(columns, to_on, currency=firm.currency, margin_rate=float(firm.margin_rate), counting=counting())
        first, second = (standing(facts, on, shares, ranked_by, terms) for on in (from_on, to_on))
        worth = _worth_now(columns)
        notes = list(facts.notes)
    customers = distinct(np.concatenate([first.customers, second.customers]))

    def laid(day: Standing, column: Any) -> Any:
        return spread(day.customers, column, customers, NOT_THERE)

    found = {
        "customer_id": customers,
        "from_level": laid(first, first.level).astype(np.int16),
        "to_level": laid(second, second.level).astype(np.int16),
        "value": spread(worth["customer_id"], worth["value"], customers, 0.0),
        "revenue_before": laid(first, first.revenue),
        "revenue_after": laid(second, second.revenue),
        "profit_before": laid(first, first.profit),
        "profit_after": laid(second, second.profit),
    }
    with transaction.atomic():
        made = Movement.objects.create(
            from_on=from_on, to_on=to_on, currency=firm.currency, basis=ranked_by, notes=notes, by=by
        )
        _write_cells(made, found["from_level"], found["to_level"], {**found, "value_after": found["value"]})
        number = np.full(len(customers), made.pk, np.int64)
        copy_columns(MovementMember._meta.db_table, {"movement_id": number, **found})
        _forget()
    return made


def _forget() -> None:
    """Let go the oldest of those that were asked for. A row a customer is deleted where it is, none is fetched."""
    asked_for = Movement.objects.filter(cycle=None).order_by("-id")
    old = list(asked_for.values_list("pk", flat=True)[KEPT:])
    members = MovementMember.objects.filter(movement__in=old)
    members._raw_delete(members.db)
    Movement.objects.filter(pk__in=old).delete()


def _write_cells(made: Movement, before: Levels, after: Levels, of: Mapping[str, Any]) -> None:
    names = ("revenue_before", "revenue_after", "profit_before", "profit_after", "value_after")
    found = movement(before, after, **{name: np.asarray(of[name]) for name in names})
    MovementCell.objects.bulk_create(
        MovementCell(
            movement=made,
            from_level=cell.before,
            to_level=cell.after,
            customers=cell.customers,
            **{name: getattr(cell, name) for name in names},
            change_sd=cell.change_sd,
            changes=[round(part, 4) for part in cell.changes],
        )
        for cell in found
    )


def _money(facts: Facts, start: int, last: int) -> Columns:
    """By customer with any order until the last day: revenue and margin of the days after `start`, day of the last purchase as ordered."""
    _lines = facts._lines
    return facts.extract.columns(
        """
        SELECT customer_id, round(coalesce(sum(amount) FILTER (day > $start), 0.0), 6) AS revenue,
               round(coalesce(sum(coalesce(margin, amount * $rate)) FILTER (day > $start), 0.0), 6) AS margin,
               coalesce(max(day) FILTER (amount > 0), $never) AS last_day
        FROM lines WHERE day <= $last GROUP BY customer_id ORDER BY customer_id
        """,
        {"start": start, "last": last, "rate": facts.margin_rate, "never": NEVER},
    )


def _last_purchases(facts: Facts, money: Columns, last: int) -> Ints:
    """The day of each customer's last purchase, NEVER without one. Only of those who returned something are purchases netted one by one."""
    found = np.array(money["last_day"], np.int64)
    days = facts.net_of_returners(last)
    returners = facts.extract.columns("FROM returners ORDER BY customer_id")["customer_id"]
    at, _ = find(money["customer_id"], returners)
    found[at] = NEVER
    ends = np.append(days.customer[1:] != days.customer[:-1], np.ones(min(len(days.customer), 1), np.bool_))
    at, _ = find(money["customer_id"], days.customer[ends])
    found[at] = days.day[ends]
    return found


def _contacts(facts: Facts, start: int, last: int) -> Columns:
    """By customer with any contact until the last day: did they talk with us after `start`?"""
    _members = facts._members
    return facts.extract.columns(
        f"""
        SELECT m.customer_id, bool_or(i.is_two_way AND i.day > $start) AS in_dialogue
        FROM (
            SELECT party_id, is_two_way, floor(epoch("at"))::BIGINT // 86400 AS day FROM pg.{Interaction._meta.db_table}
        ) i
        JOIN members m USING (party_id)
        WHERE i.day <= $last GROUP BY m.customer_id ORDER BY m.customer_id
        """,
        {"start": start, "last": last},
    )


def _worth_now(columns: Any) -> Columns:
    cycle = in_force()
    if cycle is None:
        return {"customer_id": np.zeros(0, np.int64), "value": np.zeros(0)}
    found: Columns = columns.columns(f"SELECT customer_id, value FROM pg.{partition_of(cycle)} ORDER BY customer_id")
    return found
