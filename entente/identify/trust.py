"""How far each source is believed: its rank, its rank on single fields, and whether anybody may write there who they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from entente.identify.models import SourceTrust
from entente.identify.shown import FIELDS
from entente.ledger.models import Source
from entente.lib.errors import WrongFields
from entente.staff.models import User
from entente.staff.settings import put_setting

SETTING = "sources"
LOWEST_RANK = 32_767  # what the column holds
LONGEST_NAME = 80  # as everywhere a source is named
MOST_SOURCES = 80  # with ten fields each, fewer than a form may have


class ImpossibleTrust(WrongFields):
    """errors: name of the field in the form -> what is wrong with it."""


@dataclass(frozen=True)
class Trusted:
    """A source as it is believed. ranks: on single fields, where they differ from its rank."""

    source: Source
    is_claimed: bool
    ranks: dict[str, int]


def trusted() -> list[Trusted]:
    """Every source, the most believed first."""
    rows = Source.objects.select_related("trust").order_by("rank", "name")[:MOST_SOURCES]
    return [
        Trusted(row, row.trust.is_claimed, row.trust.ranks) if hasattr(row, "trust") else Trusted(row, False, {})
        for row in rows
    ]


def set_trust(given: Mapping[str, str], *, by: User) -> bool:
    """Believe the sources as a form says: `rank.ID`, `claimed.ID` where ticked, `rank.ID.FIELD`. Returns whether any rank changed.

    Raises ImpossibleTrust, and then nothing is kept.
    """
    errors: dict[str, str] = {}
    changed = False
    with transaction.atomic():
        for one in trusted():
            number = one.source.pk
            if f"rank.{number}" not in given:
                continue  # came while the form was open
            rank = _rank(given, f"rank.{number}", errors)
            on_fields = {field: _rank(given, f"rank.{number}.{field}", errors, optional=True) for field in FIELDS}
            ranks = {field: own for field, own in on_fields.items() if own is not None}
            if errors or rank is None:
                continue
            changed |= rank != one.source.rank or ranks != one.ranks
            Source.objects.filter(pk=number).exclude(rank=rank).update(rank=rank)
            SourceTrust.objects.update_or_create(
                source=one.source, defaults={"is_claimed": f"claimed.{number}" in given, "ranks": ranks}
            )
        if errors:
            raise ImpossibleTrust(errors)
        _keep(by)
    return changed


def add_source(name: str, *, is_claimed: bool, by: User) -> Source:
    """Name a source before its first file, so that nothing of it is linked before it is known how far it is believed.

    Raises ImpossibleTrust where there is no name, or a source of this name.
    """
    name = "".join(letter for letter in name if letter.isprintable()).strip()[:LONGEST_NAME]
    if not name:
        raise ImpossibleTrust({"name": _("Give it the name that its imports will give.")})
    with transaction.atomic():
        source, is_new = Source.objects.get_or_create(name=name)
        if not is_new:
            raise ImpossibleTrust({"name": _("There is a source of this name. Set above how far it is believed.")})
        SourceTrust.objects.create(source=source, is_claimed=is_claimed)
        _keep(by)
    return source


def _keep(by: User) -> None:
    """That it was set, by whom and how."""
    put_setting(SETTING, {one.source.name: [one.source.rank, one.is_claimed, one.ranks] for one in trusted()}, by=by)


def _rank(given: Mapping[str, str], name: str, errors: dict[str, str], *, optional: bool = False) -> int | None:
    written = given.get(name, "").strip()
    if not written and optional:
        return None
    if not (written.isascii() and written.isdecimal() and len(written) <= 5 and int(written) <= LOWEST_RANK):
        errors[name] = _("Give a whole number from 0 to %(most)s.") % {"most": LOWEST_RANK}
        return None
    return int(written)
