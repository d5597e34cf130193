"""What is assumed when a question is valued: how fast facts age, what an answer may move, how people may be asked and at what cost.

All of it are starting guesses, to be set by the firm; only a hold-out could measure them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, Final

from entente.lib.errors import EntenteError

# What may have changed since somebody said it. When somebody was born, what they are and under which number they pay taxes stays.
AGEING: Final = ("name", "phone", "email", "address", "language", "segment")
# What an answer may move by itself, beside letting us speak with them at all.
MOVING: Final = ("name", "kind", "language", "segment", "born_on", "tax_id", "wishes")
WAYS: Final = ("call", "mail", "letter", "order")
HALF_LIFE_DAYS: Final = 730.0


class ImpossibleTerms(EntenteError):
    """A figure that no question can be valued with. where: its name, such as `call.cost`. what: what would do."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


@dataclass(frozen=True)
class Way:
    """How a question is asked. cost: of one question, money. answer: the chance of an answer, from 0 to 1."""

    cost: float
    answer: float


@dataclass(frozen=True)
class Terms:
    """half_lives: days, of fields that differ from the usual. speaking: share of the lifetime value that hangs on being able to speak
    with a customer. moves: share of it that knowing a field may move. ways: how people are asked. off: how far all of this may be off, as a
    share."""

    half_lives: Mapping[str, float] = field(default_factory=dict)
    speaking: float = 0.05
    moves: Mapping[str, float] = field(
        default_factory=lambda: {
            "name": 0.005, "kind": 0.001, "language": 0.005, "segment": 0.005, "born_on": 0.001, "tax_id": 0.001, "wishes": 0.005,
        }
    )  # fmt: skip
    ways: Mapping[str, Way] = field(
        default_factory=lambda: {
            "call": Way(0.5, 0.8), "mail": Way(0.1, 0.15), "letter": Way(1.5, 0.1), "order": Way(0.2, 0.5),
        }
    )  # fmt: skip
    off: float = 0.5

    def half_life(self, name: str) -> float:
        """Days, of one field of AGEING."""
        return self.half_lives.get(name, HALF_LIFE_DAYS)

    def as_dict(self) -> dict[str, float]:
        """Every figure by its name, as a form shows them and `from_dict` reads them."""
        figures = {"speaking": self.speaking, "off": self.off}
        figures |= {f"moves.{name}": self.moves.get(name, 0.0) for name in MOVING}
        figures |= {f"half_life.{name}": self.half_life(name) for name in AGEING}
        for name, way in self.ways.items():
            figures |= {f"{name}.cost": way.cost, f"{name}.answer": way.answer}
        return figures

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Terms":
        """The defaults with what the firm has set, such as {"call.cost": 0.8}. Raises ImpossibleTerms."""
        terms = cls()
        known = terms.as_dict()
        for name, value in given.items():
            if name not in known:
                raise ImpossibleTerms(name, f"There is no such figure. Known are {', '.join(known)}.")
            terms = _with(terms, name, _checked(name, value))
        return terms


def _with(terms: Terms, name: str, value: float) -> Terms:
    about, _, of = name.partition(".")
    if not of:
        return replace(terms, speaking=value) if about == "speaking" else replace(terms, off=value)
    if about == "moves":
        return replace(terms, moves={**terms.moves, of: value})
    if about == "half_life":
        return replace(terms, half_lives={**terms.half_lives, of: value})
    way = replace(terms.ways[about], cost=value) if of == "cost" else replace(terms.ways[about], answer=value)
    return replace(terms, ways={**terms.ways, about: way})


def _checked(name: str, value: Any) -> float:
    is_number = not isinstance(value, bool) and isinstance(value, int | float) and isfinite(value)
    if name.startswith("half_life."):
        if not is_number or value < 1:
            raise ImpossibleTerms(name, "Give a number of days, at least 1.")
    elif name.endswith(".cost"):
        if not is_number or value < 0:
            raise ImpossibleTerms(name, "Give an amount, at least 0.")
    elif not is_number or not 0 <= value <= 1:
        raise ImpossibleTerms(name, "Give a share from 0 to 1, such as 0.05.")
    return float(value)
