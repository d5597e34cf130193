"""Who there is to be written down: households, their members, and how they are reached; now and before."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.made import people_names as names

Array = np.ndarray[Any, Any]
SHARES = (0.43, 0.38, 0.10, 0.06, 0.03)
ABROAD = 0.04
HOUSEHOLD_SIZES = (0.38, 0.32, 0.13, 0.11, 0.06)
LANDLINE, PASSED_ON, SWITCHBOARD, FAMILY_BOX, OFFICE_BOX = 0.04, 0.01, 0.004, 0.012, 0.002
TWINS, FATHERS_NAME = 0.03, 0.03
DOMAINS = ("gmail.example", "mail.example", "web.example", "yandex.example", "post.example", "outlook.example")
# The first half tells the name, the second little of it.
MAILBOXES = (
    "{0}.{1}{2}", "{0}{1}{2}", "{0[0]}{1}{2}", "{1}.{0}{2}", "{0}_{1}{2}", "{3}{4}", "{3}.{4}", "{4}{3}", "{0[0]}{1[0]}.{3}{4}",
    "{3}_{0[0]}{4}",
)  # fmt: skip
MAILBOX_SHARES = (0.09, 0.03, 0.11, 0.04, 0.05, 0.14, 0.14, 0.13, 0.13, 0.14)
NICK_WORDS = (
    "sunny blue red fox tiger moon star wolf river garden music happy lucky silver golden green stone cloud rain winter "
    "summer bear eagle sky ocean dragon falcon pixel rocket cherry apple panda storm shadow night dream coffee lemon"
)
NICKS = NICK_WORDS.split()
FIRST_DAY = np.datetime64("1925-01-01")
DAYS = 83 * 365
POSTCODES = 60_000


class People:
    """The true persons, as codes into the vocabularies: what is, and what was before."""

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        self.given_words, self.family_words = names.given_names(), names.family_names()
        self.n, self.rng = n, rng
        size = rng.choice(len(HOUSEHOLD_SIZES), n, p=HOUSEHOLD_SIZES) + 1
        self.household = np.repeat(np.arange(n), size)[:n]
        self.position = np.arange(n) - np.searchsorted(self.household, self.household)
        self.households = int(self.household[-1]) + 1 if n else 0
        self._homes()
        self._named()
        self._born()
        self._kin()
        self._reached()

    def _homes(self) -> None:
        """Twice as many addresses as households: the second is where they lived before."""
        rng, many = self.rng, 2 * self.households
        country = rng.choice(len(names.COUNTRIES), self.households, p=SHARES).astype(np.int8)
        self.home_country = np.concatenate([country, country])
        self.cities, self.streets = names.cities(), names.streets()
        self.home_city = self.cities.draw(self.home_country, rng)
        stay = np.flatnonzero(rng.random(self.households) < 0.6)
        self.home_city[self.households + stay] = self.home_city[stay]
        # Towns have postcodes by their size; each has a few streets.
        country_of = np.searchsorted(self.cities.first, np.arange(len(self.cities.words)), "right") - 1
        share = np.diff(np.concatenate([[0.0], self.cities.weight])) * np.array(SHARES)[country_of]
        many_codes = np.maximum(3, share * POSTCODES)
        within = (rng.random(many) ** 1.3 * many_codes[self.home_city]).astype(np.int64)
        self.home_code = within
        place = self.home_city * 1_000_003 + within * 7919 + rng.integers(0, 4, many) * 104_729
        first, last = self.streets.first[self.home_country], self.streets.first[self.home_country + 1]
        self.home_street = first + (place * 2_654_435_761 % 1_000_000_007) % (last - first)
        self.home_number = np.minimum(1 + rng.exponential(38.0, many), 400).astype(np.int64)
        self.home_letter = np.where(rng.random(many) < 0.05, rng.integers(1, 4, many), 0)

    def _named(self) -> None:
        rng, n = self.rng, self.n
        self.country = self.home_country[self.household]
        abroad = rng.random(self.households) < ABROAD
        culture = self.home_country[: self.households].copy()
        culture[abroad] = rng.choice(len(SHARES), int(abroad.sum()))
        self.culture = culture[self.household].astype(np.int64)
        self.female = np.where(self.position < 2, self.position == (self.household % 2), rng.random(n) < 0.5).astype(
            np.int64
        )
        part = self.culture * 2 + self.female
        self.given = self.given_words.draw(part, rng)
        self.second = self.given_words.draw(part, rng)
        family = self.family_words.draw(culture * 2, rng)
        own = self.family_words.draw(self.culture * 2, rng)
        shared = rng.random(n) < 0.88
        male = np.where(shared, family[self.household], own)
        # A woman's form of the same name; before she married, another name.
        first = self.family_words.first
        turned = (first[self.culture * 2 + 1] - first[self.culture * 2]) * self.female
        self.family = male + turned
        before = self.family_words.draw(self.culture * 2, rng) + turned
        married = (self.female == 1) & (self.position < 2) & shared
        self.family_before = np.where(married, before, self.family)

    def _born(self) -> None:
        rng, n = self.rng, self.n
        parent = (rng.beta(2.0, 1.6, self.households) * DAYS * 0.72).astype(np.int64)[self.household]
        partner = parent + rng.normal(0, 1400, n).astype(np.int64)
        child = parent + rng.integers(21 * 365, 38 * 365, n)
        born = np.where(self.position == 0, parent, np.where(self.position == 1, partner, child))
        self.born = np.where(born < DAYS, np.abs(born), DAYS - 1 - (born - DAYS) % (18 * 365))

    def _kin(self) -> None:
        """Twins, and sons with their father's name, at one address."""
        rng, before = self.rng, np.arange(self.n) - 1
        twin = (self.position >= 3) & (rng.random(self.n) < TWINS)
        self.born = np.where(twin, self.born[before], self.born)
        child = np.flatnonzero((self.position == 2) & (rng.random(self.n) < FATHERS_NAME))
        father = child - 2
        same = (self.female[child] == self.female[father]) & (self.culture[child] == self.culture[father])
        self.given[child[same]], self.family[child[same]] = self.given[father[same]], self.family[father[same]]
        self.family_before[child[same]] = self.family[child[same]]

    def _reached(self) -> None:
        """Telephones and mailboxes: [0] now, [1] before."""
        rng, n = self.rng, self.n
        landline = rng.integers(100_000_000, 400_000_000, self.households)[self.household]
        self.phone = np.stack([rng.integers(700_000_000, 800_000_000, n) for _ in range(2)])
        self.phone[0] = np.where(rng.random(n) < LANDLINE, landline, self.phone[0])
        # A number given up goes to somebody else after a while; a firm has one for all.
        again = np.flatnonzero(rng.random(n) < PASSED_ON)
        self.phone[0, again] = self.phone[1, rng.integers(0, max(n, 1), again.size)]
        office = np.flatnonzero(rng.random(n) < SWITCHBOARD)
        self.phone[0, office] = 200_000_000 + rng.integers(0, 1 + n // 10_000, office.size) ** 2
        self.mail_way = rng.choice(len(MAILBOXES), (2, n), p=MAILBOX_SHARES)
        self.mail_word = rng.integers(0, len(NICKS) ** 2, (2, n))
        # A mailbox is nobody else's: people of one name are told apart by numbers.
        name = self.given.astype(np.int64) << 32 | self.family
        order = np.argsort(name, kind="stable")
        nth = np.empty(n, np.int64)
        nth[order] = np.arange(n) - np.searchsorted(name[order], name[order])
        number = 10 + (nth * 7 + name % 8999) % 8999
        bare = (nth == 0) & (rng.random(n) < 0.5)
        self.mail_number = np.stack([np.where(bare, 0, number), number + 9000])
        self.mail_domain = rng.choice(len(DOMAINS), (2, n), p=(0.38, 0.2, 0.14, 0.1, 0.1, 0.08))
        self.mail_shared = rng.random(n)
