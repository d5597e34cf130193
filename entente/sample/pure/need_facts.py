"""What some customers told of their needs and of what they buy elsewhere, and what the firm's people believe of others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.sample.pure.calendar import Span
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.dialogue import SampleInteraction
from entente.sample.pure.parties import SampleParty
from entente.sample.pure.population import Population

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# By group, distributors first: shape of the beta from which the true share of wallet is drawn; how many tell something; of
# how many our people believe something.
WALLET = ((5.0, 3.0), (4.0, 3.0), (2.2, 2.2), (1.5, 2.0))
TELLS = (0.5, 0.35, 0.14, 0.012, 0.2, 0.0)
BELIEVED = (0.15, 0.12, 0.04, 0.0, 0.05, 0.0)
LASTS = 730
# Of those who tell: what they tell, and how many say what does not go with the rest.
MONEY, SUPPLIERS, THROUGH, WISH, WAY, DECIDES = 0.7, 0.55, 0.2, 0.45, 0.3, 0.12
FLATTERS, WANTS_ELSE, TOLD_BEFORE, LONG_AGO = 0.08, 0.15, 0.2, 0.15
SURE, UNSURE = (0.7, 0.8, 0.9, 1.0), (0.3, 0.5, 0.6, 0.7)
SCALE = 10_000
SEEN = (
    "tins of others on their shelf",
    "named on their web page",
    "told by their driver",
    "guessed from the size of their orders",
)


@dataclass(frozen=True)
class SampleFact:
    """number: in ten-thousandths, of money in the customer's currency or of a share. said_in: place in the interactions, or None."""

    party: int
    predicate: str
    value: str
    number: int | None
    is_money: bool
    is_stated: bool
    said: int
    expires: int
    confidence: float
    evidence: str
    said_in: int | None
    by: int | None


def wallets(people: Population, rng: np.random.Generator) -> Floats:
    """(persons,) how much of what each buys of such goods is bought from the firm; nought for who is no customer."""
    a, b = (np.array([pair[part] for pair in WALLET])[people.group[: people.buyers]] for part in (0, 1))
    share = np.zeros(people.group.size)
    share[: people.buyers] = np.clip(rng.beta(a, b), 0.05, 0.98)
    return share


class Told:
    """Writes down what is known of the needs of a population, from contacts that took place."""

    def __init__(
        self, people: Population, records: list[SampleParty], said: list[SampleInteraction], share: Floats, spent: Ints, span: Span,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """share: (persons,) as of `wallets`. spent: (persons,) of the last year, ten-thousandths of their currency."""
        self._people, self._records, self._said = people, records, said
        self._share, self._spent, self._span, self._rng = share, spent, span, rng
        self.facts: list[SampleFact] = []
        self._talks: dict[int, list[int]] = defaultdict(list)
        for place, each in enumerate(said):
            if each.is_two_way and each.kind in ("call", "visit"):
                self._talks[each.party].append(place)
        for places in self._talks.values():
            places.sort(key=lambda place: said[place].at)

    def everything(self) -> list[SampleFact]:
        """Of first records only: what is said of one record counts for the customer."""
        group = self._people.group
        tells = self._rng.random(group.size) < np.array(TELLS)[group]
        believed = self._rng.random(group.size) < np.array(BELIEVED)[group]
        for party in np.flatnonzero(tells).tolist():
            if self._talks[party]:
                self._by_them(party)
        for party in np.flatnonzero(believed & ~tells).tolist():
            self._by_us(party)
        return self.facts

    def _happens(self, odds: float) -> bool:
        return bool(self._rng.random() < odds)

    def _pick(self, some: tuple[str, ...]) -> str:
        return some[int(self._rng.integers(len(some)))]

    def _state(
        self, party: int, predicate: str, value: str = "", number: int | None = None, *, money: bool = False, old: bool = False
    ) -> None:  # fmt: skip
        """The customer said so in one of their contacts: the earliest if `old`, else one of the latest three."""
        talks = self._talks[party]
        place = talks[0] if old else talks[-1 - int(self._rng.integers(min(3, len(talks))))]
        contact = self._said[place]
        day = contact.at // 1440
        sure = SURE[int(self._rng.integers(len(SURE)))]
        self.facts.append(
            SampleFact(
                party, predicate, value, number, money, True, day, day + LASTS, sure, contact.subject, place, contact.by
            )
        )

    def _by_them(self, party: int) -> None:
        phrases = COUNTRIES[self._people.country[party]].phrases
        share, is_customer = float(self._share[party]), party < self._people.buyers
        flatters = is_customer and self._happens(FLATTERS)
        if self._happens(MONEY) and is_customer and self._spent[party] > 0:
            self._money(party, 0.95 if flatters else share)
        if self._happens(SUPPLIERS) and (share < 0.8 or flatters):
            many = 1 + int(self._rng.binomial(2, 0.45))
            for name in self._rng.permutation(np.array(phrases["suppliers"]))[:many].tolist():
                self._state(party, "other_supplier", name)
        if self._people.would_be[party] != 0 and self._happens(THROUGH):
            self._state(party, "buys_through", self._pick(phrases["merchants"]))
        if self._happens(WISH):
            need = int(self._people.need[party])
            if self._happens(WANTS_ELSE):
                need = (need + 1 + int(self._rng.integers(4))) % 5
            self._state(party, "need", phrases["wishes"][need])
        if self._happens(WAY):
            self._state(party, "preferred", self._pick(phrases["prefers"]))
        if self._happens(DECIDES):
            on = self._span.date(self._span.days - 1 + int(self._rng.integers(10, 150)))
            self._state(party, "decides_on", on.isoformat())

    def _money(self, party: int, share: float) -> None:
        """A share, what is spent elsewhere, or a budget; some told another share long before, of some only that is known."""
        old = max(0.05, round(float(np.clip(share + self._rng.normal(0, 0.15), 0.05, 0.95)), 1))
        if self._happens(TOLD_BEFORE):
            self._state(party, "share_of_wallet", "", round(old * SCALE), old=True)
        if self._happens(LONG_AGO):
            return
        spent, way = int(self._spent[party]), self._rng.random()
        if way < 0.55:
            self._state(party, "share_of_wallet", "", round(max(0.05, round(share * 20) / 20) * SCALE))
        elif way < 0.85:
            self._state(party, "spend_elsewhere", "", rounded(spent * (1 - share) / share), money=True)
        else:
            self._state(party, "budget", "", rounded(spent / share), money=True)

    def _by_us(self, party: int) -> None:
        phrases = COUNTRIES[self._people.country[party]].phrases
        day = self._span.days - 1 - int(self._rng.integers(10, 700))
        sure = UNSURE[int(self._rng.integers(len(UNSURE)))]
        ours = (False, day, day + LASTS // 2, sure, self._pick(SEEN), None, 1)
        if party < self._people.buyers and self._spent[party] > 0 and self._happens(0.5):
            believed = float(np.clip(self._share[party] + self._rng.normal(0, 0.2), 0.05, 0.95))
            self.facts.append(
                SampleFact(party, "share_of_wallet", "", round(round(believed, 1) * SCALE) or SCALE // 20, False, *ours)
            )
        else:
            self.facts.append(SampleFact(party, "other_supplier", self._pick(phrases["suppliers"]), None, False, *ours))


def rounded(amount: float) -> int:
    """As people say amounts: two digits, then noughts. In ten-thousandths, and whole."""
    if amount <= 0:
        return 0
    step = 10 ** max(4, int(np.floor(np.log10(amount))) - 1)
    return max(1, round(amount / step)) * int(step)
