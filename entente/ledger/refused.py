"""The refused rows of an import, to be put right and imported again."""

import csv
import io
import re
from collections.abc import Iterator

from entente.ledger.models import Import
from entente.ledger.words import refusal

# What a spreadsheet takes for a formula, whatever spaces stand before it; a plain number is none.
_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@\t\r\n＝＋－＠|%]")
_NUMBER = re.compile(r"[+-]?\d[\d.,\s]*")


def refused_rows_csv(import_id: int) -> Iterator[str]:
    """The lines of a CSV file: why each row was refused, then the row as it was written.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    imported = Import.objects.get(id=import_id)
    heading = imported.mapping.get("layout", {}).get("heading", [])
    yield _line(["line", "column", "reason", *heading])
    rows = imported.refused.order_by("line", "id").values_list("line", "column", "value", "reason", "row")
    for line, column, value, reason, row in rows.iterator(chunk_size=2000):
        yield _line([str(line), column, refusal(reason, line=line, column=column, value=value), *row])


def safe_cell(text: str) -> str:
    """The text, harmless in a spreadsheet."""
    text = text.replace("\x00", "")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _line(cells: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow([safe_cell(str(cell)) for cell in cells])
    return line.getvalue()
