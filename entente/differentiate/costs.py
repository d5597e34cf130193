"""What was done for each customer in a period, and what serving them cost: orders, deliveries, contacts, reminders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from django.db import connection
from django.utils.translation import gettext as _

from entente.differentiate.activity_rates import serving_terms
from entente.differentiate.facts import Facts, day_number, find, year_before
from entente.differentiate.models import Cycle, Level
from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.cost_to_serve import (
    ACTIVITIES,
    PurchaseCosts,
    cost,
    cost_by_group,
    cost_of_all,
    cost_per_purchase,
)
from entente.differentiate.pure.estimate import Estimate
from entente.differentiate.pure.netting import CustomerDays
from entente.differentiate.pure.serving_terms import ServingTerms
from entente.ledger.models import Channel, Delivery, Interaction, Invoice, LineKind, Order, OrderLine, Payment

NOBODY = -1


@dataclass(frozen=True)
class Served:
    """How often each thing was done. counts: activity -> (n,) for the customers asked for. anonymous: activity -> how often for who is
    no customer. notes: what a reader must know."""

    counts: dict[str, Floats]
    anonymous: dict[str, float]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Serving:
    """What serving the customers of a cycle cost in its last 12 months. year: (n,) money. purchase: of those who ever bought."""

    terms: ServingTerms
    served: Served
    year: Floats
    purchase: PurchaseCosts

    def of(self, rows: Ints) -> Serving:
        """The same, with the cost of a purchase of some of the buyers only."""
        return replace(self, purchase=replace(self.purchase, each=self.purchase.each[rows]))

    @property
    def total(self) -> Estimate:
        return cost_of_all({one: float(times.sum()) for one, times in self.served.counts.items()}, self.terms.rates)

    def by_level(self, level: Ints) -> list[Estimate]:
        return cost_by_group(level - 1, len(Level), self.served.counts, self.terms.rates)

    @property
    def words(self) -> dict[str, Any]:
        """The rates and what was made of them, to be kept with the cycle."""
        weight = self.purchase.weight
        return {
            "rates": self.terms.as_dict(), "usual": self.purchase.usual, "is_measured": self.purchase.is_measured,
            "weight": weight if np.isfinite(weight) else None,
        }  # fmt: skip

    @property
    def sums(self) -> dict[str, Any]:
        """Activity by activity, for customers and for nobody known."""
        rates = self.terms.rates
        rows = {}
        for one, times in self.served.counts.items():
            often = float(times.sum())
            rows[one] = {"times": often, "cost": often * rates[one].value, "anonymous": self.served.anonymous[one]}
        nobody = sum(self.served.anonymous[one] * rates[one].value for one in rows)
        return {"cost": float(self.year.sum()), "anonymous_cost": nobody, "activities": rows}

    def notes(self, currency: str) -> list[str]:
        """What of it is in the lifetime values."""
        if not self.purchase.usual:
            return []
        said = _(
            "Lifetime values are less what serving costs: %(usual)s %(currency)s a purchase on average, a customer’s own cost weighing the "
            "more the more they bought."
        )
        return [said % {"usual": f"{self.purchase.usual:,.2f}", "currency": currency}]


@dataclass(frozen=True)
class Done:
    """One activity for one customer. times: how often; of call minutes, minutes, and `calls` says in how many calls, of which
    `calls_guessed` of unknown length."""

    activity: str
    times: float
    cost: float
    calls: int = 0
    calls_guessed: int = 0


def served(facts: Facts, customers: Ints, start_day: int, end_day: int, terms: ServingTerms | None = None) -> Served:
    """What was done after `start_day` and until `end_day`, day numbers both, the latter not after `facts.until`.

    customers: (n,) sorted. Who is none of them is counted for nobody only where the ledger names no customer at all.
    """
    terms = terms or serving_terms()
    _lines = facts._lines
    period = {"start": start_day, "end": end_day}
    orders = facts.extract.columns(
        """
        SELECT coalesce(customer_id, -1) AS customer_id, count(*) FILTER (is_sold) AS ordered, count(*) FILTER (came_back) AS returned
        FROM (
            SELECT customer_id, order_id, bool_or(NOT is_return) AS is_sold, bool_or(is_return) AS came_back
            FROM every_line WHERE day > $start AND day <= $end GROUP BY ALL
        )
        GROUP BY ALL ORDER BY ALL
        """,
        period,
    )
    rest = facts.extract.columns(
        f"""
        SELECT coalesce(m.customer_id, -1) AS customer_id, d.activity, sum(d.times)::DOUBLE AS times,
               count(*) FILTER (d.is_guessed) AS guessed
        FROM ({_done("pg.")}) d LEFT JOIN members m USING (party_id)
        WHERE d.day > $start AND d.day <= $end AND (d.party_id IS NULL OR m.customer_id IS NOT NULL)
        GROUP BY ALL ORDER BY ALL
        """,
        {**period, **_assumed(terms)},
    )
    long: dict[str, tuple[Ints, Floats]] = {
        "order": (orders["customer_id"], orders["ordered"]),
        "return": (orders["customer_id"], orders["returned"]),
    }
    for code, activity in enumerate(ACTIVITIES):
        if activity not in long:
            of = rest["activity"] == code
            long[activity] = (rest["customer_id"][of], rest["times"][of])
    counts, anonymous = {}, {}
    for activity in ACTIVITIES:
        who, times = long[activity]
        counts[activity] = np.zeros(len(customers))
        at, hit = find(customers, who)
        counts[activity][at[hit]] = np.ma.getdata(times)[hit]
        anonymous[activity] = float(np.sum(np.ma.getdata(times)[who == NOBODY]))
    return Served(counts, anonymous, tuple(_notes(rest, counts, anonymous, terms)))


def costs_of(facts: Facts, customers: Ints, start_day: int, end_day: int, terms: ServingTerms | None = None) -> Floats:
    """Cost to serve (n,) of sorted customers from what was done after `start_day` and until `end_day`, at the rates in force or those
    given."""
    terms = terms or serving_terms()
    return cost(served(facts, customers, start_day, end_day, terms).counts, terms.rates)


def serving_of(facts: Facts, customers: Ints, buyers: Ints, days: CustomerDays, terms: ServingTerms) -> Serving:
    """The last 12 months. customers, buyers: sorted; the latter are those of `days`, among the former."""
    start = day_number(year_before(facts.as_of))
    found = served(facts, customers, start, day_number(facts.as_of), terms)
    year = cost(found.counts, terms.rates)
    bought = np.bincount(np.searchsorted(buyers, days.customer[days.day > start]), minlength=len(buyers))
    of_buyers = year[np.searchsorted(customers, buyers)]
    return Serving(terms, found, year, cost_per_purchase(of_buyers, bought.astype(np.float64)))


def done_for(parties: Sequence[int], start_on: date, end_on: date, terms: ServingTerms) -> list[Done]:
    """What was done for a few records after one day and until another, the dearest first: the same as `served`, for a page."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_PARTIES,
            {
                "parties": list(parties), "start": day_number(start_on), "end": day_number(end_on),
                "start_on": start_on, "end_on": end_on, **_assumed(terms),
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    found = []
    for code, times, count, guessed in rows:
        activity = ACTIVITIES[code]
        calls = (count, guessed) if activity == "call_minute" else (0, 0)
        found.append(Done(activity, float(times), float(times) * terms.rates[activity].value, *calls))
    return sorted((one for one in found if one.times or one.calls), key=lambda one: (-one.cost, one.activity))


def made_of(parties: Sequence[int], cycle: Cycle) -> list[Done]:
    """The same for the 12 months of a cycle at the rates it was worked out with; nothing of a cycle that knew no costs."""
    rates = (cycle.laws.get("serving") or {}).get("rates")
    if not rates:
        return []
    return done_for(parties, year_before(cycle.as_of), cycle.as_of, ServingTerms.from_dict(rates))


def _notes(
    rest: Mapping[str, Any], counts: Mapping[str, Floats], anonymous: Mapping[str, float], terms: ServingTerms
) -> Iterable[str]:
    guessed = int(np.sum(rest["guessed"][rest["activity"] == _code("call_minute")]))
    if guessed:
        yield _("Of %(count)s calls nobody noted how long they were: each counts as %(minutes)s minutes.") % {
            "count": f"{guessed:,}", "minutes": f"{terms.call_minutes:g}",
        }  # fmt: skip
    reminders = float(counts["payment_reminder"].sum()) + anonymous["payment_reminder"]
    if reminders:
        yield _(
            "Nothing in the ledger says who was reminded to pay: the %(count)s invoices not paid %(days)s days after they were due "
            "count as one reminder each."
        ) % {"count": f"{reminders:,.0f}", "days": f"{terms.reminder_days:g}"}


def _code(activity: str) -> int:
    return ACTIVITIES.index(activity)


def _assumed(terms: ServingTerms) -> dict[str, Any]:
    return {"minutes": terms.call_minutes, "grace": int(terms.reminder_days)}


def _done(schema: str, of: str = "true") -> str:
    """Everything but orders and returns, a row for each time: party_id, activity (its place in ACTIVITIES), times, is_guessed, day.

    For PostgreSQL and the extract alike. of: which parties. A contact counts once, by its kind; a delivery on the day it left the
    house. An invoice counts as one reminder where so many days after its due day payments and credit notes of its order do not cover
    it; before the first payment in the ledger that names an invoice nobody can say which are paid.
    """
    minutes, grace = ("$minutes", "$grace") if schema else ("%(minutes)s", "%(grace)s")
    epoch = "DATE '1970-01-01'"
    invoices, payments = (f"{schema}{model._meta.db_table}" for model in (Invoice, Payment))
    reminded = f"(i.due_on - {epoch}) + {grace}"
    # The same said in the way that each engine is quick at.
    told = (
        f"(SELECT min(paid_on) FROM {payments} WHERE invoice_id IS NOT NULL OR invoice_number <> '') - {epoch} <= {reminded}"
        if schema
        else f"(EXISTS (SELECT 1 FROM {payments} WHERE invoice_id IS NOT NULL AND paid_on - {epoch} <= {reminded}) OR EXISTS "
        f"(SELECT 1 FROM {payments} WHERE invoice_id IS NULL AND invoice_number <> '' AND paid_on - {epoch} <= {reminded}))"
    )
    return f"""
        SELECT party_id, {_code("delivery")} AS activity, 1::FLOAT8 AS times, false AS is_guessed,
               (coalesce(shipped_on, delivered_on, promised_on) - {epoch})::FLOAT8 AS day
        FROM {schema}{Delivery._meta.db_table}
        WHERE {of} AND state NOT IN ('{Delivery.State.PLANNED}', '{Delivery.State.CANCELLED}')
          AND (state <> '' OR shipped_on IS NOT NULL OR delivered_on IS NOT NULL)
        UNION ALL
        SELECT party_id,
               CASE kind WHEN '{Interaction.Kind.CALL}' THEN {_code("call_minute")} WHEN '{Interaction.Kind.VISIT}' THEN {_code("visit")}
                   WHEN '{Interaction.Kind.COMPLAINT}' THEN {_code("complaint")}
                   ELSE CASE WHEN channel IN ('{Channel.LETTER}', '{Channel.FAX}') THEN {_code("letter")} ELSE {_code("mail")} END END,
               (CASE WHEN kind = '{Interaction.Kind.CALL}' THEN coalesce(minutes, {minutes}) ELSE 1 END)::FLOAT8,
               kind = '{Interaction.Kind.CALL}' AND minutes IS NULL,
               floor(extract(epoch FROM "at") / 86400)::FLOAT8
        FROM {schema}{Interaction._meta.db_table} WHERE {of} AND kind <> '{Interaction.Kind.NOTE}'
        UNION ALL
        SELECT i.party_id, {_code("payment_reminder")}, 1::FLOAT8, false, ({reminded})::FLOAT8
        FROM {invoices} i
        WHERE {of} AND i.kind = '{Invoice.Kind.INVOICE}' AND i.due_on IS NOT NULL
          AND {told}
          AND i.amount > coalesce((
              SELECT sum(p.amount) FROM {payments} p
              WHERE p.invoice_id = i.id AND p.currency = i.currency AND p.paid_on - {epoch} <= {reminded}
          ), 0) - coalesce((
              SELECT sum(c.amount) FROM {invoices} c
              WHERE c.order_id = i.order_id AND c.kind = '{Invoice.Kind.CREDIT_NOTE}' AND c.currency = i.currency
                AND c.issued_on - {epoch} <= {reminded}
          ), 0)
    """


_OF_PARTIES = f"""
    SELECT activity, sum(times), count(*), count(*) FILTER (WHERE is_guessed)
    FROM (
        SELECT activity, times, is_guessed FROM ({_done("", "party_id = ANY(%(parties)s)")}) done
        WHERE day > %(start)s AND day <= %(end)s
        UNION ALL
        SELECT unnest(ARRAY[{_code("order")}, {_code("return")}]), unnest(ARRAY[is_sold::int, came_back::int]), false
        FROM (
            SELECT bool_or(NOT (l.kind = {LineKind.RETURN} OR l.amount < 0)) AS is_sold,
                   bool_or(l.kind = {LineKind.RETURN} OR l.amount < 0) AS came_back
            FROM {Order._meta.db_table} o JOIN {OrderLine._meta.db_table} l ON l.order_id = o.id
            WHERE o.party_id = ANY(%(parties)s) AND l.ordered_on > %(start_on)s AND l.ordered_on <= %(end_on)s
            GROUP BY o.id
        ) orders
    ) everything
    GROUP BY activity
"""
