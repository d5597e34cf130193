"""Rows of a file made into facts, column by column: what a chunk says about orders, lines, parties and products."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.ledger.mapping import NUMBERS
from entente.ledger.mapping import Mapping as ColumnMapping
from entente.ledger.pure import dates, keys, numbers
from entente.ledger.readers.table import BadRow, Chunk
from entente.ledger.reading import Form, Numbers, ReadColumns, Texts, clean, distinct

SALE, RETURN, CHARGE = 1, 2, 3

# How long a text may be; of those in IDENTITIES a longer one is refused, others are cut.
LENGTHS = {
    "order_number": 120, "customer": 120, "product_code": 80, "customer_name": 250, "email": 254, "phone": 40, "country": 60,
    "city": 100, "postcode": 16, "address": 250, "segment": 60, "kind": 60, "product_name": 250, "category": 100, "currency": 12,
}  # fmt: skip
IDENTITIES = ("order_number", "customer", "product_code", "currency")


@dataclass
class Facts:
    """What the good rows of one chunk say; all arrays have one entry for each of them.

    order, party, product: places in `orders`, `customers.values`, `products.values` (party, product: -1 for none).
    Amounts in ten-thousandths; cost_known says where `cost` means something. key_day: the day as written, for the key.
    """

    rows: NDArray[np.int64]
    lines: NDArray[np.int64]
    orders: list[str]
    order: NDArray[np.int32]
    party: NDArray[np.int32]
    product: NDArray[np.int32]
    customers: list[str]
    products: list[str]
    kind: NDArray[np.int16]
    instant: NDArray[np.int64]
    day: NDArray[np.int32]
    quantity: NDArray[np.int64]
    unit_price: NDArray[np.int64]
    amount: NDArray[np.int64]
    cost: NDArray[np.int64]
    unit_cost: NDArray[np.int64]
    cost_known: NDArray[np.bool_]
    currency: Texts
    is_charge: NDArray[np.bool_]
    about: dict[str, Texts]
    lanes: NDArray[np.uint64]
    key_day: NDArray[np.int32]

    def only(self, keep: NDArray[np.bool_]) -> "Facts":
        """The facts of some of the rows."""
        changed: dict[str, Any] = {
            name: value[keep] if isinstance(value, np.ndarray) and name != "is_charge" else value
            for name, value in vars(self).items()
        }
        changed["currency"] = self.currency.of_rows(keep)
        changed["about"] = {name: texts.of_rows(keep) for name, texts in self.about.items()}
        return Facts(**changed)


class Reader:
    """Makes facts of chunks, by a mapping whose readings are all known.

    heading: the names of the file's columns. source: the number of the source, part of every key.
    latest_on: no order lies after it.
    """

    def __init__(
        self,
        mapping: ColumnMapping,
        heading: Sequence[str],
        *,
        source: int,
        latest_on: date,
        serial_from: date | None = None,
    ) -> None:
        self.mapping = mapping
        self.form = Form(mapping, heading, latest_on, LENGTHS, IDENTITIES, serial_from)
        self.places = self.form.places
        self.tally = self.form.tally
        self._charges = {code.casefold() for code in mapping.charges}
        self._source = keys.hashed("source", [str(source)])[0]

    def facts_of(self, chunk: Chunk) -> tuple[Facts, list[BadRow], list[str]]:
        """The facts, the rows refused, and for each of those the value that was wrong."""
        self.tally.blank += chunk.blank
        state = ReadColumns(self.form, chunk)
        texts = {name: self._text(state, name) for name in LENGTHS if name in self.places}
        moments = state.moments("ordered_at")[:3]
        figures = {name: self._number(state, name) for name in NUMBERS if name in self.places}
        money = _money(state, figures, len(chunk.lines))
        facts = self._assemble(chunk, state, texts, moments, figures, money)
        good = state.wrong == 0
        bad, values = state.refused()
        return facts.only(good), chunk.bad + bad, [""] * len(chunk.bad) + values

    def _text(self, state: ReadColumns, name: str) -> Texts:
        is_number = name == "order_number"
        return state.text(name, is_needed=is_number, made=_lower if name == "email" else None)

    def _number(self, state: ReadColumns, name: str) -> Numbers:
        largest = 10**9 if name == "quantity" else numbers.LARGEST
        return state.number(name, largest=largest, is_needed=name != "unit_cost")

    def _assemble(
        self, chunk: Chunk, state: ReadColumns, texts: dict[str, Texts], moments: Any, figures: Any, money: Any
    ) -> Facts:
        count = len(chunk.lines)
        instant, day, written = moments
        quantity, unit_price, amount = money
        none = Texts([], np.full(count, -1, np.int32))
        customer, product = texts.get("customer", none), self._products(texts, none)
        orders, order = self._orders(texts, customer, day, count)
        charge_codes = np.array([code.casefold() in self._charges for code in product.values], bool)
        charged = np.append(charge_codes, False)[product.codes]
        kind = self._kinds(state, texts, charged, quantity, unit_price, amount)
        unit_cost = figures.get("unit_cost")
        cost, too_large = (
            numbers.multiply(unit_cost[0], quantity)
            if unit_cost
            else (np.zeros(count, np.int64), np.zeros(count, bool))
        )
        state.mark("unit_cost", too_large, "too_large")
        currency = state.currencies(texts.get("currency"), figures)
        lanes = self._lanes(texts, written, quantity, unit_price, amount, currency, product)
        return Facts(
            rows=np.arange(count), lines=chunk.lines, orders=orders, order=order, party=customer.codes, product=product.codes,
            customers=customer.values, products=product.values, kind=kind, instant=instant, day=day, quantity=quantity,
            unit_price=unit_price, amount=amount, cost=cost, unit_cost=unit_cost[0] if unit_cost else cost,
            cost_known=unit_cost[1] if unit_cost else np.zeros(count, bool), currency=currency, is_charge=charge_codes,
            about=texts, lanes=lanes, key_day=(written // dates.DAY_US).astype(np.int32),
        )  # fmt: skip

    def _products(self, texts: dict[str, Texts], none: Texts) -> Texts:
        """Without codes the name is the code, as far as it goes."""
        if "product_code" in texts:
            return texts["product_code"]
        if "product_name" in texts:
            return _made(texts["product_name"], lambda name: name[: LENGTHS["product_code"]])
        return none

    def _orders(
        self, texts: dict[str, Texts], customer: Texts, day: NDArray[np.int32], count: int
    ) -> tuple[list[str], NDArray[np.int32]]:
        """Without numbers of their own: one order for each customer and day."""
        if "order_number" in texts:
            return texts["order_number"].values, texts["order_number"].codes
        pairs, order = np.unique(
            (customer.codes.astype(np.int64) << 32) + day.astype(np.int64) + 2**31, return_inverse=True
        )
        whose, days = (pairs >> 32).tolist(), ((pairs & 0xFFFFFFFF) - 2**31).tolist()
        names = [
            f"{customer.values[who] if who >= 0 else ''}/{dates.day_of(when)}"
            for who, when in zip(whose, days, strict=True)
        ]
        return names, order.astype(np.int32).reshape(count)

    def _kinds(
        self, state: ReadColumns, texts: dict[str, Texts], charged: Any, quantity: Any, unit_price: Any, amount: Any
    ) -> Any:
        prefix = self.mapping.return_prefix
        returned = amount < 0
        if prefix and "order_number" in texts:
            cancels = np.array([number.startswith(prefix) for number in texts["order_number"].values] + [False], bool)
            cancelled = cancels[texts["order_number"].codes]
            state.mark(
                "amount" if "amount" in self.places else "quantity",
                cancelled & (amount > 0) & ~charged,
                "positive_return",
            )
            returned |= cancelled
            if self.mapping.refuse_stock_movements:
                state.mark("quantity", ~cancelled & (quantity < 0) & (unit_price == 0), "stock_movement")
        elif self.mapping.refuse_stock_movements:
            state.mark("quantity", (quantity < 0) & (unit_price == 0), "stock_movement")
        return np.where(charged, CHARGE, np.where(returned, RETURN, SALE)).astype(np.int16)

    def _lanes(
        self,
        texts: dict[str, Texts],
        written: Any,
        quantity: Any,
        unit_price: Any,
        amount: Any,
        currency: Texts,
        product: Texts,
    ) -> keys.Lanes:
        """What makes a line this line. Names, countries and costs are not in it: a later export may spell them better."""
        lanes = np.repeat(self._source[None, :], len(written), axis=0)
        spoken = {
            "customer": texts.get("customer"),
            "order_number": texts.get("order_number"),
            "product": product,
            "currency": currency,
        }
        for name, column in spoken.items():
            if column is not None and column.values:
                table = np.concatenate([keys.hashed(name, column.values), np.zeros((1, 2), np.uint64)])
                lanes = lanes + table[column.codes]
        for name, figures in (
            ("instant", written),
            ("quantity", quantity),
            ("unit_price", unit_price),
            ("amount", amount),
        ):
            lanes = lanes + keys.hashed_numbers(name, figures)
        return lanes


def _money(
    state: ReadColumns, figures: Mapping[str, Numbers], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Quantity, price of one, amount; what is not written follows from the rest."""
    one = np.full(count, numbers.SCALE, np.int64)
    amount: Any = figures["amount"][0] if "amount" in figures else None
    if "quantity" in figures:
        quantity = figures["quantity"][0]
    else:
        # One of something, and a return takes it back.
        quantity = one if amount is None else np.where(amount < 0, -one, one)
    if "unit_price" in figures:
        unit_price = figures["unit_price"][0]
    else:
        unit_price = numbers.divide(amount, quantity)
        # A large amount for next to nothing.
        state.mark("amount", np.abs(unit_price) >= numbers.LARGEST * numbers.SCALE, "too_large")
    if amount is None:
        amount, too_large = numbers.multiply(quantity, unit_price)
        state.mark("unit_price", too_large, "too_large")
    return quantity, unit_price, amount


def _lower(value: Any) -> str:
    return clean(value).lower()


def _made(texts: Texts, change: Callable[[str], str]) -> Texts:
    return distinct([change(value) for value in texts.values], texts.codes)
