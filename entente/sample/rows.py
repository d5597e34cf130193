"""The sample firm as lines of COPY's text format, table by table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.firm import SampleFirm
from entente.sample.pure.orders import Lines
from entente.warehouse.copy_in import copy_field

PARTY = (
    "id", "source_id", "key", "kind", "name", "segment", "email", "phone", "phone_e164", "country", "subdivision",
    "postcode", "city", "address", "language", "zone", "known_on", "attributes", "import_run_id", "recorded_at",
)  # fmt: skip
PRODUCT = ("id", "source_id", "code", "name", "category", "is_charge", "unit_cost", "currency")
ORDER = ("id", "source_id", "number", "party_id", "ordered_at", "ordered_on", "is_return", "import_run_id")
LINE = (
    "order_id", "party_id", "product_id", "kind", "ordered_on", "quantity", "unit_price", "amount", "cost", "currency",
    "import_run_id", "line", "fact_key",
)  # fmt: skip
RATE = ("currency", "from_on", "rate")
INTERACTION = (
    "id", "party_id", "kind", "channel", "purpose", "is_outgoing", "is_two_way", "at", "minutes", "subject", "body",
    "outcome", "settled_at", "by_id", "import_run_id", "recorded_at",
)  # fmt: skip
CONSENT = ("party_id", "channel", "purpose", "is_granted", "at", "wording", "evidence", "by_id", "recorded_at")
PREFERENCE = ("party_id", "wishes", "by_id", "at")
RELATION = (
    "party_id", "other_id", "kind", "from_on", "share", "share_of", "currency", "due", "decided_by", "told", "contract", "notice", "notes",
    "evidence", "source_id", "import_run_id", "stated_at",
)  # fmt: skip
NULL = "\\N"


@dataclass(frozen=True)
class Numbers:
    """The numbers that rows refer to. party, product, order, interaction, invoice: the first of a run of them."""

    sources: dict[str, int]
    users: list[int]
    import_run: int
    party: int
    product: int
    order: int
    interaction: int
    invoice: int


def _line(*fields: Any) -> str:
    return "\t".join([field if isinstance(field, str) else str(field) for field in fields]) + "\n"


def _instants(column: npt.NDArray[np.datetime64]) -> list[str]:
    return [f"{text}Z" for text in np.datetime_as_string(column.astype("datetime64[s]")).tolist()]


def party_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    for row, record in enumerate(firm.parties):
        texts = (record.key, record.kind, record.name, record.segment, record.email, record.phone, record.phone_e164,
                 record.country, record.subdivision, record.postcode, record.city, record.address, record.language,
                 record.zone)  # fmt: skip
        known = NULL if record.known is None else firm.span.date(record.known).isoformat()
        attributes = copy_field(json.dumps(record.attributes, ensure_ascii=False))
        yield _line(numbers.party + row, numbers.sources[record.source], *map(copy_field, texts), known, attributes,
                    numbers.import_run, "now")  # fmt: skip


def product_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    """One price list for the whole firm, kept by the ERP; the shop sells from it."""
    goods = firm.goods
    for row, code in enumerate(goods.codes):
        name, category = copy_field(goods.names[row]), goods.categories[row]
        charge, cost = bool(goods.is_charge[row]), f"{goods.cost[row]:.4f}"
        yield _line(numbers.product + row, numbers.sources["erp"], code, name, category, charge, cost, "EUR")


def order_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    """Orders by time, then what came back: its number is that of the order with an R before it. Then fees for contracts."""
    dates = [day.isoformat() for day in firm.span.dates().tolist()]
    sources = [numbers.sources[record.source] for record in firm.parties]
    orders, returned, fees = firm.orders, firm.returned, firm.fees
    of = returned.of_order
    names_back = [f"R{orders.number[order]}" for order in of.tolist()]
    parts = (
        (orders.number, orders.party, orders.at, orders.day, False),
        (names_back, orders.party[of], firm.return_at, returned.day, True),
        (fees.number, fees.party, fees.at, fees.day, False),
    )
    row = numbers.order
    for names, parties, at, day, is_return in parts:
        for name, party, when, on in zip(names, parties.tolist(), _instants(at), day.tolist(), strict=True):
            who = numbers.party + party
            yield _line(row, sources[party], name, who, when, dates[on], is_return, numbers.import_run)
            row += 1


def line_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    """Sales and charges in the order of the orders, then what came back, then fees. A line's key says what it is, whenever it is
    planted."""
    orders, returned = firm.orders, firm.returned
    yield from _lines(firm, firm.lines, orders.party, orders.day, 0, 0, numbers, "")
    parties = orders.party[returned.of_order]
    yield from _lines(firm, returned.lines, parties, returned.day, orders.day.size, firm.lines.order.size, numbers, "R")
    before, written = orders.day.size + returned.day.size, firm.lines.order.size + returned.lines.order.size
    yield from _lines(firm, firm.fee_lines, firm.fees.party, firm.fees.day, before, written, numbers, "C")


def _lines(
    firm: SampleFirm, lines: Lines, party: npt.NDArray[np.int64], day: npt.NDArray[np.int64], before: int, written: int,
    numbers: Numbers, mark: str,
) -> Iterator[str]:  # fmt: skip
    """before: orders, written: lines that stand in front of these."""
    dates = [each.isoformat() for each in firm.span.dates().tolist()]
    currencies = {country.code: country.currency for country in COUNTRIES}
    currency = [currencies[record.country] for record in firm.parties]
    of_order = zip(
        lines.order.tolist(), party[lines.order].tolist(), lines.product.tolist(), lines.kind.tolist(),
        day[lines.order].tolist(), lines.quantity.tolist(), lines.unit_price.tolist(), lines.amount.tolist(),
        lines.cost.tolist(), strict=True,
    )  # fmt: skip
    for row, (order, who, product, kind, on, quantity, price, amount, cost) in enumerate(of_order, start=written + 1):
        key = hashlib.blake2b(
            f"{firm.parties[who].key}|{mark}{order}|{product}|{row}".encode(), digest_size=16
        ).hexdigest()
        # PostgreSQL reads 1234e-4 as the exact 0.1234.
        yield (
            f"{numbers.order + before + order}\t{numbers.party + who}\t{numbers.product + product}\t{kind}\t"
            f"{dates[on]}\t{quantity}\t{price}e-4\t{amount}e-4\t{cost}e-4\t{currency[who]}\t"
            f"{numbers.import_run}\t{row}\t{key}\n"
        )


def rate_rows(firm: SampleFirm) -> Iterator[str]:
    for currency, rates in firm.rates.rates.items():
        for day, rate in zip(firm.rates.from_on, rates.tolist(), strict=True):
            yield _line(currency, day.isoformat(), f"{rate:.12f}")


def interaction_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    """In the order of time, each with the number of its place in the firm's list."""
    said = firm.interactions
    party = np.array([each.party for each in said], dtype=np.int64)
    at = firm.utc(party, np.array([each.at for each in said], dtype=np.int64))
    settled = firm.utc(
        party, np.array([each.at if each.settled is None else each.settled for each in said], dtype=np.int64)
    )
    at_text, settled_text = _instants(at), _instants(settled)
    for row in np.argsort(at, kind="stable").tolist():
        each = said[row]
        minutes = NULL if each.minutes is None else each.minutes
        end = NULL if each.settled is None else settled_text[row]
        by = NULL if each.by is None else numbers.users[each.by]
        how = (each.kind, each.channel, each.purpose, each.is_outgoing, each.is_two_way)
        what = (copy_field(each.subject), copy_field(each.body), each.outcome)
        who = (numbers.interaction + row, numbers.party + each.party)
        yield _line(*who, *how, at_text[row], minutes, *what, end, by, numbers.import_run, "now")


def consent_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    party = np.array([each.party for each in firm.consents], dtype=np.int64)
    at = firm.utc(party, np.array([each.at for each in firm.consents], dtype=np.int64))
    texts = _instants(at)
    for row in np.argsort(at, kind="stable").tolist():
        each = firm.consents[row]
        said = (
            each.channel,
            each.purpose,
            each.is_granted,
            texts[row],
            copy_field(each.wording),
            copy_field(each.evidence),
        )
        yield _line(numbers.party + each.party, *said, NULL, "now")


def preference_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    for party, wishes in firm.wishes:
        yield _line(numbers.party + party, copy_field(json.dumps(wishes)), NULL, "now")


def relation_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    for each in firm.related.relations:
        share = NULL if each.percent is None else f"0.{each.percent:02}"
        of = "" if each.percent is None else "net revenue"
        source = numbers.sources[firm.parties[each.party].source]
        yield _line(numbers.party + each.party, numbers.party + each.other, each.kind, firm.span.date(each.day).isoformat(), share, of,
                    *[""] * 8, source, numbers.import_run, "now")  # fmt: skip
