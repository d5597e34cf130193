"""Rows of a file made into facts, column by column: what a chunk says about orders, lines, parties and products."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from entente.ledger.mapping import NUMBERS
from entente.ledger.mapping import Mapping as ColumnMapping
from entente.ledger.pure import currencies, dates, keys, numbers
from entente.ledger.pure.reasons import CODES, NUMBER_OF
from entente.ledger.readers.table import BadRow, Cells, Chunk

SALE, RETURN, CHARGE = 1, 2, 3

# How long a text may be; of those in IDENTITIES a longer one is refused, others are cut.
LENGTHS = {
    "order_number": 120, "customer": 120, "product_code": 80, "customer_name": 250, "email": 254, "phone": 40, "country": 60,
    "city": 100, "postcode": 16, "address": 250, "segment": 60, "kind": 60, "product_name": 250, "category": 100, "currency": 12,
}  # fmt: skip
IDENTITIES = ("order_number", "customer", "product_code", "currency")


@dataclass
class Texts:
    """A column of texts: distinct ones, and for each row the place of its own; -1 is empty."""

    values: list[str]
    codes: NDArray[np.int32]

    def of_rows(self, rows: NDArray[Any]) -> "Texts":
        return Texts(self.values, self.codes[rows])


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


@dataclass
class Tally:
    """What is said about the whole file at its end."""

    cut: int = 0
    blank: int = 0


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
        self.places = mapping.places(heading)
        self.heading = heading
        self.tally = Tally()
        self._zone = ZoneInfo(mapping.read.zone or "UTC")
        self._latest_on = latest_on
        self._serial_from = serial_from
        self._charges = {code.casefold() for code in mapping.charges}
        self._source = keys.hashed("source", [str(source)])[0]

    def column_name(self, name: str) -> str:
        return self.heading[self.places[name]] if name in self.places else name

    def facts_of(self, chunk: Chunk) -> tuple[Facts, list[BadRow], list[str]]:
        """The facts, the rows refused, and for each of those the value that was wrong."""
        self.tally.blank += chunk.blank
        state = _Columns(self, chunk)
        texts = {name: state.text(name) for name in LENGTHS if name in self.places}
        moments = state.moments()
        figures = {name: state.number(name) for name in NUMBERS if name in self.places}
        money = state.money(figures)
        facts = self._assemble(chunk, state, texts, moments, figures, money)
        good = state.wrong == 0
        bad, values = state.refused(chunk)
        return facts.only(good), chunk.bad + bad, [""] * len(chunk.bad) + values

    def _assemble(
        self, chunk: Chunk, state: "_Columns", texts: dict[str, Texts], moments: Any, figures: Any, money: Any
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
        self, state: "_Columns", texts: dict[str, Texts], charged: Any, quantity: Any, unit_price: Any, amount: Any
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


class _Columns:
    """The columns of one chunk, read; and the first thing that is wrong with each row."""

    def __init__(self, reader: Reader, chunk: Chunk) -> None:
        self._reader = reader
        self._chunk = chunk
        count = len(chunk.lines)
        self.wrong = np.zeros(count, np.uint8)
        self._where: list[str] = [""]
        self._column = np.zeros(count, np.uint8)

    def mark(self, name: str, rows: NDArray[np.bool_], reason: str) -> None:
        self._mark(name, np.where(rows, np.uint8(NUMBER_OF[reason]), np.uint8(0)))

    def _mark(self, name: str, wrong: NDArray[np.uint8]) -> None:
        first = (wrong != 0) & (self.wrong == 0)
        if first.any():
            if name not in self._where:
                self._where.append(name)
            self.wrong[first] = wrong[first]
            self._column[first] = self._where.index(name)

    def _cells(self, name: str) -> Cells:
        return self._chunk.cells[self._reader.places[name]]

    def text(self, name: str) -> Texts:
        cells, longest = self._cells(name), LENGTHS[name]
        cleaned, wrong = [], np.zeros(len(cells.values) + 1, np.uint8)
        cut = []
        for place, value in enumerate(cells.values):
            text = clean(value)
            if "\x00" in text or "\ufffd" in text:
                wrong[place] = NUMBER_OF["nul_character" if "\x00" in text else "not_in_encoding"]
                text = ""
            elif len(text) > longest:
                if name in IDENTITIES:
                    wrong[place] = NUMBER_OF["too_long"]
                cut.append(place)
                text = text[:longest].rstrip()
            cleaned.append(text.lower() if name == "email" else text)
        self._mark(name, wrong[cells.codes])
        if cut and name not in IDENTITIES:
            self._reader.tally.cut += int(np.isin(cells.codes, cut).sum())
        texts = _distinct(cleaned, cells.codes)
        if name == "order_number":
            self.mark(name, texts.codes < 0, "empty")
        return texts

    def number(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[str], NDArray[np.int32]]:
        """Ten-thousandths, whether there is a number, the currencies beside them, and where those are for each row."""
        cells, read = self._cells(name), self._reader.mapping.read
        mark = read.decimal or read.decimals.get(name, "")
        scaled, wrong, signs = numbers.read_numbers(
            cells.values, mark, largest=10**9 if name == "quantity" else numbers.LARGEST
        )
        optional = name == "unit_cost"
        missing = NUMBER_OF["empty"]
        known = np.append(wrong == 0, False)[cells.codes]
        wrong = np.append(wrong, missing)[cells.codes]
        if optional:
            wrong[wrong == missing] = 0
        self._mark(name, wrong)
        return np.append(scaled, 0)[cells.codes], known, signs, cells.codes

    def moments(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """Instants in UTC, days, and what was written: the same whatever zone the file is said to be of."""
        cells, read = self._cells("ordered_at"), self._reader.mapping.read
        order = read.dates or read.orders.get("ordered_at", "y-m-d")
        found = dates.read_dates(
            cells.values, order, latest_on=self._reader._latest_on, serial_from=self._reader._serial_from
        )
        self._mark("ordered_at", np.append(found.wrong, NUMBER_OF["empty"])[cells.codes])
        instants, days = dates.to_utc(found, self._reader._zone)
        whole, day, written = (np.append(each, 0)[cells.codes] for each in (instants, days, found.written))
        return whole, day.astype(np.int32), written

    def money(self, figures: Mapping[str, Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Quantity, price of one, amount; what is not written follows from the rest."""
        count = len(self._chunk.lines)
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
            self.mark("amount", np.abs(unit_price) >= numbers.LARGEST * numbers.SCALE, "too_large")
        if amount is None:
            amount, too_large = numbers.multiply(quantity, unit_price)
            self.mark("unit_price", too_large, "too_large")
        return quantity, unit_price, amount

    def currencies(self, column: Texts | None, figures: Mapping[str, Any]) -> Texts:
        """The currency of each line: its own column, else the sign beside the money, else that of the file."""
        count, given = len(self._chunk.lines), self._reader.mapping.read.currency
        names: dict[str, int] = {}
        said = np.full(count, -1, np.int32)
        for name in ("amount", "unit_price"):
            if name not in figures or not any(figures[name][2]):
                continue
            _, _, signs, codes = figures[name]
            meant = [given if given in currencies.SIGNS.get(sign, ()) else sign for sign in signs]
            places = np.array([names.setdefault(sign, len(names)) if sign else -1 for sign in meant] + [-1], np.int32)[
                codes
            ]
            self.mark(name, (said >= 0) & (places >= 0) & (said != places), "two_currencies")
            said = np.where(said >= 0, said, places)
        if column is not None:
            places = np.array(
                [names.setdefault(currencies.currency_of(code.upper()), len(names)) for code in column.values] + [-1],
                np.int32,
            )
            written = places[column.codes]
            self.mark("currency", (said >= 0) & (written >= 0) & (said != written), "two_currencies")
            said = np.where(written >= 0, written, said)
        if (said < 0).any() and given:
            said = np.where(said < 0, names.setdefault(given, len(names)), said).astype(np.int32)
        strange = np.array([name not in currencies.CODES for name in names] + [True], bool)
        self.mark("currency", strange[said], "unknown_currency")
        return Texts(list(names), said.astype(np.int32))

    def refused(self, chunk: Chunk) -> tuple[list[BadRow], list[str]]:
        rows, values = [], []
        for place in np.flatnonzero(self.wrong).tolist():
            name = self._where[self._column[place]]
            written = chunk.row(place)
            rows.append(
                BadRow(int(chunk.lines[place]), CODES[self.wrong[place]], [text.replace("\x00", "␀")[:1000] for text in written],
                       self._reader.column_name(name))
            )  # fmt: skip
            position = self._reader.places.get(name)
            values.append("" if position is None else written[position].replace("\x00", "␀")[:200])
        return rows, values


def clean(value: Any) -> str:
    """One line of text: no spaces around it, runs of them one, no invisible characters, composed letters."""
    if not isinstance(value, str):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    if value.isascii() and value.isprintable() and "  " not in value:
        return value.strip()
    kept = (letter for letter in value if letter.isprintable() or letter.isspace() or letter in "\x00\u200c\u200d")
    return " ".join(unicodedata.normalize("NFC", "".join(kept)).split())


def _distinct(values: list[str], codes: NDArray[np.int32]) -> Texts:
    """What is the same after cleaning is one; empty is none."""
    places: dict[str, int] = {}
    renumbered = np.array([places.setdefault(value, len(places)) if value else -1 for value in values] + [-1], np.int32)
    return Texts(list(places), renumbered[codes])


def _made(texts: Texts, change: Callable[[str], str]) -> Texts:
    return _distinct([change(value) for value in texts.values], texts.codes)
