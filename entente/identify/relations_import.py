"""Relations from a table: each row one of two parties of a source, how they relate, from when to when, on what terms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Model

from entente.identify.models import Membership
from entente.identify.relation_rows import RelationReader, SaidRow
from entente.identify.relations import Terms, one_at_a_time
from entente.identify.relations_models import MUTUAL, RANKED, Relation
from entente.ledger.kinds import Ready, Work, tally_notes
from entente.ledger.kinds import work_of as ledger_work_of
from entente.ledger.models import Import, Party
from entente.ledger.prepare import Prepared, latest_day
from entente.ledger.pure.relations import RELATIONS
from entente.ledger.readers.table import BadRow
from entente.ledger.recording import Recorded
from entente.ledger.survey import chunks
from entente.ledger.tombstones import Tombstones
from entente.lib.errors import EntenteError

TEXTS = ("currency", "share_of", "due", "decided_by", "told", "contract", "notice", "notes", "evidence")
LONGEST_CURRENCY = 3
AT_ONCE = 5_000

Span = tuple[date, date]


class NotRelations(EntenteError):
    """The source knows nobody who could be related."""


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


class RelationWork:
    """An import of relations under way; rows that cannot be are refused one by one.

    A row that was recorded before is known; where it has a last day by now, its relation ends.
    """

    tables: tuple[type[Model], ...] = (Relation,)

    def __init__(self, imported: Import, prepared: Prepared) -> None:
        assert prepared.layout is not None
        self._imported, self._layout = imported, prepared.layout
        self._reader = reader_of(prepared, imported.made_at.date())
        self._currency = prepared.mapping.read.currency

    def ready(self, path: Path, size: int, cut_at: int) -> Iterator[Ready]:
        for chunk in chunks(path, self._layout, sorted(set(self._reader.places.values())), size, cut_at):
            rows, bad, values = self._reader.rows_of(chunk)
            yield Ready(chunk, rows, None, bad, values)

    def hold_out(self, ready: Ready, stones: Tombstones) -> list[BadRow]:
        """Nobody: only who is there is related to anybody."""
        return []

    def record(self, ready: Ready) -> Recorded:
        one_at_a_time()
        weighed = weigh(ready.facts, self._imported, currency=self._currency)
        for earlier, to_on in weighed.ended:
            ended = {"to_on": to_on, "ended_at": self._imported.started_at, "ended_by": self._imported.by_id}
            Relation.objects.filter(pk=earlier).update(**ended)
        Relation.objects.bulk_create(weighed.fresh, batch_size=AT_ONCE)
        news = len(weighed.fresh) + len(weighed.ended)
        bad = weighed.bad(ready.chunk.row, self._reader.form.column_name)
        return Recorded(news, len(ready.facts) - news - len(bad), bad, [why.value for _row, why in weighed.refused])

    def notes(self) -> list[dict[str, Any]]:
        return tally_notes(self._reader.tally)


def work_of(imported: Import, prepared: Prepared) -> Work:
    """Who reads and records an import of any kind."""
    return (
        RelationWork(imported, prepared)
        if prepared.mapping.kind == RELATIONS.name
        else ledger_work_of(imported, prepared)
    )


def reader_of(prepared: Prepared, today: date) -> RelationReader:
    assert prepared.layout is not None
    return RelationReader(
        prepared.mapping, prepared.layout.heading, latest_on=latest_day(today), serial_from=prepared.serial_from
    )


@dataclass
class Weighed:
    """What becomes of some rows. ended: number of a relation that stands, and the last day that was said of it since."""

    fresh: list[Relation] = field(default_factory=list)
    ended: list[tuple[int, date]] = field(default_factory=list)
    refused: list[tuple[SaidRow, Refusal]] = field(default_factory=list)

    def bad(self, written: Callable[[int], list[str]], column: Callable[[str], str]) -> list[BadRow]:
        """The rows refused. written: the row at a place of the chunk; column: what the file calls a field."""
        return [BadRow(row.line, why.reason, written(row.place), column(why.column)) for row, why in self.refused]


def weigh(rows: list[SaidRow], imported: Import, *, currency: str) -> Weighed:
    """Which rows are new beside what stands and beside each other. currency: of amounts that do not say theirs.

    Raises NotRelations where the source knows nobody.
    """
    parties = dict(Party.objects.filter(source=imported.source_id).values_list("key", "id"))
    if not parties:
        raise NotRelations(
            f"The source {imported.source.name} knows nobody yet. Import its orders or parties first, or name the source as there."
        )
    said, weighed = _said(rows, parties), Weighed()
    for row in rows:
        try:
            relation = _read(row, parties, imported, currency)
            if _is_new(relation, said, weighed):
                said.add(relation)
                weighed.fresh.append(relation)
        except Refusal as why:
            weighed.refused.append((row, why))
    return weighed


def forget_relations() -> int:
    """Delete the relations whose import was taken back. Returns how many went."""
    return Relation.objects.filter(import_run__state=Import.State.REVERTED).delete()[0]


def _read(row: SaidRow, parties: Mapping[str, int], imported: Import, currency: str) -> Relation:
    for name in ("party", "other"):
        if row.said[name] not in parties:
            raise Refusal("unknown_party", name, row.said[name])
    texts = {name: row.text(name) for name in TEXTS}
    texts["currency"] = texts["currency"].upper() or (currency if "amount" in row.said else "")
    if len(texts["currency"]) > LONGEST_CURRENCY:
        raise Refusal("unknown_currency", "currency", texts["currency"])
    percent = row.said.get("percent")
    terms = Terms(
        amount=row.said.get("amount"), share=None if percent is None else percent / 100, review_on=row.said.get("review"), **texts
    )  # fmt: skip
    if wrong := terms.errors():
        column = next(iter(wrong)).replace("share", "percent")
        raise Refusal("impossible_terms", column, row.text(column))
    if row.said["party"] == row.said["other"]:
        raise Refusal("relates_to_itself", "other", row.said["other"])
    from_on, to_on = row.said.get("from"), row.said.get("to")
    if from_on and to_on and to_on < from_on:
        raise Refusal("ends_before_it_begins", "to", row.text("to"))
    return Relation(
        party_id=parties[row.said["party"]], other_id=parties[row.said["other"]], kind=row.said["kind"], from_on=from_on, to_on=to_on,
        import_run=imported, source_id=imported.source_id, by_id=imported.by_id, **terms.columns(),
    )  # fmt: skip


def _is_new(relation: Relation, said: Said, weighed: Weighed) -> bool:
    """False for what was said before in the same words; where it has ended since, so has what was said."""
    span = _span(relation)
    for (begin, last), earlier in said.spans[_between(relation)]:
        if relation.from_on == earlier.from_on:
            if relation.to_on is not None and earlier.to_on is None and earlier.pk:
                weighed.ended.append((earlier.pk, relation.to_on))
            return False
        if begin <= span[1] and last >= span[0]:
            raise Refusal("related_already", "other")
    if said.would_circle(relation):
        raise Refusal("above_itself", "other")
    return True


def _said(rows: list[SaidRow], parties: Mapping[str, int]) -> Said:
    """What stands of the parties the file names, and everything about who stands above whom."""
    named = {parties[row.said[name]] for row in rows for name in ("party", "other") if row.said[name] in parties}
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
