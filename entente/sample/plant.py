"""Plant the sample firm: a coatings maker with customers in five countries, in an empty ledger."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.differentiate.contract_settings import make_contract
from entente.differentiate.models import NeedFact
from entente.identify.relations_models import Deal, DealPart, Relation
from entente.interact.models import ConsentEvent, Preference
from entente.ledger.models import (
    Delivery,
    ExchangeRate,
    Import,
    Interaction,
    Invoice,
    Order,
    OrderLine,
    Party,
    Payment,
    Product,
    Source,
)
from entente.lib.errors import EntenteError
from entente.sample import dealing_rows, rows
from entente.sample.pure.catalogue import CONTRACT_CODE, CONTRACT_MONTHS
from entente.sample.pure.firm import MAIL_DOMAIN, SEED, USERS, SampleFirm, Truth
from entente.sample.truth import made, truth
from entente.staff.models import Firm, User
from entente.warehouse.copy_in import copy_text

Progress = Callable[[str, float, float | None], None]

KIND = "sample"
# Changed whenever the same seed makes another firm than before.
VERSION = 3
SOURCES = {"erp": 10, "shop": 20, "call list": 90}
ZONE = "Europe/Berlin"
FIRM = {
    "name": "Lindqvist Coatings",
    "currency": "EUR",
    "country": "DE",
    "zone": ZONE,
    "language": "en",
    "margin_rate": "0.3500",
    "is_sample": True,
}


class NotEmpty(EntenteError):
    """Facts of somebody else, or of another sample, are in the ledger already."""


@dataclass(frozen=True)
class Planted:
    """counts: rows of each table. is_new: whether this call wrote them."""

    seed: int
    as_of: dt.date
    customers: int
    counts: dict[str, int]
    is_new: bool

    @property
    def truth(self) -> Truth:
        """What the sample was made of; made anew unless it was asked for just before."""
        return truth(self.seed, self.as_of, self.customers)


def planted() -> Planted | None:
    """The sample that stands in the ledger, if one does."""
    witness = Import.objects.filter(kind=KIND, state=Import.State.DONE).order_by("-id").first()
    return None if witness is None else _as_witnessed(witness, is_new=False)


def plant(*, seed: int = SEED, as_of: dt.date, customers: int = 5000, progress: Progress = lambda *_: None) -> Planted:
    """Write the sample firm as it stood at the end of `as_of`: all of it or nothing. A second time changes nothing.

    Customers above the parties are left to `identify`; who looks after a party stands in its attributes as
    `account_manager`.
    Raises NotEmpty where other facts are in the ledger.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('entente sample'))")
        fingerprint = _fingerprint(seed, as_of, customers)
        witness = Import.objects.filter(kind=KIND, state=Import.State.DONE, sha256=fingerprint).first()
        if witness is not None:
            return _as_witnessed(witness, is_new=False)
        _refuse_unless_empty()
        progress("Inventing the sample firm", 0, None)
        firm = made(seed, as_of, customers)
        witness = _write(firm, seed, as_of, customers, fingerprint, progress)
    return _as_witnessed(witness, is_new=True)


def _fingerprint(seed: int, as_of: dt.date, customers: int) -> str:
    return hashlib.sha256(f"sample {VERSION}: {seed}, {as_of.isoformat()}, {customers}".encode()).hexdigest()


def _as_witnessed(witness: Import, *, is_new: bool) -> Planted:
    said = witness.mapping
    return Planted(said["seed"], dt.date.fromisoformat(said["as_of"]), said["customers"], said["counts"], is_new)


def _refuse_unless_empty() -> None:
    if not any(model.objects.exists() for model in (Party, Product, Order, ExchangeRate)):
        return
    there = planted()
    if there is None:
        raise NotEmpty(
            _(
                "There are facts in this database already. The sample firm needs an empty one: "
                "set ENTENTE_HOME to a new folder."
            )
        )
    raise NotEmpty(
        _(
            "A sample firm of %(as_of)s with %(customers)d customers (seed %(seed)d) is here already. "
            "Use it, or set ENTENTE_HOME to a new folder for another."
        )
        % {"as_of": there.as_of.isoformat(), "customers": there.customers, "seed": there.seed}
    )


