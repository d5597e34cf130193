"""Plans for the pyramid: drawn up, changed while they are drafts, made targets, closed; and how far they have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from entente.differentiate.current import in_force
from entente.differentiate.models import Cycle, Plan, PlanEvent, PlanMove, PlanProgress
from entente.differentiate.pure.estimate import Estimate, Precision
from entente.differentiate.pure.what_if import Effect, Kind, Move
from entente.differentiate.what_if import Asked, Ground, ImpossiblePlan, ground, read_plan, work_out
from entente.lib.errors import EntenteError
from entente.staff.models import Role, User

LONGEST_NAME = 120
LONGEST_NOTE = 5_000
STEERING = (Role.ADMIN, Role.MANAGER)


class PlanHasChanged(EntenteError):
    """Somebody else was first."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else has changed this plan meanwhile. Nothing of yours was kept: look at theirs, then change it again."
            )
        )


class NoLongerADraft(EntenteError):
    """What is a target, or closed, is not rewritten."""

    def __init__(self) -> None:
        super().__init__(_("Only a draft can be changed. Draw up a new plan from this one."))


@dataclass(frozen=True)
class Month:
    """What had happened by the last day of a month. share: how much of the plan's time had passed.

    moved: of each line, how many by then, None where nobody can say; target: how many the plan wanted by then. profit: the change of those
    whom its lines count; None where they only keep customers, and where the firm has counted in another currency since.
    """

    as_of: date
    share: float
    moved: tuple[int | None, ...]
    target: tuple[float, ...]
    profit: float | None

    @property
    def all_moved(self) -> int:
        return sum(moved for moved in self.moved if moved is not None)

    @property
    def all_wanted(self) -> float:
        return sum(self.target)


def save_plan(given: Mapping[str, str], cycle: Cycle, *, by: User | None) -> Plan:
    """Draw up a plan. Raises ImpossiblePlan, with all that is wrong."""
    asked, words = _checked(given, cycle)
    with transaction.atomic():
        plan = Plan.objects.create(baseline=cycle, by=by, **words, **_cost(asked))
        _write_moves(plan, asked.moves)
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.MADE, by=by)
    return plan


def change_plan(number: int, version: int, given: Mapping[str, str], cycle: Cycle, *, by: User | None) -> Plan:
    """Rewrite a draft as somebody saw it. Raises ImpossiblePlan, PlanHasChanged, NoLongerADraft."""
    asked, words = _checked(given, cycle)
    with transaction.atomic():
        _claim(number, version, {**words, **_cost(asked), "baseline": cycle})
        plan = Plan.objects.get(pk=number)
        PlanMove.objects.filter(plan=plan).delete()
        _write_moves(plan, asked.moves)
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.CHANGED, by=by)
    return plan


def make_target(
    number: int, version: int, *, responsible: int | None, ends_on: date | None, cycle: Cycle, by: User | None
) -> Plan:
    """Let the firm aim at a draft: who answers for it, until when. Followed from the day of this cycle on.

    Raises ImpossiblePlan, PlanHasChanged, NoLongerADraft.
    """
    errors = {}
    person = User.objects.filter(pk=responsible or 0, is_active=True, role__in=STEERING).first()
    if person is None:
        errors["responsible"] = _("Choose who answers for it: a manager or an administrator.")
    if ends_on is None or not cycle.as_of < ends_on or ends_on.year > cycle.as_of.year + 5:
        errors["ends_on"] = _("Give a day after %(day)s, within five years.") % {"day": cycle.as_of}
    if errors:
        raise ImpossiblePlan(errors)
    with transaction.atomic():
        cycle = _standing(cycle)
        drawn_up = Plan.objects.filter(pk=number).values_list("baseline__currency", flat=True).first()
        _claim(
            number,
            version,
            {"state": Plan.State.TARGET, "responsible": person, "ends_on": ends_on, "baseline": cycle},
        )
        plan = Plan.objects.get(pk=number)
        on = ground(cycle, plan.figures)
        plan.expected = {
            **summary(work_out(replace(asked_of(plan), currency=drawn_up or ""), on)),
            "last_year": [last_year(move, on) if on.has_year_before else None for move in moves_of(plan)],
        }
        plan.save(update_fields=["expected"])
        PlanEvent.objects.create(plan=plan, kind=PlanEvent.Kind.TARGET, by=by)
    return plan


