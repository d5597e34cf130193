"""What may still be answered. A step nobody took up is passed over the moment a newer cycle is in force: that is read off, not written,
or every night would rewrite the decisions of the night before."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from entente.customize.models import Decision
from entente.differentiate.current import in_force_id
from entente.differentiate.models import Cycle


def open_now() -> Q:
    """The steps of the cycle in force that wait for somebody. Which cycle that is, is asked in the same statement: a newer one may be
    published at any moment."""
    return Q(state=Decision.State.OPEN, cycle_id=in_force_id())


def answerable() -> Q:
    """Steps that may be answered: those open now, and those put off on whatever day."""
    return open_now() | Q(state=Decision.State.POSTPONED)


def stands(state: str, shown: Cycle, cycle: Cycle | None) -> Q:
    """Decisions of the cycle shown that stand so."""
    has_passed = cycle is None or shown.pk != cycle.pk
    if state == Decision.State.PASSED:
        return Q(state__in=[state, Decision.State.OPEN] if has_passed else [state])
    if state == Decision.State.OPEN and has_passed:
        return Q(pk__in=[])
    return Q(state=state)


def with_standing(rows: Iterable[Decision], cycle: Cycle | None) -> list[Decision]:
    """The same decisions, those passed over by the cycle in force saying so."""
    found = list(rows)
    for row in found:
        if row.state == Decision.State.OPEN and (cycle is None or row.cycle_id != cycle.pk):
            row.state = Decision.State.PASSED
    return found
