"""What an import does with rows of people who asked to be erased: what is about a person is set aside without a word of it, what is
about money comes in without the person."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from entente.ledger.dealing_rows import DealingRows
from entente.ledger.facts import Facts
from entente.ledger.models import Invoice, Party, Source
from entente.ledger.party_rows import PartyRows
from entente.ledger.pure import dates
from entente.ledger.pure import tombstones as law
from entente.ledger.pure.dealings import DEALINGS
from entente.ledger.readers.table import BadRow
from entente.ledger.reading import Texts
from entente.ledger.tombstones import (
    Met,
    Spelled,
    Tombstones,
    birth_spelling,
    digits_spelling,
    handle_spellings,
    number_of,
    phone_asked,
    raise_tombstones,
)

REASON = "erased_person"
# What a row of orders says of the customer besides the number.
ABOUT_PERSON = ("customer_name", "segment", "email", "phone", "country", "postcode", "city", "address", "kind")
# Before the fields of a staged row of dealings: its place, its line, and whether it is the last about its thing.
_FIRST_FIELD = 3


def without_erased_parties(rows: PartyRows, source: str, stones: Tombstones) -> tuple[PartyRows, list[BadRow]]:
    """The rows of everybody else; and the lines of those who asked to be erased."""
    keys = rows.columns["key"]
    met = _numbers_met(keys, source, stones)
    spoken = {row: whose for row, whose in _first(_met_by_words(rows, stones)).items() if row not in met}
    if spoken:
        standing = _who_stands(source, [keys[row] for row in spoken])
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        # A new number is whose its first row is, as if each row came in a file of its own.
        fresh = {
            key: spoken[first[key]] for row in spoken if (key := keys[row]) not in standing and first[key] in spoken
        }
        _keep_out_by_number(source, fresh)
        met |= {row: fresh[key] for row, key in enumerate(keys) if key in fresh}
        # Whoever is known by number only may be the one who was erased: their words stay out, their record stays.
        met |= {row: whose for row, whose in spoken.items() if not standing.get(keys[row], True)}
    if not met:
        return rows, []
    columns = {name: _all_but(met, texts) for name, texts in rows.columns.items()}
    lines = _all_but(met, rows.lines)
    text = "\n".join(_all_but(met, rows.text.split("\n")))
    left = PartyRows(lines, columns, text, len(set(columns["key"])) < len(lines))
    return left, [BadRow(rows.lines[row], REASON, []) for row in sorted(met)]


def _met_by_words(rows: PartyRows, stones: Tombstones) -> Iterator[tuple[int, Met]]:
    """Rows that say of themselves what somebody erased was known by; but for their number."""
    columns = rows.columns
    for kind, name, spelled in (
        # Read as a party, a mailbox is in small letters and a telephone in E.164 already.
        (law.EMAIL, "email", law.email_spelling),
        (law.PHONE, "phone_e164", str),
        (law.TAX_ID, "tax_id", law.tax_spelling),
    ):
        if kind in stones.digests:
            sieved = list(map(law.bare_number, columns[name])) if kind == law.TAX_ID else columns[name]
            for row in stones.among(kind, sieved):
                if whose := stones.meets(kind, spelled(columns[name][row])):
                    yield row, whose
    for kind in (law.DIGITS, law.BARE):
        if kind in stones.digests:
            phones = zip(columns["phone"], columns["phone_e164"], strict=True)
            tails = [
                law.tail_of(phone) if phone and bool(known) == (kind == law.BARE) else "" for phone, known in phones
            ]
            for row in stones.among(kind, tails):
                if tails[row] and (whose := stones.meets(kind, digits_spelling(columns["phone"][row]))):
                    yield row, whose
    for row in stones.among(law.BIRTH, columns["born_on"]):
        said = birth_spelling(columns["name"][row], columns["born_on"][row], columns["postcode"][row])
        if whose := stones.meets(law.BIRTH, said):
            yield row, whose
    if law.HANDLE in stones.digests:
        handles = [
            (row, handle)
            for row, text in enumerate(columns["identifiers"]) if text != "{}"
            for handle in handle_spellings(json.loads(text))
        ]  # fmt: skip
        for place in stones.among(law.HANDLE, [handle for _row, handle in handles]):
            row, handle = handles[place]
            if whose := stones.meets(law.HANDLE, handle):
                yield row, whose


def without_erased_customers(
    facts: Facts, source: str, stones: Tombstones, phone_of: Callable[[str, str], str]
) -> Facts:
    """Orders of people who asked to be erased, on the number that their erased record has, and without a word about them.

    phone_of: the number in E.164 of a phone and a country as written.
    """
    met = _numbers_met(facts.customers, source, stones)
    spoken = {place: found for place, found in _rows_met(facts, stones, phone_of).items() if place not in met}
    if not met and not spoken:
        return facts
    fresh, about_them = _weighed(facts, source, spoken)
    _keep_out_by_number(source, {facts.customers[place]: whose for place, whose in fresh.items()})
    met |= fresh
    customers = [met[place].stands_as if place in met else key for place, key in enumerate(facts.customers)]
    theirs = np.isin(facts.party, list(met))
    silent = theirs | about_them
    about = {
        name: Texts(texts.values, np.where(silent, -1, texts.codes).astype(np.int32)) if name in ABOUT_PERSON else texts
        for name, texts in facts.about.items()
    }
    orders = list(facts.orders)
    if "order_number" not in facts.about:
        for row in np.flatnonzero(theirs).tolist():
            orders[facts.order[row]] = order_of_day(customers[facts.party[row]], dates.day_of(facts.day[row]))
    return replace(facts, customers=customers, orders=orders, about=about)


def order_of_day(key: str, day: Any) -> str:
    """What an order is called that has no number of its own."""
    return f"{key}/{day}"


def _rows_met(facts: Facts, stones: Tombstones, phone_of: Callable[[str, str], str]) -> dict[int, tuple[Met, set[int]]]:
    """Customer -> whom rows of theirs speak of, and which rows, by a mailbox or a telephone."""
    found: dict[int, tuple[Met, set[int]]] = {}
    for rows, whose in _mails_and_phones_met(facts, stones, phone_of):
        for row in np.flatnonzero(rows & (facts.party >= 0)).tolist():
            found.setdefault(int(facts.party[row]), (whose, set()))[1].add(row)
    return found


def _weighed(
    facts: Facts, source: str, spoken: Mapping[int, tuple[Met, set[int]]]
) -> tuple[dict[int, Met], NDArray[np.bool_]]:
    """Of customers whose rows speak of somebody erased: new ones, who are that one if their first row says so; and (rows,) those of
    everybody else that speak of them, a present or a telephone given out again."""
    standing = _who_stands(source, [facts.customers[place] for place in spoken])
    first = dict(zip(*(each.tolist() for each in np.unique(facts.party, return_index=True)), strict=True))
    fresh = {}
    about_them = np.zeros(len(facts.rows), bool)
    for place, (whose, rows) in spoken.items():
        if facts.customers[place] in standing or first[place] not in rows:
            about_them[list(rows)] = True
        else:
            fresh[place] = whose
    return fresh, about_them


def _mails_and_phones_met(
    facts: Facts, stones: Tombstones, phone_of: Callable[[str, str], str]
) -> Iterator[tuple[NDArray[np.bool_], Met]]:
    """For each that is met, (rows,) whether the row says it."""
    if (mails := facts.about.get("email")) is not None:
        for code in stones.among(law.EMAIL, mails.values):
            if whose := stones.meets(law.EMAIL, law.email_spelling(mails.values[code])):
                yield mails.codes == code, whose
    phones = facts.about.get("phone")
    if phones is None or not {law.PHONE, law.DIGITS, law.BARE} & set(stones.digests):
        return
    countries = facts.about.get("country") or Texts([], np.full(len(phones.codes), -1, np.int32))
    said = np.unique(np.stack([phones.codes, countries.codes]), axis=1)
    for phone, country in said.T.tolist():
        if phone >= 0:
            written = phones.values[phone]
            known = phone_of(written, countries.values[country] if country >= 0 else "")
            if whose := stones.meets(law.PHONE, known) or stones.meets(*phone_asked(written, known)):
                yield (phones.codes == phone) & (countries.codes == country), whose


def without_erased_in_dealings(
    rows: DealingRows, kind: str, source: Source, stones: Tombstones
) -> tuple[DealingRows, list[BadRow]]:
    """Invoices, payments and deliveries on the number of the erased record; contacts of erased people are set aside."""
    none = [""] * len(rows.lines)
    named = [text.replace("\\\\", "\\") for text in rows.columns.get("customer", none)]
    met = _numbers_met(named, source.name, stones)
    if kind == "interactions":
        return _without(rows, met), [BadRow(rows.lines[row], REASON, []) for row in met]
    changes = {"customer": {row: whose.stands_as for row, whose in met.items()}}
    if kind == "payments":
        # A payment may name nobody but an invoice; how it was paid is in somebody's own words.
        invoices = Invoice.objects.filter(source=source, party__erased_at__isnull=False)
        paid = set(invoices.values_list("number", flat=True))
        theirs = (row for row, number in enumerate(rows.columns.get("invoice_number", none)) if number in paid)
        changes["method"] = dict.fromkeys({*met, *theirs}, "")
    return _with(rows, kind, changes), []


def _without(rows: DealingRows, left_out: Collection[int]) -> DealingRows:
    if not left_out:
        return rows
    columns = {name: _all_but(left_out, texts) for name, texts in rows.columns.items()}
    text = "\n".join(_all_but(left_out, rows.text.split("\n")))
    return replace(rows, lines=_all_but(left_out, rows.lines), columns=columns, text=text)


def _all_but(left_out: Collection[int], texts: Sequence[Any]) -> list[Any]:
    kept = list(texts)
    for row in sorted(left_out, reverse=True):
        del kept[row]
    return kept


def _with(rows: DealingRows, kind: str, changes: Mapping[str, Mapping[int, str]]) -> DealingRows:
    """The rows with other texts. changes: field -> row -> its text; fields that the file does not have are passed over."""
    wanted = {name: texts for name, texts in changes.items() if texts and name in rows.columns}
    if not wanted:
        return rows
    names = [field.name for field in DEALINGS[kind].fields if field.name in rows.columns]
    staged, columns = rows.text.split("\n"), dict(rows.columns)
    for name, texts in wanted.items():
        columns[name] = [texts.get(row, text) for row, text in enumerate(columns[name])]
        for row, text in texts.items():
            cells = staged[row].split("\t")
            cells[_FIRST_FIELD + names.index(name)] = text
            staged[row] = "\t".join(cells)
    return replace(rows, columns=columns, text="\n".join(staged))


def without_words(
    bad: list[BadRow], values: list[str], source: str, stones: Tombstones
) -> tuple[list[BadRow], list[str]]:
    """Refused rows, those of erased people without what was written in them."""
    theirs = _met_cells(bad, source, stones) if stones and bad else set()
    if not theirs:
        return bad, values
    return (
        [replace(row, row=[]) if place in theirs else row for place, row in enumerate(bad)],
        ["" if place in theirs else value for place, value in enumerate(values)],
    )


def _met_cells(bad: Sequence[BadRow], source: str, stones: Tombstones) -> set[int]:
    """Places of refused rows of which a cell says who it is."""
    cells = [(place, cell.strip()) for place, row in enumerate(bad) for cell in row.row if cell.strip()]
    found = set()
    for kind, sieved, spelled in (
        (law.KEY, str, lambda cell: law.key_spelling(source, cell)), (law.EMAIL, law.email_spelling, law.email_spelling),
        (law.DIGITS, law.tail_of, digits_spelling), (law.TAX_ID, law.bare_number, law.tax_spelling),
    ):  # fmt: skip
        if kind in stones.digests:
            for at in stones.among(kind, [sieved(cell) for _place, cell in cells]):
                place, cell = cells[at]
                if stones.meets(kind, spelled(cell)):
                    found.add(place)
    return found


def _numbers_met(keys: Sequence[str], source: str, stones: Tombstones) -> dict[int, Met]:
    """Place -> whose number stands there, of those who were erased."""
    return {
        place: whose
        for place in stones.among(law.KEY, keys)
        if (whose := stones.meets(law.KEY, law.key_spelling(source, keys[place])))
    }


def _who_stands(source: str, keys: Collection[str]) -> dict[str, bool]:
    """Those of these numbers under which a record lives -> whether it says who that is; others are known by their number only.

    Whoever is known is not somebody else because a telephone was given out again.
    """
    if not keys:
        return {}
    living = Party.objects.filter(source__name=source, key__in=set(keys), erased_at=None)
    return {key: any(said) for key, *said in living.values_list("key", "name", "email", "phone", "tax_id")}


def _first(found: Iterator[tuple[int, Met]]) -> dict[int, Met]:
    """Each place with whom it met first."""
    met: dict[int, Met] = {}
    for place, whose in found:
        met.setdefault(place, whose)
    return met


def _keep_out_by_number(source: str, met: Mapping[str, Met]) -> None:
    """Whoever was met by a mailbox or a telephone is met by their number from now on: the next file may hold nothing else."""
    fresh: dict[int, list[Spelled]] = {}
    for key, whose in met.items():
        fresh.setdefault(whose.erasure, []).append(number_of(source, key, whose.stands_as))
    for erasure, numbers in fresh.items():
        raise_tombstones(erasure, numbers, at=timezone.now())
