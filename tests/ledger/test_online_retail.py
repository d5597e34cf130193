"""A year of a real shop, against what is known of it."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from entente.ledger.mapping import load
from entente.ledger.models import Order, OrderLine, Party, Product, RefusedRow
from tests.ledger.conftest import bring

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def public(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the public data set {name} is not here")
    return path


def test_online_retail_adds_up():
    done = bring(public("online_retail.parquet"), load("online-retail"))
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (541_909, 540_573, 1_336)
    assert set(RefusedRow.objects.values_list("reason", flat=True)) == {"stock_movement"}
    # All refused lines have no price, so the sum of the file is that of the ledger.
    assert OrderLine.objects.aggregate(sum=Sum("amount"))["sum"] == Decimal("9747747.9340")
    assert Party.objects.count() == 4_372
    # 135,080 lines without customer in the file, 1,336 of them stock movements.
    assert OrderLine.objects.filter(party=None).count() == 135_080 - 1_336
    # 25,900 invoices, of which 1,336 are one stock movement each.
    assert Order.objects.count() == 25_900 - 1_336
    assert not Order.objects.filter(is_return=True).exclude(number__startswith="C").exists()
    assert set(Product.objects.filter(is_charge=True).values_list("code", flat=True)) == {
        "POST", "DOT", "M", "m", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B", "PADS"}  # fmt: skip
    assert not Product.objects.filter(name__in=("found", "check", "damaged", "?")).exists()
    assert Party.objects.get(key="12347").country == "IS"
    assert Party.objects.filter(country="").count() < 20
    twins = (
        OrderLine.objects.values("order", "product", "quantity", "unit_price").annotate(n=Count("id")).filter(n__gt=1)
    )
    assert sum(twin["n"] - 1 for twin in twins) >= 5_268
    assert {"code": "twins", "count": 5_270} in done.notes


def test_cdnow_adds_up():
    done = bring(public("cdnow_master.parquet"), load("purchase-log").with_read(currency="USD"), "cdnow")
    assert (done.rows_read, done.rows_recorded, done.rows_refused) == (69_659, 69_659, 0)
    assert Party.objects.count() == 23_570
