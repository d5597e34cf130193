"""The firm's own estimates of figures of the pyramid: beside what is computed, never over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from entente.differentiate.current import LevelRow, in_force_currency
from entente.differentiate.models import Cycle, Level, OwnEstimate, PyramidCell
from entente.differentiate.plan_models import Measure
from entente.differentiate.pure.estimate import Estimate, Precision
from entente.differentiate.written import estimate
from entente.lib.errors import EntenteError, WrongFields
from entente.staff.models import User

# Nobody is fewer than none of these; profit and lifetime value may be below zero, revenue and margin after returns too.
NEVER_NEGATIVE = frozenset({Measure.CUSTOMERS, Measure.COST})

Place = tuple[int, str]


class ImpossibleEstimate(WrongFields):
    """An estimate that cannot be meant. `errors`: field -> what would do."""


class AlreadyWithdrawn(EntenteError):
    """Somebody else was first."""

    def __init__(self) -> None:
        super().__init__(_("This estimate has been withdrawn already."))


def own_estimates() -> dict[Place, OwnEstimate]:
    """(level, measure) -> the estimate in force."""
    return {(row.level, row.measure): row for row in _latest() if not _is_of_another_currency(row)}


def of_another_currency() -> list[OwnEstimate]:
    """Those that would be in force, had the firm not counted in another currency when they were written down."""
    return [row for row in _latest() if _is_of_another_currency(row)]


def _latest() -> Iterable[OwnEstimate]:
    """The latest of each cell, with the currency the pyramid was in when it was written down, and that of today."""
    then = Cycle.objects.filter(published_at__lte=OuterRef("made_at")).order_by("-published_at").values("currency")[:1]
    rows = OwnEstimate.objects.filter(withdrawn_at=None).order_by("level", "measure", "-id")
    return (
        rows.distinct("level", "measure").select_related("by").annotate(then=Subquery(then), today=in_force_currency())
    )


def _is_of_another_currency(row: Any) -> bool:
    return row.measure != Measure.CUSTOMERS and bool(row.then and row.today) and row.then != row.today


def computed(cycle: Cycle | None) -> dict[Place, PyramidCell]:
    """(level, measure) -> the cell of a cycle."""
    return {(cell.level, cell.measure): cell for cell in PyramidCell.objects.filter(cycle=cycle)} if cycle else {}


def beside_own(rows: list[LevelRow]) -> list[LevelRow]:
    """The rows of a pyramid, each figure with the firm's own estimate of it as `own` where there is one."""
    own = own_estimates()
    for row in rows:
        for measure, cell in row.cells.items():
            cell.own = own.get((row.level, measure))  # type: ignore[attr-defined]
    return rows


def put_estimate(given: Mapping[str, str], *, by: User | None) -> OwnEstimate:
    """Take a figure of the pyramid to be something else from now on. Raises ImpossibleEstimate, with all that is wrong."""
    errors: dict[str, str] = {}
    level, measure = given.get("level", ""), given.get("measure", "")
    if level not in {str(value) for value in Level.values}:
        errors["level"] = _("Choose a level of the pyramid.")
    if measure not in Measure.values:
        errors["measure"] = _("Choose what the estimate is of.")
    figure = estimate(given, "amount", errors, least=0.0 if measure in NEVER_NEGATIVE else None)
    note = given.get("note", "").replace("\0", "").strip()
    if len(note) > 500:
        errors["note"] = _("Use at most 500 letters.")
    if errors:
        raise ImpossibleEstimate(errors)
    return OwnEstimate.objects.create(
        level=int(level),
        measure=measure,
        amount=figure.value,
        precision=figure.precision.value,
        spread=figure.spread / abs(figure.value) if figure.value else 0.0,
        note=note,
        by=by,
    )


def withdraw(number: int, *, by: User | None, at: datetime) -> bool:
    """What is computed holds again: every estimate of the same cell up to this one goes, or the one before would come back.

    False where somebody has written down another since, which stays in force. Raises AlreadyWithdrawn.
    """
    with transaction.atomic():
        same = Q(pk=number)
        if found := OwnEstimate.objects.filter(pk=number).first():
            same = Q(level=found.level, measure=found.measure, pk__lte=number)
        if not OwnEstimate.objects.filter(same, withdrawn_at=None).update(withdrawn_at=at, withdrawn_by=by):
            raise AlreadyWithdrawn
    later = OwnEstimate.objects.filter(withdrawn_at=None, pk__gt=number)
    return found is None or not later.filter(level=found.level, measure=found.measure).exists()


def as_estimate(row: OwnEstimate | PyramidCell) -> Estimate:
    """A figure of the pyramid, computed or the firm's own, as the laws know it. What is written down as exact has no spread."""
    precision = Precision(row.precision)
    return Estimate(row.amount, 0.0 if precision is Precision.EXACT else abs(row.amount) * row.spread, precision)
