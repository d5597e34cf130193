"""What is known around a customer: its relations and deals one by one, and those two steps around it for a picture.

Only customers whom the user may see are there; a way that leads over another one ends before it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import F, Q

from entente.identify.find import customers_of, parties_of, visible_customers
from entente.identify.models import Customer, Membership
from entente.identify.relations_models import BACKWARD, Deal, DealPart, Relation
from entente.staff.models import User

MOST_SHOWN = 12  # in the picture, the customer in the middle included
NEAREST_FIRST = 8  # so many of them stand next to it, before those behind them are looked at
MOST_LISTED = 50
MANY = 300  # so many relations of one customer are looked through

K = Relation.Kind
# Who stands above the one it is said of, by the kind and whether the one below is named first.
ABOVE = frozenset({
    (K.GROUP, True), (K.HOUSEHOLD, True), (K.RETAILS_FOR, True), (K.REFERRED_BY, True), (K.DISTRIBUTES_TO, False), (K.EMPLOYS, False),
    (K.DECIDES_FOR, False),
})  # fmt: skip


@dataclass(frozen=True)
class Told:
    """One relation as it looks from a customer."""

    relation: Relation
    words: str
    other: Customer


@dataclass(frozen=True)
class DealTold:
    deal: Deal
    parts: list[tuple[DealPart, Customer]]


@dataclass
class Node:
    """One customer of the picture. words: how the one it hangs on relates to it. `behind`: who hangs on it, in turn."""

    customer: Customer
    words: list[str] = field(default_factory=list)
    is_above: bool = False
    behind: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Around:
    """The picture: the customer in the middle with who is around it. more: how many are left out; at_least: or even more."""

    middle: Node
    more: int = 0
    at_least: bool = False


def relations_of(customer: Customer, user: User) -> list[Told]:
    """Its relations, those without an end first, then the newest; what was taken back is left out."""
    parties = parties_of(customer)
    rows = Relation.objects.filter(Q(party__in=parties) | Q(other__in=parties), withdrawn_at=None)
    rows = rows.select_related("by", "source").order_by(
        F("to_on").desc(nulls_first=True), F("from_on").desc(nulls_last=True), "-id"
    )
    found = list(rows[:MOST_LISTED])
    # Two records of this very customer may be related: they were others once, and may be again.
    away = [row for row in found if row.party_id not in parties or row.other_id not in parties]
    others = customers_of({party for row in away for party in (row.party_id, row.other_id)} - set(parties), user)
    told = []
    for row in away:
        is_forward = row.party_id in parties
        other = others.get(row.other_id if is_forward else row.party_id)
        if other is not None:
            told.append(Told(row, words(row.kind, is_forward), other))
    return told


def deals_of(customer: Customer, user: User) -> list[DealTold]:
    """The deals it takes part in, the newest first, with who else does."""
    rows = Deal.objects.filter(parts__party__in=parties_of(customer), withdrawn_at=None).distinct().order_by("-id")
    deals = list(rows.select_related("by")[:MOST_LISTED])
    parts = list(DealPart.objects.filter(deal__in=deals).order_by("id"))
    seen = customers_of({part.party_id for part in parts}, user)
    return [
        DealTold(
            deal,
            [(part, seen[part.party_id]) for part in parts if part.deal_id == deal.pk and part.party_id in seen],
        )
        for deal in deals
    ]


def words(kind: str, is_forward: bool) -> str:
    """How the one relates to the other."""
    known = Relation.Kind(kind)
    return str(known.label if is_forward else BACKWARD[known])


def around(customer: Customer, as_of: date, *, user: User) -> Around:
    """Who stands around a customer on a day, two steps far, at most MOST_SHOWN in all."""
    middle = Node(customer)
    seen = {customer.pk}
    first, is_cut = _step([middle], as_of, user, seen)
    near = first[:NEAREST_FIRST]
    seen |= {node.customer.pk for _parent, node in first}
    second, is_cut_behind = _step([node for _parent, node in near], as_of, user, seen)
    room = MOST_SHOWN - 1 - len(near)
    far = second[:room]
    near += first[NEAREST_FIRST : NEAREST_FIRST + room - len(far)]
    for parent, node in [*near, *far]:
        parent.behind.append(node)
    left_out = len(first) + len(second) - len(near) - len(far)
    return Around(middle, left_out, is_cut or is_cut_behind)


def _step(nodes: list[Node], as_of: date, user: User, seen: set[int]) -> tuple[list[tuple[Node, Node]], bool]:
    """Who is next to these: on whom it hangs, and itself; and whether there may be more than was looked through.

    Those above come first; nobody comes twice.
    """
    rows = _next_to([node.customer.pk for node in nodes], as_of) if nodes else []
    visible = visible_customers(user).in_bulk({far for _near, far, *_said in rows} - seen)
    parents = {node.customer.pk: node for node in nodes}
    found: dict[int, tuple[Node, Node]] = {}
    for near, far, kind, is_forward, name in rows:
        if far not in visible:
            continue
        parent, node = found.setdefault(far, (parents[near], Node(visible[far], is_above=(kind, is_forward) in ABOVE)))
        said = words(kind, is_forward) if kind else name
        if parent is parents[near] and said not in node.words:
            node.words.append(said)
    is_cut = MANY in Counter((near, kind == "", is_forward) for near, _far, kind, is_forward, _name in rows).values()
    return sorted(found.values(), key=lambda pair: not pair[1].is_above), is_cut


def _next_to(customers: list[int], as_of: date) -> list[tuple[Any, ...]]:
    """near, far, kind, whether the near one is named first, name of the deal: of each customer at most MANY of a sort."""
    members, relations = Membership._meta.db_table, Relation._meta.db_table
    in_force = (
        "withdrawn_at IS NULL AND (from_on IS NULL OR from_on <= %(as_of)s) AND (to_on IS NULL OR to_on >= %(as_of)s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT near.id, far.customer_id, said.kind, said.is_forward, said.name
            FROM unnest(%(customers)s::bigint[]) AS near (id) CROSS JOIN LATERAL (
                (SELECT r.other_id AS party_id, r.kind, true AS is_forward, '' AS name, r.from_on, r.id
                 FROM {members} m JOIN {relations} r ON r.party_id = m.party_id
                 WHERE m.customer_id = near.id AND m.ended_at IS NULL AND {in_force} LIMIT {MANY})
                UNION ALL
                (SELECT r.party_id, r.kind, false, '', r.from_on, r.id
                 FROM {members} m JOIN {relations} r ON r.other_id = m.party_id
                 WHERE m.customer_id = near.id AND m.ended_at IS NULL AND {in_force} LIMIT {MANY})
                UNION ALL
                (SELECT q.party_id, '', true, d.name, d.from_on, d.id
                 FROM {members} m
                 JOIN {DealPart._meta.db_table} p ON p.party_id = m.party_id
                 JOIN {Deal._meta.db_table} d ON d.id = p.deal_id
                 JOIN {DealPart._meta.db_table} q ON q.deal_id = p.deal_id AND q.id <> p.id
                 WHERE m.customer_id = near.id AND m.ended_at IS NULL AND {in_force} LIMIT {MANY})
            ) said
            JOIN {members} far ON far.party_id = said.party_id AND far.ended_at IS NULL
            WHERE far.customer_id <> near.id
            ORDER BY near.id, said.kind = '', said.from_on DESC NULLS LAST, said.id DESC
            """,
            {"customers": customers, "as_of": as_of},
        )
        return cursor.fetchall()