def close_plan(number: int, version: int, *, words: str, by: User | None) -> Plan:
    """Nobody aims at it any more; what was followed stays. Raises PlanHasChanged."""
    with transaction.atomic():
        open_ones = Plan.objects.filter(pk=number, version=version).exclude(state=Plan.State.CLOSED)
        if not open_ones.update(state=Plan.State.CLOSED, version=version + 1):
            raise PlanHasChanged
        plan = Plan.objects.get(pk=number)
        PlanEvent.objects.create(
            plan=plan, kind=PlanEvent.Kind.CLOSED, words=words.replace("\0", "").strip()[:500], by=by
        )
    return plan


def moves_of(plan: Plan) -> tuple[Move, ...]:
    rows = sorted(plan.moves.all(), key=lambda row: row.place)
    return tuple(Move(Kind(row.kind), row.customers, row.from_level, row.to_level) for row in rows)


def asked_of(plan: Plan) -> Asked:
    """A saved plan as it would be typed again."""
    moves = moves_of(plan)
    precision = Precision(plan.cost_precision)
    cost = Estimate(plan.cost, 0.0 if precision is Precision.EXACT else plan.cost * plan.cost_spread, precision)
    return Asked(moves, cost, plan.figures, tuple(range(len(moves))), plan.baseline.currency)


def summary(effect: Effect) -> dict[str, Any]:
    """An effect as it is kept with a plan."""
    return {
        name: {"expected": outcome.expected, "low": outcome.low, "high": outcome.high}
        for name, outcome in (("profit", effect.profit), ("value", effect.value))
    }


def last_year(move: Move, on: Ground) -> int:
    """So many went a line's way in the year before; of those kept or lost, so many left."""
    return on.left(move.before) if move.kind in (Kind.KEEP, Kind.LOSE) else on.went(move.before, move.after)


def months_of(plan: Plan) -> list[Month]:
    """How a target has come along, by the last day of each month on which a cycle ran, up to the first that reaches its end.

    Of a line that keeps customers, those count who would have left by then at last year's pace and have not; without a year before nobody
    knows how many. Nobody counts for two lines: what the first of two alike does not want is the other's.
    """
    if plan.ends_on is None:
        return []
    days: dict[date, dict[tuple[int, int], tuple[int, float]]] = {}
    for row in PlanProgress.objects.filter(plan=plan).order_by("as_of"):
        days.setdefault(row.as_of, {})[row.from_level, row.to_level] = (row.customers, row.profit_change)
    counted_in = dict(
        Cycle.objects.filter(as_of__in=days, published_at__isnull=False, replaced_at=None).values_list(
            "as_of", "currency"
        )
    )
    begun, span = plan.baseline.as_of, (plan.ends_on - plan.baseline.as_of).days
    moves = moves_of(plan)
    before = plan.expected.get("last_year") or [None] * len(moves)
    found: list[Month] = []
    for day, cells in days.items():
        if found and found[-1].share >= 1.0:
            break
        passed = (day - begun).days
        share = min(passed / span, 1.0)
        pace = [(left or 0) * passed / 365.0 for left in before]
        counts = _shared(moves, [_moved(*line, cells) for line in zip(moves, pace, strict=True)])
        moved = tuple(
            None if move.kind == Kind.KEEP and left is None else count
            for move, left, count in zip(moves, before, counts, strict=True)
        )
        is_like = counted_in.get(day, plan.baseline.currency) == plan.baseline.currency
        wanted = tuple(share * move.customers for move in moves)
        found.append(Month(day, share, moved, wanted, _profit(moves, cells) if is_like else None))
    return found


