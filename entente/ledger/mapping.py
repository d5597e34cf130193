"""Which column of a file is what: ready mappings, mappings from files, and what is wrong with one."""

import json
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from entente.ledger.pure import currencies, dates, headings
from entente.lib.errors import EntenteError

READY = Path(__file__).parent / "maps"

FIELDS = tuple(headings.NAMES)
NUMBERS = ("quantity", "unit_price", "amount", "unit_cost")


class WrongMapping(EntenteError):
    """A mapping that cannot be used; the text says where."""


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
    """

    columns: AnyMapping[str, str | int | list[str]]
    name: str = ""
    about: str = ""
    source: str = ""
    read: Read = field(default_factory=Read)
    charges: tuple[str, ...] = ()
    return_prefix: str = ""
    refuse_stock_movements: bool = False
    names_from_priced_lines: bool = False
    countries: AnyMapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["charges"] = list(self.charges)
        return data

    def with_read(self, **changes: Any) -> "Mapping":
        """The same with other answers about how the file is written; empty ones change nothing."""
        given = {name: value for name, value in changes.items() if value not in ("", None)}
        return from_json({**self.as_json(), "read": asdict(replace(self.read, **given))})

    def places(self, heading: Sequence[str]) -> dict[str, int]:
        """Field -> position from 0. Raises WrongMapping where the file has no such column."""
        return {name: _place(name, column, heading) for name, column in self.columns.items()}


def ready_names() -> list[str]:
    return sorted(path.stem for path in READY.glob("*.json"))


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
    except (OSError, UnicodeDecodeError) as error:
        raise WrongMapping(f"The mapping {path.name} cannot be read: {error}.") from None
    except json.JSONDecodeError as error:
        raise WrongMapping(
            f"The mapping {path.name} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    return from_json(data)


def from_json(data: Any) -> Mapping:
    """A mapping from plain JSON. Raises WrongMapping with the path of what is wrong, such as `read.dates`."""
    known = Mapping.__dataclass_fields__
    _must(isinstance(data, dict), "the mapping", "has to be an object in braces")
    for key in data:
        _must(key in known, key, f"is not known; there are: {', '.join(known)}")
    columns = _columns(data.get("columns"))
    read = _read(data.get("read", {}))
    texts = {key: _text(data.get(key, ""), key) for key in ("name", "about", "source", "return_prefix")}
    _must(len(texts["source"]) <= 80, "source", "may have 80 characters")
    flags: dict[str, Any] = {key: data.get(key, False) for key in ("refuse_stock_movements", "names_from_priced_lines")}
    for key, value in flags.items():
        _must(isinstance(value, bool), key, "has to be true or false")
    charges, countries = data.get("charges", []), data.get("countries", {})
    _must(
        isinstance(charges, list | tuple) and all(isinstance(code, str) for code in charges),
        "charges",
        "has to be a list of codes",
    )
    _must(isinstance(countries, dict), "countries", "has to be an object: name -> code of two letters")
    for country, code in countries.items():
        _must(code == "" or (isinstance(code, str) and len(code) == 2 and code.isascii() and code.isupper()),
              f"countries.{country}", "has to be a code of two capital letters, or empty")  # fmt: skip
    return Mapping(columns=columns, read=read, charges=tuple(charges), countries=countries, **(texts | flags))


def _columns(columns: Any) -> dict[str, str | int | list[str]]:
    _must(isinstance(columns, dict) and bool(columns), "columns", "has to be an object: field -> column")
    for name, column in columns.items():
        _must(name in FIELDS, f"columns.{name}", f"is not a field; there are: {', '.join(FIELDS)}")
        names = column if isinstance(column, list) and column else [column]
        fits = all(isinstance(each, str) and each.strip() for each in names) or (type(column) is int and column >= 1)
        _must(bool(fits), f"columns.{name}", "has to be the name of a column or its position from 1")
    for name in ("ordered_at", "customer"):
        _must(name in columns, "columns", f"lacks {name}: say which column it is")
    has_money = "amount" in columns or ("quantity" in columns and "unit_price" in columns)
    _must(has_money, "columns", "lacks amount, or quantity and unit_price: one of the two is needed")
    return dict(columns)


def _read(read: Any) -> Read:
    _must(isinstance(read, dict), "read", "has to be an object")
    for key, value in read.items():
        _must(
            key in Read.__dataclass_fields__,
            f"read.{key}",
            f"is not known; there are: {', '.join(Read.__dataclass_fields__)}",
        )
        if key == "header":
            _must(value is None or isinstance(value, bool), "read.header", "has to be true or false")
        elif key in ("decimals", "orders"):
            _must(isinstance(value, dict), f"read.{key}", "has to be an object")
        else:
            _text(value, f"read.{key}")
    given = Read(**read)
    for key, mark in (
        ("decimal", given.decimal),
        *((f"decimals.{name}", mark) for name, mark in given.decimals.items()),
    ):
        _must(mark in ("", ".", ","), f"read.{key}", "has to be . or ,")
    for key, order in (("dates", given.dates), *((f"orders.{name}", order) for name, order in given.orders.items())):
        _must(order in ("", *dates.ORDERS), f"read.{key}", f"has to be one of: {', '.join(dates.ORDERS)}")
    _must(
        len(given.separator) <= 1 and given.separator not in ("\n", "\r", '"'),
        "read.separator",
        "has to be one character",
    )
    _must(given.currency in ("", *currencies.CODES), "read.currency", "has to be a currency's code, such as EUR")
    if given.zone:
        try:
            ZoneInfo(given.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise WrongMapping("Mapping: read.zone is not a time zone such as Europe/London.") from None
    return given


def _place(name: str, column: str | int | list[str], heading: Sequence[str]) -> int:
    if isinstance(column, list):
        column = next((each for each in column if each in heading), column[0])
    if isinstance(column, int):
        _must(column <= len(heading), f"columns.{name}", f"is column {column}, but the file has {len(heading)}")
        return column - 1
    if column in heading:
        # Of several columns of one name each but the first is called by its position as well.
        twins = [
            other for other in heading if other.startswith(f"{column} (") and other[len(column) + 2 : -1].isdecimal()
        ]
        _must(
            not twins, f"columns.{name}", f"is not clear: several columns are called {column}; write a position from 1"
        )
        return list(heading).index(column)
    plain = [place for place, other in enumerate(heading) if headings.plain_name(other) == headings.plain_name(column)]
    _must(len(plain) == 1, f"columns.{name}", f"is {column!r}, but the file's columns are: {', '.join(heading)}")
    return plain[0]


def _text(value: Any, where: str) -> str:
    _must(isinstance(value, str), where, "has to be a text")
    return str(value)


def _must(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise WrongMapping(f"Mapping: {where} {what}.")
