"""What each customer may spend, of all in a cycle: reads what facts and relations say of them, calls the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from entente.differentiate.facts import Facts, spread, year_before
from entente.differentiate.models import Level, NeedFact, PotentialCell
from entente.differentiate.pure.arrays import Bools, Floats, Ints
from entente.differentiate.pure.need_terms import NeedTerms
from entente.differentiate.pure.potential import (
    BUYS_THROUGH,
    LOW_SHARE,
    PLAYS_OFF,
    Potentials,
    Said,
    Spending,
    cases,
    growth,
    potentials,
)
from entente.identify.models import Customer
from entente.identify.relations_models import Relation
from entente.ledger.models import ExchangeRate

# Who stands between the firm and the other side of the relation.
THROUGH = (Relation.Kind.DISTRIBUTES_TO, Relation.Kind.RETAILS_FOR)
ACTIVE = (Level.TOP, Level.BIG, Level.MEDIUM, Level.SMALL)


@dataclass(frozen=True)
class Judged:
    """columns: of the table of valuations. cells: the levels' sums, without their cycle. told: by how much potentials may be off."""

    columns: dict[str, Any]
    cells: list[PotentialCell]
    told: dict[str, Any]


def read_needs(facts: Facts, terms: NeedTerms) -> None:
    """Table `needs` of the extract: what holds at the end of the day and is sure enough for figures, by customer."""
    _ = facts._members
    facts.extract.run(
        f"""
        CREATE OR REPLACE TABLE needs AS
        SELECT m.customer_id, n.id, n.predicate, lower(n.value) AS value, n.number::DOUBLE AS number, n.currency, n.is_stated, n.said_on
        FROM pg.{NeedFact._meta.db_table} n JOIN members m USING (party_id)
        WHERE n.withdrawn_at IS NULL AND n.said_on <= $as_of AND (n.expires_on IS NULL OR n.expires_on >= $as_of)
          AND n.confidence >= $least
        """,
        {"as_of": facts.as_of, "least": terms.confidence},
    )
    facts.extract.run(
        f"""
        CREATE OR REPLACE TABLE need_rates AS
        SELECT currency, from_on, rate::DOUBLE AS rate FROM pg.{ExchangeRate._meta.db_table} WHERE currency <> $currency
        UNION ALL SELECT $currency, DATE '0001-01-01', 1.0
        UNION ALL SELECT '', DATE '0001-01-01', 1.0
        """,
        {"currency": facts.currency},
    )


def said_number(facts: Facts, predicate: str, customers: Ints) -> tuple[Floats, Bools]:
    """(n,) what the fact in force says as a number, money in the firm's currency, NaN without one; and whether they said it."""
    found = facts.extract.columns(
        """
        WITH standing AS (
            SELECT * FROM needs WHERE predicate = $predicate AND number IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY is_stated DESC, said_on DESC, id DESC) = 1
        )
        SELECT s.customer_id, s.number * r.rate AS number, s.is_stated
        FROM standing s ASOF LEFT JOIN need_rates r ON s.currency = r.currency AND s.said_on >= r.from_on ORDER BY s.customer_id
        """,
        {"predicate": predicate},
    )
    missing = np.ma.getmaskarray(found["number"])
    if missing.any():
        facts.notes.append(
            _("%(count)d amounts that customers are said to spend elsewhere are in a currency without an exchange rate and do not count.")
            % {"count": int(missing.sum())}
        )  # fmt: skip
    number = np.where(missing, np.nan, np.ma.getdata(found["number"]))
    said = spread(found["customer_id"], number, customers, np.nan)
    return said, spread(found["customer_id"], found["is_stated"], customers, False) & np.isfinite(said)


def judge(facts: Facts, table: Mapping[str, Any], segment: Ints, terms: NeedTerms) -> Judged:
    """Potential, share of wallet, growth and the three cases of everybody in the table. Call `read_needs` first."""
    customers, revenue, level = table["customer_id"], table["revenue_year"], np.asarray(table["level"])
    is_active = np.isin(level, ACTIVE)
    known_before = np.asarray(table["first_on"]) <= np.datetime64(year_before(facts.as_of), "D")
    # Their own orders, not what is expected of the next: that is drawn to the mean of all, and who came once would seem large.
    order_size = np.maximum(np.asarray(table["revenue_all"]), 0.0) / np.maximum(np.asarray(table["purchases"]), 1)
    # How often somebody orders who orders as much at a time hangs most on what they are; then on what they need, and where.
    kinds = (_kinds(facts, customers), segment, _country_codes(table["country"]))
    spending = Spending(revenue, order_size, is_active & known_before, kinds)
    elsewhere, share, budget = (
        said_number(facts, name, customers) for name in ("spend_elsewhere", "share_of_wallet", "budget")
    )
    said = Said(elsewhere[0], share[0], budget[0], elsewhere[1], share[1], budget[1])
    found = potentials(spending, said, terms)
    suppliers = _counted(facts, customers, "other_supplier")
    through = (_counted(facts, customers, "buys_through") > 0) | _behind_others(facts, customers)
    case = cases(found, suppliers, through, terms)
    margin = np.asarray(table["margin_year"])
    rate = np.divide(margin, revenue, out=np.full(len(revenue), facts.margin_rate), where=revenue > 0)
    more = growth(found, revenue, np.clip(rate, 0.0, 1.0))
    columns = {
        "potential": _masked(found.potential),
        "share": _masked(found.share),
        "share_is_stated": found.is_stated,
        "stimulate": case.astype(np.int16),
        "growth": more,
    }
    return Judged(columns, _cells(level, revenue, found, case, more), _told(found, is_active & ~known_before))


