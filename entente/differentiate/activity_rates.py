"""What serving a customer is taken to cost, as the firm set it and as a form shows it. Only what differs from the defaults is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.differentiate.pure.cost_to_serve import ACTIVITIES
from entente.differentiate.pure.serving_terms import ImpossibleRate, ServingTerms, checked
from entente.differentiate.written import InTwoWays, decimal
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import Figure, put_setting, setting

NAME = "activity_rates"
# Each activity, for a list of them.
WORDS: Mapping[str, Any] = {
    "order": gettext_lazy("orders"),
    "delivery": gettext_lazy("deliveries"),
    "return": gettext_lazy("returns"),
    "call_minute": gettext_lazy("minutes of calls"),
    "visit": gettext_lazy("visits"),
    "mail": gettext_lazy("e-mails and messages"),
    "letter": gettext_lazy("letters and faxes"),
    "complaint": gettext_lazy("complaints"),
    "payment_reminder": gettext_lazy("payment reminders"),
}
REST = ("call_minutes", "reminder_days")


class ImpossibleRates(WrongFields):
    """Figures that cannot be meant. `errors`: name of the field -> what would do."""


def serving_terms() -> ServingTerms:
    """What is assumed: what the firm set, else the defaults."""
    return ServingTerms.from_dict(setting(NAME))


def rate_figures() -> dict[str, list[Figure]]:
    """Every figure in force: amount, precision and share of each activity, and under "" the rest."""
    now, plain = serving_terms().as_dict(), ServingTerms().as_dict()

    def figure(name: str) -> Figure:
        return Figure(name, _written(now[name]), _written(plain[name]))

    rates = {one: [figure(f"{one}.{of}") for of in ("amount", "precision", "share")] for one in ACTIVITIES}
    return {**rates, "": [figure(name) for name in REST]}


def set_rates(values: Mapping[str, str], *, by: User | None) -> ServingTerms:
    """Reckon otherwise from the next cycle on. A figure left out or empty stays. Raises ImpossibleRates, with all that is wrong."""
    plain, now = ServingTerms().as_dict(), serving_terms().as_dict()
    wanted: dict[str, Any] = dict(setting(NAME))
    errors: dict[str, str] = {}
    for name in plain:
        text = values.get(name, "").strip()
        if not text or text == _written(now[name]):
            continue
        try:
            wanted[name] = checked(name, text if name.endswith(".precision") else _number(text))
        except ImpossibleRate as error:
            errors[name] = _(error.what)
        except InTwoWays as error:
            errors[name] = str(error)
        except ValueError:
            errors[name] = _("Give a number, such as 2.5.")
    for one in ACTIVITIES:
        # What is surely so errs by nothing; an estimate that errs by nothing is no estimate.
        made, share = (wanted.get(f"{one}.{of}", plain[f"{one}.{of}"]) for of in ("precision", "share"))
        if made == "exact":
            wanted[f"{one}.share"] = 0.0
        elif not share and f"{one}.share" not in errors:
            errors[f"{one}.share"] = _("Say how far it may be off, such as 0.2, or call it exact.")
    if errors:
        raise ImpossibleRates(errors)
    wanted = {name: value for name, value in wanted.items() if value != plain[name]}
    terms = ServingTerms.from_dict(wanted)
    put_setting(NAME, wanted, by=by)
    return terms


def _number(text: str) -> float:
    return float(decimal(text))


def _written(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"