def gone_since(plan: Plan) -> int:
    """Customers of the plan's first day who are no customer of their own any more, as last counted."""
    last = plan.progress.order_by("-as_of").first()
    gone = plan.progress.filter(as_of=last.as_of, to_level=0) if last else PlanProgress.objects.none()
    return sum(row.customers for row in gone)


def _counts(move: Move, before: int, after: int) -> bool:
    """Does it count for a line that somebody went from one level to another?"""
    if move.kind in (Kind.KEEP, Kind.LOSE):
        return before == move.before and after not in range(1, 5)
    return (before, after) == (move.before, move.after)


def _shared(moves: Sequence[Move], counts: Sequence[int]) -> tuple[int, ...]:
    """What each line has of those counted for all that are like it: up to what it wants, and the last of them the rest."""
    like = [(move.kind, move.before, move.after) for move in moves]
    left = dict(zip(like, counts, strict=True))
    found = []
    for place, move in enumerate(moves):
        is_last = like[place] not in like[place + 1 :]
        found.append(left[like[place]] if is_last else min(left[like[place]], move.customers))
        left[like[place]] -= found[-1]
    return tuple(found)


def _profit(moves: Sequence[Move], cells: Mapping[tuple[int, int], tuple[int, float]]) -> float | None:
    lines = [move for move in moves if move.kind != Kind.KEEP]
    if not lines:
        return None
    return sum(change for pair, (_, change) in cells.items() if any(_counts(move, *pair) for move in lines))


def _moved(move: Move, would_have_left: float, cells: Mapping[tuple[int, int], tuple[int, float]]) -> int:
    count = sum(customers for pair, (customers, _) in cells.items() if _counts(move, *pair))
    return round(would_have_left) - count if move.kind == Kind.KEEP else count


def _standing(cycle: Cycle) -> Cycle:
    """The cycle somebody looked at, held until their plan begins with it; where its day was run again meanwhile, what is in force."""
    held = Cycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)
    return held if held.replaced_at is None else in_force() or held


def _claim(number: int, version: int, values: Mapping[str, Any]) -> None:
    """Change the draft that was seen, or say why not."""
    if Plan.objects.filter(pk=number, version=version, state=Plan.State.DRAFT).update(**values, version=version + 1):
        return
    if Plan.objects.filter(pk=number, version=version).exists():
        raise NoLongerADraft
    raise PlanHasChanged


def _checked(given: Mapping[str, str], cycle: Cycle) -> tuple[Asked, dict[str, str]]:
    """The plan as typed, if it can be: read, within what the levels hold, and with a name."""
    errors: dict[str, str] = {}
    name, note = (given.get(field, "").replace("\0", "").strip() for field in ("name", "note"))
    if not name or len(name) > LONGEST_NAME:
        errors["name"] = _("Give the plan a name of at most %(most)d letters.") % {"most": LONGEST_NAME}
    if len(note) > LONGEST_NOTE:
        errors["note"] = _("Use at most %(most)d letters.") % {"most": LONGEST_NOTE}
    try:
        asked = read_plan(given)
        if not asked.moves:
            errors["moves"] = _("A plan wants something to change: say how many customers do what.")
        work_out(asked, ground(cycle, asked.figures))
    except ImpossiblePlan as error:
        raise ImpossiblePlan({**errors, **error.errors}) from None
    if errors:
        raise ImpossiblePlan(errors)
    return asked, {"name": name, "note": note}


def _cost(asked: Asked) -> dict[str, Any]:
    cost = asked.cost
    return {
        "cost": cost.value, "cost_precision": cost.precision.value, "cost_spread": cost.share, "figures": asked.figures,
    }  # fmt: skip


def _write_moves(plan: Plan, moves: Sequence[Move]) -> None:
    PlanMove.objects.bulk_create(
        PlanMove(
            plan=plan,
            place=place,
            kind=move.kind.value,
            customers=move.customers,
            from_level=move.before,
            to_level=move.after,
        )
        for place, move in enumerate(moves)
    )
