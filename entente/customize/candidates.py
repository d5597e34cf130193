"""The columns the plays look at, gathered from valuations, order lines, contacts and what people made of earlier decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import scipy.sparse
from django.db import connection

from entente.customize.models import Answer, Decision
from entente.customize.pure.cross_sell import NO_ITEM, cosine_neighbours, recommend
from entente.customize.pure.facts import Facts as PlayFacts
from entente.customize.pure.plays import PLAYS
from entente.differentiate.facts import Facts, day_number, find, spread
from entente.differentiate.models import Cycle
from entente.differentiate.partitions import partition_of
from entente.identify.models import Customer
from entente.ledger.models import Product
from entente.lib.distinct import distinct

Columns = dict[str, Any]
Progress = Callable[[str, float, float | None], None]

FEWEST_RHYTHM = 2  # own gaps before a customer has a rhythm of their own
PLAY_PLACE = {play.key: place for place, play in enumerate(PLAYS)}


@dataclass(frozen=True)
class Buyers:
    """Everyone who ever bought, as the plays see them, and what only the decision's own row needs."""

    customers: np.ndarray[Any, Any]
    facts: PlayFacts
    level: np.ndarray[Any, Any]
    has_phone: np.ndarray[Any, Any]
    has_email: np.ndarray[Any, Any]
    has_address: np.ndarray[Any, Any]
    contacts_month: np.ndarray[Any, Any]
    product_names: dict[int, str]


def buyers(cycle: Cycle, facts: Facts, *, cross_sell_days: float, progress: Progress) -> Buyers:
    """Read all columns of all buyers as of the cycle's day. Sorted by customer.

    cross_sell_days: to whom a product may be proposed: whose last order is not older.
    """
    progress("Reading what was found", 0, None)
    found = _valuations(cycle, facts)
    customers = found["customer_id"]
    n = len(customers)
    today = day_number(cycle.as_of)
    contacts = facts.contacts

    def ago(day: Any, never: int = -1) -> np.ndarray[Any, Any]:
        return np.where(day == never, np.nan, today - day.astype(np.float64))

    last_ago = (today - found["last_day"]).astype(np.float64)
    progress("Finding what goes with what", 0, None)
    lately = last_ago <= cross_sell_days
    product, score, because, names = _recommended(facts, customers, lately, since=today - int(cross_sell_days))
    coming = facts.coming
    usual = np.where(coming.gaps >= FEWEST_RHYTHM, coming.usual_gap_days, np.nan)
    alive = np.ma.filled(found["alive"], 1.0).astype(np.float64)
    last_done, not_before = _what_people_made_of_it(customers, cycle.as_of)
    reach = _reach(facts, customers)
    play_facts = PlayFacts(
        as_of=np.datetime64(cycle.as_of, "D"),
        level=found["level"].astype(np.int64) - 1,
        stage=found["stage"].astype(np.int64),
        purchases=found["purchases"].astype(np.int64),
        first_order_days_ago=(today - found["first_day"]).astype(np.float64),
        last_order_days_ago=last_ago,
        usual_gap_days=usual,
        next_from_days=coming.from_days,
        next_median_days=coming.median_days,
        next_until_days=coming.until_days,
        alive=np.clip(alive, 0.0, 1.0),
        alive_meaningful=~np.ma.getmaskarray(found["alive"]),
        margin=found["spend"] * found["margin_share"],
        clv=found["value"],
        last_two_way_days=ago(spread(contacts["customer_id"], contacts["last_two_way_day"], customers, -1)),
        complaint_open=spread(contacts["customer_id"], contacts["complaint_open"], customers, False),
        detractor_days=np.full(n, np.nan),
        product=product,
        product_score=score,
        because=because,
        last_done_days=last_done,
        not_before_days=not_before,
    )
    return Buyers(
        customers=customers,
        facts=play_facts,
        level=found["level"],
        has_phone=reach["phone"],
        has_email=reach["email"],
        has_address=reach["address"],
        contacts_month=spread(contacts["customer_id"], contacts["contacts_month"], customers, 0),
        product_names=names,
    )


