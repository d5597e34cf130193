"""Filters and tags of every template: money, days, levels and icons in the reader's language."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import (
    format_compact_currency,
    format_compact_decimal,
    format_currency,
    format_decimal,
    format_percent,
)
from django import template
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext

from entente.customize.explain import play_name
from entente.customize.models import Answer
from entente.differentiate.models import Level, Stage
from entente.differentiate.stage_changes import why

register = template.Library()

COMPACT_FROM = 10_000
LEVEL_CLASSES = {
    1: "lv-top",
    2: "lv-big",
    3: "lv-medium",
    4: "lv-small",
    5: "lv-inactive",
    6: "lv-prospect",
    7: "lv-suspect",
}

# Why a contact's icon is what it is: the kind of event, and the name of a file in templates/icons/.
EVENT_ICONS = {
    "call": "phone",
    "mail": "mail",
    "visit": "visit",
    "complaint": "complaint",
    "note": "note",
    "message": "message",
    "order": "order",
    "return": "return",
    "invoice": "note",
    "payment": "check",
    "delivery": "out",
    "answer": "decisions",
}


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _here() -> Locale:
    return _locale(get_language() or "en")


def _finite(amount: Any) -> float | None:
    try:
        value = float(amount)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


@register.filter
def money(amount: Any, currency: str = "") -> str:
    """An amount for reading: whole, and compact from ten thousand on. Nothing known is a dash."""
    value = _finite(amount)
    return "–" if value is None else _money(round(value, 2), str(currency or ""), get_language() or "en")


@lru_cache(maxsize=4096)
def _money(value: float, currency: str, language: str) -> str:
    locale = _locale(language)
    if abs(value) >= COMPACT_FROM:
        # Three digits say enough: 12.4 K, 124 K; rounded first, or 999,640 would be 1000 K.
        value = float(f"{value:.3g}")
        digits = 1 if len(str(int(abs(value)))) % 3 != 0 else 0
        if not currency:
            return format_compact_decimal(value, locale=locale, fraction_digits=digits)
        return format_compact_currency(value, currency, locale=locale, fraction_digits=digits)
    is_whole = abs(value) >= 100 or value == 0
    value = round(value) if is_whole else value
    if not currency:
        return format_decimal(value, locale=locale)
    pattern = _whole(locale) if is_whole else None
    return format_currency(value, currency, locale=locale, format=pattern, currency_digits=not is_whole)


@lru_cache(maxsize=16)
def _whole(locale: Locale) -> str:
    """The locale's own way to write money, without the small coins."""
    return locale.currency_formats["standard"].pattern.replace(".00", "").replace("0.##", "0")


@register.filter
def money_exact(amount: Any, currency: str = "") -> str:
    """An amount to the last coin."""
    value = _finite(amount)
    if value is None:
        return "–"
    return format_currency(amount, currency, locale=_here()) if currency else format_decimal(amount, locale=_here())


@register.filter
def number(value: Any) -> str:
    """A number with the reader's separators."""
    known = _finite(value)
    return "–" if known is None else format_decimal(value, locale=_here())


@register.filter
def percent(share: Any) -> str:
    known = _finite(share)
    return "–" if known is None else format_percent(known, locale=_here())


@register.filter
def chance(share: Any) -> str:
    """A probability, which may be small: two digits of it."""
    known = _finite(share)
    return "–" if known is None else format_percent(known, format="@@%", locale=_here())


@register.filter
def days(count: Any) -> str:
    """So many days, in words."""
    known = _finite(count)
    if known is None:
        return "–"
    whole = round(known)
    return ngettext("%(count)s day", "%(count)s days", whole) % {"count": number(whole)}


