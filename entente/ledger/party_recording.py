"""One chunk of words about parties into the ledger: what is news becomes a version, the newest shows on the party."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from entente.ledger.party_rows import PartyRows
from entente.ledger.staging import queries

DAYS = ("born_on", "known_on")
OBJECTS = ("identifiers", "attributes")
_LAST = "AND ref IN (SELECT max(ref) FROM incoming_version GROUP BY key)"


@dataclass(frozen=True)
class News:
    """What one chunk brings. versions: rows that say something new, of `rows`. new, changed: parties."""

    versions: int
    rows: int
    new: int
    changed: int


@dataclass
class PartyRecorder:
    """Writes the chunks of one import, each in the transaction of its caller. fields: the columns of a party the file speaks of."""

    source: int
    import_id: int
    fields: Sequence[str]

    def weigh(self, rows: PartyRows) -> News:
        """Stage the rows and say what of them is news. Writes nothing but temporary tables."""
        with connection.cursor() as django_cursor:
            cursor = django_cursor.cursor
            for statement in queries("parties")["make_staging"].split(";\n"):
                cursor.execute(statement)
            if not rows.lines:
                return News(0, 0, 0, 0)
            with cursor.copy("COPY incoming_words FROM STDIN") as copy:
                copy.write(rows.text)
            self._run(cursor, "weigh")
            if rows.has_again:
                self._run(cursor, "weigh_again")
                self._run(cursor, "known_again")
            self._run(cursor, "count_news_again" if rows.has_again else "count_news")
            return News(*cursor.fetchone())

    def record(self, rows: PartyRows) -> News:
        """What is news becomes a version of its party; parties that are new are made, others show the newest word."""
        news = self.weigh(rows)
        steps = ["insert_parties"] if news.new else []
        steps += ["insert_bases"] if news.changed else []
        steps += ["insert_versions"] if news.versions else []
        steps += ["update_parties"] if news.changed else []
        with connection.cursor() as cursor:
            for step in steps:
                self._run(cursor.cursor, step, has_again=rows.has_again)
        return news

    def again(self) -> int:
        """How many rows of the import said something else of a party that it had spoken of before."""
        with connection.cursor() as cursor:
            self._run(cursor.cursor, "count_again")
            return int(cursor.fetchone()[0])

    def _run(self, cursor: Any, query: str, *, has_again: bool = False) -> None:
        text = queries("parties")[query].replace("[last]", _LAST if has_again else "")
        for place, made in (("[fields]", _pairs), ("[texts]", ", ".join), ("[updates]", _updates)):
            if place in text:
                text = text.replace(place, made(self.fields) or "''")
        text = text.replace("[names]", f"'{' '.join(self.fields)}'")
        cursor.execute(text, {"source": self.source, "import": self.import_id})


def _pairs(fields: Sequence[str]) -> str:
    """What a version says: null for an empty cell."""
    return ", ".join(f"'{name}', {_staged(name)}" for name in fields)


def _updates(fields: Sequence[str]) -> str:
    changes = {name: f"incoming.{name}" for name in fields}
    changes |= {name: f"NULLIF(incoming.{name}, '')::date" for name in fields if name in DAYS}
    changes |= {
        name: f"jsonb_strip_nulls(party.{name} || incoming.{name}::jsonb)" for name in fields if name in OBJECTS
    }
    return ", ".join(f"{name} = {change}" for name, change in changes.items()) or "key = party.key"


def _staged(name: str) -> str:
    if name in OBJECTS:
        return f"{name}::jsonb"
    return f"NULLIF({name}, '{'unknown' if name == 'kind' else ''}')"
