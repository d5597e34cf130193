"""The facts behind an opinion, as columns of one extract: who, their order lines, their contacts, all as of a day.

Each part is read once, when it is first asked for, so that a run that goes on half-way reads only what it still needs.
Lines are in the firm's currency, at the rate of their day; a line whose currency had no rate is left out and counted. Sums are rounded far
below the smallest coin and rows come in a fixed order, so that the same facts give the same figures however the engine shared out its work.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.netting import Count, CustomerDays, net_purchases
from entente.identify.models import Customer, Membership
from entente.ledger.models import ExchangeRate, Interaction, LineKind, OrderLine, Party
from entente.warehouse.extract import Columns, Extract

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    return (day - EPOCH).days


def year_before(day: date) -> date:
    """The same day a year earlier; the 29th of February has none and takes the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


class Facts:
    """What is known at the end of `as_of`, read through an extract."""

    def __init__(
        self, extract: Extract, as_of: date, *, currency: str, margin_rate: float, until: date | None = None
    ) -> None:
        """until: the last day lines are read of; later than `as_of` only for a backtest, which knows what came next."""
        self.extract = extract
        self.as_of = as_of
        self.until = until or as_of
        self.currency = currency
        self.margin_rate = margin_rate
        self.notes: list[str] = []
        self._purchases: dict[tuple[Count, date], CustomerDays] = {}

    @cached_property
    def _members(self) -> None:
        self.extract.run(
            f"""
            CREATE TABLE members AS
            SELECT party_id, customer_id FROM pg.{Membership._meta.db_table} WHERE ended_at IS NULL
            """
        )

    @cached_property
    def _lines(self) -> None:
        """Table `lines`: customer_id, product_id (-1 without), day, quantity, amount, margin (NULL: cost not known), is_return."""
        _ = self._members
        rate, join = self._conversion
        self.extract.run(
            f"""
            CREATE TABLE lines AS
            SELECT m.customer_id, coalesce(l.product_id, -1) AS product_id, l.ordered_on - DATE '1970-01-01' AS day,
                   l.quantity::DOUBLE AS quantity, l.amount::DOUBLE * {rate} AS amount,
                   (l.amount - l.cost)::DOUBLE * {rate} AS margin,
                   l.kind = {LineKind.RETURN} OR l.amount < 0 AS is_return, l.kind = {LineKind.CHARGE} AS is_charge
            FROM (
                SELECT party_id, product_id, ordered_on, quantity, amount, cost, kind, currency
                FROM pg.{OrderLine._meta.db_table}
                WHERE party_id IS NOT NULL AND ordered_on <= $until
            ) l
            JOIN members m USING (party_id)
            {join}
            """,
            {"until": self.until},
        )
        left_out = self.extract.value("SELECT count(*) FROM lines WHERE amount IS NULL") if join else 0
        if left_out:
            self._note_without_rate(left_out)
            self.extract.run("DELETE FROM lines WHERE amount IS NULL")

    @cached_property
    def _conversion(self) -> tuple[str, str]:
        """(factor, join) that bring lines `l` into the firm's currency, NULL where there is no rate."""
        if not self._foreign_currencies():
            return "1.0", ""
        self._rates()
        return "r.rate", "LEFT JOIN rates r ON l.currency = r.currency AND l.ordered_on = r.on_day"

    def _foreign_currencies(self) -> list[str]:
        found = self.extract.columns(
            f"""
            SELECT DISTINCT currency FROM pg.{OrderLine._meta.db_table}
            WHERE ordered_on <= $until AND currency <> $currency
            """,
            {"until": self.until, "currency": self.currency},
        )
        return [str(code) for code in found["currency"]]

    def _rates(self) -> None:
        """Table `rates`: the rate of every currency on every day there are lines of. A join of equals is many times as fast as one
        that looks for the latest rate before each of ten million lines."""
        self.extract.run(
            f"""
            CREATE TABLE rates AS
            WITH days AS (
                SELECT DISTINCT currency, ordered_on AS on_day FROM pg.{OrderLine._meta.db_table} WHERE ordered_on <= $until
            ), known AS (
                SELECT currency, from_on, rate::DOUBLE AS rate FROM pg.{ExchangeRate._meta.db_table} WHERE currency <> $currency
                UNION ALL SELECT $currency, DATE '0001-01-01', 1.0
            )
            SELECT d.currency, d.on_day, k.rate
            FROM days d ASOF JOIN known k ON d.currency = k.currency AND d.on_day >= k.from_on
            """,
            {"until": self.until, "currency": self.currency},
        )

    def _note_without_rate(self, left_out: int) -> None:
        self.notes.append(
            _("%(count)s lines are in a currency without an exchange rate to %(currency)s and are left out.")
            % {"count": f"{left_out:,}", "currency": self.currency}
        )

    def purchases(self, *, count: Count = "net", until: date | None = None) -> CustomerDays:
        """Customer-days with what is left of them after returns, in the firm's currency.

        Only the lines of customers who returned something go through the netting one by one; the others are added up by
        the engine, which is faster and gives the same.
        """
        asked = (count, until or self.as_of)
        if asked not in self._purchases:
            self._purchases[asked] = self._netted(count, day_number(until or self.as_of))
        return self._purchases[asked]

    def _netted(self, count: Count, last: int) -> CustomerDays:
        _ = self._lines
        if count == "gross":
            days = self._added_up("amount > 0 AND NOT is_return", last)
            return CustomerDays(days["customer_id"], days["day"], days["amount"], np.zeros(len(days["day"])), 0, 0.0)
        self.extract.run(
            "CREATE OR REPLACE TEMP TABLE returners AS SELECT DISTINCT customer_id FROM lines WHERE is_return AND day <= $last",
            {"last": last},
        )
        plain = self._added_up("amount > 0 AND customer_id NOT IN (FROM returners)", last)
        mixed = self.extract.columns(
            "SELECT customer_id, product_id, day, quantity, amount, is_return FROM lines "
            "WHERE day <= $last AND customer_id IN (FROM returners) ORDER BY customer_id, day, product_id, quantity, amount, is_return",
            {"last": last},
        )
        netted = net_purchases(
            mixed["customer_id"],
            mixed["day"],
            mixed["amount"],
            mixed["product_id"],
            mixed["quantity"],
            mixed["is_return"],
        )
        customer = np.concatenate([plain["customer_id"], netted.customer])
        day = np.concatenate([plain["day"].astype(np.int64), netted.day])
        order = np.lexsort((day, customer))
        return CustomerDays(
            customer=customer[order],
            day=day[order],
            amount=np.concatenate([plain["amount"], netted.amount])[order],
            returned=np.concatenate([np.zeros(len(plain["day"])), netted.returned])[order],
            cancelled_days=netted.cancelled_days,
            unmatched=netted.unmatched,
        )

    def _added_up(self, which: str, last: int) -> Columns:
        return self.extract.columns(
            f"SELECT customer_id, day, round(sum(amount), 6) AS amount FROM lines WHERE day <= $last AND {which} "
            "GROUP BY ALL ORDER BY ALL",
            {"last": last},
        )

    def money(self) -> Columns:
        """By customer: revenue of all time and of the last 12 months net of returns, margin of the year, and whether any
        part of that margin is an estimate because a cost is not known. Sorted by customer_id."""
        _ = self._lines
        return self.extract.columns(
            """
            SELECT customer_id, round(sum(amount), 6) AS revenue_all,
                   round(coalesce(sum(amount) FILTER (day > $start), 0.0), 6) AS revenue_year,
                   round(coalesce(sum(coalesce(margin, amount * $rate)) FILTER (day > $start), 0.0), 6) AS margin_year,
                   coalesce(bool_or(margin IS NULL AND amount <> 0) FILTER (day > $start), false) AS is_estimate,
                   round(sum(coalesce(margin, amount * $rate)), 6) AS margin_all
            FROM lines WHERE day <= $last GROUP BY customer_id ORDER BY customer_id
            """,
            {
                "start": day_number(year_before(self.as_of)), "last": day_number(self.as_of), "rate": self.margin_rate,
            },
        )  # fmt: skip

    def bought_products(self) -> Columns:
        """Who bought which product, once each, charges left out; recent: how often in the last 12 months."""
        _ = self._lines
        return self.extract.columns(
            """
            SELECT customer_id, product_id, count(*) FILTER (day > $start) AS recent
            FROM lines WHERE amount > 0 AND product_id >= 0 AND NOT is_charge AND NOT is_return AND day <= $last
            GROUP BY ALL ORDER BY customer_id, product_id
            """,
            {"start": day_number(year_before(self.as_of)), "last": day_number(self.as_of)},
        )

    def anonymous_revenue(self) -> float:
        """Revenue of the last 12 months that no customer is known for: in the totals, never a customer."""
        rate, join = self._conversion
        found = self.extract.columns(
            f"""
            SELECT coalesce(sum(l.amount::DOUBLE * {rate}), 0.0) AS revenue, count(*) FILTER ({rate} IS NULL) AS left_out
            FROM (
                SELECT amount, currency, ordered_on FROM pg.{OrderLine._meta.db_table}
                WHERE party_id IS NULL AND ordered_on <= $last AND ordered_on > $start
            ) l
            {join}
            """,
            {"last": self.as_of, "start": year_before(self.as_of)},
        )
        if found["left_out"][0]:
            self._note_without_rate(int(found["left_out"][0]))
        return float(found["revenue"][0])

    @cached_property
    def contacts(self) -> Columns:
        """By customer with any contact until as_of, sorted by customer_id: last contact, last two-way contact, last of each
        kind as day numbers (-1 for never), whether a complaint is open, how often we contacted them in 30 days."""
        _ = self._members
        return self.extract.columns(
            f"""
            SELECT m.customer_id,
                   max(i.day) AS last_contact_day,
                   coalesce(max(i.day) FILTER (i.is_two_way), -1) AS last_two_way_day,
                   bool_or(i.kind = 'complaint' AND (i.settled_day IS NULL OR i.settled_day > $last)) AS complaint_open,
                   count(*) FILTER (i.is_outgoing AND i.day > $month) AS contacts_month,
                   bool_or(i.is_two_way AND i.day > $year) AS in_dialogue
            FROM (
                SELECT party_id, is_two_way, is_outgoing, kind, floor(epoch("at"))::BIGINT // 86400 AS day,
                       floor(epoch(settled_at))::BIGINT // 86400 AS settled_day
                FROM pg.{Interaction._meta.db_table}
            ) i
            JOIN members m USING (party_id)
            WHERE i.day <= $last
            GROUP BY m.customer_id ORDER BY m.customer_id
            """,
            {
                "last": day_number(self.as_of), "month": day_number(self.as_of) - 30,
                "year": day_number(year_before(self.as_of)),
            },
        )  # fmt: skip

    def known(self) -> Ints:
        """Customers of whom a source said by as_of that they exist, whether or not they bought. Sorted."""
        _ = self._members
        return self.extract.columns(
            f"""
            SELECT DISTINCT m.customer_id FROM pg.{Party._meta.db_table} p JOIN members m ON m.party_id = p.id
            WHERE p.known_on IS NOT NULL AND p.known_on <= $last ORDER BY 1
            """,
            {"last": self.as_of},
        )["customer_id"]

    def countries(self, customers: Ints) -> np.ndarray:
        """Country codes (n,) 'S2' of sorted customer numbers; empty where not known."""
        found = self.extract.columns(
            f"SELECT id, country FROM pg.{Customer._meta.db_table} WHERE country <> '' ORDER BY id"
        )
        codes = np.zeros(len(customers), "S2")
        at, hit = find(found["id"], customers)
        codes[hit] = np.asarray(found["country"])[at[hit]].astype("S2")
        return codes


def find(sorted_ids: Ints, wanted: Ints) -> tuple[Ints, np.ndarray]:
    """Where each wanted number stands in a sorted column, and whether it is there at all."""
    if not len(sorted_ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return at, sorted_ids[at] == wanted


def spread(sorted_ids: Ints, values: Floats, wanted: Ints, default: float | int | bool = 0) -> np.ndarray:
    """`values` of `sorted_ids` handed out to `wanted`; `default` to those who have none."""
    at, hit = find(sorted_ids, wanted)
    out = np.full(len(wanted), default, dtype=np.asarray(values).dtype)
    out[hit] = np.ma.getdata(values)[at[hit]]
    return out
