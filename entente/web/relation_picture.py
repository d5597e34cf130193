"""The picture of who stands around a customer: a line each, who stands above it above, joined by elbows. Mirrored right to left."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import get_language_bidi

from entente.identify.models import Customer
from entente.identify.relations_around import Around, Node

WIDTH, ROW, INDENT, EDGE = 272, 42, 22, 10
# Letters that fit beside the mark: of a name, and of the smaller words above it.
LETTERS, SMALL_LETTERS = 30, 40


@dataclass(frozen=True)
class Line:
    """One customer in the picture: where its mark stands, where its words begin, the way from whom it hangs on."""

    customer: Customer
    name: str
    words: str
    x: int
    y: int
    words_x: int
    elbow: str
    is_middle: bool


@dataclass(frozen=True)
class Picture:
    lines: list[Line]
    width: int
    height: int
    more: int
    at_least: bool


def picture_of(found: Around) -> Picture | None:
    """Where everything stands; None where nobody is around."""
    if not found.middle.behind:
        return None
    rows = _rows(found.middle, 0)
    place = {id(node): row for row, (node, _steps) in enumerate(rows)}
    parents = {id(child): (node, steps) for node, steps in rows for child in node.behind}
    mirrored = get_language_bidi()

    def across(x: int) -> int:
        return WIDTH - x if mirrored else x

    lines = []
    for row, (node, steps) in enumerate(rows):
        x, y = EDGE + steps * INDENT, row * ROW + ROW // 2
        elbow = ""
        if steps:
            parent, before = parents[id(node)]
            start = EDGE + before * INDENT
            elbow = f"M{across(start)} {place[id(parent)] * ROW + ROW // 2}V{y}H{across(x)}"
        lines.append(
            Line(
                node.customer, _short(node.customer.name, LETTERS - 3 * steps),
                _short(" · ".join(node.words), SMALL_LETTERS - 4 * steps), across(x), y, across(x + 14), elbow, steps == 0,
            )
        )  # fmt: skip
    return Picture(lines, WIDTH, len(rows) * ROW, found.more, found.at_least)


def _rows(node: Node, steps: int) -> list[tuple[Node, int]]:
    """From the top down, with how many steps each is away from the middle."""
    above = [row for child in node.behind if child.is_above for row in _rows(child, steps + 1)]
    below = [row for child in node.behind if not child.is_above for row in _rows(child, steps + 1)]
    return [*above, (node, steps), *below]


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"
