"""What is ordered: baskets, quantities, prices, charges, returns. Money in ten-thousandths of each currency's unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from entente.lib.distinct import distinct
from entente.sample.pure.calendar import SEASON, Span
from entente.sample.pure.catalogue import NEEDS, Catalogue
from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.customer_kinds import KINDS
from entente.sample.pure.exchange import PRICE_STEPS, ExchangeRates
from entente.sample.pure.population import Population

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SALE, RETURN, CHARGE = 1, 2, 3
CURRENCIES = tuple(PRICE_STEPS)
FAVOURITES = 10
RETURNED = 0.03
CANCELLED = 0.35
INFLATION = 0.035
# A companion is remembered by everybody, but professionals have the hardener on the shelf already.
COMPANION_ODDS = (0.7, 0.6, 0.9, 1.0)
FREE_PARCEL_FROM_EUR = 75.0
PALLET_FREIGHT, SURCHARGE = 0.25, 0.08
DANGEROUS = ("Thinners", "Industrial coatings")


@dataclass(frozen=True)
class Lines:
    """(m,) each. order: row of the order. quantity negative for what came back; amount = quantity x unit_price, cost
    alike."""

    order: Ints
    product: Ints
    kind: Ints
    quantity: Ints
    unit_price: Ints
    cost: Ints

    @property
    def amount(self) -> Ints:
        return self.quantity * self.unit_price

    def take(self, rows: Ints) -> Lines:
        return Lines(
            *(
                column[rows]
                for column in (self.order, self.product, self.kind, self.quantity, self.unit_price, self.cost)
            )
        )


@dataclass(frozen=True)
class Returns:
    """(k,) each: the order something of came back, the day of it, and whether the whole order was cancelled.
    `lines.order` counts the returns."""

    of_order: Ints
    day: Ints
    cancelled: Bools
    lines: Lines


def basket_lines(
    people: Population,
    customer: Ints,
    day: Ints,
    goods: Catalogue,
    rates: ExchangeRates,
    span: Span,
    rng: np.random.Generator,
) -> Lines:
    """The lines of orders placed by `customer` on `day`, sorted by order: goods first, charges last."""
    order, product = _products(people, customer, day, goods, span, rng)
    kind = people.group[customer[order]]
    median, spread = (np.array([law.quantity[part] for law in KINDS])[kind] for part in (0, 1))
    # Small things are taken by the handful, drums one by one.
    handy = np.clip((30.0 / goods.price[product]) ** 0.5, 0.35, 1.6)
    drawn = median * people.size[customer[order]] * handy * rng.lognormal(0.0, spread)
    quantity = np.maximum(1, np.round(drawn)).astype(np.int64)
    sale = np.full(order.size, SALE)
    own_discount = rng.random(people.group.size) * 0.08
    discount = (
        1 - np.array([law.discount for law in KINDS])[kind] - np.where(kind < 3, own_discount[customer[order]], 0.0)
    )
    goods_lines = priced(order, product, sale, quantity, discount, people, customer, day, goods, rates, span)
    charges = _charges(goods_lines, people, customer, day, goods, rates, span, rng)
    return _sorted_by_order(goods_lines, charges)


def _products(
    people: Population, customer: Ints, day: Ints, goods: Catalogue, span: Span, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Order and product of every line: what is wanted by habit, need and season, and what goes with it."""
    kind, need = people.group[customer], people.need[customer]
    month = span.dates()[day].astype("datetime64[M]").astype(np.int64) % 12
    wanted = 1 + rng.poisson(np.array([law.lines - 1 for law in KINDS])[kind])
    order = np.repeat(np.arange(customer.size), wanted)
    choice = _choice_table(goods)
    shelf = _favourites(people, choice, rng)
    fresh = _draw(choice, (kind[order] * len(NEEDS) + need[order]) * 12 + month[order], rng)
    habit = rng.random(order.size) < np.array([law.habit for law in KINDS])[kind[order]]
    # The first favourites are taken most.
    place = np.minimum(rng.geometric(0.25, order.size) - 1, FAVOURITES - 1)
    usual = shelf[customer[order], place]
    # Habit rests out of season.
    habit &= rng.random(order.size) < _season(goods)[month[order], usual]
    product = np.where(habit, usual, fresh)
    with_it = goods.companions[product]
    odds = goods.companion_odds[product] * np.array(COMPANION_ODDS)[kind[order], None]
    taken = (with_it >= 0) & (rng.random(with_it.shape) < odds)
    order = np.concatenate([order, np.repeat(order, taken.sum(axis=1))])
    product = np.concatenate([product, with_it[taken]])
    once = distinct(order * len(goods.codes) + product)
    return once // len(goods.codes), once % len(goods.codes)


def _choice_table(goods: Catalogue) -> Floats:
    """(kinds x needs x months, products) cumulative: the need's goods, some of everything, in season, in fitting
    packs."""
    general = goods.need.mean(axis=0)
    wish = 0.85 * goods.need / goods.need.sum(axis=1, keepdims=True) + 0.15 * general / general.sum()
    packs = np.array([law.packs for law in KINDS])[:, goods.pack]
    weight = packs[:, None, None, :] * wish[None, :, None, :] * _season(goods)[None, None, :, :]
    table: Floats = np.cumsum(weight, axis=3).reshape(-1, len(goods.codes))
    return table / table[:, -1:]


