"""How much we know: what customers show on each level of the pyramid, how fresh it is, whom we can reach, and what to ask next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from entente.differentiate.current import in_force
from entente.differentiate.known import HOW, QUESTIONS, RATHER_FEW, Knowledge, knowledge_of, questions, sources_of
from entente.differentiate.models import Cycle, KnowingCell, Level, NextQuestion
from entente.identify.find import visible_customers
from entente.identify.models import Customer
from entente.lib.keyset import before, place, read_place
from entente.staff.models import User
from entente.web.asked import choice, strictly, text
from entente.web.permissions import allowed
from entente.web.person import person

PAGE = 25
DARKEST = 10
SHOWN = {"known": _("what is known"), "fresh": _("what still holds"), "worth": _("what asking is worth")}


@dataclass(frozen=True)
class Shown:
    """One cell of the table. share: of `of`, None where there is nobody to ask it of; shade: from 0 to DARKEST, None for no colour."""

    level: Level | None
    share: float | None
    many: float
    of: int
    worth: float
    shade: int | None

    @property
    def width(self) -> str:
        """Of a hundred, as a picture has it whatever the reader's language."""
        return f"{100 * (self.share or 0):.1f}"


@dataclass(frozen=True)
class Row:
    words: Any
    cells: list[Shown]
    total: Shown


@dataclass(frozen=True)
class Asked:
    """One question of the list."""

    question: NextQuestion
    customer: Customer

    @property
    def what(self) -> Any:
        return QUESTIONS.get(self.question.field, self.question.field)

    @property
    def how(self) -> Any:
        return HOW.get(self.question.way, self.question.way)


@require_safe
@strictly
def pyramid_knowing(request: HttpRequest) -> HttpResponse:
    """The table of what is known, and below it the questions that are worth most."""
    user, cycle = person(request), in_force()
    page: dict[str, Any] = {"cycle": cycle, "may_set": allowed("settings_knowing", "GET", user.role)}
    if cycle is not None:
        sources = sources_of(cycle)
        source = choice(request, "source", [one.pk for one in sources])
        # What asking is worth is counted for customers, not for what one source says of them.
        views = [name for name in SHOWN if not (source and name == "worth")]
        show = choice(request, "show", views) or "known"
        asked, more = _asked(cycle, user, text(request, "before", longest=2001))
        done = cycle.steps_done.get("know", {})
        page |= {
            "sources": sources,
            "source": source,
            "views": [(name, SHOWN[name]) for name in views],
            "show": show,
            "levels": list(Level),
            "groups": _groups(knowledge_of(cycle, int(source) if source else None), show),
            "asked": asked,
            "more": more,
            "done": done,
            "assumed": done.get("assumed", {}),
            "seen": _revenue_seen(cycle),
        }
    return render(request, "pyramid/knowing.html", page)


def _asked(cycle: Cycle, user: User, since: str) -> tuple[list[Asked], str | None]:
    rows = questions(cycle)
    if since:
        rows = rows.filter(before(("gain", "id"), read_place(since, float, int)))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    more = place(shown[-1].gain, shown[-1].pk) if len(found) > PAGE else None
    people = visible_customers(user).in_bulk([row.customer_id for row in shown])
    return [Asked(row, people[row.customer_id]) for row in shown if row.customer_id in people], more


def _groups(groups: Sequence[tuple[Any, Sequence[Knowledge]]], show: str) -> list[tuple[Any, list[Row]]]:
    found = []
    for heading, knowledge in groups:
        if rows := [_row(one, show) for one in knowledge if _belongs(one, show)]:
            found.append((heading, rows))
    return _shaded_by_worth(found) if show == "worth" else found


def _belongs(one: Knowledge, show: str) -> bool:
    if show == "known":
        return True
    return one.total.fresh is not None if show == "fresh" else one.total.asks > 0


def _row(one: Knowledge, show: str) -> Row:
    cells = [_shown(one.cells.get(level), level, one, show) for level in Level]
    return Row(one.words, cells, _shown(one.total, None, one, show))


def _shown(cell: KnowingCell | None, level: Level | None, one: Knowledge, show: str) -> Shown:
    if cell is None:
        return Shown(level, None, 0, 0, 0.0, None)
    many, of = {
        "known": (cell.known, cell.of),
        "fresh": (cell.fresh or 0.0, cell.known),
        "worth": (cell.asks, cell.of),
    }[show]
    share = many / of if of else None
    is_plain = share is None or show == "worth" or one.respect in RATHER_FEW
    return Shown(level, share, many, of, cell.worth, None if is_plain or share is None else int(DARKEST * share))


def _shaded_by_worth(groups: list[tuple[Any, list[Row]]]) -> list[tuple[Any, list[Row]]]:
    """The darkest is the cell in which most money lies."""
    most = max((cell.worth for _heading, rows in groups for row in rows for cell in row.cells), default=0.0)

    def shaded(cell: Shown) -> Shown:
        shade = int(DARKEST * cell.worth / most) if most > 0 and cell.worth > 0 else None
        return Shown(cell.level, cell.share, cell.many, cell.of, cell.worth, shade)

    return [
        (heading, [Row(row.words, [shaded(cell) for cell in row.cells], row.total) for row in rows])
        for heading, rows in groups
    ]


def _revenue_seen(cycle: Cycle) -> float | None:
    """The share of the last twelve months' revenue of which the customer is known."""
    known, anonymous = cycle.totals.get("revenue") or 0.0, cycle.totals.get("anonymous_revenue") or 0.0
    return known / (known + anonymous) if known > 0 and anonymous >= 0 else None
