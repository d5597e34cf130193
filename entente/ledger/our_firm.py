"""The firm itself, where nobody has said anything of it yet: made from its own orders, to be put right on the settings page."""

from __future__ import annotations

import zoneinfo
from importlib.resources import files

import tzdata
from django.db.models import Count
from django.utils.translation import gettext as _

from entente.ledger.models import OrderLine, Party
from entente.staff.models import Firm

# Enough lines to tell the usual currency; counting ten million would tell the same.
SAMPLE = 10_000


def make_firm_of_orders() -> Firm | None:
    """The firm; made where there is none and orders are. Its currency is that of most orders, its country that of most customers."""
    firm = Firm.objects.filter(pk=1).first()
    if firm is not None:
        return firm
    newest = OrderLine.objects.order_by("-id").values_list("currency", flat=True)[:SAMPLE]
    currencies = list(newest)
    if not currencies:
        return None
    currency = max(set(currencies), key=currencies.count)
    usual = (
        Party.objects.exclude(country="")
        .values("country")
        .annotate(many=Count("id"))
        .order_by("-many", "country")
        .first()
    )
    country = usual["country"] if usual else "GB"
    made, _is_new = Firm.objects.get_or_create(
        pk=1, defaults={"name": _("My firm"), "currency": currency, "country": country, "zone": zone_of(country)}
    )
    return made


def zone_of(country: str) -> str:
    """The first time zone of a country in the public table of zones; UTC where there is none."""
    for line in (files(tzdata) / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        code, *rest = line.split("\t")
        if code == country and len(rest) >= 2 and rest[1] in zoneinfo.available_timezones():
            return rest[1]
    return "UTC"
