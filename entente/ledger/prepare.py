"""Before an import: what a file looks like, which mapping fits it, and what has to be asked."""

from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from entente.ledger.mapping import (
    DATES,
    MAY_LIE_AHEAD,
    NEEDED,
    NUMBERS_OF,
    Mapping,
    WrongMapping,
    from_json,
    load,
    ready_names,
)
from entente.ledger.pure import currencies, headings
from entente.ledger.pure.questions import Choice, Question
from entente.ledger.pure.recognise import Recognised, recognise
from entente.ledger.pure.relations import DECLARED
from entente.ledger.readers.table import Layout
from entente.ledger.survey import Survey, Wishes, survey
from entente.lib.errors import EntenteError
from entente.staff.models import Firm

PREVIEW_ROWS = 10


class OpenQuestions(EntenteError):
    """The file can be read in several ways. `questions` says which; answers go into the mapping."""

    def __init__(self, questions: list[Question]) -> None:
        self.questions = questions
        super().__init__(" ".join(question.text for question in questions))


@dataclass(frozen=True)
class Prepared:
    """A file and a mapping whose readings are all known, unless there are questions."""

    mapping: Mapping
    layout: Layout | None
    questions: list[Question]
    notes: list[dict[str, Any]]
    rows_about: int | None = None
    serial_from: date | None = None

    def as_json(self) -> dict[str, Any]:
        assert self.layout is not None
        return {
            "mapping": self.mapping.as_json(),
            "layout": {**asdict(self.layout), "heading": list(self.layout.heading)},
            "serial_from": self.serial_from and self.serial_from.isoformat(),
        }


def prepared_from_json(data: AnyMapping[str, Any]) -> Prepared:
    """What `Prepared.as_json` wrote."""
    layout = Layout(**{**data["layout"], "heading": tuple(data["layout"]["heading"])})
    serial_from = date.fromisoformat(data["serial_from"]) if data["serial_from"] else None
    return Prepared(from_json(data["mapping"]), layout, [], [], serial_from=serial_from)


@dataclass(frozen=True)
class Proposal:
    """A mapping for a file nobody has described: field -> name of the column.

    missing: fields that are needed and were not found. rows: the first ten, as text. ready: the ready mapping that fits.
    options: all other things the mapping says, to be handed back with the columns (see `as_mapping`).
    """

    columns: dict[str, str]
    missing: list[str]
    heading: list[str]
    rows: list[list[str]]
    questions: list[Question]
    ready: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    kind: str = "orders"

    def as_mapping(self, **read: Any) -> Mapping:
        """The mapping of the proposal. Raises WrongMapping while something is missing."""
        return from_json({**self.options, "kind": self.kind, "columns": self.columns}).with_read(**read)


def propose_mapping(path: Path, wishes: Wishes = Wishes(), kind: str = "orders") -> Proposal:  # noqa: B008 (frozen)
    """Which column is what, by the names of the columns. Raises UnreadableFile where the file is no table."""
    found = survey(path, wishes)
    if found.layout is None:
        return Proposal({}, _missing({}, kind), [], [], found.questions, kind=kind)
    heading = list(found.layout.heading)
    rows = [
        ["" if value is None else str(value)[:200] for value in row]
        for row in list(zip(*found.samples, strict=False))[:PREVIEW_ROWS]
    ]
    if kind != "orders":
        return _proposed_by_names(kind, heading, rows, found.questions)
    for name in ready_names("orders"):
        mapping = load(name)
        if _fits(mapping, heading):
            places = {column: heading[place] for column, place in mapping.places(heading).items()}
            return Proposal(places, [], heading, rows, found.questions, ready=name, options=mapping.as_json())
    chosen, unclear = headings.propose(heading)
    if "customer" not in chosen:
        # Who has no number is known by name or address.
        for other in ("customer_name", "email", "phone"):
            if other in chosen:
                chosen["customer"] = chosen[other]
                break
    columns = {column: heading[place] for column, place in chosen.items()}
    questions = [*found.questions, *(_which_column(column, places, heading) for column, places in unclear.items())]
    return Proposal(columns, _missing(columns, kind), heading, rows, questions)


def _proposed_by_names(kind: str, heading: list[str], rows: list[list[str]], questions: list[Question]) -> Proposal:
    fields = {each.name: each.names for each in DECLARED[kind].fields} if kind in DECLARED else headings.PARTY_NAMES
    chosen, unclear = headings.propose(heading, fields)
    columns = {column: heading[place] for column, place in chosen.items()}
    asked = [*questions, *(_which_column(column, places, heading) for column, places in unclear.items())]
    return Proposal(columns, _missing(columns, kind), heading, rows, asked, kind=kind)


