"""Who the customers are before anybody wrote them down: kind, country, city, need, size, and the law each buys by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.sample.pure.calendar import Span, busy_time
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.customer_kinds import COMPLAINT_HARM, KINDS
from entente.sample.pure.purchase_process import Process, Purchases, simulate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PROSPECTS = 0.12
SUSPECTS = 0.08
PROSPECT, SUSPECT = len(KINDS), len(KINDS) + 1
GROUPS = (*(kind.name for kind in KINDS), "prospect", "suspect")
# Who bought before the books of this sample were opened comes back in its first half year.
FROM_BEFORE, FIRST_WEEKS = 0.45, 26


@dataclass(frozen=True)
class Population:
    """(n,) each: first the customers, then prospects, then suspects. `size`: factor on the quantity of every line.
    would_be: for everybody the kind of customer they are or would become. buyers: how many come first."""

    group: Ints
    would_be: Ints
    country: Ints
    city: Ints
    need: Ints
    size: Floats
    buyers: int


def population(customers: int, rng: np.random.Generator) -> Population:
    """Kinds in their exact shares; everything else drawn."""
    kind = np.repeat(np.arange(len(KINDS)), _whole_shares(customers, [kind.share for kind in KINDS]))
    prospects, suspects = round(customers * PROSPECTS), round(customers * SUSPECTS)
    future = rng.choice(len(KINDS), prospects + suspects, p=[0.08, 0.12, 0.6, 0.2])
    group = np.concatenate([kind, np.full(prospects, PROSPECT), np.full(suspects, SUSPECT)])
    would_be = np.concatenate([kind, future])
    n = group.size
    shares = np.array([country.share for country in COUNTRIES])
    country = rng.choice(len(COUNTRIES), n, p=shares / shares.sum())
    city = np.zeros(n, dtype=np.int64)
    for number, place in enumerate(COUNTRIES):
        weights = np.array([town.weight for town in place.cities])
        here = country == number
        city[here] = rng.choice(weights.size, int(here.sum()), p=weights / weights.sum())
    need = np.zeros(n, dtype=np.int64)
    size = np.ones(n)
    for number, law in enumerate(KINDS):
        same = would_be == number
        need[same] = rng.choice(len(law.needs), int(same.sum()), p=law.needs)
        size[same] = rng.lognormal(0.0, law.size, int(same.sum()))
    return Population(group, would_be, country, city, need, size, kind.size)


def _whole_shares(total: int, shares: list[float]) -> list[int]:
    """Whole numbers in these shares that add up to `total`; what rounding leaves falls to the last."""
    counts = [round(total * share) for share in shares[:-1]]
    return [*counts, total - sum(counts)]


@dataclass(frozen=True)
class Buying:
    """process: times in each customer's own busy weeks. busy: (countries, 2, days + ahead + 1), the second axis:
    business or not.
    day: (m,) day of each purchase. now, until: (n,) busy time at the end of `as_of` and at the end of the sample."""

    process: Process
    purchases: Purchases
    busy: Floats
    day: Ints
    now: Floats
    until: Floats


def buying(people: Population, span: Span, rng: np.random.Generator) -> Buying:
    """Let every customer buy until the end of the sample, the days after `as_of` included."""
    n = people.buyers
    kind, country = people.group[:n], people.country[:n]
    business = np.array([law.is_business for law in KINDS])[kind].astype(np.int64)
    busy = np.array([[busy_time(place, bool(flag), span) for flag in (0, 1)] for place in COUNTRIES])
    now = busy[country, business, span.days]
    until = busy[country, business, -1]
    shape, mean = (np.array([law.rate[part] for law in KINDS])[kind] for part in (0, 1))
    a, b = (np.array([law.dropout[part] for law in KINDS])[kind] for part in (0, 1))
    old = rng.random(n) < FROM_BEFORE
    birth = np.where(old, rng.random(n) * np.minimum(FIRST_WEEKS, now), rng.random(n) * now)
    process = Process(
        birth=birth,
        rate=rng.gamma(shape, mean / shape),
        regularity=np.array([law.regularity for law in KINDS])[kind],
        dropout=np.clip(rng.beta(a, b), 1e-6, 1.0),
        complains=np.array([law.complains for law in KINDS])[kind],
        harm=COMPLAINT_HARM,
    )
    purchases = _simulate_each_calendar(process, now, until, country * 2 + business, rng)
    day = np.zeros(purchases.time.size, dtype=np.int64)
    calendar = (country * 2 + business)[purchases.customer]
    for number in np.unique(calendar):
        same = calendar == number
        clock = busy.reshape(-1, busy.shape[-1])[number]
        day[same] = np.minimum(np.searchsorted(clock, purchases.time[same], side="right") - 1, clock.size - 2)
    return Buying(process, purchases, busy, day, now, until)


def _simulate_each_calendar(
    process: Process, now: Floats, until: Floats, calendar: Ints, rng: np.random.Generator
) -> Purchases:
    """`now` differs with the calendar, so each calendar's customers are simulated together and put back in their
    places."""
    n = process.birth.size
    left, before, after = np.full(n, np.inf), np.full(n, np.nan), np.full(n, np.nan)
    customer, time, complained = [], [], []
    for number in np.unique(calendar):
        places = np.flatnonzero(calendar == number)
        part = Process(
            process.birth[places], process.rate[places], process.regularity[places], process.dropout[places],
            process.complains[places], process.harm,
        )  # fmt: skip
        found = simulate(part, float(now[places[0]]), float(until[places[0]]), rng)
        customer.append(places[found.customer])
        time.append(found.time)
        complained.append(found.complained)
        left[places], before[places], after[places] = found.left, found.gap_before, found.gap_after
    customers, times = np.concatenate(customer), np.concatenate(time)
    order = np.lexsort((customers, times))
    return Purchases(customers[order], times[order], np.concatenate(complained)[order], left, before, after)
