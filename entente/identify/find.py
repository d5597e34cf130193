"""Finding a customer again: by any word, phone, mail or number, and by the number of an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.contrib.postgres.search import SearchQuery
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from entente.identify.models import Customer, Membership
from entente.ledger.models import Interaction, Order
from entente.lib.norm import LONGEST_QUERY, MOST_NEEDLES, grams, needles, norm
from entente.staff.models import User

# So many matches are fetched and put in order; beyond, the word says too little and the best are walked down to.
MANY = 500
_WORD = re.compile(r"\w+")
_ORDER_NUMBER = re.compile(r"[\w./# -]{3,60}")
_SHOWN = [each for each in Customer._meta.concrete_fields if each.name not in ("search", "grams")]
_NAMES = [each.attname for each in _SHOWN]
_BY_NUMBER = (
    f"SELECT {', '.join(str(each.column) for each in _SHOWN)} FROM {Customer._meta.db_table} WHERE id = ANY(%s)"
)


@dataclass(frozen=True)
class FoundOrder:
    order: Order
    customer: Customer | None


@dataclass(frozen=True)
class FoundInteraction:
    interaction: Interaction
    customer: Customer


@dataclass(frozen=True)
class Found:
    """What a search found, the best and the newest first. `are_more`: there are customers beyond those shown."""

    customers: list[Customer] = field(default_factory=list)
    orders: list[FoundOrder] = field(default_factory=list)
    interactions: list[FoundInteraction] = field(default_factory=list)
    are_more: bool = False


def visible_customers(user: User) -> QuerySet[Customer]:
    """The customers this user may see: every way to a customer begins here. What serves only searching stays in the database."""
    # One whose records are all gone stays for the sake of what was done for it, and is shown to nobody.
    records = Membership.objects.filter(customer=OuterRef("pk"), ended_at=None)
    return visible_with_records(user).filter(Exists(records))


def visible_with_records(user: User) -> QuerySet[Customer]:
    """The same where it is known already that they have records: asked so, it takes a third of the time."""
    if not user.is_authenticated or not user.is_active:
        return Customer.objects.none()
    return Customer.objects.defer("search", "grams")


def known_by_number(numbers: Sequence[int], user: User) -> dict[int, Customer]:
    """The same for a few whose numbers are known, without setting a query together each time: while somebody is on the telephone."""
    if not user.is_authenticated or not user.is_active or not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_NUMBER, [list(numbers)])
        rows = cursor.fetchall()
    return {row[0]: Customer.from_db(DEFAULT_DB_ALIAS, _NAMES, row) for row in rows}


def now_known_as(number: int, user: User) -> Customer | None:
    """Of a customer that stands empty: whose most of its records are now, where this user may see that one."""
    records = Membership.objects.filter(customer=number).values("party")
    owners = Membership.objects.filter(party__in=records, ended_at=None).exclude(customer=number).values("customer")
    owner = owners.annotate(records=Count("id")).order_by("-records", "customer").first()
    return visible_customers(user).filter(pk=owner["customer"]).first() if owner else None


def parties_of(customer: Customer) -> list[int]:
    """The records believed to be this customer, the surest first."""
    active = Membership.objects.filter(customer=customer, ended_at=None)
    return list(active.order_by("-weight", "party_id").values_list("party_id", flat=True))


def customers_of(parties: set[int], user: User) -> dict[int, Customer]:
    """party: its customer, where this user may see it."""
    links = Membership.objects.filter(party__in=parties, ended_at=None).values_list("party_id", "customer_id")
    pairs = list(links)
    seen = visible_customers(user).in_bulk({customer for _, customer in pairs})
    return {party: seen[customer] for party, customer in pairs if customer in seen}


def search(text: str, *, user: User, limit: int = 20, ranked: QuerySet | None = None) -> Found:
    """Customers, orders and contacts that match every word of a text.

    ranked: rows with a `customer`, best first, of the room that knows what customers are worth; without it, by name.
    """
    customers, are_more = _customers(text, user, limit, ranked)
    return Found(customers, _orders(text, user, limit), _interactions(text, user, limit), are_more)


@contextmanager
def _through_the_index() -> Iterator[None]:
    """The planner guesses badly how rare letters are, and reads the whole table where it expects to find enough early."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL statement_timeout = '5s'"
        )
        yield
        cursor.execute("SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = on")


def _matching(wanted: list[str], prefix: str = "") -> Q:
    condition = Q()
    for needle in wanted:
        condition &= Q(**{f"{prefix}search__contains": needle})
    return condition


