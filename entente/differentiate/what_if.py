"""What would a plan bring? Reads the cells of the pyramid and of its movement, never a customer, and asks the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.utils.translation import gettext as _

from entente.differentiate.models import Cycle, Level, Movement, MovementCell, OwnEstimate, PlanMove, PyramidCell
from entente.differentiate.own_estimates import Place, as_estimate, computed, own_estimates
from entente.differentiate.plan_models import Measure
from entente.differentiate.pure.estimate import Estimate, exact
from entente.differentiate.pure.movement import Moved
from entente.differentiate.pure.what_if import Effect as Effect
from entente.differentiate.pure.what_if import Kind, LevelFigures, Move, Refusal, refusals
from entente.differentiate.pure.what_if import Outcome as Outcome
from entente.differentiate.pure.what_if import Owed as Owed
from entente.differentiate.pure.what_if import what_if as law
from entente.differentiate.written import estimate, whole
from entente.lib.errors import WrongFields

OWN, COMPUTED = "own", "computed"
MOST_MOVES = 12
# The same plan always gives the same figures: what differs between two plans is never chance.
SEED = 20_001_101


class ImpossiblePlan(WrongFields):
    """A plan that cannot be. `errors`: field -> what would do; those of line 0 are called moves.0.customers, moves.0.levels."""


@dataclass(frozen=True)
class Asked:
    """A plan as somebody typed it, read. lines: in which line of the form each move stands; currency: of the cost, where it was kept."""

    moves: tuple[Move, ...]
    cost: Estimate
    figures: str
    lines: tuple[int, ...]
    currency: str = ""


@dataclass(frozen=True)
class Ground:
    """What a plan stands on: the figures in use by level, which of them are the firm's own, and last year's movement."""

    as_of: date
    currency: str
    levels: Mapping[int, LevelFigures]
    own: frozenset[Place]
    moved: tuple[Moved, ...]
    from_on: date | None

    @property
    def has_year_before(self) -> bool:
        """Was anybody known a year before? Else nothing is known of how customers move."""
        return any(cell.before for cell in self.moved)

    def went(self, before: int, after: int) -> int:
        """So many went this way in the last year."""
        return sum(cell.customers for cell in self.moved if (cell.before, cell.after) == (before, after))

    def left(self, level: int) -> int:
        """So many of an active level stopped buying, or are no customer any more."""
        return sum(cell.customers for cell in self.moved if cell.before == level and cell.after not in range(1, 5))


def ground(cycle: Cycle, figures: str = OWN) -> Ground:
    """What plans of this cycle stand on. figures: own, the firm's estimates where there are any, or computed."""
    cells = computed(cycle)
    own = own_estimates() if figures == OWN else {}
    levels = {int(level): _figures(int(level), cells, own) for level in Level}
    movement = Movement.objects.filter(cycle=cycle).first()
    moved = moved_in(movement) if movement else ()
    return Ground(
        cycle.as_of, cycle.currency, levels, frozenset(own), moved, movement.from_on if movement and moved else None
    )


def moved_in(movement: Movement) -> tuple[Moved, ...]:
    """The cells of a movement, as the laws know them."""
    return tuple(
        Moved(
            cell.from_level, cell.to_level, cell.customers, cell.revenue_before, cell.revenue_after, cell.profit_before,
            cell.profit_after, cell.value_after, cell.change_sd, tuple(cell.changes),
        )
        for cell in MovementCell.objects.filter(movement=movement).order_by("from_level", "to_level")
    )  # fmt: skip


def read_plan(given: Mapping[str, str]) -> Asked:
    """A plan from the fields of a form: moves.0.kind, .customers, .from, .to, and so on; cost; figures.

    Lines without customers are left out. Raises ImpossiblePlan, with all that is wrong.
    """
    errors: dict[str, str] = {}
    moves = []
    for line in range(MOST_MOVES):
        written = given.get(f"moves.{line}.customers", "").strip()
        if not written:
            continue
        kind, before, after = (given.get(f"moves.{line}.{name}", "") for name in ("kind", "from", "to"))
        if kind in (Kind.KEEP, Kind.LOSE):
            after = str(int(Level.INACTIVE))
        customers = whole(written)
        if customers is None or customers < 1:
            errors[f"moves.{line}.customers"] = _("Give a whole number of customers, 1 or more.")
        if kind not in PlanMove.Kind.values or not {before, after} <= {str(value) for value in Level.values}:
            errors[f"moves.{line}.levels"] = _("Say what they do, and from and to which level.")
            continue
        moves.append((line, Move(Kind(kind), customers or 0, int(before), int(after))))
    cost = estimate(given, "cost", errors, least=0.0) if given.get("cost", "").strip() else exact(0.0)
    figures = given.get("figures") or OWN
    if figures not in (OWN, COMPUTED):
        errors["figures"] = _("Choose the computed figures or your own.")
    if errors:
        raise ImpossiblePlan(errors)
    return Asked(tuple(move for _line, move in moves), cost, figures, tuple(line for line, _move in moves))


def work_out(asked: Asked, on: Ground) -> Effect:
    """The effect of a plan. Raises ImpossiblePlan where it wants what the levels do not hold, or costs money of another currency."""
    if asked.cost.value and asked.currency not in ("", on.currency):
        raise ImpossiblePlan(
            {
                "cost": _(
                    "Its cost was written down in %(then)s, and the firm counts in %(now)s now. Write it down again."
                )
                % {"then": asked.currency, "now": on.currency}
            }
        )
    wrong = refusals(asked.moves, on.levels)
    if wrong:
        raise ImpossiblePlan(dict(_worded(one, asked.moves[one.place], asked.lines[one.place]) for one in wrong))
    return law(asked.moves, asked.cost, on.levels, on.moved, np.random.default_rng(SEED))


def _figures(level: int, cells: Mapping[Place, PyramidCell], own: Mapping[Place, OwnEstimate]) -> LevelFigures:
    def of(measure: str, otherwise: str = "") -> tuple[Estimate, float]:
        cell = cells.get((level, measure)) or cells.get((level, otherwise))
        known = as_estimate(cell) if cell else exact(0.0)
        mine = own.get((level, measure))
        return (as_estimate(mine) if mine else known), known.value

    customers, profit, value = (
        of(Measure.CUSTOMERS), of(Measure.PROFIT, Measure.MARGIN), of(Measure.VALUE),
    )  # fmt: skip
    return LevelFigures(customers[0], profit[0], value[0], (customers[1], profit[1], value[1]))


def _worded(refusal: Refusal, move: Move, line: int) -> tuple[str, str]:
    level = Level(move.before).label
    if refusal.code == "too_many":
        if refusal.has <= 0:
            words = _("There is nobody left on level %(level)s.") % {"level": level}
        else:
            words = _("Level %(level)s has %(has)s customers for this, not %(asked)s.") % {
                "level": level, "has": f"{refusal.has:,}", "asked": f"{move.customers:,}",
            }  # fmt: skip
        return f"moves.{line}.customers", words
    if refusal.code == "none":
        return f"moves.{line}.customers", _("Give a whole number of customers, 1 or more.")
    words = {
        Kind.MOVE: _("Customers move between two different levels from top to small."),
        Kind.WIN: _(
            "Customers are won from the inactive, the prospects or the suspects, to a level from top to small."
        ),
        Kind.KEEP: _("Only who buys can be kept: choose a level from top to small."),
        Kind.LOSE: _("Only who buys can be lost: choose a level from top to small."),
    }[move.kind]
    return f"moves.{line}.levels", words
