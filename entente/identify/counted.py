"""Who is counted as a customer: who buys, the head of the group, the chain, or the end consumer. A choice of the firm.

One mapping, customer -> counted customer, as the relations in force at a day have it; whoever adds up by customer adds up by it
(docs/decisions/0015). Who is counted under another stays a customer with a card, consents and contact rules of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models import Count, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.identify.find import visible_customers
from entente.identify.models import Customer, Membership
from entente.identify.pure.heads import heads
from entente.identify.relations_models import Relation
from entente.ledger.models import Delivery, OrderLine
from entente.lib.errors import EntenteError
from entente.staff.models import User
from entente.staff.settings import put_setting, setting
from entente.warehouse.extract import Extract, extract

SETTING = "counting"
# Nobody's line is as long as this; a page need not find out.
LONGEST_LINE = 200


class Counting(models.TextChoices):
    BUYER = "buyer", gettext_lazy("who buys")
    GROUP = "group", gettext_lazy("the group")
    CHAIN = "chain", gettext_lazy("the retail chain")
    CONSUMER = "consumer", gettext_lazy("the end consumer")


# Which relations are followed upward; of a customer with several, the first kind counts.
FOLLOWED: dict[Counting, tuple[Relation.Kind, ...]] = {
    Counting.BUYER: (),
    Counting.GROUP: (Relation.Kind.GROUP, Relation.Kind.HOUSEHOLD),
    Counting.CHAIN: (Relation.Kind.GROUP, Relation.Kind.RETAILS_FOR, Relation.Kind.HOUSEHOLD),
    Counting.CONSUMER: (Relation.Kind.HOUSEHOLD,),
}
# Where an order counts for the one customer its deliveries name, whoever ordered.
FOR_RECIPIENTS = frozenset({Counting.CHAIN, Counting.CONSUMER})


class UnknownCounting(EntenteError):
    """Not a way to count customers."""


def counting() -> Counting:
    """The firm's choice; who buys, where it has made none."""
    return Counting(setting(SETTING).get("who", Counting.BUYER))


def set_counting(who: str, *, by: User | None) -> Counting:
    """Count customers otherwise from the next cycle on. Raises UnknownCounting."""
    if who not in Counting.values:
        raise UnknownCounting(_("Choose one of: %(all)s.") % {"all": ", ".join(Counting.values)})
    put_setting(SETTING, {"who": who}, by=by)
    return Counting(who)


def relates() -> bool:
    """Is anything said of how customers relate?"""
    return Relation.objects.filter(withdrawn_at=None).exists()


def mapping_mark(who: Counting) -> list[Any]:
    """What the mapping is made of, in short: the same, the same mapping. Nothing where nothing is followed."""
    if who == Counting.BUYER:
        return [who.value]
    said = Relation.objects.aggregate(Max("id"), Count("id"), Count("withdrawn_at"), Max("ended_at"), Count("ended_at"))
    named = Delivery.objects.aggregate(Max("id"), Count("party"), Count("order")) if who in FOR_RECIPIENTS else {}
    return [who.value, *said.values(), *named.values()]


def make_members(extract: Extract, who: Counting, as_of: date) -> list[str]:
    """Table `members`: party_id, customer_id under which it is counted at the end of `as_of`. Returns what a reader must know."""
    members = f"SELECT party_id, customer_id FROM pg.{Membership._meta.db_table} WHERE ended_at IS NULL"
    if who == Counting.BUYER:
        extract.run(f"CREATE TABLE members AS {members}")
        return []
    extract.run(f"CREATE TABLE own_members AS {members}")
    if who in FOR_RECIPIENTS:
        _make_recipients(extract)
    pairs = extract.columns(
        f"SELECT DISTINCT ON (below) below, above FROM ({_stated(who, 'own_members', 'pg.')}) "
        "ORDER BY below, rank, from_on DESC NULLS LAST, id DESC",
        {"as_of": as_of},
    )
    found = heads(pairs["below"], pairs["above"])
    extract.engine.register("counted_arrays", {"customer_id": found.below, "counted_id": found.head})
    extract.run(
        """
        CREATE TABLE members AS
        SELECT m.party_id, coalesce(c.counted_id, m.customer_id) AS customer_id
        FROM own_members m LEFT JOIN counted_arrays c USING (customer_id)
        """
    )
    extract.engine.unregister("counted_arrays")
    if not len(found.circling):
        return []
    return [
        _("%(count)s customers stand above each other in a circle of relations. Each of them is counted for itself.")
        % {"count": f"{len(found.circling):,}"}
    ]


