"""What the firm has set: the latest of each name is in force, and who set it stays on record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Max

from entente.staff.models import Setting, User


@dataclass(frozen=True)
class Figure:
    """One figure that the firm may set: its name, what is in force and what it is by default, as a form holds them."""

    name: str
    written: str
    default: str

    @property
    def is_own(self) -> bool:
        return self.written != self.default


def setting(name: str) -> dict[str, Any]:
    """The value in force; nothing set is an empty one."""
    latest = Setting.objects.filter(name=name).order_by("-id").values_list("value", flat=True).first()
    return dict(latest) if latest else {}


def put_setting(name: str, value: dict[str, Any], *, by: User | None) -> Setting:
    """Set a value. Whoever calls has checked it."""
    return Setting.objects.create(name=name, value=value, set_by=by)


def newest(*names: str) -> int:
    """The number of the last word on any of these; 0 while nobody has said one."""
    return Setting.objects.filter(name__in=names).aggregate(Max("id"))["id__max"] or 0
