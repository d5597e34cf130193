"""What the firm says of itself, and who last set what."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.numbers import is_currency
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from entente.lib.errors import WrongFields
from entente.staff.models import Firm, Setting, User
from entente.staff.settings import put_setting

FIELDS = ("name", "currency", "country", "zone", "margin_rate")
# Lists of zones also hold shorthands (GMT+3, EST) that know no daylight saving.
REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


class ImpossibleFirm(WrongFields):
    """Something said of the firm that cannot be. `errors`: field -> what would do."""


def the_firm() -> Firm:
    """The firm, or an unwritten one where none has been made."""
    return Firm.objects.filter(pk=1).first() or Firm(id=1, name="")


def firm_now(at: datetime | None = None) -> datetime:
    """This instant, or another, on the firm's own clock; UTC where no firm has been made."""
    zone = Firm.objects.filter(pk=1).values_list("zone", flat=True).first()
    return (at or timezone.now()).astimezone(zoneinfo.ZoneInfo(zone or "UTC"))


def firm_today(at: datetime | None = None) -> date:
    """The day it is at the firm, whoever asks from wherever."""
    return firm_now(at).date()


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The time zones a firm, or somebody who works there, may be in."""
    return ["UTC", *sorted(name for name in zoneinfo.available_timezones() if name.startswith(REGIONS))]


def set_firm(values: Mapping[str, Any], *, by: User | None) -> Firm:
    """Write down what the firm is called, where it is and how it counts. Raises ImpossibleFirm, with all that is wrong."""
    given = {name: str(values.get(name, "")).strip() for name in FIELDS}
    given["currency"], given["country"] = given["currency"].upper(), given["country"].upper()
    rate, errors = _checked(given)
    if errors:
        raise ImpossibleFirm(errors)
    with transaction.atomic():
        firm, _made = Firm.objects.update_or_create(id=1, defaults={**given, "margin_rate": rate})
        put_setting("firm", {**given, "margin_rate": str(rate)}, by=by)
    return firm


def last_set(names: Iterable[str]) -> dict[str, Setting]:
    """Who set each of these last, and when. What nobody has set is not there."""
    rows = Setting.objects.filter(name__in=list(names)).order_by("name", "-id").distinct("name")
    return {row.name: row for row in rows.select_related("set_by")}


def _checked(given: dict[str, str]) -> tuple[Decimal, dict[str, str]]:
    errors: dict[str, str] = {}
    if not given["name"] or len(given["name"]) > 200 or "\0" in given["name"]:
        errors["name"] = _("Give the firm a name of at most 200 letters.")
    if len(given["currency"]) != 3 or not is_currency(given["currency"]):
        errors["currency"] = _("Give the code of a currency, such as EUR.")
    country = given["country"]
    if len(country) != 2 or not country.isalpha() or country not in Locale("en").territories:
        errors["country"] = _("Give the code of a country, such as DE.")
    if given["zone"] not in zones():
        errors["zone"] = _("Give a time zone, such as Europe/Berlin.")
    try:
        rate = Decimal(given["margin_rate"].replace(",", ".").replace("٫", "."))
    except InvalidOperation:
        rate = Decimal("NaN")
    if not (rate.is_finite() and 0 <= rate <= 1):
        errors["margin_rate"] = _("Give a share from 0 to 1, such as 0.35.")
        return Decimal(0), errors
    return rate.quantize(Decimal("0.0001")), errors
