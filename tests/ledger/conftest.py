"""Files of orders, and short ways to import them."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum

from entente.ledger.mapping import Mapping, from_json
from entente.ledger.models import Import, Order, OrderLine, Party, Product, RefusedRow
from entente.ledger.record import open_import, run_import

LOG = {"columns": {"customer": "customer", "ordered_at": "date", "amount": "amount"}, "read": {"currency": "EUR"}}
LINES = {
    "columns": {"order_number": "order", "ordered_at": "date", "customer": "customer", "product_code": "product",
                "quantity": "quantity", "unit_price": "price"},
    "read": {"currency": "EUR"},
}  # fmt: skip


def mapping(base: dict[str, Any], columns: dict[str, Any] | None = None, **read: Any) -> Mapping:
    return from_json({**base, "columns": {**base["columns"], **(columns or {})}, "read": {**base["read"], **read}})


@pytest.fixture(autouse=True)
def _files_elsewhere(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a text file, optionally packed, in any encoding."""

    def write(text: str, name: str = "orders.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        data = text.encode(encoding)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write


def bring(path: Path, read: Mapping, source: str = "shop") -> Import:
    return run_import(open_import(path, mapping=read, source_name=source, file_name=path.name, by=None).pk)


def ledger() -> dict[str, Any]:
    """Everything that must not change when an import is repeated or resumed."""
    return {
        "lines": sorted(OrderLine.objects.values_list("fact_key", "amount", "line", "order__number", "party__key")),
        "amount": OrderLine.objects.aggregate(sum=Sum("amount"))["sum"],
        "orders": sorted(Order.objects.values_list("number", "ordered_at", "party__key")),
        "parties": sorted(Party.objects.values_list("key", "country", "name")),
        "products": sorted(Product.objects.values_list("code", "name")),
        "refused": sorted(RefusedRow.objects.values_list("line", "reason")),
    }