def _told(found: Potentials, newcomers: Bools) -> dict[str, Any]:
    """Of what is estimated: the part of it at which the range begins and ends, as the middle one of all customers has it."""
    rows = np.flatnonzero(~found.is_told & (found.potential > 0))
    low, high = (
        float(np.median(column[rows] / found.potential[rows])) if len(rows) else 1.0
        for column in (found.low, found.high)
    )
    return {
        "estimated": len(rows), "stated": int(found.is_stated.sum()), "believed": int((found.is_told & ~found.is_stated).sum()),
        "newcomers": int(newcomers.sum()), "low": round(low, 4), "high": round(high, 4),
    }  # fmt: skip


def _cells(level: Ints, revenue: Floats, found: Potentials, case: Ints, more: Floats) -> list[PotentialCell]:
    is_judged = np.isfinite(found.potential)

    def per_level(column: Any) -> Floats:
        return np.bincount(level, weights=np.asarray(column, np.float64), minlength=len(Level) + 1).astype(np.float64)

    def judged(column: Floats) -> Floats:
        return per_level(np.where(is_judged, column, 0.0))

    sums = {
        "revenue": judged(np.maximum(revenue, 0.0)), "potential": judged(found.potential), "potential_low": judged(found.low),
        "potential_high": judged(found.high), "growth": per_level(more),
    }  # fmt: skip
    counts = {
        "customers": per_level(np.ones(len(level))), "judged": per_level(is_judged), "stated": per_level(found.is_stated),
        "low_share": per_level(case & LOW_SHARE > 0), "plays_off": per_level(case & PLAYS_OFF > 0),
        "buys_through": per_level(case & BUYS_THROUGH > 0),
    }  # fmt: skip
    return [
        PotentialCell(
            level=one,
            **{name: float(column[one]) for name, column in sums.items()},
            **{name: int(column[one]) for name, column in counts.items()},
        )
        for one in Level
    ]


def _masked(column: Floats) -> Any:
    missing = ~np.isfinite(column)
    return np.ma.masked_array(np.where(missing, 0.0, column), missing)


def _counted(facts: Facts, customers: Ints, predicate: str) -> Ints:
    found = facts.extract.columns(
        "SELECT customer_id, count(DISTINCT value) AS many FROM needs WHERE predicate = $predicate GROUP BY ALL ORDER BY ALL",
        {"predicate": predicate},
    )
    return spread(found["customer_id"], found["many"], customers, 0)


def _behind_others(facts: Facts, customers: Ints) -> Bools:
    """(n,) a relation says that what they use of ours goes through somebody else's hands."""
    kinds = ", ".join(f"'{kind.value}'" for kind in THROUGH)
    found = facts.extract.columns(
        f"""
        SELECT DISTINCT b.customer_id FROM pg.{Relation._meta.db_table} r
        JOIN members a ON a.party_id = r.party_id JOIN members b ON b.party_id = r.other_id
        WHERE r.kind IN ({kinds}) AND r.withdrawn_at IS NULL AND (r.from_on IS NULL OR r.from_on <= $as_of)
          AND (r.to_on IS NULL OR r.to_on >= $as_of) AND a.customer_id <> b.customer_id
        """,
        {"as_of": facts.as_of},
    )["customer_id"]
    return np.isin(customers, found)


def _kinds(facts: Facts, customers: Ints) -> Ints:
    """(n,) a code of what a source calls them and of whether they are a person."""
    found = facts.extract.columns(
        f"""
        WITH known AS (SELECT id, segment || '|' || kind AS said FROM pg.{Customer._meta.db_table}),
             codes AS (SELECT said, row_number() OVER (ORDER BY said)::INTEGER AS code FROM (SELECT DISTINCT said FROM known))
        SELECT id, code FROM known JOIN codes USING (said) ORDER BY id
        """
    )
    return spread(found["id"], found["code"], customers, 0)


def _country_codes(country: Any) -> Ints:
    return np.frombuffer(np.ascontiguousarray(country, "S2").tobytes(), ">u2").astype(np.int64)
