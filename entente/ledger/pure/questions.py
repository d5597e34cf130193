"""What a file cannot say by itself, asked of somebody who knows."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Choice:
    """One possible reading. `preview`: pairs (as written, as it would be read)."""

    value: str
    meaning: str
    preview: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Question:
    """Two readings are possible, or none is known.

    asks: encoding, separator, header, decimal, dates, currency or column.
    column: the column it is about; empty for the whole file.
    option: how the command line answers.
    """

    asks: str
    text: str
    choices: tuple[Choice, ...] = ()
    column: str = ""

    @property
    def option(self) -> str:
        return {"header": "--no-header", "column": "--map"}.get(self.asks, f"--{self.asks}")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "option": self.option}