def _customers(text: str, user: User, limit: int, ranked: QuerySet | None) -> tuple[list[Customer], bool]:
    wanted = needles(text)
    if not wanted or not user.is_active:
        return [], False
    seen = visible_customers(user)
    pieces = sorted({piece for needle in wanted for piece in grams(needle)})
    if not pieces:
        return _by_first_letters(wanted, seen, limit)
    # Who of them may be seen is asked of the few that are shown: beside the words, the question would hide the index.
    matches = Customer.objects.filter(_matching(wanted), grams__contains=pieces)
    with _through_the_index():
        ids = list(matches.order_by().values_list("id", flat=True)[: MANY + 1])
    if ranked is None:
        found = seen.filter(id__in=ids).order_by(Lower("name"), "id")[:limit]
        return list(found), len(ids) > limit
    if len(ids) > MANY:
        best = ranked.filter(_matching(wanted, "customer__"))
    else:
        best = ranked.filter(customer_id__in=ids)
    in_order = list(best.values_list("customer_id", flat=True)[:limit])
    # Whoever came after the last valuation has no rank, and is found all the same.
    in_order += [number for number in ids if number not in set(in_order)][: limit - len(in_order)]
    by_id = seen.in_bulk(in_order)
    return [by_id[number] for number in in_order if number in by_id], len(ids) > limit


def _by_first_letters(wanted: list[str], seen: QuerySet[Customer], limit: int) -> tuple[list[Customer], bool]:
    """One or two letters in all: names that begin with the first of them."""
    letters = wanted[0].strip()
    names = seen.annotate(lower=Lower("name")).filter(lower__gte=letters, lower__lt=letters + "\U0010ffff")
    found: list[Customer] = list(names.order_by("lower", "id")[: MANY if len(wanted) > 1 else limit + 1])
    if len(wanted) > 1:
        found = [customer for customer in found if all(needle in f" {norm(customer.name)} " for needle in wanted)]
    return found[:limit], len(found) > limit


def _orders(text: str, user: User, limit: int) -> list[FoundOrder]:
    number = text.strip()[:LONGEST_QUERY].lstrip("#").strip()
    if not _ORDER_NUMBER.fullmatch(number) or not any(character.isdigit() for character in number):
        return []
    spellings = Q()
    for spelling in {number, number.upper(), number.lower()}:
        spellings |= Q(number__startswith=spelling)
    orders = list(Order.objects.filter(spellings).order_by("number")[:limit])
    owners = customers_of({order.party_id for order in orders if order.party_id}, user)
    # An order of a customer who may not be seen is not seen either; an anonymous sale is nobody's secret.
    return [
        FoundOrder(order, owners.get(order.party_id) if order.party_id else None)
        for order in orders
        if not order.party_id or order.party_id in owners
    ]


NEWEST = 5_000  # contacts that are read one after the other, back through time

# The index gathers every contact that holds a word before it gives the first; of a word most hold, that is most of the table.
COMMON = """
SELECT coalesce(max(often) * (SELECT reltuples FROM pg_class WHERE oid = %(table)s::regclass), 0) > %(many)s
FROM pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) AS known(word, often)
WHERE s.schemaname = current_schema AND s.tablename = %(table)s AND s.attname = 'words' AND starts_with(known.word, %(word)s)
"""


def _newest(matches: QuerySet[Interaction], limit: int) -> list[Interaction]:
    """Among the newest contacts only: a word that was common once may stand in none of them."""
    beyond = list(Interaction.objects.order_by("-at").values_list("at", flat=True)[NEWEST : NEWEST + 1])
    some = matches.filter(at__gt=beyond[0]) if beyond else matches
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner would gather all that hold the word first, which is what is to be avoided.
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL statement_timeout = '5s'")
        return _first(some, limit)


def _first(some: QuerySet[Interaction], limit: int) -> list[Interaction]:
    return list(some.select_related("by").defer("words").order_by("-at", "-id")[:limit])


def _is_common(word: str) -> bool:
    """Do the table's statistics know of many contacts with a word that begins so?"""
    with connection.cursor() as cursor:
        cursor.execute(COMMON, {"table": Interaction._meta.db_table, "many": 20 * MANY, "word": word})
        return bool(cursor.fetchone()[0])


def _interactions(text: str, user: User, limit: int) -> list[FoundInteraction]:
    """The newest contacts in whose subject or text every word typed begins one of theirs."""
    words = [word.casefold() for word in _WORD.findall(text[:LONGEST_QUERY].replace("_", " "))]
    words = [word for word in words if len(word) >= 3][:MOST_NEEDLES]
    if not words:
        return []
    # Words hold letters and digits only: nothing in them means anything to tsquery.
    query = SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")
    matches = Interaction.objects.filter(words=query)
    rows = _newest(matches, limit) if len(words) == 1 and _is_common(words[0]) else []
    if len(rows) < limit:
        with _through_the_index():
            ids = list(matches.order_by().values_list("id", flat=True)[: MANY + 1])
        # Few are put in order; of many the newest are met soon on the way back through time.
        few = Interaction.objects.filter(id__in=ids) if len(ids) <= MANY else matches
        rows = _first(few, limit)
    owners = customers_of({row.party_id for row in rows}, user)
    return [FoundInteraction(row, owners[row.party_id]) for row in rows if row.party_id in owners]
