"""The pyramid, a movement and a plan as tables to take away: the same for a workbook and for paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from entente.differentiate.current import in_force, pyramid_of
from entente.differentiate.models import Cycle, Level, Plan, PyramidCell
from entente.differentiate.moved import NOT_THERE, Matrix
from entente.differentiate.own_estimates import own_estimates
from entente.differentiate.picture import totals_of
from entente.differentiate.plan_models import Measure, OwnEstimate, Precision
from entente.differentiate.plans import asked_of, months_of
from entente.differentiate.settings import Basis
from entente.differentiate.what_if import Effect, Ground, ImpossiblePlan, ground, work_out
from entente.web.plan_pictures import sources_of
from entente.web.templatetags.words import number, percent

TEXT, COUNT, MONEY, SHARE = "text", "count", "money", "share"


@dataclass(frozen=True)
class Column:
    head: str
    kind: str = TEXT


@dataclass(frozen=True)
class Table:
    """rows: as many values as columns; None where there is nothing to say."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Report:
    """name: of the file, without its ending."""

    name: str
    title: str
    lead: str
    currency: str
    tables: Sequence[Table]
    notes: Sequence[str] = field(default_factory=tuple)


def pyramid_report(cycle: Cycle) -> Report:
    """Every figure of the pyramid, how sure each is, and, of the one in force, the firm's own estimates."""
    rows = pyramid_of(cycle)
    measures = [name for name in Measure.values if any(name in row.cells for row in rows)]
    heads = [Column(_("Level")), *(Column(_headed(name), COUNT if name == "customers" else MONEY) for name in measures)]
    totals = totals_of(rows)
    figures = [[str(row.level.label), *(_amount(row.cells.get(name)) for name in measures)] for row in rows]
    figures.append([_("All customers"), *(_amount(totals.get(name)) for name in measures)])
    sure = [[str(row.level.label), *(_sure(row.cells.get(name)) for name in measures)] for row in rows]
    own = [_own(row) for row in own_estimates().values()] if cycle == in_force() else []
    tables = [
        Table(_("The levels and what they bring"), heads, figures),
        Table(_("How sure each figure is"), [Column(head.head) for head in heads], sure),
    ]
    if own:
        columns = [
            Column(_("Level")), Column(_("Figure")), Column(_("Your own estimate"), MONEY), Column(_("of customers"), COUNT),
            Column(_("How sure")), Column(_("What it rests on")), Column(_("By")),
        ]  # fmt: skip
        tables.append(Table(_("Your own estimates"), columns, own))
    return Report(
        f"pyramid-{cycle.as_of:%Y-%m-%d}",
        _("Customer pyramid"),
        _("Twelve months to %(on)s.") % {"on": _day(cycle.as_of)},
        cycle.currency,
        tables,
        tuple(str(note) for note in cycle.notes),
    )


def movement_report(matrix: Matrix) -> Report:
    """Who moved: the matrix, its sums, and what those who moved brought."""
    shown = matrix.movement
    sums = matrix.sums
    columns = [
        Column(_("from \\ to")),
        *(Column(_level(level), COUNT) for level in matrix.columns),
        Column(_("together"), COUNT),
    ]
    rows: list[list[Any]] = [
        [_level(row.level), *(place.customers for place in row.places), row.customers] for row in matrix.rows
    ]
    rows.append([_("together"), *matrix.totals, matrix.customers])
    ways = [
        (_("came in"), sums.came_in), (_("moved up"), sums.up), (_("stayed on their level"), sums.same),
        (_("moved down"), sums.down), (_("went out"), sums.out), (_("began to buy"), sums.began), (_("stopped buying"), sums.stopped),
    ]  # fmt: skip
    money = [
        [
            f"{_level(one.before)} → {_level(one.after)}", one.customers, one.cell.revenue_before, one.cell.revenue_after,
            one.cell.profit_before, one.cell.profit_after, one.cell.value_after,
        ]
        for one in matrix.places
        if one.cell
    ]  # fmt: skip
    heads = [
        Column(_("From and to")), Column(_("Customers"), COUNT), Column(_("Revenue before"), MONEY), Column(_("Revenue after"), MONEY),
        Column(_("Profit before"), MONEY), Column(_("Profit after"), MONEY), Column(_("Lifetime value now"), MONEY),
    ]  # fmt: skip
    return Report(
        f"movement-{shown.from_on:%Y-%m-%d}-{shown.to_on:%Y-%m-%d}",
        _("Who moved in the pyramid"),
        _("From %(first)s to %(second)s; active customers ranked by %(basis)s.")
        % {"first": _day(shown.from_on), "second": _day(shown.to_on), "basis": Basis(shown.basis).label},
        shown.currency,
        [
            Table(_("Customers by level on the first day, down, and on the second, across"), columns, rows),
            Table(_("Ways"), [Column(_("Way")), Column(_("Customers"), COUNT)], ways),
            Table(_("What they brought"), heads, money),
        ],
        tuple(str(note) for note in shown.notes),
    )


