"""Why this step, in a sentence a person would say, in the reader's language."""

from __future__ import annotations

from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext as _

from entente.customize.models import Decision
from entente.customize.pure.plays import PLAYS
from entente.customize.pure.reasons import SENTENCES
from entente.customize.pure.suitability import DROP_TEXT, Drop

PLAY_NAMES = {play.key: play.name for play in PLAYS}


def sentence(decision: Decision, *, currency: str | None = None) -> str:
    """The reason of a decision. Nothing chosen has its sentence, too."""
    if decision.reason not in SENTENCES:
        return _("Nothing is worth more than leaving them in peace today.")
    locale = to_locale(get_language() or "en")
    money = currency or decision.cycle.currency
    figures = {name: _shown(name, value, locale, money) for name, value in decision.facts.items()}
    return str(_(SENTENCES[decision.reason])).format_map(_Known(figures))


def drops(decision: Decision) -> list[tuple[str, str]]:
    """(play, why not) for every play that fitted and was dropped."""
    return [(play_name(play), str(_(DROP_TEXT[Drop[why.upper()]]))) for play, why in decision.drops.items()]


def play_name(key: str) -> str:
    return str(_(PLAY_NAMES[key])) if key in PLAY_NAMES else str(_("Do nothing"))


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def _shown(name: str, value: Any, locale: str, currency: str) -> str:
    if isinstance(value, str):
        try:
            return format_date(date.fromisoformat(value), "medium", locale=locale)
        except ValueError:
            return value
    if name == "margin":
        return format_currency(value, currency, locale=locale)
    return format_decimal(value, locale=locale)
