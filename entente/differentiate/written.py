"""Figures as somebody typed them into a form: an amount, how sure it is, how far it may be off."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from entente.differentiate.plan_models import Precision
from entente.differentiate.pure.estimate import GUESS_SHARE, Estimate, exact, guess, within
from entente.ledger.pure.numbers import SCALE, read_numbers

MOST_SPREAD = 5.0
# Whether 1,500 is a thousand and more or one and a half nobody can tell; 0,125 is no thousand.
_PERHAPS_THOUSANDS = re.compile(r"[+-]?(?![0٠۰])\d{1,3}[.,]\d{3}")


class InTwoWays(ValueError):
    """A number that can be read in two ways."""


def decimal(text: str) -> str:
    """A number with a point for its decimal mark, whichever it was written with. Raises InTwoWays."""
    if _PERHAPS_THOUSANDS.fullmatch(text.strip()):
        raise InTwoWays(_("Give a number without separators of thousands, such as 12500."))
    return text.replace(",", ".").replace("٫", ".")


def amount(text: str) -> float | None:
    """A number as people write it; None where it is none, or can be read in two ways."""
    read, wrong, _currencies = read_numbers([text.strip()], "")
    return None if wrong[0] or not text.strip() else float(read[0]) / SCALE


def whole(text: str) -> int | None:
    """A count, in digits of any script."""
    found = amount(text)
    return int(found) if found is not None and found == int(found) and abs(found) < 10**9 else None


def estimate(given: Mapping[str, str], name: str, errors: dict[str, str], *, least: float | None = None) -> Estimate:
    """The figure of three fields, {name}, {name}_precision and {name}_spread, the last in per cent.

    What is wrong goes into `errors`, under the field's name; the estimate is then of no use.
    """
    value = amount(given.get(name, ""))
    if value is None or (least is not None and value < least):
        errors[name] = (
            _("Give a number without separators of thousands, such as 12500.")
            if value is None
            else _("Give a number of at least %(least)g.") % {"least": least}
        )
        value = 0.0
    precision = given.get(f"{name}_precision", "")
    if precision not in Precision.values:
        errors[f"{name}_precision"] = _("Say how sure it is: exact, an estimate or a guess.")
        return exact(value)
    if precision == Precision.EXACT:
        return exact(value)
    written = given.get(f"{name}_spread", "").strip()
    share = amount(written) if written else (100 * GUESS_SHARE if precision == Precision.GUESS else None)
    if share is None or not 0.0 < share <= 100 * MOST_SPREAD:
        errors[f"{name}_spread"] = _("Say how far it may be off, in per cent: more than 0, at most %(most)g.") % {
            "most": 100 * MOST_SPREAD
        }
        return exact(value)
    return (guess if precision == Precision.GUESS else within)(value, share / 100)