def plan_report(plan: Plan, cycle: Cycle | None) -> Report:
    """A plan: what it wants, what it would bring on the pyramid of this cycle, and how it comes along."""
    moves = asked_of(plan).moves
    kinds = {"move": _("move"), "keep": _("keep"), "win": _("win"), "lose": _("lose")}
    tables = [
        Table(
            _("What is to change"),
            [Column(_("Do")), Column(_("Customers"), COUNT), Column(_("from")), Column(_("to"))],
            [[kinds[move.kind.value], move.customers, _level(move.before), _level(move.after)] for move in moves],
        ),
        Table(_("The plan"), [Column(_("About")), Column(_("What"))], _told(plan)),
    ]
    if plan.expected.get("profit"):
        tables.append(
            _outcomes(
                _("What was expected when it became a target"),
                [
                    (name, *(plan.expected[name][part] for part in ("expected", "low", "high")))
                    for name in ("profit", "value")
                ],
            )
        )
    if cycle is not None:
        tables += _worked(plan, ground(cycle, plan.figures))
    if months := months_of(plan):
        heads = [
            Column(head, COUNT)
            for move in moves
            for head in (f"{kinds[move.kind.value]} {move.customers} {_level(move.before)}", _("wanted by then"))
        ]
        tables.append(
            Table(
                _("How it comes along"),
                [
                    Column(_("By")),
                    *heads,
                    Column(_("Profit of those who moved, change"), MONEY),
                ],
                [
                    [
                        _day(month.as_of),
                        *(part for pair in zip(month.moved, month.target, strict=True) for part in pair),
                        month.profit,
                    ]
                    for month in months
                ],
            )
        )
    return Report(f"plan-{plan.pk}", plan.name, plan.note, plan.baseline.currency, tables)


def _told(plan: Plan) -> list[list[Any]]:
    sure = Precision(plan.cost_precision).label
    spread = f" ±{percent(plan.cost_spread)}" if plan.cost_spread else ""
    told = [
        (_("State"), str(plan.get_state_display())),
        (_("Cost"), f"{number(round(plan.cost, 2))} {plan.baseline.currency}, {sure}{spread}"),
        (_("Who answers for it"), plan.responsible.name if plan.responsible else None),
        (_("Until"), _day(plan.ends_on) if plan.ends_on else None),
        (_("Since"), _day(plan.baseline.as_of)),
    ]
    return [[name, value] for name, value in told if value]


def _worked(plan: Plan, on: Ground) -> list[Table]:
    try:
        effect: Effect = work_out(asked_of(plan), on)
    except ImpossiblePlan as error:
        return [Table(_("Worked out on today’s pyramid"), [Column(_("Not possible"))], [[str(error)]])]
    tables = [
        _outcomes(
            _("Worked out on the pyramid of %(on)s") % {"on": _day(on.as_of)},
            [
                (name, outcome.expected, outcome.low, outcome.high)
                for name, outcome in (("profit", effect.profit), ("value", effect.value))
            ],
        )
    ]
    labels = dict(Precision.choices)
    precisions = {("profit", level): str(labels[of.profit.precision.value]) for level, of in on.levels.items()}
    precisions |= {("customers", level): str(labels[of.customers.precision.value]) for level, of in on.levels.items()}
    if sources := sources_of(effect.owed, precisions):
        tables.append(
            Table(
                _("What the spread is owed to"),
                [Column(_("Source")), Column(_("Share"), SHARE)],
                [[one.words, one.share] for one in sources],
            )
        )
    return tables


def _outcomes(title: str, rows: Sequence[tuple[str, float, float, float]]) -> Table:
    names = {"profit": _("Profit of twelve months, less cost"), "value": _("Lifetime value, less cost")}
    columns = [
        Column(_("Effect")), Column(_("Expected"), MONEY), Column(_("Four times of five at least"), MONEY),
        Column(_("Four times of five at most"), MONEY),
    ]  # fmt: skip
    return Table(title, columns, [[names[name], *rest] for name, *rest in rows])


def _own(row: OwnEstimate) -> list[Any]:
    money, count = (None, row.amount) if row.measure == Measure.CUSTOMERS else (row.amount, None)
    return [
        str(Level(row.level).label), str(row.get_measure_display()), money, count, _sure(row), row.note,
        row.by.name if row.by else None,
    ]  # fmt: skip


def _amount(cell: PyramidCell | None) -> float | None:
    return cell.amount if cell else None


def _sure(cell: PyramidCell | OwnEstimate | None) -> str | None:
    if cell is None:
        return None
    word = str(Precision(cell.precision).label)
    return f"{word} ±{percent(cell.spread)}" if cell.spread else word


def _headed(measure: str) -> str:
    label = str(Measure(measure).label)
    return label[:1].upper() + label[1:]


def _level(level: int) -> str:
    return _("not there") if level == NOT_THERE else str(Level(level).label)


def _day(on: date) -> str:
    return date_format(on, "j F Y")