def _valuations(cycle: Cycle, facts: Facts) -> Columns:
    facts.extract.see_new_tables()
    # Buyers are those with a purchase left after returns: the same whom the valuations count.
    return facts.extract.columns(
        f"""
        SELECT customer_id, level, stage, purchases, first_on - DATE '1970-01-01' AS first_day, last_on - DATE '1970-01-01' AS last_day,
               spend, value, alive,
               CASE WHEN revenue_year > 0 THEN greatest(-1.0, least(1.0, margin_year / revenue_year)) ELSE $rate END AS margin_share
        FROM pg.{partition_of(cycle)} WHERE purchases > 0 ORDER BY customer_id
        """,
        {"rate": facts.margin_rate},
    )


def _recommended(
    facts: Facts, customers: np.ndarray[Any, Any], lately: np.ndarray[Any, Any], *, since: int
) -> tuple[Any, Any, Any, dict[int, str]]:
    """For each customer the product that goes best with what was bought and never was: its place, score and the reason.

    lately: (n,) who bought so lately that a proposal may be made; from them it is learned what goes with what, too.
    """
    n = len(customers)
    item, score, because = np.full(n, NO_ITEM, np.int64), np.zeros(n), np.full(n, NO_ITEM, np.int64)
    rows = np.flatnonzero(lately)
    pairs = facts.bought_products(since)
    products = np.flatnonzero(np.bincount(pairs["product_id"]))
    at, here = find(customers[rows], pairs["customer_id"])
    if len(products) < 2 or not here.any():
        return item, score, because, {}
    who, what = at[here], find(products, pairs["product_id"][here])[0]
    history = scipy.sparse.csr_array(
        (np.ones(len(who), np.float32), (who, what)), shape=(len(rows), len(products)), dtype=np.float32
    )
    recent = np.bincount(what, weights=pairs["recent"][here].astype(np.float64), minlength=len(products))
    found = recommend(history, cosine_neighbours(history), popularity=np.sqrt(recent), top=1)
    item[rows], score[rows], because[rows] = found.item[:, 0], found.score[:, 0], found.because[:, 0]
    used = distinct(np.concatenate([found.item[:, 0], found.because[:, 0]]))
    return item, score, because, _product_names(products, used[used >= 0])


def _product_names(products: np.ndarray[Any, Any], used: np.ndarray[Any, Any]) -> dict[int, str]:
    place_of = {int(products[place]): int(place) for place in used}
    rows = Product.objects.filter(pk__in=list(place_of)).values_list("id", "name", "code")
    return {place_of[number]: name or code for number, name, code in rows}


def _what_people_made_of_it(customers: np.ndarray[Any, Any], as_of: date) -> tuple[Any, Any]:
    """(n, plays) days since each play was last done, and days until a postponed or refused one may come back."""
    n, plays = len(customers), len(PLAYS)
    last_done, not_before = np.full((n, plays), np.nan), np.full((n, plays), np.nan)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT d.customer_id, d.play,
                   min(%s::date - a.at::date) FILTER (WHERE a.kind = 'done'), max(a.until_on - %s::date)
            FROM {Answer._meta.db_table} a JOIN {Decision._meta.db_table} d ON d.id = a.decision_id
            WHERE a.at < %s::date + 1
            GROUP BY d.customer_id, d.play
            """,
            [as_of, as_of, as_of],
        )
        for customer, play, done, wait in cursor.fetchall():
            row, place = int(np.searchsorted(customers, customer)), PLAY_PLACE.get(play)
            if place is None or row >= n or customers[row] != customer:
                continue
            if done is not None:
                last_done[row, place] = max(done, 0)
            if wait is not None:
                not_before[row, place] = wait
    return last_done, not_before


def _reach(facts: Facts, customers: np.ndarray[Any, Any]) -> Columns:
    found = facts.extract.columns(
        f"""
        SELECT id AS customer_id, phone <> '' AS phone, email <> '' AS email, city <> '' AS address
        FROM pg.{Customer._meta.db_table} ORDER BY id
        """
    )
    return {name: spread(found["customer_id"], found[name], customers, False) for name in ("phone", "email", "address")}
