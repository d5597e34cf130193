"""Planting the sample: whole or not at all, once, and only where nothing else stands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.db.models import Count, F, Q, Sum

from entente.differentiate.contract_models import ContractProduct
from entente.differentiate.models import NeedFact
from entente.differentiate.pure.need_terms import PREDICATES
from entente.identify.relations_models import Deal, DealPart, Relation
from entente.interact.models import ConsentEvent, Preference
from entente.ledger.models import (
    Delivery,
    ExchangeRate,
    Import,
    Interaction,
    Invoice,
    LineKind,
    Order,
    OrderLine,
    Party,
    Payment,
    Product,
    Source,
)
from entente.sample import rows
from entente.sample.plant import NotEmpty, plant, planted
from entente.sample.truth import made, truth
from entente.staff.models import Firm, User
from entente.staff.settings import setting

pytestmark = pytest.mark.django_db
AS_OF = dt.date(2026, 11, 20)
SMALL = {"seed": 7, "as_of": AS_OF, "customers": 200}
TABLES = (
    Party, Product, Order, OrderLine, ExchangeRate, Interaction, ConsentEvent, Preference, User, Source, Import, Relation, Deal, DealPart,
    Delivery, Invoice, Payment, NeedFact, ContractProduct,
)  # fmt: skip


def sizes() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in TABLES}


def test_everything_that_was_made_is_in_the_tables():
    done, firm = plant(**SMALL), made(7, AS_OF, 200)
    assert done.is_new and planted() is not None
    assert Party.objects.count() == len(firm.parties)
    assert Order.objects.filter(is_return=False).count() == firm.orders.day.size + firm.fees.day.size
    assert Order.objects.filter(is_return=True).count() == firm.returned.day.size
    parts = (firm.lines, firm.returned.lines, firm.fee_lines)
    assert OrderLine.objects.count() == sum(lines.order.size for lines in parts)
    assert Interaction.objects.count() == len(firm.interactions)
    assert ConsentEvent.objects.count() == len(firm.consents) and Preference.objects.count() == len(firm.wishes)
    assert done.counts["relations"] == Relation.objects.count() == len(firm.related.relations)
    assert not Relation.objects.exclude(source_id=F("party__source_id")).exists()
    assert DealPart.objects.count() == sum(len(deal.parts) for deal in firm.related.deals) > 0
    dealings = firm.dealings
    assert done.counts["deliveries"] == Delivery.objects.count() == dealings.deliveries.order.size
    assert done.counts["invoices"] == Invoice.objects.count() == dealings.invoices.order.size
    assert done.counts["payments"] == Payment.objects.count() == dealings.payments.invoice.size
    assert NeedFact.objects.count() == len(firm.facts) > 0
    assert done.counts["order lines"] == OrderLine.objects.count()
    total = OrderLine.objects.aggregate(total=Sum("amount"))["total"]
    assert total == Decimal(sum(int(lines.amount.sum()) for lines in parts)) / 10_000


def test_money_is_amount_and_currency_of_the_country():
    plant(**SMALL)
    found = set(OrderLine.objects.values_list("currency", "order__party__country").distinct())
    assert found == {("GBP", "GB"), ("EUR", "DE"), ("SAR", "SA"), ("IRR", "IR"), ("RUB", "RU")}
    assert not OrderLine.objects.exclude(amount=F("quantity") * F("unit_price")).exists()
    assert not OrderLine.objects.filter(kind=LineKind.RETURN, amount__gte=0).exists()
    assert not OrderLine.objects.exclude(kind=LineKind.RETURN).filter(amount__lte=0).exists()


def test_rows_refer_to_what_is_there():
    """No constraint guards a line's party and product, so the test does."""
    plant(**SMALL)
    lines = OrderLine.objects.all()
    assert not lines.exclude(party_id=F("order__party_id")).exists()
    assert not lines.exclude(ordered_on=F("order__ordered_on")).exists()
    assert not lines.exclude(product_id__in=Product.objects.values("id")).exists()
    assert not lines.exclude(import_run_id__in=Import.objects.values("id")).exists()
    assert not Order.objects.exclude(source_id=F("party__source_id")).exists()
    assert not Order.objects.annotate(lines_=Count("lines")).filter(lines_=0).exists()
    assert not Order.objects.filter(ordered_on__gt=AS_OF).exists()
    assert not Product.objects.filter(Q(unit_cost=None) | Q(currency="")).exists()


def test_dealings_refer_to_their_orders_and_invoices():
    plant(**SMALL)
    for model in (Delivery, Invoice):
        rows_ = model.objects.all()
        assert not rows_.exclude(party_id=F("order__party_id")).exists()
        assert not rows_.exclude(order_number=F("order__number")).exists()
        assert not rows_.exclude(customer_key=F("party__key")).exists()
    assert not Payment.objects.exclude(invoice_number=F("invoice__number"), party_id=F("invoice__party_id")).exists()
    assert not Payment.objects.exclude(currency=F("invoice__currency")).exists()
    whole = Invoice.objects.filter(kind=Invoice.Kind.INVOICE).annotate(lines=Sum("order__lines__amount"))
    assert whole.exists() and not whole.exclude(amount=F("lines")).exists()
    credit = Invoice.objects.filter(kind=Invoice.Kind.CREDIT_NOTE)
    assert credit.exists() and not credit.filter(amount__gte=0).exists()
    assert {each.stands for each in Delivery.objects.all()} >= {"delivered", "planned"}


