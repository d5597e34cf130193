"""Deliveries, invoices, payments and facts of needs of the sample firm as lines of COPY's text format."""

from __future__ import annotations

from collections.abc import Iterator

from entente.sample.pure.countries import COUNTRIES
from entente.sample.pure.customer_kinds import NAMES
from entente.sample.pure.dealings import CONSUMER, NEVER
from entente.sample.pure.firm import SampleFirm
from entente.sample.rows import NULL, Numbers
from entente.warehouse.copy_in import copy_field

DELIVERY = (
    "source_id", "customer_key", "party_id", "import_run_id", "line", "recorded_at", "number", "order_number", "order_id",
    "promised_on", "shipped_on", "delivered_on", "quantity", "carrier", "state",
)  # fmt: skip
INVOICE = (
    "id", "source_id", "customer_key", "party_id", "import_run_id", "line", "recorded_at", "number", "order_number", "order_id",
    "kind", "issued_on", "due_on", "amount", "currency",
)  # fmt: skip
PAYMENT = (
    "source_id", "customer_key", "party_id", "import_run_id", "line", "recorded_at", "key", "invoice_number", "invoice_id",
    "paid_on", "amount", "currency", "method",
)  # fmt: skip
FACT = (
    "party_id", "predicate", "value", "number", "currency", "is_stated", "said_on", "confidence", "expires_on", "interaction_id",
    "source_id", "import_run_id", "evidence", "by_id", "made_at",
)  # fmt: skip


def _owners(firm: SampleFirm, numbers: Numbers) -> list[str]:
    """What all dealings of a record begin with: its source, its key there, the record, the import."""
    return [
        f"{numbers.sources[record.source]}\t{record.key}\t{numbers.party + row}\t{numbers.import_run}"
        for row, record in enumerate(firm.parties)
    ]


def _days(firm: SampleFirm) -> list[str]:
    """Each day of the sample as text; NULL at the end, so that NEVER finds it."""
    return [*(day.isoformat() for day in firm.span.dates().tolist()), NULL]


def _of_country(firm: SampleFirm, phrase: str) -> list[tuple[str, ...]]:
    """By record: what its country has of these."""
    phrases = {country.code: country.phrases[phrase] for country in COUNTRIES}
    return [phrases[record.country] for record in firm.parties]


def delivery_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    sent, owners, days, carriers = (
        firm.dealings.deliveries,
        _owners(firm, numbers),
        _days(firm),
        _of_country(firm, "carriers"),
    )
    by_parcel = [record.kind == "person" or record.segment == NAMES[-2] for record in firm.parties]
    party, number = firm.orders.party.tolist(), firm.orders.number
    rows = zip(
        sent.order.tolist(), sent.part.tolist(), sent.promised.tolist(), sent.shipped.tolist(), sent.delivered.tolist(),
        sent.pieces.tolist(), sent.is_cancelled.tolist(), strict=True,
    )  # fmt: skip
    for line, (order, part, promised, shipped, delivered, pieces, is_off) in enumerate(rows, start=1):
        who = party[order]
        state = (
            "cancelled"
            if is_off
            else "delivered"
            if delivered != NEVER
            else "shipped"
            if shipped != NEVER
            else "planned"
        )
        name = f"L{number[order]}" if not part else f"L{number[order]}/{part + 1}"
        yield (
            f"{owners[who]}\t{line}\tnow\t{name}\t{number[order]}\t{numbers.order + order}\t{days[promised]}\t{days[shipped]}\t"
            f"{days[delivered]}\t{pieces}\t{carriers[who][by_parcel[who]]}\t{state}\n"
        )


def _invoice_numbers(firm: SampleFirm) -> list[str]:
    """A credit note is called after what came back."""
    invoices = firm.dealings.invoices
    rows = zip(invoices.order.tolist(), invoices.returned.tolist(), strict=True)
    return [f"{'F' if back == NEVER else 'G'}{firm.orders.number[order]}" for order, back in rows]


def _currencies(firm: SampleFirm) -> list[str]:
    currencies = {country.code: country.currency for country in COUNTRIES}
    return [currencies[record.country] for record in firm.parties]


def invoice_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    invoices, owners, days, currency = firm.dealings.invoices, _owners(firm, numbers), _days(firm), _currencies(firm)
    party, number = firm.orders.party.tolist(), firm.orders.number
    rows = zip(
        _invoice_numbers(firm), invoices.order.tolist(), invoices.returned.tolist(), invoices.issued.tolist(),
        invoices.due.tolist(), invoices.amount.tolist(), strict=True,
    )  # fmt: skip
    for line, (name, order, back, issued, due, amount) in enumerate(rows, start=1):
        who, kind = party[order], "invoice" if back == NEVER else "credit_note"
        # PostgreSQL reads 1234e-4 as the exact 0.1234.
        yield (
            f"{numbers.invoice + line - 1}\t{owners[who]}\t{line}\tnow\t{name}\t{number[order]}\t{numbers.order + order}\t{kind}\t"
            f"{days[issued]}\t{days[due]}\t{amount}e-4\t{currency[who]}\n"
        )


def payment_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    paid, owners, days, currency = firm.dealings.payments, _owners(firm, numbers), _days(firm), _currencies(firm)
    methods, names = _of_country(firm, "paid by"), _invoice_numbers(firm)
    order, party = firm.dealings.invoices.order.tolist(), firm.orders.party.tolist()
    is_consumer = [kind == NAMES[CONSUMER] for kind in firm.truth.kind]
    rows = zip(paid.invoice.tolist(), paid.paid.tolist(), paid.amount.tolist(), strict=True)
    for line, (invoice, on, amount) in enumerate(rows, start=1):
        who = party[order[invoice]]
        method = methods[who][is_consumer[firm.parties[who].person]]
        yield (
            f"{owners[who]}\t{line}\tnow\tZ{names[invoice]}\t{names[invoice]}\t{numbers.invoice + invoice}\t{days[on]}\t{amount}e-4\t"
            f"{currency[who]}\t{method}\n"
        )


def fact_rows(firm: SampleFirm, numbers: Numbers) -> Iterator[str]:
    currency = _currencies(firm)
    for each in firm.facts:
        fields = (
            numbers.party + each.party, each.predicate, copy_field(each.value),
            NULL if each.number is None else f"{each.number}e-4", currency[each.party] if each.is_money else "", each.is_stated,
            firm.span.date(each.said), each.confidence, firm.span.date(each.expires),
            NULL if each.said_in is None else numbers.interaction + each.said_in, numbers.sources[firm.parties[each.party].source],
            numbers.import_run, copy_field(each.evidence), NULL if each.by is None else numbers.users[each.by], "now",
        )  # fmt: skip
        yield "\t".join(map(str, fields)) + "\n"
