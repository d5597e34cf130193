"""Rows of the longest lists, written in one go: a template looks up a thousand names for fifty rows, most of a page's time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape as e
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from entente.web.ranking import Row
from entente.web.templatetags.words import country, day, level, money, stage

register = template.Library()

WORTH = (
    '<tr><th scope="row"><a href="{url}" data-walk><bdi>{name}</bdi></a></th><td>{level}</td>'
    "<td>{stage}</td><td><bdi>{city}</bdi>{comma}{country}</td>"
    '<td data-label="{last_label}">{last}</td><td data-label="{next_label}">{next}</td>'
    '<td class="num" data-label="{year_label}">{year}</td>'
    '<td class="num" data-label="{value_label}"><b>{value}</b><br><small>{low} – {high}</small></td></tr>\n'
)
NUMBER = 1_000_000_007


@register.simple_tag
def worth_rows(rows: Iterable[Row], currency: str) -> SafeString:
    """A row for each customer with what they are worth. Every value is escaped here."""
    before, after = reverse("customer", args=[NUMBER]).split(str(NUMBER))
    labels = {
        "last_label": e(_("last order")),
        "next_label": e(_("next")),
        "year_label": e(_("12 months")),
        "value_label": e(_("lifetime")),
    }
    # The same level, country or day stands in many rows.
    written: dict[tuple[Any, ...], str] = {}

    def w(how: Callable[..., Any], value: Any, *more: Any) -> str:
        key = (how, value, *more)
        if key not in written:
            written[key] = e(how(value, *more))
        return written[key]

    out = []
    for row in rows:
        who, worth = row.customer, row.worth
        assert worth is not None
        out.append(
            WORTH.format(
                url=f"{before}{who.pk}{after}",
                name=e(who.name),
                level=w(level, worth.level),
                stage=w(stage, worth.stage),
                city=e(who.city),
                comma=", " if who.city and who.country else "",
                country=w(country, who.country),
                last=w(day, worth.last_on),
                next=w(day, worth.next_on),
                year=w(money, worth.revenue_year, currency),
                value=w(money, worth.value, currency),
                low=w(money, worth.value_low),
                high=w(money, worth.value_high),
                **labels,
            )
        )
    return mark_safe("".join(out))  # noqa: S308 (each value was escaped)
