"""A figure and how far it can be trusted: computed, estimated within a share, or guessed. Sums keep count."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import hypot, isfinite
from typing import Final

from entente.lib.errors import EntenteError

GUESS_SHARE: Final = 0.5
"""How far a guess may be off; a starting guess itself."""


class ImpossibleEstimate(EntenteError):
    """A figure or a precision that is no number."""


class Precision(StrEnum):
    """From the surest to the least sure; a result is never surer than what it was made from."""

    EXACT = "exact"
    ESTIMATE = "estimate"
    GUESS = "guess"


_ORDER: Final = (Precision.EXACT, Precision.ESTIMATE, Precision.GUESS)


@dataclass(frozen=True)
class Estimate:
    """value, give or take `spread` (same unit, one figure's plus or minus); precision says where it comes from.

    Make one with `exact`, `within` or `guess`. Errors of different figures are taken as independent, so spreads add as
    the root of squares. Raises ImpossibleEstimate for a value or spread that is no number.
    """

    value: float
    spread: float = 0.0
    precision: Precision = Precision.EXACT

    def __post_init__(self) -> None:
        if not (isfinite(self.value) and isfinite(self.spread) and self.spread >= 0.0):
            raise ImpossibleEstimate(
                f"{self.value} give or take {self.spread} is no figure: give numbers, the second not negative."
            )
        if self.precision is Precision.EXACT and self.spread:
            raise ImpossibleEstimate("An exact figure has no spread: call it an estimate or a guess.")

    @property
    def share(self) -> float:
        """Spread as a share of the value; 0 where the value is 0."""
        return self.spread / abs(self.value) if self.value else 0.0

    @property
    def low(self) -> float:
        return self.value - self.spread

    @property
    def high(self) -> float:
        return self.value + self.spread

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value + other.value, hypot(self.spread, other.spread), _worse(self, other))

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, hypot(self.spread, other.spread), _worse(self, other))

    def __mul__(self, other: "Estimate | float") -> "Estimate":
        factor = other if isinstance(other, Estimate) else Estimate(float(other))
        spread = hypot(self.spread * factor.value, factor.spread * self.value)
        return Estimate(self.value * factor.value, spread, _worse(self, factor))

    __rmul__ = __mul__


def exact(value: float) -> Estimate:
    """Computed from facts."""
    return Estimate(float(value))


def within(value: float, share: float) -> Estimate:
    """Known to within a share of itself, 0.1 for ten per cent."""
    return Estimate(float(value), abs(value) * share, Precision.ESTIMATE)


def guess(value: float, share: float = GUESS_SHARE) -> Estimate:
    """Somebody's guess."""
    return Estimate(float(value), abs(value) * share, Precision.GUESS)


def total(estimates: Iterable[Estimate]) -> Estimate:
    """The sum of independent figures. Nothing sums to an exact 0."""
    return sum(estimates, exact(0.0))


def _worse(one: Estimate, other: Estimate) -> Precision:
    return max(one.precision, other.precision, key=_ORDER.index)
