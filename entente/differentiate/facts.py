"""The facts behind an opinion, as columns of one extract: who, their order lines, their contacts, all as of a day.

Each part is read once, when it is first asked for, so that a run that goes on half-way reads only what it still needs.
Lines are in the firm's currency, at the rate of their day; a line whose currency had no rate is left out and counted. Sums are rounded far
below the smallest coin and rows come in a fixed order, so that the same facts give the same figures however the engine shared out its work.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _

from entente.differentiate.contract_models import ContractProduct
from entente.differentiate.next_order import NextOrders, next_orders
from entente.differentiate.pure.arrays import Floats, Ints
from entente.differentiate.pure.netting import Count, CustomerDays, net_purchases
from entente.identify.counted import Counting, make_members, order_lines
from entente.identify.models import Customer
from entente.ledger.models import ExchangeRate, Interaction, LineKind, Party
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
        self,
        extract: Extract,
        as_of: date,
        *,
        currency: str,
        margin_rate: float,
        until: date | None = None,
        counting: Counting = Counting.BUYER,
    ) -> None:
        """until: the last day lines are read of; later than `as_of` only for a backtest, which knows what came next.

        counting: who is a customer in all that is read here.
        """
        self.extract = extract
        self.as_of = as_of
        self.until = until or as_of
        self.currency = currency
        self.margin_rate = margin_rate
        self.counting = counting
        self.notes: list[str] = []
        self._purchases: dict[tuple[Count, date, str], CustomerDays] = {}

    @cached_property
    def _members(self) -> None:
        self.notes += make_members(self.extract, self.counting, self.as_of)

    @cached_property
    def _lines(self) -> None:
        """View `lines`: customer_id, order_id, product_id (-1 without), day, quantity, amount, margin (NULL: cost not known), is_return,
        is_charge.

        The ledger is read once, anonymous lines with the rest: they are `every_line`, whose customer is NULL.
        """
        _ = self._members
        self.extract.run(
            f"""
            CREATE TABLE every_line AS
            SELECT m.customer_id, l.order_id, coalesce(l.product_id, -1) AS product_id, (l.ordered_on - DATE '1970-01-01')::INTEGER AS day,
                   l.quantity::DOUBLE AS quantity, l.amount::DOUBLE AS amount, (l.amount - l.cost)::DOUBLE AS margin,
                   l.kind = {LineKind.RETURN} OR l.amount < 0 AS is_return, l.kind = {LineKind.CHARGE} AS is_charge, l.currency
            FROM (
                SELECT party_id, order_id, product_id, ordered_on, quantity, amount, cost, kind, currency
                FROM {order_lines(self.counting)} WHERE ordered_on <= $until
            ) l
            LEFT JOIN members m USING (party_id)
            WHERE l.party_id IS NULL OR m.customer_id IS NOT NULL
            """,
            {"until": self.until},
        )
        if self.extract.value("SELECT bool_or(currency <> $currency) FROM every_line", {"currency": self.currency}):
            self._convert()
        self.extract.run("CREATE VIEW lines AS SELECT * FROM every_line WHERE customer_id IS NOT NULL")

    def _convert(self) -> None:
        """Bring `every_line` into the firm's currency; lines of a day without a rate are left out, and counted in the notes."""
        self.extract.run(
            f"""
            CREATE TABLE rates AS
            WITH days AS (SELECT DISTINCT currency, day FROM every_line), known AS (
                SELECT currency, (from_on - DATE '1970-01-01')::INTEGER AS from_day, rate::DOUBLE AS rate
                FROM pg.{ExchangeRate._meta.db_table} WHERE currency <> $currency
                UNION ALL SELECT $currency, -1000000, 1.0
            )
            SELECT d.currency, d.day, k.rate
            FROM days d ASOF LEFT JOIN known k ON d.currency = k.currency AND d.day >= k.from_day
            """,
            {"currency": self.currency},
        )
        # A join of equals is many times as fast as one that looks for the latest rate before each of ten million lines.
        self.extract.run(
            """
            CREATE TABLE converted AS
            SELECT l.customer_id, l.order_id, l.product_id, l.day, l.quantity, l.amount * r.rate AS amount, l.margin * r.rate AS margin,
                   l.is_return, l.is_charge, r.rate IS NULL AS is_left_out
            FROM every_line l JOIN rates r USING (currency, day)
            """
        )
        self.extract.run("DROP TABLE every_line")
        left_out = self.extract.value("SELECT count(*) FROM converted WHERE is_left_out")
        if left_out:
            self.notes.append(
                _("%(count)s lines are in a currency without an exchange rate to %(currency)s and are left out.")
                % {"count": f"{left_out:,}", "currency": self.currency}
            )
            self.extract.run("DELETE FROM converted WHERE is_left_out")
        self.extract.run("ALTER TABLE converted RENAME TO every_line")

    def purchases(self, *, count: Count = "net", until: date | None = None) -> CustomerDays:
        """Customer-days with what is left of them after returns, in the firm's currency.

        Only the lines of customers who returned something go through the netting one by one; the others are added up by
        the engine, which is faster and gives the same.
        """
        return self._kept(count, until, "lines")

    def free_purchases(self, *, count: Count = "net", until: date | None = None) -> CustomerDays:
        """The same without what is paid for contracts, which the laws of buying would take for slow buying. Of a firm that sells none
        these are its purchases, read once. Who has nothing left of all they bought is no buyer here either."""
        everything = self.purchases(count=count, until=until)
        if not self.has_contracts:
            return everything
        free = self._kept(count, until, "free_lines")
        # Paid back more than was paid for a contract: the rest comes off all they bought, and may leave nothing of it.
        bought = np.isin(free.customer, everything.customer)
        if bought.all():
            return free
        return replace(
            free,
            customer=free.customer[bought],
            day=free.day[bought],
            amount=free.amount[bought],
            returned=free.returned[bought],
        )

    def _kept(self, count: Count, until: date | None, lines: str) -> CustomerDays:
        asked = (count, until or self.as_of, lines)
        if asked not in self._purchases:
            self._purchases[asked] = self._netted(count, day_number(until or self.as_of), lines)
        return self._purchases[asked]

    @cached_property
    def has_contracts(self) -> bool:
        """Whether the firm sells contracts. Their products are then in the table `contract_products`, all other lines in `free_lines`.

        A charge, or a reduction, on an order of nothing but contracts belongs to the first of them.
        """
        _ = self._lines
        table = ContractProduct._meta.db_table
        self.extract.run(f"CREATE TABLE contract_products AS SELECT product_id, months FROM pg.{table}")
        self.extract.run(
            """
            CREATE TABLE contract_charges AS SELECT order_id, min(product_id) FILTER (NOT is_charge) AS contract_id
            FROM lines WHERE order_id IN (SELECT order_id FROM lines JOIN contract_products USING (product_id)) GROUP BY order_id
            HAVING bool_or(is_charge) AND bool_and(is_charge OR product_id IN (SELECT product_id FROM contract_products));
            CREATE VIEW lines_of_either AS SELECT * EXCLUDE contract_id
                REPLACE (CASE WHEN is_charge THEN coalesce(contract_id, product_id) ELSE product_id END AS product_id)
            FROM lines LEFT JOIN contract_charges USING (order_id);
            CREATE VIEW free_lines AS FROM lines_of_either WHERE product_id NOT IN (SELECT product_id FROM contract_products)
            """
        )
        return bool(self.extract.value("SELECT count(*) FROM contract_products"))

    def contract_lines(self) -> Columns:
        """What was paid for contracts by as_of and what was paid back, sorted by customer, product and day; months: of a period."""
        _ = self.has_contracts
        return self.extract.columns(
            """
            SELECT customer_id, product_id, months, day, quantity, amount, coalesce(margin, amount * $rate) AS margin, is_return
            FROM lines_of_either JOIN contract_products USING (product_id)
            WHERE day <= $last ORDER BY customer_id, product_id, day, is_return, amount, quantity, margin
            """,
            {"last": day_number(self.as_of), "rate": self.margin_rate},
        )

    def _netted(self, count: Count, last: int, lines: str) -> CustomerDays:
        _ = self._lines
        if count == "gross":
            days = self._added_up("amount > 0 AND NOT is_return", last, lines)
            return CustomerDays(days["customer_id"], days["day"], days["amount"], np.zeros(len(days["day"])), 0, 0.0)
        netted = self.net_of_returners(last, lines)
        plain = self._added_up("amount > 0 AND customer_id NOT IN (FROM returners)", last, lines)
        customer = np.concatenate([plain["customer_id"], netted.customer])
        # Two runs in order already, of different customers: merging them by customer keeps the days in order.
        order = np.argsort(customer, kind="stable")
        return CustomerDays(
            customer=customer[order],
            day=np.concatenate([plain["day"].astype(np.int64), netted.day])[order],
            amount=np.concatenate([plain["amount"], netted.amount])[order],
            returned=np.concatenate([np.zeros(len(plain["day"])), netted.returned])[order],
            cancelled_days=netted.cancelled_days,
            unmatched=netted.unmatched,
        )

    def net_of_returners(self, last: int, lines: str = "lines") -> CustomerDays:
        """What is left of the purchases of those who returned anything by a day; they are then in the table `returners`."""
        _ = self._lines
        self.extract.run(
            f"CREATE OR REPLACE TEMP TABLE returners AS SELECT DISTINCT customer_id FROM {lines} WHERE is_return AND day <= $last",
            {"last": last},
        )
        mixed = self.extract.columns(
            f"SELECT customer_id, product_id, day, quantity, amount, is_return FROM {lines} "
            "WHERE day <= $last AND customer_id IN (FROM returners) ORDER BY customer_id, day, product_id, quantity, amount, is_return",
            {"last": last},
        )
        return net_purchases(
            mixed["customer_id"],
            mixed["day"],
            mixed["amount"],
            mixed["product_id"],
            mixed["quantity"],
            mixed["is_return"],
        )

    def _added_up(self, which: str, last: int, lines: str) -> Columns:
        return self.extract.columns(
            f"SELECT customer_id, day, round(sum(amount), 6) AS amount FROM {lines} WHERE day <= $last AND {which} "
            "GROUP BY ALL ORDER BY ALL",
            {"last": last},
        )

    @cached_property
    def coming(self) -> NextOrders:
        """When the next order of each customer with a purchase by as_of is due, in the order of their numbers; renewals are no orders."""
        days, free = self.purchases(), self.free_purchases()
        buyers, last = _last_of_each(days)
        if free is not days:
            # Of whom there is no gap between free purchases, nothing is said.
            free_buyers, last_free = _last_of_each(free)
            last = spread(free_buyers, last_free, buyers, 0)
        return next_orders(free, buyers, day_number(self.as_of) - last)

    def free_money(self) -> Columns:
        """The same as `money` without what is paid for contracts; of a firm that sells none it is not asked for."""
        return self.money("free_lines")

    def money(self, lines: str = "lines") -> Columns:
        """By customer: revenue of all time and of the last 12 months net of returns, margin of the year, and whether any
        part of that margin is an estimate because a cost is not known. Sorted by customer_id."""
        _ = self._lines
        return self.extract.columns(
            f"""
            SELECT customer_id, round(sum(amount), 6) AS revenue_all,
                   round(coalesce(sum(amount) FILTER (day > $start), 0.0), 6) AS revenue_year,
                   round(coalesce(sum(coalesce(margin, amount * $rate)) FILTER (day > $start), 0.0), 6) AS margin_year,
                   coalesce(bool_or(margin IS NULL AND amount <> 0) FILTER (day > $start), false) AS is_estimate,
                   round(sum(coalesce(margin, amount * $rate)), 6) AS margin_all
            FROM {lines} WHERE day <= $last GROUP BY customer_id ORDER BY customer_id
            """,
            {
                "start": day_number(year_before(self.as_of)), "last": day_number(self.as_of), "rate": self.margin_rate,
            },
        )  # fmt: skip

    def bought_products(self, since: int) -> Columns:
        """Who bought which product, once each, in no order, charges left out; recent: how often in the last 12 months.

        since: of customers only who bought anything on this day or later.
        """
        _ = self._lines
        return self.extract.columns(
            """
            SELECT customer_id, product_id, count(*) FILTER (day > $start) AS recent
            FROM lines WHERE amount > 0 AND product_id >= 0 AND NOT is_charge AND NOT is_return AND day <= $last
              AND customer_id IN (SELECT DISTINCT customer_id FROM lines WHERE amount > 0 AND day BETWEEN $since AND $last)
            GROUP BY ALL
            """,
            {"start": day_number(year_before(self.as_of)), "last": day_number(self.as_of), "since": since},
        )

    def anonymous_revenue(self) -> float:
        """Revenue of the last 12 months that no customer is known for: in the totals, never a customer."""
        _ = self._lines
        found = self.extract.value(
            "SELECT sum(amount) FROM every_line WHERE customer_id IS NULL AND day <= $last AND day > $start",
            {"start": day_number(year_before(self.as_of)), "last": day_number(self.as_of)},
        )
        return float(found or 0.0)

    @cached_property
    def contacts(self) -> Columns:
        """By customer with any contact until as_of, sorted by customer_id: last contact, last two-way contact, and last two-way contact
        over phone, mail or at the address, as day numbers (-1 for never), whether a complaint is open, how often we contacted them in
        30 days."""
        _ = self._members
        return self.extract.columns(
            f"""
            SELECT m.customer_id,
                   max(i.day) AS last_contact_day,
                   coalesce(max(i.day) FILTER (i.is_two_way), -1) AS last_two_way_day,
                   bool_or(i.kind = 'complaint' AND (i.settled_day IS NULL OR i.settled_day > $last)) AS complaint_open,
                   count(*) FILTER (i.is_outgoing AND i.day > $month) AS contacts_month,
                   bool_or(i.is_two_way AND i.day > $year) AS in_dialogue,
                   {_last_over("phone", "phone", "sms", "messenger")}, {_last_over("email", "email")},
                   {_last_over("address", "letter", "visit")}
            FROM (
                SELECT party_id, is_two_way, is_outgoing, kind, channel, floor(epoch("at"))::BIGINT // 86400 AS day,
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

    def known(self, until: date | None = None) -> Ints:
        """Customers of whom a source said by as_of, or until an earlier day, that they exist, whether or not they bought. Sorted."""
        _ = self._members
        return self.extract.columns(
            f"""
            SELECT DISTINCT m.customer_id FROM pg.{Party._meta.db_table} p JOIN members m ON m.party_id = p.id
            WHERE p.known_on IS NOT NULL AND p.known_on <= $last ORDER BY 1
            """,
            {"last": until or self.as_of},
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


def _last_of_each(days: CustomerDays) -> tuple[Ints, Ints]:
    """The customers and the day of each one's last purchase."""
    ends = np.append(days.customer[1:] != days.customer[:-1], np.ones(min(len(days.customer), 1), np.bool_))
    return days.customer[ends], days.day[ends]


def _last_over(name: str, *channels: str) -> str:
    words = ", ".join(f"'{channel}'" for channel in channels)
    return f"coalesce(max(i.day) FILTER (i.is_two_way AND i.channel IN ({words})), -1) AS last_over_{name}"


def find(sorted_ids: Ints, wanted: Ints) -> tuple[Ints, np.ndarray]:
    """Where each wanted number stands in a sorted column, and whether it is there at all."""
    if not len(sorted_ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    lowest, span = int(sorted_ids[0]), int(sorted_ids[-1]) - int(sorted_ids[0]) + 1
    if span <= 4 * len(sorted_ids) and len(wanted) > len(sorted_ids):
        # Numbers that stand close together: looking each up in a table beats halving.
        place = np.full(span + 1, -1, np.int64)
        place[sorted_ids - lowest] = np.arange(len(sorted_ids))
        at = place[np.where((wanted >= lowest) & (wanted < lowest + span), wanted - lowest, span)]
        return np.maximum(at, 0), at >= 0
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return at, sorted_ids[at] == wanted


def spread(sorted_ids: Ints, values: Floats | Ints, wanted: Ints, default: float | int | bool = 0) -> np.ndarray:
    """`values` of `sorted_ids` handed out to `wanted`; `default` to those who have none."""
    at, hit = find(sorted_ids, wanted)
    out = np.full(len(wanted), default, dtype=np.asarray(values).dtype)
    out[hit] = np.ma.getdata(values)[at[hit]]
    return out
