"""How some of the sample's customers relate: chains with branches, distributors with dealers, households, a word of mouth, an alliance."""

from __future__ import annotations

from dataclasses import dataclass

from entente.sample.pure.customer_kinds import NAMES
from entente.sample.pure.parties import SampleParty
from entente.sample.pure.population import Population

DISTRIBUTORS, DEALERS_EACH = 6, 4
HOUSEHOLDS, REFERRALS, EMPLOYERS = 12, 10, 5
SHARES = (5, 8, 10)
DISTRIBUTOR, RETAILER, TRADE, CONSUMER = range(len(NAMES))


@dataclass(frozen=True)
class SampleRelation:
    """The record in row `party` `kind` the one in row `other`, from a day of the sample on; per cent of the net revenue, if any."""

    party: int
    kind: str
    other: int
    day: int
    percent: int | None = None


@dataclass(frozen=True)
class SampleDeal:
    """parts: rows of the records, each with its role."""

    name: str
    day: int
    parts: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Related:
    relations: list[SampleRelation]
    deals: list[SampleDeal]


def related(people: Population, records: list[SampleParty], days: int) -> Related:
    """Nothing is drawn: the first records of each kind and country relate, so that nothing else of the sample changes."""
    of_kind = [
        [row for row in range(people.buyers) if people.group[row] == kind]
        for kind in (DISTRIBUTOR, RETAILER, TRADE, CONSUMER)
    ]
    distributors, retailers, trades, consumers = of_kind
    found = _branches(records, retailers)
    supplied = _by_country(records, trades)
    for place, row in enumerate(distributors[:DISTRIBUTORS]):
        dealers = [
            supplied[records[row].country].pop(0) for _each in range(DEALERS_EACH) if supplied.get(records[row].country)
        ]
        found += [
            SampleRelation(row, "distributes_to", dealer, 30 * place, SHARES[place % len(SHARES)]) for dealer in dealers
        ]
    neighbours = _by_country(records, consumers)
    pairs = [(rows[at + 1], rows[at]) for rows in neighbours.values() for at in range(0, len(rows) - 1, 2)]
    found += [SampleRelation(member, "household", head, 0) for member, head in pairs[:HOUSEHOLDS]]
    firms = [row for rows in supplied.values() for row in rows]
    found += [
        SampleRelation(new, "referred_by", old, days // 2)
        for old, new in list(zip(firms[::2], firms[1::2], strict=False))[:REFERRALS]
    ]
    found += [
        SampleRelation(firm, "employs", person, days // 3)
        for firm, (_member, person) in list(zip(reversed(firms), reversed(pairs), strict=False))[:EMPLOYERS]
    ]
    deals = []
    if len(distributors) > 1 and trades:
        one, other = distributors[:2]
        found.append(SampleRelation(one, "alliance", other, days // 2))
        parts = ((one, "supplier"), (other, "carrier"), (trades[0], "applicator"))
        deals.append(SampleDeal("Harbour refurbishment", days // 2, parts))
    return Related(found, deals)


def _branches(records: list[SampleParty], retailers: list[int]) -> list[SampleRelation]:
    """Every branch belongs to the group of its chain's head office."""
    rows = {records[row].key: row for row in retailers}
    heads = [(row, rows.get(records[row].attributes.get("chain", ""))) for row in retailers]
    return [SampleRelation(row, "group", head, 0) for row, head in heads if head is not None and head != row]


def _by_country(records: list[SampleParty], rows: list[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(records[row].country, []).append(row)
    return found
