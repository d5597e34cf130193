"""A report on paper, as PDF. Typst sets it; whatever came from outside goes in as data and is never read as markup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typst

from entente.web.reports import COUNT, MONEY, SHARE, TEXT, Column, Report
from entente.web.templatetags.words import money, number, percent

PDF = "application/pdf"
TEMPLATE = Path(__file__).with_name("paper.typ")


def paper(report: Report, *, language: str, right_to_left: bool) -> bytes:
    """The report as a PDF, figures written as a reader of this language writes them."""
    data = {
        "title": report.title,
        "lead": report.lead,
        "language": language.partition("-")[0],
        "rtl": right_to_left,
        "tables": [
            {
                "title": table.title,
                "heads": [column.head for column in table.columns],
                "numbers": [column.kind != TEXT for column in table.columns],
                "rows": [
                    [
                        _written(value, column, report.currency, right_to_left)
                        for value, column in zip(values, table.columns, strict=True)
                    ]
                    for values in table.rows
                ],
            }
            for table in report.tables
        ],
        "notes": list(report.notes),
    }
    found: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        format="pdf",
        sys_inputs={"report": json.dumps(data, ensure_ascii=False)},
    )
    return found


def _written(value: Any, column: Column, currency: str, right_to_left: bool) -> str:
    if value is None:
        return "–"
    if column.kind == TEXT or not isinstance(value, int | float):
        return str(value)
    figure = money(value, currency) if column.kind == MONEY else {COUNT: number, SHARE: percent}[column.kind](value)
    # Isolated, or a minus would stand at the wrong end.
    return f"\u2066{figure}\u2069" if right_to_left else figure
