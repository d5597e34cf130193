"""Which column of an uploaded file is what: a proposal, questions where two readings are possible, a dry run, the start."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from entente.identify.bring_in import dry_run
from entente.ledger import draft
from entente.ledger.dry_run import DryRun
from entente.ledger.mapping import FIELDS_OF, NEEDED, Mapping, WrongMapping, from_json
from entente.ledger.models import Import
from entente.ledger.prepare import Proposal, prepare, propose_mapping
from entente.ledger.survey import Wishes
from entente.ledger.words import note, refusal
from entente.lib.errors import EntenteError
from entente.web.deferred import import_later
from entente.web.import_fields import CONSTANTS_OF, LABELS_OF, LEAD_OF, ORDER_OF, VALUES, WORDS
from entente.web.person import person

# A dry run in a browser reads so many rows at most; what the rest holds, the import says.
ROWS_TRIED = 50_000
# Before what the form says of every row, where others name a column.
EVERY_ROW = "every row: "
ANSWERS = {
    "encoding": gettext_lazy("Letters"),
    "separator": gettext_lazy("Separator"),
    "header": gettext_lazy("First line names the columns"),
    "decimal": gettext_lazy("Decimal mark"),
    "dates": gettext_lazy("Order of the date"),
    "currency": gettext_lazy("Currency of all amounts"),
}


@dataclass(frozen=True)
class Asked:
    """What the form says. `columns` is None before it was ever sent; `constants` hold for every row."""

    map: str
    columns: dict[str, str] | None
    constants: dict[str, str]
    answers: dict[str, str]
    do: str

    @property
    def header(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.answers.get("header", ""))

    @property
    def read(self) -> dict[str, Any]:
        """The answers as a mapping has them."""
        return {**{name: value for name, value in self.answers.items() if name != "header"}, "header": self.header}


@dataclass
class Reading:
    """The file as the form would have it read."""

    proposal: Proposal
    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    mapping: Mapping | None = None
    questions: list[Any] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return self.mapping is not None and not self.questions and not self.errors


@require_http_methods(["GET", "HEAD", "POST"])
def import_map(request: HttpRequest, import_id: int) -> HttpResponse:
    """Map the columns of a draft; try it without recording anything; start."""
    run = get_object_or_404(Import.objects.select_related("source"), pk=import_id, by=person(request))
    if run.state != Import.State.DRAFT:
        return redirect("import", import_id=run.pk)
    asked = _asked(request, run.kind)
    try:
        path = draft.file_of(run)
        reading = _read(path, asked, run.kind)
        tried = None
        if reading.is_ready and asked.do == "start":
            return _start(request, run, reading)
        if reading.mapping is not None and reading.is_ready and asked.do == "try":
            tried = dry_run(path, reading.mapping, source_name=run.source.name, rows=ROWS_TRIED)
    except EntenteError as error:
        return render(request, "imports/unreadable.html", {"run": run, "why": str(error)}, status=422)
    wants_more = bool(request.method == "POST" and asked.do in ("try", "start") and not reading.is_ready)
    return render(request, "imports/columns.html", _page(run, asked, reading, tried), status=422 if wants_more else 200)


def _start(request: HttpRequest, run: Import, reading: Reading) -> HttpResponse:
    assert reading.mapping is not None
    opened = draft.start(run, reading.mapping, by=person(request))
    if opened.state == Import.State.DONE:
        messages.info(
            request, _("This very file was imported before. Nothing was recorded twice; here is what it brought.")
        )
    else:
        import_later(opened.pk)
    return redirect("import", import_id=opened.pk)


def _asked(request: HttpRequest, kind: str) -> Asked:
    given = request.POST
    if request.method != "POST":
        return Asked(request.GET.get("map", "")[:60], None, {}, {}, "")
    do = given.get("do", "")
    forgotten = do.removeprefix("forget.") if do.startswith("forget.") else ""
    answers = {
        name: value[:60]
        for name in ANSWERS
        if name != forgotten and (value := given.get(f"read.{name}", "")) and "\0" not in value
    }
    columns = {name: value for name in FIELDS_OF[kind] if (value := given.get(f"columns.{name}", ""))}
    constants = {
        name: value
        for name, values in CONSTANTS_OF.get(kind, {}).items()
        if (value := columns.get(name, "").removeprefix(EVERY_ROW)) in values and value != columns.get(name)
    }
    columns = {name: value for name, value in columns.items() if name not in constants}
    return Asked(given.get("map", "")[:60], columns if "has_columns" in given else None, constants, answers, do)


def _read(path: Path, asked: Asked, kind: str) -> Reading:
    wishes = Wishes(asked.answers.get("encoding", ""), asked.answers.get("separator", ""), asked.header)
    reading = Reading(propose_mapping(path, wishes, kind))
    if not reading.proposal.heading:
        reading.questions = reading.proposal.questions
        return reading
    options: dict[str, Any] = {"kind": kind, **reading.proposal.options}
    reading.columns = reading.proposal.columns if asked.columns is None else asked.columns
    reading.constants = asked.constants
    if asked.map:
        try:
            chosen = draft.map_of(asked.map, kind)
            options = chosen.as_json()
            if asked.columns is None:
                heading = reading.proposal.heading
                places = chosen.places(heading)
                reading.columns = {name: heading[at] for name, at in places.items() if name in chosen.columns}
                reading.constants = dict(chosen.constants)
        except WrongMapping as error:
            reading.errors["map"] = str(error)
    reading.errors.update(_wrong(reading, kind))
    # Which of several columns is meant is answered in the form itself.
    reading.questions = [one for one in reading.proposal.questions if one.asks != "column"]
    if reading.errors or reading.questions:
        return reading
    try:
        said = {**options, "columns": reading.columns, "constants": _constants(options, reading, kind)}
        reading.mapping = from_json(said).with_read(**asked.read)
        reading.questions = prepare(path, reading.mapping, today=timezone.now().date()).questions
    except WrongMapping as error:
        reading.errors["map"] = str(error)
    return reading


def _constants(options: dict[str, Any], reading: Reading, kind: str) -> dict[str, str]:
    """What the form says of every row, and what a chosen map says of fields the form does not ask about."""
    asked = CONSTANTS_OF.get(kind, {})
    kept = {name: value for name, value in options.get("constants", {}).items() if name not in asked}
    return {name: value for name, value in (kept | reading.constants).items() if name not in reading.columns}


def _wrong(reading: Reading, kind: str) -> dict[str, str]:
    columns, heading = reading.columns, reading.proposal.heading
    errors = {name: _("The file has no such column.") for name, column in columns.items() if column not in heading}
    for name in {*NEEDED[kind]} - columns.keys() - reading.constants.keys():
        errors[name] = _("Say which column this is.")
    if kind == "orders" and "amount" not in columns and not {"quantity", "unit_price"} <= columns.keys():
        errors["amount"] = _("Say which column this is, or give both quantity and price.")
    return errors


def _page(run: Import, asked: Asked, reading: Reading, tried: DryRun | None) -> dict[str, Any]:
    proposal = reading.proposal
    first = ORDER_OF.get(run.kind, ())
    names = [*first, *(name for name in FIELDS_OF[run.kind] if name not in first)]
    unclear = {one.column: one.text for one in proposal.questions if one.asks == "column"}
    showing = asked.do in ("try", "start") or bool(asked.map)
    return {
        "run": run,
        "asked": asked,
        "maps": draft.saved_maps(run.kind),
        "heading": proposal.heading,
        "rows": proposal.rows,
        "ready": proposal.ready,
        "fields": [
            {
                "name": name,
                "label": LABELS_OF[run.kind].get(name, name),
                "chosen": reading.columns.get(name, ""),
                "constants": [
                    {"value": EVERY_ROW + value, "words": words, "is_chosen": reading.constants.get(name) == value}
                    for value, words in CONSTANTS_OF.get(run.kind, {}).get(name, {}).items()
                ],
                "needed": name in NEEDED[run.kind],
                "error": reading.errors.get(name, "") if showing else "",
                "unclear": unclear.get(name, ""),
            }
            for name in names
        ],
        "needed": LEAD_OF[run.kind],
        "map_error": reading.errors.get("map", ""),
        "has_errors": bool(reading.errors) and showing,
        "questions": [asdict(one) for one in reading.questions],
        "answers": [
            {"name": name, "label": ANSWERS[name], "value": value, "shown": _shown(value)}
            for name, value in asked.answers.items()
        ],
        "mapped": set(reading.columns.values()),
        "is_ready": reading.is_ready,
        "tried": tried and _tried(tried, run.kind),
    }


def _shown(value: str) -> str:
    return {"\t": _("tab"), ";": "; ", "yes": _("yes"), "no": _("no")}.get(value, value)


def _tried(run: DryRun, kind: str) -> dict[str, Any]:
    shown = [name for name in FIELDS_OF[kind] if any(row.get(name) not in ("", None) for row in run.first)]
    return {
        "kind": kind,
        "of_dealings": kind not in ("orders", "parties"),
        "heads": [LABELS_OF[kind][name] for name in shown],
        "counts": run.counts,
        "is_part": run.counts.get("rows", 0) >= ROWS_TRIED,
        "totals": list(run.totals.items()),
        "days": run.days,
        "first": [
            {**row, **{name: VALUES.get(row[name], row[name]) for name in WORDS if name in row}} for row in run.first
        ],
        "rows": [{"line": row["line"], "cells": [_cell(row, name) for name in shown]} for row in run.first],
        "refused": [
            refusal(row["reason"], line=row["line"], column=row["column"], value=row["value"]) for row in run.refused
        ],
        "notes": [note(one) for one in run.notes],
    }


def _cell(row: dict[str, Any], name: str) -> Any:
    """A value as the first rows of a dry run show it."""
    value = row.get(name, "")
    return VALUES.get(value, value) if name in WORDS else value