def test_facts_of_needs_stand_as_somebody_would_have_written_them():
    plant(**SMALL)
    stated = NeedFact.objects.filter(is_stated=True)
    assert stated.exists() and not stated.exclude(party_id=F("interaction__party_id")).exists()
    assert not NeedFact.objects.exclude(predicate__in=PREDICATES).exists()
    assert not NeedFact.objects.filter(said_on__gt=AS_OF).exists()
    for fact in NeedFact.objects.all():
        kind = PREDICATES[fact.predicate].kind
        assert (fact.number is not None) == (kind in ("money", "share")) and bool(fact.currency) == (kind == "money")
        assert bool(fact.value) == (fact.number is None)


def test_the_firm_and_its_people():
    plant(**SMALL)
    firm = Firm.objects.get()
    assert (firm.name, firm.currency, firm.zone, firm.is_sample) == ("Lindqvist Coatings", "EUR", "Europe/Berlin", True)
    assert sorted(User.objects.values_list("role", flat=True)) == ["admin", "agent", "agent", "manager", "viewer"]
    assert not any(user.has_usable_password() for user in User.objects.all())
    managers = set(
        Party.objects.exclude(attributes__account_manager=None).values_list("attributes__account_manager", flat=True)
    )
    assert managers and managers <= set(User.objects.values_list("email", flat=True))


def test_twice_changes_nothing():
    first = plant(**SMALL)
    before, keys = sizes(), set(OrderLine.objects.values_list("fact_key", flat=True))
    second = plant(**SMALL)
    assert not second.is_new and second.counts == first.counts
    assert sizes() == before and set(OrderLine.objects.values_list("fact_key", flat=True)) == keys


@pytest.mark.parametrize("other", [{"seed": 8}, {"as_of": dt.date(2026, 11, 19)}, {"customers": 201}])
def test_another_sample_is_refused(other):
    plant(**SMALL)
    before = sizes()
    with pytest.raises(NotEmpty, match=r"2026-11-20 with 200 customers \(seed 7\)"):
        plant(**{**SMALL, **other})
    assert sizes() == before


def test_a_ledger_in_use_is_left_alone():
    Party.objects.create(source=Source.objects.create(name="shop"), key="1", name="Somebody real")
    with pytest.raises(NotEmpty, match="ENTENTE_HOME"):
        plant(**SMALL)
    assert (
        Party.objects.count() == 1 and not Order.objects.exists() and not Firm.objects.filter(is_sample=True).exists()
    )


def test_a_failure_leaves_nothing(monkeypatch):
    def broken(*_):
        raise OSError("the disk is full")
        yield

    before = sizes()
    monkeypatch.setattr(rows, "consent_rows", broken)
    with pytest.raises(Exception, match="the disk is full"):
        plant(**SMALL)
    assert sizes() == before and planted() is None
    monkeypatch.undo()
    assert plant(**SMALL).is_new


def test_numbers_go_on_after_the_sample():
    plant(**SMALL)
    last = Party.objects.order_by("-id").values_list("id", flat=True)[0]
    assert Party.objects.create(source=Source.objects.get(name="erp"), key="new").pk > last


def test_truth_is_found_by_source_and_key():
    plant(**SMALL)
    found = truth(7, AS_OF, 200)
    person_of = found.person_of()
    keys = list(Party.objects.values_list("source__name", "key"))
    assert len(keys) == len(person_of) and set(keys) == set(person_of)
    orders = np.zeros(len(found.kind), dtype=int)
    counted = (
        Order.objects.filter(is_return=False)
        .exclude(lines__product_id__in=ContractProduct.objects.values("product"))
        .values_list("party__source__name", "party__key")
        .annotate(n=Count("id"))
    )
    for source, key, n in counted:
        orders[person_of[source, key]] += n
    assert (orders == found.purchases).all()


def test_the_service_contract_is_said_to_be_one_and_paid_as_the_truth_has_it():
    plant(**{**SMALL, "customers": 500})
    found = truth(7, AS_OF, 500)
    contract = ContractProduct.objects.get()
    assert (contract.product.code, contract.months, contract.by.role) == ("SC1", 3, "manager")
    assert setting("contracts")["changed"] == {"product": contract.product_id, "code": "SC1", "months": 3}
    fees = OrderLine.objects.filter(product_id=contract.product_id)
    assert not fees.exclude(kind=LineKind.SALE).exists() and not fees.filter(cost__lte=0).exists()
    assert not Order.objects.filter(lines__in=fees).annotate(n=Count("lines")).exclude(n=1).exists()
    assert not Order.objects.values("source_id", "number").annotate(n=Count("id")).filter(n__gt=1).exists()
    person_of, paid = found.person_of(), np.zeros(len(found.kind), dtype=int)
    for source, key in fees.values_list("order__source__name", "order__party__key"):
        paid[person_of[source, key]] += 1
    assert (paid == found.contract_fees).all() and (paid > 0).sum() > 15


def test_progress_is_told_and_the_planner_knows():
    told: list[tuple[str, float, float | None]] = []
    plant(**SMALL, progress=lambda *step: told.append(step))
    assert told[-1][1] == told[-1][2] and len(told) > 5
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [Party._meta.db_table])
        assert cursor.fetchone()[0] == Party.objects.count()