def _write(firm: SampleFirm, seed: int, as_of: dt.date, customers: int, fingerprint: str, progress: Progress) -> Import:
    sources = {
        name: Source.objects.get_or_create(name=name, defaults={"rank": rank})[0].pk for name, rank in SOURCES.items()
    }
    Firm.objects.update_or_create(id=1, defaults=FIRM)
    now = timezone.now()
    witness = Import.objects.create(
        source_id=sources["erp"], kind=KIND, file_name=f"sample firm, seed {seed}", sha256=fingerprint,
        state=Import.State.RUNNING, started_at=now,
    )  # fmt: skip
    numbers = rows.Numbers(
        sources, _users(), witness.pk,
        _reserve(Party, len(firm.parties)),
        _reserve(Product, len(firm.goods.codes)),
        _reserve(Order, firm.orders.day.size + firm.returned.day.size + firm.fees.day.size),
        _reserve(Interaction, len(firm.interactions)),
        _reserve(Invoice, firm.dealings.invoices.order.size),
    )  # fmt: skip
    tables = _tables(firm, numbers)
    counts = {"users": len(USERS)}
    for place, (model, columns, lines) in enumerate(tables):
        progress("Planting the sample firm", place, len(tables))
        counts[str(model._meta.verbose_name_plural)] = _copy(model, columns, lines)
    _strike_deals(firm, numbers)
    contract = numbers.product + firm.goods.number(CONTRACT_CODE)
    make_contract(contract, str(CONTRACT_MONTHS), by=User.objects.get(email=f"henrik@{MAIL_DOMAIN}"))
    _analyze([model for model, _columns, _lines in tables])
    witness.mapping = {"seed": seed, "as_of": as_of.isoformat(), "customers": customers, "counts": counts}
    written = firm.lines.order.size + firm.returned.lines.order.size + firm.fee_lines.order.size
    witness.rows_total = witness.rows_read = witness.rows_recorded = written
    witness.state, witness.finished_at = Import.State.DONE, timezone.now()
    witness.save()
    progress("Planting the sample firm", len(tables), len(tables))
    return witness


def _tables(firm: SampleFirm, numbers: rows.Numbers) -> list[tuple[type[models.Model], tuple[str, ...], Iterator[str]]]:
    """What is written, in this order: the table, its columns, its rows."""
    return [
        (ExchangeRate, rows.RATE, rows.rate_rows(firm)),
        (Product, rows.PRODUCT, rows.product_rows(firm, numbers)),
        (Party, rows.PARTY, rows.party_rows(firm, numbers)),
        (Order, rows.ORDER, rows.order_rows(firm, numbers)),
        (OrderLine, rows.LINE, rows.line_rows(firm, numbers)),
        (Interaction, rows.INTERACTION, rows.interaction_rows(firm, numbers)),
        (ConsentEvent, rows.CONSENT, rows.consent_rows(firm, numbers)),
        (Preference, rows.PREFERENCE, rows.preference_rows(firm, numbers)),
        (Relation, rows.RELATION, rows.relation_rows(firm, numbers)),
        (Delivery, dealing_rows.DELIVERY, dealing_rows.delivery_rows(firm, numbers)),
        (Invoice, dealing_rows.INVOICE, dealing_rows.invoice_rows(firm, numbers)),
        (Payment, dealing_rows.PAYMENT, dealing_rows.payment_rows(firm, numbers)),
        (NeedFact, dealing_rows.FACT, dealing_rows.fact_rows(firm, numbers)),
    ]


def _strike_deals(firm: SampleFirm, numbers: rows.Numbers) -> None:
    for each in firm.related.deals:
        deal = Deal.objects.create(
            name=each.name,
            from_on=firm.span.date(each.day),
            source_id=numbers.sources["erp"],
            import_run_id=numbers.import_run,
        )
        DealPart.objects.bulk_create(
            DealPart(deal=deal, party_id=numbers.party + row, role=role) for row, role in each.parts
        )


def _users() -> list[int]:
    """The firm's people, who sign in by a link until they choose a password."""
    numbers = []
    for mailbox, name, role in USERS:
        user = User.objects.filter(email=f"{mailbox}@{MAIL_DOMAIN}").first()
        if user is None:
            user = User(email=f"{mailbox}@{MAIL_DOMAIN}", name=name, role=role, zone=ZONE)
            user.set_unusable_password()
            user.save()
        numbers.append(user.pk)
    return numbers


def _reserve(model: type[models.Model], many: int) -> int:
    """Take `many` numbers in a row from the table's sequence; the first of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT nextval(%s)", [sequence])
        (first,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + many - 1])
    return int(first)


def _copy(model: type[models.Model], columns: tuple[str, ...], lines: Iterator[str]) -> int:
    written = 0

    def blocks() -> Iterator[str]:
        nonlocal written
        block: list[str] = []
        for line in lines:
            block.append(line)
            written += 1
            if len(block) == 5000:
                yield "".join(block)
                block = []
        yield "".join(block)

    copy_text(model._meta.db_table, columns, blocks())
    return written


def _analyze(tables: list[Any]) -> None:
    """The planner must know of the rows before the first page is asked for."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE " + ", ".join(connection.ops.quote_name(model._meta.db_table) for model in tables))
