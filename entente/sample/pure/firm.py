"""The whole sample firm from one random generator: records, orders, dialogue, and the truth behind them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from entente.sample.pure.calendar import Span, order_minutes, utc_offsets
from entente.sample.pure.catalogue import NEEDS, Catalogue, catalogue
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.customer_kinds import KINDS
from entente.sample.pure.dealings import Dealings, Placed, dealings, sums
from entente.sample.pure.demanding import YEAR, demanding, returns_of_all
from entente.sample.pure.dialogue import Dialogue, SampleConsent, SampleInteraction, Wishes
from entente.sample.pure.exchange import ExchangeRates, exchange_rates
from entente.sample.pure.need_facts import SampleFact, Told, wallets
from entente.sample.pure.orders import SALE, Lines, Returns, basket_lines
from entente.sample.pure.parties import ERP, SampleParty, parties
from entente.sample.pure.population import GROUPS, Buying, Population, buying, population
from entente.sample.pure.purchase_process import expected_purchases, expected_repeats, stages_passed
from entente.sample.pure.relations import Related, related
from entente.sample.pure.service_contracts import ServiceContracts, fee_lines, service_contracts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Number = TypeVar("Number", bound=np.generic)

SEED = 20261121
DAYS, AHEAD = 3 * 365, 26 * 7
# Who works there: mail address before the @, name, role.
USERS = (
    ("ada", "Ada Lindqvist", "admin"),
    ("henrik", "Henrik Lindqvist", "manager"),
    ("mina", "Mina Farahani", "agent"),
    ("oliver", "Oliver Hartwell", "agent"),
    ("greta", "Greta Sommer", "viewer"),
)
MAIL_DOMAIN = "lindqvist.example"
# By this many days the firm still calls somebody who left without a word.
NOT_NOTICED = 150
OTHER_RECORD_ORDERS = 0.35


@dataclass(frozen=True)
class Truth:
    """What the sample was made of. Per person (n,): customers first, then prospects and suspects, who have rate nought.

    rate: purchases a busy week while active. dropout: probability that a purchase is the last. birth_on: first
    purchase.
    alive: has not left for good at `as_of`. churn_on: day of the last purchase of who left by then, NaT otherwise.
    expected: purchases expected in the 26 weeks after `as_of` of who knows all of this; future: those that then
    happened.
    purchases: orders until `as_of`; expected_repeats: how many after the first the law expects by then.
    wallet: share of what they buy of such goods that is bought here. pays_late, demanding: as `dealings` and `demanding` have it.
    contract_churn: chance to leave a service contract at the end of each quarter, nought without one. contract_fees: paid until `as_of`;
    contract_ended: left by then; contract_future: fees of the 26 weeks after. Fees are no purchases.
    record_person: (parties,) whose record it is; `source` and `key` name the record.
    """

    kind: tuple[str, ...]
    country: tuple[str, ...]
    need: tuple[str, ...]
    rate: Floats
    dropout: Floats
    alive: Bools
    churn_on: npt.NDArray[np.datetime64]
    birth_on: npt.NDArray[np.datetime64]
    purchases: Ints
    expected_repeats: Floats
    expected: Floats
    future: Ints
    wallet: Floats
    pays_late: Bools
    demanding: Bools
    contract_churn: Floats
    contract_fees: Ints
    contract_ended: Bools
    contract_future: Ints
    source: tuple[str, ...]
    key: tuple[str, ...]
    record_person: Ints

    def person_of(self) -> dict[tuple[str, str], int]:
        """(source, key) → number of the person or organisation behind the record."""
        names = zip(self.source, self.key, strict=True)
        return dict(zip(names, self.record_person.tolist(), strict=True))


@dataclass(frozen=True)
class Orders:
    """(m,) each, by time. party: row of the parties. at: UTC. number: unique in its source. of: the order something
    came back of, -1 for an order; complained: a complaint follows."""

    party: Ints
    person: Ints
    day: Ints
    at: npt.NDArray[np.datetime64]
    number: tuple[str, ...]
    complained: Bools


@dataclass(frozen=True)
class SampleFirm:
    """Everything that is planted. `returned.of_order` and `lines.order` count `orders`; `return_at` is UTC.
    fees: what was paid for contracts, as orders of their own; `fee_lines.order` counts these.

    interactions and consents: their minutes count from `span.first_on` on the party's own clock; `utc` makes them
    instants.
    """

    span: Span
    goods: Catalogue
    rates: ExchangeRates
    parties: list[SampleParty]
    orders: Orders
    lines: Lines
    returned: Returns
    return_at: npt.NDArray[np.datetime64]
    interactions: list[SampleInteraction]
    consents: list[SampleConsent]
    wishes: list[tuple[int, Wishes]]
    offsets: Ints
    zone: Ints
    truth: Truth
    related: Related
    dealings: Dealings
    facts: list[SampleFact]
    contracts: ServiceContracts
    fees: Orders
    fee_lines: Lines

    def utc(self, party: Ints, minute: Ints) -> npt.NDArray[np.datetime64]:
        """Instants in UTC of minutes on the clocks of these parties."""
        return _utc(self.span, self.offsets, self.zone[party], minute)


def sample_firm(rng: np.random.Generator, *, as_of: dt.date, customers: int = 5000) -> SampleFirm:
    """Make the firm as it stood at the end of `as_of`. The same generator state makes the same firm."""
    span = Span(as_of, DAYS, AHEAD)
    # Those at the end came last: whatever is drawn for them leaves the rest as it was.
    who, buys, names, goods_chance, back, times, talk, money, trouble, more_back, dealt, told, pockets, serving = (
        rng.spawn(14)
    )
    people = population(customers, who)
    bought = buying(people, span, buys)
    records = parties(people, account_managers(), names)
    goods, rates = catalogue(), exchange_rates(span, money)
    zones = sorted({city.zone for country in COUNTRIES for city in country.cities})
    offsets = np.array([utc_offsets(zone, span) for zone in zones])
    record_person = np.array([record.person for record in records])
    city_zones = [[zones.index(city.zone) for city in country.cities] for country in COUNTRIES]
    person_zone = np.array([city_zones[c][t] for c, t in zip(people.country, people.city, strict=True)])
    zone = person_zone[record_person]
    orders = _orders(people, bought, records, record_person, span, offsets, zone, times)
    lines = basket_lines(people, orders.person, orders.day, goods, rates, span, goods_chance)
    is_demanding = demanding(people, orders.person, orders.day, span.days - 1, trouble)
    returned = returns_of_all(lines, orders.day, is_demanding[orders.person], span.days - 1, back, more_back)
    later = orders.at[returned.of_order] + np.timedelta64(25, "m")
    same_day = returned.day == orders.day[returned.of_order]
    noon = _utc(span, offsets, zone[orders.party[returned.of_order]], returned.day * 1440 + 15 * 60)
    return_at = np.where(same_day, later, noon)
    first, last = _days_of_relation(people, bought, records, record_person, span, times)
    records = [
        record if when is None else _known(record, when)
        for record, when in zip(records, _known_days(people, first, record_person, times), strict=True)
    ]
    dialogue = Dialogue(people, records, span, talk)
    upset = np.flatnonzero(orders.complained)
    causes = np.full(orders.day.size, "", dtype="U6")
    causes[upset] = dialogue.complaints(orders.party[upset], orders.day[upset], [orders.number[row] for row in upset])
    dialogue.contacts(first, last)
    dialogue.consent(first)
    wishes = dialogue.wishes()
    dialogue.hard_work(np.flatnonzero(is_demanding), first)
    placed = _placed(people, orders, lines, causes, is_demanding)
    dealt_with = dealings(placed, lines, returned, span, people.group.size, dealt)
    wallet, recent = wallets(people, pockets), orders.day > span.days - 1 - YEAR
    spent = sums(orders.person[recent], placed.worth[recent], people.group.size)
    facts = Told(people, records, dialogue.interactions, wallet, spent, span, told).everything()
    may = np.array([record.source == ERP for record in records[: people.buyers]]) & ~is_demanding[: people.buyers]
    held = service_contracts(people, may, first[: people.buyers], span, serving)
    fees, paid = _fees(held, span, offsets, zone, serving)
    truth = _truth(people, bought, records, record_person, span, back, wallet, dealt_with.pays_late, is_demanding, held)
    return SampleFirm(
        span, goods, rates, records, orders, lines, returned, return_at, dialogue.interactions, dialogue.consents,
        wishes, offsets, zone, truth, related(people, records, span.days), dealt_with, facts,
        held, fees, fee_lines(held, paid, people, goods, rates, span),
    )  # fmt: skip


def account_managers() -> dict[str, str]:
    """Who looks after whom: country code or "distributor" → mail address."""
    mail = {name: f"{name}@{MAIL_DOMAIN}" for name, _, _ in USERS}
    return {"distributor": mail["henrik"], "SA": mail["mina"], "IR": mail["mina"]} | dict.fromkeys(
        ("GB", "DE", "RU"), mail["oliver"]
    )


def _utc(span: Span, offsets: Ints, zone: Ints, minute: Ints) -> npt.NDArray[np.datetime64]:
    local = np.datetime64(span.first_on, "m") + minute
    return local - offsets[zone, minute // 1440]


def _orders(
    people: Population, bought: Buying, records: list[SampleParty], record_person: Ints, span: Span,
    offsets: Ints, zone: Ints, rng: np.random.Generator,
) -> Orders:  # fmt: skip
    """One order for each purchase until `as_of`, with its hour, its record and its number."""
    past = bought.purchases.time <= bought.now[bought.purchases.customer]
    person, day = bought.purchases.customer[past], bought.day[past]
    complained = bought.purchases.complained[past]
    business = np.array([law.is_business for law in KINDS])[people.group[person]]
    minute = day * 1440 + order_minutes(business, rng)
    party = person.copy()
    for row in range(people.group.size, len(records)):
        if records[row].source in ("erp", "shop"):
            other = (person == record_person[row]) & (rng.random(person.size) < OTHER_RECORD_ORDERS)
            party[other] = row
    at = _utc(span, offsets, zone[party], minute)
    order = np.lexsort((party, at))
    person, day, party, at, complained = person[order], day[order], party[order], at[order], complained[order]
    in_erp = np.array([record.source == ERP for record in records])[party]
    serial = np.where(in_erp, np.cumsum(in_erp), np.cumsum(~in_erp))
    numbers = tuple(
        f"81-{count:06d}" if erp else f"W{count:07d}"
        for count, erp in zip(serial.tolist(), in_erp.tolist(), strict=True)
    )
    return Orders(party, person, day, at, numbers, complained)


def _fees(
    held: ServiceContracts, span: Span, offsets: Ints, zone: Ints, rng: np.random.Generator
) -> tuple[Orders, Ints]:
    """What was paid for contracts until `as_of`, by time, each an order on the first record; and which of the fees these are."""
    paid = np.flatnonzero(held.day < span.days)
    person, minute = held.person[held.of[paid]], order_minutes(np.ones(paid.size, dtype=bool), rng)
    at = _utc(span, offsets, zone[person], held.day[paid] * 1440 + minute)
    order = np.lexsort((person, at))
    paid, person, at = paid[order], person[order], at[order]
    numbers = tuple(f"82-{count:06d}" for count in range(1, paid.size + 1))
    return Orders(person, person, held.day[paid], at, numbers, np.zeros(paid.size, dtype=bool)), paid


def _placed(
    people: Population, orders: Orders, lines: Lines, causes: npt.NDArray[np.str_], is_demanding: Bools
) -> Placed:
    pieces = sums(lines.order, lines.quantity * (lines.kind == SALE), orders.day.size)
    return Placed(
        orders.person, people.group[orders.person], people.country[orders.person], orders.day, causes,
        is_demanding[orders.person], sums(lines.order, lines.amount, orders.day.size), pieces,
    )  # fmt: skip


def _days_of_relation(
    people: Population,
    bought: Buying,
    records: list[SampleParty],
    record_person: Ints,
    span: Span,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """(parties,) first and last day on which there may be contacts: from the first purchase until some months after
    the last of who left; prospects from when they became known; never for suspects and for most second records."""
    n = people.group.size
    first, last = np.full(n, span.days), np.full(n, span.days - 1)
    np.minimum.at(first, bought.purchases.customer, bought.day)
    final = np.full(people.buyers, -1)
    np.maximum.at(final, bought.purchases.customer, bought.day)
    gone = np.isfinite(bought.purchases.left)
    last[: people.buyers] = np.where(gone, np.minimum(span.days - 1, final + NOT_NOTICED), span.days - 1)
    prospects = people.group == GROUPS.index("prospect")
    first[prospects] = rng.integers(span.days // 3, span.days - 7, int(prospects.sum()))
    first_of, last_of = first[record_person], last[record_person]
    # The dialogue of somebody known twice hangs on the first record; on the second only every fifth has one.
    second = np.arange(len(records)) >= n
    last_of[second & (rng.random(len(records)) < 0.8)] = -1
    return first_of, last_of


def _known_days(people: Population, first: Ints, record_person: Ints, rng: np.random.Generator) -> list[int | None]:
    """The day a source says it got to know them: prospects and suspects always, customers if they registered before
    they bought."""
    group = people.group[record_person]
    ahead = rng.integers(0, 21, record_person.size)
    suspect_day = rng.integers(first.min(), first[group < len(KINDS)].max() + 1, record_person.size)
    days: list[int | None] = []
    for row, number in enumerate(group.tolist()):
        if number == GROUPS.index("suspect"):
            days.append(int(suspect_day[row]))
        elif number == GROUPS.index("prospect"):
            days.append(int(first[row]))
        else:
            days.append(max(0, int(first[row] - ahead[row])) if row % 2 else None)
    return days


def _known(record: SampleParty, day: int) -> SampleParty:
    return SampleParty(**{**record.__dict__, "known": day})


def _truth(
    people: Population,
    bought: Buying,
    records: list[SampleParty],
    record_person: Ints,
    span: Span,
    rng: np.random.Generator,
    wallet: Floats,
    pays_late: Bools,
    is_demanding: Bools,
    held: ServiceContracts,
) -> Truth:
    n, total = people.buyers, people.group.size
    process, purchases = bought.process, bought.purchases
    alive = purchases.left > bought.now
    past = purchases.time <= bought.now[purchases.customer]
    stages = stages_passed(process, purchases, bought.now, rng)
    first_on = np.datetime64(span.first_on)
    last_day, first_day = np.full(n, -1), np.full(n, span.days)
    np.maximum.at(last_day, purchases.customer[past], bought.day[past])
    np.minimum.at(first_day, purchases.customer, bought.day)
    churn = np.zeros(total)
    churn[held.person] = held.churn
    nowhere = np.full(total - n, np.datetime64("NaT"), dtype="datetime64[D]")

    def everybody(column: npt.NDArray[Number]) -> npt.NDArray[Number]:
        return np.concatenate([column, np.zeros(total - n, dtype=column.dtype)])

    return Truth(
        kind=tuple(GROUPS[group] for group in people.group),
        country=tuple(COUNTRIES[country].code for country in people.country),
        need=tuple(NEEDS[need] for need in people.need),
        rate=everybody(process.rate),
        dropout=everybody(process.mean_dropout()),
        alive=everybody(alive),
        churn_on=np.concatenate([np.where(alive, np.datetime64("NaT"), first_on + last_day), nowhere]),
        birth_on=np.concatenate([first_on + first_day, nowhere]),
        purchases=everybody(np.bincount(purchases.customer[past], minlength=n)),
        expected_repeats=everybody(expected_repeats(process, bought.now - process.birth)),
        expected=everybody(expected_purchases(process, alive, stages, bought.until - bought.now)),
        future=everybody(np.bincount(purchases.customer[~past], minlength=n)),
        wallet=wallet,
        pays_late=pays_late,
        demanding=is_demanding,
        contract_churn=churn,
        contract_fees=np.bincount(held.person[held.of[held.day < span.days]], minlength=total),
        contract_ended=np.bincount(held.person[held.ended], minlength=total) > 0,
        contract_future=np.bincount(held.person[held.of[held.day >= span.days]], minlength=total),
        source=tuple(record.source for record in records),
        key=tuple(record.key for record in records),
        record_person=record_person,
    )
