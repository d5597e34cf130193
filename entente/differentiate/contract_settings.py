"""Which products are contracts, and whether customers buy at fixed occasions. What was said, by whom and when stands among the settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.differentiate.contract_models import LONGEST_MONTHS, ContractProduct
from entente.ledger.models import Product
from entente.lib.errors import WrongFields
from entente.lib.keyset import after, place, read_place
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

NAME = "contracts"
MOST_FOUND = 20
PAGE = 50
MOST_WORDS = 5
_WRONG_MONTHS = gettext_lazy("Give whole months, 1 to %(most)s.")


class ImpossibleContract(WrongFields):
    """A product or a period that no contract has. `errors`: name of the field -> what would do."""


@dataclass(frozen=True)
class Page:
    """Some of the products that are contracts, by code; more: where the next ones begin."""

    rows: list[ContractProduct]
    more: str | None


def contract_products(begin: str = "") -> Page:
    """Products that are contracts, a page at a time. Raises ImpossiblePlace."""
    rows = ContractProduct.objects.select_related("product__source", "by").order_by("product__code", "product_id")
    if begin:
        rows = rows.filter(after(("product__code", "product_id"), read_place(begin, str, int)))
    found = list(rows[: PAGE + 1])
    more = place(found[PAGE - 1].product.code, found[PAGE - 1].product_id) if len(found) > PAGE else None
    return Page(found[:PAGE], more)


def search_products(wanted: str) -> tuple[list[Product], bool]:
    """Products with every word in code or name that are no contracts yet, by code, and whether there are more than are answered."""
    words = wanted.split()[:MOST_WORDS]
    if not words:
        return [], False
    holds = reduce(Q.__and__, (Q(code__icontains=word) | Q(name__icontains=word) for word in words))
    rows = Product.objects.filter(holds, contract=None).select_related("source").order_by("code", "id")
    found = list(rows[: MOST_FOUND + 1])
    return found[:MOST_FOUND], len(found) > MOST_FOUND


def make_contract(product: int | None, months: str, *, by: User | None) -> ContractProduct:
    """Say that a product is a contract with this period, from the next cycle on. Raises ImpossibleContract."""
    errors: dict[str, str] = {}
    found = Product.objects.filter(pk=product).first() if product else None
    if found is None:
        errors["product"] = _("There is no such product. Look for it again.")
    chosen = _months(months.strip())
    if chosen is None:
        errors["months"] = _WRONG_MONTHS % {"most": LONGEST_MONTHS}
    if found is None or chosen is None:
        raise ImpossibleContract(errors)
    with transaction.atomic():
        made, _new = ContractProduct.objects.update_or_create(product=found, defaults={"months": chosen, "by": by})
        _note(found, made.months, by)
    return made


def end_contract(product: int, *, by: User | None) -> Product | None:
    """Say that a product is no contract: its lines are purchases like others again. Returns it; None where it was none."""
    with transaction.atomic():
        made = ContractProduct.objects.select_for_update().filter(product_id=product).select_related("product").first()
        if made is None:
            return None
        made.delete()
        _note(made.product, None, by)
    return made.product


def occasion_months() -> int:
    """Every how many months customers buy at a fixed occasion; 0 where they buy when they like."""
    return int(setting(NAME).get("occasion_months", 0))


def set_occasion_months(months: str, *, by: User | None) -> int:
    """Say that customers buy at fixed occasions, or with an empty text that they do not. Raises ImpossibleContract."""
    text = months.strip()
    chosen = 0 if text == "" else _months(text)
    if chosen is None:
        raise ImpossibleContract({"occasions": _WRONG_MONTHS % {"most": LONGEST_MONTHS}})
    put_setting(NAME, {**setting(NAME), "occasion_months": chosen, "changed": {"occasions": chosen}}, by=by)
    return chosen


def _months(text: str) -> int | None:
    """Whole months as a form has them; None where they cannot be."""
    is_whole = text.isdecimal() and len(text) <= len(str(LONGEST_MONTHS))
    return int(text) if is_whole and 1 <= int(text) <= LONGEST_MONTHS else None


def _note(product: Product, months: int | None, by: User | None) -> None:
    """months: None where it is a contract no more."""
    changed = {"product": product.pk, "code": product.code, "months": months}
    put_setting(NAME, {**setting(NAME), "changed": changed}, by=by)
