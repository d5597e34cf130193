"""By what the customers of the pyramid are ranked, and where its levels are cut, as the firm has set it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from entente.differentiate.pure.pyramid import CUT_OFFS
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

NAMES = ("top", "big", "medium")


class Basis(models.TextChoices):
    """By what of the last 12 months the active customers are ranked."""

    REVENUE = "revenue", gettext_lazy("revenue")
    MARGIN = "margin", gettext_lazy("margin")
    PROFIT = "profit", gettext_lazy("profit")


class ImpossibleCutOffs(WrongFields):
    """What no pyramid has. `errors`: name of the level, "basis", or "" for all of them -> what would do."""


def cut_offs() -> tuple[float, float, float]:
    """Shares of the active customers that are top, big and medium."""
    top, big, medium = setting("pyramid").get("cut_offs", CUT_OFFS)
    return float(top), float(big), float(medium)


def basis() -> Basis:
    """By what the active customers are ranked; by revenue, where the firm has not chosen."""
    return Basis(setting("pyramid").get("basis", Basis.REVENUE))


def set_cut_offs(
    shares: Sequence[str | float], *, by: User | None, ranked_by: str | None = None
) -> tuple[float, float, float]:
    """Cut the pyramid otherwise from the next cycle on, and rank by something else where that is given. Raises ImpossibleCutOffs, with
    all that is wrong."""
    errors: dict[str, str] = {}
    if ranked_by is not None and ranked_by not in Basis.values:
        errors["basis"] = _("Choose one of: %(all)s.") % {"all": ", ".join(Basis.values)}
    read: list[float] = []
    for name, share in zip(NAMES, shares, strict=True):
        try:
            number = float(str(share).replace(",", ".").replace("٫", "."))
        except ValueError:
            number = -1.0
        if not (isfinite(number) and 0.0 < number < 1.0):
            errors[name] = _("Give a share between 0 and 1, such as 0.04 for four of a hundred.")
        read.append(number)
    if not errors and sum(read) >= 1.0:
        errors[""] = _("Together they are %(sum)s of the customers. Leave some of them for the small ones.") % {
            "sum": f"{100 * sum(read):.4g} %"
        }
    if errors:
        raise ImpossibleCutOffs(errors)
    top, big, medium = read
    chosen = {} if ranked_by is None else {"basis": ranked_by}
    put_setting("pyramid", {**setting("pyramid"), "cut_offs": [top, big, medium], **chosen}, by=by)
    return top, big, medium