def prepare(path: Path, mapping: Mapping, *, today: date) -> Prepared:
    """Look at the file and settle how it is to be read.

    today: nothing lies after it (a day is added, for it is tomorrow somewhere).
    Raises WrongMapping where the file lacks a column, UnreadableFile where it is no table.
    """
    read = mapping.read
    found = survey(path, Wishes(read.encoding, read.separator, read.header, read.sheet))
    if found.layout is None or found.questions:
        return Prepared(mapping, None, found.questions, [])
    places = mapping.places(found.layout.heading)
    kinds = {name: "number" for name in NUMBERS_OF[mapping.kind] if name in places}
    kinds |= {
        name: "date"
        for name in DATES[mapping.kind]
        if name in places and (name in NEEDED[mapping.kind] or _says_something(found, places[name]))
    }
    recognised = recognise(
        {name: found.samples[places[name]] for name in kinds},
        kinds,
        latest_on=date.fromordinal(today.toordinal() + 1),
        serial_from=found.serial_from,
        decimal=read.decimal,
        order=read.dates,
        ahead=MAY_LIE_AHEAD.get(mapping.kind, ()),
    )
    notes = [*_heading_notes(found, places), *recognised.notes]
    has_money = mapping.kind == "orders" or (mapping.kind in DECLARED and DECLARED[mapping.kind].has_money)
    currency, questions = (
        _currency(mapping, recognised, notes, is_named="currency" in places) if has_money else ("", [])
    )
    firm = Firm.objects.filter(id=1).first()
    settled = replace(
        read, encoding=found.layout.encoding, separator=found.layout.separator, sheet=found.layout.sheet,
        header=found.layout.has_heading, decimals=recognised.decimals, orders=recognised.dates, currency=currency,
        zone=read.zone or (firm.zone if firm else "UTC"),
    )  # fmt: skip
    columns = {name: found.layout.heading[place] for name, place in places.items()}
    return Prepared(
        replace(mapping.settled(found.layout.heading, by_name=found.layout.has_heading), read=settled),
        found.layout,
        [*_named(recognised.questions, columns), *questions],
        notes,
        found.rows_about,
        found.serial_from,
    )


def latest_day(today: date) -> date:
    return date.fromordinal(today.toordinal() + 1)


def _fits(mapping: Mapping, heading: list[str]) -> bool:
    try:
        mapping.places(heading)
    except WrongMapping:
        return False
    return True


def _says_something(found: Survey, place: int) -> bool:
    """A date that need not be there may be empty in the whole sample."""
    return any(value not in (None, "") for value in found.samples[place])


def _missing(columns: AnyMapping[str, str], kind: str) -> list[str]:
    missing = [name for name in NEEDED[kind] if name not in columns]
    if kind == "orders" and "amount" not in columns and not {"quantity", "unit_price"} <= set(columns):
        missing.append("amount")
    return missing


def _which_column(name: str, places: tuple[int, ...], heading: list[str]) -> Question:
    choices = tuple(Choice(heading[place], heading[place]) for place in places)
    return Question("column", f"Several columns could be the {name.replace('_', ' ')}.", choices, name)


def _named(questions: list[Question], columns: AnyMapping[str, str]) -> list[Question]:
    """Questions speak of columns as the file calls them."""
    named = []
    for question in questions:
        column = columns.get(question.column, question.column)
        named.append(replace(question, text=question.text.replace(question.column, column, 1), column=column))
    return named


def _heading_notes(found: Survey, places: AnyMapping[str, int]) -> list[dict[str, Any]]:
    assert found.layout is not None
    left_out = [name for place, name in enumerate(found.layout.heading) if place not in places.values()]
    notes: list[dict[str, Any]] = []
    if left_out:
        notes.append({"code": "columns_left_out", "columns": ", ".join(left_out)[:500]})
    if found.named_twice:
        notes.append({"code": "same_name_twice", "columns": ", ".join(found.named_twice)[:500]})
    return notes


def _currency(
    mapping: Mapping, recognised: Recognised, notes: list[dict[str, Any]], *, is_named: bool
) -> tuple[str, list[Question]]:
    """The currency of lines that do not say theirs. Signs that several currencies share are asked about.

    is_named: the file has a column for it.
    """
    given = mapping.read.currency
    for sign in sorted(recognised.currencies):
        shared = currencies.SIGNS.get(sign, ())
        if sign == "toman":
            text = "The amounts are in tomans, which are not an ISO currency. Write them in rials (one toman is ten)."
            return given, [Question("currency", text)]
        if len(shared) > 1 and given not in shared:
            text = f"Several currencies have the sign {sign}. Which is meant?"
            return given, [Question("currency", text, tuple(Choice(code, code) for code in shared))]
    if given:
        return given, []
    codes = {code for code in recognised.currencies if code in currencies.CODES}
    if len(codes) == 1 and not is_named:
        return next(iter(codes)), []
    if codes or is_named:
        return "", []
    firm = Firm.objects.filter(id=1).first()
    if firm is None:
        return "", [Question("currency", "The file does not say in which currency its amounts are.")]
    notes.append({"code": "currency_of_the_firm", "currency": firm.currency})
    return firm.currency, []
