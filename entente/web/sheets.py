"""A report as a workbook. Whatever came from outside is text: a name that looks like a formula is a name."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from entente.web.reports import COUNT, MONEY, SHARE, TEXT, Report, Table

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_TEXT = 32_000  # a cell holds 32,767
WIDEST, NARROWEST = 48, 12
NOT_IN_A_TITLE = str.maketrans("", "", "[]:*?/\\'")
NO_CHARACTERS = str.maketrans("", "", "\ufffe\uffff")  # openpyxl lets them pass; no XML may hold them
BOLD = Font(bold=True)


def workbook(report: Report, *, right_to_left: bool = False) -> bytes:
    """The workbook of a report, a sheet a table."""
    book = Workbook()
    book.properties.title, book.properties.creator = _clean(report.title), "Entente"
    book.remove(book.active)
    for place, table in enumerate(report.tables):
        sheet = book.create_sheet(_title(table.title, place, book.sheetnames))
        sheet.sheet_view.rightToLeft = right_to_left
        _fill(sheet, report, table, is_first=place == 0)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _fill(sheet: Worksheet, report: Report, table: Table, *, is_first: bool) -> None:
    row = 1
    for words in (report.title, report.lead) if is_first else (table.title,):
        if words:
            _write(sheet.cell(row, 1), words, TEXT, "")
            sheet.cell(row, 1).font = BOLD
            row += 1
    row += 1
    for place, column in enumerate(table.columns, start=1):
        _write(sheet.cell(row, place), column.head, TEXT, "")
        sheet.cell(row, place).font = BOLD
        if column.kind != TEXT:
            sheet.cell(row, place).alignment = Alignment(horizontal="right", wrap_text=True)
    sheet.freeze_panes = sheet.cell(row + 1, 2)
    for values in table.rows:
        row += 1
        for place, (column, value) in enumerate(zip(table.columns, values, strict=True), start=1):
            _write(sheet.cell(row, place), value, column.kind, report.currency)
    for note in report.notes if is_first else ():
        row += 1
        _write(sheet.cell(row + 1, 1), note, TEXT, "")
    for place in range(1, len(table.columns) + 1):
        longest = max(
            [len(table.columns[place - 1].head), *(len(str(values[place - 1] or "")) for values in table.rows)]
        )
        sheet.column_dimensions[get_column_letter(place)].width = min(max(longest + 2, NARROWEST), WIDEST)


def _write(cell: Any, value: Any, kind: str, currency: str) -> None:
    if value is None:
        return
    if kind == TEXT or not isinstance(value, int | float):
        _write_text(cell, str(value))
        return
    cell.value = value
    cell.number_format = {COUNT: "#,##0", MONEY: f'#,##0.00 "{_letters(currency)}"', SHARE: "0.0%"}[kind]


def _write_text(cell: Cell, text: str) -> None:
    cell.value = _clean(text)[:LONGEST_TEXT]
    # openpyxl takes what begins with = for a formula: it never is one here.
    cell.data_type = "s"
    cell.quotePrefix = True


def _clean(text: str) -> str:
    return ILLEGAL_CHARACTERS_RE.sub("", text).translate(NO_CHARACTERS)


def _letters(currency: str) -> str:
    return "".join(letter for letter in currency if letter.isalpha())


def _title(words: str, place: int, taken: list[str]) -> str:
    """Thirty-one letters, none of those that a sheet's name may not have, and not twice."""
    plain = _clean(words).translate(NOT_IN_A_TITLE).strip()[:28] or str(place + 1)
    return plain if plain not in taken else f"{plain} {place + 1}"