@register.simple_tag
def when(at: datetime | None) -> SafeString | str:
    """An instant, in the reader's zone."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    is_near = local.year == timezone.localtime().year
    return _when(local, timezone.get_current_timezone_name(), is_near, get_language() or "en")


@lru_cache(maxsize=8192)
def _when(local: datetime, zone: str, is_near: bool, language: str) -> SafeString:
    """zone and language are part of what is remembered: two instants are equal in any zone."""
    shown = date_format(local, "j M, H:i" if is_near else "j M Y")
    full = f"{local:%Y-%m-%d %H:%M %Z}"
    written = local.astimezone(UTC).isoformat(timespec="minutes")
    return format_html('<time datetime="{}" title="{}">{}</time>', written, full, shown)


@register.simple_tag
def day(on: date | None) -> SafeString | str:
    """A day, which has no zone."""
    return "–" if on is None else _marked_day(on, get_language() or "en")


@register.simple_tag
def span(first: date | None, last: date | None) -> SafeString | str:
    """From a day to a day; a year that both share is said once."""
    if first is None or last is None or first == last:
        return day(first or last)
    shown = date_format(first, "j M" if first.year == last.year else "j M Y")
    return format_html('<time datetime="{}">{}</time> – {}', first.isoformat(), shown, day(last))


@lru_cache(maxsize=8192)
def _marked_day(on: date, language: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), _day(on, language))


@lru_cache(maxsize=4096)
def _day(on: date, language: str) -> str:
    return date_format(on, "j M Y")


@register.filter
def country(code: str) -> str:
    """A country by its name in the reader's language."""
    return _here().territories.get(str(code).upper(), str(code)) if code else ""


@register.simple_tag
def level(number: int | None) -> SafeString | str:
    """A level of the pyramid with its colour."""
    return _level(number, get_language() or "en") if number in LEVEL_CLASSES else ""


@lru_cache(maxsize=64)
def _level(number: int, language: str) -> SafeString:
    return format_html('<span class="level {}">{}</span>', LEVEL_CLASSES[number], Level(number).label)


@register.filter
def level_class(number: Any) -> str:
    return LEVEL_CLASSES.get(number, "")


@register.filter
def stage(number: Any) -> str:
    return str(Stage(number).label) if number in Stage.values else ""


@register.filter
def why_stage(worth: Any, as_of: date) -> str:
    """The rule by which a customer is at a stage, in words."""
    return why(worth, as_of)


@register.filter
def play(key: str) -> str:
    """What a play asks for."""
    return play_name(key)


@register.simple_tag
def why_not_buttons() -> SafeString:
    """A button for each reason not to do a step; the same under every step of a page."""
    return _why_not_buttons(get_language() or "en")


@lru_cache(maxsize=16)
def _why_not_buttons(language: str) -> SafeString:
    return format_html_join(
        "",
        '<button class="btn" name="why_not" value="{}">{}</button>',
        ((code, label) for code, label in Answer.WhyNot.choices),
    )


@register.filter
def why_not(code: str) -> str:
    return str(Answer.WhyNot(code).label) if code in Answer.WhyNot.values else code


@lru_cache(maxsize=64)
def _icon(name: str) -> SafeString:
    return mark_safe(render_to_string(f"icons/{name}.svg").strip())  # noqa: S308 (our own files)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small picture beside a word; it says nothing by itself and is hidden from screen readers."""
    return _icon(name)


@register.simple_tag
def event_icon(kind: str) -> SafeString:
    return _icon(EVENT_ICONS.get(kind, "note"))


@register.filter
def described(field: BoundField) -> BoundField | SafeString:
    """A form's field, tied to its help and its errors for who cannot see them stand together."""
    attrs: dict[str, Any] = {}
    ties = [f"{field.id_for_label}_help"] if field.help_text else []
    if field.errors:
        ties.append(f"{field.id_for_label}_errors")
        attrs["aria-invalid"] = "true"
    if ties:
        attrs["aria-describedby"] = " ".join(ties)
    return field.as_widget(attrs=attrs)


@register.filter
def is_group(field: BoundField) -> bool:
    """Several boxes under one name need a fieldset rather than a label."""
    return bool(getattr(field.field.widget, "use_fieldset", False))


@register.filter
def is_tick(field: BoundField) -> bool:
    return getattr(field.field.widget, "input_type", "") == "checkbox" and not is_group(field)


@register.filter
def weekday(index: int) -> str:
    """Monday is 0."""
    names = _here().days["stand-alone"]["abbreviated"]
    return names[index]
