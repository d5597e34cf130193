"""How alike two records are, in words and as a bar: what speaks for one customer, and what against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from entente.web.new_customer import FIELDS, LIKENESSES

MOST_BITS = 16.0  # a longer bar says no more
MIDDLE = 50.0


@dataclass(frozen=True)
class Likeness:
    """One field. bits: by how much it speaks for one customer, or against. start, width: the bar, in hundredths of its place."""

    field: str
    words: str
    bits: float
    start: str
    width: str

    @property
    def speaks_for(self) -> bool:
        return self.bits > 0


def likeness(told: Mapping[str, Any]) -> dict[str, Likeness]:
    """field of the law: how alike two records are in it, from an explanation's `likeness`; names first."""
    found = {}
    for field in sorted(told, key=[*FIELDS, *told].index):
        how, bits = told[field]
        width = min(abs(float(bits)) / MOST_BITS, 1.0) * MIDDLE
        start = MIDDLE if bits > 0 else MIDDLE - width
        found[field] = Likeness(
            field_name(field), str(LIKENESSES.get(how, how)), float(bits), f"{start:.1f}", f"{width:.1f}"
        )
    return found


def field_name(field: str) -> str:
    return str(FIELDS.get(field, field))


def how_sure(probability: float) -> str:
    """A probability in words."""
    if probability >= 0.9:
        return _("Very probably one customer")
    if probability >= 0.7:
        return _("Probably one customer")
    if probability >= 0.5:
        return _("Perhaps one customer")
    return _("Rather two customers")