def _season(goods: Catalogue) -> Floats:
    """(12, products) how much each is wanted in each month, 1 at its best."""
    summer = (np.array(SEASON) - max(SEASON)) / 0.2
    season: Floats = np.exp(goods.swing * summer[:, None] * 1.1)
    return season


def _draw(table: Floats, row: Ints, rng: np.random.Generator) -> Ints:
    """One product for each `row` of the cumulative table."""
    ladder = (table + np.arange(table.shape[0])[:, None]).ravel()
    found = np.searchsorted(ladder, row + rng.random(row.size), side="right")
    return np.minimum(found - row * table.shape[1], table.shape[1] - 1)


def _favourites(people: Population, choice: Floats, rng: np.random.Generator) -> Ints:
    """(n, FAVOURITES) what each customer takes by habit, whatever the month."""
    n = people.buyers
    start = (people.group[:n] * len(NEEDS) + people.need[:n]) * 12
    rows = np.repeat(start, FAVOURITES) + rng.integers(12, size=n * FAVOURITES)
    return _draw(choice, rows, rng).reshape(n, FAVOURITES)


def priced(
    order: Ints, product: Ints, kind: Ints, quantity: Ints, discount: Floats,
    people: Population, customer: Ints, day: Ints, goods: Catalogue, rates: ExchangeRates, span: Span,
) -> Lines:  # fmt: skip
    """Price and cost of each line in the customer's currency, at that day's list and that month's rate."""
    dates = span.dates()[day[order]]
    level = (1 + INFLATION) ** ((day[order] - span.days) / 365.25)
    country = people.country[customer[order]]
    price, cost = np.zeros(order.size, dtype=np.int64), np.zeros(order.size, dtype=np.int64)
    for number, place in enumerate(COUNTRIES):
        here = country == number
        rate = rates.on(place.currency, dates[here])
        step = PRICE_STEPS[place.currency]
        in_parts = 10_000 * level[here] / rate
        price[here] = (
            np.maximum(1, np.round(goods.price[product[here]] * discount[here] * in_parts / step)).astype(np.int64)
            * step
        )
        unit_cost = np.round(goods.cost[product[here]] * in_parts / 100).astype(np.int64) * 100
        cost[here] = unit_cost * quantity[here]
    return Lines(order, product, kind, quantity, price, cost)


def _charges(
    lines: Lines, people: Population, customer: Ints, day: Ints, goods: Catalogue,
    rates: ExchangeRates, span: Span, rng: np.random.Generator,
) -> Lines:  # fmt: skip
    """Parcels below the free limit, freight for some pallets, a surcharge for dangerous goods."""
    n = customer.size
    kind = people.group[customer]
    worth = np.bincount(lines.order, goods.price[lines.product] * lines.quantity, minlength=n)
    flags = np.array([category in DANGEROUS for category in goods.categories])
    dangerous = np.bincount(lines.order, flags[lines.product], minlength=n) > 0
    small = (kind >= 2) & (worth < FREE_PARCEL_FROM_EUR)
    pallet = (kind < 2) & (rng.random(n) < PALLET_FREIGHT)
    surcharge = dangerous & (rng.random(n) < PALLET_FREIGHT * (kind < 3) + SURCHARGE)
    order = np.concatenate([np.flatnonzero(flag) for flag in (pallet, small, surcharge)])
    codes = [goods.number(code) for code in ("FR1", "FR2", "FR3")]
    product = np.repeat(codes, [int(flag.sum()) for flag in (pallet, small, surcharge)])
    once = np.ones(order.size, dtype=np.int64)
    full = np.ones(order.size)
    return priced(order, product, once * CHARGE, once, full, people, customer, day, goods, rates, span)


def _sorted_by_order(*parts: Lines) -> Lines:
    columns = ("order", "product", "kind", "quantity", "unit_price", "cost")
    joined = Lines(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))
    return joined.take(np.lexsort((joined.product, joined.kind, joined.order)))


def returns(lines: Lines, odds: Floats, day: Ints, last_day: int, rng: np.random.Generator) -> Returns:
    """Some orders are cancelled within a day or two, of others one or two items come back within a month.

    odds, day: (m,) of each order. What would come back after `last_day` has not happened yet.
    """
    chosen = np.flatnonzero(rng.random(odds.size) < odds)
    cancelled = rng.random(chosen.size) < CANCELLED
    delay = np.where(cancelled, rng.integers(0, 3, chosen.size), rng.integers(4, 29, chosen.size))
    happened = day[chosen] + delay <= last_day
    chosen, cancelled, delay = chosen[happened], cancelled[happened], delay[happened]
    begin = np.searchsorted(lines.order, chosen)
    # The first line of every order is a sale; a cancellation takes all lines, its charges too.
    length = np.where(cancelled, np.searchsorted(lines.order, chosen, side="right") - begin, 1)
    number = np.repeat(np.arange(chosen.size), length)
    rows = begin[number] + np.arange(number.size) - np.repeat(np.cumsum(length) - length, length)
    bought = lines.take(rows)
    share = np.where(cancelled[number], 1.0, rng.uniform(0.2, 1.0, number.size))
    quantity = np.maximum(1, np.round(bought.quantity * share)).astype(np.int64)
    unit_cost = bought.cost // bought.quantity
    came_back = Lines(
        number, bought.product, np.full(number.size, RETURN), -quantity, bought.unit_price, -unit_cost * quantity
    )
    return Returns(chosen, day[chosen] + delay, cancelled, came_back)
