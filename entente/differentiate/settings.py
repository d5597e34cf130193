"""Where the levels of the pyramid are cut, as the firm has set it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from django.utils.translation import gettext as _

from entente.differentiate.pure.pyramid import CUT_OFFS
from entente.lib.errors import EntenteError
from entente.staff.models import User
from entente.staff.settings import put_setting, setting

NAMES = ("top", "big", "medium")


class ImpossibleCutOffs(EntenteError):
    """Shares that no pyramid has. `errors`: name of the level, or "" for all of them -> what would do."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


def cut_offs() -> tuple[float, float, float]:
    """Shares of the active customers that are top, big and medium."""
    top, big, medium = setting("pyramid").get("cut_offs", CUT_OFFS)
    return float(top), float(big), float(medium)


def set_cut_offs(shares: Sequence[str | float], *, by: User | None) -> tuple[float, float, float]:
    """Cut the pyramid otherwise from the next cycle on. Raises ImpossibleCutOffs, with all that is wrong."""
    errors: dict[str, str] = {}
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
    put_setting("pyramid", {**setting("pyramid"), "cut_offs": [top, big, medium]}, by=by)
    return top, big, medium
