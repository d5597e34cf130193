"""Relations from a table: each row one of two parties of a source, how they relate, from when to when, on what terms."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from entente.identify.models import Membership
from entente.identify.relations import Terms, one_at_a_time
from entente.identify.relations_models import MUTUAL, RANKED, Relation
from entente.ledger.models import Import, Party, RefusedRow, Source
from entente.ledger.prepare import OpenQuestions
from entente.ledger.readers.table import BadRow
from entente.ledger.survey import Wishes, chunks, survey
from entente.lib.errors import EntenteError
from entente.staff.models import User

KIND = "relations"
NEEDED = ("party", "kind", "other")
DAYS = {"from": "from_on", "to": "to_on", "review": "review_on"}
NUMBERS = ("amount", "percent")
TOO_LARGE = 10**14
TEXTS = ("currency", "share_of", "due", "decided_by", "told", "contract", "notice", "notes", "evidence")
COLUMNS = (*NEEDED, *DAYS, *NUMBERS, *TEXTS)
AT_ONCE = 5_000

Span = tuple[date, date]


class NotRelations(EntenteError):
    """The table lacks what makes a relation, or its source is not known."""


class Refusal(Exception):
    """A row that becomes no relation. reason: a code of `ledger/pure/reasons.py`."""

    def __init__(self, reason: str, column: str = "", value: str = "") -> None:
        super().__init__(reason)
        self.reason, self.column, self.value = reason, column, value


@dataclass
class Said:
    """What was said before this import and by it: who relates to whom in which days, and who stands above whom."""

    spans: dict[tuple[int, int, str], list[tuple[Span, Relation]]] = field(default_factory=lambda: defaultdict(list))
    above: dict[int, list[tuple[int, Span]]] = field(default_factory=lambda: defaultdict(list))
    customers: dict[int, int] = field(default_factory=dict)

    def add(self, relation: Relation) -> None:
        span = _span(relation)
        self.spans[_between(relation)].append((span, relation))
        if relation.kind in RANKED:
            below, above = (self.customers.get(party) for party in (relation.party_id, relation.other_id))
            if below is not None and above is not None and below != above:
                self.above[below].append((above, span))

    def would_circle(self, relation: Relation) -> bool:
        """Does the first stand above the second on any of its days?"""
        first, second = (self.customers.get(party) for party in (relation.party_id, relation.other_id))
        if relation.kind not in RANKED or first is None or second is None:
            return False
        ways, seen = [(second, _span(relation))], set()
        while ways:
            at, (begin, last) = way = ways.pop()
            if at == first:
                return True
            if way not in seen:
                seen.add(way)
                ways += [
                    (above, (max(begin, f), min(last, t)))
                    for above, (f, t) in self.above[at]
                    if f <= last and t >= begin
                ]
        return False


def import_relations(path: Path, *, source_name: str, file_name: str, by: User | None, at: datetime) -> Import:
    """Record the relations of a file in one go, or none; rows that cannot be are refused one by one.

    A row that was recorded before is known; where it has a last day by now, its relation ends. Raises NotRelations, UnreadableFile,
    OpenQuestions.
    """
    source = Source.objects.filter(name=source_name).first()
    if source is None:
        raise NotRelations(
            f"No source is called {source_name!r}. Import its orders or parties first, or name it as there."
        )
    rows, bad = _rows(path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with transaction.atomic():
        one_at_a_time()
        imported = Import.objects.create(
            source=source, kind=KIND, file_name=file_name[:255], sha256=sha256,
            state=Import.State.RUNNING, rows_total=len(rows) + len(bad), rows_read=len(rows) + len(bad), started_at=at, by=by,
        )  # fmt: skip
        parties = dict(Party.objects.filter(source=source).values_list("key", "id"))
        said = _said(rows, parties)
        fresh: list[Relation] = []
        refused = [
            RefusedRow(import_run=imported, line=one.line, column=one.column, reason=one.reason, row=one.row)
            for one in bad
        ]
        for line, row in rows:
            try:
                relation = _read(row, parties, imported)
                if _is_new(relation, said, by, at):
                    said.add(relation)
                    fresh.append(relation)
            except Refusal as why:
                written = [str(value) for value in row.values()]
                refused.append(
                    RefusedRow(
                        import_run=imported, line=line, column=why.column, value=why.value[:200], reason=why.reason, row=written
                    )
                )  # fmt: skip
        Relation.objects.bulk_create(fresh, batch_size=AT_ONCE)
        RefusedRow.objects.bulk_create(refused, batch_size=AT_ONCE)
        imported.state, imported.finished_at = Import.State.DONE, at
        imported.rows_recorded, imported.rows_refused = len(fresh), len(refused)
        imported.rows_known = imported.rows_read - len(fresh) - len(refused)
        imported.save()
    return imported


def forget_relations() -> int:
    """Delete the relations whose import was taken back. Returns how many went."""
    return Relation.objects.filter(import_run__state=Import.State.REVERTED).delete()[0]


def _rows(path: Path) -> tuple[list[tuple[int, dict[str, str]]], list[BadRow]]:
    """Line and cells of every row, columns by their names; and those that have not the right fields."""
    found = survey(path, Wishes(has_heading=True))
    if found.layout is None:
        raise OpenQuestions(found.questions)
    places = {name.strip().lower(): place for place, name in enumerate(found.layout.heading)}
    if missing := [name for name in NEEDED if name not in places]:
        raise NotRelations(f"Columns are missing: {', '.join(missing)}. There may be: {', '.join(COLUMNS)}.")
    wanted = {name: places[name] for name in COLUMNS if name in places}
    rows, bad = [], []
    for chunk in chunks(path, found.layout, sorted(wanted.values()), AT_ONCE):
        bad += chunk.bad
        for at, line in enumerate(chunk.lines.tolist()):
            row = {}
            for name, place in wanted.items():
                cells = chunk.cells[place]
                code = int(cells.codes[at])
                row[name] = _text(cells.values[code]) if code >= 0 else ""
            rows.append((line, row))
    return rows, bad


def _text(value: Any) -> str:
    return (value.isoformat()[:10] if isinstance(value, date) else str(value)).replace("\0", "").strip()


def _read(row: Mapping[str, str], parties: Mapping[str, int], imported: Import) -> Relation:
    for name in NEEDED:
        if not row[name]:
            raise Refusal("empty", name)
    for name in ("party", "other"):
        if row[name] not in parties:
            raise Refusal("unknown_party", name, row[name])
    if row["kind"] not in Relation.Kind.values:
        raise Refusal("unknown_relation", "kind", row["kind"])
    days = {column: _day(row.get(name, ""), name) for name, column in DAYS.items()}
    amount, percent = (_number(row.get(name, ""), name) for name in NUMBERS)
    texts = {name: row.get(name, "") for name in TEXTS}
    for name, text in texts.items():
        longest = getattr(Relation._meta.get_field(name), "max_length", None)
        if longest is not None and len(text) > longest:
            raise Refusal("too_long", name)
    texts["currency"] = texts["currency"].upper()
    terms = Terms(
        amount=amount, share=None if percent is None else percent / 100, review_on=days.pop("review_on"), **texts
    )
    if wrong := terms.errors():
        column = next(iter(wrong)).replace("share", "percent")
        raise Refusal("impossible_terms", column, row.get(column, ""))
    if row["party"] == row["other"]:
        raise Refusal("relates_to_itself", "other", row["other"])
    if days["from_on"] and days["to_on"] and days["to_on"] < days["from_on"]:
        raise Refusal("ends_before_it_begins", "to", row["to"])
    return Relation(
        party_id=parties[row["party"]], other_id=parties[row["other"]], kind=row["kind"], import_run=imported,
        source_id=imported.source_id, by_id=imported.by_id, **days, **terms.columns(),
    )  # fmt: skip


def _day(text: str, column: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refusal("not_a_date", column, text) from None


def _number(text: str, column: str) -> Decimal | None:
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        raise Refusal("not_a_number", column, text) from None
    if number is None:
        return None
    if not number.is_finite():
        raise Refusal("not_a_number", column, text)
    if not 0 <= number < TOO_LARGE:
        raise Refusal("below_zero" if number < 0 else "too_large", column, text)
    return number


def _is_new(relation: Relation, said: Said, by: User | None, at: datetime) -> bool:
    """False for what was said before in the same words; where it has ended since, so has what was said."""
    span = _span(relation)
    for (begin, last), earlier in said.spans[_between(relation)]:
        if relation.from_on == earlier.from_on:
            if relation.to_on is not None and earlier.to_on is None and earlier.pk:
                Relation.objects.filter(pk=earlier.pk).update(to_on=relation.to_on, ended_at=at, ended_by=by)
            return False
        if begin <= span[1] and last >= span[0]:
            raise Refusal("related_already", "other")
    if said.would_circle(relation):
        raise Refusal("above_itself", "other")
    return True


def _said(rows: list[tuple[int, dict[str, str]]], parties: Mapping[str, int]) -> Said:
    """What stands of the parties the file names, and everything about who stands above whom."""
    named = {parties[row[name]] for _line, row in rows for name in ("party", "other") if row[name] in parties}
    found = Said()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT party_id, customer_id FROM {Membership._meta.db_table} WHERE ended_at IS NULL")
        found.customers = dict(cursor.fetchall())
    standing = Relation.objects.filter(withdrawn_at=None).only("party", "other", "kind", "from_on", "to_on")
    for relation in standing.iterator():
        if relation.kind in RANKED or relation.party_id in named:
            found.add(relation)
    return found


def _between(relation: Relation) -> tuple[int, int, str]:
    """Whom it is between; of what is said of both at once, whichever was named first."""
    pair = relation.party_id, relation.other_id
    return (*(sorted(pair) if relation.kind in MUTUAL else pair), relation.kind)


def _span(relation: Relation) -> Span:
    return relation.from_on or date.min, relation.to_on or date.max
