"""For how many years the law obliges the firm to keep facts of money, whoever they are about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _

from entente.lib.errors import EntenteError
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

SETTING = "retention"
# Ten years from the end of the year is the longest that tax law in Europe asks for books and invoices; many countries ask for less.
YEARS: Mapping[str, int] = {"orders": 10, "invoices": 10, "payments": 10, "deliveries": 10}
MOST_YEARS = 100


class ImpossibleRetention(EntenteError):
    """Years that cannot be meant."""


def retention() -> dict[str, int]:
    """Kind of fact -> years it is kept after the end of its own; 0: it goes with the person."""
    said = setting(SETTING)
    return {kind: int(said.get(kind, years)) for kind, years in YEARS.items()}


def set_retention(years: Mapping[str, int], *, by: User | None) -> dict[str, int]:
    """Keep these kinds so many years from now on; the others as before. Raises ImpossibleRetention."""
    for kind, count in years.items():
        if kind not in YEARS or not 0 <= count <= MOST_YEARS:
            raise ImpossibleRetention(
                _("Give whole years from 0 to %(most)d for: %(kinds)s.")
                % {"most": MOST_YEARS, "kinds": ", ".join(YEARS)}
            )
    put_setting(SETTING, {**retention(), **years}, by=by)
    return retention()


def kept_from(years: int, today: date) -> date:
    """The first day whose facts have to be kept today. Of 0 years: none, not even today's."""
    return date(today.year - years, 1, 1) if years else date.max


def kept_until(day: date, years: int) -> date:
    """The last day on which a fact of that day has to be kept."""
    return date(day.year + years, 12, 31)