def _make_recipients(extract: Extract) -> None:
    """Table `recipients`: order_id, party_id of the one customer to whom all of the order that was not called off went."""
    gone = f"'{Delivery.State.CANCELLED}', '{Delivery.State.RETURNED}'"
    extract.run(
        f"""
        CREATE TABLE recipients AS
        SELECT order_id, min(party_id) AS party_id
        FROM pg.{Delivery._meta.db_table} d JOIN own_members USING (party_id)
        WHERE order_id IS NOT NULL AND state NOT IN ({gone})
        GROUP BY order_id HAVING count(DISTINCT customer_id) = 1
        """
    )


def order_lines(who: Counting) -> str:
    """The order lines as a table of the extract, after `make_members`: party_id is for whom a line counts."""
    lines = f"pg.{OrderLine._meta.db_table}"
    if who not in FOR_RECIPIENTS:
        return lines
    return f"(SELECT l.* REPLACE (coalesce(r.party_id, l.party_id) AS party_id) FROM {lines} l LEFT JOIN recipients r USING (order_id))"


@dataclass(frozen=True)
class Tally:
    """What a way of counting makes of the customers. under: those counted under another. moved: orders that count for another than
    who ordered: the head of their line, or the one they were delivered to. notes: what a reader must know."""

    customers: int
    under: int
    moved: int
    notes: list[str]


def tallies(as_of: date) -> dict[Counting, Tally]:
    """All ways of counting side by side, by the relations in force at the end of `as_of`."""
    return {who: _tally(who, as_of) for who in Counting}


def _tally(who: Counting, as_of: date) -> Tally:
    own = f"(SELECT party_id, customer_id FROM pg.{Membership._meta.db_table} WHERE ended_at IS NULL)"
    with extract() as columns:
        notes = make_members(columns, who, as_of)
        heads = columns.value("SELECT count(DISTINCT customer_id) FROM members")
        under = columns.value(
            f"SELECT count(DISTINCT o.customer_id) FROM {own} o JOIN members m USING (party_id) WHERE m.customer_id <> o.customer_id"
        )
        moved = columns.value(
            f"""
            SELECT count(DISTINCT l.order_id)
            FROM (SELECT order_id, party_id FROM {order_lines(who)}) l JOIN pg.{OrderLine._meta.db_table} w USING (order_id)
            JOIN {own} o ON o.party_id = w.party_id JOIN members m ON m.party_id = l.party_id
            WHERE m.customer_id <> o.customer_id
            """
        )
    return Tally(int(heads), int(under), int(moved), notes)


def counted_under(customer: Customer, as_of: date, *, who: Counting) -> int | None:
    """The number of the customer under which this one is counted at a day; None where it is counted for itself."""
    if not FOLLOWED[who]:
        return None
    members = f"(SELECT party_id, customer_id FROM {Membership._meta.db_table} WHERE ended_at IS NULL)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE line (customer, path) AS (
                SELECT %(customer)s::bigint, ARRAY[%(customer)s::bigint]
                UNION ALL
                SELECT next.above, path || next.above
                FROM line CROSS JOIN LATERAL (
                    SELECT above FROM ({_stated(who, members, "")}) stated WHERE below = line.customer
                    ORDER BY rank, from_on DESC NULLS LAST, id DESC LIMIT 1
                ) next
                WHERE cardinality(path) < {LONGEST_LINE} AND customer <> ALL (path[:cardinality(path) - 1])
            )
            SELECT path FROM line ORDER BY cardinality(path) DESC LIMIT 1
            """,
            {"customer": customer.pk, "as_of": as_of},
        )
        path = cursor.fetchone()[0]
    # A line that comes back to where it was ends where it entered the circle.
    head = int(path[-1])
    return None if head == customer.pk else head


def head_shown(customer: Customer, as_of: date, *, who: Counting, user: User) -> tuple[bool, Customer | None]:
    """Whether a customer is counted under another, and that one where this user may see it."""
    head = counted_under(customer, as_of, who=who)
    return head is not None, visible_customers(user).filter(pk=head).first() if head else None


def _stated(who: Counting, members: str, schema: str) -> str:
    """Who stands directly above whom, each statement a row: below, above, rank, from_on, id. For PostgreSQL and the extract alike."""
    kinds = FOLLOWED[who]
    ranks = " ".join(f"WHEN '{kind.value}' THEN {rank}" for rank, kind in enumerate(kinds))
    on = "$as_of" if schema else "%(as_of)s"
    return f"""
        SELECT b.customer_id AS below, a.customer_id AS above, CASE r.kind {ranks} END AS rank, r.from_on, r.id
        FROM {schema}{Relation._meta.db_table} r
        JOIN {members} b ON b.party_id = r.party_id
        JOIN {members} a ON a.party_id = r.other_id
        WHERE r.kind IN ({", ".join(f"'{kind.value}'" for kind in kinds)}) AND r.withdrawn_at IS NULL
          AND (r.from_on IS NULL OR r.from_on <= {on}) AND (r.to_on IS NULL OR r.to_on >= {on})
          AND a.customer_id <> b.customer_id
        """
