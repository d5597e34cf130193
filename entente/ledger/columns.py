"""Where the columns that a mapping names stand in a file, and what to do about those that do not."""

from collections.abc import Mapping, Sequence

from entente.ledger.pure import headings
from entente.lib.errors import EntenteError

Column = str | int | list[str]
# Before a further number of a party, and before a column that is only kept.
IDENTIFIER, ATTRIBUTE = "identifiers.", "attributes."


class WrongMapping(EntenteError):
    """A mapping that cannot be used; the text says where."""


def place_of(name: str, column: Column, heading: Sequence[str]) -> int | None:
    """Its position from 0; None where the file has none of that name. Raises WrongMapping where it is not clear."""
    where = _where(name)
    if isinstance(column, list):
        column = next((each for each in column if each in heading), column[0])
    if isinstance(column, int):
        must(column <= len(heading), where, f"is column {column}, but the file has {len(heading)}")
        return column - 1
    if column in heading:
        is_clear = not twins_of(column, heading)
        must(is_clear, where, f"is not clear: several columns are called {column}; write a position from 1")
        return list(heading).index(column)
    plain = [place for place, other in enumerate(heading) if headings.plain_name(other) == headings.plain_name(column)]
    return plain[0] if len(plain) == 1 else None


def twins_of(column: str, heading: Sequence[str]) -> list[str]:
    """Of several columns of one name each but the first is called by its position as well."""
    return [other for other in heading if other.startswith(f"{column} (") and other[len(column) + 2 : -1].isdecimal()]


def _where(name: str) -> str:
    return name if name.startswith((IDENTIFIER, ATTRIBUTE)) else f"columns.{name}"


def what_is_missing(missing: Mapping[str, Column], heading: Sequence[str], found: Mapping[str, int]) -> str:
    name, column = next(iter(missing.items()))
    text = f"Mapping: {_where(name)} is {column!r}, but the file's columns are: {', '.join(heading)}."
    if len(missing) > 1:
        text += f" Missing are: {', '.join(str(column) for column in missing.values())}."
    unknown = [each for place, each in enumerate(heading) if place not in found.values()]
    if unknown:
        text += f" The mapping does not know: {', '.join(unknown)}."
    return f"{text} Was a column renamed, write its new name into the mapping; is it gone, take it out there."


def must(holds: bool, where: str, what: str) -> None:
    if not holds:
        raise WrongMapping(f"Mapping: {where} {what}.")
