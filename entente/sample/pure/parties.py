"""The records that three source systems keep of the population."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.country import City, Country, Word
from entente.sample.pure.customer_kinds import KINDS
from entente.sample.pure.names import Directory, e164
from entente.sample.pure.population import GROUPS, PROSPECT, SUSPECT, Population

Ints = npt.NDArray[np.int64]

ERP, SHOP, CALL_LIST = "erp", "shop", "call list"
KEYS = {ERP: "E{:05d}", SHOP: "u-{:06d}", CALL_LIST: "C-{:04d}"}
DISTRIBUTOR, RETAILER, TRADE, CONSUMER = range(len(KINDS))
TRADE_IN_ERP = 0.5
# The share of each kind that a second source knows, too.
KNOWN_TWICE = (0.13, 0.0, 0.075, 0.02)
MAIL_DOMAINS = ("mail.example.com", "post.example.com", "inbox.example.org", "web.example.net")
BRANCHES_PER_CHAIN = 6


@dataclass(frozen=True)
class SampleParty:
    """One record. person: its number in the population. known: the day it became known, None where no source says
    so."""

    source: str
    key: str
    kind: str
    name: str
    segment: str
    email: str
    phone: str
    phone_e164: str
    country: str
    subdivision: str
    postcode: str
    city: str
    address: str
    language: str
    zone: str
    attributes: dict[str, str]
    person: int
    known: int | None = None


def parties(people: Population, managers: dict[str, str], rng: np.random.Generator) -> list[SampleParty]:
    """A record for everybody, in the order of the population, and after them the second records of the few known twice.

    managers: country code, or "distributor", → mail address of the account manager.
    """
    directory = Directory(rng)
    numbers = {source: iter(range(1, 10**6)) for source in KEYS}
    chains = _Chains(directory)
    first = []
    for person in range(people.group.size):
        country = COUNTRIES[people.country[person]]
        city = country.cities[people.city[person]]
        source = _source(int(people.group[person]), rng)
        key = KEYS[source].format(next(numbers[source]))
        record = _record(person, people, country, city, directory, chains, source, key)
        if source != SHOP:
            whom = "distributor" if people.would_be[person] == DISTRIBUTOR else country.code
            record.attributes["account_manager"] = managers[whom]
        first.append(record)
    return [*first, *_second_records(first, people, directory, numbers, rng)]


def _source(group: int, rng: np.random.Generator) -> str:
    if group in (PROSPECT, SUSPECT):
        return CALL_LIST
    if group == TRADE:
        return ERP if rng.random() < TRADE_IN_ERP else SHOP
    return SHOP if group == CONSUMER else ERP


class _Chains:
    """Retail chains with their branches: the first branch of each is its head office."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._open: dict[str, tuple[Word, str, int]] = {}

    def branch(self, country: Country, city: City, key: str) -> tuple[Word, str]:
        """Name of the next branch, and the key of its chain's head office."""
        chain, head, branches = self._open.get(country.code, (None, "", BRANCHES_PER_CHAIN))
        if chain is None or branches >= BRANCHES_PER_CHAIN:
            chain, head, branches = self._directory.organisation(country, country.chains, city), key, 0
        self._open[country.code] = (chain, head, branches + 1)
        return Word(country.branch.format(s=chain.native, c=city.name), chain.latin), head


def _record(
    person: int,
    people: Population,
    country: Country,
    city: City,
    directory: Directory,
    chains: _Chains,
    source: str,
    key: str,
) -> SampleParty:
    kind = int(people.would_be[person])
    attributes: dict[str, str] = {}
    mobile = directory.phone(country.mobile) if kind in (TRADE, CONSUMER) else ""
    written = mobile or directory.phone(city.phone)
    contact = directory.person(country)
    if kind == CONSUMER:
        name, email = contact, directory.mail(contact.latin, directory.pick(MAIL_DOMAINS))
    else:
        if kind == RETAILER:
            name, attributes["chain"] = chains.branch(country, city, key)
        else:
            name = directory.organisation(
                country, country.distributors if kind == DISTRIBUTOR else country.trades, city
            )
        email = directory.mail(directory.pick(country.mailboxes), directory.domain(name.latin))
        attributes["contact"] = contact.native
    # What a person declared: a firm's zone stands in the ERP, few consumers ever told theirs.
    zone = city.zone if source == ERP or person % 3 == 0 else ""
    return SampleParty(
        source, key, "person" if kind == CONSUMER else "organisation", name.native, _segment(people, person), email,
        written, e164(written, country), country.code, city.subdivision, directory.postcode(city.postcode), city.name,
        directory.address(country), country.language, zone, attributes, person,
    )  # fmt: skip


def _segment(people: Population, person: int) -> str:
    """What the sources call them: the call list knows what a prospect would be, and nothing of a suspect."""
    return "" if people.group[person] == SUSPECT else GROUPS[people.would_be[person]]


def _second_records(
    first: list[SampleParty],
    people: Population,
    directory: Directory,
    numbers: dict[str, Iterator[int]],
    rng: np.random.Generator,
) -> list[SampleParty]:
    """The same person or firm in another system: otherwise written, and with only part of what the first one knows."""
    known_twice = rng.random(people.buyers) < np.array(KNOWN_TWICE)[people.group[: people.buyers]]
    second = []
    for person in np.flatnonzero(known_twice):
        record = first[person]
        other = {ERP: SHOP, SHOP: ERP}[record.source] if people.group[person] == TRADE else CALL_LIST
        has_phone, has_mail = rng.random(2) < (0.75, 0.6)
        number = record.phone_e164 if has_phone or not has_mail else ""
        second.append(
            replace(
                record,
                source=other,
                key=KEYS[other].format(next(numbers[other])),
                name=directory.written_otherwise(record.name),
                email=record.email.upper() if has_mail and rng.random() < 0.2 else record.email if has_mail else "",
                phone=number,
                phone_e164=number,
                address=record.address if rng.random() < 0.5 else "",
                zone="",
                attributes={},
            )
        )
    return second
