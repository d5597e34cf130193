"""The benchmarks' population: exactly as large as asked for, lawful, and reproducible."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, F, Min, Sum

from bench.made.population import NotEmpty, fill
from entente.identify.models import Customer, Membership
from entente.ledger.models import Interaction, LineKind, Order, OrderLine, Party

pytestmark = pytest.mark.django_db(transaction=True)
AS_OF = dt.date(2026, 11, 20)


def here() -> dict[str, Any]:
    wanted = ("host", "port", "dbname", "user", "password")
    return {name: value for name, value in connection.get_connection_params().items() if name in wanted}


def laid_down() -> tuple[set[str], set[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
        indexes = {row[0] for row in cursor.fetchall()}
        cursor.execute("SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('f', 'u')")
        return indexes, {row[0] for row in cursor.fetchall()}


def test_as_many_of_each_as_asked_for():
    before = laid_down()
    made = fill(here(), 500, 4000, 3, AS_OF, 700)
    assert made["lines"] == OrderLine.objects.count() == 4000
    assert Party.objects.count() == Customer.objects.count() == Membership.objects.count() == 500
    assert Order.objects.count() == made["orders"] and Interaction.objects.count() == 700
    assert laid_down() == before


def test_facts_are_consistent():
    fill(here(), 400, 3000, 4, AS_OF)
    assert not OrderLine.objects.exclude(party_id=F("order__party_id")).exists()
    assert not OrderLine.objects.exclude(ordered_on=F("order__ordered_on")).exists()
    assert not OrderLine.objects.exclude(amount=F("quantity") * F("unit_price")).exists()
    assert not Order.objects.filter(ordered_on__gt=AS_OF).exists()
    assert not Order.objects.annotate(n=Count("lines")).filter(n=0).exists()
    assert Order.objects.values("party").distinct().count() == 400
    assert OrderLine.objects.filter(kind=LineKind.RETURN).exists()
    firsts = Party.objects.annotate(first=Min("order__id")).values_list("first", flat=True)
    assert not Order.objects.filter(id__in=list(firsts), is_return=True).exists()
    assert Order.objects.order_by("id").first().ordered_at == Order.objects.aggregate(first=Min("ordered_at"))["first"]


def test_numbers_go_on_behind_it_and_a_second_filling_is_refused():
    fill(here(), 50, 300, 5, AS_OF)
    source = Party.objects.first().source
    assert Party.objects.create(source=source, key="new").pk == 51
    with pytest.raises(NotEmpty):
        fill(here(), 50, 300, 5, AS_OF)


def test_names_can_be_searched_for():
    fill(here(), 60, 200, 6, AS_OF, names=True)
    assert not Customer.objects.filter(search="").exists()
    assert Customer.objects.filter(grams__contains=["mai", "ail"]).count() == 60


def test_fewer_lines_than_orders_are_possible():
    assert fill(here(), 300, 310, 7, AS_OF)["orders"] <= 310
    assert OrderLine.objects.count() == 310
    assert OrderLine.objects.aggregate(total=Sum("quantity"))["total"] > 0
