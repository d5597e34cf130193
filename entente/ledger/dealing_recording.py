"""One chunk of words about dealings into the ledger: what is new becomes a row, what is news of a known one a version of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from entente.ledger.dealing_rows import DealingRows
from entente.ledger.dealing_tables import TABLES, staged, statement
from entente.ledger.party_recording import News
from entente.ledger.pure.dealings import DEALINGS
from entente.ledger.staging import queries

_CHANGED = "SELECT dealing_id FROM incoming_dealing WHERE is_news AND is_last AND dealing_id IS NOT NULL"


@dataclass
class DealingRecorder:
    """Writes the chunks of one import, each in the transaction of its caller. fields: what the file speaks of."""

    kind: str
    source: int
    import_id: int
    fields: Sequence[str]

    def weigh(self, rows: DealingRows) -> News:
        """Stage the rows and say what of them is news. Writes nothing but temporary tables."""
        with connection.cursor() as django_cursor:
            cursor = django_cursor.cursor
            self._run(cursor, "make_staging")
            if not rows.lines:
                return News(0, rows.repeated, 0, 0)
            names = [staged(each) for each in DEALINGS[self.kind].fields if each.name in rows.columns]
            with cursor.copy(f"COPY incoming_{self.kind} (ref, line, is_last, {', '.join(names)}) FROM STDIN") as copy:
                copy.write(rows.text)
            self._run(cursor, "weigh")
            if rows.has_again:
                self._run(cursor, "weigh_again")
            self._run(cursor, "count_news")
            news, count, new, changed = cursor.fetchone()
            return News(news, count + rows.repeated, new, changed)

    def record(self, rows: DealingRows) -> News:
        """Write what is news, and link it with what it refers to and what referred to it before it came."""
        news = self.weigh(rows)
        with connection.cursor() as cursor:
            for step in self._steps(news, rows):
                self._run(cursor.cursor, step)
        return news

    def _steps(self, news: News, rows: DealingRows) -> list[str]:
        steps = ["insert_parties"] if news.versions and "customer" in self.fields else []
        steps += ["insert_new"] if news.new else []
        steps += ["insert_bases"] if news.changed else []
        steps += ["insert_versions"] if news.changed or (news.versions and rows.has_again) else []
        steps += ["update_known"] if news.changed else []
        steps += ["relink"] if news.changed and TABLES[self.kind].links else []
        if self.kind == "invoices":
            steps += ["link_payments"] if news.new else []
            steps += ["pass_on_parties"] if news.changed else []
        return steps

    def again(self) -> int:
        """How many rows of the import said something else of a thing that it had spoken of before."""
        return self._counted("count_again")

    def waiting(self) -> dict[str, int]:
        """What rows of the import refer to that is not there yet -> how many."""
        referred = DEALINGS[self.kind].refers.values()
        return {what: self._counted(f"count_waiting_for_{what}") for what in referred}

    def _counted(self, query: str) -> int:
        with connection.cursor() as cursor:
            self._run(cursor.cursor, query)
            return int(cursor.fetchone()[0])

    def _run(self, cursor: Any, query: str) -> None:
        # Parameters go in one statement at a time.
        for text in statement(query, self.kind, self.fields, these=_CHANGED).split(";\n"):
            cursor.execute(text, {"source": self.source, "import": self.import_id})


def link_to_orders(cursor: Any, source: int) -> None:
    """Link the invoices and deliveries that waited for the orders of this chunk (in `incoming_order`)."""
    texts, given = queries("dealings"), {"source": source}
    cursor.execute(texts["orders_awaited"], given)
    for is_awaited, query in zip(cursor.fetchone(), ("link_invoices", "link_deliveries"), strict=True):
        if is_awaited:
            cursor.execute(texts[query], given)
