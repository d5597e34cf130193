"""Rows of the longest lists, written in one go: a template looks up a thousand names for fifty rows, most of a page's time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape as e
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from entente.differentiate.models import Valuation
from entente.web.ranking import Row
from entente.web.templatetags.words import chance, country, day, level, money, percent, stage

register = template.Library()

# Writes a value by one of the words of a page, escaped, each only once.
Write = Callable[..., str]

WORTH = (
    '<tr><th scope="row"><a href="{url}" data-walk><bdi>{name}</bdi></a></th><td>{level}</td>'
    "<td>{stage}</td><td><bdi>{city}</bdi>{comma}{country}</td>"
    '<td data-label="{last_label}">{last}</td><td data-label="{next_label}">{next}</td>'
    '<td class="num" data-label="{year_label}">{year}</td>'
    '<td class="num" data-label="{value_label}"><b>{value}</b><br><small>{low} – {high}</small></td></tr>\n'
)
LOSS = (
    '<tr><th scope="row"><a href="{url}" data-walk><bdi>{name}</bdi></a></th><td>{level}</td>'
    '<td><bdi>{city}</bdi>{comma}{country}</td><td data-label="{last_label}">{last}</td>'
    '<td class="num" data-label="{revenue_label}">{revenue}</td><td class="num" data-label="{margin_label}">{margin}</td>'
    '<td class="num" data-label="{cost_label}">{cost}</td>'
    '<td class="num" data-label="{profit_label}"><b class="loss">{profit}</b></td></tr>\n'
)
GROWTH = (
    '<tr><th scope="row"><a href="{url}" data-walk><bdi>{name}</bdi></a></th><td>{level}</td>'
    '<td><bdi>{city}</bdi>{comma}{country}</td><td data-label="{last_label}">{last}</td>'
    '<td class="num" data-label="{revenue_label}">{revenue}</td><td class="num" data-label="{may_label}">{may}</td>'
    '<td class="num" data-label="{share_label}">{share}{said}</td>'
    '<td class="num" data-label="{growth_label}"><b class="approx">{growth}</b></td></tr>\n'
)
LIKENESS = (
    '<tr><th scope="row"><a href="{url}" data-walk><bdi>{name}</bdi></a></th><td>{level}</td>'
    "<td><bdi>{city}</bdi>{comma}{country}</td><td>{stage}</td>"
    '<td class="num" data-label="{likeness_label}"><b class="approx">{likeness}</b></td></tr>\n'
)
NUMBER = 1_000_000_007


@register.simple_tag
def worth_rows(rows: Iterable[Row], currency: str) -> SafeString:
    """A row for each customer with what they are worth. Every value is escaped here."""
    labels = {
        "last_label": _("last order"), "next_label": _("next"), "year_label": _("12 months"), "value_label": _("lifetime"),
    }  # fmt: skip

    def figures(worth: Valuation, w: Write) -> dict[str, str]:
        return {
            "stage": w(stage, worth.stage),
            "next": w(day, worth.next_on),
            "year": w(money, worth.revenue_year, currency),
            "value": w(money, worth.value, currency),
            "low": w(money, worth.value_low),
            "high": w(money, worth.value_high),
        }

    return _written(rows, WORTH, labels, figures)


@register.simple_tag
def loss_rows(rows: Iterable[Row], currency: str) -> SafeString:
    """A row for each customer with what they brought and cost in 12 months."""
    labels = {
        "last_label": _("last order"), "revenue_label": _("revenue"), "margin_label": _("margin"), "cost_label": _("cost"),
        "profit_label": _("profit"),
    }  # fmt: skip

    def figures(worth: Valuation, w: Write) -> dict[str, str]:
        return {
            "revenue": w(money, worth.revenue_year, currency),
            "margin": w(money, worth.margin_year, currency),
            "cost": w(money, worth.cost_year, currency),
            "profit": w(money, worth.profit_year, currency),
        }

    return _written(rows, LOSS, labels, figures)


@register.simple_tag
def growth_rows(rows: Iterable[Row], currency: str) -> SafeString:
    """A row for each customer with what they spend here, what they may spend, and what that would bring."""
    labels = {
        "last_label": _("last order"), "revenue_label": _("12 months"), "may_label": _("may spend"), "share_label": _("share of wallet"),
        "growth_label": _("more margin"),
    }  # fmt: skip
    said = format_html(" <small>{}</small>", _("they said"))

    def sure(worth: Valuation, figure: str) -> str:
        return figure if worth.share_is_stated else format_html('<span class="approx">{}</span>', figure)

    def figures(worth: Valuation, w: Write) -> dict[str, str]:
        return {
            "revenue": w(money, worth.revenue_year, currency),
            "may": sure(worth, w(money, worth.potential, currency)),
            "share": sure(worth, w(percent, worth.share)),
            "said": said if worth.share_is_stated else "",
            "growth": w(money, worth.growth, currency),
        }

    return _written(rows, GROWTH, labels, figures)


@register.simple_tag
def likeness_rows(rows: Iterable[Row]) -> SafeString:
    """A row for each who never bought, with how likely they are to become one of the best."""

    def figures(worth: Valuation, w: Write) -> dict[str, str]:
        return {"stage": w(stage, worth.stage), "likeness": w(chance, worth.likeness)}

    return _written(rows, LIKENESS, {"likeness_label": _("like the best")}, figures)


def _written(
    rows: Iterable[Row], layout: str, labels: dict[str, str], figures: Callable[[Valuation, Write], dict[str, str]]
) -> SafeString:
    before, after = reverse("customer", args=[NUMBER]).split(str(NUMBER))
    labels = {name: e(words) for name, words in labels.items()}
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
            layout.format(
                url=f"{before}{who.pk}{after}",
                name=e(who.name),
                level=w(level, worth.level),
                city=e(who.city),
                comma=", " if who.city and who.country else "",
                country=w(country, who.country),
                last=w(day, worth.last_on),
                **figures(worth, w),
                **labels,
            )
        )
    return mark_safe("".join(out))  # noqa: S308 (each value was escaped)
