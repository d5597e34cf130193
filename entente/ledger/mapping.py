"""Which column of a file is what: ready mappings, mappings from files, and what is wrong with one."""

import json
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from entente.ledger.columns import (
    ATTRIBUTE,
    IDENTIFIER,
    Column,
    WrongMapping,
    must,
    place_of,
    twins_of,
    what_is_missing,
)
from entente.ledger.pure import currencies, dates, headings
from entente.ledger.pure.relations import DECLARED

READY = Path(__file__).parent / "maps"

FIELDS = tuple(headings.NAMES)
PARTY_FIELDS = tuple(headings.PARTY_NAMES)
FIELDS_OF = {
    "orders": FIELDS,
    "parties": PARTY_FIELDS,
    **{name: tuple(kind.of_name) for name, kind in DECLARED.items()},
}
KINDS = tuple(FIELDS_OF)
DATES = {"orders": ("ordered_at",), "parties": ("birth_date", "known_on")}
DATES |= {name: kind.reading("day", "moment") for name, kind in DECLARED.items()}
MAY_LIE_AHEAD = {
    name: tuple(each.name for each in kind.fields if each.may_lie_ahead) for name, kind in DECLARED.items()
}
EVERYTHING = "*"
MOST_FURTHER = 100
NUMBERS = ("quantity", "unit_price", "amount", "unit_cost")
NUMBERS_OF = {"orders": NUMBERS, "parties": ()}
NUMBERS_OF |= {name: kind.reading("money", "number", "count") for name, kind in DECLARED.items()}
NEEDED = {"orders": ("ordered_at", "customer"), "parties": ("key",)}
NEEDED |= {name: kind.needed() for name, kind in DECLARED.items()}
# What else than columns a mapping may say, beside what all may.
FURTHER = {"orders": (), "parties": ("identifiers", "attributes", "constants", "optional", "lenient")}
FURTHER |= dict.fromkeys(DECLARED, ("constants", "optional", "words"))


@dataclass(frozen=True)
class Read:
    """How the file is written. Empty: found out from the file, or asked."""

    encoding: str = ""
    separator: str = ""
    decimal: str = ""
    dates: str = ""
    currency: str = ""
    zone: str = ""
    sheet: str = ""
    header: bool | None = None
    # Found out column by column; filled in when the import is opened.
    decimals: AnyMapping[str, str] = field(default_factory=dict)
    orders: AnyMapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mapping:
    """columns: field -> name of its column, or its position from 1, or names of which the first found is meant.
    charges: codes of postage, fees and the like.

    return_prefix: how the number of a cancellation begins; without it a negative amount is a return.
    refuse_stock_movements: lines without price and with a negative quantity, outside cancellations, are no sales.
    names_from_priced_lines: what a line without price calls a product (found, damaged ...) is not its name.
    countries: names this source uses -> ISO code, or empty for none.

    Not of orders:
    constants: field -> what holds for every row, where the file has no column for it.
    optional: fields and identifiers whose columns a file may lack.
    Of parties only:
    identifiers: further numbers a party is known by -> column. attributes: columns kept as they are; '*' for all that are left.
    lenient: dates that are left empty where they cannot be read, instead of refusing the row.
    Of invoices, payments, deliveries, interactions and relations only:
    words: field -> word this source uses -> what it means, such as channel -> Teams -> phone.
    """

    columns: AnyMapping[str, Column]
    kind: str = "orders"
    name: str = ""
    about: str = ""
    source: str = ""
    read: Read = field(default_factory=Read)
    charges: tuple[str, ...] = ()
    return_prefix: str = ""
    refuse_stock_movements: bool = False
    names_from_priced_lines: bool = False
    countries: AnyMapping[str, str] = field(default_factory=dict)
    identifiers: AnyMapping[str, Column] = field(default_factory=dict)
    attributes: tuple[str | int, ...] = ()
    constants: AnyMapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    lenient: tuple[str, ...] = ()
    words: AnyMapping[str, AnyMapping[str, str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def with_read(self, **changes: Any) -> "Mapping":
        """The same with other answers about how the file is written; empty ones change nothing."""
        given = {name: value for name, value in changes.items() if value not in ("", None)}
        return from_json({**self.as_json(), "read": asdict(replace(self.read, **given))})

    def places(self, heading: Sequence[str]) -> dict[str, int]:
        """Field -> position from 0; `identifiers.NAME` and `attributes.COLUMN` for the further ones.

        Raises WrongMapping where the file has no such column; the text says which are missing and which the mapping does not know.
        """
        found: dict[str, int] = {}
        missing: dict[str, Column] = {}
        for name, column in self._wanted().items():
            place = place_of(name, column, heading)
            if place is not None:
                found[name] = place
            elif name not in self.optional:
                missing[name] = column
        if missing:
            raise WrongMapping(what_is_missing(missing, heading, found))
        taken = set(found.values())
        for column in self.attributes:
            if column == EVERYTHING:
                found.update({f"{ATTRIBUTE}{each}": at for at, each in enumerate(heading) if at not in taken})
        return found

    def settled(self, heading: Sequence[str], *, by_name: bool) -> "Mapping":
        """The same for this very file: every column by its own name (or by its position), those that it lacks left out."""
        found = {
            name: heading[at] if by_name and not twins_of(heading[at], heading) else at + 1
            for name, at in self.places(heading).items()
        }
        return replace(
            self,
            columns={name: column for name, column in found.items() if name in self.columns},
            identifiers={name: found[IDENTIFIER + name] for name in self.identifiers if IDENTIFIER + name in found},
            attributes=tuple(column for name, column in found.items() if name.startswith(ATTRIBUTE)),
        )

    def _wanted(self) -> dict[str, Column]:
        return {
            **self.columns,
            **{IDENTIFIER + name: column for name, column in self.identifiers.items()},
            **{f"{ATTRIBUTE}{column}": column for column in self.attributes if column != EVERYTHING},
        }


def ready_names(kind: str = "") -> list[str]:
    """Of all ready mappings, or of those of one kind."""
    names = sorted(path.stem for path in READY.glob("*.json"))
    return [name for name in names if not kind or load(name).kind == kind]


def load(name_or_file: str | Path) -> Mapping:
    """A ready mapping by its name, or one from a JSON file."""
    if str(name_or_file) in ready_names():
        path = READY / f"{name_or_file}.json"
    else:
        path = Path(name_or_file)
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise WrongMapping(
            f"There is no mapping {name_or_file}. Ready ones: {', '.join(ready_names())}; or name a JSON file."
        ) from None
    except json.JSONDecodeError as error:
        raise WrongMapping(
            f"The mapping {path.name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise WrongMapping(f"The mapping {path.name} cannot be read: {error}.") from None
    return from_json(data)


def from_json(data: Any) -> Mapping:
    """A mapping from plain JSON. Raises WrongMapping with the path of what is wrong, such as `read.dates`."""
    known = Mapping.__dataclass_fields__
    must(isinstance(data, dict), "the mapping", "has to be an object in braces")
    for key in data:
        must(key in known, key, f"is not known; there are: {', '.join(known)}")
    kind = data.get("kind", "orders")
    must(kind in KINDS, "kind", f"has to be one of: {', '.join(KINDS)}")
    columns = _columns(data.get("columns"), kind, data.get("constants"))
    read = _read(data.get("read", {}))
    texts = {key: _text(data.get(key, ""), key) for key in ("name", "about", "source", "return_prefix")}
    must(len(texts["source"]) <= 80, "source", "may have 80 characters")
    flags: dict[str, Any] = {key: data.get(key, False) for key in ("refuse_stock_movements", "names_from_priced_lines")}
    for key, value in flags.items():
        must(isinstance(value, bool), key, "has to be true or false")
    charges, countries = data.get("charges", []), data.get("countries", {})
    must(
        isinstance(charges, list | tuple) and all(isinstance(code, str) for code in charges),
        "charges",
        "has to be a list of codes",
    )
    must(isinstance(countries, dict), "countries", "has to be an object: name -> code of two letters")
    for country, code in countries.items():
        must(code == "" or (isinstance(code, str) and len(code) == 2 and code.isascii() and code.isupper()),
              f"countries.{country}", "has to be a code of two capital letters, or empty")  # fmt: skip
    further = _further(data, kind, columns)
    return Mapping(
        columns=columns, kind=kind, read=read, charges=tuple(charges), countries=countries, **(texts | flags | further)
    )


def _columns(columns: Any, kind: str, constants: Any) -> dict[str, Column]:
    # That none of the columns is known is said below, in other words.
    is_object = isinstance(columns, dict) and (bool(columns) or kind != "orders")
    must(is_object, "columns", "has to be an object: field -> column")
    for name, column in columns.items():
        fields = FIELDS_OF[kind]
        must(name in fields, f"columns.{name}", f"is not a field of {kind}; there are: {', '.join(fields)}")
        _must_be_column(column, f"columns.{name}")
    if kind == "parties":
        must(
            "key" in columns,
            "columns",
            "lacks key: say which column holds the number or name under which the source knows each of them",
        )
        return dict(columns)
    for name in NEEDED[kind]:
        is_said = kind in DECLARED and isinstance(constants, dict) and name in constants
        more = ", or in constants what holds for every row" if kind in DECLARED else ""
        must(name in columns or is_said, "columns", f"lacks {name}: say which column it is{more}")
    if kind in DECLARED:
        return dict(columns)
    has_money = "amount" in columns or ("quantity" in columns and "unit_price" in columns)
    must(has_money, "columns", "lacks amount, or quantity and unit_price: one of the two is needed")
    return dict(columns)


def _further(data: AnyMapping[str, Any], kind: str, columns: AnyMapping[str, Any]) -> dict[str, Any]:
    """What mappings of orders do not say."""
    given = {
        name: data[name] for name in sorted({each for names in FURTHER.values() for each in names}) if data.get(name)
    }
    for name, value in given.items():
        kinds = [each for each in KINDS if name in FURTHER[each]]
        must(kind in kinds, name, f"""is for {", ".join(kinds)} only; write "kind": "{kinds[0]}\"""")
        is_object = name in ("identifiers", "constants", "words")
        fits = isinstance(value, dict if is_object else list | tuple) and len(value) <= MOST_FURTHER
        must(fits, name, f"has to be {'an object' if is_object else 'a list'} of at most {MOST_FURTHER}")
        if not is_object:
            given[name] = tuple(value)
    for name, column in given.get("identifiers", {}).items():
        fits = bool(name.strip()) and len(name) <= 60 and name.isprintable()
        must(fits, "identifiers", "has a name that is empty or longer than 60")
        _must_be_column(column, IDENTIFIER + name)
    for column in given.get("attributes", ()):
        must(not isinstance(column, list), "attributes", "has to be a list of columns, one name each")
        _must_be_column(column, "attributes")
    number = DECLARED[kind].number if kind in DECLARED else "key"
    for name, value in given.get("constants", {}).items():
        free = [each for each in FIELDS_OF[kind] if each != number and each not in columns]
        must(name in free, f"constants.{name}", f"is no field without a column; there are: {', '.join(free)}")
        _text(value, f"constants.{name}")
    known = {*FIELDS_OF[kind], *(IDENTIFIER + name for name in given.get("identifiers", {}))} - {*NEEDED[kind]}
    for name in given.get("optional", ()):
        must(
            isinstance(name, str) and name in known,
            "optional",
            f"holds {name!r}; there are: {', '.join(sorted(known))}",
        )
    for name in given.get("lenient", ()):
        must(
            isinstance(name, str) and name in DATES["parties"],
            "lenient",
            f"holds {name!r}; there are: {', '.join(DATES['parties'])}",
        )
    for name, meanings in given.get("words", {}).items():
        _must_be_words(name, meanings, kind)
    return given


def _must_be_words(name: str, meanings: Any, kind: str) -> None:
    fields = {each.name: each for each in DECLARED[kind].fields if each.words}
    must(name in fields, f"words.{name}", f"is no field of known words; there are: {', '.join(fields)}")
    must(isinstance(meanings, dict), f"words.{name}", "has to be an object: word -> what it means")
    for word, meaning in meanings.items():
        codes = fields[name].words
        must(
            isinstance(meaning, str) and meaning in codes,
            f"words.{name}.{word}",
            f"has to be one of: {', '.join(codes)}",
        )


def _must_be_column(column: Any, where: str) -> None:
    names = column if isinstance(column, list) and column else [column]
    fits = all(isinstance(each, str) and each.strip() for each in names) or (type(column) is int and column >= 1)
    must(bool(fits), where, "has to be the name of a column or its position from 1")


def _read(read: Any) -> Read:
    must(isinstance(read, dict), "read", "has to be an object")
    for key, value in read.items():
        must(
            key in Read.__dataclass_fields__,
            f"read.{key}",
            f"is not known; there are: {', '.join(Read.__dataclass_fields__)}",
        )
        if key == "header":
            must(value is None or isinstance(value, bool), "read.header", "has to be true or false")
        elif key in ("decimals", "orders"):
            must(isinstance(value, dict), f"read.{key}", "has to be an object")
        else:
            _text(value, f"read.{key}")
    given = Read(**read)
    for key, mark in (
        ("decimal", given.decimal),
        *((f"decimals.{name}", mark) for name, mark in given.decimals.items()),
    ):
        must(mark in ("", ".", ","), f"read.{key}", "has to be . or ,")
    for key, order in (("dates", given.dates), *((f"orders.{name}", order) for name, order in given.orders.items())):
        must(order in ("", *dates.ORDERS), f"read.{key}", f"has to be one of: {', '.join(dates.ORDERS)}")
    must(
        len(given.separator) <= 1 and given.separator not in ("\n", "\r", '"'),
        "read.separator",
        "has to be one character",
    )
    must(given.currency in ("", *currencies.CODES), "read.currency", "has to be a currency's code, such as EUR")
    if given.zone:
        try:
            ZoneInfo(given.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise WrongMapping("Mapping: read.zone is not a time zone such as Europe/London.") from None
    return given


def _text(value: Any, where: str) -> str:
    must(isinstance(value, str), where, "has to be a text")
    return str(value)
